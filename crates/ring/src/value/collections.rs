//! Lists and maps.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    fmt,
};

use super::{Value, ValueWriter};

/// Collections written as a list of their items.
macro_rules! lists {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> Value for $type {
            fn encode(&self, writer: ValueWriter<'_>) {
                let mut list = writer.list();
                for item in self.iter() {
                    list.item(item);
                }
            }
        }
    )*};
}

lists! {
    [T: Value] [T];
    [T: Value, const N: usize] [T; N];
    [T: Value] Vec<T>;
    [T: Value] VecDeque<T>;
    [T: Value] BTreeSet<T>;
    [T: Value, S] HashSet<T, S>;
}

impl<T: Value> Value for Cow<'_, [T]>
where
    [T]: ToOwned,
{
    fn encode(&self, writer: ValueWriter<'_>) {
        (**self).encode(writer);
    }
}

/// Maps; a key is written as its `Display`, so that keys of any type become the strings that JSON wants.
macro_rules! maps {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<K: fmt::Display, V: Value, $($generics)*> Value for $type {
            fn encode(&self, writer: ValueWriter<'_>) {
                let mut map = writer.map();
                let mut text = String::new();
                for (key, value) in self {
                    map.entry(key_text(&mut text, key), value);
                }
            }
        }
    )*};
}

maps! {
    [] BTreeMap<K, V>;
    [S] HashMap<K, V, S>;
}

fn key_text<'a>(text: &'a mut String, key: &impl fmt::Display) -> &'a str {
    text.clear();
    match fmt::Write::write_fmt(text, format_args!("{key}")) {
        Ok(()) => text,
        Err(fmt::Error) => "<Display failed>",
    }
}

/// Tuples are lists of unlike items.
macro_rules! tuples {
    ($(($($name:ident),+);)*) => {$(
        impl<$($name: Value),+> Value for ($($name,)+) {
            #[expect(non_snake_case, reason = "the type parameters name the items")]
            fn encode(&self, writer: ValueWriter<'_>) {
                let ($($name,)+) = self;
                let mut list = writer.list();
                $(list.item($name);)+
            }
        }
    )*};
}

tuples! {
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
}
