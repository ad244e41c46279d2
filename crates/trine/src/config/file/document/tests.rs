//! Tests of the document.

use super::*;
use crate::config::{
    BlackBox, ClockChoice, Compression, Delivery, Durability, Format, RotateEvery, StackTraces,
};
use proptest::prelude::*;
use std::time::Duration;

/// The settings, and the findings as lines.
fn read_lines(text: &str) -> (Settings, Vec<String>) {
    let (settings, findings) = read(text, "trine.toml");
    (settings, findings.iter().map(|finding| finding.to_string()).collect())
}

/// Checks that a text holds one mistake, whose line begins and ends so.
#[track_caller]
fn finds(text: &str, begin: &str, end: &str) {
    let (_, lines) = read_lines(text);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].starts_with(&format!("trine: trine.toml:{begin}")), "{}", lines[0]);
    assert!(lines[0].ends_with(end), "{}", lines[0]);
}

#[test]
fn an_empty_file_says_nothing() {
    assert_eq!(read_lines("# only a comment\n"), (Settings::default(), vec![]));
}

#[test]
fn every_key_of_the_file_is_taken() {
    let text = "level = \"debug,cache=off\"\nformat = \"logfmt\"\ndelivery = \"inline\"\nring_bytes = \"1MiB\"\n\
                black_box = \"off\"\ndurability = \"disk\"\nclock = \"os\"\ncolor = true\nsample = \"cache=1%\"\n\
                stack_traces = \"on\"\npanic_events = false\n";
    let expected = Settings {
        level: "debug,cache=off".parse().ok(),
        sample: "cache=0.01".parse().ok(),
        format: Some(Format::Logfmt),
        outputs: None,
        delivery: Some(Delivery::Inline),
        ring_bytes: Some(1 << 20),
        black_box: Some(BlackBox::Off),
        durability: Some(Durability::Disk),
        clock: Some(ClockChoice::Os),
        color: Some(true),
        stack_traces: Some(StackTraces::On),
        panic_events: Some(false),
        masks: None,
        config: None,
    };
    assert_eq!(read_lines(text), (expected, vec![]));
    assert_eq!(read_lines("ring_bytes = 0x1_0000").0.ring_bytes, Some(0x1_0000));
}

