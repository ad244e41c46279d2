//! From an event to a line of JSON, through the whole of Trine: any values and any context give one line, which another parser
//! reads back to the same data.

use std::{
    sync::OnceLock,
    time::{Duration, UNIX_EPOCH},
};

use arbitrary::{Arbitrary, Unstructured};
use trine::{Delivery, Format, Logger, Output, info, sink::MemorySink};
use trine_model::key;
use trine_ring::record::DEPTH_MAX;

use crate::{json::Json, tree::Tree};

/// Two values of the call, and the context.
#[derive(Arbitrary, Debug)]
struct Input {
    value: Tree,
    wait_ms: Tree,
    bound: Vec<(String, Tree)>,
    scoped: Vec<(String, Tree)>,
}

/// What stands in front of every line.
const HEAD: &str = "{\"event\":\"fuzz_line_made\",\"value\":";
/// What stands at its end, digits as `0`.
const TAIL: &str = ",\"timestamp\":\"0000-00-00T00:00:00.000000Z\",\"level\":\"info\"}\n";
/// A length of time is a sum of two products: so much may be lost on the way.
const DURATION_ERROR_MAX: f64 = 1e-12;

/// See the module.
pub fn run(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let line = line(&input);
    assert!(line.starts_with(HEAD), "{line}");
    assert_eq!(line.matches('\n').count(), 1, "{line}");
    let tail: String =
        line[line.len() - TAIL.len()..].chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(tail, TAIL);

    let Json::Map(fields) = Json::parse(&line).unwrap_or_else(|error| panic!("{error}: {line}")) else {
        panic!("not an object: {line}")
    };
    let expected = expected(&input);
    assert_eq!(fields.len(), expected.len() + 3, "{line}");
    for ((key, json), (expected_key, tree)) in fields[1..].iter().zip(&expected) {
        assert_eq!(key, expected_key);
        compare(json, tree, key, 0);
    }
}

fn line(input: &Input) -> String {
    static SINK: OnceLock<MemorySink> = OnceLock::new();
    let sink = SINK.get_or_init(|| {
        let sink = MemorySink::new();
        let output = Output::to(sink.clone()).format(Format::Json);
        trine::setup().level("trace").output(output).delivery(Delivery::Inline).force().start();
        sink
    });
    sink.clear();
    let _scope = logger(&input.scoped).enter();
    info!(logger(&input.bound), "fuzz_line_made", value = &input.value, wait_ms = &input.wait_ms);
    String::from_utf8(sink.bytes()).expect("a line is UTF-8")
}

fn logger(fields: &[(String, Tree)]) -> Logger {
    fields.iter().fold(Logger::new(), |logger, (key, value)| logger.with(key, value))
}

/// The fields a line should have: those of the call, then context, the inner first; a key once.
fn expected(input: &Input) -> Vec<(String, &Tree)> {
    let mut fields = vec![("value".to_owned(), &input.value), ("wait_ms".to_owned(), &input.wait_ms)];
    for context in [&input.bound, &input.scoped] {
        let mut own: Vec<(String, &Tree)> = Vec::new();
        for (key, value) in context {
            let key = key::kept(key).into_owned();
            match own.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => *old = value,
                None => own.push((key, value)),
            }
        }
        own.retain(|(key, _)| fields.iter().all(|(known, _)| known != key));
        fields.extend(own);
    }
    fields
}

/// Compares what stands in the line with what was said, under `key`, inside `depth` lists and maps.
fn compare(json: &Json, tree: &Tree, key: &str, depth: usize) {
    match (json, tree) {
        (Json::Text(text), Tree::List(_) | Tree::Map(_)) => {
            assert_eq!(text, "<nested too deep>");
            assert_eq!(depth, DEPTH_MAX);
        }
        (Json::List(json), Tree::List(items)) => {
            assert_eq!(json.len(), items.len());
            json.iter().zip(items).for_each(|(json, item)| compare(json, item, key, depth + 1));
        }
        (Json::Map(json), Tree::Map(entries)) => {
            let mut first: Vec<&(String, Tree)> = Vec::new();
            for entry in entries {
                if first.iter().all(|(known, _)| *known != entry.0) {
                    first.push(entry);
                }
            }
            assert_eq!(json.len(), first.len());
            for ((key, json), (expected_key, value)) in json.iter().zip(first) {
                assert_eq!(key, expected_key);
                compare(json, value, key, depth + 1);
            }
        }
        (Json::Word(word), Tree::Duration(duration)) => {
            let (read, meant) = (number(word), duration.as_secs_f64() * per_second(key));
            assert!((read - meant).abs() <= meant * DURATION_ERROR_MAX, "{read} {meant} {key}");
        }
        (Json::Word(word), Tree::F64(v)) => assert_eq!(number(word).to_bits(), v.to_bits()),
        (Json::Word(word), Tree::F32(v)) => {
            assert_eq!(word.parse::<f32>().expect("a number").to_bits(), v.to_bits());
        }
        (Json::Text(text), Tree::Time(time)) => compare_time(text, time.0.duration_since(UNIX_EPOCH).ok()),
        (json, tree) => assert_eq!(*json, plain(tree)),
    }
}

fn number(word: &str) -> f64 {
    word.parse().expect("a number")
}

/// Text of RFC 3339, with the nanoseconds that were said.
fn compare_time(text: &str, since: Option<Duration>) {
    let digits = text.strip_suffix('Z').and_then(|text| text.split_once('.')).expect("a fraction and a Z").1;
    assert!(matches!(digits.len(), 6 | 9) && text.len() == 21 + digits.len(), "{text}");
    if let Some(since) = since {
        assert_eq!(format!("{digits:0<9}"), format!("{:09}", since.subsec_nanos()));
    }
}

/// What a second is worth under a key: docs/format.md §1.
fn per_second(key: &str) -> f64 {
    match key.rsplit('_').next() {
        Some("ns") => 1e9,
        Some("us") => 1e6,
        Some("ms") => 1e3,
        Some("m" | "min") => 1.0 / 60.0,
        Some("h") => 1.0 / 3_600.0,
        Some("d" | "days") => 1.0 / 86_400.0,
        _ => 1.0,
    }
}

/// The JSON of a value that has only one.
fn plain(tree: &Tree) -> Json {
    match tree {
        Tree::Null => Json::Word("null".into()),
        Tree::Bool(v) => Json::Word(v.to_string()),
        Tree::I64(v) => Json::Word(v.to_string()),
        Tree::U64(v) => Json::Word(v.to_string()),
        Tree::I128(v) => Json::Word(v.to_string()),
        Tree::U128(v) => Json::Word(v.to_string()),
        Tree::F32(v) => non_finite(f64::from(*v)),
        Tree::F64(v) => non_finite(*v),
        Tree::Char(v) => Json::Text(v.to_string()),
        Tree::Str(v) => Json::Text(v.clone()),
        Tree::Ip(v) => Json::Text(v.to_string()),
        Tree::Socket(v) => Json::Text(v.to_string()),
        Tree::Duration(_) | Tree::Time(_) | Tree::List(_) | Tree::Map(_) => {
            panic!("{tree:?} is written as another kind")
        }
    }
}

fn non_finite(v: f64) -> Json {
    assert!(!v.is_finite(), "a number is written as one");
    Json::Text(
        if v.is_nan() {
            "NaN"
        } else if v > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .into(),
    )
}
