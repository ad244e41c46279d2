//! Tests of the variables. None touches the environment of the process.

use super::*;
use crate::config::{Delivery, Durability, Format, RING_BYTES_MAX, StackTraces};
use proptest::prelude::*;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// Reads variables given as pairs.
fn read_pairs(pairs: &[(&str, &str)]) -> (Settings, Vec<String>) {
    let lookup =
        |name: &str| pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| OsString::from(*value));
    let (settings, findings) = read(&lookup, pairs.iter().map(|(name, _)| OsString::from(*name)));
    (settings, findings.iter().map(Finding::to_string).collect())
}

/// Checks that a variable sets what is expected, and nothing is found.
#[track_caller]
fn sets(name: &str, value: &str, expected: Settings) {
    assert_eq!(read_pairs(&[(name, value)]), (expected, vec![]), "{name}={value}");
}

/// Checks that a variable sets nothing, and one line is found.
#[track_caller]
fn finds(name: &str, value: &str, line: &str) {
    assert_eq!(read_pairs(&[(name, value)]), (Settings::default(), vec![line.to_owned()]), "{name}={value}");
}

#[test]
fn nothing_said_sets_nothing() {
    assert_eq!(read_pairs(&[("HOME", "/"), ("TRINED", "x")]), (Settings::default(), vec![]));
}

#[test]
fn every_variable_sets_its_item() {
    let with = Settings::default;
    sets("TRINE_LEVEL", "debug,cache=off", Settings { level: "debug,cache=off".parse().ok(), ..with() });
    sets("TRINE_FORMAT", "logfmt", Settings { format: Some(Format::Logfmt), ..with() });
    sets("TRINE_DELIVERY", "inline", Settings { delivery: Some(Delivery::Inline), ..with() });
    sets("TRINE_RING_BYTES", "1MiB", Settings { ring_bytes: Some(1 << 20), ..with() });
    sets("TRINE_RING_BYTES", "1GiB", Settings { ring_bytes: Some(RING_BYTES_MAX), ..with() });
    sets("TRINE_BLACK_BOX", "off", Settings { black_box: Some(BlackBox::Off), ..with() });
    sets("TRINE_BLACK_BOX", "a b", Settings { black_box: Some("a b".into()), ..with() });
    sets("TRINE_DURABILITY", "disk", Settings { durability: Some(Durability::Disk), ..with() });
    sets("TRINE_CONFIG", "a b.toml", Settings { config: Some("a b.toml".into()), ..with() });
    sets("TRINE_STACK_TRACES", "On", Settings { stack_traces: Some(StackTraces::On), ..with() });
    sets("TRINE_PANIC_EVENTS", "off", Settings { panic_events: Some(false), ..with() });
    sets("NO_COLOR", "1", Settings { color: Some(false), ..with() });
    let outputs = [Target::Stderr, Target::File(PathBuf::from("a=b c.log"))].map(OutputSettings::new).into();
    sets("TRINE_OUTPUT", "stderr, file:a=b c.log", Settings { outputs: Some(outputs), ..with() });
}

#[test]
fn every_item_is_known_to_the_settings() {
    let all = [
        ("TRINE_LEVEL", "debug"),
        ("TRINE_SAMPLE", "cache=0.1"),
        ("TRINE_FORMAT", "json"),
        ("TRINE_OUTPUT", "stdout"),
        ("TRINE_CONFIG", "x"),
        ("TRINE_DELIVERY", "worker"),
        ("TRINE_RING_BYTES", "4096"),
        ("TRINE_BLACK_BOX", "off"),
        ("TRINE_DURABILITY", "disk"),
        ("TRINE_STACK_TRACES", "off"),
        ("TRINE_PANIC_EVENTS", "false"),
        ("NO_COLOR", "1"),
    ];
    let (settings, _) = read_pairs(&all);
    assert_eq!(all.len(), VARIABLES.len());
    assert!(VARIABLES.iter().all(|row| settings.says(row.item) && !Settings::default().says(row.item)));
}

#[test]
fn an_empty_variable_says_nothing() {
    for row in &VARIABLES {
        sets(row.entry.name, "", Settings::default());
    }
}

