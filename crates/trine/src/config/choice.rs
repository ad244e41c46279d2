//! Choices: settings whose value is one word of a short list.

use super::mistake::Mistake;
use crate::encoder::Format;

/// A setting whose value is one of a few words.
pub(crate) trait Choice: Copy + 'static {
    /// What the word names, as in "unknown format".
    const WHAT: &'static str;
    /// The id of the finding about a word that is not in the list.
    const UNKNOWN: &'static str;
    /// Every word and what it means, in the order shown to people.
    const WORDS: &'static [(&'static str, Self)];
}

/// Reads a word. Case and surrounding spaces do not matter.
pub(crate) fn choose<T: Choice>(text: &str) -> Result<T, Mistake> {
    let word = text.trim();
    let chosen = T::WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    chosen.map(|&(_, value)| value).ok_or_else(|| {
        let words: Vec<&str> = T::WORDS.iter().map(|&(name, _)| name).collect();
        Mistake::unknown(T::UNKNOWN, T::WHAT, word, &words)
    })
}

impl Choice for Format {
    const WHAT: &'static str = "format";
    const UNKNOWN: &'static str = "format-unknown";
    const WORDS: &'static [(&'static str, Self)] =
        &[("json", Self::Json), ("logfmt", Self::Logfmt), ("pretty", Self::Pretty)];
}

/// Who renders and writes events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// A worker thread, fed through a ring per emitting thread.
    Worker,
    /// The caller itself, before the macro returns.
    Inline,
}

impl Choice for Delivery {
    const WHAT: &'static str = "delivery";
    const UNKNOWN: &'static str = "delivery-unknown";
    const WORDS: &'static [(&'static str, Self)] = &[("worker", Self::Worker), ("inline", Self::Inline)];
}

/// Where the time of an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockChoice {
    /// The processor's time stamp counter where it is invariant, else the operating system.
    Auto,
    /// Always the operating system.
    Os,
}

impl Choice for ClockChoice {
    const WHAT: &'static str = "clock";
    const UNKNOWN: &'static str = "clock-unknown";
    const WORDS: &'static [(&'static str, Self)] = &[("auto", Self::Auto), ("os", Self::Os)];
}

/// What written events outlive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The process: the operating system has them.
    Process,
    /// A loss of power: the disk has them, some milliseconds later.
    Disk,
}

impl Choice for Durability {
    const WHAT: &'static str = "durability";
    const UNKNOWN: &'static str = "durability-unknown";
    const WORDS: &'static [(&'static str, Self)] = &[("process", Self::Process), ("disk", Self::Disk)];
}

/// Whether events about errors and panics have stack traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StackTraces {
    /// As the variables `RUST_LIB_BACKTRACE` and `RUST_BACKTRACE` say, and where an error brings one.
    Auto,
    /// Always: also without those variables.
    On,
    /// Never, whatever the variables say and an error brings.
    Off,
}

impl Choice for StackTraces {
    const WHAT: &'static str = "choice of stack traces";
    const UNKNOWN: &'static str = "stack-traces-unknown";
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("on", Self::On), ("off", Self::Off)];
}

/// A switch in a variable, where everything is text.
impl Choice for bool {
    const WHAT: &'static str = "position of a switch";
    const UNKNOWN: &'static str = "switch-unknown";
    const WORDS: &'static [(&'static str, Self)] =
        &[("true", true), ("false", false), ("on", true), ("off", false)];
}

/// What is done to a closed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// It is left as it is.
    None,
    /// It becomes a `.gz`.
    Gzip,
    /// It becomes a `.zst`.
    Zstd,
}

impl Choice for Compression {
    const WHAT: &'static str = "compression";
    const UNKNOWN: &'static str = "compression-unknown";
    const WORDS: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("gzip", Self::Gzip), ("zstd", Self::Zstd)];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_every_choice_is_read() {
        fn all<T: Choice + PartialEq + std::fmt::Debug>() {
            for &(word, value) in T::WORDS {
                assert_eq!(choose::<T>(word), Ok(value));
                assert_eq!(choose::<T>(&format!(" {} ", word.to_uppercase())), Ok(value));
            }
        }
        all::<Format>();
        all::<Delivery>();
        all::<ClockChoice>();
        all::<Durability>();
        all::<StackTraces>();
        all::<bool>();
        all::<Compression>();
    }

    #[test]
    fn another_word_says_what_is_allowed() {
        let mistake = choose::<Delivery>("inlin").unwrap_err();
        assert_eq!(mistake.message, "unknown delivery `inlin`; allowed: worker, inline");
        assert_eq!(mistake.suggestion.as_deref(), Some("inline"));
    }

    #[test]
    fn an_empty_word_is_a_mistake() {
        assert_eq!(choose::<Format>("").unwrap_err().id, "format-unknown");
    }
}
