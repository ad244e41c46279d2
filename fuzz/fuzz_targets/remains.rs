//! A ring that a process left. The target is `trine_fuzz::remains::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::remains::run(data));
