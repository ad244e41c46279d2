//! `docs/format.md` says what is written: its tables and its example are read from the text and compared.
#![forbid(unsafe_code)]
#![cfg(not(loom))]

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, UNIX_EPOCH},
};

use trine_ring::{
    Arg, Value, ValueWriter,
    record::{
        BlockBuilder, DEPTH_MAX, HEADER_BYTES, KEY_BYTES_MAX, RECORD_BYTES_MAX, Record, VALUES_MAX, encode,
    },
};

const DOC: &str = include_str!("../../../docs/format.md");

/// The text from a heading to the next one of its rank or above.
fn section(heading: &str) -> &'static str {
    let start = DOC.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading `{heading}`")) + 1;
    let rank = heading.bytes().take_while(|byte| *byte == b'#').count();
    let mut end = start + heading.len();
    for line in DOC[end..].split_inclusive('\n') {
        let of_line = line.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=rank).contains(&of_line) {
            break;
        }
        end += line.len();
    }
    &DOC[start..end]
}

/// The rows of the table whose last heading cell is `title`, each as its cells.
fn table(heading: &str, title: &str) -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let lines = section(heading).lines().skip_while(|line| !line.ends_with(&format!("| {title} |")));
    let rows: Vec<_> = lines.skip(2).take_while(|line| line.starts_with('|')).map(cells).collect();
    assert!(!rows.is_empty(), "no table `{title}` under `{heading}`");
    rows
}

/// A number as the document writes it.
fn number(text: &str) -> usize {
    text.replace(',', "").parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn record(args: &[Arg<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes, 7, 1_000, args, &[]);
    bytes
}

#[test]
fn the_example_is_the_bytes_of_that_event() {
    let mut context = BlockBuilder::new();
    context.set("request_id", &Arg::Str("req_123"));
    // The only context of this process that has an id, so it is the first.
    let context = context.finish();
    let args = [Arg::Str("ORD-123"), Arg::F64(99.99), Arg::Bool(true)];
    let mut expected = Vec::new();
    encode(&mut expected, 7, 1_000, &args, &[context.as_bytes()]);

    let mut bytes = Vec::new();
    let example = section("### An example").split("```").nth(1).expect("a block of text");
    for line in example.lines().skip(1) {
        let (offset, rest) = line.split_once("  ").expect("an offset");
        assert_eq!(usize::from_str_radix(offset, 16), Ok(bytes.len()), "{line}");
        let hex = rest.split("  ").next().unwrap_or_default();
        bytes.extend(hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("two digits")));
    }
    assert_eq!(bytes, expected, "the event is {expected:02x?}");
    assert_eq!(Record::new(&bytes).unwrap().values().blocks().count(), 1);
}

#[test]
fn the_tags_are_those_of_the_table() {
    let (wide, wide_unsigned) = (i128::MIN, u128::MAX);
    let duration = Duration::new(1, 2);
    let [ip4, ip6] = ["127.0.0.1", "::1"].map(|text| text.parse::<IpAddr>().unwrap());
    let [socket4, socket6] = ["127.0.0.1:80", "[::1]:80"].map(|text| text.parse::<SocketAddr>().unwrap());
    let args = [
        Arg::Null,
        Arg::Bool(false),
        Arg::Bool(true),
        Arg::I64(-1),
        Arg::U64(1),
        Arg::I128(&wide),
        Arg::U128(&wide_unsigned),
        Arg::F32(0.1),
        Arg::F64(0.1),
        Arg::Char('é'),
        Arg::Str("abc"),
        Arg::Duration(&duration),
        Arg::Time(&UNIX_EPOCH),
        Arg::Ip(&ip4),
        Arg::Ip(&ip6),
        Arg::Socket(&socket4),
        Arg::Socket(&socket6),
        Arg::Dyn(&[1_u8]),
        Arg::Dyn(&Entry),
        Arg::Display(&Failing),
    ];
    let rows = table("### Tags", "payload");
    assert_eq!(rows.len(), args.len());
    for (row, arg) in rows.iter().zip(&args) {
        let bytes = record(&[*arg]);
        let (tag, payload) = bytes[HEADER_BYTES..].split_first().unwrap();
        assert_eq!(row[0], tag.to_string(), "{row:?}");
        match row[2].strip_suffix(" + n") {
            Some(before) => {
                let n = u32::from_le_bytes(*payload.first_chunk().unwrap()) as usize;
                assert_eq!(payload.len(), number(before) + n, "{row:?}");
            }
            None => assert_eq!(payload.len(), number(row[2]), "{row:?}"),
        }
    }
    // The next number is none: the value cannot be read.
    let mut unknown = record(&[Arg::Null]);
    unknown[HEADER_BYTES] = rows.len() as u8;
    assert_eq!(Record::new(&unknown).unwrap().values().count(), 0);
}

