//! The bytes of an event: any bytes are read without a fault, and what was written is read back and written again the same.

use arbitrary::{Arbitrary, Unstructured};
use trine_ring::{
    Arg,
    record::{Block, BlockBuilder, BlockRef, DEPTH_MAX, Record, ValueRef, encode},
};

use crate::tree::Tree;

/// Arguments and context of one event.
#[derive(Arbitrary, Debug)]
struct Input {
    site: u32,
    ticks: u64,
    values: Vec<Tree>,
    context: Vec<(String, Tree)>,
}

/// See the module.
pub fn run(data: &[u8]) {
    if let Some(record) = Record::new(data) {
        walk_record(&record);
    }
    if let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) {
        there_and_back(&input);
    }
}

/// Reads everything there is, in every way a reader has.
fn walk_record(record: &Record<'_>) {
    record.values().for_each(walk);
    for block in record.values().blocks() {
        block.fields().for_each(|(_, value)| walk(value));
        let merged = BlockBuilder::extending(block).finish();
        assert!(merged.as_ref().fields().count() <= block.fields().count(), "a merge adds no field");
    }
}

fn walk(value: ValueRef<'_>) {
    match value {
        ValueRef::List(list) => list.items().for_each(walk),
        ValueRef::Map(map) => map.entries().for_each(|(_, value)| walk(value)),
        other => {
            let _ = Tree::read(other);
        }
    }
}

fn block(fields: &[(String, Tree)]) -> Block {
    let mut builder = BlockBuilder::new();
    fields.iter().for_each(|(key, value)| {
        builder.set(key, &value.arg());
    });
    builder.finish_once()
}

fn there_and_back(input: &Input) {
    let context = block(&input.context);
    let first = bytes(input, &input.values, &context);
    let record = Record::new(&first).expect("a written record is one");
    assert_eq!((record.site(), record.ticks(), record.as_bytes()), (input.site, input.ticks, &first[..]));
    assert_eq!(record.values().count(), input.values.len());

    let values: Option<Vec<Tree>> = record.values().map(Tree::read).collect();
    let too_deep = input.values.iter().any(|value| value.depth() > DEPTH_MAX);
    let Some(values) = values else { return assert!(too_deep, "only what is nested too deep fails here") };
    assert!(!too_deep, "what is nested too deep is a failed value");

    let read: Vec<BlockRef<'_>> = record.values().blocks().collect();
    assert_eq!(read.len(), 1);
    let fields = read[0].fields().map(|(key, value)| Some((key.to_str().into_owned(), Tree::read(value)?)));
    // A context with a failed value cannot be written again from outside; its bytes can.
    let again = fields.collect::<Option<Vec<_>>>().map_or_else(|| context.clone(), |fields| block(&fields));
    assert_eq!(again, context);
    assert_eq!(bytes(input, &values, &again), first);
}

fn bytes(input: &Input, values: &[Tree], context: &Block) -> Vec<u8> {
    let args: Vec<Arg<'_>> = values.iter().map(Tree::arg).collect();
    let mut bytes = Vec::new();
    encode(&mut bytes, input.site, input.ticks, &args, &[context.as_bytes()]);
    bytes
}
