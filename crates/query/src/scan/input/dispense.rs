//! Who does what: work is handed out under a lock, in the order of the input, and done without it.

use std::{
    fs::File,
    io::{self, Read},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use memchr::memchr;

use super::{
    FRAME_BLOCK_BYTES, Input, Origin, Source,
    cut::{Cut, Cutter},
    form::{self, Form},
    frames,
    range::{HAS_READ_AT, Part, Range},
    run::{Block, Options, Order, Progress, Report},
    seams::{Piece, Seams},
    shared::{Reading, Shared},
    span,
    trouble::{Trouble, TroubleKind},
    turns::{self, Turn, Watch},
};

/// What marks UTF-8 at the begin of some files; not part of the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) struct Dispenser<'a> {
    input: &'a Input,
    options: &'a Options<'a>,
    /// Who hears of the work, where its order matters.
    watch: Option<&'a dyn Watch>,
    queue: Mutex<Queue>,
    report: Mutex<Gathered>,
    done: Arc<AtomicU64>,
    is_stopped: AtomicBool,
}

#[derive(Default)]
struct Queue {
    /// The source to be opened next.
    next: usize,
    /// A file that is being handed out in parts.
    parts: Option<Parts>,
    /// Streams that others read, by their sources, for those that have nothing else to do.
    streams: Vec<(usize, Arc<Shared>)>,
}

#[derive(Default)]
struct Gathered {
    troubles: Vec<(usize, Trouble)>,
    skipped: usize,
}

/// A file in parts, and how many were handed out.
struct Parts {
    source: usize,
    file: Arc<File>,
    next: usize,
    kind: PartsKind,
}

enum PartsKind {
    Ranges { begin: u64, end: u64 },
    Frames { runs: Vec<(u64, u64)>, seams: Arc<Mutex<Seams>> },
}

struct Stream<'a> {
    cutter: Cutter<Box<dyn Read + Send + 'a>>,
    form: Form,
}

enum Task<'a> {
    Range { source: usize, file: Arc<File>, number: usize, range: Range },
    Frames(usize, Frames),
    Stream(usize, Stream<'a>, Arc<Shared>),
    Help(usize, Arc<Shared>),
}

/// A run of frames.
struct Frames {
    file: Arc<File>,
    number: usize,
    run: (u64, u64),
    seams: Arc<Mutex<Seams>>,
}

/// A source that was opened.
enum Opened<'a> {
    Parts(Parts),
    Stream(Stream<'a>),
}