#[test]
fn a_bad_value_is_one_line_with_the_variable_the_value_and_what_is_allowed() {
    finds(
        "TRINE_LEVEL",
        "inof",
        "trine: TRINE_LEVEL=`inof`: unknown level `inof`; allowed: trace, debug, info, warning, error, critical, off; \
         did you mean `info`? (using the default, info)",
    );
    finds(
        "TRINE_FORMAT",
        "jsno",
        "trine: TRINE_FORMAT=`jsno`: unknown format `jsno`; allowed: json, logfmt, pretty; did you mean `json`? \
         (using the default, json, and pretty on a terminal)",
    );
    finds(
        "TRINE_OUTPUT",
        "logs/a.jsonl",
        "trine: TRINE_OUTPUT=`logs/a.jsonl`: unknown output `logs/a.jsonl`; allowed: stdout, stderr, file:PATH; \
         did you mean `file:logs/a.jsonl`? (using the default, stdout)",
    );
    finds(
        "TRINE_DELIVERY",
        "thread",
        "trine: TRINE_DELIVERY=`thread`: unknown delivery `thread`; allowed: worker, inline \
         (using the default, worker)",
    );
    finds(
        "TRINE_RING_BYTES",
        "1M",
        "trine: TRINE_RING_BYTES=`1M`: `1M` is no size; allowed: a whole number with B, KB, KiB, MB, MiB, GB or GiB, \
         such as 100MiB; did you mean `1MiB`? (using the default, 1MiB)",
    );
    finds("TRINE_CONFIG", " ", "trine: TRINE_CONFIG=` `: the path is empty; allowed: a path (ignored)");
}

#[test]
fn a_ring_of_no_sensible_size_is_refused() {
    for value in ["0", "4095", "2GiB", "18446744073709551615"] {
        let (settings, lines) = read_pairs(&[("TRINE_RING_BYTES", value)]);
        assert_eq!(settings.ring_bytes, None);
        assert!(lines[0].contains("allowed: from 4KiB to 1GiB"), "{lines:?}");
    }
}

#[test]
fn what_is_right_beside_what_is_wrong_stays() {
    let (settings, lines) = read_pairs(&[
        ("TRINE_LEVEL", "error,payment=debgu,cache=off"),
        ("TRINE_OUTPUT", "stdot,stderr,stderr"),
        ("TRINE_FORMAT", "xml"),
        ("TRINE_DELIVERY", "inline"),
    ]);
    assert_eq!(settings.level.unwrap().to_string(), "error,cache=off");
    assert_eq!(settings.outputs, Some(vec![OutputSettings::new(Target::Stderr)]));
    assert_eq!((settings.format, settings.delivery), (None, Some(Delivery::Inline)));
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(lines[0].ends_with("did you mean `debug`? (this rule is left out)"), "{}", lines[0]);
    assert!(lines[2].ends_with("did you mean `stdout`? (this output is left out)"), "{}", lines[2]);
    assert!(lines[3].contains("another output writes to the same place"), "{}", lines[3]);
}

#[test]
fn a_value_that_is_not_utf8_is_a_finding() {
    for row in VARIABLES.iter().filter(|row| row.item != "color") {
        let lookup = |name: &str| (name == row.entry.name).then(|| OsString::from_vec(vec![b'i', 0xff]));
        let (settings, findings) = read(&lookup, []);
        assert_eq!(settings, Settings::default());
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().contains("the value is not UTF-8; allowed: "), "{}", findings[0]);
    }
}

#[test]
fn any_bytes_in_no_color_turn_colour_off() {
    let (settings, findings) = read(&|name| (name == "NO_COLOR").then(|| OsString::from_vec(vec![0xff])), []);
    assert_eq!((settings.color, findings), (Some(false), vec![]));
}

#[test]
fn a_misspelt_variable_is_found_and_the_right_one_suggested() {
    let (_, lines) = read_pairs(&[("TRINE_LEVLE", "debug")]);
    assert_eq!(
        lines,
        [
            "trine: TRINE_LEVLE: unknown variable; allowed: TRINE_LEVEL, TRINE_SAMPLE, TRINE_FORMAT, TRINE_OUTPUT, TRINE_CONFIG, \
          TRINE_DELIVERY, TRINE_RING_BYTES, TRINE_BLACK_BOX, TRINE_DURABILITY, TRINE_STACK_TRACES, TRINE_PANIC_EVENTS; did you mean `TRINE_LEVEL`? (ignored)"
        ]
    );
}

proptest! {
    #[test]
    fn any_bytes_in_any_variable_never_panic(
        values in prop::collection::vec(any::<Vec<u8>>(), VARIABLES.len()),
        names in prop::collection::vec(any::<Vec<u8>>(), 0..4),
    ) {
        let lookup = |name: &str| {
            let row = VARIABLES.iter().position(|row| row.entry.name == name)?;
            Some(OsString::from_vec(values[row].clone()))
        };
        let names = names.into_iter().map(|name| OsString::from_vec([PREFIX.as_bytes(), &name].concat()));
        let (_, findings) = read(&lookup, names);
        prop_assert!(findings.iter().all(|finding| finding.to_string().lines().count() == 1));
    }

    #[test]
    fn words_like_ours_in_any_variable_never_panic(
        value in "(info|off|=|,|::|\\.|_|file|stdout|:|1|MiB| |a|é){0,12}",
    ) {
        let lookup = |_: &str| Some(OsString::from(&value));
        let (settings, findings) = read(&lookup, []);
        prop_assert!(settings.outputs.is_none_or(|outputs| !outputs.is_empty()));
        prop_assert!(findings.iter().all(|finding| finding.to_string().lines().count() == 1));
    }
}
