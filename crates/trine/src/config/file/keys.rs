//! Keys of `trine.toml`: two tables, from which the file is read and documented.

use super::masks;
use crate::config::black_box::BlackBox;
use crate::config::choice::{Compression, choose};
use crate::config::mistake::{Mistake, Reading, put};
use crate::config::output::{OutputSettings, Target};
use crate::config::reference::Entry;
use crate::config::units::{parse_bytes, parse_duration, parse_rotate_every};
use crate::config::variables::{ring_bytes, take_rules, take_sampling};
use crate::config::{DEFAULT_BLACK_BOX_TEXT, DEFAULT_RING_TEXT, Settings, excerpt};
use std::time::Duration;
use toml::de::DeValue;

/// A key: its line of the reference, and how its value is taken into the settings of its table.
pub(super) struct Key<S> {
    pub(super) entry: Entry,
    /// Whether it says nothing about an output that is no file.
    pub(super) file_only: bool,
    pub(super) take: fn(&DeValue<'_>, &mut S) -> Reading,
}

/// The list of outputs, which is read on its own.
pub(super) const OUTPUT: Entry = Entry {
    name: "output",
    meaning: "Where events go, one table each.",
    allowed: "up to 16 `[[output]]`",
    default: "stdout",
};

/// The key of an output that names its target, which is read before the others.
pub(super) const TO: Entry = Entry {
    name: "to",
    meaning: "Where this output writes; must be there.",
    allowed: "`\"stdout\"`, `\"stderr\"`, `\"file:PATH\"`",
    default: "",
};

/// What is masked, which is read on its own.
pub(super) const MASKS: Entry = Entry {
    name: "masks",
    meaning: "What is masked besides what always is.",
    allowed: "a table `[masks]`",
    default: "what `docs/masks.md` lists",
};

/// A row of either table: name, meaning, allowed values, default; and how the value is taken.
const fn key<S>(row: [&'static str; 4], take: fn(&DeValue<'_>, &mut S) -> Reading) -> Key<S> {
    let [name, meaning, allowed, default] = row;
    Key { entry: Entry { name, meaning, allowed, default }, file_only: false, take }
}

/// The same for a key that says nothing about an output that is no file.
const fn file_key<S>(row: [&'static str; 4], take: fn(&DeValue<'_>, &mut S) -> Reading) -> Key<S> {
    Key { file_only: true, ..key(row, take) }
}

/// Every key of the file itself but `output` and `masks`. Each is called as its field of [`Settings`].
#[rustfmt::skip]
pub(super) const KEYS: [Key<Settings>; 11] = [
    key(["level", "Which events are on: a level, and rules for names and modules.",
        "`\"info,payment=debug\"`, see *Level rules*", "info"],
        |value, settings| take_rules(string(value)?, &mut settings.level)),
    key(["sample", "Which events are sampled, and how.",
        "`\"cache_hit=0.01,api=100/s\"`, see *Sampling rules*", "none"],
        |value, settings| take_sampling(string(value)?, &mut settings.sample)),
    key(["format", "How events become text, in outputs that do not say it themselves.",
        "`\"json\"`, `\"logfmt\"`, `\"pretty\"`", "json, and pretty on a terminal"],
        |value, settings| put(&mut settings.format, string(value).and_then(choose))),
    key(["delivery", "Who renders and writes: a worker thread, or the caller before the macro returns.",
        "`\"worker\"`, `\"inline\"`", "worker"],
        |value, settings| put(&mut settings.delivery, string(value).and_then(choose))),
    key(["ring_bytes", "Memory for events not yet written, per emitting thread.",
        "a size such as `\"1MiB\"`, from 4KiB to 1GiB", DEFAULT_RING_TEXT],
        |value, settings| put(&mut settings.ring_bytes, bytes(value).and_then(ring_bytes))),
    key(["black_box", "Where events not yet written outlive the process.",
        "a directory, or `\"off\"`", DEFAULT_BLACK_BOX_TEXT],
        |value, settings| put(&mut settings.black_box, string(value).and_then(BlackBox::parse))),
    key(["durability", "What written events outlive: the process, or a loss of power.",
        "`\"process\"`, `\"disk\"`", "process"],
        |value, settings| put(&mut settings.durability, string(value).and_then(choose))),
    key(["clock", "Where time comes from: the processor's counter where it can be trusted, or always the operating system.",
        "`\"auto\"`, `\"os\"`", "auto"],
        |value, settings| put(&mut settings.clock, string(value).and_then(choose))),
    key(["color", "Whether the pretty format uses colour.",
        "`true`, `false`", "true on a terminal"],
        |value, settings| put(&mut settings.color, flag(value))),
    key(["stack_traces", "Whether events about errors and panics have stack traces; `auto`: as `RUST_BACKTRACE` says.",
        "`\"auto\"`, `\"on\"`, `\"off\"`", "auto"],
        |value, settings| put(&mut settings.stack_traces, string(value).and_then(choose))),
    key(["panic_events", "Whether a panic is an event, `runtime_thread_panicked`.",
        "`true`, `false`", "true"],
        |value, settings| put(&mut settings.panic_events, flag(value))),
];

/// Every key of an `[[output]]` but `to`.
#[rustfmt::skip]
pub(super) const OUTPUT_KEYS: [Key<OutputSettings>; 9] = [
    key(["format", "How events become text here.",
        "`\"json\"`, `\"logfmt\"`, `\"pretty\"`", "that of the file"],
        |value, output| put(&mut output.format, string(value).and_then(choose))),
    key(["level", "Which events go here, in place of the `level` of the file.",
        "as `level` above", "that of the file"],
        |value, output| take_rules(string(value)?, &mut output.level)),
    file_key(["rotate_bytes", "Size at which the file is closed and a new one begun.",
        "a size such as `\"100MiB\"`", "never"],
        |value, output| put(&mut output.rotate_bytes, bytes(value).and_then(at_least_one))),
    file_key(["rotate_every", "Time at which the file is closed and a new one begun: full hour, midnight (UTC), or after a while.",
        "`\"hour\"`, `\"day\"`, or a duration such as `\"15m\"`, from 1s", "never"],
        |value, output| put(&mut output.rotate_every, string(value).and_then(parse_rotate_every))),
    file_key(["keep_files", "How many closed files are kept.",
        "a whole number", "all of them"],
        |value, output| put(&mut output.keep_files, count(value))),
    file_key(["keep_age", "How long a closed file is kept.",
        "a duration such as `\"7d\"`", "for ever"],
        |value, output| put(&mut output.keep_age, duration(value))),
    file_key(["keep_bytes", "How much of closed files is kept, the newest first.",
        "a size such as `\"10GiB\"`", "all of it"],
        |value, output| put(&mut output.keep_bytes, bytes(value))),
    file_key(["compress", "What is done to a closed file.",
        "`\"none\"`, `\"gzip\"`, `\"zstd\"`", "none"],
        |value, output| put(&mut output.compress, string(value).and_then(choose).and_then(built_in))),
    file_key(["create_directory", "Whether a directory that is not there is created.",
        "`true`, `false`", "false"],
        |value, output| put(&mut output.create_directory, flag(value))),
];

/// The lines of the reference about the file itself.
pub(in crate::config) fn entries() -> impl Iterator<Item = &'static Entry> {
    KEYS.iter().map(|key| &key.entry).chain([&MASKS, &OUTPUT])
}

