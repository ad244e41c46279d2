//! How many events a second, and of which names.

use std::{collections::HashMap, time::Duration};

use trine_model::{NameParts, Role};
use trine_query::{events::Event, weight::Weight};

use crate::render::{Screen, cell_bytes, cell_count, clean, cut};

/// Names that are told apart within a second; those beyond are counted, not named.
const NAMES_MAX: usize = 1_000;

/// What came since the last time.
#[derive(Debug, Default)]
pub(super) struct Rates {
    pub(super) bytes: u64,
    pub(super) broken: u64,
    events: Weight,
    failed: Weight,
    names: HashMap<String, (Weight, Role)>,
}

impl Rates {
    pub(super) fn add(&mut self, event: &Event<'_>) {
        self.events += event.weight;
        let known = self.names.get_mut(event.name);
        let role = match known {
            Some((weight, role)) => {
                *weight += event.weight;
                *role
            }
            None => {
                let role = NameParts::of(event.name).role();
                if self.names.len() < NAMES_MAX {
                    self.names.insert(event.name.to_owned(), (event.weight, role));
                }
                role
            }
        };
        if role == Role::Fail {
            self.failed += event.weight;
        }
    }

    /// In a few words, for the last line of the screen.
    pub(super) fn status(&self, passed: Duration, files: usize) -> String {
        let per_s = |number: f64| cell_count(number / passed.as_secs_f64().max(1e-3));
        let mut parts = vec![format!("{} events/s", per_s(self.events.count()))];
        if self.failed > Weight::ZERO {
            parts.push(format!("{} failed/s", per_s(self.failed.count())));
        }
        parts.push(format!("{}/s", cell_bytes(self.bytes as f64 / passed.as_secs_f64().max(1e-3))));
        if self.broken > 0 {
            parts.push(format!("{} broken lines", cell_count(self.broken as f64)));
        }
        parts.push(format!("{files} file{}", if files == 1 { "" } else { "s" }));
        parts.join(" · ")
    }

    /// A line of its own: all events, then the names with most of them, as many as there is room for.
    pub(super) fn line(&self, passed: Duration, screen: &Screen) -> String {
        let per_s = |weight: Weight| cell_count(weight.count() / passed.as_secs_f64().max(1e-3));
        let mut names: Vec<(&String, &(Weight, Role))> = self.names.iter().collect();
        names.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(b.0)));
        let mut line = format!("{:>10}/s", per_s(self.events));
        let room = screen.columns();
        let mut taken = line.len();
        for (name, (weight, role)) in names {
            let text = format!("{} {}", clean(name), per_s(*weight));
            taken += text.len() + 2;
            if taken > room {
                break;
            }
            line.push_str("  ");
            line.push_str(&screen.style.role(*role, &text));
        }
        let line = if line.contains('\x1b') { line } else { cut(&line, room) };
        line + "\n"
    }
}

#[cfg(test)]
mod tests {
    use trine_query::{
        events::Reader,
        scan::{foreign, line::Line},
    };

    use super::*;

    fn rates(lines: &[&str]) -> Rates {
        let reader = Reader::new(foreign::named("structlog").unwrap(), &[]);
        let mut rates = Rates::default();
        for line in lines {
            rates.bytes += line.len() as u64;
            reader.each(Line::new(line.as_bytes()), &mut |event| rates.add(event)).unwrap();
        }
        rates
    }

    #[test]
    fn rates_are_weighted_and_over_the_time_that_passed() {
        let rates = rates(&[
            r#"{"event":"a_hit","sample_rate":0.01}"#,
            r#"{"event":"b_c_failed"}"#,
            r#"{"event":"b_c_failed"}"#,
        ]);
        let passed = Duration::from_secs(2);
        assert_eq!(rates.status(passed, 1), "51 events/s · 1 failed/s · 40 B/s · 1 file");
        assert_eq!(rates.line(passed, &Screen::plain(60)), "        51/s  a_hit 50  b_c_failed 1\n");
        assert_eq!(rates.line(passed, &Screen::plain(25)), "        51/s  a_hit 50\n");
    }

    #[test]
    fn names_without_end_are_counted_and_not_named() {
        let lines: Vec<String> = (0..NAMES_MAX + 10).map(|n| format!("{{\"event\":\"a_n{n}\"}}")).collect();
        let rates = rates(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(rates.names.len(), NAMES_MAX);
        assert_eq!(rates.events.count(), (NAMES_MAX + 10) as f64);
    }
}
