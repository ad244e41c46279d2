//! The logs of others, read as they are: which key is the name, the time, the level.
//!
//! ```
//! use trine_query::scan::{foreign::{Format, detect}, line::Line};
//!
//! let line = br#"{"level":30,"time":1761300000123,"pid":1,"hostname":"web-01","msg":"order paid","order_id":7}"#;
//! let format = detect(line).unwrap();
//! assert_eq!(format.name, "pino");
//! let mut buffer = String::new();
//! assert_eq!(format.event(Line::new(line), &mut buffer), Some("order paid"));
//! assert_eq!(format.level(Line::new(line)), Some(trine_model::Level::Info));
//! assert_eq!(format.time_ns(Line::new(line)), Some(1_761_300_000_123_000_000));
//! ```
//!
//! A format is data, one row of [`FORMATS`]; to know another one is to add a row.

use trine_model::Level;

use super::{
    level::own_level,
    line::{FieldSet, Kind, Line, Path, Raw, Value},
    time,
};

/// One format: where name, time, level and fields are.
///
/// [`Format::paths`] says it to a [`FieldSet`], which then finds all in one pass; the other methods ask one line for one thing.
#[derive(Debug)]
pub struct Format {
    /// What it is called.
    pub name: &'static str,
    /// Paths of the name; the first that is there counts.
    pub event: &'static [&'static str],
    /// Paths of the time.
    pub time: &'static [&'static str],
    /// Paths of the level; where none is there, it is info.
    pub level: &'static [&'static str],
    /// What the level's numbers mean, where they may be numbers.
    pub numbers: Numbers,
    /// A map that holds the fields, where they do not lie in the line itself.
    pub fields: Option<&'static str>,
    /// Whether a name has emoji in front, as decoration that is no part of it.
    pub has_emoji: bool,
    /// Keys that a line of this format has, all of them.
    marks: &'static [&'static str],
}

/// What a number as level means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// 10 trace, 20 debug, 30 info, 40 warning, 50 error, 60 critical: bunyan and pino.
    ByTens,
    /// 1-4 trace, 5-8 debug, 9-12 info, 13-16 warning, 17-20 error, 21-24 critical: OpenTelemetry.
    Severity,
}

/// Every format, those that are told by more marks first.
///
/// Source: the writers' documentation, and lines that they wrote.
pub static FORMATS: [Format; 10] = [
    Format {
        name: "trine",
        event: &["event"],
        time: &["timestamp"],
        level: &["level"],
        numbers: Numbers::ByTens,
        fields: None,
        // provide-foundation and structlog write the same three keys, the former with emoji in front of the name.
        has_emoji: true,
        marks: &["event", "timestamp", "level"],
    },
    // One log record a line, or what [`otlp_records`] takes out of a line of the collector's file exporter.
    Format {
        name: "otlp",
        event: &["eventName", "event_name", "body.stringValue", "body"],
        time: &["timeUnixNano", "time_unix_nano", "observedTimeUnixNano"],
        level: &["severityNumber", "severity_number", "severityText"],
        numbers: Numbers::Severity,
        fields: Some("attributes"),
        has_emoji: false,
        marks: &["timeUnixNano", "body"],
    },
    Format {
        name: "serilog-clef",
        event: &["@mt", "@m", "@i"],
        time: &["@t"],
        level: &["@l"],
        numbers: Numbers::ByTens,
        fields: None,
        has_emoji: false,
        marks: &["@t"],
    },
    Format {
        name: "tracing",
        event: &["fields.message", "message"],
        time: &["timestamp"],
        level: &["level"],
        numbers: Numbers::ByTens,
        fields: Some("fields"),
        has_emoji: false,
        marks: &["timestamp", "level", "fields"],
    },
    Format {
        name: "bunyan",
        event: &["msg"],
        time: &["time"],
        level: &["level"],
        numbers: Numbers::ByTens,
        fields: None,
        has_emoji: false,
        marks: &["v", "name", "hostname", "pid", "level", "time", "msg"],
    },
    Format {
        name: "pino",
        event: &["msg"],
        time: &["time"],
        level: &["level"],
        numbers: Numbers::ByTens,
        fields: None,
        has_emoji: false,
        marks: &["pid", "hostname", "level", "time"],
    },
    Format {
        name: "zap",
        event: &["msg", "message"],
        time: &["ts"],
        level: &["level"],
        numbers: Numbers::ByTens,
        fields: None,
        has_emoji: false,
        marks: &["level", "ts", "msg"],
    },
    // slog's JSON handler of Go writes the same keys in another order.
    Format {
        name: "slog",
        event: &["msg"],
        time: &["time"],
        level: &["level"],
        numbers: Numbers::ByTens,
        fields: None,
        has_emoji: false,
        marks: &["time", "level", "msg"],
    },
    Format {
        name: "zerolog",
        event: &["message"],
        time: &["time"],
        level: &["level"],
        numbers: Numbers::ByTens,
        fields: None,
        has_emoji: false,
        marks: &["level", "message"],
    },
    // structlog without a processor for time or level; anything that says `event`.
    Format {
        name: "structlog",
        event: &["event"],
        time: &["timestamp", "time"],
        level: &["level", "log_level"],
        numbers: Numbers::ByTens,
        fields: None,
        has_emoji: true,
        marks: &["event"],
    },
];

