//! What a file's name tells: whether it is a log, to which log it belongs, and how old it is.
//!
//! Known are Trine's own names (`app.2026-11-23T10-00-00-000.jsonl.zst` beside `app.jsonl`), numbers (`app.log.1`, `app.log.2.gz`:
//! higher is older), and dates behind or before the ending (`app.log-20251024`, `app.log.2025-10-24`, `app-2025-10-24.log`).

use std::cmp::Reverse;

/// What may end the name of a log in a folder.
const ENDINGS: [&str; 4] = [".jsonl", ".ndjson", ".json", ".log"];
/// What compression adds.
const PACKED: [&str; 2] = [".gz", ".zst"];
/// Most digits of a rotation's number; more are a time.
const NUMBER_DIGITS_MAX: usize = 5;
/// Fewest digits of a date: `20251024`.
const DATE_DIGITS_MIN: usize = 8;

/// A file's place among those of its log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The name of the file that is written to: `app.jsonl`.
    pub(super) log: String,
    pub(super) age: Age,
    /// Compressed, by its name.
    pub(super) is_packed: bool,
}

/// Oldest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Age {
    /// The digits of the time at which it was closed, which sort as text.
    Dated(String),
    /// `.3` is older than `.2`.
    Numbered(Reverse<u32>),
    /// The one that is written to.
    Current,
}

impl Place {
    /// What a name tells.
    pub(super) fn of(name: &str) -> Place {
        let plain = PACKED.iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(name);
        let is_packed = plain.len() < name.len();
        let (log, age) = behind(plain).or_else(|| before(plain)).unwrap_or((plain.to_owned(), Age::Current));
        Place { log, age, is_packed }
    }

    /// Whether a file of this name in a folder is a log.
    pub(super) fn is_log(&self) -> bool {
        ENDINGS.iter().any(|ending| self.log.len() > ending.len() && self.log.ends_with(ending))
    }
}

/// `app.log.1`, `app.log-20251024`, `app.log.2025-10-24T10`.
fn behind(name: &str) -> Option<(String, Age)> {
    let (log, rest) = ENDINGS.iter().find_map(|ending| {
        let end = name.rfind(ending)? + ending.len();
        Some((&name[..end], name[end..].strip_prefix(['.', '-', '_'])?))
    })?;
    let age = match rest.parse() {
        Ok(number) if rest.len() <= NUMBER_DIGITS_MAX => Age::Numbered(Reverse(number)),
        _ => Age::Dated(date(rest)?),
    };
    Some((log.to_owned(), age))
}

/// `app.2026-11-23T10-00-00-000.jsonl`, `app-2025-10-24.log`.
fn before(name: &str) -> Option<(String, Age)> {
    let (stem, ending) = name.rsplit_once('.')?;
    // From the left, so that all of the date is taken: its own parts are joined by `-` as well.
    stem.match_indices(['.', '-', '_']).find_map(|(at, _)| {
        let date = date(&stem[at + 1..])?;
        Some((format!("{}.{ending}", &stem[..at]), Age::Dated(date)))
    })
}

/// The digits of what can only be a date, perhaps with a time.
fn date(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_date = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | ':' | 'T' | 'Z'));
    (is_date && digits.len() >= DATE_DIGITS_MIN).then_some(digits)
}

/// When a file of Trine's was closed, by its name: its lines are older. Nanoseconds since 1970-01-01 UTC.
pub(super) fn closed_ns(name: &str) -> Option<i64> {
    /// `20261123` `100000` `000`.
    const STAMP_DIGITS: usize = 17;
    let Age::Dated(digits) = Place::of(name).age else { return None };
    if digits.len() != STAMP_DIGITS || !name.contains('T') {
        return None;
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<i64>().ok();
    let days = crate::scan::time::days_of(number(0, 4)?, number(4, 6)?, number(6, 8)?)?;
    let ms = ((number(8, 10)? * 60 + number(10, 12)?) * 60 + number(12, 14)?) * 1_000 + number(14, 17)?;
    days.checked_mul(crate::scan::time::DAY_NS)?.checked_add(ms * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], log: &str) {
        let mut sorted: Vec<_> = names.iter().rev().map(|name| (Place::of(name), *name)).collect();
        sorted.sort();
        assert_eq!(sorted.iter().map(|(_, name)| *name).collect::<Vec<_>>(), names);
        assert!(sorted.iter().all(|(place, _)| place.log == log && place.is_log()), "{sorted:?}");
    }

    #[test]
    fn files_of_one_log_are_sorted_oldest_first() {
        check(
            &[
                "app.2026-11-23T10-00-00-000.jsonl.zst",
                "app.2026-11-23T10-00-00-001.jsonl.gz",
                "app.2026-11-24T09-00-00-000.jsonl",
                "app.jsonl",
            ],
            "app.jsonl",
        );
        check(&["app.log.10.gz", "app.log.2.gz", "app.log.1", "app.log"], "app.log");
        check(&["app.log-20251023.gz", "app.log-20251024", "app.log"], "app.log");
        check(&["app.log.2025-10-23T10", "app.log.2025-10-24T00", "app.log"], "app.log");
        check(&["my-app-2025-10-23.log", "my-app-2025-10-24.log", "my-app.log"], "my-app.log");
        check(&["a.b.json.3", "a.b.json"], "a.b.json");
    }

    #[test]
    fn other_files_are_no_logs() {
        for name in
            ["app.txt", "app.gz", "notes", ".log", "log", "app.jsonl.gz.tmp", "app.log.old", "app.log.1.bak"]
        {
            assert!(!Place::of(name).is_log(), "{name}");
        }
    }

    #[test]
    fn a_number_that_is_no_date_belongs_to_the_name() {
        for name in ["worker-1.log", "v2.json", "app.8080.jsonl", "2025.log"] {
            assert_eq!(Place::of(name), Place { log: name.into(), age: Age::Current, is_packed: false });
        }
    }

    #[test]
    fn our_own_names_say_when_a_file_was_closed() {
        assert_eq!(closed_ns("app.2026-11-23T10-00-00-250.jsonl.zst"), Some(1_795_428_000_250_000_000));
        assert_eq!(closed_ns("app.log-20251024"), None);
        assert_eq!(closed_ns("app.jsonl"), None);
    }
}
