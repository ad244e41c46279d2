//! spdlog-rs with its JSON formatter, on the caller's thread and through its thread pool.
//!
//! It binds no context: the three context fields of W2 are passed with every call.

use std::num::NonZeroUsize;
use std::sync::Arc;

use spdlog::formatter::JsonFormatter;
use spdlog::sink::{AsyncPoolSink, FileSink, OverflowPolicy, Sink, WriteSink};
use spdlog::{LevelFilter, Logger, ThreadPool};

use crate::contestant::{Contestant, Inline};
use crate::output::Output;
use crate::workload::{BOUND, Request, Wide};

/// Records that the thread pool may hold: as for the others.
const QUEUE_RECORDS: NonZeroUsize = NonZeroUsize::new(8192).expect("not zero");

/// spdlog-rs rendering on the caller's thread.
pub struct SpdlogInline(Logger);

/// spdlog-rs with an `AsyncPoolSink` in front of its file sink, blocking when full.
pub struct SpdlogQueued {
    logger: Logger,
    pool: Arc<ThreadPool>,
}

fn logger(sink: Arc<dyn Sink>) -> Logger {
    let level = LevelFilter::MoreSevereEqual(spdlog::Level::Info);
    Logger::builder().sink(sink).level_filter(level).build().expect("no name, so no bad name")
}

macro_rules! request {
    ($level:ident, $logger:expr, $r:expr $(, $($more:tt)*)?) => {
        spdlog::$level!(logger: $logger, "api_request_completed", kv: { endpoint = $r.endpoint, method = $r.method,
            request_id = $r.request_id, status_code = $r.status_code, duration_ms = $r.duration_ms
            $(, $($more)*)? })
    };
}

macro_rules! w2 {
    ($logger:expr, $r:expr) => {
        request!(info, $logger, $r, service = BOUND.service, region = BOUND.region, version = BOUND.version)
    };
}

impl Contestant for SpdlogInline {
    type Context = ();

    fn start(output: &Output) -> Self {
        let sink = WriteSink::builder().formatter(JsonFormatter::new()).target(output.writer());
        Self(logger(Arc::new(sink.build().expect("a target was given"))))
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        f(&())
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        w2!(self.0, r);
    }

    fn finish(self) {
        self.0.flush();
    }
}

impl Inline for SpdlogInline {
    #[inline(always)]
    fn w1(&self, r: &Request) {
        request!(info, self.0, r);
    }

    #[inline(always)]
    fn w3(&self, r: &Request) {
        request!(debug, self.0, r);
    }

    #[inline(always)]
    fn w4(&self, r: &Request, w: &Wide) -> bool {
        request!(info, self.0, r, detail = w.detail, tags:serde = w.tags, geo:serde = w.geo, cached = w.cached,
            parent_id:serde = w.parent_id, bytes_out = w.bytes_out, user_agent = w.user_agent);
        true
    }
}

impl Contestant for SpdlogQueued {
    type Context = ();

    fn start(output: &Output) -> Self {
        let file = FileSink::builder().formatter(JsonFormatter::new()).path(output.path());
        let file = file.build().expect("the benchmark's own directory is writable");
        let pool =
            ThreadPool::builder().capacity(QUEUE_RECORDS).build_arc().expect("a thread can be started");
        let sink = AsyncPoolSink::builder()
            .thread_pool(Arc::clone(&pool))
            .overflow_policy(OverflowPolicy::Block)
            .sink(Arc::new(file))
            .build()
            .expect("a sink was given");
        Self { logger: logger(Arc::new(sink)), pool }
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        f(&())
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        w2!(self.logger, r);
    }

    fn finish(self) {
        self.logger.flush();
        drop(self.logger);
        // The last handle: dropping it waits for the pool to be empty.
        drop(self.pool);
    }
}
