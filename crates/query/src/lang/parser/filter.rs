//! Filters: which events.

use super::{Parser, Result, literal};
use crate::lang::{
    Unit,
    ast::{Bound, Comparison, Expr, Field, Filter, Literal, Pattern, Test},
};

/// Words that end a filter in the spelling with clauses.
const CLAUSES: [&[&str]; 5] = [&["where"], &["group", "by"], &["order", "by"], &["having"], &["by"]];

/// Characters that end a word wherever it stands.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"' | ',')
}

/// Those that also end the name of a field.
fn ends_name(c: char) -> bool {
    ends_word(c) || matches!(c, ':' | '<' | '>' | '=' | '!')
}

impl Parser<'_> {
    /// A whole filter; where none stands, all events.
    pub(super) fn filter(&mut self) -> Result<Filter> {
        self.nested(|parser| {
            let mut any = vec![parser.all()?];
            while parser.eat_keyword(&["or"]) {
                let at = parser.at;
                let next = parser.all()?;
                if next == Filter::All {
                    parser.at = at;
                    return Err(parser.unexpected("a filter behind `OR`"));
                }
                any.push(next);
            }
            if any.len() > 1 && any[0] == Filter::All {
                return Err(parser.error(
                    parser.at.min(parser.text.len()),
                    1,
                    "expected a filter before `OR`",
                ));
            }
            Ok(Filter::any(any))
        })
    }

    /// A filter of events: what is of many of them cannot stand in it.
    pub(super) fn event_filter(&mut self) -> Result<Filter> {
        let filter = self.filter()?;
        match filter.aggregate() {
            None => Ok(filter),
            Some(call) => {
                let error = self.error(
                    call.at,
                    call.function.name.len(),
                    format!("`{call}` is of many events: it cannot say which"),
                );
                Err(error.hint(format!("behind what makes groups, `| where {call} > 5` says which of them")))
            }
        }
    }

    fn all(&mut self) -> Result<Filter> {
        let mut all = Vec::new();
        loop {
            self.skip_blank();
            let begin = self.at;
            let is_wanted = self.eat_keyword(&["and"]);
            if is_wanted && all.is_empty() {
                return Err(self.error(begin, self.at - begin, "expected a filter before `AND`"));
            }
            if self.is_filter_end() {
                if is_wanted {
                    return Err(self.unexpected("a filter behind `AND`"));
                }
                return Ok(Filter::all(all));
            }
            all.push(self.one()?);
        }
    }

    fn is_filter_end(&mut self) -> bool {
        self.skip_blank();
        matches!(self.peek(), None | Some('|' | ')' | ','))
            || self.is_keyword(&["or"])
            || CLAUSES.iter().any(|words| self.is_keyword(words))
            || self.is_limit()
    }

    /// Whether `limit 10` stands here; `limit` alone is a word, and a field of many logs.
    pub(super) fn is_limit(&mut self) -> bool {
        let begin = self.at;
        let is_there = self.eat_keyword(&["limit"]) && {
            self.skip_blank();
            self.rest().starts_with(|c: char| c.is_ascii_digit())
        };
        self.at = begin;
        is_there
    }

    fn one(&mut self) -> Result<Filter> {
        self.step()?;
        if self.eat_keyword(&["not"]) {
            return self.negated();
        }
        self.skip_blank();
        let begin = self.at;
        match self.peek() {
            Some('!') if !self.rest()[1..].starts_with(['=', '~']) => {
                self.at += 1;
                return self.negated();
            }
            Some('-')
                if self.rest()[1..]
                    .starts_with(|c: char| c.is_alphabetic() || matches!(c, '"' | '(' | '_')) =>
            {
                self.at += 1;
                return self.negated();
            }
            Some('(') => return self.bracket(),
            Some('"' | '\'') => {
                let text = self.quoted()?;
                if self.rest().starts_with(':') {
                    let field = self.field_of(&text, begin)?;
                    self.at += 1;
                    return self.tests(&field);
                }
                return if self.is_operator() {
                    self.from(begin)
                } else {
                    Ok(Filter::Anywhere(Pattern::Text(text)))
                };
            }
            Some('/') => {
                if let Some(regex) = self.slashed() {
                    self.check_regex(&regex, begin)?;
                    return Ok(Filter::Anywhere(Pattern::Regex(regex)));
                }
            }
            Some('`') => {
                let field = self.field()?;
                if self.rest().starts_with(':') {
                    self.at += 1;
                    return self.tests(&field);
                }
                if let Some(filter) = self.subquery(&field)? {
                    return Ok(filter);
                }
                return self.from(begin);
            }
            _ => {}
        }
        if self.peek_call().is_some() {
            return self.from(begin);
        }
        let word = self.word(ends_name)?;
        let raw = &self.text[begin..self.at];
        if self.rest().starts_with(':') {
            if raw.is_empty() {
                return Err(self.unexpected("the name of a field before `:`"));
            }
            let field = self.field_of(raw, begin)?;
            self.at += 1;
            return self.tests(&field);
        }
        if (self.is_in_list(&["in"]) || self.is_in_list(&["not", "in"]))
            && let Ok(field) = self.field_of(raw, begin)
            && let Some(filter) = self.subquery(&field)?
        {
            return Ok(filter);
        }
        let is_word_operator = self.is_in_list(&["in"])
            || self.is_in_list(&["not", "in"])
            || self.is_null_test()
            || self.is_like_test()
            || self.is_between();
        if is_word_operator || self.is_operator() {
            return self.from(begin);
        }
        // A `<` or `=` that no blank follows ended it too early: it belongs to the word only behind one.
        if self.at == begin {
            return Err(self.unexpected("a filter"));
        }
        match word {
            Word::Plain(text) => Ok(Filter::Anywhere(Pattern::Text(text))),
            Word::Glob(parts) if parts.iter().all(String::is_empty) => Ok(Filter::All),
            Word::Glob(parts) => Ok(Filter::Anywhere(Pattern::Glob(parts))),
        }
    }

    fn negated(&mut self) -> Result<Filter> {
        self.nested(|parser| {
            if parser.is_filter_end() {
                return Err(parser.unexpected("a filter behind `NOT`"));
            }
            Ok(Filter::Not(Box::new(parser.one()?)))
        })
    }

    /// A filter in brackets, or an expression that begins with one.
    fn bracket(&mut self) -> Result<Filter> {
        let begin = self.at;
        self.at += 1;
        let inner = self.filter();
        let is_filter = inner.is_ok() && self.eat(")") && !self.is_operator();
        match inner {
            Ok(filter) if is_filter => Ok(filter),
            Ok(_) if self.text[..self.at].ends_with(')') => self.from(begin),
            Ok(_) => Err(self.unexpected("`)`")),
            // `(a + b) * 2 > c`: what cannot be read as a filter may still be an expression; if not, what the filter said counts.
            Err(error) => {
                self.step()?;
                self.from(begin).map_err(|_| error)
            }
        }
    }

    /// Goes back, and reads an expression.
    fn from(&mut self, begin: usize) -> Result<Filter> {
        self.at = begin;
        let expr = self.comparison()?;
        self.check_behind(&expr)?;
        match value_in(&expr) {
            Some(Expr::Call(call)) => {
                let error = self.unexpected("a comparison, as `== \"x\"`");
                let name = call.function.name;
                Err(error.hint(format!("`{name}()` has a value, which is neither true nor false")))
            }
            Some(_) => Err(self.unexpected("a comparison, as `> 5`")),
            None if matches!(expr, Expr::Field(_)) && !self.text[begin..].starts_with('`') => {
                Err(self.unexpected("a comparison, as `> 5`"))
            }
            None => Ok(of_expr(expr)),
        }
    }

    /// What looks like a part of an expression that stands behind it, and is none.
    fn check_behind(&mut self, expr: &Expr) -> Result<()> {
        if self.rest().starts_with(':') && !matches!(expr, Expr::Field(_)) {
            let error = self.unexpected("a comparison, as `== 5`");
            return Err(error.hint("`:` stands behind the name of a field, `==` behind what has a value"));
        }
        if let Expr::Compare(_, sides) = expr
            && let Expr::Literal(number @ (Literal::Int(_) | Literal::Float(_))) = &sides[1]
        {
            let behind = self.at;
            let unit = self.peek_identifier();
            let ends = |c: char| c.is_whitespace() || matches!(c, '|' | ')' | ',');
            let is_alone = self.rest()[unit.len()..].chars().next().is_none_or(ends);
            if is_alone && Unit::of_symbol(unit).is_some() {
                let error = self.error(self.at, unit.len(), format!("`{unit}` stands apart from its number"));
                return Err(error.hint(format!(
                    "write `{number}{unit}`; a word that is looked for stands in quotes: \"{unit}\""
                )));
            }
            self.at = behind;
        }
        Ok(())
    }

    /// Whether an operator of expressions stands next.
    fn is_operator(&mut self) -> bool {
        let begin = self.at;
        self.skip_blank();
        let is_apart = self.at > begin;
        let rest = self.rest();
        let is_there = match rest.chars().next() {
            Some('<' | '>' | '=' | '+' | '*') => true,
            Some('!') => rest[1..].starts_with(['=', '~']),
            Some('%') => true,
            // `/` begins a regular expression, and `-` a negation, unless a blank is on both sides.
            Some('/' | '-') => is_apart && rest[1..].starts_with(char::is_whitespace),
            _ => false,
        };
        self.at = begin;
        is_there
    }

    /// `field in (question)`.
    fn subquery(&mut self, field: &Field) -> Result<Option<Filter>> {
        let behind = self.at;
        let is_negated = self.is_in_list(&["not", "in"]);
        let words: &[&str] = if is_negated { &["not", "in"] } else { &["in"] };
        if !self.is_in_list(words) || self.is_list_of_literals(words) {
            self.at = behind;
            return Ok(None);
        }
        self.eat_keyword(words);
        self.expect("(")?;
        let query = self.query()?;
        self.expect(")")?;
        let filter = Filter::In(field.clone(), Box::new(query));
        Ok(Some(if is_negated { Filter::Not(Box::new(filter)) } else { filter }))
    }

    /// Whether the brackets behind `in` hold values and no question.
    fn is_list_of_literals(&mut self, words: &[&str]) -> bool {
        let begin = self.at;
        let is_list = self.literals(words).is_ok();
        self.at = begin;
        is_list
    }

    /// What stands behind `field:`.
    fn tests(&mut self, field: &Field) -> Result<Filter> {
        let test = |test| Ok(Filter::Field(field.clone(), test));
        self.skip_to_value();
        let begin = self.at;
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let filter = self.alternatives(field)?;
                self.expect(")")?;
                return Ok(filter);
            }
            Some('"' | '\'') => return test(Test::Is(Literal::Text(self.quoted()?))),
            Some('[' | '{') => return test(self.range()?),
            Some('/') => {
                if let Some(regex) = self.slashed() {
                    self.check_regex(&regex, begin)?;
                    return test(Test::Like(Pattern::Regex(regex)));
                }
            }
            Some('>' | '<' | '=' | '!') => {
                const OPERATORS: [(&str, Comparison); 6] = [
                    (">=", Comparison::AtLeast),
                    ("<=", Comparison::AtMost),
                    ("!=", Comparison::Unequal),
                    (">", Comparison::More),
                    ("<", Comparison::Less),
                    ("=", Comparison::Equal),
                ];
                for (symbol, comparison) in OPERATORS {
                    if self.eat(symbol) {
                        self.skip_blank();
                        let value = self.value()?;
                        return test(Test::Compare(comparison, value));
                    }
                }
            }
            _ => {}
        }
        match self.word(ends_word)? {
            Word::Plain(_) if self.at == begin => Err(self.unexpected("a value behind `:`")),
            Word::Plain(text) => {
                let is_escaped = self.text[begin..self.at].contains('\\');
                test(Test::Is(if is_escaped { Literal::Text(text) } else { literal::of_word(&text) }))
            }
            Word::Glob(parts) if parts.iter().all(String::is_empty) => test(Test::Exists),
            Word::Glob(parts) => test(Test::Like(Pattern::Glob(parts))),
        }
    }

    /// Over the blanks of `field: value`, where a value follows and no other field.
    fn skip_to_value(&mut self) {
        let begin = self.at;
        let is_end = self.is_filter_end() || self.is_keyword(&["and"]) || self.is_keyword(&["not"]);
        let word = self.peek_identifier();
        let is_field = !word.is_empty() && self.rest()[word.len()..].starts_with(':');
        if self.at > begin && (is_end || is_field) {
            self.at = begin;
        }
    }

    /// `a OR b`, `NOT c`, `"d" e` within `field:( )`.
    fn alternatives(&mut self, field: &Field) -> Result<Filter> {
        self.nested(|parser| {
            let mut any = Vec::new();
            loop {
                let mut all = Vec::new();
                loop {
                    parser.step()?;
                    let is_wanted = parser.eat_keyword(&["and"]) || all.is_empty();
                    parser.skip_blank();
                    if matches!(parser.peek(), None | Some(')')) || parser.is_keyword(&["or"]) {
                        if is_wanted {
                            return Err(parser.unexpected("a value"));
                        }
                        break;
                    }
                    let is_negated = parser.eat_keyword(&["not"]);
                    parser.skip_blank();
                    let one = parser.tests(field)?;
                    all.push(if is_negated { Filter::Not(Box::new(one)) } else { one });
                }
                any.push(Filter::all(all));
                if !parser.eat_keyword(&["or"]) {
                    return Ok(Filter::any(any));
                }
            }
        })
    }

    /// `[1 TO 5]`, `{1 TO *}`.
    fn range(&mut self) -> Result<Test> {
        let begin = self.at;
        let is_low_included = self.rest().starts_with('[');
        self.at += 1;
        let low = self.bound()?;
        if !self.eat_keyword(&["to"]) {
            return Err(self.unexpected("`TO`").hint("a range is written [1 TO 5]"));
        }
        let high = self.bound()?;
        let is_high_included = match () {
            () if self.eat("]") => true,
            () if self.eat("}") => false,
            () => return Err(self.unexpected("`]` or `}`")),
        };
        if low.is_none() && high.is_none() {
            let error = self.error(begin, self.at - begin, "this range has neither begin nor end");
            return Err(error.hint("`field:*` asks whether there is one"));
        }
        Ok(Test::Range(
            Bound { at: low, is_included: is_low_included },
            Bound { at: high, is_included: is_high_included },
        ))
    }

    fn bound(&mut self) -> Result<Option<Literal>> {
        self.skip_blank();
        if self.eat("*") {
            return Ok(None);
        }
        if let Some('"' | '\'') = self.peek() {
            return self.quoted().map(|text| Some(Literal::Text(text)));
        }
        let begin = self.at;
        self.word(|c| ends_word(c) || matches!(c, ']' | '}'))?;
        match &self.text[begin..self.at] {
            "" => Err(self.unexpected("a value, or `*`")),
            word => Ok(Some(literal::of_compared(word))),
        }
    }

    fn value(&mut self) -> Result<Literal> {
        if let Some('"' | '\'') = self.peek() {
            return self.quoted().map(Literal::Text);
        }
        let begin = self.at;
        self.word(ends_word)?;
        match &self.text[begin..self.at] {
            "" => Err(self.unexpected("a value")),
            word => Ok(literal::of_compared(word)),
        }
    }

    /// The characters up to one that ends it; `\` takes the next as it is.
    fn word(&mut self, ends: impl Fn(char) -> bool) -> Result<Word> {
        let mut parts = vec![String::new()];
        let mut chars = self.rest().char_indices();
        let mut length = self.rest().len();
        while let Some((at, char)) = chars.next() {
            if ends(char) {
                length = at;
                break;
            }
            match (char, parts.last_mut()) {
                ('*', _) => parts.push(String::new()),
                ('\\', Some(part)) => part.push(chars.next().map_or('\\', |(_, next)| next)),
                (other, Some(part)) => part.push(other),
                (_, None) => {}
            }
        }
        self.at += length;
        Ok(if parts.len() == 1 { Word::Plain(parts.remove(0)) } else { Word::Glob(parts) })
    }

    /// What stands between slashes, if it is a regular expression and no path: `/time(d)? out/` is one, `/api/users/` and `/api` are
    /// none. A slash within is written `\/`.
    pub(super) fn slashed(&mut self) -> Option<String> {
        let rest = self.rest().strip_prefix('/')?;
        let bytes = rest.as_bytes();
        let mut at = 0;
        loop {
            match bytes.get(at)? {
                b'\\' => at += 2,
                b'/' => break,
                _ => at += 1,
            }
        }
        let is_closed = at > 0 && rest[at + 1..].chars().next().is_none_or(ends_word);
        if !is_closed {
            return None;
        }
        self.at += at + 2;
        Some(rest[..at].replace("\\/", "/"))
    }

    pub(super) fn check_regex(&self, regex: &str, at: usize) -> Result<()> {
        match crate::lang::regex(regex) {
            Ok(_) => Ok(()),
            Err(why) => Err(self.error(at, self.at - at, format!("not a regular expression: {why}"))),
        }
    }
}

/// What is joined by words is a filter of filters.
/// What stands where a filter is wanted, and is never true or false.
fn value_in(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Not(inner) => value_in(inner),
        Expr::And(all) | Expr::Or(all) => all.iter().find_map(value_in),
        Expr::Literal(Literal::Bool(_)) => None,
        Expr::Literal(_) | Expr::Minus(_) | Expr::Arithmetic(..) => Some(expr),
        Expr::Call(call) => (!call.function.is_aggregate && !call.function.may_be_true).then_some(expr),
        _ => None,
    }
}

fn of_expr(expr: Expr) -> Filter {
    match expr {
        Expr::Not(inner) => Filter::Not(Box::new(of_expr(*inner))),
        Expr::And(all) => Filter::all(all.into_iter().map(of_expr).collect()),
        Expr::Or(any) => Filter::any(any.into_iter().map(of_expr).collect()),
        other => Filter::Expr(other),
    }
}

/// A word, and whether stars are in it.
enum Word {
    Plain(String),
    /// The parts between the stars.
    Glob(Vec<String>),
}
