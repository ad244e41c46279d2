//! Any value there can be, and what a line should say of it.

use std::{collections::BTreeMap, fmt};

use proptest::{collection::vec, prelude::*};
use trine::{Delivery, Logger, Value, ValueWriter, bind, info, scope};

use crate::lines::{Lines, fields_of};

/// A tree of values, of every kind that has an exact form in JSON.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    F32(f32),
    F64(f64),
    Char(char),
    Text(String),
    /// Written in pieces by a `Display`.
    Shown(Vec<String>),
    /// A `Display` that fails behind these pieces.
    Fails(Vec<String>),
    List(Vec<Tree>),
    Tuple(Box<(Tree, Tree)>),
    Option(Option<Box<Tree>>),
    /// Entries in order; keys may stand twice.
    Map(Vec<(String, Tree)>),
    /// A map of the standard library.
    Sorted(BTreeMap<i32, Tree>),
}

struct Pieces<'a>(&'a [String], bool);

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(piece))?;
        if self.1 { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Value for Tree {
    fn encode(&self, writer: ValueWriter<'_>) {
        match self {
            Tree::Null => writer.value(&()),
            Tree::Bool(v) => writer.value(v),
            Tree::I64(v) => writer.value(v),
            Tree::U64(v) => writer.value(v),
            Tree::I128(v) => writer.value(v),
            Tree::U128(v) => writer.value(v),
            Tree::F32(v) => writer.value(v),
            Tree::F64(v) => writer.value(v),
            Tree::Char(v) => writer.value(v),
            Tree::Text(v) => writer.value(v),
            Tree::Shown(pieces) => writer.format(format_args!("{}", Pieces(pieces, false))),
            Tree::Fails(pieces) => writer.format(format_args!("{}", Pieces(pieces, true))),
            Tree::List(items) => writer.value(items),
            Tree::Tuple(pair) => writer.value(&**pair),
            Tree::Option(option) => writer.value(option),
            Tree::Map(entries) => {
                let mut map = writer.map();
                for (key, value) in entries {
                    map.entry(key, value);
                }
            }
            Tree::Sorted(map) => writer.value(map),
        }
    }
}

/// Text of any characters, with those that JSON escapes more often than chance would have it.
fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        prop::char::range('\0', '\u{ff}'),
        prop::sample::select(vec!['"', '\\', '\n', '\0', '{', ',', ':', '\u{2028}', '\u{7f}', '🎉'])
    ];
    vec(character, 0..24).prop_map(String::from_iter)
}

pub(crate) fn any_tree() -> impl Strategy<Value = Tree> {
    let float = prop_oneof![any::<f64>(), any::<u64>().prop_map(f64::from_bits), (-1e6..1e6_f64)];
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::I64),
        any::<u64>().prop_map(Tree::U64),
        any::<i128>().prop_map(Tree::I128),
        any::<u128>().prop_map(Tree::U128),
        any::<u32>().prop_map(|bits| Tree::F32(f32::from_bits(bits))),
        float.prop_map(Tree::F64),
        any::<char>().prop_map(Tree::Char),
        any_text().prop_map(Tree::Text),
        vec(any_text(), 0..4).prop_map(Tree::Shown),
        vec(any_text(), 0..4).prop_map(Tree::Fails),
    ];
    leaf.prop_recursive(6, 64, 6, |tree| {
        prop_oneof![
            vec(tree.clone(), 0..6).prop_map(Tree::List),
            (tree.clone(), tree.clone()).prop_map(|pair| Tree::Tuple(Box::new(pair))),
            prop::option::of(tree.clone().prop_map(Box::new)).prop_map(Tree::Option),
            vec((prop_oneof![any_text(), Just("k".into()), Just("level".into())], tree.clone()), 0..6)
                .prop_map(Tree::Map),
            prop::collection::btree_map(any::<i32>(), tree, 0..6).prop_map(Tree::Sorted),
        ]
    })
}

