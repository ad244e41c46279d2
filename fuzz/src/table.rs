//! The callsite table: any bytes are refused or read without a fault, also behind a header that is right.

use trine_ring::{TableReader, record::VERSION, table::MAGIC};

/// Bytes before the first descriptor: docs/format.md §4.
const HEADER_BYTES: usize = 64;
/// Where the header says how many bytes are in use.
const USED_AT: usize = 32;
/// Shortest descriptor: the fixed part, and three empty texts.
const DESCRIPTOR_BYTES_MIN: usize = 22;

/// See the module.
pub fn run(data: &[u8]) {
    read(data.to_vec());
    let mut table = vec![0; HEADER_BYTES];
    table[..8].copy_from_slice(&MAGIC);
    table[8..12].copy_from_slice(&VERSION.to_le_bytes());
    table[USED_AT..USED_AT + 8].copy_from_slice(&((HEADER_BYTES + data.len()) as u64).to_le_bytes());
    table.extend_from_slice(data);
    assert!(read(table), "magic and version are right");
}

/// True when the bytes were taken for a table.
fn read(bytes: Vec<u8>) -> bool {
    let len = bytes.len();
    let Ok(reader) = TableReader::new(bytes) else { return false };
    let mut texts = 0;
    let mut count = 0;
    for (_, site) in reader.callsites() {
        let keys = site.keys.iter().map(|key| key.len() + 2).sum::<usize>();
        texts += site.name.len() + site.module.len() + site.file.len() + keys;
        count += 1;
    }
    assert!(count * DESCRIPTOR_BYTES_MIN + texts <= len, "what is read lies in the bytes, once");
    true
}