/// The lines of the reference about masks.
pub(in crate::config) fn mask_entries() -> impl Iterator<Item = &'static Entry> {
    masks::KEYS.iter()
}

/// The lines of the reference about an output.
pub(in crate::config) fn output_entries() -> impl Iterator<Item = &'static Entry> {
    [&TO].into_iter().chain(OUTPUT_KEYS.iter().map(|key| &key.entry))
}

/// The target of an output.
pub(super) fn target(value: &DeValue<'_>) -> Result<Target, Mistake> {
    Target::parse(string(value)?)
}

pub(super) fn string<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Mistake> {
    value.as_str().ok_or_else(|| wrong_type(value, "a text in quotes"))
}

pub(super) fn flag(value: &DeValue<'_>) -> Result<bool, Mistake> {
    value.as_bool().ok_or_else(|| wrong_type(value, "true or false, without quotes"))
}

fn count(value: &DeValue<'_>) -> Result<usize, Mistake> {
    let number = integer(value).and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| wrong_type(value, "a whole number, not negative"))
}

fn bytes(value: &DeValue<'_>) -> Result<u64, Mistake> {
    match value {
        DeValue::String(text) => parse_bytes(text),
        value => integer(value).ok_or_else(|| wrong_type(value, "a size such as 104857600 or \"100MiB\"")),
    }
}

/// Refuses a compression that this program was built without.
fn built_in(compression: Compression) -> Result<Compression, Mistake> {
    let feature = match compression {
        Compression::Gzip if !cfg!(feature = "gzip") => "gzip",
        Compression::Zstd if !cfg!(feature = "zstd") => "zstd",
        compression => return Ok(compression),
    };
    let message = format!(
        "this program was built without `{feature}`; enable the feature `{feature}` of the crate `trine`"
    );
    Err(Mistake::new("compression-feature-off", message))
}

fn at_least_one(bytes: u64) -> Result<u64, Mistake> {
    match bytes {
        0 => Err(Mistake::new("bytes-zero", "a size of 0; allowed: one byte and more")),
        bytes => Ok(bytes),
    }
}

fn duration(value: &DeValue<'_>) -> Result<Duration, Mistake> {
    match value {
        DeValue::String(text) => parse_duration(text),
        value => Err(wrong_type(value, "a duration in quotes, such as \"7d\"")),
    }
}

/// A whole number that is not negative. TOML writes it in any of four bases.
fn integer(value: &DeValue<'_>) -> Option<u64> {
    let DeValue::Integer(integer) = value else { return None };
    let digits = integer.as_str().trim_start_matches('+');
    u64::from_str_radix(digits, integer.radix()).ok()
}

pub(super) fn wrong_type(value: &DeValue<'_>, allowed: &str) -> Mistake {
    let shown = match value {
        DeValue::String(text) => format!("the text `{}`", excerpt(text)),
        DeValue::Integer(number) => format!("the number `{}`", excerpt(number.as_str())),
        DeValue::Float(number) => format!("the number `{}`", excerpt(number.as_str())),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(time) => format!("the time `{time}`"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    };
    let suggestion = match value {
        DeValue::String(text) if matches!(text.trim(), "true" | "false") => Some(text.trim().to_owned()),
        _ => None,
    };
    Mistake::new("type-wrong", format!("{shown} does not fit here; allowed: {allowed}")).suggest(suggestion)
}