type Fold<'f> = &'f mut dyn FnMut(Block<'_>);

impl<'a> Dispenser<'a> {
    pub(super) fn new(
        input: &'a Input,
        options: &'a Options<'a>,
        watch: Option<&'a dyn Watch>,
    ) -> Dispenser<'a> {
        Dispenser {
            input,
            options,
            watch,
            queue: Mutex::default(),
            report: Mutex::default(),
            done: Arc::default(),
            is_stopped: AtomicBool::new(false),
        }
    }

    /// Works until nothing is left to do.
    pub(super) fn work(&self, fold: Fold<'_>) {
        let mut buffer = Vec::new();
        while self.goes_on()
            && let Some((task, _turn)) = self.next()
        {
            match task {
                Task::Range { source, file, number, range } => {
                    self.range(source, &file, number, range, &mut buffer, fold);
                }
                Task::Frames(source, frames) => self.frames(source, &frames, &mut buffer, fold),
                Task::Stream(source, stream, shared) => {
                    self.stream(source, stream, &shared, &mut buffer, fold);
                }
                Task::Help(source, shared) => shared.help(&|| self.goes_on(), &mut |(bytes, block)| {
                    self.deliver(bytes, Order { source: source as u32, part: 0, block: *block }, None, fold);
                }),
            }
        }
    }

    pub(super) fn finish(self) -> Report {
        let mut gathered = self.report.into_inner().unwrap_or_else(PoisonError::into_inner);
        // One line per source and kind, also where many workers met it.
        gathered.troubles.sort_by_key(|(source, _)| *source);
        let mut troubles: Vec<(usize, Trouble)> = Vec::new();
        for (source, trouble) in gathered.troubles {
            match troubles
                .iter_mut()
                .rev()
                .take_while(|(other, _)| *other == source)
                .find(|(_, other)| other.is_like(&trouble))
            {
                Some((_, other)) => other.add(&trouble),
                None => troubles.push((source, trouble)),
            }
        }
        Report {
            troubles: troubles.into_iter().map(|(_, trouble)| trouble).collect(),
            bytes: self.done.load(Ordering::Relaxed),
            sources_skipped: gathered.skipped,
            is_partial: self.is_stopped.into_inner(),
        }
    }

    fn goes_on(&self) -> bool {
        let stop = self.options.stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
        if stop {
            self.is_stopped.store(true, Ordering::Relaxed);
        }
        !stop
    }

    /// The next piece of work, and its turn.
    fn next(&self) -> Option<(Task<'a>, Option<Turn<'a>>)> {
        let mut queue = lock(&self.queue);
        let task = self.next_of(&mut queue)?;
        // Before another is handed out, or it would not be known that this one comes first.
        let turn = self.watch.map(|watch| Turn::new(watch, task.order(), task.is_stream()));
        Some((task, turn))
    }

    /// Opens sources on the way.
    fn next_of(&self, queue: &mut Queue) -> Option<Task<'a>> {
        loop {
            if let Some(parts) = &mut queue.parts {
                if let Some(task) = parts.next(self.options.block_bytes.max(1)) {
                    return Some(task);
                }
                queue.parts = None;
            }
            let Some(source) = self.input.sources().get(queue.next) else { break };
            let number = queue.next;
            queue.next += 1;
            match self.open(source, number) {
                Ok(Some(Opened::Parts(parts))) => queue.parts = Some(parts),
                Ok(Some(Opened::Stream(stream))) => {
                    let shared = Arc::new(Shared::default());
                    queue.streams.retain(|(_, shared)| shared.is_open());
                    queue.streams.push((number, Arc::clone(&shared)));
                    return Some(Task::Stream(number, stream, shared));
                }
                Ok(None) => {}
                Err(_) if !self.goes_on() => return None,
                Err(error) => self.trouble(number, TroubleKind::Unreadable, Some(error)),
            }
        }
        // Nothing is left but to help with a stream that has not ended.
        queue.streams.retain(|(_, shared)| shared.is_open());
        let (source, shared) = queue.streams.first().cloned()?;
        // The next helper tries the next one.
        queue.streams.rotate_left(1);
        Some(Task::Help(source, shared))
    }

    fn open(&self, source: &'a Source, number: usize) -> io::Result<Option<Opened<'a>>> {
        let path = match &source.origin {
            Origin::File(path) => path,
            Origin::Part(_, file, part) => {
                let kind = PartsKind::Ranges { begin: part.start, end: part.end };
                return Ok(Some(Opened::Parts(Parts {
                    source: number,
                    file: Arc::clone(file),
                    next: 0,
                    kind,
                })));
            }
            Origin::Stdin => return self.open_stream(io::stdin(), true, number),
            Origin::Reader(_) => match source.origin.take_reader() {
                Some(reader) => return self.open_stream(reader, true, number),
                None => return Ok(None),
            },
        };
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return self.open_stream(file, true, number);
        }
        if self.options.range.is_some_and(|range| span::is_outside(path, range)) {
            lock(&self.report).skipped += 1;
            self.counter().add(meta.len());
            return Ok(None);
        }
        if !HAS_READ_AT {
            return self.open_stream(file, false, number);
        }
        let mut begin = Vec::new();
        Part { file: &file, at: 0, end: form::MAGIC_BYTES as u64 }.read_to_end(&mut begin)?;
        let kind = match Form::of(&begin) {
            Form::Plain => PartsKind::Ranges { begin: 0, end: meta.len() },
            Form::Zstd => {
                let runs = frames::runs(&file, meta.len());
                let is_long = |run: &(u64, u64)| run.1 - run.0 > turns::RUN_BYTES_MAX;
                if runs.len() < 2 || self.watch.is_some() && runs.iter().any(is_long) {
                    return self.open_stream(file, false, number);
                }
                let seams = Arc::new(Mutex::new(Seams::new(runs.len())));
                PartsKind::Frames { runs, seams }
            }
            Form::Gzip | Form::Utf16 => return self.open_stream(file, false, number),
        };
        Ok(Some(Opened::Parts(Parts { source: number, file: Arc::new(file), next: 0, kind })))
    }

    fn open_stream(
        &self,
        reader: impl Read + Send + 'a,
        is_live: bool,
        number: usize,
    ) -> io::Result<Option<Opened<'a>>> {
        let (form, reader) = form::peek(Counted { reader, counter: self.counter() }, &|| self.goes_on())?;
        if form == Form::Utf16 {
            self.trouble(number, TroubleKind::Utf16, None);
            return Ok(None);
        }
        let Options { block_bytes, line_bytes_max, .. } = *self.options;
        let is_eager = is_live && form == Form::Plain;
        let cutter = Cutter::new(form.unpack(reader)?, block_bytes, line_bytes_max, is_eager);
        Ok(Some(Opened::Stream(Stream { cutter, form })))
    }

    fn range(
        &self,
        source: usize,
        file: &File,
        number: usize,
        range: Range,
        buffer: &mut Vec<u8>,
        fold: Fold<'_>,
    ) {
        let lines = match range.read(file, buffer, self.options.line_bytes_max) {
            Ok(lines) => lines,
            Err(error) => return self.trouble(source, TroubleKind::Unreadable, Some(error)),
        };
        self.counter().add(range.length as u64);
        if lines.has_long_line {
            self.trouble(source, TroubleKind::LongLines(1), None);
        }
        if lines.is_short {
            self.trouble(source, TroubleKind::Shrunk, None);
        }
        let order = Order { source: source as u32, part: number as u64, block: 0 };
        self.deliver(&buffer[lines.from..lines.to], order, Some(lines.offset), fold);
    }

    /// Reads a stream to its end, and looks at what the helpers leave.
    fn stream(
        &self,
        source: usize,
        mut stream: Stream<'_>,
        shared: &Shared,
        buffer: &mut Vec<u8>,
        fold: Fold<'_>,
    ) {
        let reading = Reading(shared);
        let order = |block| Order { source: source as u32, part: 0, block };
        let (mut block, mut is_damaged) = (0, false);
        while self.goes_on() {
            match stream.cutter.next(buffer, &|| self.goes_on()) {
                Ok(Cut::End) => break,
                // What stands before damage without a line feed is no line.
                Ok(Cut::Rest) if is_damaged => break,
                Ok(_) => {
                    if !shared.hand_over(buffer, block) {
                        self.deliver(buffer, order(block), None, fold);
                    }
                    block += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => break,
                Err(error) => {
                    is_damaged = true;
                    self.trouble(source, stream.form.trouble(), Some(error));
                }
            }
        }
        while self.goes_on()
            && let Some((bytes, block)) = shared.take()
        {
            self.deliver(&bytes, order(block), None, fold);
        }
        drop(reading);
        self.long_lines(source, stream.cutter.long_lines);
    }

    fn frames(&self, source: usize, frames: &Frames, buffer: &mut Vec<u8>, fold: Fold<'_>) {
        let Frames { file, number, run, seams } = frames;
        let order = |part, block| Order { source: source as u32, part, block };
        let reader = Counted { reader: Part { file, at: run.0, end: run.1 }, counter: self.counter() };
        let mut piece = Piece { head: Vec::new(), tail: None };
        let Options { block_bytes, line_bytes_max, .. } = *self.options;
        match form::zstd_decoder(reader) {
            Ok(decoder) => {
                let mut cutter =
                    Cutter::new(decoder, block_bytes.min(FRAME_BLOCK_BYTES), line_bytes_max, false);
                let mut is_damaged = false;
                for block in 0.. {
                    if !self.goes_on() {
                        return;
                    }
                    match cutter.next(buffer, &|| self.goes_on()) {
                        Ok(Cut::End) => break,
                        Ok(Cut::Lines) => {
                            let from = match piece.tail {
                                Some(_) => 0,
                                None => memchr(b'\n', buffer).map_or(buffer.len(), |end| end + 1),
                            };
                            piece.head.extend_from_slice(&buffer[..from]);
                            piece.tail = Some(Vec::new());
                            self.deliver(&buffer[from..], order(2 * *number as u64 + 1, block), None, fold);
                        }
                        Ok(Cut::Rest) => {
                            let rest = if is_damaged { Vec::new() } else { std::mem::take(buffer) };
                            match &mut piece.tail {
                                Some(tail) => *tail = rest,
                                None => piece.head = rest,
                            }
                            break;
                        }
                        Err(error) => {
                            is_damaged = true;
                            self.trouble(source, TroubleKind::Damaged, Some(error));
                        }
                    }
                }
                self.long_lines(source, cutter.long_lines);
            }
            Err(error) => self.trouble(source, TroubleKind::Damaged, Some(error)),
        }
        let lines = lock(seams).put(*number, piece);
        for (run, line) in lines.into_iter().flatten() {
            if line.len() > line_bytes_max {
                self.long_lines(source, 1);
            } else {
                self.deliver(&line, order(2 * run as u64, 0), None, fold);
            }
        }
    }

    /// Gives lines to whoever folds them, without a mark in front of the first.
    fn deliver(&self, mut bytes: &[u8], order: Order, offset: Option<u64>, fold: Fold<'_>) {
        let mut offset = offset;
        if order.part == 0
            && order.block == 0
            && let Some(rest) = bytes.strip_prefix(BYTE_ORDER_MARK)
        {
            bytes = rest;
            offset = offset.map(|offset| offset + BYTE_ORDER_MARK.len() as u64);
        }
        match self.watch {
            _ if !bytes.is_empty() => fold(Block { bytes, order, offset }),
            Some(watch) => watch.pass(order),
            None => {}
        }
    }

    fn counter(&self) -> Counter<'a> {
        Counter { done: Arc::clone(&self.done), progress: self.options.progress }
    }

    fn long_lines(&self, source: usize, lines: u64) {
        if lines > 0 {
            self.trouble(source, TroubleKind::LongLines(lines), None);
        }
    }

    #[cold]
    fn trouble(&self, source: usize, kind: TroubleKind, cause: Option<io::Error>) {
        let trouble = Trouble::new(self.input.sources()[source].name(), kind, cause);
        lock(&self.report).troubles.push((source, trouble));
    }
}

