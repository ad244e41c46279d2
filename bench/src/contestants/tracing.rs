//! tracing-subscriber's JSON format, on the caller's thread and through tracing-appender's non_blocking.

use std::sync::Mutex;

use tracing::{Level, debug, info, info_span};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::MakeWriter;

use crate::contestant::{Contestant, Inline};
use crate::output::{Output, open};
use crate::workload::{BOUND, Request, Wide};

/// tracing-subscriber writing on the caller's thread.
#[derive(Debug)]
pub struct TracingInline;

/// tracing-subscriber writing through a channel, not lossy.
#[derive(Debug)]
pub struct TracingQueued(WorkerGuard);

/// Fields beside the name, the current span only, no target: the smallest line it offers.
fn start<W: for<'a> MakeWriter<'a> + Send + Sync + 'static>(writer: W) {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(Level::INFO)
        .with_writer(writer)
        .init();
}

fn in_span<R>(f: impl FnOnce(&()) -> R) -> R {
    let span = info_span!("request", service = BOUND.service, region = BOUND.region, version = BOUND.version);
    span.in_scope(|| f(&()))
}

macro_rules! request {
    ($level:ident, $r:expr $(, $($more:tt)*)?) => {
        $level!(endpoint = $r.endpoint, method = $r.method, request_id = $r.request_id,
            status_code = $r.status_code, duration_ms = $r.duration_ms, $($($more)*,)? "api_request_completed")
    };
}

impl Contestant for TracingInline {
    type Context = ();

    fn start(output: &Output) -> Self {
        match output {
            // Stateless, so without the lock that a shared writer needs.
            Output::Null => start(|| Output::Null.writer()),
            Output::File(path) => start(Mutex::new(open(path))),
        }
        Self
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        in_span(f)
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        request!(info, r);
    }

    fn finish(self) {}
}

impl Inline for TracingInline {
    #[inline(always)]
    fn w1(&self, r: &Request) {
        request!(info, r);
    }

    #[inline(always)]
    fn w3(&self, r: &Request) {
        request!(debug, r);
    }

    // Lists and maps have no place in tracing's value model (outside an unstable cfg): they go as Debug text.
    #[inline(always)]
    fn w4(&self, r: &Request, w: &Wide) -> bool {
        request!(info, r, detail = w.detail, tags = ?w.tags, geo = ?w.geo, cached = w.cached,
            parent_id = w.parent_id, bytes_out = w.bytes_out, user_agent = w.user_agent);
        true
    }
}

impl Contestant for TracingQueued {
    type Context = ();

    fn start(output: &Output) -> Self {
        let (writer, guard): (NonBlocking, _) =
            NonBlockingBuilder::default().lossy(false).finish(open(output.path()));
        start(writer);
        Self(guard)
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        in_span(f)
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        request!(info, r);
    }

    fn finish(self) {
        drop(self.0);
    }
}
