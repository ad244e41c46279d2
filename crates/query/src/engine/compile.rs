//! From the tree of a question to what is run: names become slots, texts finders, units numbers of one unit.

mod literal;

use std::{borrow::Cow, collections::HashSet};

use regex::bytes::RegexBuilder;

pub(crate) use self::literal::convert;
use self::literal::{check_of, operand, val_of};
use super::{
    event::TIME,
    expr::Expr,
    functions::Scalar,
    scope::Scope,
    test::{Anywhere, Check, Test},
    value::Val,
};
use crate::lang::{
    self, Dimension, Error, Unit,
    ast::{self, Argument, Arithmetic, Call, Comparison, Field, Filter, Literal, Pattern, Query},
};

/// What another question, in brackets behind `in`, is answered with: values as they are encoded.
pub(super) type Answers<'q> = &'q mut dyn FnMut(&Field, &Query) -> Result<HashSet<Vec<u8>>, Error>;

/// What compiling needs to know.
pub(super) struct Compiler<'q> {
    /// The question, for messages.
    pub(super) text: &'q str,
    /// What `now()` is.
    pub(super) now_ns: i64,
    pub(super) answers: Answers<'q>,
}

impl Compiler<'_> {
    pub(super) fn filter(&mut self, scope: &mut Scope, filter: &Filter) -> Result<Test, Error> {
        Ok(match filter {
            Filter::All => Test::All,
            Filter::And(all) => Test::And(self.filters(scope, all)?),
            Filter::Or(any) => Test::Or(self.filters(scope, any)?),
            Filter::Not(inner) => Test::Not(Box::new(self.filter(scope, inner)?)),
            Filter::Field(field, test) => {
                let slot = self.slot(scope, field)?;
                Test::Slot(slot, self.check(scope, field, test)?)
            }
            Filter::Anywhere(pattern) => Test::Anywhere(match pattern {
                Pattern::Text(text) => Anywhere::text(text),
                Pattern::Glob(parts) => Anywhere::Glob(parts.clone()),
                Pattern::Regex(regex) => Anywhere::Regex(bytes_regex(regex)),
            }),
            Filter::In(field, query) => {
                let slot = self.slot(scope, field)?;
                Test::Slot(slot, Check::OneOf((self.answers)(field, query)?))
            }
            Filter::Expr(expr) => Test::Expr(self.expr(scope, expr)?.0),
        })
    }

    fn filters(&mut self, scope: &mut Scope, filters: &[Filter]) -> Result<Vec<Test>, Error> {
        filters.iter().map(|filter| self.filter(scope, filter)).collect()
    }

    fn check(&mut self, scope: &Scope, field: &Field, test: &ast::Test) -> Result<Check, Error> {
        let is_level = matches!(scope, Scope::Events(_)) && field.name == super::event::LEVEL;
        let unit = scope.unit(field);
        let in_hundredths = |literal| in_hundredths(field, literal);
        Ok(match test {
            ast::Test::Exists => Check::Exists,
            ast::Test::Is(literal) => {
                let literal = &*in_hundredths(literal);
                if is_level && let Some(level) = literal::level(literal) {
                    return Ok(Check::Text(level.as_str().to_owned()));
                }
                // Both spellings of a name are one.
                let is_name = matches!(scope, Scope::Events(_)) && field.name == super::event::NAME;
                match literal {
                    Literal::Text(text) if is_name => {
                        Check::Text(super::event::canonical(text.as_str().into()).into_owned())
                    }
                    literal => check_of(literal, unit),
                }
            }
            ast::Test::Like(Pattern::Glob(parts)) if is_dotted_name(scope, field, parts) => {
                Check::Glob(parts.iter().map(|part| part.replace('.', "_")).collect())
            }
            ast::Test::Like(Pattern::Glob(parts)) => Check::Glob(parts.clone()),
            ast::Test::Like(Pattern::Regex(regex)) => Check::Regex(bytes_regex(regex)),
            ast::Test::Like(Pattern::Text(text)) => Check::Text(text.clone()),
            ast::Test::Compare(comparison, literal) => {
                let literal = &*in_hundredths(literal);
                if is_level && let Some(level) = literal::level(literal) {
                    return Ok(Check::Level(*comparison, level as u8));
                }
                self.check_dimension(field, unit, literal)?;
                match (comparison, literal) {
                    (Comparison::Equal, _) => check_of(literal, unit),
                    _ => Check::Compare(*comparison, operand(literal, unit)),
                }
            }
            ast::Test::Range(low, high) => {
                let mut ends = Vec::new();
                for (bound, included, excluded) in [
                    (low, Comparison::AtLeast, Comparison::More),
                    (high, Comparison::AtMost, Comparison::Less),
                ] {
                    if let Some(literal) = &bound.at {
                        let literal = &*in_hundredths(literal);
                        self.check_dimension(field, unit, literal)?;
                        let comparison = if bound.is_included { included } else { excluded };
                        ends.push((comparison, operand(literal, unit)));
                    }
                }
                Check::Range(ends)
            }
        })
    }

    fn check_dimension(&self, field: &Field, unit: Unit, literal: &Literal) -> Result<(), Error> {
        let Literal::Quantity(_, other) = literal else { return Ok(()) };
        if unit == Unit::None || *other == Unit::Percent || unit.dimension() == other.dimension() {
            return Ok(());
        }
        let message = format!(
            "`{}` is {}, `{literal}` is {}",
            field.name,
            what(unit.dimension()),
            what(other.dimension())
        );
        Err(Error::new(self.text, field.at, field.name.len(), message))
    }

    pub(super) fn slot(&self, scope: &mut Scope, field: &Field) -> Result<usize, Error> {
        scope.slot(field).map_err(|missing| {
            let message = format!("there is no column `{}` here", field.name);
            let error = Error::new(self.text, field.at, field.name.len(), message);
            match missing.near {
                Some(near) => error.did_you_mean(Some(&near)),
                None => error.hint(format!("the columns are {}", missing.known)),
            }
        })
    }

    /// The expression, and the unit of its numbers.
    pub(super) fn expr(&mut self, scope: &mut Scope, expr: &ast::Expr) -> Result<(Expr, Unit), Error> {
        Ok(match expr {
            ast::Expr::Literal(literal) => (Expr::Const(val_of(literal)), Unit::None),
            ast::Expr::Field(field) => (Expr::Slot(self.slot(scope, field)?), scope.unit(field)),
            ast::Expr::Call(call) => self.call(scope, call)?,
            ast::Expr::Minus(inner) => {
                let (inner, unit) = self.expr(scope, inner)?;
                (Expr::Minus(Box::new(inner)), unit)
            }
            ast::Expr::Not(inner) => (Expr::Not(Box::new(self.expr(scope, inner)?.0)), Unit::None),
            ast::Expr::Arithmetic(operator, sides) => {
                let is_product = matches!(operator, Arithmetic::Multiply);
                let (left, right, unit) = if is_product {
                    let (left, left_unit) = self.expr(scope, &sides[0])?;
                    let (right, right_unit) = self.expr(scope, &sides[1])?;
                    (left, right, if left_unit == Unit::None { right_unit } else { left_unit })
                } else {
                    self.same_unit(scope, &sides[0], &sides[1])?
                };
                let has_both = [&sides[0], &sides[1]].iter().all(|side| has_unit(scope, side));
                let unit = if *operator == Arithmetic::Divide && has_both { Unit::None } else { unit };
                (Expr::Arithmetic(*operator, Box::new([left, right])), unit)
            }
            ast::Expr::Compare(comparison, sides) => {
                let (left, right, _) = self.same_unit(scope, &sides[0], &sides[1])?;
                (Expr::Compare(*comparison, Box::new([left, right])), Unit::None)
            }
            ast::Expr::Matches(inner, regex) => {
                let inner = self.expr(scope, inner)?.0;
                (Expr::Matches(Box::new(inner), text_regex(regex)), Unit::None)
            }
            ast::Expr::In(inner, literals) => {
                let (inner, unit) = self.expr(scope, inner)?;
                let set = literals.iter().map(|literal| {
                    let mut key = Vec::new();
                    literal::in_unit(literal, unit).encode(&mut key);
                    key
                });
                (Expr::In(Box::new(inner), set.collect()), Unit::None)
            }
            ast::Expr::And(all) => (Expr::And(self.exprs(scope, all)?), Unit::None),
            ast::Expr::Or(any) => (Expr::Or(self.exprs(scope, any)?), Unit::None),
        })
    }

    fn exprs(&mut self, scope: &mut Scope, exprs: &[ast::Expr]) -> Result<Vec<Expr>, Error> {
        exprs.iter().map(|expr| self.expr(scope, expr).map(|(expr, _)| expr)).collect()
    }

    /// Two expressions in one unit: a quantity in that of the other side, else the right one in that of the left.
    fn same_unit(
        &mut self,
        scope: &mut Scope,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Result<(Expr, Expr, Unit), Error> {
        let (compiled_left, left_unit) = self.expr(scope, left)?;
        let (compiled_right, right_unit) = self.expr(scope, right)?;
        if let (ast::Expr::Field(field), ast::Expr::Literal(literal @ Literal::Quantity(..))) = (left, right)
            && let Cow::Owned(number) = in_hundredths(field, literal)
        {
            return Ok((compiled_left, Expr::Const(val_of(&number)), left_unit));
        }
        let clash = |at: usize, unit: Unit, other: Unit| {
            let message = format!(
                "`{left}` is {}, `{right}` is {}",
                what(if at == 0 { unit } else { other }.dimension()),
                what(if at == 0 { other } else { unit }.dimension())
            );
            let at = place_of(left).or(place_of(right)).unwrap_or(0);
            Error::new(self.text, at, left.to_string().len(), message)
        };
        match (quantity(left), quantity(right)) {
            (None, Some((number, other))) if left_unit.dimension() != Dimension::Number => {
                let scaled = convert(number, other, left_unit).ok_or_else(|| clash(0, left_unit, other))?;
                return Ok((compiled_left, Expr::Const(Val::Float(scaled)), left_unit));
            }
            (Some((number, other)), None) if right_unit.dimension() != Dimension::Number => {
                let scaled = convert(number, other, right_unit).ok_or_else(|| clash(1, right_unit, other))?;
                return Ok((Expr::Const(Val::Float(scaled)), compiled_right, right_unit));
            }
            _ => {}
        }
        if left_unit == right_unit || left_unit == Unit::None || right_unit == Unit::None {
            let unit = if left_unit == Unit::None { right_unit } else { left_unit };
            return Ok((compiled_left, compiled_right, unit));
        }
        if left_unit.dimension() != right_unit.dimension() {
            return Err(clash(0, left_unit, right_unit));
        }
        let scaled = Expr::Scaled(Box::new(compiled_right), right_unit.to(left_unit));
        Ok((compiled_left, scaled, left_unit))
    }

    fn call(&mut self, scope: &mut Scope, call: &Call) -> Result<(Expr, Unit), Error> {
        if call.function.is_aggregate {
            // Behind the stage that made it, an aggregate is its column.
            let text = call.to_string();
            return match scope.column(&text) {
                Some(column) => Ok((Expr::Slot(column), scope.columns()[column].unit)),
                None => {
                    let error = Error::new(
                        self.text,
                        call.at,
                        call.function.name.len(),
                        format!("there is no column `{text}` here"),
                    );
                    Err(error.hint("an aggregate stands in a stage of its own: `| count(), avg(x) by y`"))
                }
            };
        }
        let mut arguments = Vec::with_capacity(call.arguments.len());
        let mut units = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            if let Argument::Expr(expr) = argument {
                let (expr, unit) = self.expr(scope, expr)?;
                arguments.push(expr);
                units.push(unit);
            }
        }
        let unit = match call.function.name {
            "abs" | "round" | "floor" | "ceil" | "coalesce" | "greatest" | "least" => units.first(),
            "if" => units.get(1),
            _ => None,
        };
        let unit = unit.copied().unwrap_or_default();
        let function = match call.function.name {
            "now" => return Ok((Expr::Const(Val::Time(self.now_ns)), Unit::None)),
            "extract" => Scalar::Extract(self.literal_regex(call)?),
            "bucket" => Scalar::Bucket(self.literal_span(call)?),
            name => {
                if arguments.is_empty() {
                    // Of times, that of the event.
                    arguments.push(Expr::Slot(self.slot(scope, &Field { at: call.at, ..Field::key(TIME) })?));
                }
                Scalar::named(name).ok_or_else(|| self.wrong(call, "this function is not known here"))?
            }
        };
        Ok((Expr::Call(function, arguments), unit))
    }

    fn literal_regex(&self, call: &Call) -> Result<regex::Regex, Error> {
        match call.arguments.get(1) {
            Some(Argument::Expr(ast::Expr::Literal(Literal::Text(text)))) => {
                lang::regex(text).map_err(|why| self.wrong(call, &format!("not a regular expression: {why}")))
            }
            _ => Err(self.wrong(call, "its second value is a regular expression, as a text in quotes")),
        }
    }

    fn literal_span(&self, call: &Call) -> Result<i64, Error> {
        match call.arguments.get(1) {
            Some(Argument::Expr(ast::Expr::Literal(Literal::Quantity(number, unit))))
                if unit.dimension() == Dimension::Time && *number * unit.factor() >= 1e3 =>
            {
                Ok((*number * unit.factor()) as i64)
            }
            _ => Err(self.wrong(call, "its second value is a length of time, as `5m`")),
        }
    }

    pub(super) fn wrong(&self, call: &Call, message: &str) -> Error {
        Error::new(self.text, call.at, call.function.name.len(), format!("`{call}`: {message}"))
    }
}

