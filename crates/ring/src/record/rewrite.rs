//! Values that were read, written again: by stages that change an event, and by batches.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::read::ValueRef;
use crate::{
    arg::Arg,
    value::{Value, ValueWriter},
};

/// A value read from a record can be the value of a field again; it is written with the tag it was read from.
impl Value for ValueRef<'_> {
    fn scalar(&self) -> Option<Arg<'_>> {
        Some(match self {
            ValueRef::Null => Arg::Null,
            ValueRef::Bool(v) => Arg::Bool(*v),
            ValueRef::I64(v) => Arg::I64(*v),
            ValueRef::U64(v) => Arg::U64(*v),
            ValueRef::I128(v) => Arg::I128(v),
            ValueRef::U128(v) => Arg::U128(v),
            ValueRef::F32(v) => Arg::F32(*v),
            ValueRef::F64(v) => Arg::F64(*v),
            ValueRef::Char(v) => Arg::Char(*v),
            ValueRef::Str(v) => Arg::Str(std::str::from_utf8(v.as_bytes()).ok()?),
            ValueRef::Ip(v) => Arg::Ip(v),
            ValueRef::Socket(v) => Arg::Socket(v),
            ValueRef::Duration(..)
            | ValueRef::Time(..)
            | ValueRef::List(_)
            | ValueRef::Map(_)
            | ValueRef::Failed(_) => return None,
        })
    }

    fn encode(&self, writer: ValueWriter<'_>) {
        match self {
            ValueRef::Str(text) => writer.str(&text.to_str()),
            ValueRef::Duration(seconds, nanos) => {
                writer.arg(&Arg::Duration(&Duration::new(*seconds, *nanos)));
            }
            ValueRef::Time(seconds, nanos) => match time(*seconds, *nanos) {
                Some(time) => writer.arg(&Arg::Time(&time)),
                None => writer.failed("a time beyond what the system can hold"),
            },
            ValueRef::List(list) => {
                let mut writer = writer.list();
                list.items().for_each(|item| {
                    writer.item(&item);
                });
            }
            ValueRef::Map(map) => {
                let mut writer = writer.map();
                map.entries().for_each(|(key, value)| {
                    writer.entry(&key.to_str(), &value);
                });
            }
            ValueRef::Failed(why) => writer.failed(&why.to_str()),
            scalar => match scalar.scalar() {
                Some(plain) => writer.arg(&plain),
                None => writer.arg(&Arg::Null),
            },
        }
    }
}

/// Whole seconds since 1970 rounded down, and the nanoseconds above them.
fn time(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    start?.checked_add(Duration::new(0, nanos))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use crate::{
        Arg, Value,
        record::{Record, encode},
        value::arg,
    };

    #[test]
    fn what_was_read_is_written_with_the_same_bytes() {
        let nested: &dyn Value = &vec![Some(vec!["a\u{0}\"", ""]), None];
        let early = UNIX_EPOCH - Duration::new(5, 250);
        let ip = "::1".parse().unwrap();
        let socket = "10.0.0.1:80".parse().unwrap();
        let args = [
            Arg::Null,
            Arg::Bool(true),
            Arg::I64(-1),
            Arg::U64(u64::MAX),
            Arg::I128(&i128::MIN),
            Arg::U128(&u128::MAX),
            Arg::F32(0.1),
            Arg::F64(f64::INFINITY),
            Arg::Char('é'),
            Arg::Str("text"),
            Arg::Duration(&Duration::new(3, 4)),
            Arg::Time(&early),
            Arg::Ip(&ip),
            Arg::Socket(&socket),
            Arg::Dyn(nested),
        ];
        let mut bytes = Vec::new();
        encode(&mut bytes, 5, 99, &args, &[]);
        let values: Vec<_> = Record::new(&bytes).unwrap().values().collect();
        let again: Vec<Arg<'_>> = values.iter().map(arg).collect();
        let mut copy = Vec::new();
        encode(&mut copy, 5, 99, &again, &[]);
        assert_eq!(copy, bytes);
    }
}
