//! The configuration file: opened with care, then read whole.
//!
//! What is named may be anything: a directory, a pipe nobody writes to, a device without end. Only a regular file is
//! read, and no more of it than [`CONFIG_BYTES_MAX`].

use super::Settings;
use super::finding::Finding;
use super::mistake::Mistake;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

#[cfg(feature = "config")]
mod document;
#[cfg(feature = "config")]
mod keys;
#[cfg(feature = "config")]
mod masks;
#[cfg(feature = "config")]
mod mend;
#[cfg(feature = "config")]
mod places;

#[cfg(feature = "config")]
pub(super) use keys::{entries, mask_entries, output_entries};

#[cfg(not(feature = "config"))]
mod document {
    //! The reader of a build without the feature `config`: it says so.

    use super::{Finding, Mistake, Settings};

    pub(super) fn read(_: &str, source: &str) -> (Settings, Vec<Finding>) {
        let message = "this program was built to read no configuration file; enable the feature `config` of the crate `trine`";
        (
            Settings::default(),
            vec![Mistake::new("config-feature-off", message).outcome("ignored").found_in(source)],
        )
    }
}

/// Largest configuration file that is read. A thousand times what one with every key takes.
pub const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// What some editors put before the first line.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads a configuration file.
///
/// Shape: what the file says; a field is `None` where it says nothing, or nothing that could be used.
/// Errors: each mistake is a finding with line and column, all at once. A file that cannot be read, is not a regular file,
/// is larger than [`CONFIG_BYTES_MAX`] or is not UTF-8 is one finding, and says nothing. Without the feature `config`, so
/// is every file.
#[must_use]
pub fn read(path: &Path) -> (Settings, Vec<Finding>) {
    let source = path.to_string_lossy();
    match text(path) {
        Ok(text) => read_text(&text, &source),
        Err(mistake) => (Settings::default(), vec![mistake.outcome("no file is used").found_in(&source)]),
    }
}

/// Reads the text of a configuration file that is called `source` in findings.
pub(super) fn read_text(text: &str, source: &str) -> (Settings, Vec<Finding>) {
    document::read(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text), source)
}

/// The text of the file.
fn text(path: &Path) -> Result<String, Mistake> {
    let bytes = bytes(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        Mistake::new("config-not-utf8", format!("line {line} is not UTF-8; allowed: a UTF-8 text in TOML"))
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Mistake> {
    // Asked before it is opened, because opening a pipe for reading waits for a writer; and again after, because what the
    // path names may have changed.
    require_regular(&std::fs::metadata(path).map_err(unreadable)?)?;
    let file = File::open(path).map_err(unreadable)?;
    require_regular(&file.metadata().map_err(unreadable)?)?;
    let mut bytes = Vec::new();
    // Not the size that the file states: it may grow, and files in `/proc` state 0.
    file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > CONFIG_BYTES_MAX {
        return Err(Mistake::new(
            "config-too-large",
            format!("the file is too large; allowed: {CONFIG_BYTES_MAX} bytes"),
        ));
    }
    Ok(bytes)
}

fn require_regular(metadata: &std::fs::Metadata) -> Result<(), Mistake> {
    let what = match metadata.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a directory",
        _ => "a pipe, a socket or a device",
    };
    Err(Mistake::new("config-not-a-file", format!("this is {what}; allowed: a regular file")))
}

fn unreadable(error: io::Error) -> Mistake {
    Mistake::new(
        "config-unreadable",
        format!("the file cannot be read: {error}; allowed: a file this user can read"),
    )
}

#[cfg(all(test, unix))]
mod tests;
