//! `trine query --follow`: the question over logs that are still written to.

use std::{
    io::{self, IsTerminal, Write},
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use trine_query::{
    engine::Live,
    scan::{
        follow::{Follower, POLL, Start},
        input::Input,
    },
};

use super::{Flags, failure, show};
use crate::{exit::Failure, interrupt, logs::tell, reader};

/// Of events, so many bytes are looked at before those among them that match are shown: all that is held of a log that grows fast.
const SHOWN_EVERY_BYTES: usize = 4 << 20;
/// Time between two answers of a question for groups.
const REFRESH: Duration = Duration::from_secs(1);

pub(super) fn run(flags: &Flags, question: &str, logs: &[String]) -> Result<(), Failure> {
    let settings = flags.settings(None);
    if logs.is_empty() || logs.iter().any(|log| log == "-") {
        return Err(Failure::Usage(
            "--follow needs files or folders: a pipe is followed as it is".to_owned(),
        ));
    }
    let (mut follower, past, troubles) = Follower::new(logs, Start::End);
    tell(&troubles);
    let mut live = Live::begin(question, &past, &settings).map_err(failure)?;
    // What is there has been answered for groups; of events only those that come are wanted.
    if live.is_of_events() {
        drop(live);
        live = Live::begin(question, &Input::default(), &settings).map_err(failure)?;
    }
    let begin = Instant::now();
    let mut shown: Option<Instant> = None;
    let (mut failed, mut has_news, mut fed_bytes) = (None::<Failure>, true, 0);
    while !interrupt::flag().load(Ordering::Relaxed) {
        let seen = follower.look(begin.elapsed(), |news| {
            has_news = true;
            if failed.is_some() {
                return;
            }
            failed = live.feed(news.bytes).map_err(failure).err();
            fed_bytes += news.bytes.len();
            if live.is_of_events() && fed_bytes >= SHOWN_EVERY_BYTES && failed.is_none() {
                failed = refresh(flags, question, &mut live).err();
                fed_bytes = 0;
            }
        });
        tell(&seen.troubles);
        if let Some(failure) = failed {
            return Err(failure);
        }
        let is_due = live.is_of_events() || shown.is_none_or(|shown| shown.elapsed() >= REFRESH);
        if has_news && is_due {
            refresh(flags, question, &mut live)?;
            (shown, has_news) = (Some(Instant::now()), false);
        }
        if live.is_done() || reader::is_gone() {
            return Ok(());
        }
        if !seen.has_more {
            thread::sleep(POLL);
        }
    }
    // The last of it, if it came since.
    if has_news { refresh(flags, question, &mut live) } else { Ok(()) }
}

fn refresh(flags: &Flags, question: &str, live: &mut Live<'_>) -> Result<(), Failure> {
    let is_of_events = live.is_of_events();
    let mut answer = live.answer();
    if is_of_events {
        if answer.rows.is_empty() {
            return Ok(());
        }
        // They would be said again with every event.
        answer.notes = Default::default();
    } else if io::stdout().is_terminal() {
        // From the top again, over what was shown before.
        write!(io::stdout(), "\x1b[H\x1b[J").map_err(Failure::io("write to the standard output"))?;
    }
    show(flags, question, &answer)
}
