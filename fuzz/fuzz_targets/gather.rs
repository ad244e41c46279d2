//! What is gathered from lines. The target is `trine_fuzz::gather::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::gather::run(data));
