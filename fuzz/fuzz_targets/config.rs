//! Variables, level rules and configuration files. The target is `trine_fuzz::config::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::config::run(data));