fn is_dotted_name(scope: &Scope, field: &Field, parts: &[String]) -> bool {
    matches!(scope, Scope::Events(_))
        && field.name == super::event::NAME
        && parts.iter().all(|part| {
            part.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.'))
        })
}

/// `5%` of a field that counts hundredths, as `cpu_percent` does, is its 5.
fn in_hundredths<'a>(field: &Field, literal: &'a Literal) -> Cow<'a, Literal> {
    let last = field.name.rsplit(['_', '.']).next().unwrap_or_default();
    match literal {
        Literal::Quantity(number, Unit::Percent) if matches!(last, "pct" | "percent" | "percentage") => {
            Cow::Owned(Literal::Float(*number))
        }
        other => Cow::Borrowed(other),
    }
}

fn what(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Number => "a plain number",
        Dimension::Time => "a length of time",
        Dimension::Size => "a size",
    }
}

fn quantity(expr: &ast::Expr) -> Option<(f64, Unit)> {
    match expr {
        ast::Expr::Literal(Literal::Quantity(number, unit)) => Some((*number, *unit)),
        _ => None,
    }
}

/// Whether a side of a division is in a unit, so that both cancel out.
fn has_unit(scope: &Scope, expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::Literal(Literal::Quantity(_, unit)) => unit.dimension() != Dimension::Number,
        ast::Expr::Field(field) => scope.unit(field).dimension() != Dimension::Number,
        ast::Expr::Minus(inner) => has_unit(scope, inner),
        ast::Expr::Arithmetic(_, sides) => sides.iter().any(|side| has_unit(scope, side)),
        ast::Expr::Call(call) => call.arguments.iter().any(|argument| match argument {
            Argument::Expr(expr) => has_unit(scope, expr),
            Argument::Filter(_) => false,
        }),
        _ => false,
    }
}

