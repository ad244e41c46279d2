//! The clock callers read: the time-stamp counter where it can be trusted, else the system's monotonic clock.
//!
//! A reading is in **ticks**, which never step; what a tick is worth is found by the reader, who pairs [`ticks`] with the
//! wall clock every few milliseconds ([`Pair`]). So an event costs one `rdtsc` (17 ns under KVM, 7 ns on bare metal) where
//! `clock_gettime` would cost 45, and a stepping wall clock changes no order.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::padded::Padded;

const UNKNOWN: u8 = 0;
const COUNTER: u8 = 1;
const SYSTEM: u8 = 2;

static SOURCE: Padded<AtomicU8> = Padded::new(AtomicU8::new(UNKNOWN));

/// The present, in ticks.
///
/// Units: cycles of the invariant time-stamp counter, or nanoseconds of the monotonic clock; see [`is_counter`].
/// Cost: one load, one `rdtsc`.
#[inline]
pub fn ticks() -> u64 {
    if SOURCE.load(Ordering::Relaxed) == COUNTER { counter() } else { ticks_system() }
}

/// As [`ticks`], read behind all that the caller did before, and before all that it reads next.
///
/// So who then looks at a ring finds each record in it that had been published when anybody else took a later reading. A
/// processor is free to look at memory first otherwise, or to read the counter before it has seen what the caller waited for.
pub fn ticks_in_order() -> u64 {
    wait_for_loads();
    let now = ticks();
    wait_for_loads();
    now
}

/// Nothing behind it begins before what stands before it is done.
#[inline]
fn wait_for_loads() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has `lfence`, and it touches no memory.
    unsafe {
        core::arch::x86_64::_mm_lfence();
    }
}

/// True when [`ticks`] reads the time-stamp counter.
pub fn is_counter() -> bool {
    if SOURCE.load(Ordering::Relaxed) == UNKNOWN {
        detect();
    }
    SOURCE.load(Ordering::Relaxed) == COUNTER
}

/// Makes [`ticks`] read the system's clock, whatever the machine has.
///
/// Call it before the first reading; readings of the two sources do not compare.
pub fn use_system() {
    SOURCE.store(SYSTEM, Ordering::Relaxed);
}

#[cold]
fn ticks_system() -> u64 {
    if SOURCE.load(Ordering::Relaxed) == UNKNOWN {
        detect();
        return ticks();
    }
    monotonic_ns()
}

#[cold]
fn detect() {
    let source = if counter_is_invariant() { COUNTER } else { SYSTEM };
    // Two threads find the same answer; `use_system` in between wins.
    let _ = SOURCE.compare_exchange(UNKNOWN, source, Ordering::Relaxed, Ordering::Relaxed);
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has `rdtsc`; a system that forbids it to programs (PR_SET_TSC) breaks libc as well.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn counter() -> u64 {
    monotonic_ns()
}

/// True when the counter runs at one rate through all power states and cores: the processor says so, and the kernel, which
/// watches it, still uses it. A kernel that found it unstable names another clock source.
#[cfg(target_arch = "x86_64")]
fn counter_is_invariant() -> bool {
    /// The processor's answer. The function is safe in newer versions of the standard library, unsafe in the oldest promised.
    #[allow(unused_unsafe, reason = "which it is depends on the compiler's version")]
    fn cpuid(leaf: u32) -> core::arch::x86_64::CpuidResult {
        // SAFETY: every x86-64 processor has `cpuid`.
        unsafe { core::arch::x86_64::__cpuid(leaf) }
    }
    /// Leaf "Advanced Power Management Information", EDX bit 8: Intel SDM vol. 3 18.17.1, AMD APM vol. 3 E.4.6.
    const POWER_MANAGEMENT: u32 = 0x8000_0007;
    let leaf_max = cpuid(0x8000_0000).eax;
    if leaf_max < POWER_MANAGEMENT || cpuid(POWER_MANAGEMENT).edx & (1 << 8) == 0 {
        return false;
    }
    match std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource") {
        Ok(name) => matches!(name.trim(), "tsc" | "kvm-clock" | "hyperv_clocksource_tsc_page"),
        // Not Linux, or a sandbox: the processor's word has to do.
        Err(_) => true,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn counter_is_invariant() -> bool {
    false
}

/// Nanoseconds of a clock that never steps back; the same in all processes of this boot on Unix.
#[cfg(unix)]
pub fn monotonic_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the result; CLOCK_MONOTONIC exists on every Unix, so the call cannot fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// As [`monotonic_ns`], as of the kernel's last tick: up to [`COARSE_NS`] ago.
///
/// Cost: a few nanoseconds; reads no hardware.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn coarse_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the result; Linux has CLOCK_MONOTONIC_COARSE since 2.6.32, so the call cannot fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// As [`monotonic_ns`]: only Linux has a coarse clock.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn coarse_ns() -> u64 {
    monotonic_ns()
}

/// Longest between two ticks of a kernel (CONFIG_HZ=100).
pub const COARSE_NS: u64 = 10_000_000;

/// Nanoseconds since the first call.
#[cfg(not(unix))]
pub fn monotonic_ns() -> u64 {
    use std::{sync::OnceLock, time::Instant};
    static BASE: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BASE.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The same instant on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The reading of [`ticks`].
    pub ticks: u64,
    /// Nanoseconds of the other clock.
    pub ns: i64,
}

/// Attempts at reading a pair closely; a preemption between the readings spoils one.
const PAIR_TRIES: usize = 3;

impl Pair {
    /// Ticks and the wall clock, nanoseconds since 1970-01-01 UTC.
    pub fn wall() -> Pair {
        Pair::closest(|| match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
        })
    }

    /// Ticks and the monotonic clock, to measure what a tick is worth: this clock does not step.
    pub fn monotonic() -> Pair {
        Pair::closest(|| monotonic_ns() as i64)
    }

    /// Reads `other` between two readings of ticks, a few times, and keeps the closest.
    fn closest(other: impl Fn() -> i64) -> Pair {
        let mut best = (u64::MAX, Pair { ticks: 0, ns: 0 });
        for _ in 0..PAIR_TRIES {
            let before = ticks();
            let ns = other();
            let gap = ticks().wrapping_sub(before);
            if gap < best.0 {
                best = (gap, Pair { ticks: before.wrapping_add(gap / 2), ns });
            }
        }
        best.1
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn ticks_never_step_back() {
        let mut last = ticks();
        for _ in 0..10_000 {
            let now = ticks();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn the_coarse_clock_is_at_most_a_tick_behind() {
        let (before, coarse, after) = (monotonic_ns(), coarse_ns(), monotonic_ns());
        assert!(coarse <= after && coarse + COARSE_NS + 1_000_000 >= before, "{before} {coarse} {after}");
    }

    #[test]
    fn a_pair_lies_between_the_readings_around_it() {
        let before = ticks();
        let pair = Pair::monotonic();
        let after = ticks();
        assert!((before..=after).contains(&pair.ticks));
    }
}
