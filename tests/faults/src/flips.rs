//! Bits flipped at random in what a killed victim left: whoever recovers it neither panics nor hangs, and writes no event of a name
//! or with a key that there was not.
//!
//! Rendered lines that wait in outboxes carry no check, and are left whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Place,
    check::ERRORS,
    ends,
    plan::{Plan, Random},
    victim::{Counts, LOG},
    victim_of,
};

/// How long the victim lives.
const LIFE: Duration = Duration::from_millis(60);
/// Events that it must leave unwritten, lest there be nothing to break; and victims that are tried for it.
const LEFT_MIN: u64 = 100;
const VICTIMS_MAX: usize = 20;
/// Longest that recovering may take: a thousand times what it does.
const RECOVERING_MAX: Duration = Duration::from_secs(20);
/// Most bits flipped in a file.
const FLIPS_MAX: u64 = 200;
/// First bytes of a file, where there is most to break.
const FIRST_BYTES: usize = 8 << 10;

/// What came of the boxes.
#[derive(Default)]
struct Sum {
    flips: u64,
    lines: usize,
    set_aside: u64,
}

pub(crate) fn run(boxes: u64, seed: u64) -> ExitCode {
    println!("{boxes} damaged black boxes, seed {seed}");
    let mut random = Random::new(seed);
    let plan = Plan { threads: 3, ring_bytes: 64 << 10, rotate_bytes: 1 << 30, has_second: false };
    let Some((place, written)) = (0..VICTIMS_MAX).find_map(|_| killed(Place::new(random.next()), &plan))
    else {
        println!("of {VICTIMS_MAX} victims none left anything");
        return ExitCode::FAILURE;
    };
    let whole = place.0.join("whole");
    let mut sum = Sum::default();
    for number in 0..boxes {
        match one(&place.0, &whole, &written, &plan, &mut random) {
            Ok(found) => {
                sum.flips += found.flips;
                sum.lines += found.lines;
                sum.set_aside += found.set_aside;
            }
            Err(why) => {
                println!("box {number}: {why}");
                return place.keep();
            }
        }
    }
    let Sum { flips, lines, set_aside } = sum;
    println!(
        "  {flips} bits flipped, {lines} lines recovered, {set_aside} boxes of which not all could be read; no panic, no \
         hang, no event that there was not"
    );
    place.remove();
    if lines == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A place in which a victim was killed amid its events, its black box in `whole` there; and what stands in its log.
fn killed(place: Place, plan: &Plan) -> Option<(Place, Vec<u8>)> {
    let counts = Counts::create(&place.0, 0, plan.threads);
    let mut child = victim_of(&place.0, 0, "for-ever", plan, true).spawn().ok()?;
    thread::sleep(LIFE);
    let is_killed = ends(&mut child, Some("-KILL"));
    let written = fs::read(place.0.join(LOG)).unwrap_or_default();
    let lines = written.iter().filter(|byte| **byte == b'\n').count() as u64;
    let is_left = counts.read().iter().sum::<u64>() >= lines + LEFT_MIN;
    if is_killed && is_left && fs::rename(place.0.join("black-box"), place.0.join("whole")).is_ok() {
        return Some((place, written));
    }
    place.remove();
    None
}

/// Recovers one damaged copy.
fn one(place: &Path, whole: &Path, written: &[u8], plan: &Plan, random: &mut Random) -> Result<Sum, String> {
    let (black_box, log) = (place.join("black-box"), place.join(LOG));
    let _ = fs::remove_dir_all(&black_box);
    let _ = fs::remove_file(place.join(ERRORS));
    let flips = copy_damaged(whole, &black_box, random).map_err(|error| error.to_string())?;
    // The same file, of the same number: only its end goes.
    let file = fs::OpenOptions::new().write(true).open(&log).map_err(|error| error.to_string())?;
    file.set_len(written.len() as u64).map_err(|error| error.to_string())?;
    let begin = Instant::now();
    let mut child =
        victim_of(place, 1, "only-recover", plan, true).spawn().map_err(|error| error.to_string())?;
    let status = loop {
        match child.try_wait() {
            Ok(None) if begin.elapsed() < RECOVERING_MAX => thread::sleep(Duration::from_millis(1)),
            Ok(Some(status)) => break status,
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("it hangs".to_owned());
            }
        }
    };
    let said = fs::read_to_string(place.join(ERRORS)).unwrap_or_default();
    if !status.success() || said.contains("panicked") {
        return Err(format!("{status}; it said: {said}"));
    }
    let found = fs::read(&log).map_err(|error| error.to_string())?;
    // The first may be the rest of a line.
    let mut lines =
        found.get(written.len()..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n').skip(1);
    if let Some(stranger) = lines.clone().find(|line| !is_ours(line)) {
        return Err(format!("a line of nobody's: {}", String::from_utf8_lossy(stranger)));
    }
    let set_aside = u64::from(said.contains("not all could be read"));
    Ok(Sum { flips, lines: lines.by_ref().count(), set_aside })
}

/// True for a line of a name, and with the keys, that there are.
fn is_ours(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    if line.starts_with("{\"event\":\"trine_events_lost\",\"lost\":") {
        return true;
    }
    let keys =
        ["{\"event\":\"step_done\",\"run\":", ",\"thread\":", ",\"n\":", ",\"text\":", ",\"timestamp\":\""];
    let mut rest = Some(line);
    for key in keys {
        rest = rest.and_then(|rest| rest.split_once(key)).map(|(_, rest)| rest);
    }
    line.starts_with(keys[0]) && rest.is_some_and(|rest| rest.ends_with("\",\"level\":\"info\"}\n"))
}

/// Copies a directory with all that is in it, and flips bits in the copies; how many.
fn copy_damaged(from: &Path, to: &Path, random: &mut Random) -> io::Result<u64> {
    let mut flips = 0;
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            flips += copy_damaged(&entry.path(), &target, random)?;
            continue;
        }
        let mut bytes = fs::read(entry.path())?;
        let is_outbox = entry.file_name().to_string_lossy().starts_with("outbox-");
        if !bytes.is_empty() && !is_outbox && random.next().is_multiple_of(2) {
            let reach =
                if random.next().is_multiple_of(2) { bytes.len() } else { bytes.len().min(FIRST_BYTES) };
            for _ in 0..1 + random.next() % FLIPS_MAX {
                let at = (random.next() % reach as u64) as usize;
                bytes[at] ^= 1 << (random.next() % 8);
                flips += 1;
            }
        }
        fs::write(target, bytes)?;
    }
    Ok(flips)
}
