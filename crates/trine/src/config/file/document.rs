//! The document: walks the tables of a `trine.toml`, takes what is right and places every finding.

use super::keys::{self, KEYS, Key, MASKS, OUTPUT, OUTPUT_KEYS, TO};
use super::mend::mend;
use super::places::Places;
use crate::config::finding::{Finding, Findings};
use crate::config::mistake::{Mistake, nearest};
use crate::config::output::{OutputSettings, Target};
use crate::config::reference::Entry;
use crate::config::{Settings, excerpt};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const OUTPUT_OUTCOME: &str = "this output is left out";

/// Reads the text of a configuration file that is called `source` in findings.
pub(super) fn read(text: &str, source: &str) -> (Settings, Vec<Finding>) {
    let mut document = Document { source, places: Places::of(text), findings: Findings::default() };
    let mended = mend(text);
    for (at, message) in mended.errors {
        let mistake = Mistake::new("toml-syntax", format!("this is not TOML: {message}"));
        document.find(at..at, mistake.outcome("what cannot be read is ignored"));
    }
    let table = mended.text.as_deref().and_then(|text| DeTable::parse(text).ok());
    let settings = match &table {
        Some(table) => document.take_settings(table.get_ref()),
        None => {
            let mistake = Mistake::new("toml-syntax-many", "too much of this file is not TOML");
            document.find(0..0, mistake.outcome("no file is used"));
            Settings::default()
        }
    };
    (settings, document.findings.into_vec())
}

pub(super) struct Document<'a> {
    source: &'a str,
    places: Places<'a>,
    findings: Findings,
}

pub(super) type Value<'t> = Spanned<DeValue<'t>>;

