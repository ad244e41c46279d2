//! From text to tree: recursive descent over characters, without a separate lexer, since what is a word differs between a filter
//! (`endpoint:/users-2`) and an expression (`users - 2`).
//!
//! What is read twice (a bracket that turns out to hold a number, not a filter) is counted by [`STEPS_MAX`], so that no text
//! takes longer than its length allows.

mod clauses;
mod expr;
mod filter;
mod literal;
mod stage;

use trine_model::suggest;

pub(crate) use self::{clauses::count, stage::is_stage};

use super::{
    ast::{Field, Query},
    error::Error,
    functions,
};
use crate::scan::line::Path;

/// Longest question. Long lists of ids are pasted into questions; files are not.
pub const TEXT_BYTES_MAX: usize = 256 << 10;
/// Most brackets, `NOT`s and calls in each other: people write a dozen, and each takes stack.
pub const DEPTH_MAX: usize = 48;
/// Most things that are read, some twice; a question of [`TEXT_BYTES_MAX`] that reads each once takes fewer.
const STEPS_MAX: usize = 4 * TEXT_BYTES_MAX;

/// Reads a question in either spelling.
///
/// ```
/// let query = trine_query::lang::parse("SUM(amount) WHERE action_type:\"purchase\" GROUP BY category")?;
/// assert_eq!(query.to_string(), "action_type:\"purchase\" | sum(amount) by category");
/// # Ok::<(), trine_query::lang::Error>(())
/// ```
///
/// Errors: with the place, what was expected there, and the nearest name.
pub fn parse(text: &str) -> Result<Query, Error> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the question has more than {TEXT_BYTES_MAX} bytes");
        return Err(Error::new("", 0, 1, message));
    }
    let mut parser = Parser { text, at: 0, depth: 0, steps: 0 };
    let query = parser.query()?;
    parser.skip_blank();
    if parser.at < text.len() {
        let word = parser.peek_identifier().to_ascii_lowercase();
        let error = parser.unexpected("`|` or the end");
        return Err(match &*word {
            "join" | "inner" | "left" | "right" | "full" | "cross" => {
                error.hint("there are no joins; `field in (question)` asks for what another question answers")
            }
            "offset" | "union" | "over" | "with" => {
                error.hint("of SQL there are SELECT, WHERE, GROUP BY, HAVING, ORDER BY and LIMIT")
            }
            _ => error,
        });
    }
    Ok(query)
}

/// A text, and how far it was read.
pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    steps: usize,
}

type Result<T, E = Error> = std::result::Result<T, E>;

