//! The table of contestants: adding one is a module in `contestants/` and an entry here.

use std::path::PathBuf;

use crate::contestants::floor;
#[cfg(feature = "rivals")]
use crate::contestants::{emit, logforth, provide, slog, spdlog, ticklog, tracing};
use crate::measure::{self, Measure, Report, Task};

/// How a contestant works, and so what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Renders on the caller's thread.
    Inline,
    /// Has a thread that writes.
    Queued,
}

/// Where a contestant's code is.
#[derive(Clone, Copy)]
pub enum Program {
    /// In this binary.
    Rust(fn(&Task) -> Report),
    /// In the foreign program of this name, which speaks the same command line.
    Foreign(&'static str),
}

/// One contestant.
#[derive(Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    pub kind: Kind,
    pub program: Program,
    /// Its events are so slow that it gets this fraction of the sustained events.
    pub slow: u64,
    /// In what its lines are known to fall short of the workload; any other difference is an error.
    pub differs: &'static [&'static str],
    /// What the lines of the check cannot show, but a reader of the table should know.
    pub caveats: &'static [&'static str],
}

const fn rust(name: &'static str, kind: Kind, run: fn(&Task) -> Report) -> Entry {
    Entry { name, kind, program: Program::Rust(run), slow: 1, differs: &[], caveats: &[] }
}

const fn foreign(name: &'static str, kind: Kind, program: &'static str) -> Entry {
    Entry { name, kind, program: Program::Foreign(program), slow: 1, differs: &[], caveats: &[] }
}

impl Entry {
    #[cfg(feature = "rivals")]
    const fn slow(self) -> Self {
        Self { slow: 5, ..self }
    }

    const fn differs(self, differs: &'static [&'static str]) -> Self {
        Self { differs, ..self }
    }

    const fn caveats(self, caveats: &'static [&'static str]) -> Self {
        Self { caveats, ..self }
    }
}

/// The check's words for what a contestant's lines lack.
pub const LIST_AS_TEXT: &str = "list as text";
pub const MAP_AS_TEXT: &str = "map as text";
pub const NULL_LEFT_OUT: &str = "null left out";
pub const NO_W4: &str = "no W4";
pub const NOT_RFC_3339: &str = "time is no RFC 3339";

const NOT_ESCAPED: &str = "escapes nothing";
const NO_CONTEXT: &str = "binds no context, so W2 passes eight fields";
const DROPS: &str = "drops when full, no lossless mode";

use Kind::{Inline, Queued};

/// All contestants, in the order of a round.
pub static ENTRIES: &[Entry] = &[
    rust("floor", Inline, measure::inline::<floor::FloorInline>),
    rust("floor-queued", Queued, measure::queued::<floor::FloorQueued>),
    #[cfg(feature = "trine")]
    rust("trine", Inline, measure::inline::<crate::contestants::trine::TrineInline>),
    #[cfg(feature = "trine")]
    rust("trine-queued", Queued, measure::queued::<crate::contestants::trine::TrineQueued>),
    #[cfg(feature = "rivals")]
    rust("slog-json", Inline, measure::inline::<slog::SlogInline>),
    #[cfg(feature = "rivals")]
    rust("slog-async", Queued, measure::queued::<slog::SlogAsync>),
    #[cfg(feature = "rivals")]
    rust("tracing-json", Inline, measure::inline::<tracing::TracingInline>).differs(&[
        LIST_AS_TEXT,
        MAP_AS_TEXT,
        NULL_LEFT_OUT,
    ]),
    #[cfg(feature = "rivals")]
    rust("tracing-non-blocking", Queued, measure::queued::<tracing::TracingQueued>).slow(),
    #[cfg(feature = "rivals")]
    rust("emit", Inline, measure::inline::<emit::EmitInline>),
    #[cfg(feature = "rivals")]
    rust("emit-file", Queued, measure::queued::<emit::EmitFile>).caveats(&[DROPS]),
    #[cfg(feature = "rivals")]
    rust("logforth", Inline, measure::inline::<logforth::LogforthInline>),
    #[cfg(feature = "rivals")]
    rust("logforth-async", Queued, measure::queued::<logforth::LogforthQueued>).slow(),
    #[cfg(feature = "rivals")]
    rust("spdlog-rs", Inline, measure::inline::<spdlog::SpdlogInline>)
        .differs(&[NOT_RFC_3339])
        .caveats(&[NO_CONTEXT]),
    #[cfg(feature = "rivals")]
    rust("spdlog-rs-async", Queued, measure::queued::<spdlog::SpdlogQueued>)
        .slow()
        .differs(&[NOT_RFC_3339])
        .caveats(&[NO_CONTEXT]),
    #[cfg(feature = "rivals")]
    rust("provide-telemetry", Inline, measure::inline::<provide::Provide>),
    #[cfg(feature = "rivals")]
    rust("ticklog", Queued, measure::queued::<ticklog::Ticklog>).caveats(&[NOT_ESCAPED, NO_CONTEXT]),
    foreign("zerolog", Inline, "go"),
    foreign("zerolog-diode", Queued, "go").caveats(&[DROPS]),
    foreign("zap", Inline, "go"),
    foreign("spdlog-cpp", Inline, "cpp").differs(&[NO_W4]).caveats(&[NOT_ESCAPED, NO_CONTEXT]),
    foreign("spdlog-cpp-async", Queued, "cpp").caveats(&[NOT_ESCAPED, NO_CONTEXT]),
];

impl Entry {
    pub fn named(name: &str) -> Option<&'static Self> {
        ENTRIES.iter().find(|entry| entry.name == name)
    }

    /// The measurements that this contestant takes part in.
    pub fn measures(&self) -> &'static [Measure] {
        match self.kind {
            Inline => &[Measure::Inline],
            Queued => &[Measure::Caller, Measure::Sustained],
        }
    }

    /// The program to start for it. `None`, with the way to get it, when that is not here.
    pub fn executable(&self) -> Result<PathBuf, String> {
        let Program::Foreign(name) = self.program else {
            return Ok(std::env::current_exe().expect("this program has a path"));
        };
        // `run.sh` puts foreign programs beside the profile's folder, in the same target folder.
        let here = std::env::current_exe().expect("this program has a path");
        let path = here.ancestors().nth(2).unwrap_or(&here).join("foreign").join(name);
        if path.is_file() {
            Ok(path)
        } else {
            Err("`bash bench/setup.sh`, then `bash bench/run.sh`".to_owned())
        }
    }
}