/// The format of last resort: the usual keys, whatever else there is.
pub static UNKNOWN: Format = Format {
    name: "json",
    event: &["event", "event_name", "msg", "message", "body"],
    time: &["timestamp", "time", "ts", "@timestamp", "@t", "datetime", "date"],
    level: &["level", "severity", "lvl", "log.level", "levelname", "@l"],
    numbers: Numbers::ByTens,
    fields: None,
    has_emoji: false,
    marks: &[],
};

/// Lines that are looked at to detect a format.
const LINES_MAX: usize = 50;

/// The format of most of the first lines; `None` when none of them is of a known one, [`UNKNOWN`] may serve then.
pub fn detect(head: &[u8]) -> Option<&'static Format> {
    let mut votes = [0_usize; FORMATS.len()];
    for line in head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(LINES_MAX)
    {
        if let Some(format) = format_of(Line::new(line)) {
            votes[format] += 1;
        }
    }
    let most = *votes.iter().max()?;
    (most > 0).then(|| &FORMATS[votes.iter().position(|votes| *votes == most).unwrap_or_default()])
}

fn format_of(line: Line<'_>) -> Option<usize> {
    if line.ends().is_some() {
        return Some(0);
    }
    if let Some(record) = otlp_records(line).first() {
        return format_of(Line::new(record.bytes()));
    }
    let mut keys = Vec::new();
    let mut buffer = String::new();
    for member in line.members() {
        keys.push(member.ok()?.key(&mut buffer).to_owned());
    }
    FORMATS.iter().position(|format| format.marks.iter().all(|mark| keys.iter().any(|key| key == mark)))
}

/// The log records in a line of OTLP, as the collector's file exporter writes them: many to a line. Each is a line of its own,
/// of the format `otlp`; none where the line is something else.
pub fn otlp_records(line: Line<'_>) -> Vec<Raw<'_>> {
    let Ok(Some(resources)) = line.get("resourceLogs") else { return Vec::new() };
    resources
        .items()
        .flatten()
        .filter_map(|resource| member(resource, "scopeLogs"))
        .flat_map(|scopes| scopes.items().flatten())
        .filter_map(|scope| member(scope, "logRecords"))
        .flat_map(|records| records.items().flatten())
        .collect()
}

fn member<'a>(map: Raw<'a>, key: &str) -> Option<Raw<'a>> {
    map.members().flatten().find(|member| member.has_key(key.as_bytes())).map(|member| member.value)
}

/// The format with this name; also `json`.
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().chain([&UNKNOWN]).find(|format| format.name == name)
}

impl Format {
    /// The name of an event, as far as the format has one: often a sentence.
    pub fn event<'b>(&self, line: Line<'b>, buffer: &'b mut String) -> Option<&'b str> {
        let name = first(line, self.event)?.text(buffer)?;
        Some(if self.has_emoji { without_emoji(name) } else { name })
    }

    /// The time. Nanoseconds since 1970-01-01 UTC.
    pub fn time_ns(&self, line: Line<'_>) -> Option<i64> {
        time::from_raw(first(line, self.time)?)
    }

    /// The level; info where the line has none (as CLEF leaves it out), `None` where it is none of ours.
    pub fn level(&self, line: Line<'_>) -> Option<Level> {
        match first(line, self.level) {
            Some(raw) => self.level_of(raw),
            None => Some(Level::Info),
        }
    }

