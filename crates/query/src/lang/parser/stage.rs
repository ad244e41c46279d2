//! What stands behind a pipe.

use super::{Parser, Result, clauses};
use crate::lang::ast::{Expr, Filter, Item, Key, Literal, SortKey, Stage};

/// How many values of each field `facets` shows, unless it says so.
const FACETS: u64 = 5;
/// How many events before and behind each `context` shows, unless it says so.
const CONTEXT: u64 = 5;

/// First words of stages.
const STAGES: [&str; 21] = [
    "where",
    "by",
    "extend",
    "fields",
    "sort",
    "order",
    "limit",
    "head",
    "dedup",
    "explode",
    "facets",
    "field_names",
    "field_values",
    "context",
    "collapse_nums",
    "pair",
    "compare",
    "differ",
    "filter",
    "stats",
    "count()",
];

/// What stages are called elsewhere, and what is written here.
const ELSEWHERE: [(&str, &[&str]); 10] = [
    ("fields", &["keep", "project", "rename", "select", "table"]),
    ("extend", &["eval", "let", "set"]),
    ("limit", &["first", "take"]),
    ("sort -timestamp | limit 10", &["last", "tail"]),
    ("dedup", &["distinct", "uniq", "unique"]),
    ("explode", &["expand", "mvexpand", "unnest"]),
    ("where", &["grep", "having", "search"]),
    ("count() by …", &["aggregate", "group", "summarize"]),
    ("count() by 5m", &["timechart", "timeseries"]),
    ("top(5, field)", &["common", "top"]),
];

/// Whether a stage begins with this word.
pub(crate) fn is_stage(word: &str) -> bool {
    STAGES.iter().any(|stage| word.eq_ignore_ascii_case(stage))
}

