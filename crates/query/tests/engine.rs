//! The engine against a plain one, over random events and random questions: every line parsed by `serde_json`, every filter and aggregate
//! written out in the simplest way.

use std::{collections::BTreeMap, io::Cursor};

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trine_query::{
    answer::{Answer, Cell, Shape},
    engine::{Error, Settings, ask},
    scan::input::Input,
};

fn run(question: &str, log: &str, threads: usize) -> Result<Answer, Error> {
    let input = Input::reader("log", Cursor::new(log.to_owned().into_bytes()));
    ask(question, &input, &Settings { threads, is_lenient: true, ..Settings::default() })
}

/// A field of an event, or what its name says.
fn field(event: &Map<String, Value>, name: &str) -> Value {
    if let Some(value) = event.get(name) {
        return if name == "event" {
            json!(value.as_str().unwrap_or_default().replace('.', "_"))
        } else {
            value.clone()
        };
    }
    let event_name = event.get("event").and_then(Value::as_str).unwrap_or_default().replace('.', "_");
    match (name, event_name.rsplit_once('_')) {
        ("domain", _) if !event_name.is_empty() => json!(event_name.split('_').next()),
        ("status", Some((_, status @ ("failed" | "started" | "success")))) => json!(status),
        _ => Value::Null,
    }
}

/// A test of a field, as text of the question and as a function.
#[derive(Clone, Debug)]
enum Atom {
    Is(&'static str, &'static str),
    Begins(&'static str, &'static str),
    More(&'static str, i64),
    Exists(&'static str),
    Word(&'static str),
}

#[derive(Clone, Debug)]
enum Condition {
    Atom(Atom),
    Not(Box<Condition>),
    And(Box<[Condition; 2]>),
    Or(Box<[Condition; 2]>),
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A list passes when one of its items does.
fn passes(value: &Value, test: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| passes(item, test)),
        other => test(other),
    }
}

impl Condition {
    fn text(&self) -> String {
        match self {
            Condition::Atom(Atom::Is(field, text)) => format!("{field}:\"{text}\""),
            Condition::Atom(Atom::Begins(field, text)) => format!("{field}:{text}*"),
            Condition::Atom(Atom::More(field, number)) => format!("{field}:>{number}"),
            Condition::Atom(Atom::Exists(field)) => format!("{field}:*"),
            Condition::Atom(Atom::Word(word)) => format!("\"{word}\""),
            Condition::Not(inner) => format!("NOT ({})", inner.text()),
            Condition::And(sides) => format!("({}) ({})", sides[0].text(), sides[1].text()),
            Condition::Or(sides) => format!("({} OR {})", sides[0].text(), sides[1].text()),
        }
    }

    fn holds(&self, event: &Map<String, Value>, line: &str) -> bool {
        match self {
            Condition::Atom(Atom::Is(name, text)) => {
                passes(&field(event, name), &|value| text_of(value).as_deref() == Some(text))
            }
            Condition::Atom(Atom::Begins(name, text)) => {
                passes(&field(event, name), &|value| text_of(value).is_some_and(|own| own.starts_with(text)))
            }
            Condition::Atom(Atom::More(name, number)) => {
                passes(&field(event, name), &|value| number_of(value).is_some_and(|own| own > *number as f64))
            }
            Condition::Atom(Atom::Exists(name)) => !field(event, name).is_null(),
            Condition::Atom(Atom::Word(word)) => line.contains(word),
            Condition::Not(inner) => !inner.holds(event, line),
            Condition::And(sides) => sides.iter().all(|side| side.holds(event, line)),
            Condition::Or(sides) => sides.iter().any(|side| side.holds(event, line)),
        }
    }
}

const NAMES: [&str; 6] =
    ["a_b_started", "a_b_failed", "a.b.success", "c_d_started", "c_d_failed", "cache_hit"];
const TEXTS: [&str; 6] = ["x", "xylophone", "y z", "5", "timeout", "größe"];
const FIELDS: [&str; 4] = ["u", "v", "n", "tags"];

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => prop::sample::select(&TEXTS[..]).prop_map(|text| json!(text)),
        4 => (-3_i64..9).prop_map(|int| json!(int)),
        2 => (0..40_i32).prop_map(|quarter| json!(f64::from(quarter) / 4.0 + 0.125)),
        1 => Just(Value::Null),
        1 => Just(json!(true)),
        1 => prop::collection::vec(prop::sample::select(&TEXTS[..]), 0..3).prop_map(|texts| json!(texts)),
    ]
}