/// Where an expression stands, as far as one of its parts knows.
fn place_of(expr: &ast::Expr) -> Option<usize> {
    match expr {
        ast::Expr::Field(field) => Some(field.at),
        ast::Expr::Call(call) => Some(call.at),
        ast::Expr::Minus(inner)
        | ast::Expr::Not(inner)
        | ast::Expr::Matches(inner, _)
        | ast::Expr::In(inner, _) => place_of(inner),
        ast::Expr::Arithmetic(_, sides) | ast::Expr::Compare(_, sides) => sides.iter().find_map(place_of),
        ast::Expr::And(all) | ast::Expr::Or(all) => all.iter().find_map(place_of),
        ast::Expr::Literal(_) => None,
    }
}

/// The parser has checked it: what it refused does not come here.
fn text_regex(regex: &str) -> regex::Regex {
    lang::regex(regex).unwrap_or_else(|_| never())
}

fn bytes_regex(regex: &str) -> regex::bytes::Regex {
    RegexBuilder::new(regex).build().unwrap_or_else(|_| never_in_bytes())
}

/// Matches nothing.
fn never() -> regex::Regex {
    regex::Regex::new("[^\\s\\S]").expect("an empty class is a regular expression")
}

fn never_in_bytes() -> regex::bytes::Regex {
    regex::bytes::Regex::new("[^\\s\\S]").expect("an empty class is a regular expression")
}