    /// The level that a value means.
    #[inline]
    pub fn level_of(&self, raw: Raw<'_>) -> Option<Level> {
        // As we write them, and most others.
        let own = raw.plain().and_then(own_level);
        own.or_else(|| self.level_written_otherwise(raw))
    }

    fn level_written_otherwise(&self, raw: Raw<'_>) -> Option<Level> {
        match raw.value(&mut String::new()).ok()? {
            Value::Text(text) => level_named(text).or_else(|| self.numbered(text.parse().ok()?)),
            Value::Int(number) => self.numbered(number),
            _ => None,
        }
    }

    fn numbered(&self, number: i128) -> Option<Level> {
        let step = match self.numbers {
            Numbers::ByTens => number.checked_div(10)?.checked_sub(1)?,
            Numbers::Severity => number.checked_sub(1)?.div_euclid(4),
        };
        Level::from_u8(u8::try_from(step).ok()?)
    }

    /// Paths by which a field that a question calls `name` may be found, the likeliest first.
    ///
    /// A question says `event`, `timestamp` and `level` whatever the format. Any other field lies in the line itself or in the
    /// format's map of fields.
    pub fn paths(&self, name: &str) -> Vec<Path> {
        let parsed = |paths: &[&str]| paths.iter().filter_map(|path| Path::parse(path).ok()).collect();
        match name {
            "event" => parsed(self.event),
            "timestamp" => parsed(self.time),
            "level" => parsed(self.level),
            _ => {
                let within = self.fields.map(|fields| format!("{fields}.{name}"));
                within
                    .iter()
                    .map(String::as_str)
                    .chain([name])
                    .filter_map(|path| Path::parse(path).ok())
                    .collect()
            }
        }
    }
}

/// The first of these paths that is there.
fn first<'a>(line: Line<'a>, paths: &[&str]) -> Option<Raw<'a>> {
    let fields = FieldSet::new(paths.iter().filter_map(|path| Path::parse(path).ok()));
    let mut found = vec![None; fields.len()];
    // A broken line still has the fields before the break.
    let _ = fields.find(line, &mut found);
    found.into_iter().flatten().find(|raw| matches!(raw.kind(), Kind::Text | Kind::Number))
}

