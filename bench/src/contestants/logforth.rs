//! logforth through the `log` macros with its JSON layout, on the caller's thread and behind append-async.

use std::io::Write;

use logforth::append::asynchronous::AsyncBuilder;
use logforth::append::file::FileBuilder;
use logforth::diagnostic::ThreadLocalDiagnostic;
use logforth::layout::JsonLayout;
use logforth::record::{Level, LevelFilter, Record};
use logforth::{Append, Diagnostic, Error, Layout};

use crate::contestant::{Contestant, Inline};
use crate::output::Output;
use crate::workload::{BOUND, Request, Wide};

/// Records that append-async may hold: as for the others.
const QUEUE_RECORDS: usize = 8192;

/// logforth rendering on the caller's thread.
#[derive(Debug)]
pub struct LogforthInline;

/// logforth's append-async in front of its file appender, blocking when full.
#[derive(Debug)]
pub struct LogforthQueued;

/// Renders with the JSON layout and hands the line to the benchmark's writer. logforth has none for a plain writer.
#[derive(Debug)]
struct Plain {
    layout: JsonLayout,
    output: Output,
}

impl Append for Plain {
    fn append(&self, record: &Record<'_>, diags: &[Box<dyn Diagnostic>]) -> Result<(), Error> {
        let mut line = self.layout.format(record, diags)?;
        line.push(b'\n');
        self.output.writer().write_all(&line).expect("the benchmark's disk has room");
        Ok(())
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn start(append: impl Append) {
    log::set_max_level(log::LevelFilter::Info);
    let logger = logforth::core::builder()
        .dispatch(|d| {
            d.filter(LevelFilter::MoreSevereEqual(Level::Info))
                .diagnostic(ThreadLocalDiagnostic::default())
                .append(append)
        })
        .build();
    let bridge = logforth::bridge::log::LogBridge::new(logger);
    log::set_boxed_logger(Box::new(bridge)).expect("one logger per process");
}

fn in_diagnostics<R>(f: impl FnOnce(&()) -> R) -> R {
    let bound = [("service", BOUND.service), ("region", BOUND.region), ("version", BOUND.version)];
    for (key, value) in bound {
        ThreadLocalDiagnostic::insert(key, value);
    }
    let result = f(&());
    for (key, _) in bound {
        ThreadLocalDiagnostic::remove(key);
    }
    result
}

macro_rules! request {
    ($level:ident, $r:expr $(, $($more:tt)*)?) => {
        log::$level!(endpoint = $r.endpoint, method = $r.method, request_id = $r.request_id,
            status_code = $r.status_code, duration_ms = $r.duration_ms $(, $($more)*)?; "api_request_completed")
    };
}

impl Contestant for LogforthInline {
    type Context = ();

    fn start(output: &Output) -> Self {
        start(Plain { layout: JsonLayout::default(), output: output.clone() });
        Self
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        in_diagnostics(f)
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        request!(info, r);
    }

    fn finish(self) {}
}

impl Inline for LogforthInline {
    #[inline(always)]
    fn w1(&self, r: &Request) {
        request!(info, r);
    }

    #[inline(always)]
    fn w3(&self, r: &Request) {
        request!(debug, r);
    }

    #[inline(always)]
    fn w4(&self, r: &Request, w: &Wide) -> bool {
        request!(info, r, detail = w.detail, tags:serde = w.tags, geo:serde = w.geo, cached = w.cached,
            parent_id:serde = w.parent_id, bytes_out = w.bytes_out, user_agent = w.user_agent);
        true
    }
}

impl Contestant for LogforthQueued {
    type Context = ();

    fn start(output: &Output) -> Self {
        let path = output.path();
        let file = FileBuilder::new(
            path.parent().expect("a file lies in a folder"),
            path.file_name().expect("a file has a name").to_string_lossy(),
        )
        .layout(JsonLayout::default())
        .build()
        .expect("the benchmark's own directory is writable");
        start(
            AsyncBuilder::new("logforth")
                .buffered_lines_limit(Some(QUEUE_RECORDS))
                .overflow_block()
                .append(file)
                .build(),
        );
        Self
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        in_diagnostics(f)
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        request!(info, r);
    }

    fn finish(self) {
        log::logger().flush();
    }
}
