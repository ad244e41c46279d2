//! Which events are shown: words, all of which must hold.

use trine_model::Level;
use trine_query::{
    events::Event,
    scan::{
        foreign::{Format, level_named},
        line::Raw,
        needles::{Condition, Needles},
    },
};

use crate::commands::ops;

/// Words, made ready.
#[derive(Debug)]
pub(super) struct Filter {
    words: Vec<Word>,
    needles: Needles,
}

#[derive(Debug)]
struct Word {
    is_not: bool,
    what: What,
}

#[derive(Debug)]
enum What {
    /// The name is like this pattern.
    Name(String),
    /// The level is this one or a worse one.
    Level(Level),
    /// The field at this place of [`Filter::keys`] is like this pattern.
    Field(String, String),
}

impl Filter {
    /// From the words of a command line: those that must hold, and those that must not.
    ///
    /// Errors: a word that cannot be one, and why.
    pub(super) fn parse(must: &[String], must_not: &[String]) -> Result<Filter, String> {
        let all = must.iter().map(|words| (words, false)).chain(must_not.iter().map(|words| (words, true)));
        let words =
            all.flat_map(|(words, is_not)| words.split_whitespace().map(move |text| word(text, is_not)));
        let words: Vec<Word> = words.collect::<Result<_, _>>()?;
        let conditions = words.iter().filter(|word| !word.is_not).map(|word| match &word.what {
            What::Name(pattern) | What::Field(_, pattern) => longest(pattern),
            What::Level(_) => Condition::Any,
        });
        let needles = Needles::new(&Condition::All(conditions.collect()), b"");
        Ok(Filter { words, needles })
    }

    /// The fields that it looks at, in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(|word| match &word.what {
            What::Field(key, _) => Some(key.as_str()),
            _ => None,
        })
    }

    /// Whether a line can match, by its bytes.
    pub(super) fn may_match(&self, line: &[u8]) -> bool {
        self.needles.may_match(line)
    }

    /// Whether an event matches: its fields are the level, and those of [`keys`](Filter::keys).
    pub(super) fn matches(&self, event: &Event<'_>, format: &Format) -> bool {
        let (level, mut fields) = match event.fields.split_first() {
            Some((level, fields)) => (*level, fields.iter()),
            None => (None, [].iter()),
        };
        self.words.iter().all(|word| {
            let holds = match &word.what {
                What::Name(pattern) => ops::matches(pattern, event.name),
                What::Level(least) => {
                    let level = level.map_or(Some(Level::Info), |raw| format.level_of(raw));
                    level.is_some_and(|level| level >= *least)
                }
                What::Field(_, pattern) => {
                    fields.next().copied().flatten().is_some_and(|raw| is_like(raw, pattern))
                }
            };
            holds != word.is_not
        })
    }
}

fn word(text: &str, is_not: bool) -> Result<Word, String> {
    let what = match text.split_once(':') {
        None => What::Name(unquoted(text).to_owned()),
        Some((_, "")) | Some(("", _)) => {
            return Err(format!("read `{text}` as a filter: expected a field, `:` and a value"));
        }
        Some(("event", pattern)) => What::Name(unquoted(pattern).to_owned()),
        Some(("level", level)) => {
            let near = || {
                trine_model::suggest::nearest(
                    level,
                    ["trace", "debug", "info", "warning", "error", "critical"],
                )
            };
            let hint = || near().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            What::Level(
                level_named(unquoted(level))
                    .ok_or_else(|| format!("no level is called `{level}`{}", hint()))?,
            )
        }
        Some((key, pattern)) => What::Field(key.to_owned(), unquoted(pattern).to_owned()),
    };
    Ok(Word { is_not, what })
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// What must stand in a line for a value to be like a pattern: its longest part without `*`.
fn longest(pattern: &str) -> Condition {
    pattern.split('*').max_by_key(|part| part.len()).map_or(Condition::Any, Condition::text_holds)
}

fn is_like(raw: Raw<'_>, pattern: &str) -> bool {
    let mut buffer = String::new();
    match raw.text(&mut buffer) {
        Some(text) => ops::matches(pattern, text),
        None => ops::matches(pattern, &String::from_utf8_lossy(raw.bytes())),
    }
}

#[cfg(test)]
mod tests {
    use trine_query::{
        events::Reader,
        scan::{foreign, line::Line},
    };

    use super::*;

    #[track_caller]
    fn check(words: &str, line: &str, expected: bool) {
        let (not, must): (Vec<&str>, Vec<&str>) = words.split(' ').partition(|word| word.starts_with('-'));
        let not: Vec<String> = not.into_iter().map(|word| word[1..].to_owned()).collect();
        let filter = Filter::parse(&[must.join(" ")], &not).unwrap();
        let format = foreign::named("trine").unwrap();
        let keys: Vec<[&str; 1]> = filter.keys().map(|key| [key]).collect();
        let wanted: Vec<&[&str]> =
            [&["level"][..]].into_iter().chain(keys.iter().map(|names| &names[..])).collect();
        let mut found = false;
        Reader::new(format, &wanted)
            .each(Line::new(line.as_bytes()), &mut |event| found |= filter.matches(event, format))
            .unwrap();
        assert_eq!(found, expected, "{words}: {line}");
        assert!(!expected || filter.may_match(line.as_bytes()), "{words}: {line}");
    }

    #[test]
    fn all_words_must_hold() {
        let line = r#"{"event":"payment_process_failed","order_id":"ORD-1","amount":7,"level":"error"}"#;
        for words in [
            "",
            "payment_*",
            "*_failed",
            "event:payment_process_failed",
            "order_id:ORD-*",
            "amount:7",
            "level:warn",
            "-cache_*",
            "payment_* amount:7 -level:critical",
        ] {
            check(words, line, true);
        }
        for words in [
            "payment",
            "payment_* amount:8",
            "level:critical",
            "-payment_*",
            "missing:*",
            "amount:7 order_id:x",
            "-level:error",
        ] {
            check(words, line, false);
        }
        check("-missing:*", line, true);
    }

    #[test]
    fn what_is_no_filter_says_what_is_expected() {
        let error = |word: &str| Filter::parse(&[word.to_owned()], &[]).unwrap_err();
        assert_eq!(error("level:wraning"), "no level is called `wraning`; did you mean `warning`?");
        assert!(error("amount:").contains("expected a field"));
        assert!(error(":7").contains("expected a field"));
    }
}
