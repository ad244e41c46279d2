//! The canonical text of a question: the spelling with pipes, with as few brackets as it takes.

use std::fmt::{self, Display, Formatter, Write};

use super::ast::{
    Argument, Arithmetic, Bound, Call, Comparison, Expr, Field, Filter, Item, Key, Literal, Pattern, Query,
    SortKey, Stage, Test,
};
use super::unit::Unit;

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A question that begins with what is made of groups needs no filter in front.
        let is_filterless =
            self.filter == Filter::All && matches!(self.stages.first(), Some(Stage::Aggregate(..)));
        if !is_filterless {
            write!(f, "{}", self.filter)?;
        }
        for (place, stage) in self.stages.iter().enumerate() {
            if place > 0 || !is_filterless {
                f.write_str(" | ")?;
            }
            write!(f, "{stage}")?;
        }
        Ok(())
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        filter(self, f, Level::Or)
    }
}

/// What may stand somewhere without brackets.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Or,
    And,
    One,
}

fn filter(it: &Filter, f: &mut Formatter<'_>, level: Level) -> fmt::Result {
    let own = match it {
        Filter::Or(_) => Level::Or,
        Filter::And(_) => Level::And,
        // `not`, `and` and `or` of expressions look like those of filters, which are read first.
        Filter::Expr(Expr::Or(_) | Expr::And(_) | Expr::Not(_)) => {
            return write!(f, "({} == true)", Bracketed(it));
        }
        _ => Level::One,
    };
    if own < level {
        f.write_char('(')?;
        filter(it, f, Level::Or)?;
        return f.write_char(')');
    }
    match it {
        Filter::All => f.write_char('*'),
        Filter::And(all) => joined(f, all, " AND ", |one, f| filter(one, f, Level::One)),
        Filter::Or(any) => joined(f, any, " OR ", |one, f| filter(one, f, Level::And)),
        Filter::Not(inner) => {
            f.write_str("NOT ")?;
            filter(inner, f, Level::One)
        }
        Filter::Field(field, test) => write!(f, "{field}:{test}"),
        Filter::Anywhere(Pattern::Text(text)) => quoted(text, f),
        Filter::Anywhere(pattern) => write!(f, "{pattern}"),
        // A text alone in the brackets would be a value.
        Filter::In(field, query) if query.stages.is_empty() && is_text(&query.filter) => {
            write!(f, "{field} in (* {query})")
        }
        Filter::In(field, query) => write!(f, "{field} in ({query})"),
        // A name alone would be a word, and a sign in front a negation.
        Filter::Expr(Expr::Field(field)) => write!(f, "`{}`", field.name),
        Filter::Expr(expr) if starts_with_minus(expr) => {
            let mut text = String::new();
            leftmost_in_brackets(expr, &mut text)?;
            f.write_str(&text)
        }
        Filter::Expr(expr) => expression(expr, f, 3),
    }
}

fn is_text(filter: &Filter) -> bool {
    matches!(filter, Filter::Anywhere(Pattern::Text(_)))
}

/// An expression that would be read as a filter, in brackets.
struct Bracketed<'a>(&'a Filter);

impl Display for Bracketed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Filter::Expr(expr) => write!(f, "({expr})"),
            other => write!(f, "({other})"),
        }
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Test::Exists => f.write_char('*'),
            Test::Is(literal) => write!(f, "{literal}"),
            Test::Like(pattern) => write!(f, "{pattern}"),
            Test::Compare(comparison, literal) => write!(f, "{}{literal}", symbol(*comparison, "=")),
            Test::Range(low, high) => {
                write!(
                    f,
                    "{}{low} TO {high}{}",
                    if low.is_included { '[' } else { '{' },
                    if high.is_included { ']' } else { '}' }
                )
            }
        }
    }
}

impl Display for Bound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(literal) => write!(f, "{literal}"),
            None => f.write_char('*'),
        }
    }
}

/// As it stands behind `field:`.
impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Text(text) => quoted(text, f),
            Pattern::Regex(regex) => write!(f, "/{}/", regex.replace('/', "\\/")),
            Pattern::Glob(parts) => joined(f, parts, "*", |part, f| {
                for char in part.chars() {
                    if !char.is_alphanumeric() && char != '_' {
                        f.write_char('\\')?;
                    }
                    f.write_char(char)?;
                }
                Ok(())
            }),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Bool(is_true) => write!(f, "{is_true}"),
            Literal::Int(int) => write!(f, "{int}"),
            Literal::Float(float) => number(*float, f),
            Literal::Quantity(quantity, unit) => {
                write!(f, "{}", Number(*quantity))?;
                write!(f, "{unit}")
            }
            Literal::Text(text) => quoted(text, f),
        }
    }
}

