//! From an event to a line of JSON. The target is `trine_fuzz::json_line::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::json_line::run(data));
