//! Setting the pipeline up: what the program says, what a file says, what variables say.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use crate::{
    black_box,
    collector::OUTPUTS_MAX,
    config::{ClockChoice, Compression, DEFAULT_RING_BYTES, OutputSettings, RotateEvery, Settings, Target},
    encoder::{Encoder, Format},
    error, health,
    mask::Masks,
    masks::Masking,
    panics,
    pipeline::{self, Config, Pipe, Start},
    rules::LevelRules,
    sample::SampleRules,
    sink::{FileSink, Sink, StreamSink, file::Every},
    stage::{STAGES_MAX, Stage, Stages},
};

pub use crate::config::{BlackBox, Delivery, Durability, StackTraces};

/// Begins to set the pipeline up; [`Setup::start`] puts it in force.
///
/// Not needed: the first event starts a pipeline with the defaults. What is said here is a default of the program's own:
/// variables and the configuration file win over it, unless [`Setup::force`] is called.
///
/// ```
/// use trine::{Format, Output, sink::MemorySink};
///
/// let lines = MemorySink::new();
/// trine::setup()
///     .level("info,payment=debug")
///     .output(Output::to(lines.clone()).format(Format::Json))
///     .force()
///     .start();
/// trine::debug!("payment_process_started", order_id = "ORD-123");
/// trine::flush(std::time::Duration::from_secs(5));
/// assert!(lines.lines()[0].starts_with(r#"{"event":"payment_process_started","order_id":"ORD-123","timestamp":"#));
/// ```
pub fn setup() -> Setup {
    Setup {
        settings: Settings::default(),
        outputs: Vec::new(),
        stages: Stages::default(),
        is_forced: false,
        flushes_on_termination: false,
        reopens_on_hangup: None,
        notes_fatal_signals: true,
    }
}

/// A pipeline being described. From [`setup`].
#[derive(Debug)]
#[must_use = "nothing is in force before `.start()`"]
pub struct Setup {
    settings: Settings,
    outputs: Vec<Output>,
    stages: Stages,
    is_forced: bool,
    flushes_on_termination: bool,
    reopens_on_hangup: Option<bool>,
    notes_fatal_signals: bool,
}

impl Setup {
    /// Which events are on, as in `TRINE_LEVEL`: `"info,payment=debug,my_crate::db=trace"`. Default `info`.
    ///
    /// A mistake in it is reported on stderr; what is right in it is in force.
    pub fn level(mut self, rules: &str) -> Setup {
        let (rules, findings) = LevelRules::parse(rules);
        findings.iter().for_each(|finding| health::report_line(finding));
        self.settings.level = Some(rules);
        self
    }

    /// Which events are sampled by their names, as in `TRINE_SAMPLE`: `"cache_hit=0.01,database_query=first:10/100"`. Default:
    /// none. See [`sample`](crate::sample).
    ///
    /// A mistake in it is reported on stderr; what is right in it is in force.
    pub fn sample(mut self, rules: &str) -> Setup {
        let (rules, findings) = SampleRules::parse(rules);
        findings.iter().for_each(|finding| health::report_line(finding));
        self.settings.sample = Some(rules);
        self
    }

    /// What is masked besides what always is: see [`mask`](crate::mask). What the configuration file says comes on top.
    pub fn masks(mut self, masks: Masks) -> Setup {
        self.settings.masks = Some(masks);
        self
    }

    /// Format of outputs that do not name one. Default: [`Format::Json`], and [`Format::Pretty`] on a terminal.
    pub fn format(mut self, format: Format) -> Setup {
        self.settings.format = Some(format);
        self
    }

    /// Adds an output. Without any: stdout. At most 63; the rest is reported and ignored.
    pub fn output(mut self, output: Output) -> Setup {
        self.outputs.push(output);
        self
    }

    /// Adds a stage behind those that there are: a closure `|event: &mut EventEdit<'_>| { ...; Verdict::Keep }`, or a type of
    /// your own, that changes or drops events before they are rendered. See [`stage`](crate::stage). At most
    /// [`STAGES_MAX`]; one more is reported and ignored.
    pub fn stage(mut self, stage: impl Stage + 'static) -> Setup {
        if !self.stages.push(Arc::new(stage)) {
            health::report(format_args!("more than {STAGES_MAX} stages; this one is ignored"));
        }
        self
    }

