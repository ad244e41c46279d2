//! Runs cases, and the programs of cases.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, ExitStatus, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use trine::{Format, Output, Setup};

/// Name of the variable that makes this executable the program of a case.
const CASE: &str = "PROCESS_CASE";
/// Name of the variable with the case's directory.
const DIRECTORY: &str = "PROCESS_DIRECTORY";
/// A program that takes longer hangs: it is killed, with all its children. A hundred times what the longest takes on two idle
/// cores; a minute is not enough where ten others want them.
const PROGRAM_MAX: Duration = Duration::from_secs(300);
/// Pause between two looks, where something outside has to be polled.
const POLL_PAUSE: Duration = Duration::from_millis(2);

/// A program, and what has to be true of it.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// A sentence.
    name: &'static str,
    program: fn(&Place),
    check: fn(&Stage),
}

impl Case {
    pub(crate) const fn new(name: &'static str, program: fn(&Place), check: fn(&Stage)) -> Case {
        Case { name, program, check }
    }
}

/// Runs the program that is asked for, or else the checks.
pub(crate) fn main(cases: &[Case]) -> ExitCode {
    match std::env::var(CASE) {
        Ok(name) => {
            let case = cases.iter().find(|case| case.name == name).expect("a case of this name");
            (case.program)(&Place { directory: std::env::var_os(DIRECTORY).expect("a directory").into() });
            ExitCode::SUCCESS
        }
        Err(_) => check_all(cases, &Arguments::read(std::env::args().skip(1))),
    }
}

/// What `cargo test` passes on.
struct Arguments {
    filters: Vec<String>,
    skips: Vec<String>,
    threads: usize,
    is_exact: bool,
    is_list: bool,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Arguments {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut arguments =
            Arguments { filters: Vec::new(), skips: Vec::new(), threads, is_exact: false, is_list: false };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--exact" => arguments.is_exact = true,
                "--list" => arguments.is_list = true,
                // No case is ignored: a runner that asks for those gets none.
                "--ignored" => {
                    return Arguments { filters: vec!["\0".to_owned()], is_list: true, ..arguments };
                }
                "--skip" => arguments.skips.extend(words.next()),
                "--test-threads" => {
                    arguments.threads = words.next().and_then(|n| n.parse().ok()).unwrap_or(threads);
                }
                "--format" | "--color" | "-Z" | "--logfile" | "--shuffle-seed" => drop(words.next()),
                flag if flag.starts_with('-') => {}
                _ => arguments.filters.push(word),
            }
        }
        arguments
    }

    fn wants(&self, name: &str) -> bool {
        let is_match =
            |word: &String| if self.is_exact { name == word } else { name.contains(word.as_str()) };
        (self.filters.is_empty() || self.filters.iter().any(is_match)) && !self.skips.iter().any(is_match)
    }
}

