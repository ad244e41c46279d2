//! The floor behind a ring: the caller copies the arguments, a thread that sleeps 100 us renders and writes them.

use std::cell::OnceCell;
use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::line;
use super::ring::{Consumer, Producer, ring};
use super::stamp::Stamp;
use crate::clock;
use crate::contestant::Contestant;
use crate::output::{Output, open};
use crate::workload::{BOUND, EVENT, Request};

/// How long the drain sleeps when it finds nothing.
const DRAIN_SLEEP: Duration = Duration::from_micros(100);
/// Bytes collected before they are written.
const WRITE_BYTES: usize = 64 * 1024;

/// The floor for loggers with a thread of their own.
#[derive(Debug)]
pub struct FloorQueued {
    shared: Arc<Shared>,
    drain: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    rings: Mutex<Vec<Consumer>>,
    stop: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The level in force: info.
static LEVEL: AtomicU8 = AtomicU8::new(INFO);
const INFO: u8 = 2;

/// What a record must name to be rendered at all: which event this is.
static CALLSITE: &str = EVENT;

thread_local! {
    static PRODUCER: OnceCell<Producer> = const { OnceCell::new() };
}

impl Contestant for FloorQueued {
    type Context = &'static [u8];

    fn start(output: &Output) -> Self {
        let shared = Arc::<Shared>::default();
        let (drained, file) = (Arc::clone(&shared), open(output.path()));
        Self { shared, drain: std::thread::spawn(move || drain(&drained, file)) }
    }

    fn in_context<R>(&self, f: impl FnOnce(&Self::Context) -> R) -> R {
        // Leaked: records point at it, and a logger would count references once per context, not per event.
        f(&&*line::context(&BOUND).leak())
    }

    #[inline(always)]
    fn w2(&self, context: &Self::Context, r: &Request) {
        if LEVEL.load(Ordering::Relaxed) > INFO {
            return;
        }
        PRODUCER.with(|producer| {
            let producer = producer.get_or_init(|| {
                let (producer, consumer) = ring();
                self.shared.rings.lock().expect("no thread panics with it").push(consumer);
                producer
            });
            let texts = r.endpoint.len() + r.method.len() + r.request_id.len();
            producer.push(8 * 6 + 2 * 3 + texts, |pen| {
                pen.word(clock::cycles());
                pen.word((&raw const CALLSITE) as u64);
                pen.word(context.as_ptr() as u64);
                pen.word(context.len() as u64);
                pen.word(r.status_code as u64);
                pen.word(r.duration_ms.to_bits());
                pen.text(r.endpoint);
                pen.text(r.method);
                pen.text(r.request_id);
            });
        });
    }

    fn finish(self) {
        self.shared.stop.store(true, Ordering::Release);
        self.drain.join().expect("the drain does not panic");
    }
}

fn drain(shared: &Shared, mut file: File) {
    let mut stamp = Stamp::new(clock::ns_per_cycle());
    let mut lines = Vec::with_capacity(WRITE_BYTES + line::LINE_BYTES_MAX);
    loop {
        let stopping = shared.stop.load(Ordering::Acquire);
        let mut any = false;
        for consumer in shared.rings.lock().expect("no thread panics with it").iter_mut() {
            any |= consumer.drain(|record| {
                render(record, &mut lines, &mut stamp);
                if lines.len() >= WRITE_BYTES {
                    write(&mut file, &mut lines);
                }
            });
        }
        if !any {
            write(&mut file, &mut lines);
            if stopping {
                return;
            }
            std::thread::sleep(DRAIN_SLEEP);
        }
    }
}

fn write(file: &mut File, lines: &mut Vec<u8>) {
    file.write_all(lines).expect("the benchmark's disk has room");
    lines.clear();
}

#[inline]
fn render(record: &[u8], lines: &mut Vec<u8>, stamp: &mut Stamp) {
    let mut rest = record;
    let mut word = || {
        let (word, after) = rest.split_first_chunk::<8>().expect("six words lead a record");
        rest = after;
        u64::from_le_bytes(*word)
    };
    let (cycles, callsite, context, context_len, status, duration) =
        (word(), word(), word(), word(), word(), word());
    assert_eq!(callsite, (&raw const CALLSITE) as u64, "there is one callsite");
    let mut text = || {
        let (len, after) = rest.split_first_chunk::<2>().expect("three texts follow");
        let (text, after) = after.split_at(u16::from_le_bytes(*len) as usize);
        rest = after;
        // SAFETY: the producer copied this from a `&str`, whole.
        unsafe { std::str::from_utf8_unchecked(text) }
    };
    let (endpoint, method, id) = (text(), text(), text());
    line::request(lines, endpoint, method, id, status as i64, f64::from_bits(duration));
    // SAFETY: pointer and length are those of a leaked slice: see `in_context`.
    lines
        .extend_from_slice(unsafe { std::slice::from_raw_parts(context as *const u8, context_len as usize) });
    line::tail(lines, stamp, cycles);
}
