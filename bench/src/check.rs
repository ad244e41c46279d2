//! Looks at what every contestant wrote: nobody becomes fast by writing less than the others.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use crate::drive::one;
use crate::drive::run::Scratch;
use crate::entries::{ENTRIES, Entry, Kind, LIST_AS_TEXT, MAP_AS_TEXT, NO_W4, NOT_RFC_3339, NULL_LEFT_OUT};
use crate::measure::Measure;
use crate::output;
use crate::workload::{BOUND, EVENT, REQUESTS, REQUESTS_LEN, Request, WIDES, Wide};

/// Checks every contestant that is installed and prints the differences.
pub fn main() -> ExitCode {
    let scratch = Scratch::new();
    let mut failed = 0;
    for entry in ENTRIES {
        match check(entry, &scratch.file()) {
            Ok(differences) => println!("{}: ok {}", entry.name, differences.join(", ")),
            Err(err) if entry.executable().is_err() => println!("{}: skipped, {err}", entry.name),
            Err(err) => {
                println!("{}: FAILED, {err}", entry.name);
                failed += 1;
            }
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Lets `entry` write a few events of every workload to `path` and reads them back.
///
/// Gives the known differences from the workload and the entry's caveats; a difference that the entry does not declare, or declares and does
/// not have, is an error, as is a line that is not JSON or a field that is missing.
pub fn check(entry: &Entry, path: &Path) -> Result<Vec<&'static str>, String> {
    one::run(entry, Measure::Show, path, 0)?;
    let text = std::fs::read_to_string(output::written(path)).map_err(|err| err.to_string())?;
    let lines: Result<Vec<Value>, String> = text
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|err| format!("not JSON ({err}): {line}")))
        .collect();
    let found = differences(entry.kind, &lines?)?;
    let declared: BTreeSet<_> = entry.differs.iter().copied().collect();
    if found == declared {
        Ok(found.into_iter().chain(entry.caveats.iter().copied()).collect())
    } else {
        Err(format!(
            "differs in {found:?}, its entry says {declared:?}; it begins: {}",
            text.lines().next().unwrap_or("")
        ))
    }
}

fn differences(kind: Kind, lines: &[Value]) -> Result<BTreeSet<&'static str>, String> {
    let mut found = BTreeSet::new();
    let (w1, rest) = lines.split_at(if kind == Kind::Inline { REQUESTS_LEN.min(lines.len()) } else { 0 });
    let (w2, w4) = rest.split_at(REQUESTS_LEN.min(rest.len()));
    if w2.len() != REQUESTS_LEN || !(w4.is_empty() || w4.len() == REQUESTS_LEN) {
        return Err(format!("{} lines", lines.len()));
    }
    for (line, request) in w1.iter().chain(w2).chain(w4).zip(REQUESTS.iter().cycle()) {
        base(line, request, &mut found).map_err(|err| format!("{err}: {line}"))?;
    }
    for line in w2 {
        for bound in [BOUND.service, BOUND.region, BOUND.version] {
            some(line, &|_, value| value == bound).ok_or_else(|| format!("no {bound}: {line}"))?;
        }
    }
    if w4.is_empty() && kind == Kind::Inline {
        found.insert(NO_W4);
    }
    for (line, wide) in w4.iter().zip(WIDES.iter()) {
        wide_fields(line, wide, &mut found).map_err(|err| format!("{err}: {line}"))?;
    }
    Ok(found)
}

/// What all workloads share.
fn base(line: &Value, r: &Request, found: &mut BTreeSet<&'static str>) -> Result<(), String> {
    some(line, &|_, value| value == EVENT).ok_or("no event name")?;
    some(line, &|key, value| ["level", "lvl"].contains(&key) && value.as_str().is_some_and(is_info))
        .ok_or("no level")?;
    if some(line, &|_, value| value.as_str().is_some_and(is_rfc3339)).is_none() {
        found.insert(NOT_RFC_3339);
    }
    field(line, "endpoint", &r.endpoint.into())?;
    field(line, "method", &r.method.into())?;
    field(line, "request_id", &r.request_id.into())?;
    field(line, "status_code", &r.status_code.into())?;
    field(line, "duration_ms", &r.duration_ms.into())
}

fn wide_fields(line: &Value, wide: &Wide, found: &mut BTreeSet<&'static str>) -> Result<(), String> {
    field(line, "detail", &wide.detail.into())?;
    field(line, "bytes_out", &wide.bytes_out.into())?;
    field(line, "user_agent", &wide.user_agent.into())?;
    field(line, "cached", &wide.cached.into())?;
    let json = |value| serde_json::to_value(value).map_err(|err| err.to_string());
    if field(line, "tags", &serde_json::json!(wide.tags)).is_err() {
        some(line, &|key, value| key == "tags" && value.is_string()).ok_or("no tags")?;
        found.insert(LIST_AS_TEXT);
    }
    if field(line, "geo", &json(&wide.geo)?).is_err() {
        some(line, &|key, value| key == "geo" && value.is_string()).ok_or("no geo")?;
        found.insert(MAP_AS_TEXT);
    }
    if field(line, "parent_id", &Value::Null).is_err() {
        found.insert(NULL_LEFT_OUT);
    }
    Ok(())
}

fn is_info(level: &str) -> bool {
    level.eq_ignore_ascii_case("info")
}

/// `2026-11-23T21:58:09...` with `Z` or an offset.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20 && bytes[4] == b'-' && bytes[10] == b'T' && bytes[13] == b':' && bytes[16] == b':'
}

/// The field, wherever the contestant nests it, with exactly this value.
fn field(line: &Value, name: &str, expected: &Value) -> Result<(), String> {
    some(line, &|key, value| key == name && value == expected)
        .ok_or_else(|| format!("`{name}` is not {expected}"))
}

/// Some pair of key and value, at any depth, that `wanted` accepts.
fn some(line: &Value, wanted: &dyn Fn(&str, &Value) -> bool) -> Option<()> {
    let object = line.as_object()?;
    object.iter().find_map(|(key, value)| if wanted(key, value) { Some(()) } else { some(value, wanted) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{base, some};
    use crate::workload::REQUESTS;

    #[test]
    fn a_line_without_a_field_is_refused() {
        let line = json!({"event": "api_request_completed", "level": "INFO", "fields": {"endpoint": "/api/v1/orders"}});
        assert_eq!(
            base(&line, &REQUESTS[0], &mut Default::default()),
            Err("`method` is not \"GET\"".to_owned())
        );
    }

    #[test]
    fn nested_fields_are_found() {
        assert!(some(&json!({"a": {"b": 1}}), &|key, value| key == "b" && value == 1).is_some());
        assert!(some(&json!({"a": {"b": 1}}), &|key, value| key == "b" && value == 2).is_none());
    }
}
