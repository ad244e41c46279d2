//! Breaks a program that emits, again and again, and counts what is in its log.
//!
//! ```sh
//! trine-faults kill [KILLS] [SEED]     # kill -9 at random moments; now and then SIGSEGV and SIGABRT
//! trine-faults control [KILLS] [SEED]  # the same without a black box: has to lose events, or this proves nothing
//! trine-faults write [UP_TO] [SEED]    # killed inside the Nth write of an endless run, for every N up to one; needs strace
//! trine-faults calls [EVENTS] [SEED]   # killed inside the Nth call of a whole run, for every N and several calls; needs strace
//! trine-faults memory [KILLS] [SEED]   # killed for want of memory, in a control group with little of it; needs to be root
//! trine-faults flip [BOXES] [SEED]     # bits flipped at random in what a killed victim left
//! trine-faults disk [EVENTS] [SEED]    # a disk that is full, broken or slow for a while; needs strace
//! ```
//!
//! The program is this executable once more, as `victim`. It says in shared memory, event by event, how far each thread is; the
//! next victim, of the same service, finds what the killed one could not write. At the end of a batch all files are read: of
//! each thread of each run every event whose macro returned has to be there, once, whole, in order; one more may be.
#![forbid(unsafe_code)]

mod calls;
mod check;
mod flips;
mod memory;
mod plan;
mod trouble;
mod victim;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    check::{ERRORS, Figure, check},
    plan::{Plan, Random},
    victim::Counts,
};

/// Kills without an argument: what CI runs.
const KILLS: u64 = 200;
/// Writes up to which one after the other is the last, without an argument.
const WRITES: u64 = 60;
/// Between two signals.
const SIGNAL_PAUSE: Duration = Duration::from_millis(20);
/// Black boxes that are damaged, without an argument.
const BOXES: u64 = 300;
/// Events of each thread while the disk is in trouble, without an argument.
const EVENTS: u64 = 20_000;
/// Longest that dying may take, also under strace, which is a hundred times as slow.
const DYING_MAX: Duration = Duration::from_secs(20);
/// The file with what strace saw.
const TRACE: &str = "strace";
/// One kill in so many is by another signal.
const OTHER_SIGNAL_EVERY: u64 = 5;
/// Kills whose files are read together: bounded by what a disk and a reader should bear.
const BATCH: u64 = 50;
/// A victim is killed within this time of its start, which is when it recovers what the one before left.
const LIFE_MAX: Duration = Duration::from_millis(120);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: Option<&&str>, default| word.map_or(Some(default), |word| word.parse().ok());
    match &words[..] {
        ["victim", directory, run, life, rest @ ..] if rest.len() == plan::WORDS => {
            let Some(plan) = Plan::read(rest) else { return usage() };
            victim::run(Path::new(directory), run.parse().unwrap_or(0), life, &plan);
            ExitCode::SUCCESS
        }
        [fault, rest @ ..] if rest.len() <= 2 => {
            let default = match *fault {
                "write" => WRITES,
                "calls" => calls::EVENTS,
                "memory" => memory::KILLS,
                "disk" => EVENTS,
                "flip" => BOXES,
                _ => KILLS,
            };
            let count = number(rest.first(), default);
            match (*fault, count, number(rest.get(1), seed_of_now())) {
                ("kill", Some(kills), Some(seed)) => kill(kills, seed),
                ("control", Some(kills), Some(seed)) => control(kills, seed),
                ("write", Some(writes), Some(seed)) => calls::in_writes(writes, seed),
                ("calls", Some(events), Some(seed)) => calls::in_all_calls(events, seed),
                ("memory", Some(kills), Some(seed)) => memory::run(kills, seed),
                ("flip", Some(boxes), Some(seed)) => flips::run(boxes, seed),
                ("disk", Some(events), Some(seed)) => trouble::run(events, seed),
                _ => usage(),
            }
        }
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: trine-faults kill|control|memory [KILLS] [SEED], trine-faults write [UP_TO] [SEED], \
         trine-faults calls|disk [EVENTS] [SEED], trine-faults flip [BOXES] [SEED]"
    );
    ExitCode::from(2)
}

fn seed_of_now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(1, |since| since.as_nanos() as u64)
}

/// A directory for one batch, removed when it went well.
struct Place(PathBuf);

