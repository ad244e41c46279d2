//! What is written is handed to the disk by itself, many lines at a time, where that is wanted.
#![forbid(unsafe_code)]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use trine::{Durability, Output, Sink, WriteError, info};

/// Longest that a sync is waited for; it takes some 30 ms on an idle machine.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// How long is looked on while nothing is to be synced: some times what a sync waits for others.
const UNSYNCED_FOR: Duration = Duration::from_millis(150);
/// Events emitted at full speed: far more than there may be syncs.
const EVENTS: u64 = 20_000;

/// Counts what it is asked for, and fails to sync at first.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    lines: AtomicU64,
    synced_lines: AtomicU64,
    syncs: AtomicU64,
}

impl Sink for Disk {
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.0.lines.fetch_add(count, Ordering::SeqCst);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let before = self.0.syncs.fetch_add(1, Ordering::SeqCst);
        if before == 0 {
            return Err(io::Error::other("the first sync fails"));
        }
        self.0.synced_lines.store(self.0.lines.load(Ordering::SeqCst), Ordering::SeqCst);
        Ok(())
    }

    fn describe(&self) -> String {
        "disk".into()
    }
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < WAIT_MAX, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn lines_are_synced_together_and_a_sync_that_fails_loses_none() {
    let disk = Disk::default();
    trine::setup().output(Output::to(disk.clone())).durability(Durability::Disk).force().start();
    let get = |count: &AtomicU64| count.load(Ordering::SeqCst);
    let already = get(&disk.0.syncs);
    for n in 0..EVENTS {
        info!("step_done", n);
    }
    wait_for("written", || get(&disk.0.lines) == EVENTS);
    wait_for("asked once, in vain", || get(&disk.0.syncs) > already);
    // What failed is not asked again at once: the next line is what brings the next sync.
    info!("step_done", n = EVENTS);
    wait_for("synced", || get(&disk.0.synced_lines) == EVENTS + 1);
    assert!(get(&disk.0.syncs) < EVENTS / 20, "{} syncs", get(&disk.0.syncs));
    let health = trine::health();
    assert_eq!((health.written, health.lost), (EVENTS + 1, 0));
    assert!(health.sink_errors >= 1);

    // Changed at run time, nothing is synced but when it is asked for.
    trine::setup().output(Output::to(disk.clone())).durability(Durability::Process).force().start();
    let before = get(&disk.0.syncs);
    let (begin, mut emitted) = (Instant::now(), EVENTS + 1);
    while begin.elapsed() < UNSYNCED_FOR {
        info!("step_done", n = emitted);
        emitted += 1;
        wait_for("written", || get(&disk.0.lines) == emitted);
    }
    assert_eq!(get(&disk.0.syncs), before);
    assert_eq!(trine::flush(WAIT_MAX), 0);
    assert!(get(&disk.0.syncs) > before);
}