/// Lines, and the events that they mean. Some lines are batches of what follows them.
fn events() -> impl Strategy<Value = Vec<Map<String, Value>>> {
    let event = (
        prop::sample::select(&NAMES[..]),
        prop::collection::btree_map(prop::sample::select(&FIELDS[..]), values(), 0..4),
        prop::option::weighted(0.1, prop::sample::select(vec![0.5, 0.25])),
    );
    let event = event.prop_map(|(name, fields, rate)| {
        let mut event = Map::from_iter([("event".to_owned(), json!(name))]);
        event.extend(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
        if let Some(rate) = rate {
            event.insert("sample_rate".to_owned(), json!(rate));
        }
        event
    });
    prop::collection::vec(event, 0..60)
}

fn conditions() -> impl Strategy<Value = Condition> {
    let name = || prop::sample::select(vec!["event", "domain", "status", "u", "v", "n", "tags"]);
    let atom = prop_oneof![
        3 => (name(), prop::sample::select(&TEXTS[..])).prop_map(|(name, text)| Atom::Is(name, text)),
        3 => prop::sample::select(&NAMES[..]).prop_map(|text| Atom::Is("event", text)),
        1 => prop::sample::select(vec!["failed", "started"]).prop_map(|text| Atom::Is("status", text)),
        1 => prop::sample::select(vec!["a", "c"]).prop_map(|text| Atom::Is("domain", text)),
        2 => (name(), prop::sample::select(vec!["x", "a_b", "ti", "5"])).prop_map(|(name, text)| Atom::Begins(name, text)),
        2 => (prop::sample::select(vec!["u", "v", "n"]), -2_i64..8).prop_map(|(name, number)| Atom::More(name, number)),
        1 => name().prop_map(Atom::Exists),
        1 => prop::sample::select(vec!["xylo", "timeout", "a_b"]).prop_map(Atom::Word),
    ];
    atom.prop_map(Condition::Atom).prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Condition::And(Box::new([a, b]))),
            (inner.clone(), inner).prop_map(|(a, b)| Condition::Or(Box::new([a, b]))),
        ]
    })
}

/// As a question's text, a name of ours is in the spelling with `_`.
fn canonical(condition: &Condition) -> Condition {
    match condition {
        Condition::Atom(Atom::Is("event", "a.b.success")) => {
            Condition::Atom(Atom::Is("event", "a_b_success"))
        }
        Condition::Not(inner) => Condition::Not(Box::new(canonical(inner))),
        Condition::And(sides) => Condition::And(Box::new([canonical(&sides[0]), canonical(&sides[1])])),
        Condition::Or(sides) => Condition::Or(Box::new([canonical(&sides[0]), canonical(&sides[1])])),
        other => other.clone(),
    }
}

fn weight(event: &Map<String, Value>) -> f64 {
    event.get("sample_rate").and_then(Value::as_f64).map_or(1.0, |rate| 1.0 / rate)
}

fn key(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_f64().unwrap_or_default().to_string(),
        other => other.to_string(),
    }
}

fn cell_key(cell: &Cell) -> String {
    match cell {
        Cell::Int(int) => (*int as f64).to_string(),
        Cell::Float(float) => float.to_string(),
        Cell::Text(text) => json!(text).to_string(),
        Cell::Bool(is_true) => is_true.to_string(),
        Cell::Nested(json) => json.clone(),
        other => {
            assert_eq!(*other, Cell::Null);
            "null".to_owned()
        }
    }
}

