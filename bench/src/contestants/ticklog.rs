//! ticklog: text by pattern, so the JSON is in the format string. It neither escapes nor binds a context: the three
//! context fields of W2 are passed with every call.

use ticklog::{Backpressure, FileSink, Guard, Level};

use crate::contestant::Contestant;
use crate::output::Output;
use crate::workload::{BOUND, Request};

/// ticklog to a file, spinning when its ring of 1 MiB is full.
pub struct Ticklog(Guard);

// `ticklog::configure!` defines these two for its own log macros, at the crate's root, where a module cannot see them.
macro_rules! __ticklog_max_level {
    () => {
        Level::Info
    };
}
macro_rules! __ticklog_backpressure {
    () => {
        Backpressure::Block
    };
}

impl Contestant for Ticklog {
    type Context = ();

    fn start(output: &Output) -> Self {
        let sink = FileSink::new(output.path()).expect("the benchmark's own directory is writable");
        let pattern = r#"{{{message},"timestamp":"{timestamp}","level":"{level}"}}"#;
        Self(
            ticklog::__private::__configure_rt(Box::new(sink), 0, None, pattern)
                .expect("the pattern is valid"),
        )
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        f(&())
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        ticklog::info!(
            "\"event\":\"api_request_completed\",\"endpoint\":\"{}\",\"method\":\"{}\",\"request_id\":\"{}\",\
             \"status_code\":{},\"duration_ms\":{},\"service\":\"{}\",\"region\":\"{}\",\"version\":\"{}\"",
            r.endpoint,
            r.method,
            r.request_id,
            r.status_code,
            r.duration_ms,
            BOUND.service,
            BOUND.region,
            BOUND.version
        );
    }

    fn finish(self) {
        drop(self.0);
    }
}
