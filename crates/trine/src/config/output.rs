//! Outputs: where events go, and what becomes of the files.

use super::choice::Compression;
use super::finding::excerpt;
use super::mistake::{Mistake, nearest};
use crate::encoder::Format;
use crate::rules::LevelRules;
use std::path::PathBuf;
use std::time::Duration;

/// Most outputs one configuration opens. Every event that is on is rendered for each of them.
pub const OUTPUTS_MAX: usize = 16;

const ALLOWED: [&str; 3] = ["stdout", "stderr", "file:PATH"];

/// Where one output writes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
    /// A file, created when it is not there.
    File(PathBuf),
}

impl Target {
    /// Reads `stdout`, `stderr` or `file:PATH`. The path is everything after the colon, as it stands.
    pub(crate) fn parse(text: &str) -> Result<Target, Mistake> {
        let word = text.trim();
        match text.trim_start().split_once(':') {
            _ if word.eq_ignore_ascii_case("stdout") => Ok(Target::Stdout),
            _ if word.eq_ignore_ascii_case("stderr") => Ok(Target::Stderr),
            Some((scheme, path)) if scheme.eq_ignore_ascii_case("file") => parse_path(path).map(Target::File),
            _ => {
                let looks_like_a_path = word.contains(['/', '.', '\\']) && !word.contains(':');
                let path = looks_like_a_path.then(|| format!("file:{word}"));
                let meant = path.or_else(|| nearest(word, &ALLOWED[..2]));
                Err(Mistake::unknown("output-unknown", "output", word, &ALLOWED).suggest(meant))
            }
        }
    }

    /// Whether both write to one place: also where a file is named once from here and once from the root.
    fn is_same_place(&self, other: &Target) -> bool {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        match (self, other) {
            (Target::File(one), Target::File(other)) => absolute(one) == absolute(other),
            _ => self == other,
        }
    }
}

/// Reads a path, which holds anything but NUL.
pub(crate) fn parse_path(path: &str) -> Result<PathBuf, Mistake> {
    match path {
        _ if path.trim().is_empty() => Err(Mistake::new("path-empty", "the path is empty; allowed: a path")),
        _ if path.contains('\0') => Err(Mistake::new(
            "path-wrong",
            format!("the path `{}` holds a NUL character; allowed: any other", excerpt(path)),
        )),
        _ => Ok(PathBuf::from(path)),
    }
}

/// When a file is closed and a new one begun, by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RotateEvery {
    /// At every full hour, UTC.
    Hour,
    /// At midnight, UTC.
    Day,
    /// After this time, at least a second.
    Duration(Duration),
}

/// What was said about one output. A field is `None` where nothing was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSettings {
    /// Where it writes.
    pub target: Target,
    /// How events become text.
    pub format: Option<Format>,
    /// Which events go here; where it says nothing, those that [`level`](super::Settings::level) lets through.
    pub level: Option<LevelRules>,
    /// Size at which a file is closed and a new one begun. Bytes, at least one.
    pub rotate_bytes: Option<u64>,
    /// Time after which a file is closed and a new one begun.
    pub rotate_every: Option<RotateEvery>,
    /// How many closed files are kept.
    pub keep_files: Option<usize>,
    /// How long a closed file is kept.
    pub keep_age: Option<Duration>,
    /// How many bytes of closed files are kept.
    pub keep_bytes: Option<u64>,
    /// What is done to a closed file.
    pub compress: Option<Compression>,
    /// Whether a directory that is not there is created.
    pub create_directory: Option<bool>,
}

impl OutputSettings {
    /// An output of which only the target was said.
    #[must_use]
    pub fn new(target: Target) -> OutputSettings {
        OutputSettings {
            target,
            format: None,
            level: None,
            rotate_bytes: None,
            rotate_every: None,
            keep_files: None,
            keep_age: None,
            keep_bytes: None,
            compress: None,
            create_directory: None,
        }
    }

    /// Adds this output to others, unless there are enough or one of them writes there already.
    pub(crate) fn add_to(self, outputs: &mut Vec<OutputSettings>) -> Result<(), Mistake> {
        if outputs.len() >= OUTPUTS_MAX {
            return Err(Mistake::new("outputs-too-many", format!("more than {OUTPUTS_MAX} outputs")));
        }
        if outputs.iter().any(|other| other.target.is_same_place(&self.target)) {
            return Err(Mistake::new("output-twice", "another output writes to the same place"));
        }
        outputs.push(self);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        assert_eq!(Target::parse(" stdout "), Ok(Target::Stdout));
        assert_eq!(Target::parse("STDERR"), Ok(Target::Stderr));
        assert_eq!(Target::parse("file:logs/a.jsonl"), Ok(Target::File("logs/a.jsonl".into())));
    }

    #[test]
    fn a_path_keeps_spaces_colons_and_equal_signs() {
        assert_eq!(Target::parse(" file: a=b c:d.log"), Ok(Target::File(" a=b c:d.log".into())));
    }

    #[test]
    fn an_unknown_target_is_suggested_as_a_word_or_as_a_path() {
        let mistake = Target::parse("stdot").unwrap_err();
        assert_eq!(mistake.message, "unknown output `stdot`; allowed: stdout, stderr, file:PATH");
        assert_eq!(mistake.suggestion.as_deref(), Some("stdout"));
        assert_eq!(
            Target::parse("/var/log/a.log").unwrap_err().suggestion.as_deref(),
            Some("file:/var/log/a.log")
        );
        assert_eq!(Target::parse("http://x.y/").unwrap_err().suggestion, None);
    }

    #[test]
    fn a_path_that_cannot_be_is_a_mistake() {
        assert_eq!(Target::parse("file:").unwrap_err().id, "path-empty");
        assert_eq!(Target::parse("file:a\0b").unwrap_err().id, "path-wrong");
    }

    #[test]
    fn two_outputs_never_write_to_the_same_place() {
        let mut outputs = vec![];
        let output = OutputSettings::new(Target::File("a".into()));
        assert_eq!(output.clone().add_to(&mut outputs), Ok(()));
        assert_eq!(output.add_to(&mut outputs).unwrap_err().id, "output-twice");
        for spelled in ["./a".into(), std::env::current_dir().unwrap().join("a")] {
            let output = OutputSettings::new(Target::File(spelled));
            assert_eq!(output.add_to(&mut outputs).unwrap_err().id, "output-twice");
        }
        assert_eq!(outputs.len(), 1);
    }

    #[test]
    fn outputs_beyond_the_bound_are_left_out() {
        let mut outputs = vec![];
        for i in 0..OUTPUTS_MAX {
            OutputSettings::new(Target::File(format!("{i}").into())).add_to(&mut outputs).unwrap();
        }
        assert_eq!(
            OutputSettings::new(Target::Stdout).add_to(&mut outputs).unwrap_err().id,
            "outputs-too-many"
        );
    }
}
