//! Killed inside a system call: in the Nth write, and in the Nth of the calls that change files, for every N that a run has.

use std::{fs, path::Path, process::ExitCode};

use crate::{
    Place, TRACE, ends,
    plan::{Plan, Random},
    recover_and_check, traced,
    victim::Counts,
    victim_of,
};

/// Events of each thread of a whole run, without an argument: some files full.
pub(crate) const EVENTS: u64 = 400;
/// The calls of a run that are killed in, one after the other: those that lines go through, that files and the black box are made,
/// rotated and removed by, and that the black box is owned by.
const CALLS: [&str; 7] = ["write", "rename", "openat", "ftruncate", "fallocate", "flock", "unlinkat"];
/// Most calls of one kind that a run may have: more than that, and it does not end.
const CALLS_MAX: u64 = 500;

pub(crate) fn in_writes(writes: u64, seed: u64) -> ExitCode {
    println!("killed in each write up to number {writes}, seed {seed}");
    let mut random = Random::new(seed);
    let plan = Plan::choose(&mut random);
    let place = Place::new(random.next());
    let (mut counts, mut killed) = (Vec::new(), 0);
    for run in 0..writes {
        let told = Counts::create(&place.0, run, plan.threads);
        let victim = victim_of(&place.0, run, "for-ever", &plan, true);
        let fault = format!("write:signal=KILL:when={}", run + 1);
        let Ok(mut child) = traced(&victim, &place.0, &fault).spawn() else { return no_strace() };
        if !ends(&mut child, None) {
            println!("write {} never came", run + 1);
            return place.keep();
        }
        killed += u64::from(told.read().iter().any(|count| *count > 0));
        counts.push(told);
    }
    let figure = recover_and_check(&place.0, &plan, true, &counts);
    println!("  {writes} writes of {plan}, {killed} amid events: {figure}");
    if !figure.is_good() || figure.recovered == 0 {
        return place.keep();
    }
    place.remove();
    ExitCode::SUCCESS
}

pub(crate) fn in_all_calls(events: u64, seed: u64) -> ExitCode {
    println!("killed in each call of a run of {events} events of each thread, seed {seed}");
    let mut random = Random::new(seed);
    for call in CALLS {
        // Files that are often rotated; rings that hold all, so that it is the worker who writes.
        let plan = Plan { ring_bytes: 1 << 20, rotate_bytes: 10_000, ..Plan::choose(&mut random) };
        let place = Place::new(random.next());
        let mut counts = Vec::new();
        loop {
            let run = counts.len() as u64;
            let told = Counts::create(&place.0, run, plan.threads);
            let victim = victim_of(&place.0, run, &events.to_string(), &plan, true);
            let fault = format!("{call}:signal=KILL:when={}", run + 1);
            let Ok(mut child) = traced(&victim, &place.0, &fault).spawn() else { return no_strace() };
            if !ends(&mut child, None) || run > CALLS_MAX {
                println!("{call} {}: the victim hangs", run + 1);
                return place.keep();
            }
            counts.push(told);
            if !is_killed(&place.0) {
                break;
            }
        }
        let figure = recover_and_check(&place.0, &plan, true, &counts);
        println!("  {call}, {} times, all that a run has, of {plan}: {figure}", counts.len() - 1);
        if !figure.is_good() || counts.len() == 1 {
            return place.keep();
        }
        place.remove();
    }
    ExitCode::SUCCESS
}

/// True when strace has seen its victim killed.
fn is_killed(place: &Path) -> bool {
    fs::read_to_string(place.join(TRACE)).unwrap_or_default().contains("+++ killed by SIGKILL")
}

fn no_strace() -> ExitCode {
    println!("there is no strace: not done");
    ExitCode::SUCCESS
}