/// Compares what was read with what was written.
fn check(tree: &Tree, read: &serde_json::Value) -> Result<(), TestCaseError> {
    let number = || read.as_number().map_or_else(String::new, ToString::to_string);
    match tree {
        Tree::Null | Tree::Option(None) => prop_assert!(read.is_null()),
        Tree::Bool(v) => prop_assert_eq!(read.as_bool(), Some(*v)),
        Tree::I64(v) => prop_assert_eq!(number(), v.to_string()),
        Tree::U64(v) => prop_assert_eq!(number(), v.to_string()),
        Tree::I128(v) => prop_assert_eq!(number(), v.to_string()),
        Tree::U128(v) => prop_assert_eq!(number(), v.to_string()),
        Tree::F32(v) if v.is_finite() => {
            prop_assert_eq!(number().parse::<f32>().map(f32::to_bits), Ok(v.to_bits()));
        }
        Tree::F64(v) if v.is_finite() => {
            prop_assert_eq!(number().parse::<f64>().map(f64::to_bits), Ok(v.to_bits()));
        }
        Tree::F32(v) => prop_assert_eq!(read.as_str(), Some(&*v.to_string())),
        Tree::F64(v) => prop_assert_eq!(read.as_str(), Some(&*v.to_string())),
        Tree::Char(v) => prop_assert_eq!(read.as_str(), Some(&*v.to_string())),
        Tree::Text(v) => prop_assert_eq!(read.as_str(), Some(&**v)),
        Tree::Shown(pieces) => prop_assert_eq!(read.as_str(), Some(&*pieces.concat())),
        Tree::Fails(_) => prop_assert_eq!(read.as_str(), Some("<Display failed>")),
        Tree::List(items) => check_all(items.iter(), read)?,
        Tree::Tuple(pair) => check_all([&pair.0, &pair.1].into_iter(), read)?,
        Tree::Option(Some(tree)) => check(tree, read)?,
        Tree::Map(entries) => {
            let mut first = BTreeMap::new();
            for (key, value) in entries {
                first.entry(key.clone()).or_insert(value);
            }
            check_entries(&first, read)?;
        }
        Tree::Sorted(map) => {
            check_entries(&map.iter().map(|(key, value)| (key.to_string(), value)).collect(), read)?;
        }
    }
    Ok(())
}

fn check_all<'a>(
    trees: impl ExactSizeIterator<Item = &'a Tree>,
    read: &serde_json::Value,
) -> Result<(), TestCaseError> {
    let read = read.as_array().map_or(&[][..], Vec::as_slice);
    prop_assert_eq!(read.len(), trees.len());
    trees.zip(read).try_for_each(|(tree, read)| check(tree, read))
}

fn check_entries(expected: &BTreeMap<String, &Tree>, read: &serde_json::Value) -> Result<(), TestCaseError> {
    let Some(read) = read.as_object() else { return Err(TestCaseError::fail("not a map")) };
    prop_assert_eq!(read.len(), expected.len());
    expected.iter().try_for_each(|(key, tree)| match read.get(key) {
        Some(read) => check(tree, read),
        None => Err(TestCaseError::fail(format!("no key {key:?}"))),
    })
}

/// The property: any values, in a call, a logger and a scope, make one line, and the line says them all.
pub(crate) fn any_values_make_one_line_that_reads_back(delivery: Delivery) {
    let lines = Lines::take_turn(delivery);
    let trees = (any_tree(), any_tree(), any_tree(), any_tree(), any_text());
    proptest!(|((plain, list, bound, scoped, key) in trees)| {
        let log = Logger::new().with(&key, &bound).with("bound", &bound);
        let _scope = scope!(scoped);
        let line = lines.one(|| info!(log, "tree_value_written", plain, "a list" = [&list, &plain], text = key));
        let fields = fields_of(&line, "tree_value_written");
        let read: serde_json::Value = match serde_json::from_str(&line) {
            Ok(read) => read,
            Err(error) => return Err(TestCaseError::fail(format!("{error} in {line}"))),
        };
        prop_assert!(fields.starts_with(",\"plain\":"));
        check(&plain, &read["plain"])?;
        check(&list, &read["a list"][0])?;
        check(&plain, &read["a list"][1])?;
        check(&bound, &read["bound"])?;
        check(&scoped, &read["scoped"])?;
        prop_assert_eq!(read["text"].as_str(), Some(&*key));
        let kept = match &*key {
            "event" | "level" | "timestamp" => format!("{key}_"),
            "plain" | "a list" | "text" | "bound" | "scoped" => return Ok(()),
            _ => key,
        };
        check(&bound, &read[&kept])?;
        // Each key once: nothing else is in the line.
        prop_assert_eq!(read.as_object().map(serde_json::Map::len), Some(9));
        // The same from a logger that is bound anew, whose text is not known yet.
        let again = lines.one(|| info!(bind!(log, bound = bound), "tree_value_written", plain, "a list" = [&list, &plain], text = read["text"].as_str()));
        prop_assert_eq!(fields_of(&again, "tree_value_written"), fields);
    });
}
