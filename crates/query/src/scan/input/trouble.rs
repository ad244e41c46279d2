//! What went wrong with one source.

use std::{error, fmt, io};

/// Something that could not be read, or not to its end. The rest was.
#[derive(Debug)]
pub struct Trouble {
    /// Which source, by its name.
    pub source: String,
    /// What is wrong.
    pub kind: TroubleKind,
    /// What the system said.
    pub cause: Option<io::Error>,
}

/// What is wrong with a source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TroubleKind {
    /// There is none; perhaps this one was meant.
    NotFound(Option<String>),
    /// A glob matches no file.
    NoMatch,
    /// A glob is none, and why.
    BadGlob(String),
    /// A folder without logs.
    NoLogs,
    /// More files than [`SOURCES_MAX`](super::SOURCES_MAX): those beyond were left out.
    TooMany,
    /// Left out, because [`FILES_MAX`](crate::scan::follow::FILES_MAX) others are followed.
    TooManyFollowed,
    /// It could not be opened or read; lines before that were.
    Unreadable,
    /// It became shorter while it was read.
    Shrunk,
    /// Compressed, and damaged or cut off: lines before that were read.
    Damaged,
    /// Text in UTF-16, as some programs on Windows write it.
    Utf16,
    /// So many lines longer than the bound were left out.
    LongLines(u64),
}

impl Trouble {
    #[cold]
    pub(in crate::scan) fn new(
        source: impl Into<String>,
        kind: TroubleKind,
        cause: Option<io::Error>,
    ) -> Trouble {
        Trouble { source: source.into(), kind, cause }
    }

    /// True when both say the same of one source, but for a number.
    pub(super) fn is_like(&self, other: &Trouble) -> bool {
        self.kind == other.kind
            || matches!((&self.kind, &other.kind), (TroubleKind::LongLines(_), TroubleKind::LongLines(_)))
    }

    /// Takes in one that is like it.
    pub(super) fn add(&mut self, other: &Trouble) {
        if let (TroubleKind::LongLines(lines), TroubleKind::LongLines(more)) = (&mut self.kind, &other.kind) {
            *lines += more;
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.source)?;
        match &self.kind {
            TroubleKind::NotFound(Some(near)) => write!(f, "does not exist; did you mean `{near}`?"),
            TroubleKind::NotFound(None) => f.write_str("does not exist"),
            TroubleKind::NoMatch => f.write_str("matches no file"),
            TroubleKind::BadGlob(why) => write!(f, "is not a pattern: {why}"),
            TroubleKind::NoLogs => {
                f.write_str("has no logs: files called *.jsonl, *.ndjson, *.json or *.log, also with .gz or .zst; name others one by one")
            }
            TroubleKind::TooMany => {
                write!(f, "holds more than {} files: those beyond were left out", super::SOURCES_MAX)
            }
            TroubleKind::TooManyFollowed => {
                write!(f, "is not followed: {} others are", crate::scan::follow::FILES_MAX)
            }
            TroubleKind::Unreadable => f.write_str("cannot be read"),
            TroubleKind::Shrunk => f.write_str("became shorter while it was read"),
            TroubleKind::Damaged => f.write_str("is damaged or cut off: only what is before that was read"),
            TroubleKind::Utf16 => f.write_str("is UTF-16: turn it into UTF-8 first, as with `iconv -f utf-16 -t utf-8`"),
            TroubleKind::LongLines(1) => f.write_str("has a line too long to be read, which was left out"),
            TroubleKind::LongLines(lines) => write!(f, "has {lines} lines too long to be read, which were left out"),
        }?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl error::Error for Trouble {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
