//! Cycles, nanoseconds and cores: what a measurement of nanoseconds stands on.

use std::time::{Duration, Instant};

/// How long the cycle counter is compared with the OS clock before a measurement. 20 ms gives about 1 part in 10,000.
const CALIBRATION: Duration = Duration::from_millis(20);

/// The cycle counter, after all earlier instructions have finished.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn cycles_fenced() -> u64 {
    // SAFETY: both instructions exist on every x86-64 processor and touch no memory of ours.
    unsafe {
        std::arch::x86_64::_mm_lfence();
        std::arch::x86_64::_rdtsc()
    }
}

/// The cycle counter, unfenced: what a logger would read for a timestamp.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn cycles() -> u64 {
    // SAFETY: `rdtsc` exists on every x86-64 processor and touches no memory.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// Without a cycle counter: nanoseconds of the OS clock.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn cycles() -> u64 {
    wall_ns()
}

/// Without a cycle counter: nanoseconds of the OS clock.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn cycles_fenced() -> u64 {
    wall_ns()
}

/// Nanoseconds since 1970-01-01 UTC by the OS clock.
pub fn wall_ns() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64)
}

/// Nanoseconds per cycle, measured against the OS clock for 20 ms.
pub fn ns_per_cycle() -> f64 {
    let (start, start_cycles) = (Instant::now(), cycles_fenced());
    while start.elapsed() < CALIBRATION {
        std::hint::spin_loop();
    }
    let cycles = cycles_fenced() - start_cycles;
    start.elapsed().as_nanos() as f64 / cycles as f64
}

/// Spins for `ns` nanoseconds, so that the core neither sleeps nor slows down between measurements.
pub fn spin_ns(ns: f64, ns_per_cycle: f64) {
    let start = cycles();
    let span = (ns / ns_per_cycle) as u64;
    while cycles() - start < span {
        std::hint::spin_loop();
    }
}

/// Keeps this thread, and threads it starts later, on one core. Wraps around on machines with fewer cores.
pub fn pin(core: usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // SAFETY: `set` is a plain bit set that lives through the calls, and the core number is below its size.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core % cores.max(CORES_MIN), &mut set);
        // A refusal (no such core, no permission) leaves the thread free: the run is noisier, not wrong.
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}

/// `available_parallelism` respects the affinity we set ourselves, so a pinned parent would see one core.
const CORES_MIN: usize = 2;