    /// Who renders and writes. Default [`Delivery::Worker`].
    pub fn delivery(mut self, delivery: Delivery) -> Setup {
        self.settings.delivery = Some(delivery);
        self
    }

    /// Memory for events not yet written. Bytes, **per emitting thread**; rounded up to a power of two, at least 4 KiB, at
    /// most 1 GiB. Default [`DEFAULT_RING_BYTES`]. For threads that emit their first event later.
    ///
    /// On a full ring the caller helps to drain; what is lost when the sink itself is stuck is counted in
    /// [`Health::lost`](crate::Health::lost). An event larger than a quarter of the ring is written directly.
    pub fn ring_bytes(mut self, bytes: usize) -> Setup {
        self.settings.ring_bytes = Some(bytes);
        self
    }

    /// Where events that are not written yet outlive the process, however it ends: a directory, or [`BlackBox::Off`]. Default:
    /// `/dev/shm/trine-UID`, where the system has `/dev/shm`. The first start decides. The next start of the same service (a program of
    /// this name that writes to the same files) writes what it finds there.
    ///
    /// The directory is made when it is missing. It has to be the user's, and nobody else may write there; where that is not so,
    /// or there is no space, memory is private, and a line on stderr says so once.
    pub fn black_box(mut self, place: impl Into<BlackBox>) -> Setup {
        self.settings.black_box = Some(place.into());
        self
    }

    /// Whether events about errors and panics have stack traces. Default [`StackTraces::Auto`]: as the variable `RUST_BACKTRACE`
    /// says. See `docs/errors.md` for what one costs.
    pub fn stack_traces(mut self, wanted: StackTraces) -> Setup {
        self.settings.stack_traces = Some(wanted);
        self
    }

    /// Whether a panic is an event: `runtime_thread_panicked`, at `critical`. Default true.
    ///
    /// The hook that was set before the pipeline started runs behind it in any case.
    pub fn panic_events(mut self, wanted: bool) -> Setup {
        self.settings.panic_events = Some(wanted);
        self
    }

    /// What written events outlive. Default [`Durability::Process`]: `kill -9` and all else that ends the process.
    ///
    /// With [`Durability::Disk`] files are synced within some 30 ms of a write, for all lines of that time together, and when they are
    /// rotated; [`flush`](crate::flush) then means on the disk. Outputs that are no files are not concerned.
    pub fn durability(mut self, durability: Durability) -> Setup {
        self.settings.durability = Some(durability);
        self
    }

    /// Reads this configuration file, unless `TRINE_CONFIG` names another. Default: none; a `trine.toml` in the working
    /// directory is not picked up by itself.
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Setup {
        self.settings.config = Some(path.into());
        self
    }

    /// Reads the system's clock instead of the processor's counter: 30 ns more per event. Before the first event only.
    pub fn system_clock(mut self) -> Setup {
        self.settings.clock = Some(ClockChoice::Os);
        self
    }

    /// Writes everything when SIGTERM or SIGINT arrives, then ends the process as the signal would have. Default: the
    /// program deals with its signals itself. A signal that the program handles or ignores is left alone.
    pub fn flush_on_termination(mut self) -> Setup {
        self.flushes_on_termination = true;
        self
    }

    /// Opens log files anew when SIGHUP arrives. Default: when there is a file, and no terminal whose hang-up should end the
    /// process.
    pub fn reopen_on_hangup(mut self, reopen: bool) -> Setup {
        self.reopens_on_hangup = Some(reopen);
        self
    }

    /// Notes in the black box which of SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGTRAP ends the process, on which thread, and
    /// when: the next start and `trine recover` then say so. Default true, where there is a black box. The first start decides.
    ///
    /// Whatever handled the signal before is called, and the process ends as it would have. A signal that is ignored when the first
    /// event is emitted stays ignored; a handler that the program sets later is in force alone, unless it calls the one before.
    pub fn note_fatal_signals(mut self, wanted: bool) -> Setup {
        self.notes_fatal_signals = wanted;
        self
    }

