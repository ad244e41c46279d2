//! What each callsite is, in shared memory beside the rings: records name a callsite by number only.
//!
//! Layout (docs/format.md §4): a header of 64 bytes (magic, version, pid; bytes used, at 32), then descriptors one behind
//! the other. A descriptor is published by the store of "bytes used" behind it, so a reader sees whole ones only.

use std::{
    fs::File,
    io::{self, Read},
};

use trine_model::Level;

use crate::{
    memory::{Backing, Mapping},
    primitive::{AtomicU64, Ordering},
    record::VERSION,
};

/// First bytes of a table's memory.
pub const MAGIC: [u8; 8] = *b"TRINECST";
/// Bytes of one segment of the table: some 8,000 callsites. Further segments follow as they are needed.
pub const SEGMENT_BYTES: usize = 1 << 20;
/// Bytes before the first descriptor.
const HEADER_BYTES: usize = 64;
const USED_AT: usize = 32;

/// One callsite, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor<'a> {
    /// The event's name, as written.
    pub name: &'a str,
    /// Its level.
    pub level: Level,
    /// Module path of the callsite.
    pub module: &'a str,
    /// Source file.
    pub file: &'a str,
    /// Line in it.
    pub line: u32,
    /// Keys of the values of its records, in order.
    pub keys: Vec<&'a str>,
}

/// The writing side. Callers serialise: `&mut self`.
#[derive(Debug)]
pub struct CallsiteTable {
    backing: Backing,
    segments: Vec<Mapping>,
    used: usize,
    count: u32,
}

impl CallsiteTable {
    /// An empty table. Nothing is mapped before the first callsite.
    pub fn new(backing: Backing) -> CallsiteTable {
        CallsiteTable { backing, segments: Vec::new(), used: SEGMENT_BYTES, count: 0 }
    }

    /// Appends a callsite and returns its number: one for the first, then counting up.
    ///
    /// Errors: no memory for a further segment. The number is then still taken and returned by [`CallsiteTable::count`]:
    /// this process knows the callsite by itself, only readers from outside do not.
    pub fn append(&mut self, site: &Descriptor<'_>) -> io::Result<u32> {
        self.count += 1;
        let bytes = encode(self.count, site);
        if self.used + bytes.len() > SEGMENT_BYTES {
            let name = format!("callsites-{}", self.segments.len());
            let segment = Mapping::create(&self.backing, &name, SEGMENT_BYTES)?;
            store(&segment, 0, &header());
            self.segments.push(segment);
            self.used = HEADER_BYTES;
        }
        if let Some(segment) = self.segments.last()
            && self.used + bytes.len() <= SEGMENT_BYTES
        {
            store(segment, self.used, &bytes);
            self.used += bytes.len();
            used(segment).store(self.used as u64, Ordering::Release);
        }
        Ok(self.count)
    }

    /// Callsites appended so far, which is the number of the last one.
    pub fn count(&self) -> u32 {
        self.count
    }
}

fn header() -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(HEADER_BYTES as u32).to_le_bytes());
    bytes.extend_from_slice(&std::process::id().to_le_bytes());
    bytes
}

fn used(segment: &Mapping) -> &AtomicU64 {
    // SAFETY: the offset is inside the header, aligned, zeroed or a number, and only used as this type.
    unsafe { segment.base().byte_add(USED_AT).cast().as_ref() }
}

fn store(segment: &Mapping, at: usize, bytes: &[u8]) {
    assert!(at + bytes.len() <= segment.len(), "a descriptor is written inside its segment");
    // SAFETY: checked above.
    let to = unsafe { segment.base().add(at) };
    // SAFETY: checked above; bytes behind "used" are read by nobody.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to.as_ptr(), bytes.len()) };
}

/// Where the check lies in a descriptor.
const CHECK_AT: usize = 16;
/// Bytes before the first text.
const FIXED_BYTES: usize = 20;

/// FNV-1a over a descriptor without its check, folded to 32 bits.
fn check(bytes: &[u8]) -> u32 {
    let all = bytes[..CHECK_AT].iter().chain(&bytes[FIXED_BYTES..]);
    let sum = all
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    (sum ^ sum >> 32) as u32
}

/// `length u32 | number u32 | line u32 | level u8 | reserved u8 | keys u16 | check u32 | name | module | file | key*`, texts as a
/// `u16` length and bytes.
fn encode(number: u32, site: &Descriptor<'_>) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&site.line.to_le_bytes());
    bytes.extend_from_slice(&[site.level as u8, 0]);
    bytes.extend_from_slice(&(site.keys.len().min(usize::from(u16::MAX)) as u16).to_le_bytes());
    bytes.extend_from_slice(&[0; FIXED_BYTES - CHECK_AT]);
    for text in [site.name, site.module, site.file].iter().chain(&site.keys) {
        let text = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
        bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
        bytes.extend_from_slice(text);
    }
    let len = bytes.len() as u32;
    bytes[..4].copy_from_slice(&len.to_le_bytes());
    let check = check(&bytes);
    bytes[CHECK_AT..FIXED_BYTES].copy_from_slice(&check.to_le_bytes());
    bytes
}

/// The reading side: one segment's bytes, as another process finds them.
#[derive(Clone, Debug)]
pub struct TableReader {
    bytes: Vec<u8>,
}

