//! `context N`: the events around each match, of the same flow.
//!
//! The input is read twice: for the matches, and for the events of their flows. A flow is all events that share the first of the usual
//! ids (`request_id`, `trace_id`, …) that a match has.

use std::collections::{BTreeMap, HashSet};

use super::{Error, Settings, run, value::Val};
use crate::{
    answer::{Answer, Cell, Notes, Shape},
    lang::{
        self,
        ast::{Expr, Field, Filter, Literal, Query, SortKey, Stage},
    },
    scan::{
        input::{Input, time_of},
        line::Line,
    },
};

/// Ids that events of a flow share, the most telling first.
const FLOW_KEYS: [&str; 7] =
    ["request_id", "correlation_id", "trace_id", "session_id", "order_id", "job_id", "user_id"];

/// Most matches whose surroundings are shown: more is a question that should be narrower.
pub const MATCHES_MAX: usize = 10_000;

/// The question up to `context`, and how many events on either side.
pub(super) fn answer(
    text: &str,
    query: &Query,
    around: u64,
    input: &Input,
    settings: &Settings<'_>,
) -> Result<Answer, Error> {
    run::check_twice(text, "context", input)?;
    let matches = run::answer(text, query, input, settings)?;
    if matches.shape != Shape::Events {
        let at = text.find("context").unwrap_or(0);
        let error = lang::Error::new(text, at, "context".len(), "`context` shows events, here are rows");
        return Err(Error::Question(error.hint("it stands behind a filter")));
    }
    if matches.rows.len() > MATCHES_MAX {
        return Err(Error::memory(settings.memory_bytes, matches.rows.len(), "match"));
    }
    let lines = lines_of(&matches);
    // Which flows, by which key.
    let mut wanted: BTreeMap<&str, HashSet<String>> = BTreeMap::new();
    for line in &lines {
        if let Some((key, id)) = flow_of(line) {
            wanted.entry(key).or_default().insert(id);
        }
    }
    let of_flows = wanted.into_iter().map(|(key, ids)| {
        let ids = ids.into_iter().map(Literal::Text).collect();
        Filter::Expr(Expr::In(Box::new(Expr::Field(Field::key(key))), ids))
    });
    let by_time = SortKey { expr: Expr::Field(Field::key(super::event::TIME)), is_descending: false };
    let filter = Filter::any(of_flows.collect());
    let mut notes = matches.notes.clone();
    let flows = if filter == Filter::Or(Vec::new()) {
        Answer { shape: Shape::Events, ..matches.clone() }
    } else {
        let flows = Query { filter, stages: vec![Stage::Sort(vec![by_time])] };
        run::answer(text, &flows, input, &Settings { is_lenient: true, ..*settings })?
    };
    notes.bytes += flows.notes.bytes;
    Ok(cut(&lines, &lines_of(&flows), usize::try_from(around).unwrap_or(usize::MAX), notes))
}

/// Of each flow the matches and what is around them, flows in the order of their first match.
fn cut(matches: &[&str], all: &[&str], around: usize, notes: Notes) -> Answer {
    let mut flows: Vec<Vec<&str>> = Vec::new();
    let mut places: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for line in matches {
        match flow_of(line) {
            Some(flow) => {
                let next = flows.len();
                if *places.entry(flow).or_insert(next) == next {
                    flows.push(Vec::new());
                }
            }
            None => flows.push(vec![line]),
        }
    }
    let keys: HashSet<&str> = places.keys().map(|(key, _)| *key).collect();
    for line in all {
        for key in &keys {
            if let Some(place) = id_of(line, key).and_then(|id| places.get(&(*key, id))) {
                flows[*place].push(line);
            }
        }
    }
    let is_match: HashSet<&str> = matches.iter().copied().collect();
    let mut answer = Answer { shape: Shape::Events, notes, ..Answer::default() };
    answer.columns.push(crate::answer::Column::new("line", crate::answer::Kind::Nested));
    for flow in flows {
        let hits: Vec<usize> = (0..flow.len()).filter(|at| is_match.contains(flow[*at])).collect();
        for (at, line) in flow.iter().enumerate() {
            // Of the matches, only the nearest on either side can be near enough.
            let next = hits.partition_point(|hit| *hit < at);
            let nearest =
                [next.checked_sub(1), Some(next)].into_iter().flatten().filter_map(|hit| hits.get(hit));
            if nearest.into_iter().any(|hit| hit.abs_diff(at) <= around) {
                answer.rows.push(vec![Cell::Nested((*line).to_owned())]);
            }
        }
    }
    answer
}

fn lines_of(answer: &Answer) -> Vec<&str> {
    let lines = answer.rows.iter().filter_map(|row| match &row[..] {
        [Cell::Nested(line)] => Some(line.as_str()),
        _ => None,
    });
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_by_key(|line| time_of(line.as_bytes()));
    lines
}

/// The flow that an event belongs to: key and id.
fn flow_of(line: &str) -> Option<(&'static str, String)> {
    FLOW_KEYS.iter().find_map(|key| id_of(line, key).map(|id| (*key, id)))
}

fn id_of(line: &str, key: &str) -> Option<String> {
    match Val::of_raw(Line::new(line.as_bytes()).get(key).ok()??) {
        Val::Text(id) if !id.is_empty() => Some(id.into_owned()),
        Val::Int(id) => Some(id.to_string()),
        _ => None,
    }
}
