//! Lists and maps.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
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
    [T: Value] BinaryHeap<T>;
    [T: Value] LinkedList<T>;
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

/// Maps. JSON wants strings as keys: a key is written as the text of its value, numbers as their digits.
macro_rules! maps {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<K: Value, V: Value, $($generics)*> Value for $type {
            fn encode(&self, writer: ValueWriter<'_>) {
                let mut map = writer.map();
                for (key, value) in self {
                    map.entry_keyed(key, value);
                }
            }
        }
    )*};
}

maps! {
    [] BTreeMap<K, V>;
    [S] HashMap<K, V, S>;
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
