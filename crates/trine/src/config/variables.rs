//! `TRINE_*` variables: one table, from which they are read and documented.

use super::black_box::BlackBox;
use super::choice::choose;
use super::finding::{Finding, Findings};
use super::mistake::{Mistake, Reading, fail_if_any, nearest, put};
use super::output::{OutputSettings, Target, parse_path};
use super::reference::Entry;
use super::units::parse_bytes;
use super::{DEFAULT_BLACK_BOX_TEXT, DEFAULT_RING_TEXT, RING_BYTES_MAX, RING_BYTES_MIN, Settings};
use crate::rules::{LevelRules, judge};
use crate::sample::{self, SampleRules};
use std::ffi::OsString;

/// What our variables begin with. Others that do are taken for misspelt.
const PREFIX: &str = "TRINE_";

/// A variable: its line of the reference, the field of [`Settings`] it is about, and how its value is taken there.
struct Variable {
    entry: Entry,
    item: &'static str,
    take: fn(&str, &mut Settings) -> Reading,
}

/// Every variable there is.
const VARIABLES: [Variable; 12] = [
    Variable {
        entry: Entry {
            name: "TRINE_LEVEL",
            meaning: "Which events are on: a level, and rules for names and modules.",
            allowed: "`info,payment=debug,my_crate::db=trace,cache=off`, see *Level rules*",
            default: "info",
        },
        item: "level",
        take: |text, settings| take_rules(text, &mut settings.level),
    },
    Variable {
        entry: Entry {
            name: "TRINE_SAMPLE",
            meaning: "Which events are sampled, and how.",
            allowed: "`cache_hit=0.01,database_query=first:10/100,api=100/s`, see *Sampling rules*",
            default: "none",
        },
        item: "sample",
        take: |text, settings| take_sampling(text, &mut settings.sample),
    },
    Variable {
        entry: Entry {
            name: "TRINE_FORMAT",
            meaning: "How events become text, in every output.",
            allowed: "`json`, `logfmt`, `pretty`",
            default: "json, and pretty on a terminal",
        },
        item: "format",
        take: |text, settings| put(&mut settings.format, choose(text)),
    },
    Variable {
        entry: Entry {
            name: "TRINE_OUTPUT",
            meaning: "Where events go; several joined by `,`. A path holds anything but `,`.",
            allowed: "`stdout`, `stderr`, `file:PATH`",
            default: "stdout",
        },
        item: "outputs",
        take: take_outputs,
    },
    Variable {
        entry: Entry {
            name: "TRINE_CONFIG",
            meaning: "A configuration file. None is read that is not named.",
            allowed: "a path",
            default: "",
        },
        item: "config",
        take: |text, settings| put(&mut settings.config, parse_path(text)),
    },
    Variable {
        entry: Entry {
            name: "TRINE_DELIVERY",
            meaning: "Who renders and writes: a worker thread, or the caller before the macro returns.",
            allowed: "`worker`, `inline`",
            default: "worker",
        },
        item: "delivery",
        take: |text, settings| put(&mut settings.delivery, choose(text)),
    },
    Variable {
        entry: Entry {
            name: "TRINE_RING_BYTES",
            meaning: "Memory for events not yet written, per emitting thread.",
            allowed: "a size such as `1MiB`, from 4KiB to 1GiB",
            default: DEFAULT_RING_TEXT,
        },
        item: "ring_bytes",
        take: |text, settings| put(&mut settings.ring_bytes, parse_bytes(text).and_then(ring_bytes)),
    },
    Variable {
        entry: Entry {
            name: "TRINE_BLACK_BOX",
            meaning: "Where events not yet written outlive the process.",
            allowed: "a directory, or `off`",
            default: DEFAULT_BLACK_BOX_TEXT,
        },
        item: "black_box",
        take: |text, settings| put(&mut settings.black_box, BlackBox::parse(text)),
    },
    Variable {
        entry: Entry {
            name: "TRINE_DURABILITY",
            meaning: "What written events outlive: the process, or a loss of power.",
            allowed: "`process`, `disk`",
            default: "process",
        },
        item: "durability",
        take: |text, settings| put(&mut settings.durability, choose(text)),
    },
    Variable {
        entry: Entry {
            name: "TRINE_STACK_TRACES",
            meaning: "Whether events about errors and panics have stack traces; `auto`: as `RUST_BACKTRACE` says.",
            allowed: "`auto`, `on`, `off`",
            default: "auto",
        },
        item: "stack_traces",
        take: |text, settings| put(&mut settings.stack_traces, choose(text)),
    },
    Variable {
        entry: Entry {
            name: "TRINE_PANIC_EVENTS",
            meaning: "Whether a panic is an event, `runtime_thread_panicked`.",
            allowed: "`true`, `false`, `on`, `off`",
            default: "true",
        },
        item: "panic_events",
        take: |text, settings| put(&mut settings.panic_events, choose(text)),
    },
    Variable {
        entry: Entry {
            name: "NO_COLOR",
            meaning: "Turns colour off in the pretty format.",
            allowed: "anything",
            default: "",
        },
        item: "color",
        take: |_, settings| put(&mut settings.color, Ok(false)),
    },
];

