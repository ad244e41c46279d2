//! Attributes: what a function is, said above it.
//!
//! In a module of their own because an attribute and a macro of one name cannot stand in the same, and `timed!` is `trine::timed`. For
//! the same reason a file that uses both imports the module:
//!
//! ```
//! use trine::{attr, timed};
//!
//! #[attr::timed]
//! fn order_fulfill() {
//!     timed!("payment_charge").run(|| ());
//! }
//! # let captured = trine::testing::capture();
//! # order_fulfill();
//! # assert_eq!(captured.events().len(), 4);
//! ```

#[doc = include_str!("operation/attribute.md")]
pub use trine_macros::timed;