    /// What the code says wins over the configuration file and the variables, item by item. For tests, and for programs
    /// whose output is not their user's to choose.
    pub fn force(mut self) -> Setup {
        self.is_forced = true;
        self
    }

    /// Puts it in force, for all threads, when it returns. What was emitted before goes to the outputs of before.
    ///
    /// A bad value in a variable or a file is one line on stderr; the default stays in force for it.
    pub fn start(self) {
        pipeline::one_at_a_time(|| self.start_now());
    }

    /// As [`Setup::start`], within [`pipeline::one_at_a_time`].
    pub(crate) fn start_now(self) {
        let mut program = self.settings;
        if !self.outputs.is_empty() {
            // Said by the program, in a form of its own: an empty list stands for it.
            program.outputs = Some(Vec::new());
        }
        let (outside, findings) = Settings::load_from_process(program.clone());
        findings.iter().for_each(|finding| health::report_line(finding));
        let mut outputs = self.outputs;
        let settings = if self.is_forced {
            program.or(outside)
        } else {
            if outside.format != program.format {
                // A format from outside holds for the program's outputs too.
                outputs.iter_mut().for_each(Output::forget_format);
            }
            outside
        };
        if let Some(said) = settings.outputs.as_ref().filter(|said| !said.is_empty()) {
            outputs = said.iter().map(Output::from_settings).collect();
        }
        if outputs.is_empty() {
            outputs.push(Output::stdout());
        }
        if outputs.len() > OUTPUTS_MAX {
            health::report(format_args!(
                "{} outputs, allowed are {OUTPUTS_MAX}; the rest is ignored",
                outputs.len()
            ));
            outputs.truncate(OUTPUTS_MAX);
        }
        if settings.clock == Some(ClockChoice::Os) {
            trine_ring::clock::use_system();
        }
        error::backtrace::want(settings.stack_traces.unwrap_or(StackTraces::Auto));
        panics::report(settings.panic_events.unwrap_or(true));
        let is_durable = settings.durability == Some(Durability::Disk);
        if is_durable {
            outputs.iter().for_each(|output| output.sink.make_durable());
        }
        let has_file = outputs.iter().any(|output| output.sink.is_file());
        set_signals(self.flushes_on_termination, self.reopens_on_hangup, has_file);
        black_box::note_signals(self.notes_fatal_signals);
        let color = settings.color.unwrap_or(true);
        let masks = settings.masks.unwrap_or_default();
        pipeline::start(Start {
            config: Config {
                levels: settings.level.unwrap_or_default(),
                stages: self.stages,
                sampling: settings.sample.unwrap_or_default(),
                is_durable,
                masking: Arc::new(Masking::new(&masks)),
                masks,
                pipes: outputs.into_iter().map(|output| output.into_pipe(settings.format, color)).collect(),
            },
            is_inline: settings.delivery == Some(Delivery::Inline),
            ring_bytes: settings.ring_bytes.unwrap_or(DEFAULT_RING_BYTES),
            black_box: settings.black_box,
        });
    }
}

#[cfg(unix)]
fn set_signals(flushes_on_termination: bool, reopens_on_hangup: Option<bool>, has_file: bool) {
    use trine_ring::process;
    if flushes_on_termination && let Err(error) = crate::leave::install_termination() {
        health::report(format_args!("cannot flush on SIGTERM and SIGINT: {error}"));
    }
    let reopens = reopens_on_hangup.unwrap_or_else(|| has_file && !process::has_terminal());
    if reopens && let Err(error) = process::count_hangups() {
        health::report(format_args!("cannot reopen files on SIGHUP: {error}"));
    }
}

#[cfg(not(unix))]
fn set_signals(_: bool, _: Option<bool>, _: bool) {}

/// One output: which events, rendered how, written where.
#[derive(Debug)]
pub struct Output {
    rules: Option<LevelRules>,
    rendering: Rendering,
    sink: Arc<dyn Sink>,
    is_terminal: bool,
}