impl Task<'_> {
    /// Where in the input it begins.
    fn order(&self) -> Order {
        let (source, part) = match self {
            Task::Range { source, number, .. } => (*source, *number as u64),
            // The line in front of a run counts as a part of its own.
            Task::Frames(source, frames) => (*source, 2 * frames.number as u64),
            Task::Stream(source, ..) | Task::Help(source, _) => (*source, 0),
        };
        Order { source: source as u32, part, block: 0 }
    }

    fn is_stream(&self) -> bool {
        matches!(self, Task::Stream(..) | Task::Help(..))
    }
}

impl Parts {
    fn next<'a>(&mut self, block_bytes: usize) -> Option<Task<'a>> {
        let number = self.next;
        self.next += 1;
        let (source, file) = (self.source, Arc::clone(&self.file));
        match &self.kind {
            PartsKind::Ranges { begin, end } => {
                let begin = begin + number as u64 * block_bytes as u64;
                let left = end.checked_sub(begin).filter(|left| *left > 0)?;
                let length_of_range = left.min(block_bytes as u64) as usize;
                let range = Range { begin, length: length_of_range, file_end: *end };
                Some(Task::Range { source, file, number, range })
            }
            PartsKind::Frames { runs, seams } => {
                let run = *runs.get(number)?;
                Some(Task::Frames(source, Frames { file, number, run, seams: Arc::clone(seams) }))
            }
        }
    }
}

/// Counts what is read.
#[derive(Clone)]
struct Counter<'a> {
    done: Arc<AtomicU64>,
    progress: Option<&'a Progress>,
}

impl Counter<'_> {
    fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        if let Some(progress) = self.progress {
            progress.done.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

/// A reader whose bytes are counted.
struct Counted<'a, R> {
    reader: R,
    counter: Counter<'a>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.counter.add(read as u64);
        Ok(read)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
