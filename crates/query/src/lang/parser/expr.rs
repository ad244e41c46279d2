//! Expressions: what has a value.

use super::{Parser, Result};
use crate::lang::{
    ast::{Argument, Arithmetic, Call, Comparison, Expr, Field, Literal},
    functions::{self, Named},
};

/// Operators between two values, longer ones first.
const COMPARISONS: [(&str, Comparison); 8] = [
    ("<>", Comparison::Unequal),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::More),
    ("=", Comparison::Equal),
];

impl<'a> Parser<'a> {
    /// A whole expression, with `and`, `or`, `not`.
    pub(super) fn expr(&mut self) -> Result<Expr> {
        self.nested(|parser| {
            let mut any = vec![parser.conjunction()?];
            while parser.eat_keyword(&["or"]) {
                any.push(parser.conjunction()?);
            }
            Ok(if any.len() == 1 { any.remove(0) } else { Expr::Or(any) })
        })
    }

    fn conjunction(&mut self) -> Result<Expr> {
        let mut all = vec![self.negation()?];
        while self.eat_keyword(&["and"]) {
            all.push(self.negation()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::And(all) })
    }

    fn negation(&mut self) -> Result<Expr> {
        if self.eat_keyword(&["not"]) {
            return self.nested(|parser| Ok(Expr::Not(Box::new(parser.negation()?))));
        }
        self.comparison()
    }

    /// `a + b < c`, `a =~ "regex"`, `a in (1, 2)`; also a sum alone.
    pub(super) fn comparison(&mut self) -> Result<Expr> {
        let left = self.sum()?;
        if self.eat("=~") {
            return Ok(Expr::Matches(Box::new(left), self.regex()?));
        }
        if self.eat("!~") {
            return Ok(Expr::Not(Box::new(Expr::Matches(Box::new(left), self.regex()?))));
        }
        for (symbol, comparison) in COMPARISONS {
            if self.eat(symbol) {
                return Ok(Expr::Compare(comparison, Box::new([left, self.sum()?])));
            }
        }
        if self.is_null_test() {
            self.eat_keyword(&["is"]);
            let comparison = if self.eat_keyword(&["not"]) { Comparison::Unequal } else { Comparison::Equal };
            self.eat_keyword(&["null"]);
            return Ok(Expr::Compare(comparison, Box::new([left, Expr::Literal(Literal::Null)])));
        }
        if self.eat_keyword(&["like"]) {
            return Ok(Expr::Matches(Box::new(left), like(&self.quoted()?)));
        }
        if self.eat_keyword(&["not", "like"]) {
            return Ok(Expr::Not(Box::new(Expr::Matches(Box::new(left), like(&self.quoted()?)))));
        }
        if self.is_between() {
            let is_negated = self.eat_keyword(&["not"]);
            self.eat_keyword(&["between"]);
            let low = self.sum()?;
            self.eat_keyword(&["and"]);
            let high = self.sum()?;
            let between = Expr::And(vec![
                Expr::Compare(Comparison::AtLeast, Box::new([left.clone(), low])),
                Expr::Compare(Comparison::AtMost, Box::new([left, high])),
            ]);
            return Ok(if is_negated { Expr::Not(Box::new(between)) } else { between });
        }
        if self.is_in_list(&["not", "in"]) {
            return Ok(Expr::Not(Box::new(Expr::In(Box::new(left), self.literals(&["not", "in"])?))));
        }
        if self.is_in_list(&["in"]) {
            return Ok(Expr::In(Box::new(left), self.literals(&["in"])?));
        }
        Ok(left)
    }

    /// Whether `is null` or `is not null` stands here.
    pub(super) fn is_null_test(&mut self) -> bool {
        self.is_keyword(&["is", "null"]) || self.is_keyword(&["is", "not", "null"])
    }

    /// Whether `like "pattern"` stands here.
    pub(super) fn is_like_test(&mut self) -> bool {
        let begin = self.at;
        let is_there = (self.eat_keyword(&["like"]) || self.eat_keyword(&["not", "like"])) && {
            self.skip_blank();
            matches!(self.peek(), Some('"' | '\''))
        };
        self.at = begin;
        is_there
    }

    /// Whether `between a and b` stands here.
    pub(super) fn is_between(&mut self) -> bool {
        let begin = self.at;
        let is_there = (self.eat_keyword(&["between"]) || self.eat_keyword(&["not", "between"]))
            && self.sum().is_ok()
            && self.eat_keyword(&["and"]);
        self.at = begin;
        is_there
    }

