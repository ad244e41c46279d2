//! No key twice on the wire: the call wins over options, over the logger, over the scope; an inner scope over an outer.
#![forbid(unsafe_code)]

mod lines;

use proptest::{collection::vec, prelude::*};
use trine::{Delivery, Logger, ScopeGuard, event, info, scope};

use lines::{Lines, fields_of};

/// Keys that meet: those of the calls below, those of the options, reserved ones and what they become, and text.
const KEYS: [&str; 14] = [
    "a",
    "b",
    "c",
    "quoted key",
    "sampled",
    "sample_rate",
    "event",
    "event_",
    "level",
    "level_",
    "timestamp",
    "",
    "a \"b\" ü\n",
    "z",
];

/// Keys and values of a context, in the order in which they are bound. Values tell where they come from.
type Bound = Vec<(usize, i64)>;

fn any_bound(values: std::ops::Range<i64>) -> impl Strategy<Value = Bound> {
    vec((0..KEYS.len(), values), 0..10)
}

fn logger(bound: &Bound) -> Logger {
    bound.iter().fold(Logger::new(), |log, (key, value)| log.with(KEYS[*key], value))
}

/// The key under which a context keeps a field.
fn kept(key: &str) -> String {
    if matches!(key, "event" | "level" | "timestamp") { format!("{key}_") } else { key.into() }
}

/// Emits with one of the callsites; returns what the call itself says.
fn emit(callsite: u8, log: &Logger) -> Vec<(String, String)> {
    macro_rules! call {
        ([$($first:tt)*] $($key:tt = $value:literal),*) => {{
            info!(log, $($first)* "context_wire_seen" $(, $key = $value)*);
            vec![$((stringify!($key).trim_matches('"').to_owned(), $value.to_string())),*]
        }};
    }
    let options =
        [("sampled", "true"), ("sample_rate", "1.0")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    match callsite {
        0 => call!([]),
        1 => call!([] a = 1),
        2 => call!([] b = 2, c = 3),
        3 => call!([] "quoted key" = 4, a = 5, sampled = 6),
        4 => call!([] z = 7, "level_" = 8, event_ = 9),
        5 => [call!([sample: 1.0,]), options.to_vec()].concat(),
        6 => [call!([sample: 1.0,] sampled = 10, a = 11), options[1..].to_vec()].concat(),
        _ => {
            event!(trine::Level::Info, log, "context_wire_seen", c = 12, "quoted key" = 13, b = 14);
            vec![("c".into(), "12".into()), ("quoted key".into(), "13".into()), ("b".into(), "14".into())]
        }
    }
}

/// The fields of a line as they stand there, in order: an ordinary parser hides a key that stands twice.
fn raw_fields(fields: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = fields;
    while let Some(field) = rest.strip_prefix(',') {
        let mut keys = serde_json::Deserializer::from_str(field).into_iter::<String>();
        let key = keys.next().expect("a key").expect("a key is text");
        let value = field[keys.byte_offset()..].strip_prefix(':').expect("a colon behind the key");
        // All values here are numbers and truth values.
        let end = value.find(',').unwrap_or(value.len());
        found.push((key, value[..end].to_owned()));
        rest = &value[end..];
    }
    assert_eq!(rest, "", "{fields}");
    found
}

#[test]
fn every_key_stands_once_with_the_value_that_wins() {
    let lines = Lines::take_turn(Delivery::Inline);
    let inputs = (0..8_u8, any_bound(100..200), any_bound(200..300), any_bound(300..400));
    proptest!(ProptestConfig::with_cases(2_000), |((callsite, bound, inner, outer) in inputs)| {
        let log = logger(&bound);
        let mut of_call = Vec::new();
        let line = lines.one(|| {
            let _guards = nested(&outer, &inner);
            of_call = emit(callsite, &log);
        });
        let found = raw_fields(fields_of(&line, "context_wire_seen"));

        // The most specific first; of a context the last value of a key.
        let mut expected = of_call.clone();
        for (context, is_scope) in [(&bound, false), (&inner, true), (&outer, true)] {
            for (key, value) in context.iter().rev() {
                let key = if is_scope && KEYS[*key].is_empty() { "z".into() } else { kept(KEYS[*key]) };
                if expected.iter().all(|(other, _)| *other != key) {
                    expected.push((key, value.to_string()));
                }
            }
        }
        prop_assert_eq!(&found[..of_call.len()], &of_call[..], "what the call says comes first, in its order");
        let sorted = |mut fields: Vec<(String, String)>| {
            fields.sort();
            fields
        };
        prop_assert_eq!(sorted(found), sorted(expected));
    });
}

/// Enters the outer fields, then the inner ones over them. The inner guard stands first, so that it drops first.
fn nested(outer: &Bound, inner: &Bound) -> [Vec<ScopeGuard>; 2] {
    let outer = enter_all(outer);
    let inner = enter_all(inner);
    [inner, outer]
}

/// One scope per field, the last first, so that dropping the list from its beginning ends them in order.
fn enter_all(bound: &Bound) -> Vec<ScopeGuard> {
    let mut guards: Vec<ScopeGuard> = bound.iter().map(|(key, value)| enter(KEYS[*key], *value)).collect();
    guards.reverse();
    guards
}

/// `scope!` knows its keys when it is compiled; a key at run time takes a branch for each.
fn enter(key: &str, value: i64) -> ScopeGuard {
    match key {
        "a" => scope!(a = value),
        "b" => scope!(b = value),
        "c" => scope!(c = value),
        "quoted key" => scope!("quoted key" = value),
        "sampled" => scope!(sampled = value),
        "sample_rate" => scope!(sample_rate = value),
        "event" | "event_" => scope!(event_ = value),
        "level" | "level_" => scope!(level_ = value),
        "timestamp" => scope!(timestamp_ = value),
        "a \"b\" ü\n" => scope!("a \"b\" ü\n" = value),
        "z" => scope!(z = value),
        // The empty key does not compile in a scope.
        _ => scope!("z" = value),
    }
}

#[test]
fn a_context_of_many_loggers_is_never_taken_for_another() {
    let lines = Lines::take_turn(Delivery::Inline);
    // More contexts than an encoder keeps the text of, used in turns.
    let loggers: Vec<Logger> = (0..1_000).map(|n| logger(&vec![(0, n), (13, -n)])).collect();
    for _ in 0..2 {
        let written = lines.of(|| loggers.iter().for_each(|log| info!(log, "context_wire_seen")));
        for (n, line) in written.iter().enumerate() {
            assert_eq!(
                fields_of(line, "context_wire_seen"),
                format!(",\"a\":{n},\"z\":-{n}").replace("-0", "0")
            );
        }
    }
}
