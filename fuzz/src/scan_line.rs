//! The on-demand reader of lines against serde_json: for any bytes the same judgement, the same fields, the same values.

use serde::de::IgnoredAny;
use trine_query::scan::{
    input::time_of,
    line::{FieldSet, Kind, Line, Path, Problem, Raw, Value},
    needles::{Condition, Needles},
};

use crate::json::Json;

/// See the module.
pub fn run(data: &[u8]) {
    // A line has no line feed; the reader takes one for a blank, as JSON does.
    let line = Line::new(data);
    let judged = line.check();
    if judged.is_err_and(|broken| broken.problem == Problem::TooDeep) {
        return ask(line);
    }
    let text = str::from_utf8(data)
        .ok()
        .filter(|text| text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{'));
    let text = text.filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    assert_eq!(judged.is_ok(), text.is_some(), "{judged:?}");
    if let Err(broken) = judged {
        assert!(broken.at <= data.len());
    }
    ask(line);
    // Lone surrogates are refused there, and read as U+FFFD here.
    if let Some(Json::Map(expected)) = text.and_then(|text| Json::parse(text).ok()) {
        compare_map(line, &expected);
    }
}

/// Asks for everything: nothing may panic, whatever the bytes.
fn ask(line: Line<'_>) {
    let mut buffer = String::new();
    let mut keys: Vec<String> = ["event", "timestamp", "level", "a", "a.b"].map(str::to_owned).into();
    for member in line.members().flatten() {
        keys.push(member.key(&mut buffer).to_owned());
        visit(member.value, 0);
    }
    let fields = FieldSet::new(keys.iter().map(Path::key).chain([Path::parse("a.b[0].c").expect("a path")]));
    let mut found = vec![None; fields.len()];
    let result = fields.find(line, &mut found);
    for (key, found) in keys.iter().zip(&found) {
        // One at a time gives what all in one pass give, up to the place where the line breaks.
        match line.get(key) {
            Ok(raw) => assert!(raw == *found || result.is_err(), "{key}"),
            Err(_) => assert!(found.is_none(), "{key}"),
        }
    }
    time_of(line.bytes());
}

fn visit(raw: Raw<'_>, depth: usize) {
    let mut buffer = String::new();
    let _ = raw.value(&mut buffer);
    let _ = raw.text(&mut buffer);
    let _ = raw.number();
    if depth < 8 {
        raw.items().flatten().for_each(|item| visit(item, depth + 1));
        raw.members().flatten().for_each(|member| visit(member.value, depth + 1));
    }
}

fn compare_map(line: Line<'_>, expected: &[(String, Json)]) {
    let mut buffer = String::new();
    let members: Vec<_> = line.members().collect::<Result<_, _>>().expect("the line is good");
    assert_eq!(members.len(), expected.len());
    for (member, (key, json)) in members.iter().zip(expected) {
        assert_eq!(member.key(&mut buffer), key);
        assert!(member.has_key(key.as_bytes()));
        compare(member.value, json);
    }
    let ends = line.ends();
    for (key, _) in expected {
        let mut same = expected.iter().filter(|(other, _)| other == key);
        let first = same.clone().next().expect("it is there");
        // The ends of a line of our shape answer for themselves.
        let json = match ends.and_then(|ends| ends.get(key)) {
            Some(_) if key == "event" => first,
            Some(_) => same.next_back().expect("it is there"),
            None => first,
        };
        let found = line.get(key).expect("the line is good").expect("the key is there");
        compare(found, &json.1);
        if let Some(Ok(text)) = found.plain().map(str::from_utf8) {
            assert!(Needles::new(&Condition::text_is(text), b"").may_match(line.bytes()), "{text}");
        }
    }
}

fn compare(raw: Raw<'_>, expected: &Json) {
    let mut buffer = String::new();
    let value = raw.value(&mut buffer).expect("the value is good");
    match (value, expected) {
        (Value::Null, Json::Word(word)) => assert_eq!(word, "null"),
        (Value::Bool(value), Json::Word(word)) => assert_eq!(value.to_string(), *word),
        (Value::Int(value), Json::Word(word)) => assert_eq!(word.parse(), Ok(value)),
        (Value::Float(value), Json::Word(word)) => {
            assert_eq!(word.parse::<f64>().map(f64::to_bits), Ok(value.to_bits()));
            assert!(word.contains(['.', 'e', 'E']) || word.parse::<i128>().is_err());
        }
        (Value::Text(value), Json::Text(text)) => {
            assert_eq!(value, text);
            assert!(raw.is_text(text));
            let plain = raw.plain().map(String::from_utf8_lossy);
            assert!(plain.is_none_or(|plain| plain == *text));
        }
        (Value::List(list), Json::List(items)) => {
            let found: Vec<_> = list.items().collect::<Result<_, _>>().expect("the list is good");
            assert_eq!(found.len(), items.len());
            found.into_iter().zip(items).for_each(|(raw, json)| compare(raw, json));
        }
        (Value::Map(map), Json::Map(entries)) => {
            assert_eq!(map.kind(), Kind::Map);
            let found: Vec<_> = map.members().collect::<Result<_, _>>().expect("the map is good");
            assert_eq!(found.len(), entries.len());
            for (member, (key, json)) in found.into_iter().zip(entries) {
                assert_eq!(member.key(&mut String::new()), key);
                compare(member.value, json);
            }
        }
        (value, json) => panic!("{value:?} is not {json:?}"),
    }
}
