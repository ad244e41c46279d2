//! Masks: what is shown of values, and secrets in texts. The target is `trine_fuzz::masks::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::masks::run(data));
