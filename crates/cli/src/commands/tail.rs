//! `trine tail`: what happens now, for people: pretty, filtered, with rates.

mod filter;
mod pretty;
mod rates;

use std::{
    collections::HashMap,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use trine_query::{
    events::{Event, Formats, Reader},
    scan::{
        follow::{Follower, News, POLL, Start},
        foreign::{self, Format},
        input::{Input, Lines, Options, Order, TimeRange, scan},
        line::Line,
    },
};

use self::{filter::Filter, rates::Rates};
use crate::{
    exit::Failure,
    logs::{self, Range},
    render::{Screen, Style},
};

/// Show events as they come: pretty, filtered, with rates per second.
///
/// A filter is words, all of which must hold: `payment_*` (the name), `level:warning` (that or worse), `user_id:42`, `endpoint:/api/*`;
/// what `--not` names must not.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    /// A file, a folder or a glob.
    #[arg(value_name = "LOGS", required = true)]
    logs: String,
    /// Which events.
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Not these: a word as in the filter. May be repeated.
    #[arg(long = "not", short = 'v', value_name = "WORD")]
    not: Vec<String>,
    #[command(flatten)]
    range: Range,
    /// Begin with the last N matching events that are there.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    lines: usize,
    /// Lines as they stand in the log.
    #[arg(long)]
    raw: bool,
    /// No events: each second how many there were, of which names.
    #[arg(long, conflicts_with = "raw")]
    rates: bool,
    /// Only what is there: do not wait for more.
    #[arg(long)]
    no_follow: bool,
}

/// Most lines that `--lines` and `--since` begin with.
const LINES_MAX: usize = 100_000;
/// How often rates are told.
const TOLD_EVERY: Duration = Duration::from_secs(1);

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let filter = Filter::parse(&flags.filter, &flags.not).map_err(Failure::Usage)?;
    let (mut follower, past, troubles) = Follower::new([&flags.logs], Start::End);
    if past.sources().is_empty() && flags.no_follow {
        return Err(Failure::NoLogs(troubles));
    }
    logs::tell(&troubles);
    let mut tail = Tail::new(flags, filter);
    tail.begin(&past);
    tail.flush().map_err(Failure::io("write to the standard output"))?;
    if flags.no_follow {
        return Ok(());
    }
    let begin = Instant::now();
    loop {
        let seen = follower.look(begin.elapsed(), |news| tail.news(news));
        logs::tell(&seen.troubles);
        tail.tick(begin.elapsed(), follower.paths().count());
        tail.flush().map_err(Failure::io("write to the standard output"))?;
        if !seen.has_more {
            thread::sleep(POLL);
        }
    }
}

struct Tail<'f> {
    flags: &'f Flags,
    filter: Filter,
    range: Option<TimeRange>,
    screen: Screen,
    formats: HashMap<PathBuf, &'static Format>,
    readers: Vec<(&'static Format, Reader)>,
    rates: Rates,
    told_at: Duration,
    /// What is to be written.
    out: Vec<u8>,
    /// The last line of the screen: the rates.
    status: String,
}