/// The level that a word means, in any case: those of all the formats.
///
/// ```
/// use trine_query::scan::foreign::level_named;
/// use trine_model::Level;
///
/// assert_eq!(level_named("WARN"), Some(Level::Warning));
/// assert_eq!(level_named("Fatal"), Some(Level::Critical));
/// assert_eq!(level_named("loud"), None);
/// ```
pub fn level_named(word: &str) -> Option<Level> {
    /// Of syslog, zap, Serilog, log4j, OpenTelemetry, Python.
    const OTHERS: [(&str, Level); 10] = [
        ("verbose", Level::Trace),
        ("finest", Level::Trace),
        ("information", Level::Info),
        ("informational", Level::Info),
        ("notice", Level::Info),
        ("dpanic", Level::Critical),
        ("panic", Level::Critical),
        ("alert", Level::Critical),
        ("emerg", Level::Critical),
        ("emergency", Level::Critical),
    ];
    let word = word.trim();
    // OpenTelemetry has steps: `INFO2`. Their digit is dropped.
    let word = word.strip_suffix(['2', '3', '4']).unwrap_or(word);
    word.parse().ok().or_else(|| {
        OTHERS.iter().find(|(other, _)| other.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    })
}

/// A name without the emoji in front of it, as provide-foundation writes them: `💳⚙️❌ payment_process_failed`,
/// `[💳][⚙️][❌] payment_process_failed`.
///
/// ```
/// use trine_query::scan::foreign::without_emoji;
///
/// assert_eq!(without_emoji("💳⚙️❌ payment_process_failed"), "payment_process_failed");
/// assert_eq!(without_emoji("größe_changed"), "größe_changed");
/// ```
pub fn without_emoji(name: &str) -> &str {
    // Letters of any script begin a name; emoji, their variants and joiners are none.
    let is_decoration = |c: char| !c.is_alphanumeric() && (!c.is_ascii() || matches!(c, ' ' | '[' | ']'));
    match name.chars().next() {
        Some(first) if !first.is_ascii_alphanumeric() => {
            let stripped = name.trim_start_matches(is_decoration);
            if stripped.is_empty() { name } else { stripped }
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as the writers write them: format, line, name, time, level.
    const LINES: [(&str, &str, &str, &str, Level); 13] = [
        (
            "trine",
            r#"{"event":"user_login","user_id":7,"timestamp":"2025-10-24T10:00:00.123456Z","level":"info"}"#,
            "user_login",
            "2025-10-24T10:00:00.123456Z",
            Level::Info,
        ),
        (
            "trine", // structlog
            r#"{"user_id": 7, "event": "user_login", "level": "warning", "timestamp": "2025-10-24T10:00:00Z"}"#,
            "user_login",
            "2025-10-24T10:00:00Z",
            Level::Warning,
        ),
        (
            "trine", // provide-foundation
            r#"{"event": "💳⚙️❌ payment_process_failed", "level": "error", "timestamp": "2025-10-24 10:00:00.123456"}"#,
            "payment_process_failed",
            "2025-10-24T10:00:00.123456Z",
            Level::Error,
        ),
        (
            "tracing",
            r#"{"timestamp":"2025-10-24T10:00:00.123456Z","level":"WARN","fields":{"message":"slow","ms":7},"target":"shop"}"#,
            "slow",
            "2025-10-24T10:00:00.123456Z",
            Level::Warning,
        ),
        (
            "zap",
            r#"{"level":"dpanic","ts":1761300000.5,"caller":"a.go:1","msg":"slow","ms":7}"#,
            "slow",
            "2025-10-24T10:00:00.5Z",
            Level::Critical,
        ),
        (
            "zerolog",
            r#"{"level":"fatal","time":1761300000,"message":"slow"}"#,
            "slow",
            "2025-10-24T10:00:00Z",
            Level::Critical,
        ),
        (
            "slog",
            r#"{"time":"2025-10-24T12:00:00.5+02:00","level":"INFO","msg":"slow","ms":7}"#,
            "slow",
            "2025-10-24T10:00:00.5Z",
            Level::Info,
        ),
        (
            "bunyan",
            r#"{"name":"shop","hostname":"a","pid":1,"level":60,"msg":"slow","time":"2025-10-24T10:00:00.500Z","v":0}"#,
            "slow",
            "2025-10-24T10:00:00.5Z",
            Level::Critical,
        ),
        (
            "pino",
            r#"{"level":20,"time":1761300000500,"pid":1,"hostname":"a","msg":"slow"}"#,
            "slow",
            "2025-10-24T10:00:00.5Z",
            Level::Debug,
        ),
        (
            "serilog-clef",
            r#"{"@t":"2025-10-24T10:00:00.5000000Z","@mt":"Slow {Ms}","Ms":7}"#,
            "Slow {Ms}",
            "2025-10-24T10:00:00.5Z",
            Level::Info,
        ),
        (
            "serilog-clef",
            r#"{"@t":"2025-10-24T10:00:00Z","@mt":"Slow","@l":"Verbose"}"#,
            "Slow",
            "2025-10-24T10:00:00Z",
            Level::Trace,
        ),
        (
            "otlp",
            r#"{"timeUnixNano":"1761300000500000000","severityNumber":17,"severityText":"ERROR","body":{"stringValue":"slow"},"attributes":[]}"#,
            "slow",
            "2025-10-24T10:00:00.5Z",
            Level::Error,
        ),
        (
            "structlog",
            r#"{"a": 1, "event": "user_login", "time": "2025-10-24T10:00:00Z"}"#,
            "user_login",
            "2025-10-24T10:00:00Z",
            Level::Info,
        ),
    ];

    #[test]
    fn each_format_is_detected_and_read() {
        for (name, line, event, time, level) in LINES {
            let format = detect(line.as_bytes()).unwrap();
            assert_eq!(format.name, name, "{line}");
            let line = Line::new(line.as_bytes());
            line.check().unwrap();
            assert_eq!(format.event(line, &mut String::new()), Some(event));
            assert_eq!(format.time_ns(line), time::from_text(time.as_bytes()), "{name}");
            assert_eq!(format.level(line), Some(level), "{name}");
        }
    }

    #[test]
    fn records_of_opentelemetry_are_taken_out_of_their_line() {
        let record = |name: &str| {
            format!(
                r#"{{"timeUnixNano":"1761300000500000000","severityNumber":9,"body":{{"stringValue":"{name}"}},"attributes":[{{"key":"ms","value":{{"intValue":"7"}}}}]}}"#
            )
        };
        let text = format!(
            r#"{{"resourceLogs":[{{"resource":{{}},"scopeLogs":[{{"logRecords":[{},{}]}},{{"logRecords":[{}]}}]}}]}}"#,
            record("a"),
            record("b"),
            record("c"),
        );
        let format = detect(text.as_bytes()).unwrap();
        assert_eq!(format.name, "otlp");
        let records = otlp_records(Line::new(text.as_bytes()));
        let names: Vec<String> = records
            .iter()
            .map(|raw| format.event(Line::new(raw.bytes()), &mut String::new()).unwrap().to_owned())
            .collect();
        assert_eq!(names, ["a", "b", "c"]);
        let ms = Line::new(records[0].bytes()).get_path(&format.paths("ms")[0]).unwrap().unwrap();
        assert_eq!(ms.plain(), Some(&b"7"[..]));
        assert!(otlp_records(Line::new(b"{\"resourceLogs\":7}")).is_empty());
    }

    #[test]
    fn the_format_of_most_lines_wins_and_noise_has_none() {
        let zap = r#"{"level":"info","ts":1.5,"msg":"x"}"#;
        let text = format!("starting up\n{}\n{zap}\n{zap}\nbye", LINES[0].1);
        assert_eq!(detect(text.as_bytes()).unwrap().name, "zap");
        assert!(detect(b"").is_none());
        assert!(detect(b"INFO started\n{\"a\":1}\n[1]\n").is_none());
    }

    #[test]
    fn names_of_formats_are_unique_and_found() {
        for format in FORMATS.iter().chain([&UNKNOWN]) {
            assert!(std::ptr::eq(named(format.name).unwrap(), format));
            for path in [format.event, format.time, format.level].concat() {
                Path::parse(path).unwrap();
            }
        }
        assert!(named("nope").is_none());
    }

    #[test]
    fn fields_are_looked_for_where_the_format_keeps_them() {
        let texts = |format: &str, name: &str| {
            named(format).unwrap().paths(name).iter().map(Path::to_string).collect::<Vec<_>>()
        };
        assert_eq!(texts("tracing", "event"), ["fields.message", "message"]);
        assert_eq!(texts("tracing", "ms"), ["fields.ms", "ms"]);
        assert_eq!(texts("zap", "timestamp"), ["ts"]);
        assert_eq!(texts("zap", "a.b"), ["a.b"]);
    }

    #[test]
    fn words_of_levels_are_understood_in_any_case() {
        for (word, level) in [
            ("TRACE", Level::Trace),
            ("Debug", Level::Debug),
            ("Information", Level::Info),
            ("notice", Level::Info),
            ("WARN", Level::Warning),
            ("err", Level::Error),
            ("ERROR2", Level::Error),
            ("emerg", Level::Critical),
            (" info ", Level::Info),
        ] {
            assert_eq!(level_named(word), Some(level), "{word}");
        }
        for word in ["", "2", "loud", "informatio"] {
            assert_eq!(level_named(word), None, "{word}");
        }
    }

    #[test]
    fn numbers_of_levels_are_those_of_the_format() {
        let level =
            |format: &str, number: &str| named(format).unwrap().level_of(Raw::of(number.as_bytes()).unwrap());
        assert_eq!(level("pino", "35"), Some(Level::Info));
        assert_eq!(level("pino", "0"), None);
        assert_eq!(level("pino", "70"), None);
        assert_eq!(level("pino", "-9223372036854775808000"), None);
        assert_eq!(level("otlp", "1"), Some(Level::Trace));
        assert_eq!(level("otlp", "24"), Some(Level::Critical));
        assert_eq!(level("otlp", "0"), None);
        assert_eq!(level("otlp", "\"9\""), Some(Level::Info));
    }

    #[test]
    fn only_decoration_is_taken_off_a_name() {
        for (name, plain) in [
            ("payment_failed", "payment_failed"),
            ("💳 payment_failed", "payment_failed"),
            ("[💳][⚙️][❌] payment_failed", "payment_failed"),
            ("👨‍👩‍👧 family_moved", "family_moved"),
            ("❌", "❌"),
            ("", ""),
            ("_private_thing", "_private_thing"),
            ("日本_made", "日本_made"),
            ("{Count} items", "{Count} items"),
        ] {
            assert_eq!(without_emoji(name), plain);
        }
    }
}
