//! How far it is, on the standard error, when it takes long and somebody is looking.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::Scope,
    time::{Duration, Instant},
};

use trine_query::scan::input::Progress;

use crate::render::{bar, cell_bytes, duration};

/// Nothing is shown before: most questions are answered by then.
const QUIET: Duration = Duration::from_millis(500);
/// Time between two looks.
const TICK: Duration = Duration::from_millis(100);
/// Width of the bar, in columns.
const BAR_COLUMNS: usize = 20;

/// Draws until it is finished, and leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Bar(Option<Sender<()>>);

impl Bar {
    pub(crate) fn start<'s>(scope: &'s Scope<'s, '_>, progress: &'s Progress) -> Bar {
        if !io::stderr().is_terminal() {
            return Bar(None);
        }
        let (sender, receiver) = channel();
        let begin = Instant::now();
        scope.spawn(move || {
            let mut is_drawn = false;
            let mut pause = QUIET;
            while receiver.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let _ = write!(io::stderr(), "\r\x1b[K{}", line(progress, begin.elapsed()));
                is_drawn = true;
                pause = TICK;
            }
            if is_drawn {
                let _ = write!(io::stderr(), "\r\x1b[K");
            }
        });
        Bar(Some(sender))
    }

    pub(crate) fn finish(self) {
        drop(self.0);
    }
}

/// `████░░ 1.2 GB of 3.4 GB · 2.1 GB/s · 1.1 s left`
fn line(progress: &Progress, elapsed: Duration) -> String {
    let (done, total) = (progress.done_bytes() as f64, progress.total_bytes() as f64);
    let rate = done / elapsed.as_secs_f64().max(1e-9);
    let speed = format!("{}/s", cell_bytes(rate));
    if total < done || total == 0.0 {
        return format!("{} · {speed}", cell_bytes(done));
    }
    let left = if rate > 0.0 { duration((total - done) / rate * 1e9) } else { "?".to_owned() };
    let bar = bar(done / total, BAR_COLUMNS);
    format!("{bar:BAR_COLUMNS$} {} of {} · {speed} · {left} left", cell_bytes(done), cell_bytes(total))
}
