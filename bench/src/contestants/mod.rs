//! One module per contestant, all behind the two traits of [`crate::contestant`].

#[cfg(feature = "rivals")]
pub mod emit;
pub mod floor;
#[cfg(feature = "rivals")]
pub mod logforth;
#[cfg(feature = "rivals")]
pub mod provide;
#[cfg(feature = "rivals")]
pub mod slog;
#[cfg(feature = "rivals")]
pub mod spdlog;
#[cfg(feature = "rivals")]
pub mod ticklog;
#[cfg(feature = "rivals")]
pub mod tracing;
#[cfg(feature = "trine")]
pub mod trine;