/// A number without needless decimals: `2` of `2s`.
struct Number(f64);

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.fract() == 0.0 && self.0.abs() < 1e15 { write!(f, "{}", self.0) } else { number(self.0, f) }
    }
}

/// A float that reads back as one.
fn number(float: f64, f: &mut Formatter<'_>) -> fmt::Result {
    if float.is_infinite() {
        return f.write_str(if float > 0.0 { "1e999" } else { "-1e999" });
    }
    if float != 0.0 && !(1e-5..1e21).contains(&float.abs()) {
        write!(f, "{float:e}")
    } else {
        write!(f, "{float:?}")
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        let is_first = |c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '$');
        let is_plain = name.split('.').all(|part| {
            part.starts_with(is_first) && part.chars().all(|c| is_first(c) || c.is_alphanumeric())
        });
        // `p99.9`, a column that is called by its aggregate.
        let is_quantile = super::functions::named(name).is_some_and(|named| named.percent.is_some());
        if is_quantile || is_plain && !is_reserved(name) { f.write_str(name) } else { write!(f, "`{name}`") }
    }
}

/// Words that mean something where a field may stand.
fn is_reserved(name: &str) -> bool {
    const WORDS: [&str; 19] = [
        "and", "or", "not", "in", "by", "as", "asc", "desc", "where", "group", "order", "having", "select",
        "from", "to", "true", "false", "null", "distinct",
    ];
    WORDS.iter().any(|word| name.eq_ignore_ascii_case(word))
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        expression(self, f, 0)
    }
}

/// How tightly it holds together: or, and, not, comparison, sum, product, sign, operand.
fn tightness(expr: &Expr) -> u8 {
    match expr {
        Expr::Or(_) => 0,
        Expr::And(_) => 1,
        Expr::Not(_) => 2,
        Expr::Compare(..) | Expr::Matches(..) | Expr::In(..) => 3,
        Expr::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, _) => 4,
        Expr::Arithmetic(..) => 5,
        Expr::Minus(_) => 6,
        Expr::Literal(_) | Expr::Field(_) | Expr::Call(_) => 7,
    }
}

fn expression(expr: &Expr, f: &mut Formatter<'_>, least: u8) -> fmt::Result {
    let own = tightness(expr);
    if own < least {
        return write!(f, "({expr})");
    }
    match expr {
        Expr::Literal(literal) => write!(f, "{literal}"),
        Expr::Field(field) => write!(f, "{field}"),
        Expr::Call(call) => write!(f, "{call}"),
        Expr::Minus(inner) => {
            f.write_char('-')?;
            // `-5` would be a number.
            let is_number = matches!(**inner, Expr::Literal(_));
            if is_number { write!(f, "({inner})") } else { expression(inner, f, own) }
        }
        Expr::Not(inner) => {
            f.write_str("not ")?;
            expression(inner, f, own)
        }
        Expr::Arithmetic(operator, sides) => {
            let [left, right] = &**sides;
            expression(left, f, own)?;
            f.write_str(match operator {
                Arithmetic::Add => " + ",
                Arithmetic::Subtract => " - ",
                Arithmetic::Multiply => " * ",
                Arithmetic::Divide => " / ",
                Arithmetic::Remainder => " % ",
            })?;
            expression(right, f, own + 1)
        }
        Expr::Compare(comparison, sides) => {
            let [left, right] = &**sides;
            expression(left, f, own + 1)?;
            write!(f, " {} ", symbol(*comparison, "=="))?;
            expression(right, f, own + 1)
        }
        Expr::Matches(inner, regex) => {
            expression(inner, f, own + 1)?;
            f.write_str(" =~ ")?;
            quoted(regex, f)
        }
        Expr::In(inner, literals) => {
            expression(inner, f, own + 1)?;
            f.write_str(" in (")?;
            joined(f, literals, ", ", Display::fmt)?;
            f.write_char(')')
        }
        Expr::And(all) => joined(f, all, " and ", |one, f| expression(one, f, own + 1)),
        Expr::Or(any) => joined(f, any, " or ", |one, f| expression(one, f, own + 1)),
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.percent {
            Some(percent) => write!(f, "p{percent}(")?,
            None => write!(f, "{}(", self.function.name)?,
        }
        joined(f, &self.arguments, ", ", |argument, f| match argument {
            Argument::Expr(expr) => write!(f, "{expr}"),
            Argument::Filter(filter) => write!(f, "{filter}"),
        })?;
        f.write_char(')')
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Where(filter) => write!(f, "where {filter}"),
            Stage::Aggregate(items, keys) => {
                joined(f, items, ", ", Display::fmt)?;
                if !keys.is_empty() {
                    f.write_str(" by ")?;
                    joined(f, keys, ", ", Display::fmt)?;
                }
                Ok(())
            }
            Stage::Extend(items) => {
                f.write_str("extend ")?;
                joined(f, items, ", ", |item, f| match &item.name {
                    Some(called) => {
                        name(called, f)?;
                        write!(f, " = {}", item.expr)
                    }
                    None => write!(f, "{item}"),
                })
            }
            Stage::Fields(items) => listed(f, "fields", items),
            Stage::Sort(keys) => listed(f, "sort", keys),
            Stage::Limit(limit) => write!(f, "limit {limit}"),
            Stage::Dedup(fields) => listed(f, "dedup", fields),
            Stage::Explode(field) => write!(f, "explode {field}"),
            Stage::Facets(values) => write!(f, "facets {values}"),
            Stage::FieldNames => f.write_str("field_names"),
            Stage::FieldValues(field, limit) => {
                write!(f, "field_values {field}")?;
                limit.map_or(Ok(()), |limit| write!(f, " {limit}"))
            }
            Stage::Context(events) => write!(f, "context {events}"),
            Stage::CollapseNums(field) => write!(f, "collapse_nums {field}"),
            Stage::Pair(fields) => listed(f, "pair by", fields),
            Stage::Compare(number, unit) => write!(f, "compare {}", length_of_time(*number, *unit)),
            Stage::Differ(fields, filter) => {
                f.write_str("differ")?;
                if !fields.is_empty() {
                    f.write_str(" by ")?;
                    joined(f, fields, ", ", Display::fmt)?;
                }
                filter.as_ref().map_or(Ok(()), |filter| write!(f, " where {filter}"))
            }
        }
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expr)?;
        match &self.name {
            Some(called) => {
                f.write_str(" as ")?;
                name(called, f)
            }
            None => Ok(()),
        }
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Key::Item(item) => write!(f, "{item}"),
            Key::Every(number, unit) => write!(f, "{}", length_of_time(*number, *unit)),
        }
    }
}

