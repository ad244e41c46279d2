//! The vocabulary of structured events: names, the roles of their statuses, levels, keys.
//!
//! An event says what happened under a static **name** made of *domain, action, status*. This crate knows what a name may
//! look like, where its parts are, and what its status means; everything that writes, declares or asks for events
//! agrees by asking here. It does no I/O and has no dependency.
//!
//! ```
//! use trine_model::{EventName, Level, Role};
//!
//! const FAILED: EventName = EventName::literal("payment_process_failed"); // judged while compiling
//!
//! assert_eq!(FAILED.domain(), "payment");
//! assert_eq!(FAILED.action(), "process");
//! assert_eq!(FAILED.status(), "failed");
//! assert_eq!(FAILED.role(), Role::Fail);
//! assert!(Level::Error >= "warn".parse::<Level>().unwrap());
//! ```
//!
//! The nouns: [`EventName`] (a name that obeys the grammar), [`NameParts`] (domain, action, status), [`Role`] (what a status
//! means for an operation), [`Level`] (how much an event matters), [`key`] (which field names are taken), [`mask`] (what of a secret
//! may be shown, and where secrets are).
//!
//! # What may a name look like?
//! Words of `a-z` and `0-9` joined by `_`, at least two, the first beginning with a letter, at most [`NAME_BYTES_MAX`]
//! bytes: `payment_process_failed`, `cache_hit`. Or, as another spelling of the same name, segments joined by dots:
//! `payment.process.failed`. A literal that breaks the grammar does not compile:
//!
//! ```compile_fail
//! use trine_model::EventName;
//! // error: event name has an upper-case letter: names are lower-case words joined by `_`, like `payment_process_failed`
//! const N: EventName = EventName::literal("Payment-Failed");
//! ```
//!
//! # Where does the action end and the status begin?
//! The status is the longest tail of the name that [`vocabulary::STATUSES`] lists, so that `job_run_timed_out` is job / run /
//! timed_out; a name of three words or more whose tail is not listed has its last word as status. A name of two words
//! has no action when its second word is a status (`order_created`), and no status when it is not (`cache_hit`). Where
//! that is not what you mean, dots say where the parts are: `export.daily.left_over`.
//!
//! # What if a name is only known at run time?
//! [`EventName::compose`] and [`EventName::intern`] judge it by the same rules, and keep one copy of each distinct name for
//! as long as the process lives. They stop at [`NAMES_COMPOSED_MAX`] names with an error: a name made of data (an id, a
//! path) cannot eat the memory. What varies belongs in a field.
//!
//! # What is not here
//! A catalog may say more about a name than its words do (another role, a level, fields): that is not this crate's.

#![forbid(unsafe_code)]

mod error;
pub mod key;
mod level;
pub mod mask;
mod name;
pub mod sample;
pub mod suggest;
pub mod vocabulary;

#[doc(inline)]
pub use crate::{
    error::Error,
    level::Level,
    name::{EventName, NAME_BYTES_MAX, NAMES_COMPOSED_MAX, NameParts, NameProblem},
    vocabulary::Role,
};
