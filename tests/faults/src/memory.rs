//! Killed for want of memory: in a control group that has little, by the system, while events are emitted.
//!
//! The black box lies in shared memory, which counts as the group's.

use std::{
    fs, io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Place,
    check::check,
    plan::{Plan, Random},
    victim::{Counts, GROUP},
    victim_of,
};

/// Kills without an argument.
pub(crate) const KILLS: u64 = 20;
/// Memory of the group: what a victim needs, its rings and those of the one before, and some to eat.
const GROUP_BYTES: u64 = 96 << 20;
/// Longest that a victim may take to be killed.
const LIFE_MAX: Duration = Duration::from_secs(60);
/// Signal of a kill.
const KILL: i32 = 9;

/// A control group, removed when it is empty.
struct Group {
    path: PathBuf,
    /// The file that says how many processes of it were killed for want of memory.
    events: &'static str,
}

impl Group {
    /// Makes one, of whichever version of control groups there is.
    fn create() -> io::Result<Group> {
        let name = format!("trine-faults-{}", std::process::id());
        let first = Path::new("/sys/fs/cgroup/memory").join(&name);
        if fs::create_dir(&first).is_ok() {
            let group = Group { path: first, events: "memory.oom_control" };
            group.set("memory.limit_in_bytes", GROUP_BYTES)?;
            return Ok(group);
        }
        let base = Path::new("/sys/fs/cgroup");
        fs::write(base.join("cgroup.subtree_control"), "+memory")?;
        let group = Group { path: base.join(name), events: "memory.events" };
        fs::create_dir(&group.path)?;
        group.set("memory.max", GROUP_BYTES)?;
        // Where there is no swap, there is no such file.
        let _ = group.set("memory.swap.max", 0);
        Ok(group)
    }

    fn set(&self, name: &str, value: u64) -> io::Result<()> {
        fs::write(self.path.join(name), value.to_string())
    }

    /// Processes of it that were killed for want of memory.
    fn killed(&self) -> u64 {
        let text = fs::read_to_string(self.path.join(self.events)).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok());
        count.unwrap_or(0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.path);
    }
}

pub(crate) fn run(kills: u64, seed: u64) -> ExitCode {
    println!("{kills} kills for want of memory, seed {seed}");
    let group = match Group::create() {
        Ok(group) => group,
        Err(error) => {
            println!("skipped: no control group can be made here: {error} (it needs to be root)");
            return ExitCode::SUCCESS;
        }
    };
    let mut random = Random::new(seed);
    let plan = Plan::choose(&mut random);
    let place = Place::new(random.next());
    let shared = Place::in_shared_memory(random.next());
    let mut counts = Vec::new();
    for run in 0..kills {
        let told = Counts::create(&place.0, run, plan.threads);
        let mut victim = victim_of(&place.0, run, "for-ever", &plan, true);
        victim.env("TRINE_BLACK_BOX", &shared.0).env(GROUP, group.path.join("cgroup.procs"));
        let mut child = victim.spawn().expect("a victim");
        let begin = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(None) if begin.elapsed() < LIFE_MAX => thread::sleep(Duration::from_millis(1)),
                Ok(Some(status)) => break status,
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    println!("victim {run} finds memory enough");
                    shared.remove();
                    return place.keep();
                }
            }
        };
        if status.signal() != Some(KILL) || group.killed() != run + 1 {
            println!("victim {run}: {status}, {} killed for want of memory", group.killed());
            shared.remove();
            return place.keep();
        }
        counts.push(told);
    }
    let mut last = victim_of(&place.0, kills, "only-recover", &plan, true);
    let status = last.env("TRINE_BLACK_BOX", &shared.0).status();
    let returned: Vec<Vec<u64>> = counts.iter().map(Counts::read).collect();
    let figure = check(&place.0, &plan, &returned);
    println!("  {kills} kills of {plan}, each counted by the system: {figure}");
    shared.remove();
    if !figure.is_good() || figure.recovered == 0 || !status.is_ok_and(|status| status.success()) {
        return place.keep();
    }
    place.remove();
    ExitCode::SUCCESS
}
