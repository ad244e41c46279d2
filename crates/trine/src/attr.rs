//! Attributes: what a function is, said above it.
//!
//! In a module of their own because an attribute and a macro of one name cannot stand in the same, and `timed!` is `trine::timed`.
//!
//! ```
//! use trine::attr::timed;
//! ```

#[doc = include_str!("operation/attribute.md")]
pub use trine_macros::timed;
