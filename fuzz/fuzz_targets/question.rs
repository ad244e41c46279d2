//! The language and the engine. The target is `trine_fuzz::question::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::question::run(data));
