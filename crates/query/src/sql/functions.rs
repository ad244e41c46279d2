//! The functions of one event.

use super::{
    Dialect::{ClickHouse, DuckDb, Spark},
    Error, Translator,
    expr::Sql,
    names,
    scope::{Kind, Scope},
};
use crate::lang::{
    Dimension,
    ast::{Argument, Call, Expr, Literal},
};

pub(super) fn call(to: &Translator<'_>, scope: &Scope, call: &Call, arguments: &[Sql]) -> Result<Sql, Error> {
    let dialect = to.dialect;
    let text = |at: usize| arguments.get(at).map(|sql| to.as_text(sql)).unwrap_or_default();
    let number = |at: usize| arguments.get(at).map(|sql| to.as_number(sql)).unwrap_or_default();
    let time = |at: usize| arguments.get(at).map(|sql| to.as_time(sql)).unwrap_or_default();
    let unsayable = || to.unsayable(call.at, call.function.name.len(), &format!("`{}`", call.function.name));
    let of_first = |text: String| Sql::new(text, Kind::Number).with_unit(arguments[0].unit);
    let by_dialect = |duckdb: &str, clickhouse: &str, spark: &str| {
        match dialect {
            DuckDb => duckdb,
            ClickHouse => clickhouse,
            Spark => spark,
        }
        .to_owned()
    };
    Ok(match call.function.name {
        "lower" | "upper" => {
            let function = match (dialect, call.function.name) {
                (ClickHouse, "lower") => "lowerUTF8",
                (ClickHouse, _) => "upperUTF8",
                (_, name) => name,
            };
            Sql::new(format!("{function}({})", text(0)), Kind::Text)
        }
        "trim" => Sql::new(format!("trim({})", text(0)), Kind::Text),
        "length" => {
            let function = by_dialect("length", "lengthUTF8", "length");
            Sql::new(format!("{function}({})", text(0)), Kind::Number)
        }
        "contains" => Sql::new(contains(to, &text(0), &text(1)), Kind::Bool),
        "icontains" => {
            let lower = by_dialect("lower", "lowerUTF8", "lower");
            let (a, b) = (format!("{lower}({})", text(0)), format!("{lower}({})", text(1)));
            Sql::new(contains(to, &a, &b), Kind::Bool)
        }
        "starts_with" | "ends_with" => {
            let function = match (dialect, call.function.name) {
                (DuckDb, name) => name,
                (ClickHouse, "starts_with") => "startsWith",
                (ClickHouse, _) => "endsWith",
                (Spark, "starts_with") => "startswith",
                (Spark, _) => "endswith",
            };
            Sql::new(format!("{function}({}, {})", text(0), text(1)), Kind::Bool)
        }
        "replace" => {
            let function = by_dialect("replace", "replaceAll", "replace");
            Sql::new(format!("{function}({}, {}, {})", text(0), text(1), text(2)), Kind::Text)
        }
        "substr" => {
            let from = match argument_literal(call, 1) {
                Some(Literal::Int(from)) if *from >= 0 => from.saturating_add(1).to_string(),
                _ => {
                    return Err(to.unsayable(
                        call.at,
                        6,
                        "`substr` from anything but a place from the begin",
                    ));
                }
            };
            let function = by_dialect("substr", "substringUTF8", "substring");
            let length = match argument_literal(call, 2) {
                None if call.arguments.len() < 3 => String::new(),
                Some(Literal::Int(length)) => format!(", {}", (*length).max(0)),
                _ => return Err(to.unsayable(call.at, 6, "`substr` of a length that is no whole number")),
            };
            Sql::new(format!("{function}({}, {from}{length})", text(0)), Kind::Text)
        }
        "split" => {
            let Some(Literal::Int(place)) = argument_literal(call, 2) else { return Err(unsayable()) };
            // Places count from 1 there, from the end from -1 everywhere.
            let place = if *place >= 0 { place.saturating_add(1) } else { *place };
            let (a, b) = (text(0), text(1));
            let (length, array) = match dialect {
                DuckDb => ("len", format!("string_split({a}, {b})")),
                ClickHouse => ("length", format!("splitByString({b}, assumeNotNull({a}))")),
                // A list's item, or NULL.
                Spark => {
                    return Ok(Sql::new(format!("nullif(split_part({a}, {b}, {place}), '')"), Kind::Text));
                }
            };
            Sql::new(
                format!("CASE WHEN {length}({array}) >= {} THEN {array}[{place}] END", place.unsigned_abs()),
                Kind::Text,
            )
        }
        "concat" => {
            let parts: Vec<String> =
                (0..arguments.len()).map(|at| format!("coalesce({}, '')", text(at))).collect();
            Sql::new(format!("concat({})", parts.join(", ")), Kind::Text)
        }
        "extract" => {
            let Some(Literal::Text(regex)) = argument_literal(call, 1) else { return Err(unsayable()) };
            let group = usize::from(crate::lang::regex(regex).is_ok_and(|regex| regex.captures_len() > 1));
            let found = dialect.extract(&text(0), regex, group);
            let is_found = dialect.matches(&text(0), regex);
            Sql::new(format!("CASE WHEN {is_found} THEN {found} END"), Kind::Text)
        }
        "collapse_nums" => Sql::new(to.collapsed(&text(0)), Kind::Text),
        "type" => return Err(unsayable().hint("a column has one type there, whatever stands in it")),
        "abs" | "floor" | "ceil" => of_first(format!("{}({})", call.function.name, number(0))),
        // Half a number is rounded away from zero.
        "round" => {
            let scale = match argument_literal(call, 1) {
                None if call.arguments.len() < 2 => 1.0,
                Some(Literal::Int(digits)) => 10_f64.powi((*digits).clamp(-15, 15) as i32),
                _ => return Err(unsayable()),
            };
            let (number, scale) = (number(0), super::expr::number(scale));
            of_first(format!("(sign({number}) * floor(abs({number}) * {scale} + 0.5) / {scale})"))
        }
        "sqrt" => {
            let number = number(0);
            Sql::new(format!("CASE WHEN {number} >= 0 THEN sqrt({number}) END"), Kind::Number)
        }
        "log10" => {
            let number = number(0);
            Sql::new(format!("CASE WHEN {number} > 0 THEN log10({number}) END"), Kind::Number)
        }
        "greatest" | "least" => {
            let kind = common(arguments);
            let parts: Vec<String> = (0..arguments.len())
                .map(|at| if kind == Kind::Number { number(at) } else { arguments[at].text.clone() })
                .collect();
            if dialect == ClickHouse {
                // What is not there does not count.
                let function = if call.function.name == "greatest" { "arrayMax" } else { "arrayMin" };
                let array = format!("arrayFilter(x -> x IS NOT NULL, [{}])", parts.join(", "));
                let empty = format!("empty({array})");
                return Ok(Sql::new(format!("if({empty}, NULL, {function}({array}))"), kind)
                    .with_unit(arguments[0].unit));
            }
            Sql::new(format!("{}({})", call.function.name, parts.join(", ")), kind)
                .with_unit(arguments[0].unit)
        }
        "if" => {
            let Some(Argument::Expr(condition)) = call.arguments.first() else { return Err(unsayable()) };
            let condition = to.condition(scope, condition)?;
            let (kind, [a, b]) = alike(to, &[arguments[1].clone(), arguments[2].clone()]);
            Sql::new(format!("CASE WHEN {condition} THEN {a} ELSE {b} END"), kind)
                .with_unit(arguments[1].unit)
        }
        "coalesce" => {
            let kind = common(arguments);
            let parts: Vec<String> = (0..arguments.len())
                .map(|at| match kind {
                    Kind::Number => number(at),
                    Kind::Text => text(at),
                    _ => arguments[at].text.clone(),
                })
                .collect();
            Sql::new(format!("coalesce({})", parts.join(", ")), kind).with_unit(arguments[0].unit)
        }
        "exists" => Sql::new(format!("({} IS NOT NULL)", arguments[0].text), Kind::Bool),
        "to_number" => Sql::new(dialect.as_number(&arguments[0].text), Kind::Number),
        "to_text" => Sql::new(text(0), Kind::Text),
        "to_time" => Sql::new(time(0), Kind::Time),
        "now" => Sql::new(by_dialect("CAST(now() AS TIMESTAMP)", "now64(6, 'UTC')", "now()"), Kind::Time),
        "bucket" => match argument_literal(call, 1) {
            Some(Literal::Quantity(count, unit)) if unit.dimension() == Dimension::Time => {
                let micros = (count * unit.factor() / 1e3) as i64;
                Sql::new(dialect.bucket(&time(0), micros.max(1)), Kind::Time)
            }
            _ => return Err(unsayable()),
        },
        "date" => Sql::new(dialect.bucket(&time(0), DAY_MICROS), Kind::Time),
        "hour_of_day" => Sql::new(names::hour(dialect, &time(0)), Kind::Number),
        "day_of_week" => Sql::new(names::day(dialect, &time(0)), Kind::Text),
        "unix" => Sql::new(format!("({} / 1e6)", dialect.micros(&time(0))), Kind::Number),
        _ => return Err(unsayable()),
    })
}

