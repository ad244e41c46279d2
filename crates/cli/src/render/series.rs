//! The lines of a chart: what an answer by time has measured, apart by its keys.

use trine_query::answer::{Answer, Cell, Column, Kind, Shape};

use super::cell::Format;

/// Lines in one chart: with more they cannot be told apart, and those with the smallest sums are left out.
pub(super) const SERIES_MAX: usize = 6;
/// Buckets of one line: beyond, whoever asked for them wants a file.
pub(super) const POINTS_MAX: usize = 100_000;

/// One measure over time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    /// Its keys, as text; the name of the measure where there are none.
    pub(super) label: String,
    /// A value for each bucket; none where there was nothing.
    pub(super) values: Vec<Option<f64>>,
}

/// All lines of one measure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lines {
    /// The column that is drawn.
    pub(super) measure: usize,
    /// Begin of the first bucket, and length of each.
    pub(super) begin_ns: i64,
    pub(super) every_ns: i64,
    /// At most [`SERIES_MAX`], the largest first.
    pub(super) series: Vec<Series>,
    /// How many were left out.
    pub(super) hidden: usize,
}

impl Lines {
    /// How many stretches of time there are, from the first to the last.
    pub(super) fn buckets(&self) -> usize {
        self.series.first().map_or(1, |series| series.values.len())
    }
}

/// The columns that are measured and can be drawn.
pub(super) fn measures(answer: &Answer) -> Vec<usize> {
    let is_measure = |column: &Column| {
        !column.is_key && matches!(column.kind, Kind::Number | Kind::Share | Kind::Duration | Kind::Any)
    };
    let has_number = |place: usize| answer.rows.iter().any(|row| row[place].number().is_some());
    let places = answer.columns.iter().enumerate();
    places
        .filter(|(place, column)| is_measure(column) && has_number(*place))
        .map(|(place, _)| place)
        .collect()
}

/// What tells the rows of an answer apart, as text: its keys but for the time.
pub(super) fn label(answer: &Answer, row: usize) -> String {
    let has_keys = answer.columns.iter().any(|column| column.is_key);
    let is_text = |place: usize| match answer.columns[place].kind {
        Kind::Text => true,
        Kind::Any => {
            let mut cells = answer.rows.iter().map(|row| &row[place]).filter(|cell| **cell != Cell::Null);
            cells.clone().next().is_some() && cells.all(|cell| matches!(cell, Cell::Text(_)))
        }
        _ => false,
    };
    let keys = answer.columns.iter().enumerate().filter(|(place, column)| {
        column.kind != Kind::Time && if has_keys { column.is_key } else { is_text(*place) }
    });
    let texts: Vec<String> = keys
        .map(|(place, column)| {
            Format::of(column, answer.rows.iter().map(|row| &row[place])).text(&answer.rows[row][place])
        })
        .collect();
    texts.join(" · ")
}

/// The lines of a measure; `None` where the answer is not one by time.
pub(super) fn lines(answer: &Answer, measure: usize) -> Option<Lines> {
    let Shape::Series { every_ns } = answer.shape else { return None };
    let at = answer.columns.iter().position(|column| column.kind == Kind::Time)?;
    let time = |row: usize| answer.rows[row][at].number().map(|ns| ns as i64);
    let times: Vec<i64> = (0..answer.rows.len()).filter_map(time).collect();
    let (begin_ns, end_ns) = (*times.iter().min()?, *times.iter().max()?);
    let every_ns = every_ns.max(1);
    let buckets = usize::try_from(end_ns.checked_sub(begin_ns)? / every_ns).ok()? + 1;
    if buckets > POINTS_MAX {
        return None;
    }
    let mut series: Vec<Series> = Vec::new();
    for row in 0..answer.rows.len() {
        let Some(at_ns) = time(row) else { continue };
        let label = label(answer, row);
        let place = series.iter().position(|series| series.label == label).unwrap_or_else(|| {
            series.push(Series { label, values: vec![None; buckets] });
            series.len() - 1
        });
        let number = answer.rows[row][measure].number().filter(|number| number.is_finite());
        series[place].values[((at_ns - begin_ns) / every_ns) as usize] = number;
    }
    let sum = |series: &Series| series.values.iter().flatten().sum::<f64>();
    series.sort_by(|a, b| sum(b).total_cmp(&sum(a)).then_with(|| a.label.cmp(&b.label)));
    let hidden = series.len().saturating_sub(SERIES_MAX);
    series.truncate(SERIES_MAX);
    Some(Lines { measure, begin_ns, every_ns, series, hidden })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two services over three minutes, the second without its middle one.
    pub(in crate::render) fn answer() -> Answer {
        let mut answer = Answer::new(vec![
            Column::key("time", Kind::Time),
            Column::key("service", Kind::Text),
            Column::new("count()", Kind::Number),
        ]);
        answer.shape = Shape::Series { every_ns: 60_000_000_000 };
        for (minute, service, count) in
            [(0, "web", 4), (1, "web", 8), (2, "web", 2), (0, "api", 1), (2, "api", 3)]
        {
            let row = vec![Cell::Time(minute * 60_000_000_000), Cell::Text(service.into()), Cell::Int(count)];
            answer.rows.push(row);
        }
        answer
    }

    #[test]
    fn rows_become_lines_with_gaps() {
        let lines = lines(&answer(), 2).unwrap();
        assert_eq!(
            lines.series[0],
            Series { label: "web".into(), values: vec![Some(4.0), Some(8.0), Some(2.0)] }
        );
        assert_eq!(lines.series[1], Series { label: "api".into(), values: vec![Some(1.0), None, Some(3.0)] });
        assert_eq!(measures(&answer()), [2]);
    }

    #[test]
    fn what_is_no_series_or_too_long_has_no_lines() {
        let mut other = answer();
        other.shape = Shape::Table;
        assert_eq!(lines(&other, 2), None);
        other.shape = Shape::Series { every_ns: 1 };
        assert_eq!(lines(&other, 2), None);
        assert_eq!(lines(&Answer { rows: Vec::new(), ..answer() }, 2), None);
    }
}
