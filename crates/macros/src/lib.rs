//! The attribute macros of Trine. Applications import them through `trine`, which documents them: `trine::attr::timed`.
//!
//! Written without `syn`: an attribute that looks at a function's signature and nothing else needs a small reader of tokens, and a
//! program that uses no attribute should not build a parser of Rust. Three steps, a file each: `parse` (tokens to what was
//! written), `validate` (what was written to what is meant), `expand` (what is meant to tokens).
#![forbid(unsafe_code)]

mod expand;
mod mistake;
mod parse;
mod validate;

use proc_macro::TokenStream;

/// Makes each call of a function an operation. See `trine::attr::timed`.
#[proc_macro_attribute]
pub fn timed(options: TokenStream, item: TokenStream) -> TokenStream {
    let done = parse::function(item.clone())
        .and_then(|function| validate::operation(parse::options(options)?, function))
        .map(expand::operation);
    // A failed expansion still yields the function: one error, and not one per caller.
    done.unwrap_or_else(|mistake| [item, mistake.into_tokens()].into_iter().collect())
}
