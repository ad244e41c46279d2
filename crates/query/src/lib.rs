//! Asks logs: reads JSON lines, plain or compressed, and finds what a question names in them.

#![forbid(unsafe_code)]

pub mod answer;
pub mod generate;
pub mod lang;
pub mod scan;
