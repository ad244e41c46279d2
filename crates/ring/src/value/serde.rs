//! Any type that is [`Serialize`], as a value.

mod error;
mod key;
mod nested;
mod number;
mod serializer;

use serde_core::Serialize;

use self::serializer::Serializer;
use super::{Value, ValueWriter};
use crate::record::{DEPTH_MAX, write};

/// Most options and newtypes around one value, those around the lists and maps it lies in included. They leave no trace in
/// the value, so [`DEPTH_MAX`] does not count them, but each one is a call within a call. Four for each list or map.
const WRAPPERS_MAX: usize = 4 * DEPTH_MAX;

/// Makes a value of anything that is [`Serialize`]: `info!("user_login", user = trine::serde(&user))`.
///
/// Shape: structs and maps become a map; sequences, tuples and bytes a list; `None` and units `null`; a newtype what is in
/// it. An enum's variant is its name, with data a map of one entry: the name and the data. A map's key is the text or the
/// digits of a scalar; any other key is written out: `[1, 2]`. Nesting is bounded as for every value.
///
/// Errors: when serializing fails, the value is marked, on the line `"<serde: why>"`.
///
/// Cost: serializes on the calling thread, at the call, and only when the event is on.
///
/// ```
/// use std::collections::BTreeMap;
/// use trine_ring::{record::{self, Record, ValueRef}, value::{arg, serde}};
///
/// let degrees = BTreeMap::from([("hall", 18.0), ("kitchen", 21.5)]);
///
/// let mut out = Vec::new();
/// record::encode(&mut out, 1, 0, &[arg(&serde(&degrees))], &[]);
/// let ValueRef::Map(map) = Record::new(&out).unwrap().values().next().unwrap() else { panic!() };
/// let (key, value) = map.entries().next().unwrap();
/// assert_eq!((&*key.to_str(), value), ("hall", ValueRef::F64(18.0)));
/// ```
pub fn serde<T: Serialize + ?Sized>(value: &T) -> Serde<'_, T> {
    Serde(value)
}

/// A borrowed [`Serialize`] as a value. From [`serde()`].
#[derive(Debug)]
pub struct Serde<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Value for Serde<'_, T> {
    fn encode(&self, writer: ValueWriter<'_>) {
        let ValueWriter { out, depth } = writer;
        let start = out.len();
        if let Err(error) = self.0.serialize(Serializer::new(out, depth, 0)) {
            write::failed(out, start, &format!("serde: {error}"));
        }
    }
}
