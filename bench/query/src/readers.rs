//! One core, lines in memory.

use std::hint::black_box;

use memchr::{memchr_iter, memmem};
use serde::Deserialize;
use sonic_rs::{JsonValueTrait, LazyValue};
use trine_query::scan::{
    line::{FieldSet, Line, Path},
    needles::{Condition, Needles},
    time,
};

use crate::Contestant;

const RARE: &str = "connection reset by peer\\nwhile";

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut begin = 0;
    memchr_iter(b'\n', text).map(move |end| {
        let line = &text[begin..end];
        begin = end + 1;
        line
    })
}

/// Every question, Trine first.
pub(crate) fn all(text: &'static [u8]) -> Vec<Contestant> {
    let mut all = Vec::new();
    let mut add = |question, name, run: fn(&'static [u8]) -> u64| {
        all.push(Contestant { question, name, run: Box::new(move || run(black_box(text))) });
    };
    add("lines", "memchr", |text| lines(text).count() as u64);
    add("a substring", "trine", |text| {
        let condition = Condition::Holds(RARE.as_bytes().to_vec());
        Needles::new(&condition, &text[..text.len().min(100_000)]).lines(text).count() as u64
    });
    add("a substring", "memmem", |text| memmem::find_iter(text, RARE).count() as u64);

    add("the name", "trine", |text| {
        lines(text).map(|line| Line::new(line).name_in_front().map_or(0, <[u8]>::len) as u64).sum()
    });
    add("the name", "sonic-rs get", |text| {
        lines(text).map(|line| sonic(line, "event").as_str().map_or(0, str::len) as u64).sum()
    });

    // Both stand in the middle of some lines, and are missing in the others.
    add("two fields", "trine", |text| two_fields(text, ["status_code", "duration_ms"]));
    add("two fields", "sonic-rs get twice", |text| {
        let number = |line, key| sonic(line, key).as_f64().map_or(0, |number| (number * 1e3).round() as u64);
        lines(text).map(|line| number(line, "status_code") + number(line, "duration_ms")).sum()
    });
    add("two fields", "serde_json derive", |text| {
        #[derive(Deserialize)]
        struct Wanted {
            status_code: Option<f64>,
            duration_ms: Option<f64>,
        }
        let thousand = |number: Option<f64>| number.map_or(0, |number| (number * 1e3).round() as u64);
        lines(text)
            .map(|line| serde_json::from_slice(line).expect("made by us"))
            .map(|wanted: Wanted| thousand(wanted.status_code) + thousand(wanted.duration_ms))
            .sum()
    });

    add("a field that all have", "trine", |text| {
        let fields = FieldSet::new([Path::key("request_id")]);
        let mut found = [None];
        lines(text)
            .map(|line| {
                fields.find(Line::new(line), &mut found).expect("made by us");
                found[0].and_then(|raw| raw.plain()).map_or(0, <[u8]>::len) as u64
            })
            .sum()
    });
    add("a field that all have", "sonic-rs get", |text| {
        lines(text).map(|line| sonic(line, "request_id").as_str().map_or(0, str::len) as u64).sum()
    });

    add("name, time and level", "trine", |text| {
        let fields = FieldSet::new(["event", "timestamp", "level"].map(Path::key));
        let mut found = [None; 3];
        lines(text).fold(0, |sum, line| {
            fields.find(Line::new(line), &mut found).expect("made by us");
            let time = found[1].and_then(time::from_raw).unwrap_or_default() as u64;
            let length = |at: usize| found[at].and_then(|raw| raw.plain()).map_or(0, <[u8]>::len) as u64;
            time.wrapping_add(sum) + length(0) + length(2)
        })
    });

    add("all of it", "trine members", |text| {
        lines(text).map(|line| Line::new(line).members().count() as u64).sum()
    });
    add("all of it", "simd-json tape", |text| {
        let (mut copy, mut buffers) = (Vec::new(), simd_json::Buffers::default());
        lines(text)
            .map(|line| {
                copy.clear();
                copy.extend_from_slice(line);
                let tape = simd_json::to_tape_with_buffers(&mut copy, &mut buffers).expect("made by us");
                tape.as_value().as_object().map_or(0, |object| object.len()) as u64
            })
            .sum()
    });
    add("all of it", "sonic-rs value", |text| {
        lines(text)
            .map(|line| sonic_rs::from_slice::<sonic_rs::Value>(line).expect("made by us"))
            .map(|value| {
                sonic_rs::JsonContainerTrait::as_object(&value).map_or(0, |object| object.len()) as u64
            })
            .sum()
    });
    add("all of it", "serde_json value", |text| {
        lines(text)
            .map(|line| serde_json::from_slice::<serde_json::Value>(line).expect("made by us"))
            .map(|value| value.as_object().map_or(0, serde_json::Map::len) as u64)
            .sum()
    });
    add("valid?", "trine check", |text| {
        lines(text).filter(|line| Line::new(line).check().is_ok()).count() as u64
    });
    add("valid?", "serde_json ignored", |text| {
        lines(text).filter(|line| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()).count()
            as u64
    });
    all
}

fn two_fields(text: &[u8], keys: [&str; 2]) -> u64 {
    let fields = FieldSet::new(keys.map(Path::key));
    let mut found = [None; 2];
    lines(text)
        .map(|line| {
            fields.find(Line::new(line), &mut found).expect("made by us");
            let thousand = |number: f64| (number * 1e3).round() as u64;
            found.iter().flatten().filter_map(|raw| raw.number()).map(thousand).sum::<u64>()
        })
        .sum()
}

fn sonic<'a>(line: &'a [u8], key: &str) -> LazyValue<'a> {
    sonic_rs::get(line, &[key]).unwrap_or_default()
}
