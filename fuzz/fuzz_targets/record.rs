//! The bytes of an event. The target is `trine_fuzz::record::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::record::run(data));
