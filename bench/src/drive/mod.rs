//! The driver: starts contestants one after the other, again and again, and makes one table of it.

pub mod goals;
pub mod keep;
pub mod machine;
pub mod one;
pub mod results;
pub mod run;
pub mod tables;
