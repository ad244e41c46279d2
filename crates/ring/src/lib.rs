//! The bytes of an event, in both directions, and the ring they travel in.
//!
//! An emitting thread copies its arguments as tagged bytes, a **record**, into a single-producer single-consumer **ring**;
//! a worker reads them back. The ring lies in shared memory, and beside it a table that says what each callsite is, so
//! another process can read what this one emitted, also after it died.
//!
//! ```
//! use trine_ring::{Arg, Backing, Push, ring, record::ValueRef};
//!
//! let (mut producer, mut consumer) = ring::create(&Backing::Private, "example", 64 << 10).unwrap();
//! let pushed = producer.push(7, 1_000, &[Arg::Str("/users"), Arg::U64(200)], [&[]; 3]);
//! assert_eq!(pushed, Push::Done);
//!
//! consumer.refresh();
//! let record = consumer.next().unwrap().unwrap();
//! assert_eq!((record.site(), record.ticks()), (7, 1_000));
//! let values: Vec<ValueRef<'_>> = record.values().collect();
//! assert_eq!(values[1], ValueRef::U64(200));
//! ```
//!
//! The nouns: [`Arg`] and [`Value`] (what goes in), [`record::Record`] and [`record::ValueRef`] (what comes out),
//! [`Producer`] and [`Consumer`] (the two ends of a ring), [`CallsiteTable`], [`clock`], [`process`], [`fatal`].
//!
//! # Why is there `unsafe` here, and nowhere else?
//! Shared memory, the time-stamp counter, the process hooks (exit, fork, signals, [`fatal`] ones) and the identity of types with lifetimes
//! ([`held`]) cannot be had without it. Every other
//! crate of Trine forbids it; each block here says what makes it sound.
//!
//! # What if the bytes are damaged?
//! A reader checks every length against what lies there, and never reads outside the ring: [`record`] decodes any bytes to
//! some values or to an error, without a panic. This is fuzzed.

mod append;
mod arg;
pub mod caught;
pub mod clock;
pub mod fatal;
#[cfg(all(test, loom))]
mod hand_over;
pub mod held;
mod memory;
mod padded;
mod primitive;
pub mod process;
mod protocol;
pub mod record;
mod region;
pub mod ring;
pub mod table;
mod turns;
pub mod value;

#[doc(inline)]
pub use crate::{
    append::Appender,
    arg::Arg,
    memory::Backing,
    padded::Padded,
    region::Region,
    ring::{Consumer, Producer, Push, Remains},
    table::{CallsiteTable, Descriptor, TableReader},
    turns::Turns,
    value::{Value, ValueWriter},
};
