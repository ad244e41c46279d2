//! One argument of an event, as the callsite hands it over.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::{Duration, SystemTime},
};

use crate::value::Value;

/// One argument on its way into a record: a borrowed, typed view, made without allocation.
///
/// The variants up to [`Arg::Socket`] are plain data and are copied straight into the ring. The last three run code of the
/// user's when they are written; see [`Arg::is_plain`].
///
/// Cost: 24 bytes on the stack; wide types are held by reference to keep it so.
#[derive(Clone, Copy)]
pub enum Arg<'a> {
    /// Nothing: `Option::None`, `()`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer of up to 64 bits.
    I64(i64),
    /// An unsigned integer of up to 64 bits.
    U64(u64),
    /// A signed integer of 128 bits.
    I128(&'a i128),
    /// An unsigned integer of 128 bits.
    U128(&'a u128),
    /// A single-precision float; kept apart so that `0.1_f32` is written as `0.1`.
    F32(f32),
    /// A double-precision float.
    F64(f64),
    /// One character, a string on the wire.
    Char(char),
    /// Text.
    Str(&'a str),
    /// A length of time.
    Duration(&'a Duration),
    /// A point in time.
    Time(&'a SystemTime),
    /// An IP address.
    Ip(&'a IpAddr),
    /// An IP address and port.
    Socket(&'a SocketAddr),
    /// Text made by a `Display`, from `%value`.
    Display(&'a dyn fmt::Display),
    /// Text made by a `Debug`, from `?value`.
    Debug(&'a dyn fmt::Debug),
    /// A value that writes itself: lists, maps, types of the user's.
    Dyn(&'a dyn Value),
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Arg<'_>>() == 24);

impl Arg<'_> {
    /// True when writing this argument runs no code but ours, so that it may be written while a ring slot is open.
    #[inline]
    pub const fn is_plain(&self) -> bool {
        !matches!(self, Arg::Display(_) | Arg::Debug(_) | Arg::Dyn(_))
    }
}

impl fmt::Debug for Arg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Null => f.write_str("null"),
            Arg::Bool(v) => v.fmt(f),
            Arg::I64(v) => v.fmt(f),
            Arg::U64(v) => v.fmt(f),
            Arg::I128(v) => v.fmt(f),
            Arg::U128(v) => v.fmt(f),
            Arg::F32(v) => v.fmt(f),
            Arg::F64(v) => v.fmt(f),
            Arg::Char(v) => v.fmt(f),
            Arg::Str(v) => v.fmt(f),
            Arg::Duration(v) => v.fmt(f),
            Arg::Time(v) => v.fmt(f),
            Arg::Ip(v) => v.fmt(f),
            Arg::Socket(v) => v.fmt(f),
            Arg::Display(v) => write!(f, "{v}"),
            Arg::Debug(v) => v.fmt(f),
            Arg::Dyn(_) => f.write_str("(a value that writes itself)"),
        }
    }
}
