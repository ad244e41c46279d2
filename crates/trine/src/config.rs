//! Configuration from outside the program: `TRINE_*` variables and a `trine.toml`.
//!
//! A [`Settings`] holds what one source said, and nothing for what it did not. Layers join with [`Settings::or`]: what the
//! program says, below the file, below the variables. Bad input is a [`Finding`] and leaves the item as if it had not
//! been said, so that whatever is below stays in force. Reading never panics and never waits: see [`CONFIG_BYTES_MAX`].
//!
//! The reference for people, `docs/configuration.md`, is rendered from the tables that the readers use.

use crate::mask::Masks;
use crate::rules::LevelRules;
use crate::sample::SampleRules;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

mod black_box;
mod choice;
mod file;
mod finding;
mod mistake;
mod output;
mod reference;
mod units;
mod variables;

pub use crate::encoder::Format;
pub use black_box::BlackBox;
pub use choice::{ClockChoice, Compression, Delivery, Durability, StackTraces};
pub use file::{CONFIG_BYTES_MAX, read as read_file};
pub use finding::{FINDINGS_MAX, Finding, Severity};
pub use output::{OUTPUTS_MAX, OutputSettings, RotateEvery, Target};
pub use reference::reference;
pub use variables::read as read_variables;

pub(crate) use finding::excerpt;
pub(crate) use mistake::{Mistake, nearest};

/// Smallest ring that can be asked for: room for a few events of ordinary size.
pub const RING_BYTES_MIN: usize = 4 << 10;

/// Largest ring that can be asked for. There is one a thread, so a gigabyte is a slip of the unit.
pub const RING_BYTES_MAX: usize = 1 << 30;

/// Memory for events not yet written where nothing is said. Bytes, per emitting thread.
pub const DEFAULT_RING_BYTES: usize = 1 << 20;

/// Where the black box lies where nothing is said, as people read it.
const DEFAULT_BLACK_BOX_TEXT: &str = "a directory of the user in /dev/shm";

/// [`DEFAULT_RING_BYTES`] as people read it, for the reference.
const DEFAULT_RING_TEXT: &str = "1MiB";

/// What one source said. A field is `None` where it said nothing, or nothing that could be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which events are on.
    pub level: Option<LevelRules>,
    /// Which events are sampled, and how.
    pub sample: Option<SampleRules>,
    /// How events become text, in outputs that do not say it themselves.
    pub format: Option<Format>,
    /// Where events go; all of them get every event that is on. Never an empty list when read from outside.
    pub outputs: Option<Vec<OutputSettings>>,
    /// Who renders and writes.
    pub delivery: Option<Delivery>,
    /// Memory for events not yet written. Bytes, **per emitting thread**, from [`RING_BYTES_MIN`] to [`RING_BYTES_MAX`].
    pub ring_bytes: Option<usize>,
    /// Where what is not written yet outlives the process.
    pub black_box: Option<BlackBox>,
    /// What written events outlive.
    pub durability: Option<Durability>,
    /// Where the time of an event comes from.
    pub clock: Option<ClockChoice>,
    /// Whether the pretty format may use colour.
    pub color: Option<bool>,
    /// Whether events about errors and panics have stack traces.
    pub stack_traces: Option<StackTraces>,
    /// Whether a panic is an event.
    pub panic_events: Option<bool>,
    /// What is masked besides what always is.
    pub masks: Option<Masks>,
    /// The configuration file to read.
    pub config: Option<PathBuf>,
}

