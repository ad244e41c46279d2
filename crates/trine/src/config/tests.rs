//! Tests of the layers.

use super::*;

#[test]
fn the_default_ring_is_what_the_reference_says() {
    assert_eq!(units::parse_bytes(DEFAULT_RING_TEXT), Ok(DEFAULT_RING_BYTES as u64));
    assert!((RING_BYTES_MIN..=RING_BYTES_MAX).contains(&DEFAULT_RING_BYTES));
}

fn output(target: Target, format: Option<Format>) -> OutputSettings {
    OutputSettings { format, ..OutputSettings::new(target) }
}

/// Loads with these variables, and what the program says.
fn load(program: Settings, pairs: &[(&str, &str)]) -> (Settings, Vec<String>) {
    let lookup =
        |name: &str| pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| OsString::from(*value));
    let (settings, findings) = Settings::load(program, &lookup, []);
    (settings, findings.iter().map(Finding::to_string).collect())
}

#[test]
fn variables_win_over_the_file_and_the_file_over_the_defaults() {
    let said = |level: &str| Settings { level: level.parse().ok(), ..Settings::default() };
    let level = |settings: Settings| settings.level.map(|level| level.to_string());
    let nothing = Settings::default;
    assert_eq!(
        level(Settings::layered(said("trace"), said("debug"), said("error"))).as_deref(),
        Some("error")
    );
    assert_eq!(level(Settings::layered(said("trace"), said("debug"), nothing())).as_deref(), Some("debug"));
    assert_eq!(level(Settings::layered(said("trace"), nothing(), nothing())).as_deref(), Some("trace"));
}

#[test]
fn layers_join_field_by_field() {
    let file = Settings { delivery: Some(Delivery::Inline), color: Some(true), ..Settings::default() };
    let variables = Settings { color: Some(false), ring_bytes: Some(4096), ..Settings::default() };
    let expected = Settings {
        delivery: Some(Delivery::Inline),
        color: Some(false),
        ring_bytes: Some(4096),
        ..Settings::default()
    };
    assert_eq!(variables.or(file), expected);
}

#[test]
fn a_format_said_above_holds_for_outputs_said_below() {
    let outputs = Some(vec![output(Target::Stdout, Some(Format::Pretty))]);
    let file = Settings { outputs, ..Settings::default() };
    let variables = Settings { format: Some(Format::Json), ..Settings::default() };
    assert_eq!(variables.or(file.clone()).outputs, Some(vec![output(Target::Stdout, None)]));
    assert_eq!(Settings::default().or(file.clone()), file);
}

#[test]
fn a_list_of_outputs_is_replaced_as_a_whole() {
    let above = Settings { outputs: Some(vec![output(Target::Stderr, None)]), ..Settings::default() };
    let below = Settings { outputs: Some(vec![output(Target::Stdout, None)]), ..Settings::default() };
    assert_eq!(above.clone().or(below).outputs, above.outputs);
}

#[test]
fn what_the_program_says_is_used_for_a_bad_variable_and_the_finding_says_so() {
    let program = Settings { format: Some(Format::Logfmt), ..Settings::default() };
    let (settings, lines) = load(program, &[("TRINE_FORMAT", "xml"), ("TRINE_DELIVERY", "x")]);
    assert_eq!(settings.format, Some(Format::Logfmt));
    assert!(lines[0].ends_with("(using that of the program)"), "{}", lines[0]);
    assert!(lines[1].ends_with("(using the default, worker)"), "{}", lines[1]);
}

#[test]
fn the_file_named_by_a_variable_is_read_in_place_of_the_programs() {
    let program = Settings { config: Some("/nonexistent/a.toml".into()), ..Settings::default() };
    let (_, lines) = load(program.clone(), &[]);
    assert!(lines[0].starts_with("trine: /nonexistent/a.toml: the file cannot be read"), "{lines:?}");
    let (_, lines) = load(program, &[("TRINE_CONFIG", "/nonexistent/b.toml")]);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("trine: /nonexistent/b.toml: the file cannot be read"), "{lines:?}");
}

#[test]
#[cfg(feature = "config")]
fn findings_say_which_layer_is_used_instead() {
    let path = std::env::temp_dir().join(format!("trine-layers-{}.toml", std::process::id()));
    std::fs::write(&path, "level = \"debug\"\nformat = \"xml\"\nclock = \"sun\"\n").unwrap();
    let pairs = [("TRINE_CONFIG", path.to_str().unwrap()), ("TRINE_LEVEL", "loud"), ("TRINE_FORMAT", "json")];
    let (settings, lines) = load(Settings::default(), &pairs);
    std::fs::remove_file(&path).unwrap();
    assert_eq!((settings.level, settings.format), ("debug".parse().ok(), Some(Format::Json)));
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].ends_with(&format!("(using that of {})", path.display())), "{}", lines[0]);
    assert!(lines[1].ends_with("(using that of TRINE_FORMAT)"), "{}", lines[1]);
    assert!(lines[2].ends_with("(using the default, auto)"), "{}", lines[2]);
}

#[test]
fn the_variables_of_this_process_can_be_read() {
    let (settings, _) =
        Settings::load_from_process(Settings { clock: Some(ClockChoice::Os), ..Settings::default() });
    assert_eq!(settings.clock, Some(ClockChoice::Os));
}