impl TableReader {
    /// Reads a segment from its file, or from `/proc/PID/fd/N` of a living process.
    ///
    /// Errors: cannot be read; is not a table; is of another version.
    pub fn open(file: &mut File) -> io::Result<TableReader> {
        let mut bytes = Vec::new();
        file.take(SEGMENT_BYTES as u64).read_to_end(&mut bytes)?;
        TableReader::new(bytes)
    }

    /// Takes a segment's bytes.
    ///
    /// Errors: as for [`TableReader::open`].
    pub fn new(mut bytes: Vec<u8>) -> io::Result<TableReader> {
        let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text);
        let header: &[u8; HEADER_BYTES] =
            bytes.first_chunk().ok_or_else(|| invalid("shorter than a callsite table"))?;
        if header[..8] != MAGIC {
            return Err(invalid("not a callsite table"));
        }
        if header[8..12] != VERSION.to_le_bytes() {
            let text = "a callsite table of another version";
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
        let used = u64::from_le_bytes(header[USED_AT..USED_AT + 8].try_into().expect("eight bytes"));
        bytes.truncate(usize::try_from(used).unwrap_or(usize::MAX));
        Ok(TableReader { bytes })
    }

    /// The callsites with their numbers. Damaged ones are passed over; where a length is damaged, it ends early.
    pub fn callsites(&self) -> impl Iterator<Item = (u32, Descriptor<'_>)> {
        let mut rest = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        std::iter::from_fn(move || {
            loop {
                let len = u32::from_le_bytes(*rest.first_chunk()?) as usize;
                let (one, behind) = rest.split_at_checked(len.max(1))?;
                rest = behind;
                if let Some(site) = decode(one) {
                    return Some(site);
                }
            }
        })
    }
}

fn decode(bytes: &[u8]) -> Option<(u32, Descriptor<'_>)> {
    let fixed: &[u8; FIXED_BYTES] = bytes.first_chunk()?;
    let word = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    let keys = u16::from_le_bytes([fixed[14], fixed[15]]);
    if word(CHECK_AT) != check(bytes) {
        return None;
    }
    let mut rest = &bytes[FIXED_BYTES..];
    let mut text = || {
        let (len, behind) = rest.split_first_chunk::<2>()?;
        let (text, behind) = behind.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        rest = behind;
        std::str::from_utf8(text).ok()
    };
    let (name, module, file) = (text()?, text()?, text()?);
    let keys = (0..keys).map(|_| text()).collect::<Option<_>>()?;
    Some((word(4), Descriptor { name, level: Level::from_u8(fixed[12])?, module, file, line: word(8), keys }))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn bytes_of(table: &CallsiteTable, segment: usize) -> Vec<u8> {
        let mapping = &table.segments[segment];
        // SAFETY: the mapping is that long; nobody writes meanwhile.
        unsafe { std::slice::from_raw_parts(mapping.base().as_ptr(), mapping.len()) }.to_vec()
    }

    fn site<'a>(name: &'a str, keys: &[&'a str]) -> Descriptor<'a> {
        Descriptor {
            name,
            level: Level::Error,
            module: "shop::pay",
            file: "src/pay.rs",
            line: 42,
            keys: keys.to_vec(),
        }
    }

    #[test]
    fn what_was_appended_is_read_back_with_its_number() {
        let mut table = CallsiteTable::new(Backing::Private);
        let sites = [site("payment_process_failed", &["order_id", "reason"]), site("cache_hit", &[])];
        for (number, one) in (1..).zip(&sites) {
            assert_eq!(table.append(one).unwrap(), number);
        }
        let reader = TableReader::new(bytes_of(&table, 0)).unwrap();
        let read: Vec<_> = reader.callsites().collect();
        assert_eq!(read, [(1, sites[0].clone()), (2, sites[1].clone())]);
    }

    #[test]
    fn a_full_segment_is_followed_by_another() {
        let mut table = CallsiteTable::new(Backing::Private);
        let long = "k".repeat(60_000);
        let keys = [&*long; 10];
        for _ in 0..3 {
            table.append(&site("big_one", &keys)).unwrap();
        }
        assert_eq!(table.segments.len(), 3);
        let reader = TableReader::new(bytes_of(&table, 2)).unwrap();
        assert_eq!(reader.callsites().next().unwrap().0, 3);
    }

    #[test]
    fn a_flipped_bit_is_noticed_and_the_others_are_read() {
        let mut table = CallsiteTable::new(Backing::Private);
        for name in ["a_b", "c_d", "e_f"] {
            table.append(&site(name, &["k"])).unwrap();
        }
        let bytes = bytes_of(&table, 0);
        let len = usize::from(bytes[HEADER_BYTES]);
        // The second one; a flipped length ends the reading.
        for bit in 8 * 4..8 * len {
            let mut bytes = bytes.clone();
            bytes[HEADER_BYTES + len + bit / 8] ^= 1 << (bit % 8);
            let reader = TableReader::new(bytes).unwrap();
            let names: Vec<_> = reader.callsites().map(|(_, site)| site.name).collect();
            assert_eq!(names, ["a_b", "e_f"], "bit {bit}");
        }
    }

    #[test]
    fn foreign_bytes_are_refused_and_damaged_ones_end_early() {
        assert!(TableReader::new(vec![1; 100]).is_err());
        assert!(TableReader::new(vec![]).is_err());
        let mut table = CallsiteTable::new(Backing::Private);
        table.append(&site("a_b", &["k"])).unwrap();
        let mut bytes = bytes_of(&table, 0);
        bytes[HEADER_BYTES] = 255;
        assert_eq!(TableReader::new(bytes).unwrap().callsites().count(), 0);
    }
}
