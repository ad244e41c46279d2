//! The program that is broken: it emits as fast as it can, and tells how far it is.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use trine::{
    Durability, Format, Output, info,
    sink::{FileSink, Sink},
};
use trine_ring::{Backing, Region};

use crate::plan::Plan;

/// The log; rotated.
pub(crate) const LOG: &str = "app.jsonl";
/// The second output; not rotated.
pub(crate) const SECOND: &str = "all.log";
/// Variable that has a victim sync its files.
pub(crate) const DURABLE: &str = "FAULTS_DURABLE";
/// Variable with the file by which a victim joins a control group, whose memory it eats up.
pub(crate) const GROUP: &str = "FAULTS_GROUP";
/// What it eats at a time, and how long that takes it.
const BITE_BYTES: usize = 1 << 20;
const BITE_PAUSE: Duration = Duration::from_millis(1);
/// An event that waits so long may be counted as lost, which happens where a group without memory cannot write either: that
/// event is not counted on, and its thread emits no more. The first such event of each thread waits a second.
const STALL: Duration = Duration::from_millis(900);
/// Longest that a victim that ends waits for its outputs.
const FLUSH_MAX: Duration = Duration::from_secs(20);
/// One event in so many is too large for a small ring.
const LARGE_EVERY: u64 = 499;
/// Bytes of the text of such an event.
const LARGE_BYTES: usize = 3_000;

/// How many events of each thread have been emitted: in memory that outlives the victim.
#[derive(Debug)]
pub(crate) struct Counts(Region);

impl Counts {
    pub(crate) fn create(place: &Path, run: u64, threads: usize) -> Counts {
        let backing = Backing::Directory(place.to_owned());
        // One more, for what it counts as lost.
        Counts(Region::create(&backing, &name(run), (threads + 1) * 8).expect("memory for counts"))
    }

    fn open(place: &Path, run: u64) -> Counts {
        Counts(Region::open(&place.join(name(run))).expect("memory for counts"))
    }

    /// Emitted, by thread.
    pub(crate) fn read(&self) -> Vec<u64> {
        let threads = self.0.words().split_last().map_or(&[][..], |(_, threads)| threads);
        threads.iter().map(|word| word.load(Ordering::Acquire)).collect()
    }

    /// Counted as lost by the victim itself.
    pub(crate) fn lost(&self) -> u64 {
        self.0.words().last().map_or(0, |word| word.load(Ordering::Acquire))
    }

    fn of(&self, thread: usize) -> &AtomicU64 {
        &self.0.words()[thread]
    }
}

fn name(run: u64) -> String {
    format!("counts-{run}")
}

/// The text of an event: of any length, and known from its number.
pub(crate) fn text(n: u64) -> &'static str {
    static TEXT: [u8; LARGE_BYTES] = [b'x'; LARGE_BYTES];
    let bytes = if n % LARGE_EVERY == LARGE_EVERY - 1 { LARGE_BYTES } else { (n * 7 % 90) as usize };
    std::str::from_utf8(&TEXT[..bytes]).unwrap_or_default()
}

/// Runs until it is killed, or has emitted so many events per thread; where it `only-recover`s, until it has.
pub(crate) fn run(place: &Path, run: u64, life: &str, plan: &Plan) {
    let file = FileSink::new(place.join(LOG)).rotate_bytes(plan.rotate_bytes);
    let mut setup = trine::setup().ring_bytes(plan.ring_bytes).output(json(file));
    if std::env::var_os(DURABLE).is_some() {
        setup = setup.durability(Durability::Disk);
    }
    if plan.has_second {
        setup = setup.output(Output::file(place.join(SECOND)).format(Format::Logfmt));
    }
    let group = std::env::var_os(GROUP);
    if let Some(group) = &group {
        // Before anything is in memory, so that all of it is the group's.
        std::fs::write(group, std::process::id().to_string()).expect("a control group");
    }
    setup.start();
    if life == "only-recover" {
        return;
    }
    if group.is_some() {
        thread::spawn(eat);
    }
    let is_hungry = group.is_some();
    let events = life.parse().unwrap_or(u64::MAX);
    let counts = Arc::new(Counts::open(place, run));
    let threads: Vec<_> = (0..plan.threads)
        .map(|thread| {
            let counts = Arc::clone(&counts);
            thread::spawn(move || {
                for n in 0..events {
                    let begin = is_hungry.then(Instant::now);
                    info!("step_done", run, thread, n, text = text(n));
                    if begin.is_some_and(|begin| begin.elapsed() >= STALL) {
                        return;
                    }
                    counts.of(thread).store(n + 1, Ordering::Release);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| drop(thread.join()));
    if is_hungry {
        // The system comes for it.
        loop {
            thread::park();
        }
    }
    trine::flush(FLUSH_MAX);
    if let Some(word) = counts.0.words().last() {
        word.store(trine::health().lost, Ordering::Release);
    }
}

/// Takes memory until the system kills.
fn eat() {
    let mut eaten = Vec::new();
    loop {
        eaten.push(std::hint::black_box(vec![1_u8; BITE_BYTES]));
        thread::sleep(BITE_PAUSE);
    }
}

fn json(sink: impl Sink + 'static) -> Output {
    Output::to(sink).format(Format::Json)
}
