//! A value as it may be shown.

use std::borrow::Cow;

use trine_model::mask::{MASKED, Treatment};
use trine_ring::{Arg, Value, ValueWriter, record::ValueRef};

use super::Masking;

/// A value that was written already, and is written again without what is not to be shown.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) masking: &'a Masking,
    pub(super) value: ValueRef<'a>,
    /// That of the key above it, which holds for all that is below.
    pub(super) treatment: Option<Treatment>,
}

impl Value for Shown<'_> {
    fn encode(&self, writer: ValueWriter<'_>) {
        let Shown { masking, ref value, treatment } = *self;
        match (treatment, value) {
            // What is nothing stays nothing.
            (_, ValueRef::Null) => writer.arg(&Arg::Null),
            (Some(Treatment::Redact), _) => writer.str(MASKED),
            (treatment, ValueRef::List(list)) => {
                let mut items = writer.list();
                list.items().for_each(|value| {
                    items.item(&Shown { masking, value, treatment });
                });
            }
            (treatment, ValueRef::Map(map)) => {
                let mut entries = writer.map();
                map.entries().for_each(|(key, value)| {
                    let key = key.to_str();
                    let treatment = masking.treatment(&key).or(treatment);
                    entries.entry(&masking.text(&key), &Shown { masking, value, treatment });
                });
            }
            (Some(treatment), leaf) => {
                writer.str(&text_of(leaf).map_or(MASKED.into(), |text| masking.apply(treatment, &text)));
            }
            (None, ValueRef::Str(text)) => writer.str(&masking.text(&text.to_str())),
            (None, ValueRef::Failed(why)) => writer.failed(&masking.text(&why.to_str())),
            (None, plain) => writer.value(plain),
        }
    }
}

/// The text that a mask for texts is laid over; `None`: of this nothing is to be shown.
fn text_of<'a>(value: &ValueRef<'a>) -> Option<Cow<'a, str>> {
    Some(match value {
        ValueRef::Str(text) => text.to_str(),
        ValueRef::I64(number) => number.to_string().into(),
        ValueRef::U64(number) => number.to_string().into(),
        ValueRef::I128(number) => number.to_string().into(),
        ValueRef::U128(number) => number.to_string().into(),
        ValueRef::Ip(address) => address.to_string().into(),
        ValueRef::Socket(address) => address.to_string().into(),
        _ => return None,
    })
}
