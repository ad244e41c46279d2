//! The floor on the caller's thread: a reused buffer, one append-only rendering, one write.

use std::cell::RefCell;
use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};

use super::line;
use super::stamp::Stamp;
use crate::clock;
use crate::contestant::{Contestant, Inline};
use crate::output::{Output, Writer};
use crate::workload::{BOUND, Request, Wide};

/// The level in force: info. Debug is below it.
static LEVEL: AtomicU8 = AtomicU8::new(INFO);
const DEBUG: u8 = 1;
const INFO: u8 = 2;

/// The floor for loggers that render on the caller's thread.
#[derive(Debug)]
pub struct FloorInline {
    output: Output,
    ns_per_cycle: f64,
}

struct Local {
    line: Vec<u8>,
    stamp: Stamp,
    writer: Writer,
}

thread_local! {
    static LOCAL: RefCell<Option<Local>> = const { RefCell::new(None) };
}

impl FloorInline {
    #[inline]
    fn write(&self, level: u8, render: impl FnOnce(&mut Vec<u8>)) {
        if LEVEL.load(Ordering::Relaxed) > level {
            return;
        }
        LOCAL.with_borrow_mut(|local| {
            let local = local.get_or_insert_with(|| Local {
                line: Vec::with_capacity(line::LINE_BYTES_MAX),
                stamp: Stamp::new(self.ns_per_cycle),
                writer: self.output.writer(),
            });
            let now = clock::cycles();
            local.line.clear();
            render(&mut local.line);
            line::tail(&mut local.line, &mut local.stamp, now);
            local.writer.write_all(&local.line).expect("the benchmark's disk has room");
        });
    }
}

impl Contestant for FloorInline {
    type Context = Vec<u8>;

    fn start(output: &Output) -> Self {
        Self { output: output.clone(), ns_per_cycle: clock::ns_per_cycle() }
    }

    fn in_context<R>(&self, f: impl FnOnce(&Vec<u8>) -> R) -> R {
        f(&line::context(&BOUND))
    }

    #[inline(always)]
    fn w2(&self, context: &Vec<u8>, r: &Request) {
        self.write(INFO, |line| {
            line::row(line, r);
            line.extend_from_slice(context);
        });
    }

    fn finish(self) {}
}

impl Inline for FloorInline {
    #[inline(always)]
    fn w1(&self, r: &Request) {
        self.write(INFO, |line| line::row(line, r));
    }

    #[inline(always)]
    fn w3(&self, r: &Request) {
        self.write(DEBUG, |line| line::row(line, r));
    }

    #[inline(always)]
    fn w4(&self, r: &Request, wide: &Wide) -> bool {
        self.write(INFO, |line| {
            line::row(line, r);
            line::wide(line, wide);
        });
        true
    }
}
