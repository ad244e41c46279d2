//! What is fuzzed: one function per target, from bytes to a panic where a promise is broken.
//!
//! A target takes any bytes. Those that are about values read a [`tree::Tree`] out of them, so that the fuzzer's mutations become
//! other values.
#![forbid(unsafe_code)]

pub mod config;
pub mod gather;
pub mod journal;
pub mod json;
pub mod json_line;
pub mod masks;
pub mod place;
pub mod question;
pub mod record;
pub mod remains;
pub mod ring;
pub mod scan_line;
pub mod table;
pub mod tree;

/// The name of a target, which is that of its folder in `seeds/`; and the target.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 11] = [
    ("config", config::run),
    ("gather", gather::run),
    ("journal", journal::run),
    ("json_line", json_line::run),
    ("masks", masks::run),
    ("question", question::run),
    ("record", record::run),
    ("remains", remains::run),
    ("ring", ring::run),
    ("scan_line", scan_line::run),
    ("table", table::run),
];