impl<'a> Parser<'a> {
    fn query(&mut self) -> Result<Query> {
        self.nested(|parser| {
            let mut query = parser.clauses()?;
            while parser.eat("|") {
                if let Some(stage) = parser.stage()? {
                    query.stages.push(stage);
                }
            }
            Ok(query)
        })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Goes over this, behind any blanks, if it stands there.
    fn eat(&mut self, token: &str) -> bool {
        self.skip_blank();
        let is_there = self.rest().starts_with(token);
        if is_there {
            self.at += token.len();
        }
        is_there
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        if self.eat(token) { Ok(()) } else { Err(self.unexpected(&format!("`{token}`"))) }
    }

    /// The letters, digits and `_` that stand next, behind any blanks.
    fn peek_identifier(&mut self) -> &'a str {
        self.skip_blank();
        let rest = self.rest();
        match rest.chars().next() {
            Some(first) if first.is_alphabetic() || first == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                &rest[..end]
            }
            _ => "",
        }
    }

    /// Whether these words stand next, in upper or lower case, each a whole one.
    fn is_keyword(&mut self, words: &[&str]) -> bool {
        let begin = self.at;
        let is_there = self.eat_keyword(words);
        self.at = begin;
        is_there
    }

    fn eat_keyword(&mut self, words: &[&str]) -> bool {
        let begin = self.at;
        for word in words {
            let found = self.peek_identifier();
            let is_name = self.text[self.at + found.len()..].starts_with([':', '.', '[']);
            if !found.eq_ignore_ascii_case(word) || is_name {
                self.at = begin;
                return false;
            }
            self.at += found.len();
        }
        true
    }

    /// A list of at least one, with commas.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Counts a step; too many are an error.
    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(self.fail("the question is too complex: its brackets are read too often"));
        }
        Ok(())
    }

    /// One level deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.step()?;
        if self.depth == DEPTH_MAX {
            return Err(self.fail(format!("more than {DEPTH_MAX} levels in each other")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// A field as it stands in an expression: `a.b[0]`, or anything between backticks.
    fn field(&mut self) -> Result<Field> {
        self.skip_blank();
        let begin = self.at;
        if self.eat("`") {
            let Some(length) = self.rest().find('`') else {
                return Err(self.error(begin, 1, "this name has no closing backtick"));
            };
            let name = &self.rest()[..length];
            self.at += length + 1;
            return self.field_of(name, begin);
        }
        let rest = self.rest();
        let is_first = |c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '$');
        if !rest.starts_with(is_first) {
            return Err(self.unexpected("a field"));
        }
        let mut length = 0;
        loop {
            let part = &rest[length..];
            length += part
                .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '@' | '$'))
                .unwrap_or(part.len());
            let tail = &rest[length..];
            let is_dot = tail.strip_prefix('.').is_some_and(|behind| behind.starts_with(is_first));
            if is_dot {
                length += 1;
            } else if let Some(digits) = decimals(&rest[..length], tail) {
                // A column, called by what its aggregate is called: `p99.9`.
                self.at += length + digits;
                let name = &rest[..length + digits];
                return Ok(Field { name: name.to_owned(), path: Path::key(name), at: begin });
            } else if let Some(end) = bracket_end(tail) {
                length += end;
            } else {
                break;
            }
        }
        self.at += length;
        self.field_of(&rest[..length], begin)
    }

    fn field_of(&self, name: &str, at: usize) -> Result<Field> {
        if name.contains('`') {
            return Err(self.error(at, name.len(), "the name of a field holds no backtick here"));
        }
        match Path::parse(name) {
            Ok(path) => Ok(Field { name: path.to_string(), path, at }),
            Err(error) => Err(self.error(at, name.len().max(1), error.to_string())),
        }
    }

    fn error(&self, at: usize, length: usize, message: impl Into<String>) -> Error {
        let marked = self.text.get(at..at + length).map_or(length, |marked| marked.trim_end().len());
        Error::new(self.text, at, marked, message)
    }

    fn fail(&self, message: impl Into<String>) -> Error {
        self.error(self.at, 1, message)
    }

    /// What stands here is not what must.
    fn unexpected(&mut self, expected: &str) -> Error {
        self.skip_blank();
        let rest = self.rest();
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|' | ','));
        let word = match length {
            Some(0) => &rest[..rest.chars().next().map_or(0, char::len_utf8)],
            Some(length) => &rest[..length],
            None => rest,
        };
        match word {
            "" => self.fail(format!("expected {expected}, found the end")),
            word => {
                self.error(self.at, word.len(), format!("expected {expected}, found `{}`", shortened(word)))
            }
        }
    }

    /// An unknown word among known ones.
    fn unknown<'b>(
        &self,
        kind: &str,
        at: usize,
        word: &str,
        known: impl IntoIterator<Item = &'b str>,
    ) -> Error {
        let near = suggest::nearest(&word.to_ascii_lowercase(), known);
        self.error(at, word.len(), format!("unknown {kind} `{}`", shortened(word))).did_you_mean(near)
    }
}

/// How many bytes behind `p99` are `.9`.
fn decimals(word: &str, behind: &str) -> Option<usize> {
    let digits = behind.strip_prefix('.')?;
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let is_percentile = |name: &str| functions::named(name).is_some_and(|named| named.percent.is_some());
    (length > 0 && is_percentile(word)).then_some(length + 1)
}

/// Behind `[0]` or `["key"]`, if one stands in front.
fn bracket_end(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('[')?;
    let length = match inside.strip_prefix('"') {
        Some(quoted) => quoted.find('"')? + 2,
        None => inside.find(|c: char| !c.is_ascii_digit()).filter(|length| *length > 0)?,
    };
    inside[length..].starts_with(']').then_some(length + 2)
}

/// Longest word that a message repeats, in characters.
const WORD_CHARS_MAX: usize = 40;

fn shortened(word: &str) -> String {
    match word.char_indices().nth(WORD_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}