#[derive(Debug)]
enum Rendering {
    Default,
    Format(Format),
    Encoder(Box<dyn Encoder>),
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Output {
        Output::stream(StreamSink::stdout())
    }

    /// Standard error.
    pub fn stderr() -> Output {
        Output::stream(StreamSink::stderr())
    }

    /// A file; see [`FileSink`] for rotation, retention and compression.
    pub fn file(path: impl AsRef<Path>) -> Output {
        Output::to(FileSink::new(path.as_ref()))
    }

    /// A sink, of this crate or your own.
    pub fn to(sink: impl Sink + 'static) -> Output {
        Output { rules: None, rendering: Rendering::Default, sink: Arc::new(sink), is_terminal: false }
    }

    /// The format of the lines. Default: that of the [`Setup`].
    pub fn format(mut self, format: Format) -> Output {
        self.rendering = Rendering::Format(format);
        self
    }

    /// An encoder, of this crate or your own.
    pub fn encoder(mut self, encoder: impl Encoder + 'static) -> Output {
        self.rendering = Rendering::Encoder(Box::new(encoder));
        self
    }

    /// Which events this output takes, whatever the level of the process: `"warning"`, `"info,payment=debug"`.
    ///
    /// A mistake in it is reported on stderr; what is right in it is in force.
    pub fn level(mut self, rules: &str) -> Output {
        let (rules, findings) = LevelRules::parse(rules);
        findings.iter().for_each(|finding| health::report_line(finding));
        self.rules = Some(rules);
        self
    }

    fn stream(sink: StreamSink) -> Output {
        let is_terminal = sink.is_terminal();
        Output { is_terminal, ..Output::to(sink) }
    }

    fn forget_format(&mut self) {
        if let Rendering::Format(_) = self.rendering {
            self.rendering = Rendering::Default;
        }
    }

    fn from_settings(said: &OutputSettings) -> Output {
        let output = match &said.target {
            Target::Stdout => Output::stdout(),
            Target::Stderr => Output::stderr(),
            Target::File(path) => Output::to(file_sink(path, said)),
        };
        Output {
            rules: said.level.clone(),
            rendering: said.format.map_or(Rendering::Default, Rendering::Format),
            ..output
        }
    }

    fn into_pipe(self, default: Option<Format>, color: bool) -> Pipe {
        let by_place = if self.is_terminal { Format::Pretty } else { Format::Json };
        let named = |format: Format| (Some(format), format.encoder(color && self.is_terminal));
        let (format, encoder) = match self.rendering {
            Rendering::Encoder(encoder) => (None, encoder),
            Rendering::Format(format) => named(format),
            Rendering::Default => named(default.unwrap_or(by_place)),
        };
        Pipe { format, rules: self.rules, encoder: Arc::new(Mutex::new(encoder)), sink: self.sink }
    }
}

/// A file sink as a variable or a file describes it.
fn file_sink(path: &Path, said: &OutputSettings) -> FileSink {
    let mut sink = FileSink::new(path);
    if let Some(bytes) = said.rotate_bytes {
        sink = sink.rotate_bytes(bytes);
    }
    if let Some(every) = said.rotate_every {
        sink = sink.rotate_every(match every {
            RotateEvery::Hour => Every::Hour,
            RotateEvery::Day => Every::Day,
            RotateEvery::Duration(time) => time.into(),
        });
    }
    if let Some(files) = said.keep_files {
        sink = sink.keep_files(files);
    }
    if let Some(age) = said.keep_age {
        sink = sink.keep_age(age);
    }
    if let Some(bytes) = said.keep_bytes {
        sink = sink.keep_bytes(bytes);
    }
    if let Some(compression) = said.compress {
        sink = sink.compress(match compression {
            Compression::None => crate::sink::file::Compression::None,
            Compression::Gzip => crate::sink::file::Compression::Gzip,
            Compression::Zstd => crate::sink::file::Compression::Zstd,
        });
    }
    if let Some(create) = said.create_directory {
        sink = sink.create_directory(create);
    }
    sink
}
