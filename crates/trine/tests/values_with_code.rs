//! Values that run code of the program's to be written: `Display`, `Debug`, types of its own.
#![forbid(unsafe_code)]

mod lines;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use trine::{Delivery, Value, ValueWriter, bind, info, scope};

use lines::{Lines, check, fields_of, json};

/// Does to a formatter what its name says.
#[derive(Clone, Copy)]
enum Shown {
    Fails,
    FailsHalfWay,
    Panics,
    PanicsHalfWay,
    PanicsWithoutText,
    Emits,
    EntersAScope,
    Flushes,
    Captures,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shown::Fails => Err(fmt::Error),
            Shown::FailsHalfWay => f.write_str("half").and(Err(fmt::Error)),
            Shown::Panics => panic!("at once"),
            Shown::PanicsHalfWay => {
                f.write_str("half \" of it")?;
                panic!("later: {}", 7)
            }
            Shown::PanicsWithoutText => std::panic::panic_any(7),
            Shown::Emits => {
                info!("inner_value_shown", n = 1, list = vec![1, 2]);
                info!("inner_value_shown", n = 2, deeper = %Shown::FailsHalfWay);
                f.write_str("done")
            }
            Shown::EntersAScope => {
                let _scope = scope!(inner = true);
                info!("inner_value_shown");
                f.write_str("done")
            }
            Shown::Flushes => {
                trine::flush(Duration::ZERO);
                trine::set_level("trace").map_err(|_| fmt::Error)?;
                write!(f, "{}", trine::health().lost == trine::health().lost)
            }
            Shown::Captures => {
                let captured = trine::testing::capture();
                info!("inner_value_shown");
                write!(f, "{}", captured.events().len())
            }
        }
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The fields of the event `value_written` that `emit` makes, and how many other lines there are.
#[track_caller]
fn written(emit: impl FnOnce()) -> (String, usize) {
    let lines = Lines::take_turn(Delivery::Inline).of(emit);
    for line in &lines {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    let of_name: Vec<&String> = lines.iter().filter(|line| line.contains("\"value_written\"")).collect();
    assert_eq!(of_name.len(), 1, "{lines:#?}");
    (fields_of(of_name[0], "value_written").to_owned(), lines.len() - 1)
}

#[track_caller]
fn check_shown(shown: Shown, expected: &str, expected_debug: &str, others: usize) {
    let fields = |value: &str| format!(",\"before\":1,\"value\":{value},\"after\":2");
    assert_eq!(
        written(|| info!("value_written", before = 1, value = %shown, after = 2)),
        (fields(expected), others)
    );
    assert_eq!(
        written(|| info!("value_written", before = 1, value = ?shown, after = 2)),
        (fields(expected_debug), others)
    );
    // In a context it is written when it is bound.
    assert_eq!(
        written(|| info!(bind!(before = 1, value = %shown, after = 2), "value_written")),
        (fields(expected), others)
    );
}

#[test]
fn a_display_that_fails_is_a_marked_value() {
    check_shown(Shown::Fails, r#""<Display failed>""#, r#""<Debug failed>""#, 0);
    check_shown(Shown::FailsHalfWay, r#""<Display failed>""#, r#""<Debug failed>""#, 0);
}

#[test]
fn a_display_that_panics_is_a_marked_value() {
    check_shown(Shown::Panics, r#""<Display panicked: at once>""#, r#""<Debug panicked: at once>""#, 0);
    check_shown(
        Shown::PanicsHalfWay,
        r#""<Display panicked: later: 7>""#,
        r#""<Debug panicked: later: 7>""#,
        0,
    );
    check_shown(Shown::PanicsWithoutText, r#""<Display panicked>""#, r#""<Debug panicked>""#, 0);
}

#[test]
fn a_display_may_emit_events_itself() {
    check_shown(Shown::Emits, r#""done""#, r#""done""#, 2);
    check_shown(Shown::EntersAScope, r#""done""#, r#""done""#, 1);
    check_shown(Shown::Captures, r#""1""#, r#""1""#, 0);
}

#[test]
fn a_display_may_use_the_pipeline() {
    check_shown(Shown::Flushes, r#""true""#, r#""true""#, 0);
}

#[test]
fn a_display_may_lock_what_the_program_locks() {
    struct Shared(Arc<Mutex<u32>>);
    impl fmt::Display for Shared {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let mut shown = self.0.lock().unwrap();
            *shown += 1;
            info!("inner_value_shown", shown = *shown);
            write!(f, "{shown}")
        }
    }
    let times = Arc::new(Mutex::new(0));
    let (fields, others) = written(|| {
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..100 {
                        info!("inner_value_shown", value = %Shared(Arc::clone(&times)));
                    }
                });
            }
        });
        info!("value_written", value = %Shared(Arc::clone(&times)));
    });
    assert_eq!((fields.as_str(), others), (r#","value":"401""#, 801));
}

/// A type of the program's own.
enum Own {
    Nothing,
    Panics,
    PanicsInAList,
    PanicsInAMap,
    SameKeyTwice,
    Emits,
    Nested(u32),
    NestedMap(u32),
    Wide(u32),
}

impl Value for Own {
    fn encode(&self, writer: ValueWriter<'_>) {
        match self {
            Own::Nothing => {}
            Own::Panics => panic!("own"),
            Own::PanicsInAList => {
                writer.list().item(&1).item(&Own::Panics);
            }
            Own::PanicsInAMap => {
                writer.map().entry("a", &1).entry("b", &vec![Own::Panics]).entry("c", &3);
            }
            Own::SameKeyTwice => {
                writer.map().entry("a", &1).entry("b", &2).entry("a", &3);
            }
            Own::Emits => {
                let mut list = writer.list();
                info!("inner_value_shown", value = vec![1]);
                list.item(&1);
            }
            Own::Nested(0) | Own::NestedMap(0) => writer.str("bottom"),
            Own::Nested(depth) => {
                writer.list().item(&Own::Nested(depth - 1));
            }
            Own::NestedMap(depth) => {
                writer.map().entry("k", &Own::NestedMap(depth - 1));
            }
            Own::Wide(items) => {
                let mut list = writer.list();
                for n in 0..*items {
                    list.item(&(n % 10));
                }
            }
        }
    }
}

#[test]
fn a_value_that_writes_nothing_is_null() {
    check(&Own::Nothing, "null");
    check(&vec![Own::Nothing, Own::Nothing], "[null,null]");
    check(&BTreeMap::from([("a", Own::Nothing)]), r#"{"a":null}"#);
}

#[test]
fn a_value_that_panics_is_a_marked_value() {
    for value in [Own::Panics, Own::PanicsInAList, Own::PanicsInAMap] {
        check(&value, r#""<value panicked: own>""#);
    }
}

#[test]
fn a_map_key_that_panics_or_fails_is_marked() {
    for (shown, why) in
        [(Shown::Panics, "Display panicked: at once"), (Shown::FailsHalfWay, "Display failed")]
    {
        let text = json(&HashMap::from([(ShownKey(shown), 1)]));
        let map: BTreeMap<String, i32> = serde_json::from_str(&text).unwrap();
        let (key, value) = map.first_key_value().unwrap();
        assert!(key.contains(why) && *value == 1, "{text}");
    }
}

struct ShownKey(Shown);

impl Value for ShownKey {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.format(format_args!("{}", self.0));
    }
}

impl PartialEq for ShownKey {
    fn eq(&self, other: &ShownKey) -> bool {
        self.0 as u8 == other.0 as u8
    }
}

impl Eq for ShownKey {}

impl std::hash::Hash for ShownKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.0 as u8).hash(state);
    }
}

#[test]
fn a_value_of_the_programs_own_keeps_the_line_valid() {
    check(&Own::SameKeyTwice, r#"{"a":1,"b":2}"#);
    assert_eq!(written(|| info!("value_written", value = Own::Emits)), (r#","value":[1]"#.into(), 1));
    let wide = json(&Own::Wide(100_000));
    assert_eq!(serde_json::from_str::<Vec<u8>>(&wide).unwrap().len(), 100_000);
}

#[test]
fn nesting_is_kept_up_to_64_and_marked_beyond() {
    let list = |depth: usize, inner: &str| format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth));
    let map = |depth: usize, inner: &str| format!("{}{inner}{}", r#"{"k":"#.repeat(depth), "}".repeat(depth));
    check(&Own::Nested(64), &list(64, r#""bottom""#));
    check(&Own::NestedMap(64), &map(64, r#""bottom""#));
    check(&Own::Nested(65), &list(64, r#""<nested too deep>""#));
    check(&Own::NestedMap(65), &map(64, r#""<nested too deep>""#));
    check(&Own::Nested(1_000_000), &list(64, r#""<nested too deep>""#));
    check(&Own::NestedMap(1_000_000), &map(64, r#""<nested too deep>""#));
}

#[test]
fn every_value_works_in_every_place() {
    let lines = Lines::take_turn(Delivery::Inline);
    let (list, text, shown) = (vec![1, 2], String::from("t"), Shown::Fails);
    let _scope = scope!(scope_list = list, scope_text = text, %shown);
    let log = bind!(a = ?text, list, text).with("run time", &Some(i128::MAX)).with("level", &1.5_f32);
    let line = lines.one(|| info!(log, sample: 1.0, "value_written", list = BTreeMap::from([(1, ())])));
    assert_eq!(
        fields_of(&line, "value_written"),
        concat!(
            r#","list":{"1":null},"sampled":true,"sample_rate":1.0,"a":"\"t\"","text":"t","#,
            r#""run time":170141183460469231731687303715884105727,"level_":1.5,"#,
            r#""scope_list":[1,2],"scope_text":"t","shown":"<Display failed>""#
        )
    );
}
