//! JSON as it stands there: numbers as their digits, maps with their entries in order and a key twice if it stands twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value of JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`, `true`, `false`, or a number, as written.
    Word(String),
    /// Text, its escapes resolved.
    Text(String),
    /// Values in order.
    List(Vec<Json>),
    /// Keys and values in order.
    Map(Vec<(String, Json)>),
}

/// The entries of an object, unread.
struct Entries(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Entries;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

impl Json {
    /// Reads a text that is exactly one value.
    ///
    /// Errors: it is not JSON, in the eyes of `serde_json`.
    pub fn parse(text: &str) -> serde_json::Result<Json> {
        Ok(match text.trim_start().as_bytes().first() {
            Some(b'{') => {
                let entries = serde_json::from_str::<Entries>(text)?.0;
                Json::Map(
                    entries
                        .into_iter()
                        .map(|(key, raw)| Ok((key, Json::parse(raw.get())?)))
                        .collect::<serde_json::Result<_>>()?,
                )
            }
            Some(b'[') => {
                let items = serde_json::from_str::<Vec<Box<RawValue>>>(text)?;
                Json::List(items.iter().map(|raw| Json::parse(raw.get())).collect::<serde_json::Result<_>>()?)
            }
            Some(b'"') => Json::Text(serde_json::from_str(text)?),
            _ => Json::Word(serde_json::from_str::<Box<RawValue>>(text)?.get().to_owned()),
        })
    }
}
