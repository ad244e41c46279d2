//! A disk in trouble: what was emitted is written, or counted as lost, and the trouble is said.

use std::{
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{
    Place, TRACE,
    check::{ERRORS, check_accounted},
    plan::{Plan, Random},
    traced,
    victim::{Counts, DURABLE},
    victim_of,
};

/// What strace injects, and whether somebody has to be told.
const FAULTS: [(&str, bool); 6] = [
    ("write:error=ENOSPC:when=3..40", true),
    ("write:error=EIO:when=2..9", true),
    ("write:error=EINTR:when=1+2", false),
    ("fdatasync:error=EIO:when=1", true),
    ("fdatasync:delay_enter=300000", false),
    // Shared memory is full: there is no black box.
    ("fallocate:error=ENOSPC:when=1+", true),
];
/// Longest that a victim may take.
const LIFE_MAX: Duration = Duration::from_secs(120);

pub(crate) fn run(events: u64, seed: u64) -> ExitCode {
    println!("a disk in trouble, {events} events of each thread, seed {seed}");
    let mut random = Random::new(seed);
    for (fault, is_told) in FAULTS {
        let plan = Plan { has_second: false, ..Plan::choose(&mut random) };
        let place = Place::new(random.next());
        let told = Counts::create(&place.0, 0, plan.threads);
        let mut victim = victim_of(&place.0, 0, &events.to_string(), &plan, true);
        victim.env(DURABLE, "1");
        let Ok(mut child) = traced(&victim, &place.0, fault).spawn() else {
            println!("there is no strace: not done");
            return ExitCode::SUCCESS;
        };
        let begin = Instant::now();
        while child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if begin.elapsed() > LIFE_MAX {
                println!("{fault}: the victim hangs");
                let _ = child.kill();
                let _ = child.wait();
                return place.keep();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // What it could not write before it ended is written by another.
        let _ = victim_of(&place.0, 1, "only-recover", &plan, true).status();
        let figure = check_accounted(&place.0, &told.read(), told.lost());
        let injected =
            fs::read_to_string(place.0.join(TRACE)).unwrap_or_default().matches("INJECTED").count()
                + fs::read_to_string(place.0.join(TRACE)).unwrap_or_default().matches("DELAYED").count();
        let said = fs::read_to_string(place.0.join(ERRORS)).unwrap_or_default();
        println!("  {fault}: {injected} times, {plan}: {figure}; counted as lost {}", told.lost());
        if !figure.is_good() || injected == 0 || (is_told && said.is_empty()) {
            println!("  it said: {said}");
            return place.keep();
        }
        place.remove();
    }
    ExitCode::SUCCESS
}