/// A map of one entry.
struct Entry;

impl Value for Entry {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.map().entry("k", &1_u8);
    }
}

/// A `Display` that gives up.
struct Failing;

impl std::fmt::Display for Failing {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Err(std::fmt::Error)
    }
}

#[test]
fn the_header_of_a_record_has_its_table() {
    let rows = table("## 2. The record", "header of a record");
    let ends: Vec<_> = rows.iter().map(|row| number(row[0]) + number(row[1])).collect();
    assert_eq!(ends.last(), Some(&HEADER_BYTES));
    let starts: Vec<_> = rows.iter().map(|row| number(row[0])).collect();
    assert_eq!(starts[1..], ends[..ends.len() - 1], "no byte is left out");

    let bytes = record(&[Arg::Null, Arg::Bool(true)]);
    let of_row = |row: usize| &bytes[starts[row]..ends[row]];
    assert_eq!(of_row(0), (bytes.len() as u32).to_le_bytes());
    assert_eq!(of_row(1), 7_u32.to_le_bytes());
    assert_eq!(of_row(2), 1_000_u64.to_le_bytes());
    assert_eq!(of_row(3), 2_u16.to_le_bytes());
    assert_eq!((of_row(4), of_row(5)), (&[0; 2][..], &[0; 4][..]));
}

#[test]
fn the_bounds_are_those_of_the_table() {
    let bounds: Vec<_> = table("### Bounds", "why").iter().map(|row| number(row[1])).collect();
    assert_eq!(bounds, [RECORD_BYTES_MAX, VALUES_MAX, KEY_BYTES_MAX, DEPTH_MAX]);
}

#[cfg(unix)]
mod memory {
    use std::{fs, path::PathBuf};

    use trine_model::Level;
    use trine_ring::{
        Backing, CallsiteTable, Descriptor, Push, clock, process,
        record::VERSION,
        ring::{self, RING_BYTES_MAX, RING_BYTES_MIN, RING_HEADER_BYTES},
        table::SEGMENT_BYTES,
    };

    use super::{number, record, section, table};

    /// A directory for one test, removed at its end.
    struct Place(PathBuf);