impl<'f> Tail<'f> {
    fn new(flags: &'f Flags, filter: Filter) -> Tail<'f> {
        Tail {
            flags,
            filter,
            range: flags.range.range(),
            screen: Screen::of_stdout(),
            formats: HashMap::new(),
            readers: Vec::new(),
            rates: Rates::default(),
            told_at: Duration::ZERO,
            out: Vec::new(),
            status: String::new(),
        }
    }

    /// Shows the last matching lines that are there; all of a range, where one was asked for.
    fn begin(&mut self, past: &Input) {
        let most = if self.range.is_some() { LINES_MAX } else { self.flags.lines.min(LINES_MAX) };
        if most == 0 || self.flags.rates {
            return;
        }
        let formats = Formats::of(past);
        let options = Options { range: self.range, ..Options::default() };
        type Found = (Order, usize, Vec<u8>);
        let all: Mutex<Vec<(Found, &'static Format)>> = Mutex::default();
        let (filter, range) = (&self.filter, self.range);
        scan(
            past,
            &options,
            || (),
            |(), block| {
                let format = formats.of_block(block.order.source, block.bytes);
                let reader = reader_of(format, filter);
                // From its end: of a block no more than the last are wanted.
                let lines: Vec<&[u8]> = block.lines().collect();
                let mut found: Vec<(Found, &'static Format)> = Vec::new();
                for (place, line) in lines.iter().enumerate().rev() {
                    if found.len() >= most {
                        break;
                    }
                    let mut is_wanted = false;
                    let _ = reader
                        .each(Line::new(line), &mut |event| is_wanted |= wants(filter, range, event, format));
                    if is_wanted {
                        found.push(((block.order, place, line.to_vec()), format));
                    }
                }
                let mut all = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                all.append(&mut found);
                all.sort_by(|a, b| a.0.cmp(&b.0));
                let beyond = all.len().saturating_sub(most);
                all.drain(..beyond);
            },
        );
        for ((_, _, line), format) in all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            self.line(&line, format);
        }
        // What was there is no part of what happens now.
        self.rates = Rates::default();
    }

    fn news(&mut self, news: News<'_>) {
        let format = self.format(news.path, news.bytes);
        for line in Lines::of(news.bytes) {
            self.line(line, format);
        }
    }

    fn format(&mut self, path: &Path, bytes: &[u8]) -> &'static Format {
        if let Some(format) = self.formats.get(path) {
            return format;
        }
        match foreign::detect(bytes) {
            Some(format) => {
                self.formats.insert(path.to_owned(), format);
                format
            }
            None => &foreign::UNKNOWN,
        }
    }

    fn line(&mut self, line: &[u8], format: &'static Format) {
        self.rates.bytes += line.len() as u64 + 1;
        if !self.filter.may_match(line) {
            return;
        }
        let place = match self.readers.iter().position(|(known, _)| std::ptr::eq(*known, format)) {
            Some(place) => place,
            None => {
                self.readers.push((format, reader_of(format, &self.filter)));
                self.readers.len() - 1
            }
        };
        let Tail { readers, filter, range, rates, out, flags, screen, .. } = self;
        let mut is_wanted = false;
        let result = readers[place].1.each(Line::new(line), &mut |event| {
            if wants(filter, *range, event, format) {
                is_wanted = true;
                rates.add(event);
                if !flags.raw && !flags.rates {
                    pretty::write(event, format, screen, out);
                }
            }
        });
        if result.is_err() {
            rates.broken += 1;
        }
        if is_wanted && flags.raw {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }

    /// Tells rates, once a second.
    fn tick(&mut self, now: Duration, files: usize) {
        let passed = now.saturating_sub(self.told_at);
        if passed < TOLD_EVERY {
            return;
        }
        self.told_at = now;
        if self.flags.rates {
            let line = self.rates.line(passed, &self.screen);
            self.out.extend_from_slice(line.as_bytes());
        } else if self.screen.is_terminal {
            self.clear_status();
            let status = self.rates.status(passed, files);
            self.status = crate::render::cut(&status, self.screen.columns().saturating_sub(1));
            self.show_status();
        }
        self.rates = Rates::default();
    }

    fn clear_status(&self) {
        if !self.status.is_empty() {
            eprint!("\r\x1b[K");
        }
    }

    fn show_status(&self) {
        if !self.status.is_empty() {
            eprint!("{}", Style::of_stderr().faint(&self.status));
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        self.clear_status();
        let mut out = io::stdout().lock();
        out.write_all(&self.out)?;
        out.flush()?;
        self.out.clear();
        self.show_status();
        Ok(())
    }
}

fn reader_of(format: &'static Format, filter: &Filter) -> Reader {
    let keys: Vec<[&str; 1]> = filter.keys().map(|key| [key]).collect();
    let wanted: Vec<&[&str]> =
        [&["level"][..]].into_iter().chain(keys.iter().map(|names| &names[..])).collect();
    Reader::new(format, &wanted)
}

/// Whether an event is in the range and matches.
fn wants(filter: &Filter, range: Option<TimeRange>, event: &Event<'_>, format: &Format) -> bool {
    let is_in = |range: TimeRange| {
        event.time_ns.is_some_and(|at_ns| range.since_ns <= at_ns && at_ns < range.until_ns)
    };
    range.is_none_or(is_in) && filter.matches(event, format)
}