    /// Whether `in (` stands here.
    pub(super) fn is_in_list(&mut self, words: &[&str]) -> bool {
        let begin = self.at;
        let is_there = self.eat_keyword(words) && self.eat("(");
        self.at = begin;
        is_there
    }

    /// `in (1, "b")`.
    pub(super) fn literals(&mut self, words: &[&str]) -> Result<Vec<Literal>> {
        self.eat_keyword(words);
        self.expect("(")?;
        let literals = self.list(|parser| {
            parser.step()?;
            parser.literal()
        })?;
        self.expect(")")?;
        Ok(literals)
    }

    fn literal(&mut self) -> Result<Literal> {
        self.skip_blank();
        if let Some('"' | '\'') = self.peek() {
            return Ok(Literal::Text(self.quoted()?));
        }
        if let Some(number) = self.number()? {
            return Ok(number);
        }
        match self.keyword_literal() {
            Some(literal) => Ok(literal),
            None => {
                let word = self.peek_identifier();
                let error = self.unexpected("a value: a number, or a text in quotes");
                Err(if word.is_empty() {
                    error
                } else {
                    error.hint(format!("a text stands in quotes: \"{word}\""))
                })
            }
        }
    }

    fn keyword_literal(&mut self) -> Option<Literal> {
        let word = self.peek_identifier();
        let literal = match word {
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            "null" => Literal::Null,
            _ => return None,
        };
        let behind = &self.rest()[word.len()..];
        if behind.starts_with(['.', '[', '(']) {
            return None;
        }
        self.at += word.len();
        Some(literal)
    }

    /// What stands behind `=~`: a text in quotes, or between slashes.
    fn regex(&mut self) -> Result<String> {
        self.skip_blank();
        let begin = self.at;
        let regex = match self.peek() {
            Some('/') => match self.slashed() {
                Some(regex) => regex,
                None => return Err(self.error(begin, 1, "this regular expression has no closing `/`")),
            },
            _ => self.quoted()?,
        };
        self.check_regex(&regex, begin)?;
        Ok(regex)
    }