fn check_all(cases: &[Case], arguments: &Arguments) -> ExitCode {
    let wanted: Vec<&Case> = cases.iter().filter(|case| arguments.wants(case.name)).collect();
    if arguments.is_list {
        wanted.iter().for_each(|case| println!("{}: test", case.name));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", wanted.len());
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..arguments.threads.clamp(1, wanted.len().max(1)) {
            scope.spawn(|| {
                while let Some(case) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begin = Instant::now();
                    let outcome = catch_unwind(AssertUnwindSafe(|| (case.check)(&Stage::new(case.name))));
                    let word = if outcome.is_ok() { "ok" } else { "FAILED" };
                    println!("test {} ... {word} ({:.1} s)", case.name, begin.elapsed().as_secs_f64());
                    if outcome.is_err() {
                        failed.lock().unwrap().push(case.name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    failed.iter().for_each(|name| println!("failed: {name}"));
    let word = if failed.is_empty() { "ok" } else { "FAILED" };
    let (passed, left_out) = (wanted.len() - failed.len(), cases.len() - wanted.len());
    println!(
        "\ntest result: {word}. {passed} passed; {} failed; 0 ignored; 0 measured; {left_out} filtered out\n",
        failed.len()
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

/// A case from the checking side.
pub(crate) struct Stage {
    case: &'static str,
    /// The case's own; deleted when the check ends well.
    pub(crate) directory: PathBuf,
    /// The case's own too: what programs of other cases leave behind is not found.
    pub(crate) black_box: PathBuf,
}

impl Stage {
    fn new(case: &'static str) -> Stage {
        let directory = std::env::temp_dir().join(format!("trine-process-{}", std::process::id())).join(case);
        std::fs::create_dir_all(&directory).unwrap();
        Stage { case, black_box: black_box(case), directory }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What programs have left behind, or have open.
    pub(crate) fn black_boxes(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.black_box).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
    }

    /// Removes what programs have left behind: the next one is the first.
    pub(crate) fn forget_black_boxes(&self) {
        let _ = std::fs::remove_dir_all(&self.black_box);
    }

    /// The program, ready to be started with a clean environment.
    pub(crate) fn program(&self) -> Program {
        let mut command = Command::new(std::env::current_exe().unwrap());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRINE_") || name == "NO_COLOR" {
                command.env_remove(name);
            }
        }
        command
            .env("RUST_BACKTRACE", "0")
            .env(CASE, self.case)
            .env(DIRECTORY, &self.directory)
            .env("TRINE_BLACK_BOX", &self.black_box)
            .current_dir(&self.directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        Program { command }
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self) -> Outcome {
        self.program().start().finish()
    }
}

/// A directory for what the programs of a case leave, in shared memory where there is some: on a disk, threads that emit wait for
/// it now and then.
fn black_box(case: &str) -> PathBuf {
    let shared = Path::new("/dev/shm");
    let parent = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    parent.join(format!("trine-process-{}-{case}", std::process::id()))
}

impl Drop for Stage {
    fn drop(&mut self) {
        // In any case: what lies in shared memory takes the machine's.
        let _ = std::fs::remove_dir_all(&self.black_box);
        if !thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.directory);
            // Succeeds for the last one.
            let _ = self.directory.parent().map(std::fs::remove_dir);
        }
    }
}

/// A program about to be started.
pub(crate) struct Program {
    command: Command,
}

impl Program {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdout(mut self, to: impl Into<Stdio>) -> Program {
        self.command.stdout(to);
        self
    }

    pub(crate) fn start(mut self) -> Running {
        let begin = Instant::now();
        let mut child = self.command.spawn().unwrap();
        let pid = child.id();
        let mut errors = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut text = Vec::new();
            errors.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let (end, ended) = mpsc::channel::<()>();
        let watchdog = thread::spawn(move || {
            let is_late = ended.recv_timeout(PROGRAM_MAX) == Err(RecvTimeoutError::Timeout);
            if is_late {
                // SAFETY: takes plain numbers. The group is the program's: it is not waited for before `ended` says so.
                unsafe { libc::kill(-(pid as i32), libc::SIGKILL) };
            }
            is_late
        });
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        Running { child, stdin, stdout, stderr, end, watchdog, begin }
    }
}

/// A program that runs.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: JoinHandle<String>,
    end: mpsc::Sender<()>,
    watchdog: JoinHandle<bool>,
    begin: Instant,
}

impl Running {
    pub(crate) fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Reads the next line of stdout.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().expect("stdout is piped").read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Closes our end of stdout.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Lets [`Place::wait`] return.
    pub(crate) fn go_on(&mut self) {
        self.stdin.as_mut().expect("stdin is piped").write_all(b"\n").unwrap();
    }

    pub(crate) fn signal(&self, signal: i32) {
        // SAFETY: takes plain numbers; the process is ours and not waited for yet.
        assert_eq!(unsafe { libc::kill(self.pid(), signal) }, 0);
    }

    /// Waits for the end; [`Place::wait`] goes on waiting. Fails when the program hangs.
    pub(crate) fn finish(mut self) -> Outcome {
        let mut stdout = String::new();
        if let Some(mut rest) = self.stdout.take() {
            let mut bytes = Vec::new();
            rest.read_to_end(&mut bytes).unwrap();
            stdout = String::from_utf8_lossy(&bytes).into_owned();
        }
        let status = self.child.wait().unwrap();
        let took = self.begin.elapsed();
        drop(self.end);
        let stderr = self.stderr.join().unwrap();
        assert!(!self.watchdog.join().unwrap(), "the program hung and was killed; it said:\n{stderr}");
        Outcome { status, stdout, stderr, took }
    }
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Outcome {
    /// Ended with success, and had nothing to complain of.
    #[track_caller]
    pub(crate) fn assert_quiet_success(&self) {
        assert!(self.status.success() && self.stderr.is_empty(), "{self:?}");
    }

    #[track_caller]
    pub(crate) fn assert_success(&self) {
        assert!(self.status.success(), "{self:?}");
    }

    /// What the program said about `key` on stdout, as `key value`.
    #[track_caller]
    pub(crate) fn number(&self, key: &str) -> u64 {
        let value = self.stdout.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no `{key}` in {self:?}")).parse().unwrap()
    }
}

/// A case from the program's side.
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
}

impl Place {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A pipeline that writes everything to `app.jsonl`, not started yet.
    pub(crate) fn to_file(&self) -> Setup {
        to(Output::file(self.path("app.jsonl")))
    }

    /// Says something to the check.
    pub(crate) fn say(&self, line: impl std::fmt::Display) {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").unwrap();
        out.flush().unwrap();
    }

    /// Waits until the check says to go on, or ends.
    pub(crate) fn wait(&self) {
        let _ = std::io::stdin().lock().read_line(&mut String::new());
    }
}

/// A pipeline that writes everything to one output as JSON, not started yet.
pub(crate) fn to(output: Output) -> Setup {
    trine::setup().level("trace").output(output.format(Format::Json)).force()
}

/// Looks again and again until `is_so`, at most for `limit`. True when it came to be.
pub(crate) fn poll(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if begin.elapsed() > limit {
            return false;
        }
        thread::sleep(POLL_PAUSE);
    }
}

/// The text of a file; nothing while it is not there.
pub(crate) fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
