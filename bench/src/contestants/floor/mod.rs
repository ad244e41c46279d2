//! The floor: a hand-written loop that does the necessary work for the same line, and nothing else.
//!
//! No levels by module, no self-description, no loss accounting, no rotation, no other encoder: what is left is
//! reading the clock, copying or rendering the fields, escaping, and writing. A logger cannot do less for this line.

mod inline;
mod line;
mod queued;
mod ring;
mod stamp;

pub use inline::FloorInline;
pub use queued::FloorQueued;
