//! The on-demand reader against a full parser: the same fields and the same values, however they are written; and any bytes at all.
//! The fuzz target `scan_line` asks more, of more.
#![forbid(unsafe_code)]

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value as Json};
use trine_query::scan::line::{FieldSet, Line, Path, Problem, Raw, Value};

/// JSON as one of its many spellings: choices are taken from `dice`.
fn spell(json: &Json, dice: &mut impl FnMut() -> u8, out: &mut String) {
    let blank = |dice: &mut dyn FnMut() -> u8, out: &mut String| {
        out.push_str(["", "", "", " ", "\t ", "\r"][usize::from(dice()) % 6]);
    };
    match json {
        Json::String(text) => spell_text(text, dice, out),
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                blank(dice, out);
                spell(item, dice, out);
                blank(dice, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            blank(dice, out);
            for (at, (key, value)) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                blank(dice, out);
                spell_text(key, dice, out);
                blank(dice, out);
                out.push(':');
                blank(dice, out);
                spell(value, dice, out);
                blank(dice, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn spell_text(text: &str, dice: &mut impl FnMut() -> u8, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match (char, dice() % 8) {
            ('"' | '\\', _) | ('/', 0) => out.extend(['\\', char]),
            (_, 1) | ('\0'..' ', _) => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    out.push_str(&if dice() < 128 {
                        format!("\\u{unit:04x}")
                    } else {
                        format!("\\u{unit:04X}")
                    });
                }
            }
            _ => out.push(char),
        }
    }
    out.push('"');
}

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has finite numbers", |float| float.is_finite()).prop_map(Json::from),
        "[a-z \"\\\\/\n\u{e9}\u{1f600}]{0,40}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec(("[a-c.\"]{0,3}", inner), 0..5)
                .prop_map(|all| Json::Object(all.into_iter().collect())),
        ]
    })
}

#[track_caller]
fn compare(raw: Raw<'_>, json: &Json) {
    let mut buffer = String::new();
    match raw.value(&mut buffer).unwrap() {
        Value::Null => assert!(json.is_null()),
        Value::Bool(value) => assert_eq!(json, &Json::from(value)),
        Value::Int(value) => assert_eq!(json.to_string(), value.to_string()),
        Value::Float(value) => assert_eq!(json.to_string().parse(), Ok(value)),
        Value::Text(value) => {
            assert_eq!(json, value);
            assert!(raw.is_text(value));
        }
        Value::List(list) => {
            let items: Vec<_> = list.items().map(Result::unwrap).collect();
            assert_eq!(items.len(), json.as_array().unwrap().len());
            items.iter().zip(json.as_array().unwrap()).for_each(|(raw, json)| compare(*raw, json));
        }
        Value::Map(map) => {
            let members: Vec<_> = map.members().map(Result::unwrap).collect();
            assert_eq!(members.len(), json.as_object().unwrap().len());
            for member in members {
                compare(member.value, &json[member.key(&mut String::new())]);
            }
        }
    }
}