impl Place {
    fn new(seed: u64) -> Place {
        let path = std::env::temp_dir().join(format!("trine-faults-{}-{seed:x}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory for the files");
        Place(path)
    }

    /// One for a black box.
    fn in_shared_memory(seed: u64) -> Place {
        use std::os::unix::fs::DirBuilderExt;
        let path = Path::new("/dev/shm").join(format!("trine-faults-{}-{seed:x}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&path).expect("a directory in shared memory");
        Place(path)
    }

    fn remove(self) {
        let _ = std::fs::remove_dir_all(self.0);
    }

    fn keep(self) -> ExitCode {
        println!("kept: {}", self.0.display());
        ExitCode::FAILURE
    }
}

fn kill(kills: u64, seed: u64) -> ExitCode {
    println!("{kills} kills, seed {seed}");
    let begin = Instant::now();
    let mut random = Random::new(seed);
    let mut sum = Figure::default();
    let mut left = kills;
    while left > 0 {
        let batch = left.min(BATCH);
        left -= batch;
        let plan = Plan::choose(&mut random);
        let place = Place::new(random.next());
        let figure = kill_batch(&place.0, batch, &plan, true, &mut random);
        println!("  {batch} kills of {plan}: {figure}");
        sum.add(&figure);
        if !figure.is_good() {
            return place.keep();
        }
        place.remove();
    }
    println!("{kills} kills in {:.0} s: {sum}", begin.elapsed().as_secs_f64());
    if sum.recovered == 0 {
        println!("nothing was recovered: no kill met anything, and nothing is proved");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn control(kills: u64, seed: u64) -> ExitCode {
    println!("{kills} kills without a black box, seed {seed}");
    let mut random = Random::new(seed);
    let plan = Plan::choose(&mut random);
    let place = Place::new(random.next());
    let figure = kill_batch(&place.0, kills.min(BATCH), &plan, false, &mut random);
    place.remove();
    println!("  {figure}");
    if figure.is_good() {
        println!("nothing was lost without a black box: the kills prove nothing");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn kill_batch(place: &Path, kills: u64, plan: &Plan, has_box: bool, random: &mut Random) -> Figure {
    let mut counts = Vec::new();
    for run in 0..kills {
        let told = Counts::create(place, run, plan.threads);
        let mut child = victim_of(place, run, "for-ever", plan, has_box).spawn().expect("a victim");
        // Most of them early, while they recover; the others spread over their life.
        thread::sleep(LIFE_MAX.mul_f64(random.unit().powi(2)));
        let signal = match random.next() % OTHER_SIGNAL_EVERY {
            0 if random.next().is_multiple_of(2) => "-SEGV",
            0 => "-ABRT",
            _ => "-KILL",
        };
        if !ends(&mut child, Some(signal)) {
            return Figure::of_one_that_lives();
        }
        counts.push(told);
    }
    recover_and_check(place, plan, has_box, &counts)
}

/// Sends a signal, waits for the end, and kills a victim for good that lives on.
fn ends(child: &mut Child, signal: Option<&str>) -> bool {
    let (begin, mut sent) = (Instant::now(), None);
    while child.try_wait().is_ok_and(|ended| ended.is_none()) {
        if begin.elapsed() > DYING_MAX {
            let _ = child.kill();
            let _ = child.wait();
            return false;
        }
        // Again and again: Rust's handler lets the first SIGSEGV pass that is no fault.
        if let Some(signal) = signal
            && sent.is_none_or(|sent: Instant| sent.elapsed() > SIGNAL_PAUSE)
        {
            let _ = match signal {
                "-KILL" => child.kill(),
                _ => Command::new("kill").arg(signal).arg(child.id().to_string()).status().map(drop),
            };
            sent = Some(Instant::now());
        }
        thread::sleep(Duration::from_micros(200));
    }
    true
}

/// Another victim, which only recovers; then the files are read.
fn recover_and_check(place: &Path, plan: &Plan, has_box: bool, counts: &[Counts]) -> Figure {
    let status = victim_of(place, counts.len() as u64, "only-recover", plan, has_box).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{status:?}");
    let returned: Vec<Vec<u64>> = counts.iter().map(Counts::read).collect();
    check(place, plan, &returned)
}

fn victim_of(place: &Path, run: u64, life: &str, plan: &Plan, has_box: bool) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this executable"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRINE_") {
            command.env_remove(name);
        }
    }
    command.arg("victim").arg(place).arg(run.to_string()).arg(life).args(plan.words());
    command.env("TRINE_BLACK_BOX", if has_box { place.join("black-box") } else { "off".into() });
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors(place));
    command
}

/// A victim under strace, which injects a fault; what it injected stands in `strace`.
fn traced(victim: &Command, place: &Path, fault: &str) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o"]).arg(place.join(TRACE));
    let call = fault.split(':').next().unwrap_or(fault);
    traced.args(["-e", &format!("trace={call}"), "-e", &format!("inject={fault}")]);
    traced.arg(victim.get_program()).args(victim.get_args());
    for (name, value) in victim.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors(place));
    traced
}

/// Where victims say what they have recovered, and complain.
fn errors(place: &Path) -> Stdio {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(place.join(ERRORS));
    file.map_or_else(|_| Stdio::null(), Stdio::from)
}
