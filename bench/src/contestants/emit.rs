//! emit: on the caller's thread with the JSON of its own file writer, and through emit_file.

use std::cell::RefCell;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use emit::well_known::{KEY_MDL, KEY_MSG, KEY_TPL, KEY_TS};
use emit::{Emitter, Props};

use crate::contestant::{Contestant, Inline};
use crate::output::{Output, Writer};
use crate::workload::{BOUND, Request, Wide};

/// How long emit_file may take to write what it holds.
const FLUSH_MAX: Duration = Duration::from_secs(60);

/// emit rendering on the caller's thread.
#[derive(Debug)]
pub struct EmitInline;

/// emit with emit_file: rendered on the caller's thread, written by another.
pub struct EmitFile(Box<dyn Fn() + Send + Sync>);

/// Renders as emit_file's default writer does (its `EventValue`, emit_file 2.23), into a reused buffer per thread.
struct Json(Output);

struct Line<'a>(emit::Event<'a, &'a dyn emit::props::ErasedProps>);

impl Emitter for Json {
    fn emit<E: emit::event::ToEvent>(&self, event: E) {
        thread_local! {
            static LOCAL: RefCell<Option<(Vec<u8>, Writer)>> = const { RefCell::new(None) };
        }
        let event = event.to_event();
        LOCAL.with_borrow_mut(|local| {
            let (line, writer) = local.get_or_insert_with(|| (Vec::new(), self.0.writer()));
            line.clear();
            sval_json::stream_to_io_write(&mut *line, Line(event.erase())).expect("a Vec takes any line");
            line.push(b'\n');
            writer.write_all(line).expect("the benchmark's disk has room");
        });
    }

    fn blocking_flush(&self, _: Duration) -> bool {
        true
    }
}

impl sval::Value for Line<'_> {
    fn stream<'sval, S: sval::Stream<'sval> + ?Sized>(&'sval self, stream: &mut S) -> sval::Result {
        stream.record_begin(None, None, None, None)?;
        if let Some(extent) = self.0.extent() {
            display(stream, KEY_TS, extent.as_point())?;
        }
        display(stream, KEY_MDL, self.0.mdl())?;
        display(stream, KEY_MSG, self.0.msg())?;
        display(stream, KEY_TPL, self.0.tpl())?;
        let _ = self.0.props().dedup().for_each(|key, value| {
            let label = sval::Label::new_computed(key.get());
            let written = stream
                .record_value_begin(None, &label)
                .and_then(|()| stream.value_computed(&value))
                .and_then(|()| stream.record_value_end(None, &label));
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        stream.record_end(None, None, None)
    }
}

fn display<'sval, S: sval::Stream<'sval> + ?Sized>(
    stream: &mut S,
    key: &'static str,
    value: impl std::fmt::Display,
) -> sval::Result {
    stream.record_value_begin(None, &sval::Label::new(key))?;
    sval::stream_display(&mut *stream, &value)?;
    stream.record_value_end(None, &sval::Label::new(key))
}

fn in_frame<R>(f: impl FnOnce(&()) -> R) -> R {
    let bound = emit::props! { service: BOUND.service, region: BOUND.region, version: BOUND.version };
    emit::Frame::push(emit::runtime::shared().ctxt(), bound).call(|| f(&()))
}

macro_rules! request {
    ($level:ident, $r:expr $(, $(#[$how:meta])? $key:ident: $value:expr)*) => {
        emit::$level!("api_request_completed", endpoint: $r.endpoint, method: $r.method,
            request_id: $r.request_id, status_code: $r.status_code, duration_ms: $r.duration_ms
            $(, $(#[$how])? $key: $value)*)
    };
}

impl Contestant for EmitInline {
    type Context = ();

    fn start(output: &Output) -> Self {
        let _ = emit::setup()
            .emit_when(emit::level::min_filter(emit::Level::Info))
            .emit_to(Json(output.clone()))
            .init();
        Self
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        in_frame(f)
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        request!(info, r);
    }

    fn finish(self) {}
}

impl Inline for EmitInline {
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
        request!(info, r, detail: w.detail, #[emit::as_sval] tags: w.tags, #[emit::as_sval] geo: &w.geo,
            cached: w.cached, #[emit::as_sval] parent_id: w.parent_id, bytes_out: w.bytes_out,
            user_agent: w.user_agent);
        true
    }
}

impl Contestant for EmitFile {
    type Context = ();

    fn start(output: &Output) -> Self {
        let init = emit::setup()
            .emit_when(emit::level::min_filter(emit::Level::Info))
            .emit_to(emit_file::set(output.path()).spawn())
            .init();
        Self(Box::new(move || {
            init.blocking_flush(FLUSH_MAX);
        }))
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        in_frame(f)
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        request!(info, r);
    }

    fn finish(self) {
        (self.0)();
    }
}
