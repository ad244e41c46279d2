//! Names of the question that nothing in the input has: a slip, where one is that looks much like it.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use trine_model::{Level, NameParts, suggest};

use super::{
    Error, Settings,
    event::{LEVEL, NAME, Slot, canonical},
    plan::Segment,
    readers::Readers,
    run::event_scope,
};
use crate::{
    answer::Notes,
    lang::{
        self,
        ast::{Argument, Call, Expr, Field, Filter, Item, Key, Literal, Pattern, Query, Stage, Test},
    },
    scan::{
        foreign::level_named,
        input::{Input, Options, scan},
        line::Line,
    },
};

/// Bytes of the input in which names are looked up, when one is not known: enough for every name of most logs.
const LOOKED_AT_BYTES_MAX: usize = 512 << 20;
/// Names that are remembered.
const NAMES_MAX: usize = 10_000;

/// The stage that a question begins with, were it not words to look for: `context x`.
fn stage_as_words(query: &Query) -> Option<&str> {
    let first = match &query.filter {
        Filter::And(all) => all.first()?,
        filter => filter,
    };
    match first {
        Filter::Anywhere(Pattern::Text(word)) if lang::is_stage(word) => Some(word),
        _ => None,
    }
}

/// Looks, where a field was in no event or no event matched, whether the input knows the names of the question at all.
///
/// Errors: one is unknown, and another is near. Unknown without a near one is a remark.
pub(super) fn check(
    text: &str,
    query: &Query,
    first: &Segment,
    seen: &[bool],
    input: &Input,
    settings: &Settings<'_>,
    notes: &mut Notes,
) -> Result<(), Error> {
    if notes.matched == 0
        && let Some(stage) = stage_as_words(query)
    {
        notes.remarks.push(format!(
            "`{stage}` was looked for as a word; a stage stands behind a `|`: `* | {stage} …`"
        ));
    }
    let asked = Asked::of(query);
    let scope = event_scope(first);
    let unseen: Vec<&Field> = scope
        .slots
        .iter()
        .zip(&scope.fields)
        .zip(seen)
        .filter(|((slot, _), seen)| matches!(slot, Slot::Field(_)) && !**seen)
        .map(|((_, field), _)| field)
        .filter(|field| asked.fields.iter().any(|asked| asked == *field))
        .collect();
    let (names, parts): (&[Said], &[Said]) =
        if notes.matched == 0 { (&asked.names, &asked.parts) } else { (&[], &[]) };
    let is_readable = input.sources().iter().all(|source| source.path().is_some());
    if (unseen.is_empty() && names.is_empty() && parts.is_empty()) || !is_readable {
        return Ok(());
    }
    // Most questions without an answer ask for a value that no event has, and that their names are known shows in the first lines.
    let is_enough = |known: &Known| {
        names.iter().all(|(_, name)| known.has_name(&canonical(name.as_str().into())))
            && parts.iter().all(|(field, part)| known.has_part(field, part))
            && unseen.iter().all(|field| known.has_field(field))
    };
    let known = Known::of(input, settings, is_enough);
    if known.is_empty() || is_enough(&known) {
        return Ok(());
    }
    for (field, name) in names {
        let name = canonical(name.as_str().into());
        if known.has_name(&name) {
            continue;
        }
        match suggest::nearest(&name, known.names.iter().map(String::as_str)) {
            Some(near) => {
                let at = text[field.at..].find(&*name).map_or(field.at, |at| field.at + at);
                let error = lang::Error::new(text, at, name.len(), format!("no event is called `{name}`"));
                return Err(Error::Question(error.did_you_mean(Some(near))));
            }
            None => notes.remarks.push(format!("no event is called `{name}`")),
        }
    }
    for (field, part) in parts {
        if known.has_part(field, part) {
            continue;
        }
        let (name, candidates) = (&field.name, known.parts(&field.name));
        match suggest::nearest(part, candidates.iter().map(String::as_str)) {
            Some(near) => {
                let at = text[field.at..].find(&**part).map_or(field.at, |at| field.at + at);
                let error =
                    lang::Error::new(text, at, part.len(), format!("no event has the {name} `{part}`"));
                return Err(Error::Question(error.did_you_mean(Some(near))));
            }
            None if matches!(&**name, LEVEL | "role" | "outcome") => {
                let all: Vec<&str> = candidates.iter().map(String::as_str).collect();
                let all = all.join(", ");
                notes.remarks.push(format!("no event has the {name} `{part}`; it is one of {all}"));
            }
            None => notes.remarks.push(format!("no event has the {name} `{part}`")),
        }
    }
    for field in unseen {
        if known.has_field(field) {
            continue;
        }
        match suggest::nearest(&field.name, known.fields.iter().map(String::as_str)) {
            // No slip of a finger, but a name that other logs have.
            Some(near) if is_longer(&field.name, near) || is_longer(near, &field.name) => {
                notes.remarks.push(format!("no event has a field `{}`; there is `{near}`", field.name));
            }
            Some(near) => {
                let message = format!("no event has a field `{}`", field.name);
                let error = lang::Error::new(text, field.at, field.name.len(), message);
                return Err(Error::Question(error.did_you_mean(Some(near))));
            }
            None if asked.compared.contains(field) => {
                let message = format!("no event has a field `{}`", field.name);
                let error = lang::Error::new(text, field.at, field.name.len(), message);
                return Err(Error::Question(
                    error.hint(format!("a text stands in quotes: \"{}\"", field.name)),
                ));
            }
            None => notes.remarks.push(format!("no event has a field `{}`", field.name)),
        }
    }
    Ok(())
}

