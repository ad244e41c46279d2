//! `trine tail`: what happens now, for people: pretty, filtered, with rates.

mod piped;
mod pretty;
mod rates;

use std::{
    collections::HashMap,
    io::{self, Cursor, IsTerminal, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use trine_query::{
    answer::{Answer, Cell},
    engine::{self, Live, Settings, ask},
    events::Reader,
    lang::{self, ast::Stage},
    scan::{
        follow::{Follower, News, POLL, Start},
        foreign::{self, Format},
        input::Input,
        line::Line,
    },
};

use self::{
    piped::{Piped, STDIN},
    rates::Rates,
};
use crate::{
    exit::Failure,
    logs::{self, Range, now_ns},
    reader,
    render::{self, Screen, Style},
    talk,
};

/// Show events as they come: pretty, filtered, with rates per second.
///
/// The filter is one of `trine query` (docs/query.md): event:payment_* level:>=warning, user_id:42 AND NOT event:cache_*
#[derive(Args, Debug)]
pub(crate) struct Flags {
    /// A file, a folder or a glob; `-`, or nothing, for what is piped in.
    #[arg(value_name = "LOGS", default_value = STDIN)]
    logs: String,
    /// Which events; all words must hold.
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    #[command(flatten)]
    range: Range,
    /// Begin with the last N matching events that are there.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    lines: u32,
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
const LINES_MAX: u32 = 100_000;
/// Bytes of a log's end in which its last matching events are looked for, before all of it is read: so that what was read in vain is little
/// against what is read then.
const LAST_BYTES: [u64; 3] = [1 << 20, 16 << 20, 256 << 20];
/// How often rates are told.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// What is shown waits for the end of a look, so that one look is one write; of more, some is written before.
const OUT_BYTES_MAX: usize = 1 << 20;
/// Matches every event.
const ALL: &str = "*";

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let filter = if flags.filter.is_empty() { ALL.to_owned() } else { flags.filter.join(" ") };
    let live = judge(&filter, flags)?;
    if flags.logs == STDIN {
        return show_piped(Tail::new(flags, filter, live));
    }
    let (mut follower, past, troubles) = Follower::new([&flags.logs], Start::End);
    if past.sources().is_empty() && flags.no_follow {
        return Err(Failure::NoLogs(troubles));
    }
    logs::tell(&troubles);
    let written = || Failure::io("write to the standard output");
    let mut tail = Tail::new(flags, filter, live);
    tail.begin(&past)?;
    tail.flush().map_err(written())?;
    if flags.no_follow {
        return Ok(());
    }
    let begin = Instant::now();
    loop {
        let mut failed = None;
        let seen = follower.look(begin.elapsed(), |news| {
            tail.news(news);
            if tail.out.len() > OUT_BYTES_MAX && failed.is_none() {
                failed = tail.flush().err();
            }
        });
        if let Some(error) = failed {
            return Err(written()(error));
        }
        logs::tell(&seen.troubles);
        tail.tick(begin.elapsed(), follower.paths().count());
        tail.flush().map_err(written())?;
        if reader::is_gone() {
            return Ok(());
        }
        if !seen.has_more {
            thread::sleep(POLL);
        }
    }
}

/// Shows what is piped in, all of it, to its end.
fn show_piped(mut tail: Tail<'_>) -> Result<(), Failure> {
    let written = || Failure::io("write to the standard output");
    if io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "there are no logs: name a file, a folder or a glob, or pipe lines in".to_owned(),
        ));
    }
    let begin = Instant::now();
    let mut piped = Piped::begin();
    while let Some(lines) = piped.lines(POLL) {
        let bytes = lines.map_err(Failure::io("read the standard input"))?;
        if !bytes.is_empty() {
            tail.news(News { path: Path::new(STDIN), bytes: &bytes });
        }
        tail.tick(begin.elapsed(), 1);
        tail.flush().map_err(written())?;
        if reader::is_gone() {
            return Ok(());
        }
    }
    tail.end(begin.elapsed());
    tail.flush().map_err(written())
}

/// A filter that waits for events.
///
/// Errors: it cannot be understood, or is a question that has another answer than all events that pass it.
fn judge(filter: &str, flags: &Flags) -> Result<Live<'static>, Failure> {
    let is_of_few = lang::parse(filter).is_ok_and(|query| {
        query.stages.iter().any(|stage| matches!(stage, Stage::Limit(_) | Stage::Dedup(_)))
    });
    match Live::begin(filter, &Input::default(), &settings(flags)) {
        Ok(live) if live.is_of_events() && !live.is_of_rows() && !is_of_few => Ok(live),
        Ok(_) => Err(Failure::Usage(format!(
            "`{filter}` asks for more than events: tail takes a filter, and `trine query` the question"
        ))),
        Err(error) => Err(Failure::Usage(error.to_string())),
    }
}

fn settings(flags: &Flags) -> Settings<'static> {
    Settings { range: flags.range.range(), now_ns: now_ns(), ..Settings::default() }
}

