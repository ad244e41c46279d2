//! The two ends of a ring. The target is `trine_fuzz::ring::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::ring::run(data));