const DAY_MICROS: i64 = 86_400_000_000;

fn contains(to: &Translator<'_>, text: &str, part: &str) -> String {
    match to.dialect {
        DuckDb | Spark => format!("contains({text}, {part})"),
        ClickHouse => format!("(position({text}, {part}) > 0)"),
    }
}

fn argument_literal(call: &Call, at: usize) -> Option<&Literal> {
    match call.arguments.get(at) {
        Some(Argument::Expr(Expr::Literal(literal))) => Some(literal),
        _ => None,
    }
}

/// The kind that values of several arguments have together: a number beside a column makes it a number.
fn common(arguments: &[Sql]) -> Kind {
    let has = |kind: Kind| arguments.iter().any(|sql| sql.kind == kind);
    match () {
        () if has(Kind::Text) => Kind::Text,
        () if has(Kind::Number) => Kind::Number,
        () if has(Kind::Bool) => Kind::Bool,
        () if has(Kind::Time) => Kind::Time,
        () => Kind::Any,
    }
}

/// Two values as one type.
fn alike(to: &Translator<'_>, both: &[Sql; 2]) -> (Kind, [String; 2]) {
    let kind = common(both);
    let each = |sql: &Sql| match (kind, sql.kind) {
        (_, Kind::Null) => sql.text.clone(),
        (Kind::Text, _) => to.as_text(sql),
        (Kind::Number, _) => to.as_number(sql),
        _ => sql.text.clone(),
    };
    (kind, [each(&both[0]), each(&both[1])])
}