/// Whether a name is another and more: `timestamp_iso`, `timestamp`.
fn is_longer(name: &str, other: &str) -> bool {
    name.strip_prefix(other).is_some_and(|rest| rest.starts_with(['_', '.']))
        || name.strip_suffix(other).is_some_and(|rest| rest.ends_with(['_', '.']))
}

/// A field, and what a question says that it is.
type Said = (Field, String);

/// Names that a question takes for granted: not those that it excludes, or asks for whether they are there.
#[derive(Default)]
struct Asked {
    fields: Vec<Field>,
    names: Vec<Said>,
    /// What something is compared with: perhaps a text without its quotes.
    compared: Vec<Field>,
    /// Levels, and what is derived of names.
    parts: Vec<Said>,
}

impl Asked {
    fn of(query: &Query) -> Asked {
        let mut asked = Asked::default();
        asked.filter(&query.filter);
        for stage in &query.stages {
            asked.stage(stage);
        }
        asked
    }

    fn stage(&mut self, stage: &Stage) {
        match stage {
            Stage::Where(filter) => self.filter(filter),
            Stage::Aggregate(items, keys) => {
                self.items(items);
                keys.iter().for_each(|key| match key {
                    Key::Item(item) => self.expr(&item.expr),
                    Key::Every(..) => {}
                });
            }
            Stage::Extend(items) | Stage::Fields(items) => self.items(items),
            Stage::Sort(keys) => keys.iter().for_each(|key| self.expr(&key.expr)),
            Stage::Dedup(fields) | Stage::Pair(fields) | Stage::Differ(fields, _) => {
                self.fields.extend(fields.iter().cloned());
            }
            Stage::Explode(field) | Stage::FieldValues(field, _) | Stage::CollapseNums(field) => {
                self.fields.push(field.clone());
            }
            Stage::Limit(_)
            | Stage::Facets(_)
            | Stage::FieldNames
            | Stage::Context(_)
            | Stage::Compare(..) => {}
        }
    }

    fn items(&mut self, items: &[Item]) {
        items.iter().for_each(|item| self.expr(&item.expr));
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::And(all) | Filter::Or(all) => all.iter().for_each(|one| self.filter(one)),
            Filter::Field(field, Test::Is(Literal::Text(name))) if field.name == NAME => {
                self.names.push((field.clone(), name.clone()));
            }
            Filter::Field(field, Test::Is(Literal::Text(part))) if is_part(field, part) => {
                self.parts.push((field.clone(), part.clone()));
            }
            Filter::Field(field, test) if !matches!(test, Test::Is(Literal::Null)) => {
                self.fields.push(field.clone());
            }
            Filter::In(field, _) => self.fields.push(field.clone()),
            Filter::Expr(expr) => self.expr(expr),
            Filter::All | Filter::Not(_) | Filter::Field(..) | Filter::Anywhere(_) => {}
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Field(field) => self.fields.push(field.clone()),
            Expr::Call(Call { function, arguments, .. })
                if !matches!(function.name, "coalesce" | "exists" | "if") =>
            {
                for argument in arguments {
                    match argument {
                        Argument::Expr(expr) => self.expr(expr),
                        Argument::Filter(filter) => self.filter(filter),
                    }
                }
            }
            Expr::Minus(inner) | Expr::Matches(inner, _) | Expr::In(inner, _) => self.expr(inner),
            Expr::Arithmetic(_, sides) | Expr::Compare(_, sides) => {
                if let (Expr::Compare(..), Expr::Field(field)) = (expr, &sides[1]) {
                    self.compared.push(field.clone());
                }
                sides.iter().for_each(|side| self.expr(side));
            }
            Expr::And(all) | Expr::Or(all) => all.iter().for_each(|one| self.expr(one)),
            Expr::Literal(_) | Expr::Call(_) | Expr::Not(_) => {}
        }
    }
}

/// Whether this is said of a level or of a part of the name, and not known to be one.
fn is_part(field: &Field, part: &str) -> bool {
    match &*field.name {
        LEVEL => level_named(part).is_none(),
        "role" => !ROLES.contains(&part),
        "outcome" => !OUTCOMES.contains(&part),
        "domain" | "action" | "status" | "operation" => true,
        _ => false,
    }
}

