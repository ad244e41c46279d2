//! Holds the examples together.
