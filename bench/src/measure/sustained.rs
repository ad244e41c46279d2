//! One thread emits as fast as it can; the clock stops when the file is complete, and the lines are counted.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Report;
use crate::output::written;

/// How long a file that is short of lines may stand still before the rest counts as lost.
const STILL_MAX: Duration = Duration::from_secs(3);
/// How often its size is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What is known when the last event has been emitted.
#[derive(Debug)]
pub struct Emitted {
    start: Instant,
    caller: Duration,
}

/// Emits `events` events.
pub fn emit(events: u64, event: &mut dyn FnMut(u64)) -> Emitted {
    let start = Instant::now();
    event(events);
    Emitted { start, caller: start.elapsed() }
}

impl Emitted {
    /// Waits for the file to hold `expected` lines. Adds `sustained_keps` (thousand events per second until the file
    /// was complete), `caller_keps` (until the caller was done) and `lost`.
    pub fn complete(self, path: &Path, expected: u64, report: &mut Report) {
        let mut done = Instant::now();
        let path = &written(path);
        let mut size = size_of(path);
        let mut lines = count_lines(path);
        while lines < expected && done.elapsed() < STILL_MAX {
            std::thread::sleep(LOOK);
            if size_of(path) != size {
                (done, size) = (Instant::now(), size_of(path));
                continue;
            }
            lines = count_lines(path);
        }
        let keps = |time: Duration| lines as f64 / time.as_secs_f64() / 1e3;
        report.insert("sustained_keps".to_owned(), keps(done - self.start));
        report.insert("caller_keps".to_owned(), keps(self.caller));
        report.insert("lost".to_owned(), expected.saturating_sub(lines) as f64);
    }
}

fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

fn count_lines(path: &Path) -> u64 {
    let Ok(mut file) = File::open(path) else { return 0 };
    let mut block = vec![0; 1 << 20];
    let mut lines = 0;
    loop {
        match file.read(&mut block).expect("a regular file can be read") {
            0 => return lines,
            len => lines += block[..len].iter().filter(|&&byte| byte == b'\n').count() as u64,
        }
    }
}
