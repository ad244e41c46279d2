//! Where what is not written yet outlives the process.

use super::mistake::Mistake;
use super::output::parse_path;
use std::path::{Path, PathBuf};

/// The word that turns the black box off.
const OFF: &str = "off";

/// Where rings lie: in files, so that the next start of the service finds what this process could not write.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BlackBox {
    /// In memory that dies with the process.
    Off,
    /// In this directory, which is made when it is missing. Belongs to the user, and to nobody else.
    Directory(PathBuf),
}

impl BlackBox {
    /// Reads `off`, in any case, or a path. A directory that is called so is `./off`.
    pub(super) fn parse(text: &str) -> Result<BlackBox, Mistake> {
        if text.trim().eq_ignore_ascii_case(OFF) {
            return Ok(BlackBox::Off);
        }
        parse_path(text).map(BlackBox::Directory)
    }
}

impl From<&str> for BlackBox {
    fn from(directory: &str) -> BlackBox {
        BlackBox::Directory(directory.into())
    }
}

impl From<&Path> for BlackBox {
    fn from(directory: &Path) -> BlackBox {
        BlackBox::Directory(directory.into())
    }
}

impl From<PathBuf> for BlackBox {
    fn from(directory: PathBuf) -> BlackBox {
        BlackBox::Directory(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_is_a_word_and_all_else_a_path() {
        assert_eq!(BlackBox::parse(" Off "), Ok(BlackBox::Off));
        for path in ["./off", "/var/lib/shop", "offline"] {
            assert_eq!(BlackBox::parse(path), Ok(BlackBox::from(path)));
        }
        assert_eq!(BlackBox::parse(" ").unwrap_err().id, "path-empty");
    }
}
