//! `trine recover`, on what a program left that was killed: this one, started once more.
#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use trine::{
    Encoder, EventRef, error, info,
    mask::{Kind, Masks, Treatment},
    timed,
};

/// Says where the victim is to write. Without it, the victim does nothing.
const VICTIM: &str = "TRINE_TEST_VICTIM";
/// Events that it leaves.
const EVENTS: u64 = 300;
/// A card's number.
const SECRET: &str = "4111111111111111";
/// A text that only the worker would search.
const NOTE: &str = "alice@example.com paid with 4111111111111111";

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("trine-recover-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn log(&self) -> PathBuf {
        self.0.join("app.jsonl")
    }

    fn black_box(&self) -> PathBuf {
        self.0.join("black-box")
    }

    /// Has a program emit, and be killed by itself.
    fn leave(&self, how: &str) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["victim", "--exact", "--nocapture"]).env(VICTIM, &self.0).env("HOW", how);
        command.env("TRINE_BLACK_BOX", self.black_box());
        let output = command.output().unwrap();
        assert!(!output.status.success(), "{output:?}");
    }

    fn recover(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
        command.arg("recover").arg(self.black_box()).args(words).current_dir(&self.0).output().unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An encoder that nobody else has.
#[derive(Debug)]
struct OfTheProgram;

impl Encoder for OfTheProgram {
    fn encode(&mut self, event: &EventRef<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(event.name().as_bytes());
        out.push(b'\n');
    }

    fn fresh(&self) -> Box<dyn Encoder> {
        Box::new(OfTheProgram)
    }
}

/// The program: it cannot write, since its log lies in a directory that is not there, and aborts.
#[test]
fn victim() {
    let Some(place) = std::env::var_os(VICTIM).map(PathBuf::from) else { return };
    let how = std::env::var("HOW").unwrap();
    let output = trine::Output::file(place.join("logs/app.jsonl"));
    let output = if how == "encoder" { output.encoder(OfTheProgram) } else { output };
    let mut setup = trine::setup().output(output).force();
    if how == "stage" {
        setup = setup.stage(|_: &mut trine::EventEdit<'_>| trine::Verdict::Keep);
    }
    if how == "masks" {
        setup = setup.masks(Masks::new().key("nickname", Treatment::Redact).detect(Kind::Email));
    }
    setup.black_box(place.join("black-box")).start();
    let _running = timed!("order_place", order_id = "ORD-1");
    timed!("cache_warm").run(|| ());
    for n in 0..EVENTS {
        info!("step_done", n);
    }
    error!("disk_check_failed", reason = "gone", note = NOTE, nickname = "al");
    std::process::abort();
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn steps(path: &Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let steps = text.lines().filter_map(|line| line.strip_prefix("{\"event\":\"step_done\",\"n\":"));
    steps.map(|rest| rest.split(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_dry_run_says_what_the_process_was_doing_and_changes_nothing() {
    let place = Place::new("dry");
    place.leave("plain");
    for _ in 0..2 {
        let output = place.recover(&["--dry-run"]);
        let shown = text(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert!(shown.contains("has ended\n  ended by SIGABRT in thread "), "{shown}");
        assert!(shown.contains("\n  not written: 304 events\n  begun and"), "{shown}");
        let (_, open) = shown.split_once("  begun and not ended:\n").unwrap();
        let (open, last) = open.split_once("  last events of thread").unwrap();
        assert!(open.contains("\"event\":\"order_place_started\",\"order_id\":\"ORD-1\""), "{open}");
        assert_eq!(open.lines().count(), 1, "what ended is not open: {open}");
        assert!(
            last.contains("disk_check_failed") && last.contains("\"n\":299") && !last.contains("\"n\":200")
        );
    }
    assert!(!place.0.join("logs").exists());
}

#[test]
fn what_is_unwritten_goes_to_the_file_of_the_process_once() {
    let place = Place::new("file");
    place.leave("plain");
    let output = place.recover(&[]);
    assert_eq!(output.status.code(), Some(3), "its directory is not there: {output:?}");
    fs::create_dir(place.0.join("logs")).unwrap();
    let output = place.recover(&[]);
    assert!(output.status.success() && text(&output.stdout).contains("written: 304 events"), "{output:?}");
    assert_eq!(steps(&place.0.join("logs/app.jsonl")), (0..EVENTS).collect::<Vec<_>>());
    let output = place.recover(&[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("dead processes have left nothing in"));
    assert_eq!(steps(&place.0.join("logs/app.jsonl")).len() as u64, EVENTS);
}

#[test]
fn another_file_gets_it_as_lines() {
    let place = Place::new("to");
    place.leave("plain");
    let to = place.log();
    let output = place.recover(&["--to", to.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(steps(&to), (0..EVENTS).collect::<Vec<_>>());
}

#[test]
fn what_only_the_program_knows_how_to_write_is_left_to_it() {
    let place = Place::new("stage");
    place.leave("stage");
    let output = place.recover(&[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output.stderr).contains("only the program knows its stages: start it"), "{output:?}");
    assert!(
        text(&output.stdout).contains("  only the program knows: its stages (start it, or"),
        "{output:?}"
    );
    let to = place.log();
    let output = place.recover(&["--to", to.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let shown = text(&output.stdout);
    assert!(
        shown.ends_with("events\n  not applied, since only the program knows it: its stages\n"),
        "{shown}"
    );
    assert_eq!(steps(&to).len() as u64, EVENTS);
    let shown = fs::read_to_string(&to).unwrap();
    assert!(
        !shown.contains(SECRET) && shown.contains("alice@example.com"),
        "what always is masked is masked"
    );
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_encoder_of_the_program_is_done_without_in_a_file_of_its_own() {
    let place = Place::new("encoder");
    place.leave("encoder");
    let output = place.recover(&[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output.stderr).contains("only the program knows its encoder for file:"), "{output:?}");
    let to = place.log();
    let output = place.recover(&["--to", to.to_str().unwrap()]);
    assert!(text(&output.stdout).contains("knows it: its encoder for file:"), "{output:?}");
    // What its worker had got to before the end waits as that encoder wrote it.
    let waited = fs::read_to_string(&to).unwrap().lines().filter(|line| *line == "step_done").count();
    let steps = steps(&to);
    assert_eq!(steps, (waited as u64..EVENTS).collect::<Vec<_>>());
}

#[test]
fn masks_of_the_program_are_applied_without_it() {
    for to in [false, true] {
        let place = Place::new(if to { "masks-to" } else { "masks" });
        place.leave("masks");
        fs::create_dir(place.0.join("logs")).unwrap();
        let shown = text(&place.recover(&["--dry-run"]).stdout);
        assert!(shown.contains("a***@example.com") && !shown.contains("alice"), "{shown}");
        let log = if to { place.log() } else { place.0.join("logs/app.jsonl") };
        let words: &[&str] = if to { &["--to", log.to_str().unwrap()] } else { &[] };
        let output = place.recover(words);
        assert!(output.status.success() && !text(&output.stdout).contains("not applied"), "{output:?}");
        let lines = fs::read_to_string(&log).unwrap();
        let last = lines.lines().last().unwrap();
        assert!(last.contains("a***@example.com") && last.contains("\"nickname\":\"***\""), "{last}");
        assert!(!lines.contains("alice") && !lines.contains(SECRET), "{last}");
    }
}
