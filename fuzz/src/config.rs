//! What people write: level rules, variables, a configuration file. Any text is judged, nothing panics, and mistakes are bounded.

use std::{ffi::OsString, fs, path::PathBuf};

use trine::{
    LevelRules,
    config::{
        FINDINGS_MAX, Finding, OUTPUTS_MAX, RING_BYTES_MAX, RING_BYTES_MIN, Settings, read_file,
        read_variables,
    },
};

/// The variables there are, and one that is misspelt.
const NAMES: [&str; 8] = [
    "TRINE_LEVEL",
    "TRINE_FORMAT",
    "TRINE_OUTPUT",
    "TRINE_CONFIG",
    "TRINE_DELIVERY",
    "TRINE_RING_BYTES",
    "NO_COLOR",
    "TRINE_LEVLE",
];

/// See the module.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    rules(&text);
    variables(&text);
    file(data);
}

fn rules(text: &str) {
    let (rules, findings) = LevelRules::parse(text);
    check_findings(&findings);
    let written = rules.to_string();
    assert_eq!(LevelRules::parse(&written), (rules, vec![]), "{written}");
}

/// Each variable holds the whole text.
fn variables(text: &str) {
    let value = |name: &str| NAMES.contains(&name).then(|| OsString::from(text));
    let (settings, findings) = read_variables(&value, NAMES.map(OsString::from));
    check(&settings, &findings);
}

fn file(data: &[u8]) {
    let path = file_path();
    fs::write(&path, data).expect("a file in the folder for temporary files");
    let (settings, findings) = read_file(&path);
    fs::remove_file(&path).expect("a file that was just written");
    check(&settings, &findings);
}

/// A file of this process and thread: tests run side by side.
fn file_path() -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    std::env::temp_dir().join(format!("trine-fuzz-{}-{thread}.toml", std::process::id()))
}

fn check(settings: &Settings, findings: &[Finding]) {
    check_findings(findings);
    if let Some(outputs) = &settings.outputs {
        assert!(
            (1..=OUTPUTS_MAX).contains(&outputs.len()),
            "a list that was said is neither empty nor too long"
        );
    }
    if let Some(bytes) = settings.ring_bytes {
        assert!((RING_BYTES_MIN..=RING_BYTES_MAX).contains(&bytes));
    }
}

fn check_findings(findings: &[Finding]) {
    assert!(findings.len() <= FINDINGS_MAX);
    for finding in findings {
        let line = finding.to_string();
        assert!(!line.contains(char::is_control), "a finding is one line that hides nothing: {line:?}");
    }
}