fn close(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn filters_let_through_what_they_say(events in events(), condition in conditions()) {
        let lines: Vec<String> = events.iter().map(|event| json!(event).to_string()).collect();
        let log = lines.join("\n");
        let naive = canonical(&condition);
        let expected: Vec<&String> = events
            .iter()
            .zip(&lines)
            .filter(|(event, line)| naive.holds(event, line))
            .map(|(_, line)| line)
            .collect();
        let answer = run(&condition.text(), &log, 1).unwrap();
        prop_assert_eq!(answer.shape, Shape::Events);
        let found: Vec<&String> = answer
            .rows
            .iter()
            .map(|row| match &row[0] {
                Cell::Nested(line) => line,
                other => panic!("{other:?} is no line"),
            })
            .collect();
        prop_assert_eq!(found, expected, "{}", condition.text());
    }

    /// Whether events come one by one or in batches, from one thread or two, groups are the same.
    #[test]
    fn groups_are_what_they_say(events in events(), by in prop::sample::select(vec!["event", "u", "v", "domain"]), size in 0_usize..5) {
        let mut groups: BTreeMap<String, Vec<&Map<String, Value>>> = BTreeMap::new();
        for event in &events {
            groups.entry(key(&field(event, by))).or_default().push(event);
        }
        let question = format!(
            "* | count(), sum(n) as total, avg(n) as mean, min(n) as low, max(n) as high, p50(n) as half, \
             count_distinct(u) as kinds, count(u) as with_u, ratio(n:>2) as share, stddev(n) as spread by {by}"
        );
        let plain: Vec<String> = events.iter().map(|event| json!(event).to_string()).collect();
        let batched: Vec<String> = match size {
            0 => plain.clone(),
            size => plain
                .chunks(size)
                .map(|events| format!(r#"{{"event":"events_batch","event_count":{},"events":[{}]}}"#, events.len(), events.join(",")))
                .collect(),
        };
        for threads in [1, 2] {
            let answer = run(&question, &batched.join("\n"), threads).unwrap();
            prop_assert_eq!(answer.rows.len(), groups.len());
            for row in &answer.rows {
                let events = &groups[&cell_key(&row[0])];
                let total_weight: f64 = events.iter().map(|event| weight(event)).sum();
                prop_assert_eq!(&row[1], &Cell::Int(total_weight.round() as i128));
                let numbers: Vec<(f64, f64)> = events
                    .iter()
                    .filter_map(|event| match field(event, "n") {
                        Value::Bool(is_true) => Some((f64::from(is_true), weight(event))),
                        value => number_of(&value).map(|number| (number, weight(event))),
                    })
                    .collect();
                let weights: f64 = numbers.iter().map(|(_, weight)| weight).sum();
                let sum: f64 = numbers.iter().map(|(number, weight)| number * weight).sum();
                let some = |number: f64| (!numbers.is_empty()).then_some(number);
                prop_assert!(close(row[2].number(), some(sum)), "{:?} {}", row, sum);
                prop_assert!(close(row[3].number(), some(sum / weights)), "{:?} {}", row, sum / weights);
                let spelled: Vec<f64> = numbers.iter().flat_map(|(number, weight)| vec![*number; *weight as usize]).collect();
                prop_assert!(close(row[6].number(), median(spelled)), "{:?}", row);
                let kinds: std::collections::BTreeSet<String> =
                    events.iter().map(|event| field(event, "u")).filter(|value| !value.is_null()).map(|value| key(&value)).collect();
                prop_assert_eq!(&row[7], &Cell::Int(kinds.len() as i128));
                let with_u: f64 = events.iter().filter(|event| !field(event, "u").is_null()).map(|event| weight(event)).sum();
                prop_assert_eq!(&row[8], &Cell::Int(with_u.round() as i128));
                let above: f64 = events
                    .iter()
                    .filter(|event| passes(&field(event, "n"), &|value| number_of(value).is_some_and(|number| number > 2.0)))
                    .map(|event| weight(event))
                    .sum();
                prop_assert!(close(row[9].number(), Some(above / total_weight)), "{:?}", row);
                let mean = sum / weights;
                let squares: f64 = numbers.iter().map(|(number, weight)| weight * (number - mean).powi(2)).sum();
                let spread = (weights > 1.0).then(|| (squares / (weights - 1.0)).sqrt());
                prop_assert!(close(row[10].number(), spread), "{:?} {:?}", row, spread);
            }
        }
    }

    /// Whatever the bytes and the question, there is an answer or an error.
    #[test]
    fn no_bytes_are_too_odd(
        log in prop::collection::vec(any::<u8>(), 0..300),
        json in "(\\{\"event\":\"[a-z_.]{1,9}\",\"n\":[0-9\\[\\]\"{}x]{0,5}\\}?\n){0,6}",
        question in prop::sample::select(&QUESTIONS[..]),
    ) {
        let mut bytes = log;
        bytes.extend_from_slice(json.as_bytes());
        let input = Input::reader("log", Cursor::new(bytes));
        let answer = ask(question, &input, &Settings { threads: 1, ..Settings::default() });
        prop_assert!(answer.is_ok_and(|answer| answer.rows.iter().all(|row| row.len() == answer.columns.len())));
    }
}

/// One for each thing that can be done with events.
const QUESTIONS: [&str; 12] = [
    "*",
    "x",
    "count() by event, n",
    "n:>1 | sum(n), p50(n), top(2, n), first(n), values(n) by 1m",
    "* | facets 2",
    "* | field_names",
    "* | pair by n",
    "* | explode n | dedup n",
    "* | differ",
    "* | extend x = n + 1, y = lower(n) | sort -x | limit 2",
    "/x/ | collapse_nums n | fields n",
    "level:>=info | field_values n",
];

fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        length if length % 2 == 1 => Some(numbers[middle]),
        _ => Some((numbers[middle - 1] + numbers[middle]) / 2.0),
    }
}