impl Parser<'_> {
    /// One stage; `None` where it changes nothing (`limit` has no such form, an empty filter has).
    pub(super) fn stage(&mut self) -> Result<Option<Stage>> {
        self.step()?;
        let begin = self.at;
        if self.is_aggregate() || self.leads_to_aggregate() {
            return self.aggregate().map(Some);
        }
        let word = self.peek_identifier().to_owned();
        if self.rest()[word.len()..].starts_with('(') && word != "where" && word != "filter" {
            // An expression over aggregates, as `round(avg(x))`; what is no function is said to be none.
            return self.aggregate().map(Some);
        }
        self.at += word.len();
        let stage = match word.to_ascii_lowercase().as_str() {
            "where" | "filter" => {
                let filter = self.filter()?;
                if filter == Filter::All {
                    return Err(self.unexpected("a filter"));
                }
                Stage::Where(filter)
            }
            "stats" => return self.aggregate().map(Some),
            "by" => Stage::Aggregate(vec![Item::unnamed(clauses::count())], self.keys()?),
            "extend" => {
                let items = self.list(Self::item)?;
                if let Some(item) = items.iter().find(|item| item.name.is_none()) {
                    let error = self.error(begin, self.at - begin, format!("`{}` has no name", item.expr));
                    return Err(error.hint("write `extend name = expression`"));
                }
                Stage::Extend(items)
            }
            "fields" => {
                let items = self.list(Self::item)?;
                if let Some(Item { expr: Expr::Minus(inner), name: None }) = items.first() {
                    let error = self.error(
                        begin,
                        self.at - begin,
                        "`fields` says what is kept, not what is left out",
                    );
                    return Err(error
                        .hint(format!("name those that you want; a number's sign: `fields 0 - {inner}`")));
                }
                Stage::Fields(items)
            }
            "sort" => {
                self.eat_keyword(&["by"]);
                Stage::Sort(self.list(Self::sort_key)?)
            }
            "order" if self.eat_keyword(&["by"]) => Stage::Sort(self.list(Self::sort_key)?),
            "limit" | "head" => Stage::Limit(self.whole()?),
            "dedup" => {
                self.eat_keyword(&["by"]);
                Stage::Dedup(self.fields_until_end()?)
            }
            "explode" => Stage::Explode(self.field()?),
            "facets" => Stage::Facets(self.whole_or(FACETS)?),
            "field_names" => Stage::FieldNames,
            "field_values" => {
                let field = self.field()?;
                let limit = if self.is_stage_end() { None } else { Some(self.whole()?) };
                Stage::FieldValues(field, limit)
            }
            "context" => Stage::Context(self.whole_or(CONTEXT)?),
            "collapse_nums" => Stage::CollapseNums(self.field()?),
            "pair" => {
                self.eat_keyword(&["by"]);
                Stage::Pair(self.list(Self::field)?)
            }
            "compare" => {
                let (number, unit) = self.duration()?;
                Stage::Compare(number, unit)
            }
            "differ" => {
                let fields = if self.eat_keyword(&["by"]) { self.list(Self::field)? } else { Vec::new() };
                let filter = if self.eat_keyword(&["where"]) { Some(self.filter()?) } else { None };
                Stage::Differ(fields, filter)
            }
            "" => {
                self.at = begin;
                return Err(self.unexpected("a stage, as `count() by event` or `where level:error`"));
            }
            _ => {
                self.at = begin;
                self.skip_blank();
                let lower = word.to_ascii_lowercase();
                if let Some((here, _)) = ELSEWHERE.iter().find(|(_, words)| words.contains(&&*lower)) {
                    let error = self.error(self.at, word.len(), format!("unknown stage `{word}`"));
                    return Err(error.hint(format!("here it is `| {here}`")));
                }
                let error = self.unknown("stage", self.at, &word, STAGES);
                return Err(match error.advice() {
                    Some(_) => error,
                    None => error.hint("stages are count() by …, where, extend, fields, sort, limit, dedup, explode, facets, field_names, field_values, context, collapse_nums, pair, compare, differ"),
                });
            }
        };
        Ok(Some(stage))
    }

    /// `count(), avg(a) as b`.
    pub(super) fn aggregates(&mut self) -> Result<Vec<Item>> {
        self.skip_blank();
        let begin = self.at;
        let items = self.list(Self::item)?;
        if let Some(item) = items.iter().find(|item| !item.expr.has_aggregate()) {
            let error =
                self.error(begin, self.at - begin, format!("`{}` is of one event, not of many", item.expr));
            return Err(
                error.hint("`extend name = …` adds it to each event; an aggregate, as avg(…), is of many")
            );
        }
        Ok(items)
    }

    fn aggregate(&mut self) -> Result<Stage> {
        let items = self.aggregates()?;
        let is_grouped = self.eat_keyword(&["by"]) || self.eat_keyword(&["group", "by"]);
        let keys = if is_grouped { self.keys()? } else { Vec::new() };
        Ok(Stage::Aggregate(items, keys))
    }

    /// `expression`, `expression as name`, `name = expression`.
    pub(super) fn item(&mut self) -> Result<Item> {
        self.step()?;
        let begin = self.at;
        if let Some(name) = self.named_by_equals() {
            return Ok(Item { expr: self.expr()?, name: Some(name) });
        }
        self.at = begin;
        let expr = self.expr()?;
        let name = if self.eat_keyword(&["as"]) { Some(self.name()?) } else { None };
        Ok(Item { expr, name })
    }

    fn named_by_equals(&mut self) -> Option<String> {
        let name = self.name().ok()?;
        (self.eat("=") && !self.rest().starts_with(['=', '~'])).then_some(name)
    }

    /// What something is called: a word, or anything in quotes or backticks.
    fn name(&mut self) -> Result<String> {
        self.skip_blank();
        if let Some('"' | '\'') = self.peek() {
            return self.quoted();
        }
        if self.rest().starts_with('`') {
            let Some((name, _)) = self.rest()[1..].split_once('`') else {
                return Err(self.unexpected("a name with a closing backtick"));
            };
            self.at += name.len() + 2;
            return Ok(name.to_owned());
        }
        let word = self.peek_identifier().to_owned();
        if word.is_empty() {
            return Err(self.unexpected("a name"));
        }
        self.at += word.len();
        Ok(word)
    }

    fn keys(&mut self) -> Result<Vec<Key>> {
        self.skip_blank();
        let begin = self.at;
        let keys = self.list(Self::key)?;
        if keys.iter().any(|key| matches!(key, Key::Item(Item { expr: Expr::Literal(_), .. }))) {
            return Err(self.error(begin, self.at - begin, "a value is no key: it makes one group"));
        }
        Ok(keys)
    }

    /// `5m`, `field`, `expression as name`.
    pub(super) fn key(&mut self) -> Result<Key> {
        self.skip_blank();
        let begin = self.at;
        if let Ok(Some(Literal::Quantity(number, unit))) = self.number()
            && self.is_key_end()
        {
            if super::literal::is_length_of_time(number, unit) {
                return Ok(Key::Every(number, unit));
            }
            let error = self.error(begin, self.at - begin, "expected a field or a length of time, as `5m`");
            return Err(error);
        }
        self.at = begin;
        let item = self.item()?;
        if item.expr.has_aggregate() {
            let error = self.error(
                begin,
                self.at - begin,
                format!("`{}` is of a group, not what groups are told apart by", item.expr),
            );
            return Err(error.hint("group by fields, or by functions of one event"));
        }
        Ok(Key::Item(item))
    }

    fn is_key_end(&mut self) -> bool {
        self.is_stage_end()
            || self.peek() == Some(',')
            || self.is_limit()
            || [&["where"][..], &["having"], &["order", "by"]].iter().any(|words| self.is_keyword(words))
    }

    pub(super) fn is_stage_end(&mut self) -> bool {
        self.skip_blank();
        matches!(self.peek(), None | Some('|' | ')'))
    }

    fn whole_or(&mut self, default: u64) -> Result<u64> {
        if self.is_stage_end() { Ok(default) } else { self.whole() }
    }

    fn fields_until_end(&mut self) -> Result<Vec<crate::lang::ast::Field>> {
        if self.is_stage_end() { Ok(Vec::new()) } else { self.list(Self::field) }
    }

    /// `-count`, `count desc`, `a + b asc`.
    pub(super) fn sort_key(&mut self) -> Result<SortKey> {
        self.step()?;
        self.skip_blank();
        let is_minus =
            self.rest().starts_with('-') && !self.rest()[1..].starts_with(|c: char| c.is_ascii_digit());
        if is_minus || self.rest().starts_with('+') {
            self.at += 1;
        }
        let expr: Expr = self.sum()?;
        let is_descending =
            if self.eat_keyword(&["desc"]) { true } else { !self.eat_keyword(&["asc"]) && is_minus };
        Ok(SortKey { expr, is_descending })
    }
}
