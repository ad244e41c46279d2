//! One module per contestant, all behind the two traits of [`crate::contestant`].

pub mod emit;
pub mod floor;
pub mod logforth;
pub mod provide;
pub mod slog;
pub mod spdlog;
pub mod ticklog;
pub mod tracing;
#[cfg(feature = "trine")]
pub mod trine;