#[test]
fn every_key_of_an_output_is_taken() {
    let text = "[[output]]\nto = \"file:a b.log\"\nformat = \"json\"\nlevel = \"error\"\nrotate_bytes = \"100MiB\"\n\
                rotate_every = \"1h\"\nkeep_files = 7\nkeep_age = \"7d\"\nkeep_bytes = 1_000\ncompress = \"none\"\n\
                create_directory = true\n[[output]]\nto = \"stdout\"\n";
    let file = OutputSettings {
        target: Target::File("a b.log".into()),
        format: Some(Format::Json),
        level: "error".parse().ok(),
        rotate_bytes: Some(100 << 20),
        rotate_every: Some(RotateEvery::Duration(Duration::from_secs(3600))),
        keep_files: Some(7),
        keep_age: Some(Duration::from_secs(7 * 86_400)),
        keep_bytes: Some(1_000),
        compress: Some(Compression::None),
        create_directory: Some(true),
    };
    let (settings, lines) = read_lines(text);
    assert_eq!(settings.outputs, Some(vec![file, OutputSettings::new(Target::Stdout)]));
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_compression_the_program_was_built_without_is_refused() {
    for (name, built_in) in [("gzip", cfg!(feature = "gzip")), ("zstd", cfg!(feature = "zstd"))] {
        let (settings, findings) =
            read(&format!("output = [{{ to = \"file:a\", compress = \"{name}\" }}]"), "x");
        assert_eq!(settings.outputs.unwrap()[0].compress.is_some(), built_in);
        assert_eq!(findings.iter().any(|finding| finding.id == "compression-feature-off"), !built_in);
    }
}

#[test]
fn a_bad_value_is_placed_and_says_what_is_allowed() {
    finds(
        "\n\n\nlevel = \"inof\"",
        "4:9: unknown level `inof`; allowed: trace, debug, ",
        "did you mean `info`? (using the default, info)",
    );
    finds(
        "format = \"jsno\"",
        "1:10: unknown format `jsno`;",
        "did you mean `json`? (using the default, json, and pretty on a terminal)",
    );
    finds(
        "ring_bytes = 1",
        "1:14: a ring of 1 bytes; allowed: from 4KiB to 1GiB",
        "(using the default, 1MiB)",
    );
    finds("output = [{ to = \"stdot\" }]", "1:18: unknown output `stdot`;", "(this output is left out)");
}

#[test]
fn a_bad_rule_is_placed_inside_its_text() {
    finds("level = \"error, é=debug, cache=of\"", "1:26: unknown level `of`;", "(this rule is left out)");
    finds("level = \"error,\\u00e9=debug, cache=of\"", "1:9: unknown level `of`;", "(this rule is left out)");
}

#[test]
fn a_value_of_the_wrong_type_shows_itself() {
    finds(
        "level = 5",
        "1:9: the number `5` does not fit here; allowed: a text in quotes",
        "(using the default, info)",
    );
    finds(
        "color = \"true\"",
        "1:9: the text `true` does not",
        "did you mean `true`? (using the default, true on a terminal)",
    );
    finds("clock = []", "1:9: a list does not fit here", "(using the default, auto)");
    finds("delivery.to = 1", "1:1: a table does not fit here", "(using the default, worker)");
    finds("ring_bytes = -1", "1:14: the number `-1` does not fit here", "(using the default, 1MiB)");
    finds(
        "ring_bytes = 1979-05-27",
        "1:14: the time `1979-05-27` does not fit here",
        "(using the default, 1MiB)",
    );
    finds(
        "output = [{ to = \"file:a\", keep_files = -1 }]",
        "1:41: the number `-1`",
        "(using the default, all of them)",
    );
    finds(
        "output = [{ to = \"file:a\", keep_age = 7 }]",
        "1:39: the number `7`",
        "(using the default, for ever)",
    );
    finds(
        "output = [{ to = \"file:a\", rotate_bytes = 0 }]",
        "1:43: a size of 0;",
        "(using the default, never)",
    );
}

#[test]
fn an_unknown_key_is_placed_and_the_right_one_suggested() {
    finds(
        "lvel = \"info\"",
        "1:1: unknown key `lvel`; allowed: level, sample, ",
        "did you mean `level`? (ignored)",
    );
    finds(
        "[[output]]\nto = \"stdout\"\nformt = \"json\"",
        "3:1: unknown key `formt`; allowed: to, format, ",
        "did you mean `format`? (ignored)",
    );
}

#[test]
fn outputs_that_are_no_list_of_tables_leave_the_default() {
    for (text, id) in [
        ("[output]\nto = \"stderr\"", "output-not-a-list"),
        ("output = \"stderr\"", "output-not-a-list"),
        ("output = [\"stderr\"]", "output-not-a-list"),
        ("output = []", "outputs-none"),
        ("[[output]]\nformat = \"json\"", "output-without-to"),
    ] {
        let (settings, findings) = read(text, "x");
        assert_eq!(settings.outputs, None, "{text}");
        assert_eq!(findings.iter().map(|finding| finding.id).collect::<Vec<_>>(), [id], "{text}");
    }
}

#[test]
fn a_key_about_files_is_doubted_where_there_is_no_file() {
    finds(
        "[[output]]\nto = \"stdout\"\nkeep_files = 3",
        "3:1: `keep_files` is about files, and this output is none",
        "(ignored)",
    );
}

#[test]
fn all_mistakes_are_found_at_once_in_order_and_the_rest_stays_in_force() {
    let text = "delivery = \"inline\"\nclok = \"os\"\nlevel = \"debgu\"\n[[output]]\nto = \"stdot\"\nformat = 7\n\
                [[output]]\nto = \"stderr\"\nlevel = \"error,x=y\"\n";
    let (settings, findings) = read(text, "x");
    let ids: Vec<_> = findings.iter().map(|finding| (finding.place.unwrap().0, finding.id)).collect();
    assert_eq!(
        ids,
        [
            (2, "key-unknown"),
            (3, "level-unknown"),
            (5, "output-unknown"),
            (6, "type-wrong"),
            (9, "level-unknown")
        ]
    );
    assert_eq!(settings.delivery, Some(Delivery::Inline));
    let outputs = settings.outputs.unwrap();
    assert_eq!((outputs.len(), &outputs[0].target), (1, &Target::Stderr));
    assert_eq!(outputs[0].level.as_ref().unwrap().to_string(), "error");
}

#[test]
fn a_line_that_is_no_toml_is_found_and_the_others_stay_in_force() {
    let text = "delivery = \"inline\"\nlevel = \"debug\nclock = \"os\"\nformat json\ncolor = false\n[[output]]\n\
                to = \"stderr\"\nkeep_files = = 3\n";
    let (settings, findings) = read(text, "x");
    assert_eq!(settings.delivery, Some(Delivery::Inline));
    assert_eq!((settings.level, settings.format), (None, None));
    assert_eq!((settings.clock, settings.color), (Some(ClockChoice::Os), Some(false)));
    assert_eq!(settings.outputs, Some(vec![OutputSettings::new(Target::Stderr)]));
    let lines: Vec<_> = findings.iter().map(|finding| finding.place.unwrap().0).collect();
    assert_eq!(lines, [2, 4, 8], "{findings:#?}");
    assert!(findings.iter().all(|finding| finding.id == "toml-syntax"));
}

#[test]
fn a_key_said_twice_is_found_and_the_first_stays() {
    let (settings, findings) = read("format = \"json\"\nformat = \"pretty\"\n", "x");
    assert_eq!(settings.format, Some(Format::Json));
    assert_eq!(findings[0].place.unwrap().0, 2, "{findings:?}");
}

proptest! {
    #[test]
    fn any_text_as_a_file_never_panics(text in any::<String>()) {
        let (_, lines) = read_lines(&text);
        prop_assert!(lines.iter().all(|line| line.lines().count() == 1));
    }

    #[test]
    fn pieces_of_toml_in_any_order_never_panic(
        text in "(level|output|to|format|keep_age|x| = |=|\"|\"info\"|\"file:a\"|7d|7|\\[|\\]|\\[\\[output\\]\\]|\\{|\\}|,|\\.|'|\n|#|é|\\\\|\"\"\"|true){0,24}",
    ) {
        let (settings, lines) = read_lines(&text);
        prop_assert!(lines.iter().all(|line| line.lines().count() == 1));
        prop_assert!(settings.outputs.is_none_or(|outputs| !outputs.is_empty()));
    }
}
