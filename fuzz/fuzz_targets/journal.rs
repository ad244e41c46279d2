//! What a process left. The target is `trine_fuzz::journal::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::journal::run(data));