proptest! {
    #[test]
    fn every_field_of_every_spelling_is_found_with_its_value(
        members in prop::collection::vec(("[a-c.\"\u{e9}]{1,3}|event|timestamp|level", values()), 0..8),
        dice in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let members: Map<String, Json> = members.into_iter().collect();
        let mut dice = dice.iter().copied().cycle();
        let mut text = String::new();
        spell(&Json::Object(members.clone()), &mut || dice.next().unwrap_or_default(), &mut text);
        let line = Line::new(text.as_bytes());
        prop_assert_eq!(line.check(), Ok(()));

        let fields = FieldSet::new(members.keys().chain([&"none".to_owned()]).map(Path::key));
        let mut found = vec![None; fields.len()];
        fields.find(line, &mut found).unwrap();
        prop_assert!(found.pop().unwrap().is_none());
        for ((key, json), found) in members.iter().zip(found) {
            prop_assert_eq!(line.get(key).unwrap(), found);
            compare(found.unwrap(), json);
        }
    }

    #[test]
    fn a_line_is_good_exactly_when_a_parser_takes_it(
        tokens in prop::collection::vec(
            select(vec![
                "{", "}", "[", "]", ":", ",", "{", "}", ":", ",", "\"a\"", "\"b\":", "\"\\n\\u00e9\"", "\"\\x\"", "\"", "1", "-0.5e3",
                "01", "1.", "-", "true", "null", "nul", " ", "\t", "\\", "\"a\":1", "\"a\":{}", "\"a\":[", "\u{1}", "é",
            ]),
            0..14,
        ),
        is_object: bool,
    ) {
        let text = if is_object { format!("{{{}}}", tokens.concat()) } else { tokens.concat() };
        let line = Line::new(text.as_bytes());
        let is_good = serde_json::from_str::<Map<String, Json>>(&text).is_ok();
        prop_assert_eq!(line.check().is_ok(), is_good, "{:?}", line.check());
        // Whoever walks a good line meets no error.
        prop_assert!(!is_good || line.members().all(|member| member.is_ok()));
    }

    #[test]
    fn any_bytes_are_walked_without_a_fault(bytes in prop::collection::vec(prop_oneof![
        4 => select(b"{}[]:,\"\\ ae10-.u".to_vec()),
        1 => any::<u8>(),
    ], 0..120)) {
        let line = Line::new(&bytes);
        let mut buffer = String::new();
        for member in line.members() {
            match member {
                Ok(member) => {
                    member.key(&mut buffer);
                    let _ = member.value.value(&mut buffer);
                    member.value.items().chain(member.value.members().map(|member| member.map(|member| member.value))).for_each(drop);
                }
                Err(broken) => prop_assert!(broken.at <= bytes.len()),
            }
        }
        let _ = (line.check(), line.ends(), line.name_in_front(), line.get("a"), line.get("level"));
        let _ = line.get_path(&Path::parse("a.b[1].c").unwrap());
    }
}

#[test]
fn of_a_key_that_stands_twice_the_first_counts() {
    let line = Line::new(br#"{"a":1,"b":2,"a":3,"\u0061":4}"#);
    assert_eq!(line.get("a").unwrap().unwrap().bytes(), b"1");
    assert_eq!(line.members().count(), 4);
}

#[test]
fn a_broken_line_answers_up_to_its_break_and_says_where_it_is() {
    let line = Line::new(br#"{"a":1,"b":"x,"c":3}"#);
    let fields = FieldSet::new(["a", "c"].map(Path::key));
    let mut found = [None; 2];
    let broken = fields.find(line, &mut found).unwrap_err();
    assert_eq!((broken.problem, broken.at), (Problem::NoComma, 15));
    assert_eq!(found[0].unwrap().bytes(), b"1");
    assert_eq!(broken.to_string(), "the line has neither `,` nor a closing bracket behind a value (byte 15)");
    // A field that is asked for again is as found as the first time.
    let mut twice = [None; 3];
    let again = FieldSet::new(["a", "c", "a"].map(Path::key)).find(line, &mut twice);
    assert_eq!((again, twice[2]), (Err(broken), found[0]));
    // Nobody looks further than needed.
    assert_eq!(FieldSet::new([Path::key("a")]).find(line, &mut found), Ok(()));
}

#[test]
fn every_problem_has_words_of_its_own() {
    let words: std::collections::HashSet<_> = Problem::ALL.map(Problem::as_str).into();
    assert_eq!(words.len(), Problem::ALL.len());
}

#[test]
fn a_field_asked_for_twice_is_answered_twice() {
    let line =
        Line::new(br#"{"event":"a_b","level":"x","timestamp":"2025-10-24T10:00:00.123456Z","level":"info"}"#);
    let fields = FieldSet::new(["level", "event", "level", "event"].map(Path::key));
    let mut found = [None; 4];
    fields.find(line, &mut found).unwrap();
    assert_eq!((found[0], found[1]), (found[2], found[3]));
    assert_eq!(found[0].unwrap().plain(), Some(&b"info"[..]));
}

#[test]
fn long_lines_and_deep_ones_are_walked() {
    let long = format!(
        r#"{{"a":"{}","b":[{}],"c":1}}"#,
        "x\\\"".repeat(3_000_000),
        "{\"k\":\"}\"},".repeat(500_000) + "0"
    );
    let line = Line::new(long.as_bytes());
    assert_eq!(line.get("c").unwrap().unwrap().bytes(), b"1");
    assert_eq!(line.get("b").unwrap().unwrap().items().count(), 500_001);
    let deep = format!(r#"{{"a":{},"b":1}}"#, "[".repeat(10_000_000));
    assert_eq!(Line::new(deep.as_bytes()).get("b").unwrap_err().problem, Problem::TooDeep);
}
