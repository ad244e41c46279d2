//! Runs the examples as a user would, each in a directory of its own.

#![allow(dead_code, reason = "not every test file needs everything")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Map, Value};

/// An example that is about to run in an empty directory.
pub(crate) struct Program {
    command: Command,
    directory: PathBuf,
}

/// What an example did.
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
    pub(crate) directory: PathBuf,
}

impl Program {
    /// The example `name`; `case` tells the directories of tests that run the same example apart.
    pub(crate) fn new(name: &str, case: &str) -> Program {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{case}"));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        let mut command = Command::new(path(name));
        command.current_dir(&directory).env_clear();
        Program { command, directory }
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Program {
        self.command.args(arguments);
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Program {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Run {
        let Output { status, stdout, stderr } = self.command.output().unwrap();
        Run {
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
            code: status.code(),
            directory: self.directory,
        }
    }

    /// The command, for a test that talks to the running program.
    pub(crate) fn command(self) -> Command {
        self.command
    }
}

impl Run {
    /// The lines of stdout that are events.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Event> {
        events(self.stdout.lines().filter(|line| line.starts_with('{')))
    }

    /// The events in a file of the program's directory.
    #[track_caller]
    pub(crate) fn events_in(&self, file: &str) -> Vec<Event> {
        events(self.text_of(file).lines())
    }

    #[track_caller]
    pub(crate) fn text_of(&self, file: &str) -> String {
        fs::read_to_string(self.directory.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// The program ended well.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Run {
        assert_eq!(self.code, Some(0), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A line of JSON that is an event.
#[derive(Debug)]
pub(crate) struct Event(Map<String, Value>);

impl Event {
    pub(crate) fn name(&self) -> &str {
        self.0["event"].as_str().unwrap()
    }

    pub(crate) fn level(&self) -> &str {
        self.0["level"].as_str().unwrap()
    }

    /// A field's value; `null` where there is none.
    pub(crate) fn get(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// A field's text.
    #[track_caller]
    pub(crate) fn text(&self, key: &str) -> &str {
        self.get(key).as_str().unwrap_or_else(|| panic!("no text `{key}` in {self:?}"))
    }
}

/// Names of events, in order.
pub(crate) fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::name).collect()
}

#[track_caller]
fn events<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Event> {
    let event = |line| match serde_json::from_str(line) {
        Ok(Value::Object(fields)) => Event(fields),
        other => panic!("{other:?}: {line}"),
    };
    lines.map(event).collect()
}

/// Where cargo put the example: `target/debug/examples`, beside the `deps` of this test.
///
/// `cargo test -p trine-examples` builds the examples before; `cargo test --test NAME` does not, and runs old ones.
fn path(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    test.parent().unwrap().with_file_name("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}
