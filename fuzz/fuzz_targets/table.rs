//! The callsite table. The target is `trine_fuzz::table::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::table::run(data));
