//! The language of questions: what is written, and what it means, before any line is read.

mod unit;

pub use self::unit::{Dimension, Unit};
