//! The language of questions: what is written, and what it means, before any line is read.
//!
//! [`parse`] reads either spelling, clauses as in SQL or pipes, into one tree ([`ast`]); printing a tree gives the canonical text.
//! docs/query.md has the grammar, and an example for every function.
//!
//! ```
//! let error = trine_query::lang::parse("event:user_action | cuont() by category").unwrap_err();
//! assert_eq!(error.to_string(), "\
//! unknown function `cuont`
//!   | event:user_action | cuont() by category
//!   |                     ^^^^^
//! hint: did you mean `count`?");
//! ```

pub mod ast;
mod error;
mod functions;
mod parser;
mod print;
mod unit;

pub use self::{
    error::Error,
    functions::{ARGUMENTS_MAX, FUNCTIONS, Function},
    parser::{DEPTH_MAX, TEXT_BYTES_MAX, parse},
    unit::{Dimension, Unit},
};

pub(crate) use self::{
    functions::TOP_VALUES,
    parser::{count, is_stage},
};

/// The function with this name, which there is.
pub(crate) fn function(name: &str) -> &'static Function {
    functions::named(name).map_or(&FUNCTIONS[0], |named| named.function)
}

/// Most bytes that a compiled regular expression may take: enough for what people write, too little to be a weapon.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Compiles a regular expression of a question; the error says why not, in a line.
pub(crate) fn regex(regex: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(regex)
        .size_limit(REGEX_BYTES_MAX)
        .dfa_size_limit(REGEX_BYTES_MAX)
        .build()
        .map_err(|error| {
            match &error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                // The last line says what is wrong; those before show where, in another layout than ours.
                other => other
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned(),
            }
        })
}