    pub(super) fn sum(&mut self) -> Result<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = match self.operator(&['+', '-']) {
                Some('+') => Arithmetic::Add,
                Some(_) => Arithmetic::Subtract,
                None => return Ok(left),
            };
            self.step()?;
            left = Expr::Arithmetic(operator, Box::new([left, self.product()?]));
        }
    }

    fn product(&mut self) -> Result<Expr> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.operator(&['*', '/', '%']) {
                Some('*') => Arithmetic::Multiply,
                Some('/') => Arithmetic::Divide,
                Some(_) => Arithmetic::Remainder,
                None => return Ok(left),
            };
            self.step()?;
            left = Expr::Arithmetic(operator, Box::new([left, self.unary()?]));
        }
    }

    fn operator(&mut self, symbols: &[char]) -> Option<char> {
        self.skip_blank();
        let symbol = self.peek().filter(|symbol| symbols.contains(symbol))?;
        self.at += 1;
        Some(symbol)
    }

    fn unary(&mut self) -> Result<Expr> {
        self.skip_blank();
        if self.rest().starts_with('-') && super::literal::number_length(self.rest()) == 0 {
            self.at += 1;
            return self.nested(|parser| Ok(Expr::Minus(Box::new(parser.unary()?))));
        }
        self.operand()
    }

    fn operand(&mut self) -> Result<Expr> {
        self.skip_blank();
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inner = self.expr()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Some('"' | '\'') => return Ok(Expr::Literal(Literal::Text(self.quoted()?))),
            _ => {}
        }
        if let Some(number) = self.number()? {
            return Ok(Expr::Literal(number));
        }
        if let Some(literal) = self.keyword_literal() {
            return Ok(Expr::Literal(literal));
        }
        if ["and", "or", "by", "as", "where"].iter().any(|word| self.is_keyword(&[word])) {
            return Err(self.unexpected("a value"));
        }
        match self.peek_call() {
            Some(name) => self.call(name).map(Expr::Call),
            None if self
                .rest()
                .starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '$' | '`')) =>
            {
                self.field().map(Expr::Field)
            }
            None => Err(self.unexpected("a value: a field, a number, a text in quotes, or a function")),
        }
    }

    /// The name of a function whose bracket follows at once: `p99.9(`.
    pub(super) fn peek_call(&mut self) -> Option<&'a str> {
        self.skip_blank();
        let rest = self.rest();
        let length = rest.find('(')?;
        let name = &rest[..length];
        let is_name = name.starts_with(|c: char| c.is_alphabetic())
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
            && !["and", "or", "not", "in", "by", "where"].iter().any(|word| name.eq_ignore_ascii_case(word));
        is_name.then_some(name)
    }

    /// Whether a call of an aggregate stands here.
    pub(super) fn is_aggregate(&mut self) -> bool {
        self.peek_call().and_then(functions::named).is_some_and(|named| named.function.is_aggregate)
    }

    fn call(&mut self, name: &str) -> Result<Call> {
        let at = self.at;
        let Some(Named { function, percent }) = functions::named(name) else {
            let error = self.error(at, name.len(), format!("unknown function `{}`", super::shortened(name)));
            return Err(match functions::nearest(name) {
                _ if super::stage::is_stage(name) => {
                    error.hint(format!("`{name}` is a stage: it stands behind `|`, without brackets"))
                }
                Some(near) => error.did_you_mean(Some(near)),
                None => error.hint(format!("functions are {}, p50 … p99.9", functions::names())),
            });
        };
        self.at += name.len();
        self.expect("(")?;
        let mut arguments = Vec::new();
        let is_distinct = function.name == "count" && self.eat_distinct();
        if !self.eat(")") {
            let is_all = function.name == "count" && self.eat("*");
            if !is_all {
                arguments = self.nested(|parser| {
                    parser.list(|parser| {
                        parser.step()?;
                        if function.takes_filter {
                            parser.event_filter().map(Argument::Filter)
                        } else {
                            parser.expr().map(Argument::Expr)
                        }
                    })
                })?;
            }
            self.expect(")")?;
        }
        let function = if is_distinct && arguments.len() == 1 {
            functions::named("count_distinct").map_or(function, |named| named.function)
        } else {
            function
        };
        let given = arguments.len() + usize::from(percent.is_some());
        if !function.arguments.contains(&given) {
            let wanted = function.arguments.start();
            let message = format!(
                "`{}` takes {}",
                name.to_ascii_lowercase(),
                count_of(function, *wanted, percent.is_some())
            );
            return Err(self.error(at, self.at - at, message).hint(format!("write {}", function.signature)));
        }
        match function.name {
            "top" => number_first(&mut arguments),
            "quantile" => number_last(&mut arguments),
            "bucket" if arguments.len() == 1 => {
                arguments.insert(0, Argument::Expr(Expr::Field(Field { at, ..Field::key("timestamp") })));
            }
            _ => {}
        }
        Ok(Call { function, percent, arguments, at })
    }

    /// `distinct` in front of a value, as SQL has it.
    fn eat_distinct(&mut self) -> bool {
        let begin = self.at;
        let is_there = self.eat_keyword(&["distinct"]) && !self.eat(")");
        if !is_there {
            self.at = begin;
        }
        is_there
    }
}

/// A pattern of SQL as a regular expression: `%` is any text, `_` any character.
fn like(pattern: &str) -> String {
    let mut regex = String::from("^(?s:");
    for char in pattern.chars() {
        match char {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push_str(")$");
    regex
}

/// `top(field, 5)` is `top(5, field)`.
fn number_first(arguments: &mut [Argument]) {
    if let [Argument::Expr(first), Argument::Expr(Expr::Literal(Literal::Int(_)))] = arguments
        && !matches!(first, Expr::Literal(_))
    {
        arguments.swap(0, 1);
    }
}

/// `quantile(0.95, field)` is `quantile(field, 0.95)`.
fn number_last(arguments: &mut [Argument]) {
    if let [Argument::Expr(Expr::Literal(Literal::Float(_))), Argument::Expr(last)] = arguments
        && !matches!(last, Expr::Literal(_))
    {
        arguments.swap(0, 1);
    }
}

fn count_of(function: &functions::Function, least: usize, has_percent: bool) -> String {
    let most = *function.arguments.end();
    let less = usize::from(has_percent);
    match (least - less.min(least), most - less.min(most)) {
        (0, 0) => "nothing in its brackets".to_owned(),
        (1, 1) => "one value in its brackets".to_owned(),
        (least, most) if least == most => format!("{least} values in its brackets"),
        (least, functions::ARGUMENTS_MAX) => format!("at least {least} in its brackets"),
        (least, most) => format!("{least} or {most} values in its brackets"),
    }
}
