//! Trine: inline to a sink of ours, and as it is without any set-up, told by variables to write to a file.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::time::Duration;

use trine::{
    __private::count, Batcher, Callsite, Delivery, Format, Level, Logger, Sink, WriteError, batch, bind,
    debug, info, sample, scope, timed,
};

use crate::contestant::{Contestant, Inline, Pattern};
use crate::measure::{repeat, row};
use crate::output::{Output, open};
use crate::workload::{BOUND, Request, Wide};

/// How long the worker may take to write what the rings hold.
const FLUSH_MAX: Duration = Duration::from_secs(60);

/// Trine rendering on the caller's thread.
#[derive(Debug)]
pub struct TrineInline;

/// Trine with its worker. Where it writes is in `TRINE_OUTPUT`, which the driver sets for every contestant.
#[derive(Debug)]
pub struct TrineQueued;

/// Nowhere, or a file for the check.
#[derive(Debug)]
struct BenchSink(Option<File>);

impl Sink for BenchSink {
    #[inline]
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        match &self.0 {
            None => {
                black_box((lines.as_ptr(), lines.len()));
                Ok(())
            }
            Some(file) => (&mut &*file).write_all(lines).map_err(|source| WriteError { written: 0, source }),
        }
    }

    fn describe(&self) -> String {
        "bench".to_owned()
    }
}

fn bound() -> Logger {
    bind!(service = BOUND.service, region = BOUND.region, version = BOUND.version)
}

impl Contestant for TrineInline {
    type Context = Logger;

    fn start(output: &Output) -> Self {
        let file = match output {
            Output::Null => None,
            Output::File(path) => Some(open(path)),
        };
        trine::setup()
            .delivery(Delivery::Inline)
            .output(trine::Output::to(BenchSink(file)).format(Format::Json))
            .force()
            .start();
        Self
    }

    fn in_context<R>(&self, f: impl FnOnce(&Logger) -> R) -> R {
        f(&bound())
    }

    #[inline(always)]
    fn w2(&self, log: &Logger, r: &Request) {
        info!(
            log,
            "api_request_completed",
            endpoint = r.endpoint,
            method = r.method,
            request_id = r.request_id,
            status_code = r.status_code,
            duration_ms = r.duration_ms
        );
    }

    fn finish(self) {
        trine::flush(FLUSH_MAX);
    }
}

/// An operation with W2's fields that begins and ends.
fn operation(log: &Logger, n: u64) {
    repeat(n, |i| {
        let r = row(i);
        // The duration is the operation's own field.
        timed!(
            log,
            "api_request",
            endpoint = r.endpoint,
            method = r.method,
            request_id = r.request_id,
            status_code = r.status_code,
            latency_ms = r.duration_ms
        )
        .complete();
    });
}

impl Inline for TrineInline {
    #[inline(always)]
    fn w1(&self, r: &Request) {
        info!(
            "api_request_completed",
            endpoint = r.endpoint,
            method = r.method,
            request_id = r.request_id,
            status_code = r.status_code,
            duration_ms = r.duration_ms
        );
    }

    #[inline(always)]
    fn w3(&self, r: &Request) {
        debug!(
            "api_request_completed",
            endpoint = r.endpoint,
            method = r.method,
            request_id = r.request_id,
            status_code = r.status_code,
            duration_ms = r.duration_ms
        );
    }

    #[inline(always)]
    fn w4(&self, r: &Request, w: &Wide) -> bool {
        info!(
            "api_request_completed",
            endpoint = r.endpoint,
            method = r.method,
            request_id = r.request_id,
            status_code = r.status_code,
            duration_ms = r.duration_ms,
            detail = w.detail,
            tags = w.tags,
            geo = w.geo,
            cached = w.cached,
            parent_id = w.parent_id,
            bytes_out = w.bytes_out,
            user_agent = w.user_agent
        );
        true
    }
}

impl Contestant for TrineQueued {
    type Context = Logger;

    fn start(_: &Output) -> Self {
        Self
    }

    fn in_context<R>(&self, f: impl FnOnce(&Logger) -> R) -> R {
        f(&bound())
    }

    #[inline(always)]
    fn w2(&self, log: &Logger, r: &Request) {
        info!(
            log,
            "api_request_completed",
            endpoint = r.endpoint,
            method = r.method,
            request_id = r.request_id,
            status_code = r.status_code,
            duration_ms = r.duration_ms
        );
    }

    fn patterns(&self) -> Vec<Pattern<Logger>> {
        trine::set_sampling("probe=0").expect("a rule");
        vec![
            ("operation", operation),
            ("counted", |_, n| {
                static SITE: Callsite =
                    Callsite::new("cache_seen", Level::Info, ("bench", "bench.rs", 1), &[]);
                // On, it has a number, and so a counter of the thread's.
                if SITE.is_on() {
                    repeat(n, |_| count(black_box(&SITE)));
                }
            }),
            ("sampled_out", |_, n| {
                repeat(n, |i| info!(sample: black_box(0.0), "cache_hit", key = row(i).endpoint))
            }),
            ("sampled_out_per_second", |_, n| {
                repeat(n, |i| info!(sample: sample::per_second(0), "page_view", page = row(i).endpoint));
            }),
            ("sampled_out_by_rule", |_, n| repeat(n, |i| info!("probe_cache_hit", key = row(i).endpoint))),
            ("held", |_, n| {
                let _scope = scope!(keep_debug_on_failure);
                repeat(n, |i| debug!("cache_miss", key = row(i).endpoint, bytes = row(i).status_code));
            }),
            ("batched", |_, n| {
                let items = Batcher::new(100);
                repeat(n, |i| batch!(items, "item_processed", item_id = i, status = row(i).method));
            }),
        ]
    }

    fn finish(self) {
        trine::flush(FLUSH_MAX);
    }
}