struct Tail<'f> {
    flags: &'f Flags,
    filter: String,
    /// The filter, fed with what comes.
    live: Live<'static>,
    /// Broken lines that were counted before.
    broken: u64,
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
    fn new(flags: &'f Flags, filter: String, live: Live<'static>) -> Tail<'f> {
        Tail {
            flags,
            filter,
            live,
            broken: 0,
            screen: Screen::of_stdout(),
            formats: HashMap::new(),
            readers: Vec::new(),
            rates: Rates::default(),
            told_at: Duration::ZERO,
            out: Vec::new(),
            status: String::new(),
        }
    }

    /// Shows the last matching events that are there; all of a range, where one was asked for.
    fn begin(&mut self, past: &Input) -> Result<(), Failure> {
        let settings = settings(self.flags);
        let has_range = settings.range.is_some();
        let most = if has_range { LINES_MAX } else { self.flags.lines.min(LINES_MAX) };
        if most == 0 || self.flags.rates || past.sources().is_empty() {
            return Ok(());
        }
        let question = format!("{} | sort -timestamp | limit {most}", self.filter);
        let failure = |error: engine::Error| Failure::Usage(error.to_string());
        let answer = match &past.logs()[..] {
            [log] if !has_range => last_of(&question, log, most, &settings).map_err(failure)?,
            logs if !has_range => {
                let lenient = Settings { is_lenient: true, ..settings };
                let mut text = String::new();
                for log in logs {
                    for line in lines(&last_of(&question, log, most, &lenient).map_err(failure)?).rev() {
                        text += line;
                        text.push('\n');
                    }
                }
                if text.is_empty() {
                    // Is it a slip?
                    begin_with(&question, past, &settings).map_err(failure)?
                } else {
                    // The last of all are among the last of each.
                    let all = Input::reader("the last lines", Cursor::new(text.into_bytes()));
                    ask(&question, &all, &lenient).map_err(failure)?
                }
            }
            _ => begin_with(&question, past, &settings).map_err(failure)?,
        };
        for line in lines(&answer).rev() {
            let format = foreign::detect(line.as_bytes()).unwrap_or(&foreign::UNKNOWN);
            self.event(line, format);
        }
        // What was there is no part of what happens now.
        self.rates = Rates::default();
        Ok(())
    }

    fn news(&mut self, news: News<'_>) {
        self.rates.bytes += news.bytes.len() as u64;
        let format = self.format(news.path, news.bytes);
        if let Err(error) = self.live.feed(news.bytes) {
            talk::warn(error);
        }
        let answer = self.live.answer();
        let broken = answer.notes.broken_lines();
        self.rates.broken += broken - std::mem::replace(&mut self.broken, broken);
        lines(&answer).for_each(|line| self.event(line, format));
    }

    fn format(&mut self, path: &Path, bytes: &[u8]) -> &'static Format {
        if let Some(format) = self.formats.get(path) {
            return format;
        }
        let Some(format) = foreign::detect(bytes) else { return &foreign::UNKNOWN };
        self.formats.insert(path.to_owned(), format);
        format
    }

    fn event(&mut self, line: &str, format: &'static Format) {
        if self.flags.raw {
            self.out.extend_from_slice(line.as_bytes());
            self.out.push(b'\n');
        }
        let place =
            self.readers.iter().position(|(known, _)| std::ptr::eq(*known, format)).unwrap_or_else(|| {
                self.readers.push((format, Reader::new(format, &[&["level"]])));
                self.readers.len() - 1
            });
        let Tail { readers, rates, out, flags, screen, .. } = self;
        // A line that matched was read before.
        let _ = readers[place].1.each(Line::new(line.as_bytes()), &mut |event| {
            rates.add(event);
            if !flags.raw && !flags.rates {
                pretty::write(event, format, screen, out);
            }
        });
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
            self.status = render::cut(&status, self.screen.columns().saturating_sub(1));
            self.show_status();
        }
        self.rates = Rates::default();
    }

    /// Tells the rates of the last part of a second.
    fn end(&mut self, now: Duration) {
        if self.flags.rates && now > self.told_at {
            let line = self.rates.line(now - self.told_at, &self.screen);
            self.out.extend_from_slice(line.as_bytes());
        }
        self.clear_status();
        self.status.clear();
    }

    fn clear_status(&self) {
        if !self.status.is_empty() {
            talk::show("\r\x1b[K");
        }
    }

    fn show_status(&self) {
        if !self.status.is_empty() {
            talk::show(Style::of_stderr().faint(&self.status));
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

/// An answer about what is there; a name that nothing has yet is a warning.
fn begin_with(question: &str, past: &Input, settings: &Settings<'_>) -> Result<Answer, engine::Error> {
    ask(question, past, settings).or_else(|error| {
        let engine::Error::Question(_) = error else { return Err(error) };
        // A name that nothing has yet may come; but it may be a slip as well.
        talk::warn(&error);
        ask(question, past, &Settings { is_lenient: true, ..*settings })
    })
}

/// The last matching events of one log, read from its end on: of a large one only as much as has them.
fn last_of(question: &str, log: &Input, most: u32, settings: &Settings<'_>) -> Result<Answer, engine::Error> {
    for bytes in LAST_BYTES {
        let Some(end) = log.last(bytes) else { break };
        let answer = ask(question, &end, &Settings { is_lenient: true, ..*settings })?;
        if answer.rows.len() >= most as usize {
            return Ok(answer);
        }
    }
    begin_with(question, log, settings)
}

/// The events of an answer, as they stand in the log.
fn lines(answer: &Answer) -> impl DoubleEndedIterator<Item = &str> {
    answer.rows.iter().filter_map(|row| match &row[..] {
        [Cell::Nested(line)] => Some(line.as_str()),
        _ => None,
    })
}