impl Document<'_> {
    fn take_settings(&mut self, table: &DeTable<'_>) -> Settings {
        let mut settings = Settings::default();
        for (name, value) in table {
            let word: &str = name.get_ref();
            if word == OUTPUT.name {
                settings.outputs = self.take_outputs(value);
            } else if word == MASKS.name {
                settings.masks = self.take_masks(value);
            } else if let Some(key) = KEYS.iter().find(|key| key.entry.name == word) {
                self.take(key, value, &mut settings, Some(key.entry.name));
            } else {
                self.unknown_key(
                    name.span(),
                    word,
                    KEYS.iter().map(|key| key.entry.name).chain([MASKS.name, OUTPUT.name]),
                );
            }
        }
        settings
    }

    /// The outputs that can be used; `None` when there is none.
    fn take_outputs(&mut self, value: &Value<'_>) -> Option<Vec<OutputSettings>> {
        let wrong = || Mistake::new("output-not-a-list", "outputs are a list of tables; allowed: [[output]]");
        let mut outputs = Vec::new();
        match value.get_ref() {
            DeValue::Array(list) if list.iter().next().is_none() => {
                let message = "there is no output here; allowed: at least one, or level = \"off\" for none";
                self.find_default(
                    value.span(),
                    Mistake::new("outputs-none", message),
                    &OUTPUT,
                    Some("outputs"),
                );
            }
            DeValue::Array(list) => list.iter().for_each(|item| match item.get_ref() {
                DeValue::Table(table) => self.take_output(table, item.span(), &mut outputs),
                _ => self.find(item.span(), wrong().outcome(OUTPUT_OUTCOME)),
            }),
            DeValue::Table(_) => {
                let mistake = wrong().suggest(Some("[[output]]".to_owned()));
                self.find_default(value.span(), mistake, &OUTPUT, Some("outputs"));
            }
            _ => self.find_default(value.span(), wrong(), &OUTPUT, Some("outputs")),
        }
        (!outputs.is_empty()).then_some(outputs)
    }

    /// Judges one output, and adds it to those that can be used.
    fn take_output(&mut self, table: &DeTable<'_>, span: Range<usize>, outputs: &mut Vec<OutputSettings>) {
        let target = self.take_target(table, &span);
        // Without a target nothing of it is used, yet all of it is judged.
        let mut output = OutputSettings::new(target.clone().unwrap_or(Target::Stdout));
        for (name, value) in table.iter().filter(|(name, _)| *name.get_ref() != TO.name) {
            let word: &str = name.get_ref();
            let Some(key) = OUTPUT_KEYS.iter().find(|key| key.entry.name == word) else {
                self.unknown_key(
                    name.span(),
                    word,
                    [TO.name].into_iter().chain(OUTPUT_KEYS.iter().map(|key| key.entry.name)),
                );
                continue;
            };
            self.take(key, value, &mut output, None);
            if key.file_only && matches!(target, Some(Target::Stdout | Target::Stderr)) {
                let message = format!("`{word}` is about files, and this output is none");
                self.find(name.span(), Mistake::new("key-for-files", message).outcome("ignored").warning());
            }
        }
        if target.is_some()
            && let Err(mistake) = output.add_to(outputs)
        {
            self.find(span, mistake.outcome(OUTPUT_OUTCOME));
        }
    }

    fn take_target(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Option<Target> {
        let Some((_, value)) = table.iter().find(|(name, _)| *name.get_ref() == TO.name) else {
            let message = format!("this output has no `to`; allowed: to = {}", TO.allowed.replace('`', ""));
            self.find(span.clone(), Mistake::new("output-without-to", message).outcome(OUTPUT_OUTCOME));
            return None;
        };
        let target = keys::target(value.get_ref());
        target.map_err(|mistake| self.find(value.span(), mistake.outcome(OUTPUT_OUTCOME))).ok()
    }

    /// Takes a value, and finds its mistakes.
    fn take<S>(&mut self, key: &Key<S>, value: &Value<'_>, settings: &mut S, item: Option<&'static str>) {
        let Err(mistakes) = (key.take)(value.get_ref(), settings) else { return };
        for mistake in mistakes {
            match mistake.outcome {
                Some(_) => self.find(self.inside(value, mistake.column), mistake),
                None => self.find_default(self.inside(value, mistake.column), mistake, &key.entry, item),
            }
        }
    }

    /// Where a character of a value is written: exactly, unless the text has escapes or lines of its own.
    fn inside(&self, value: &Value<'_>, column: usize) -> Range<usize> {
        let span = value.span();
        let written = self.places.slice(span.clone());
        let Some(text) = value.get_ref().as_str() else { return span };
        let offset = text.char_indices().nth(column).map(|(at, _)| at + 1);
        match offset
            .filter(|_| column > 0 && written.len() == text.len() + 2 && written[1..].starts_with(text))
        {
            Some(offset) => span.start + offset..span.end,
            None => span,
        }
    }

    pub(super) fn unknown_key(
        &mut self,
        span: Range<usize>,
        word: &str,
        known: impl Iterator<Item = &'static str>,
    ) {
        let known: Vec<&str> = known.collect();
        let message = format!("unknown key `{}`; allowed: {}", excerpt(word), known.join(", "));
        self.find(
            span,
            Mistake::new("key-unknown", message).suggest(nearest(word, &known)).outcome("ignored"),
        );
    }

    pub(super) fn find(&mut self, span: Range<usize>, mistake: Mistake) {
        let (places, source) = (&self.places, self.source);
        self.findings
            .push(|| Finding { place: Some(places.of_byte(span.start)), ..mistake.found_in(source) });
    }

    fn find_default(
        &mut self,
        span: Range<usize>,
        mistake: Mistake,
        entry: &Entry,
        item: Option<&'static str>,
    ) {
        let (places, source) = (&self.places, self.source);
        self.findings.push(|| Finding {
            place: Some(places.of_byte(span.start)),
            outcome: Some(entry.outcome()),
            item,
            ..mistake.found_in(source)
        });
    }
}

#[cfg(test)]
mod tests;