/// Reads the variables.
///
/// Shape: `variable` looks one up; `names` are those of all variables there are, to find the misspelt. An empty variable
/// counts as one that is not there.
/// Errors: each mistake is a finding, in the order of `docs/configuration.md`; its item stays `None` unless a part of
/// the value could be used.
#[must_use]
pub fn read(
    variable: &dyn Fn(&str) -> Option<OsString>,
    names: impl IntoIterator<Item = OsString>,
) -> (Settings, Vec<Finding>) {
    let (mut settings, mut findings) = (Settings::default(), Findings::default());
    for row in &VARIABLES {
        let Some(value) = variable(row.entry.name).filter(|value| !value.is_empty()) else { continue };
        let text = value.to_string_lossy();
        let mistakes = match (value.to_str(), row.item) {
            // Its value does not matter.
            (_, "color") => (row.take)("", &mut settings),
            (Some(text), _) => (row.take)(text, &mut settings),
            (None, _) => Err(vec![Mistake::new(
                "variable-not-utf8",
                format!("the value is not UTF-8; allowed: {}", row.entry.allowed.replace('`', "")),
            )]),
        };
        for mistake in mistakes.err().into_iter().flatten() {
            findings.push(|| place(mistake, row, &text));
        }
    }
    for name in names {
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && VARIABLES.iter().all(|row| row.entry.name != name) {
            findings.push(|| unknown(&name));
        }
    }
    (settings, findings.into_vec())
}

/// The variable that sets an item.
pub(super) fn setting(item: &str) -> Option<&'static str> {
    VARIABLES.iter().find(|row| row.item == item).map(|row| row.entry.name)
}

/// The lines of the reference.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    VARIABLES.iter().map(|row| &row.entry)
}

fn place(mistake: Mistake, row: &Variable, text: &str) -> Finding {
    let finding = mistake.found_in(row.entry.name);
    let item = if finding.outcome.is_none() { Some(row.item) } else { None };
    let outcome = finding.outcome.or_else(|| Some(row.entry.outcome()));
    Finding { value: Some(text.to_owned()), item, outcome, ..finding }
}

fn unknown(name: &str) -> Finding {
    let ours: Vec<&str> =
        VARIABLES.iter().map(|row| row.entry.name).filter(|ours| ours.starts_with(PREFIX)).collect();
    let meant = nearest(name, &ours);
    let mistake = Mistake::new("variable-unknown", format!("unknown variable; allowed: {}", ours.join(", ")));
    mistake.suggest(meant).outcome("ignored").warning().found_in(name)
}

/// Takes level rules, and leaves nothing said when nothing of them is right.
pub(super) fn take_rules(text: &str, level: &mut Option<LevelRules>) -> Reading {
    let judged = judge(text);
    if judged.kept > 0 {
        *level = Some(judged.rules);
        return fail_if_any(judged.mistakes);
    }
    // With every item wrong the whole value is not used; what the findings say of single rules would mislead.
    fail_if_any(judged.mistakes.into_iter().map(|mistake| Mistake { outcome: None, ..mistake }).collect())
}

/// Takes sampling rules: what is right of them, and nothing when nothing is.
pub(super) fn take_sampling(text: &str, sampling: &mut Option<SampleRules>) -> Reading {
    let (rules, mistakes) = sample::read(text);
    if mistakes.is_empty() || rules != SampleRules::default() {
        *sampling = Some(rules);
        return fail_if_any(mistakes);
    }
    fail_if_any(mistakes.into_iter().map(|mistake| Mistake { outcome: None, ..mistake }).collect())
}

/// Takes outputs joined by `,`, and leaves nothing said when none is right.
fn take_outputs(text: &str, settings: &mut Settings) -> Reading {
    let (mut outputs, mut mistakes) = (Vec::new(), Vec::new());
    for item in text.split(',').filter(|item| !item.trim().is_empty()) {
        let added = Target::parse(item).and_then(|target| OutputSettings::new(target).add_to(&mut outputs));
        mistakes.extend(added.err());
    }
    if outputs.is_empty() {
        return fail_if_any(mistakes);
    }
    settings.outputs = Some(outputs);
    fail_if_any(mistakes.into_iter().map(|mistake| mistake.outcome("this output is left out")).collect())
}

/// Checks that a ring of this size can be had.
pub(super) fn ring_bytes(bytes: u64) -> Result<usize, Mistake> {
    let allowed =
        usize::try_from(bytes).ok().filter(|bytes| (RING_BYTES_MIN..=RING_BYTES_MAX).contains(bytes));
    allowed.ok_or_else(|| {
        Mistake::new(
            "ring-bytes-out-of-range",
            format!("a ring of {bytes} bytes; allowed: from 4KiB to 1GiB"),
        )
    })
}

#[cfg(all(test, unix))]
mod tests;
