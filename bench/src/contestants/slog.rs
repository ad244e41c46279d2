//! slog with slog-json, on the caller's thread and behind slog-async.

use std::io::BufWriter;
use std::sync::Mutex;

use slog::{Drain, Level, LevelFilter, Logger, debug, info, o};
use slog_async::{AsyncGuard, OverflowStrategy};
use slog_json::Json;

use crate::contestant::{Contestant, Inline};
use crate::output::{Output, open};
use crate::workload::{BOUND, Request, Wide};

/// Records that slog-async may hold: about as many as the other contestants' rings. Its default is 128 and to drop.
const QUEUE_RECORDS: usize = 8192;

/// slog + slog-json behind a mutex, as its own documentation shows.
#[derive(Debug)]
pub struct SlogInline(Logger);

/// slog + slog-json + slog-async, blocking when full.
pub struct SlogAsync {
    logger: Logger,
    guard: AsyncGuard,
}

fn bind(logger: &Logger) -> Logger {
    logger.new(o!("service" => BOUND.service, "region" => BOUND.region, "version" => BOUND.version))
}

macro_rules! request {
    ($level:ident, $logger:expr, $r:expr $(, $key:literal => $value:expr)*) => {
        $level!($logger, "api_request_completed"; "endpoint" => $r.endpoint, "method" => $r.method,
            "request_id" => $r.request_id, "status_code" => $r.status_code, "duration_ms" => $r.duration_ms
            $(, $key => $value)*)
    };
}

impl Contestant for SlogInline {
    type Context = Logger;

    fn start(output: &Output) -> Self {
        let json = Mutex::new(Json::default(output.writer())).map(slog::Fuse);
        Self(Logger::root(LevelFilter::new(json, Level::Info).fuse(), o!()))
    }

    fn in_context<R>(&self, f: impl FnOnce(&Logger) -> R) -> R {
        f(&bind(&self.0))
    }

    #[inline(always)]
    fn w2(&self, log: &Logger, r: &Request) {
        request!(info, log, r);
    }

    fn finish(self) {}
}

impl Inline for SlogInline {
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
        request!(info, self.0, r, "detail" => w.detail, "tags" => slog::Serde(w.tags),
            "geo" => slog::Serde(w.geo.clone()), "cached" => w.cached, "parent_id" => w.parent_id,
            "bytes_out" => w.bytes_out, "user_agent" => w.user_agent);
        true
    }
}

impl Contestant for SlogAsync {
    type Context = Logger;

    fn start(output: &Output) -> Self {
        let json = Json::default(BufWriter::with_capacity(64 * 1024, open(output.path())));
        let json = LevelFilter::new(Mutex::new(json).map(slog::Fuse), Level::Info).fuse();
        let (drain, guard) = slog_async::Async::new(json)
            .chan_size(QUEUE_RECORDS)
            .overflow_strategy(OverflowStrategy::Block)
            .build_with_guard();
        Self { logger: Logger::root(drain.fuse(), o!()), guard }
    }

    fn in_context<R>(&self, f: impl FnOnce(&Logger) -> R) -> R {
        f(&bind(&self.logger))
    }

    #[inline(always)]
    fn w2(&self, log: &Logger, r: &Request) {
        request!(info, log, r);
    }

    fn finish(self) {
        drop(self.logger);
        drop(self.guard);
    }
}