impl Settings {
    /// These settings, and those of a lower layer where these say nothing.
    ///
    /// Shape: field by field; a list of outputs is one field, replaced as a whole. Masks add up: a key that a lower layer names stays
    /// masked unless it is allowed here. One thing goes deeper: a format said here
    /// holds for the outputs of the lower layer too, also those with a format of their own. Else `TRINE_FORMAT` would
    /// do nothing wherever the file's outputs name theirs.
    #[must_use]
    pub fn or(self, lower: Settings) -> Settings {
        let mut lower_outputs = lower.outputs;
        if let (Some(_), Some(outputs)) = (self.format, &mut lower_outputs) {
            outputs.iter_mut().for_each(|output| output.format = None);
        }
        Settings {
            level: self.level.or(lower.level),
            sample: self.sample.or(lower.sample),
            format: self.format.or(lower.format),
            outputs: self.outputs.or(lower_outputs),
            delivery: self.delivery.or(lower.delivery),
            ring_bytes: self.ring_bytes.or(lower.ring_bytes),
            black_box: self.black_box.or(lower.black_box),
            durability: self.durability.or(lower.durability),
            clock: self.clock.or(lower.clock),
            color: self.color.or(lower.color),
            stack_traces: self.stack_traces.or(lower.stack_traces),
            panic_events: self.panic_events.or(lower.panic_events),
            masks: match (self.masks, lower.masks) {
                (Some(masks), Some(lower)) => Some(masks.over(lower)),
                (masks, lower) => masks.or(lower),
            },
            config: self.config.or(lower.config),
        }
    }

    /// Three layers, the lowest first: the variables win over the file, and the file over the defaults.
    #[must_use]
    pub fn layered(defaults: Settings, file: Settings, variables: Settings) -> Settings {
        variables.or(file).or(defaults)
    }

    /// Everything that was said: what the program gives, the file that it or `TRINE_CONFIG` names, and the variables.
    ///
    /// Shape: `variable` looks one variable up, `names` are those of all variables there are; both are passed in so that a
    /// test need not touch the environment. The findings are those of the variables, then those of the file.
    /// Errors: never; each mistake is a finding that says what is used instead.
    /// Cost: reads one file of at most [`CONFIG_BYTES_MAX`] where one is named, and only if it is a regular file.
    #[must_use]
    pub fn load(
        program: Settings,
        variable: &dyn Fn(&str) -> Option<OsString>,
        names: impl IntoIterator<Item = OsString>,
    ) -> (Settings, Vec<Finding>) {
        let (variables, mut findings) = read_variables(variable, names);
        let path = variables.config.as_ref().or(program.config.as_ref());
        let (file, file_findings) = path.map(|path| read_file(path)).unwrap_or_default();
        findings.extend(file_findings);
        for finding in &mut findings {
            tell_what_is_used(finding, &variables, &file, path.map(PathBuf::as_path), &program);
        }
        (Settings::layered(program, file, variables), findings)
    }

    /// [`Settings::load`] with the variables of this process.
    #[must_use]
    pub fn load_from_process(program: Settings) -> (Settings, Vec<Finding>) {
        Settings::load(program, &|name| std::env::var_os(name), std::env::vars_os().map(|(name, _)| name))
    }

    /// Whether anything is said about the item, which is called as its field.
    fn says(&self, item: &str) -> bool {
        match item {
            "level" => self.level.is_some(),
            "sample" => self.sample.is_some(),
            "format" => self.format.is_some(),
            "outputs" => self.outputs.is_some(),
            "delivery" => self.delivery.is_some(),
            "ring_bytes" => self.ring_bytes.is_some(),
            "black_box" => self.black_box.is_some(),
            "durability" => self.durability.is_some(),
            "clock" => self.clock.is_some(),
            "color" => self.color.is_some(),
            "stack_traces" => self.stack_traces.is_some(),
            "panic_events" => self.panic_events.is_some(),
            "masks" => self.masks.is_some(),
            "config" => self.config.is_some(),
            _ => false,
        }
    }
}

/// Readers know one layer and promise its item the default. Where another layer has the item, that one is used: say so.
fn tell_what_is_used(
    finding: &mut Finding,
    variables: &Settings,
    file: &Settings,
    path: Option<&Path>,
    program: &Settings,
) {
    let Some(item) = finding.item else { return };
    let used = if variables.says(item) {
        variables::setting(item).map(|name| format!("using that of {name}"))
    } else if file.says(item) {
        path.map(|path| format!("using that of {}", path.display()))
    } else if program.says(item) {
        Some("using that of the program".to_owned())
    } else {
        None
    };
    if used.is_some() {
        finding.outcome = used;
    }
}

#[cfg(test)]
mod tests;
