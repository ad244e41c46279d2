//! Random events: fields that are missing or null, numbers of either sign, texts in any script, written in different ways.

use super::random::Random;

/// The columns as DuckDB is told them.
pub(super) const COLUMNS: &str = "event: 'VARCHAR', \"timestamp\": 'TIMESTAMP', level: 'VARCHAR', n: 'BIGINT', x: 'DOUBLE', \
     duration_ms: 'DOUBLE', k: 'VARCHAR', t: 'VARCHAR', flag: 'BOOLEAN', id: 'VARCHAR', tags: 'VARCHAR[]', \
     http: 'STRUCT(method VARCHAR, size BIGINT)'";

pub(super) const NAMES: [&str; 7] = [
    "api_request_completed",
    "api_request_failed",
    "payment_process_success",
    "payment_process_failed",
    "user_login_failed",
    "cache_item_evicted",
    "user_profile_viewed",
];
pub(super) const LEVELS: [&str; 3] = ["info", "warning", "error"];
/// Few values; one begins with another, one is empty, some have quotes and what is not ASCII.
pub(super) const KEYS: [&str; 8] = ["a", "ab", "b c", "größe", "日本", "say \"hi\"", "", "x/y"];
pub(super) const WORDS: [&str; 10] =
    ["alpha", "beta", "gamma", "déjà", "naïve", "東京", "back\\slash", "tab\there", "zürich", "😀"];
pub(super) const METHODS: [&str; 3] = ["GET", "POST", "DELETE"];
pub(super) const TAGS: [&str; 4] = ["red", "green", "blue", "ünï"];
/// Ids: many values, each a few times.
pub(super) const IDS: usize = 900;
/// Time between two events: some six hours in all.
const STEP_US: i64 = 3_600_000;
/// 2025-10-24T10:00:00Z.
pub(super) const BEGIN_US: i64 = 1_761_300_000_000_000;

pub(super) fn lines(events: usize, random: &mut Random) -> String {
    let mut out = String::new();
    let mut us = BEGIN_US;
    for _ in 0..events {
        us += random.between(1, 2 * STEP_US);
        out.push_str(&line(us, random));
    }
    out
}

fn line(us: i64, random: &mut Random) -> String {
    let mut fields = Vec::new();
    let colon = if random.percent(10) { ": " } else { ":" };
    let mut field = |random: &mut Random, key: &str, there: usize, value: String| {
        if random.percent(there) {
            fields.push(format!("\"{key}\"{colon}{value}"));
        } else if random.percent(30) {
            fields.push(format!("\"{key}\"{colon}null"));
        }
    };
    let name = random.of(&NAMES);
    field(random, "event", 100, format!("\"{name}\""));
    let n = random.between(-50, 50);
    field(random, "n", 80, n.to_string());
    let x = random.between(-2_000_000, 2_000_000) as f64 / 1_000.0;
    let x = if random.percent(20) { format!("{:.1}", x.round()) } else { format!("{x}") };
    field(random, "x", 85, x);
    let duration = random.between(1, 1_000) as f64 * random.between(1, 5_000) as f64 / 1_000.0;
    let duration = if random.percent(10) { format!("{duration:e}") } else { duration.to_string() };
    field(random, "duration_ms", 90, duration);
    let k = random.of(&KEYS);
    let k = quoted(k, random);
    field(random, "k", 75, k);
    let words: Vec<&str> = (0..random.below(5)).map(|_| random.of(&WORDS)).collect();
    let t = quoted(&words.join(" "), random);
    field(random, "t", 90, t);
    let flag = random.percent(40).to_string();
    field(random, "flag", 70, flag);
    let id = format!("\"id-{:04}\"", random.below(IDS));
    field(random, "id", 95, id);
    let mut tag = || {
        let tag = random.of(&TAGS);
        quoted(tag, random)
    };
    let tags = [tag(), tag(), tag()];
    let tags = &tags[..random.below(tags.len() + 1)];
    field(random, "tags", 60, format!("[{}]", tags.join(",")));
    let http =
        format!("{{\"method\":\"{}\",\"size\":{}}}", random.of(&METHODS), random.between(0, 5_000_000));
    field(random, "http", 50, http);
    field(random, "timestamp", 100, format!("\"{}\"", time(us)));
    let level = random.of(&LEVELS);
    field(random, "level", 100, format!("\"{level}\""));
    // Not every program writes the name first.
    if random.percent(10) {
        let rotation = random.below(fields.len());
        fields.rotate_left(rotation);
    }
    format!("{{{}}}\n", fields.join(","))
}

/// A text of JSON, with more escapes than are needed, some of the time.
fn quoted(text: &str, random: &mut Random) -> String {
    let is_escaped = random.percent(15);
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\t' => out.push_str("\\t"),
            '/' if is_escaped => out.push_str("\\/"),
            c if is_escaped && !c.is_ascii() => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// RFC 3339 in UTC, to the microsecond.
pub(super) fn time(us: i64) -> String {
    let nanoseconds = us * 1_000;
    String::from_utf8_lossy(&trine_query::scan::time::to_text(nanoseconds)).into_owned()
}
