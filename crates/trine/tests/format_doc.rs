//! `docs/format.md` §1 says what a line looks like: its tables and examples are read from the text and compared.
#![forbid(unsafe_code)]

mod lines;

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    time::{Duration, UNIX_EPOCH},
};

use trine::{Delivery, Logger, Value, ValueWriter, error};

use lines::{Lines, fields_of};

const DOC: &str = include_str!("../../../docs/format.md");

/// The rows of the table whose heading is this line, each as its cells; code without its marks.
fn table(heading: &str) -> Vec<(&'static str, &'static str)> {
    let lines =
        DOC.lines().skip_while(|line| *line != heading).skip(2).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = lines
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0], cells[cells.len() - 1].trim_matches('`'))
        })
        .collect();
    assert!(!rows.is_empty(), "no table `{heading}`");
    rows
}

/// What stands in a line for this value, under this key.
fn json(key: &str, value: &impl Value) -> String {
    let lines = Lines::take_turn(Delivery::Inline);
    let line = lines.one(|| error!(Logger::new().with(key, value), "value_written"));
    fields_of(&line, "value_written").strip_prefix(&format!(",\"{key}\":")).expect("the key").to_owned()
}

#[test]
fn every_value_stands_in_the_line_as_in_the_table() {
    let rows = table("| value | in the line |");
    let [ip, _] = ["127.0.0.1", "::1"].map(|text| text.parse::<IpAddr>().unwrap());
    let socket: SocketAddr = "[::1]:443".parse().unwrap();
    let values: [&dyn Value; 23] = [
        &None::<u8>,
        &true,
        &i64::MIN,
        &u64::MAX,
        &i128::MIN,
        &u128::MAX,
        &99.99,
        &100.0,
        &-0.0,
        &1e300,
        &0.1_f32,
        &f64::NAN,
        &f64::INFINITY,
        &f32::NEG_INFINITY,
        &'é',
        &"say \"hi\"\n",
        &(UNIX_EPOCH + Duration::from_millis(1_500)),
        &(UNIX_EPOCH + Duration::from_nanos(1)),
        &ip,
        &socket,
        &vec![Some(1), None],
        &(1, "a"),
        &BTreeMap::from([(200, "ok")]),
    ];
    // The last row is of what is written as its text.
    assert_eq!(rows.len(), values.len() + 1);
    for ((what, expected), value) in rows.iter().zip(values) {
        assert_eq!(json("value", &value), *expected, "{what}");
    }
}

#[test]
fn a_length_of_time_is_in_the_unit_of_its_key() {
    for (suffixes, expected) in table("| last word of the key | unit | `1.5 s` under it |") {
        for suffix in suffixes.split(", ") {
            let key = match suffix.strip_prefix('`').and_then(|suffix| suffix.strip_suffix('`')) {
                Some(suffix) => format!("wait_{suffix}"),
                None => "wait".to_owned(),
            };
            assert_eq!(json(&key, &Duration::from_millis(1_500)), expected, "{key}");
        }
    }
    for key in ["d", "h", "min"] {
        assert_eq!(json(key, &Duration::from_millis(1_500)), "1.5", "{key}");
    }
}

/// What goes wrong in a value, each in its way.
enum Broken {
    Display,
    Debug,
    Encode,
    Depth,
}

impl fmt::Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no")
    }
}

impl Value for Broken {
    fn encode(&self, writer: ValueWriter<'_>) {
        match self {
            Broken::Display => writer.format(format_args!("{self}")),
            Broken::Debug => writer.format(format_args!("{self:?}")),
            Broken::Encode => panic!("no"),
            Broken::Depth => {
                writer.list().item(self);
            }
        }
    }
}

#[test]
fn a_failed_value_says_why() {
    let rows: Vec<_> = table("| what happened | in the line |").into_iter().map(|(_, line)| line).collect();
    let lines = Lines::take_turn(Delivery::Inline);
    let written = |line: String| {
        fields_of(&line, "value_written").strip_prefix(",\"value\":").expect("the key").to_owned()
    };
    assert_eq!(written(lines.one(|| error!("value_written", value = %Broken::Display))), rows[0]);
    assert_eq!(written(lines.one(|| error!("value_written", value = ?Broken::Debug))), rows[1]);
    assert_eq!(written(lines.one(|| error!("value_written", value = Broken::Encode))), rows[2]);
    let deep = written(lines.one(|| error!("value_written", value = Broken::Depth)));
    let (open, close) = ("[".repeat(64), "]".repeat(64));
    assert_eq!(deep, format!("{open}{}{close}", rows[3]));
    assert_eq!(rows.len(), 5, "the last is of a record of 1 GiB, which no test makes");
}

#[test]
fn the_examples_are_lines_of_that_event() {
    let lines = Lines::take_turn(Delivery::Inline);
    let line = lines.one(|| {
        let log = trine::bind!(request_id = "req_123");
        error!(log, "payment_process_failed", order_id = "ORD-123", amount = 99.99);
    });
    let example = DOC.lines().find(|line| line.starts_with("{\"event\":")).expect("a line");
    assert_eq!(fields_of(example, "payment_process_failed"), fields_of(&line, "payment_process_failed"));
    assert_eq!((example.len(), ends(example)), (line.len(), ends(&line)));
    assert!(DOC.contains(&format!("begins with `{}`", &line[..10])));
}

/// Name and level of a line, found as the document says, and the shape of its time.
fn ends(line: &str) -> (&str, &str, String) {
    let name = line[10..].split('"').next().unwrap();
    let (rest, level) = line.strip_suffix("\"}").unwrap().rsplit_once('"').unwrap();
    let rest = rest.strip_suffix("\",\"level\":").unwrap();
    let (rest, time) = rest.split_at(rest.len() - 27);
    assert!(rest.ends_with(",\"timestamp\":\""), "{rest}");
    (name, level, time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect())
}