    impl Place {
        fn new(test: &str) -> Place {
            let path = std::env::temp_dir().join(format!("trine-format-{test}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Place(path)
        }

        fn read(&self, name: &str) -> Vec<u8> {
            fs::read(self.0.join(name)).unwrap()
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Compares each row's bytes with what is expected; all else up to `end` is zero.
    #[track_caller]
    fn check_header(heading: &str, title: &str, bytes: &[u8], expected: &[&[u8]], end: usize) {
        let rows = table(heading, title);
        assert_eq!(rows.len(), expected.len());
        let mut rest = bytes[..end].to_vec();
        for (row, expected) in rows.iter().zip(expected) {
            let (at, len) = (number(row[0]), number(row[1]));
            assert_eq!(&bytes[at..at + len], *expected, "{row:?}");
            rest[at..at + len].fill(0);
        }
        assert!(rest.iter().all(|byte| *byte == 0), "nothing else is in the header");
    }

    #[test]
    fn the_ring_lies_in_its_file_as_described() {
        let place = Place::new("ring");
        let (mut producer, mut consumer) =
            ring::create(&Backing::Directory(place.0.clone()), "ring-0", RING_BYTES_MIN).unwrap();
        producer.adopt();
        let one = record(&[]);
        assert_eq!(one.len(), 24);
        // A first record is handed back, a second left.
        assert_eq!(producer.push_encoded(&one), Push::Done);
        consumer.refresh();
        assert!(consumer.next().unwrap().is_ok());
        consumer.release(consumer.position());
        assert_eq!(producer.push_encoded(&one), Push::Done);

        let bytes = place.read("ring-0");
        assert_eq!(bytes.len(), RING_HEADER_BYTES + RING_BYTES_MIN);
        let expected: [&[u8]; 10] = [
            b"TRINERNG",
            &VERSION.to_le_bytes(),
            &(RING_HEADER_BYTES as u32).to_le_bytes(),
            &(RING_BYTES_MIN as u64).to_le_bytes(),
            &std::process::id().to_le_bytes(),
            &process::thread_id().to_le_bytes(),
            &u32::from(clock::is_counter()).to_le_bytes(),
            &48_u64.to_le_bytes(),
            &24_u64.to_le_bytes(),
            &24_u64.to_le_bytes(),
        ];
        check_header("## 3. The ring", "header of a ring", &bytes, &expected, RING_HEADER_BYTES);
        let found = &bytes[RING_HEADER_BYTES + 24..][..24];
        assert_eq!(found[..20], one[..20]);
        assert_eq!(found[20..], check_as_described(&one, 24).to_le_bytes());
        for bound in [RING_BYTES_MIN, RING_BYTES_MAX] {
            let text = bound.to_string();
            let grouped: Vec<_> =
                text.as_bytes().rchunks(3).rev().map(|three| str::from_utf8(three).unwrap()).collect();
            assert!(section("## 3. The ring").contains(&grouped.join(",")), "{bound}");
        }
    }

    /// The check of a header, as the document tells it, with the numbers that stand there.
    fn check_as_described(header: &[u8], position: u64) -> u32 {
        let text = section("## 2. The record");
        let numbers: Vec<u64> = text
            .split("0x")
            .skip(1)
            .map(|rest| {
                let digits = rest.split(|c: char| !c.is_ascii_hexdigit()).next().expect("digits");
                u64::from_str_radix(digits, 16).expect("a hexadecimal number")
            })
            .collect();
        let word = |at: usize| u64::from(u32::from_le_bytes(header[at..at + 4].try_into().unwrap()));
        let ticks = u64::from_le_bytes(header[8..16].try_into().unwrap());
        let what = (word(4) << 32 | word(0)) ^ numbers[0];
        let product = u128::from(what) * u128::from(ticks ^ position);
        let folded = (product >> 64) as u64 ^ product as u64;
        (folded ^ folded >> 32) as u32
    }

    #[test]
    fn a_filler_takes_what_is_left_before_the_end() {
        let place = Place::new("filler");
        let (mut producer, mut consumer) =
            ring::create(&Backing::Directory(place.0.clone()), "ring-0", RING_BYTES_MIN).unwrap();
        let one = record(&[trine_ring::Arg::Str(&"x".repeat(971))]);
        assert_eq!(one.len(), 1_000);
        let mut pushed = 0;
        while producer.push_encoded(&one) == Push::Done {
            pushed += 1;
            consumer.refresh();
            assert!(consumer.next().unwrap().is_ok());
            consumer.release(consumer.position());
            producer.refresh(one.len());
            if pushed == 5 {
                break;
            }
        }
        assert_eq!(pushed, 5, "the fifth begins at the start");
        let filler = &place.read("ring-0")[RING_HEADER_BYTES + 4_000..][..8];
        assert_eq!(filler, [96, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn the_callsite_table_lies_in_its_file_as_described() {
        let place = Place::new("table");
        let mut callsites = CallsiteTable::new(Backing::Directory(place.0.clone()));
        let site = Descriptor {
            name: "a_b",
            level: Level::Error,
            module: "m::n",
            file: "src/m.rs",
            line: 42,
            keys: vec!["k", "value"],
        };
        assert_eq!(callsites.append(&site).unwrap(), 1);
        let bytes = place.read("callsites-0");
        assert_eq!(bytes.len(), SEGMENT_BYTES);

        let rows = table("## 4. The callsite table", "header of a segment");
        let begin = 64;
        let mut texts = Vec::new();
        for text in ["a_b", "m::n", "src/m.rs", "k", "value"] {
            texts.extend_from_slice(&(text.len() as u16).to_le_bytes());
            texts.extend_from_slice(text.as_bytes());
        }
        let len = 20 + texts.len();
        let expected: [&[u8]; 5] = [
            b"TRINECST",
            &VERSION.to_le_bytes(),
            &(begin as u32).to_le_bytes(),
            &std::process::id().to_le_bytes(),
            &((begin + len) as u64).to_le_bytes(),
        ];
        assert_eq!(rows.len(), expected.len());
        check_header("## 4. The callsite table", "header of a segment", &bytes, &expected, begin);

        let descriptor = &bytes[begin..begin + len];
        let rows = table("## 4. The callsite table", "descriptor");
        let expected: [&[u8]; 6] = [
            &(len as u32).to_le_bytes(),
            &1_u32.to_le_bytes(),
            &42_u32.to_le_bytes(),
            &[Level::Error as u8],
            &[0],
            &2_u16.to_le_bytes(),
        ];
        for (row, expected) in rows.iter().zip(expected) {
            assert_eq!(&descriptor[number(row[0])..][..number(row[1])], expected, "{row:?}");
        }
        let others = descriptor[..16].iter().chain(&descriptor[20..]);
        let sum = others.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(descriptor[16..20], ((sum ^ sum >> 32) as u32).to_le_bytes());
        assert_eq!(&descriptor[number(rows[7][0])..], texts);
        for level in Level::ALL {
            let said = format!("{} {level}", level as u8);
            assert!(section("## 4. The callsite table").contains(&said), "{said}");
        }
    }
}
