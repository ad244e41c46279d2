//! Asks logs: reads JSON lines, plain or compressed, and finds what a question names in them.
//!
//! [`lang`] reads a question, [`engine`] answers it, [`sql`] says it in the words of other engines. [`scan`] is the bytes side.
//! [`events`] turns a line of any format into events. [`operations`] pairs their starts and ends into runs, [`flow`] is all that
//! happened under one id, [`volume`] what a log weighs. An [`answer`] is what all of them come to. [`generate`] makes logs up.

#![forbid(unsafe_code)]

pub mod answer;
pub mod engine;
pub mod events;
pub mod flow;
pub mod generate;
pub mod lang;
pub mod operations;
pub mod scan;
pub mod sql;
pub mod volume;
pub mod weight;
