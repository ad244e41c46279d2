//! What came out, round by round.

use std::collections::BTreeMap;

use crate::measure::Report;
use crate::measure::rate::median;

/// Every number of every round, by contestant and metric.
#[derive(Clone, Debug, Default)]
pub struct Results(BTreeMap<String, BTreeMap<String, Vec<f64>>>);

impl Results {
    pub fn add(&mut self, contestant: &str, report: Report) {
        let metrics = self.0.entry(contestant.to_owned()).or_default();
        for (name, value) in report {
            metrics.entry(name).or_default().push(value);
        }
    }

    /// The median over the rounds.
    pub fn get(&self, contestant: &str, metric: &str) -> Option<f64> {
        let mut values = self.0.get(contestant)?.get(metric)?.clone();
        Some(median(&mut values))
    }

    /// Smallest and largest round, as a share of the median: how much to trust it.
    pub fn spread(&self, contestant: &str, metric: &str) -> Option<(f64, f64)> {
        let values = self.0.get(contestant)?.get(metric)?;
        let middle = self.get(contestant, metric)?;
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some((min / middle, max / middle))
    }

    /// All raw numbers, one line per contestant and metric.
    pub fn raw(&self) -> String {
        let mut text = String::new();
        for (contestant, metrics) in &self.0 {
            for (metric, values) in metrics {
                let values: Vec<_> = values.iter().map(|value| format!("{value:.3}")).collect();
                text += &format!("{contestant} {metric} {}\n", values.join(" "));
            }
        }
        text
    }
}
