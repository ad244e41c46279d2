//! What an event's name is made of, why a text is none, and how many may be made at run time.
//!
//! ```
//! use trine::{EventName, name::{Error, NameParts}};
//!
//! fn order_event(action: &str, status: &str) -> Result<EventName, Error> {
//!     EventName::compose("order", action, status)
//! }
//!
//! let created = order_event("create", "success").unwrap();
//! assert_eq!(created.parts(), NameParts { domain: "order", action: "create", status: "success" });
//! assert!(order_event("Create", "success").unwrap_err().is_invalid());
//! ```

#[doc(inline)]
pub use trine_model::{Error, NAME_BYTES_MAX, NAMES_COMPOSED_MAX, NameParts, NameProblem, vocabulary};