impl Display for SortKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_descending {
            f.write_char('-')?;
            // `-5` would be a number, `--a` none at all.
            let is_signed = matches!(self.expr, Expr::Literal(_) | Expr::Minus(_));
            return if is_signed { write!(f, "({})", self.expr) } else { expression(&self.expr, f, 4) };
        }
        let is_signed = matches!(self.expr, Expr::Minus(_)) || starts_with_minus(&self.expr);
        if is_signed { write!(f, "({})", self.expr) } else { expression(&self.expr, f, 4) }
    }
}

/// Whether its text begins with the sign of an operand.
fn starts_with_minus(expr: &Expr) -> bool {
    match expr {
        Expr::Minus(_) => true,
        Expr::Arithmetic(_, sides) | Expr::Compare(_, sides) => starts_with_minus(&sides[0]),
        Expr::Matches(inner, _) | Expr::In(inner, _) => starts_with_minus(inner),
        _ => false,
    }
}

/// The text of an expression that [`starts_with_minus`], its first operand in brackets.
fn leftmost_in_brackets(expr: &Expr, text: &mut String) -> fmt::Result {
    let whole = expr.to_string();
    let mut first = expr;
    loop {
        first = match first {
            Expr::Arithmetic(_, sides) | Expr::Compare(_, sides) => &sides[0],
            Expr::Matches(inner, _) | Expr::In(inner, _) => inner,
            _ => break,
        };
    }
    let sign = first.to_string();
    write!(text, "({sign}){}", whole.strip_prefix(&sign).unwrap_or_default())
}

fn length_of_time(number: f64, unit: Unit) -> Literal {
    Literal::Quantity(number, unit)
}

fn symbol(comparison: Comparison, equal: &'static str) -> &'static str {
    match comparison {
        Comparison::Equal => equal,
        Comparison::Unequal => "!=",
        Comparison::Less => "<",
        Comparison::AtMost => "<=",
        Comparison::More => ">",
        Comparison::AtLeast => ">=",
    }
}

fn listed<T: Display>(f: &mut Formatter<'_>, word: &str, items: &[T]) -> fmt::Result {
    f.write_str(word)?;
    if !items.is_empty() {
        f.write_char(' ')?;
    }
    joined(f, items, ", ", Display::fmt)
}

fn joined<T>(
    f: &mut Formatter<'_>,
    items: &[T],
    separator: &str,
    mut each: impl FnMut(&T, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            f.write_str(separator)?;
        }
        each(item, f)?;
    }
    Ok(())
}

fn name(called: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let is_plain = called.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && called.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_plain && !is_reserved(called) { f.write_str(called) } else { quoted(called, f) }
}

fn quoted(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for char in text.chars() {
        match char {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            control if control.is_control() => write!(f, "\\u{{{:x}}}", control as u32)?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}
