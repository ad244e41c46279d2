//! The reader of lines. The target is `trine_fuzz::scan_line::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::scan_line::run(data));