const ROLES: [&str; 4] = ["open", "ok", "fail", "point"];
const OUTCOMES: [&str; 2] = ["success", "failure"];

/// Names that the input has.
#[derive(Default)]
struct Known {
    fields: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Known {
    /// What a field that is derived of names, or a level, may be.
    fn parts(&self, field: &str) -> BTreeSet<String> {
        let of_names = |part: fn(&NameParts<'_>) -> String| {
            self.names.iter().map(|name| part(&NameParts::of(name))).filter(|part| !part.is_empty()).collect()
        };
        match field {
            LEVEL => Level::ALL.iter().map(|level| level.as_str().to_owned()).collect(),
            "role" => ROLES.map(str::to_owned).into(),
            "outcome" => OUTCOMES.map(str::to_owned).into(),
            "domain" => of_names(|name| name.domain.to_owned()),
            "action" => of_names(|name| name.action.to_owned()),
            "status" => of_names(|name| name.status.to_owned()),
            _ => of_names(|name| name.operation().into_owned()),
        }
    }

    fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn has_name(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn has_part(&self, field: &Field, part: &str) -> bool {
        // A field of the events' own may have any value.
        self.fields.contains(&field.name) && field.name != LEVEL || self.parts(&field.name).contains(part)
    }

    /// Of a path, its first key must be known; what lies within is not looked into.
    fn has_field(&self, field: &Field) -> bool {
        self.fields.contains(&field.name)
            || field.path.as_key().is_none()
                && self.fields.iter().any(|known| field.name.starts_with(known.as_str()))
    }

    /// What the input has, as far as it is looked at: until a thread has seen enough.
    fn of(input: &Input, settings: &Settings<'_>, is_enough: impl Fn(&Known) -> bool + Sync) -> Known {
        let readers = Readers::new(input);
        let (stop, read) = (AtomicBool::new(false), AtomicUsize::new(0));
        let options = Options { threads: settings.threads, stop: Some(&stop), ..Options::default() };
        let outcome = scan(input, &options, Known::default, |known, block| {
            let format = readers.format_of(block);
            let mut buffer = String::new();
            for line in block.lines().map(Line::new) {
                known.line(line, format.fields);
                if let Some(name) = format.event(line, &mut buffer) {
                    add(&mut known.names, &canonical(name.into()));
                }
                // Events of a batch have names of their own.
                if let Ok(Some(events)) = line.get("events") {
                    for event in events.items().flatten().map(|item| Line::new(item.bytes())) {
                        known.line(event, None);
                        if let Some(name) = format.event(event, &mut buffer) {
                            add(&mut known.names, &canonical(name.into()));
                        }
                    }
                }
            }
            let before = read.fetch_add(block.bytes.len(), Ordering::Relaxed);
            let is_stopped = settings.stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
            if before + block.bytes.len() > LOOKED_AT_BYTES_MAX || is_stopped || is_enough(known) {
                stop.store(true, Ordering::Relaxed);
            }
        });
        let mut all = Known::default();
        for known in outcome.states {
            all.fields.extend(known.fields);
            all.names.extend(known.names);
        }
        all
    }

    fn line(&mut self, line: Line<'_>, fields: Option<&str>) {
        let mut buffer = String::new();
        for member in line.members().flatten() {
            let key = member.key(&mut buffer);
            if fields == Some(key) {
                let mut inner = String::new();
                member
                    .value
                    .members()
                    .flatten()
                    .for_each(|field| add(&mut self.fields, field.key(&mut inner)));
            }
            add(&mut self.fields, key);
        }
    }
}

fn add(names: &mut BTreeSet<String>, name: &str) {
    if names.len() < NAMES_MAX && !names.contains(name) {
        names.insert(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::input::BLOCK_BYTES;

    #[test]
    fn the_log_is_looked_at_until_enough_is_known() {
        let path = std::env::temp_dir().join(format!("trine-known-{}.jsonl", std::process::id()));
        let early = "{\"event\":\"order_create_started\",\"order_id\":1}\n";
        let late = "{\"event\":\"order_create_failed\",\"reason\":1}\n";
        let log = early.repeat(4 * BLOCK_BYTES / early.len()) + late;
        std::fs::write(&path, log).unwrap();
        let input = Input::files([path.clone()]);
        let settings = Settings { threads: 1, ..Settings::default() };
        let has_late = |is_enough: fn(&Known) -> bool| {
            let known = Known::of(&input, &settings, is_enough);
            assert!(known.has_name("order_create_started"));
            known.has_name("order_create_failed")
        };
        assert!(has_late(|known| known.has_name("order_cancel_failed")));
        assert!(!has_late(|known| known.has_name("order_create_started")));
        std::fs::remove_file(path).unwrap();
    }
}
