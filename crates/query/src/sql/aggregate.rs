//! The stage that makes groups. Sampled events count as often as their rate says.

use super::{
    Dialect, Error, Translator,
    expr::{Sql, number},
    scope::{Kind, Scope},
};
use crate::lang::{
    Dimension, Unit,
    ast::{Argument, Call, Expr, Literal},
};

/// How many events each one stands for, as the column is called.
pub(super) const WEIGHT: &str = "trine_weight";

impl Translator<'_> {
    /// The expression of [`WEIGHT`].
    pub(super) fn weight(&self) -> String {
        let rate = self.dialect.as_number(&self.dialect.name("sample_rate"));
        format!("CASE WHEN {rate} > 0 AND {rate} <= 1 THEN 1 / {rate} ELSE 1 END")
    }

    /// `every_us`: the length of the stretches of time that groups are told apart by, if they are.
    pub(super) fn aggregate(
        &self,
        scope: &Scope,
        call: &Call,
        every_us: Option<i64>,
        is_weighted: bool,
    ) -> Result<Sql, Error> {
        let weight = is_weighted.then(|| self.dialect.name(WEIGHT));
        let weight = weight.as_deref();
        let wrong = |what: &str| self.unsayable(call.at, call.function.name.len(), what);
        let of = if call.function.name == "top" { call.arguments.last() } else { call.arguments.first() };
        let value = match of {
            Some(Argument::Expr(expr)) if call.function.name != "rate" => Some(self.expr(scope, expr)?),
            _ => None,
        };
        let condition = match of {
            Some(Argument::Filter(filter)) => {
                Some(self.filter(scope, filter)?.unwrap_or_else(|| "TRUE".to_owned()))
            }
            _ => None,
        };
        let unit = value.as_ref().map_or(Unit::None, |value| value.unit);
        let raw = value.as_ref().map(|value| value.text.clone()).unwrap_or_default();
        let numeric = value.as_ref().map(|value| self.as_number(value)).unwrap_or_default();
        let counted = |sql: String| Sql::new(sql, Kind::Number);
        let measured = |sql: String| Sql::new(sql, Kind::Number).with_unit(unit);
        Ok(match call.function.name {
            "count" => counted(match (weight, &value) {
                (None, None) => "count(*)".to_owned(),
                (None, Some(_)) => format!("count({raw})"),
                (Some(weight), None) => self.events(&format!("sum({weight})")),
                (Some(weight), Some(_)) => {
                    self.events(&format!("sum(CASE WHEN {raw} IS NOT NULL THEN {weight} ELSE 0 END)"))
                }
            }),
            "count_if" => {
                let condition = condition.unwrap_or_default();
                counted(match weight {
                    None => format!("count(CASE WHEN {condition} THEN 1 END)"),
                    Some(weight) => {
                        self.events(&format!("sum(CASE WHEN {condition} THEN {weight} ELSE 0 END)"))
                    }
                })
            }
            "ratio" => {
                let (condition, weight) = (condition.unwrap_or_default(), weight.unwrap_or("1.0"));
                counted(format!(
                    "(sum(CASE WHEN {condition} THEN {weight} ELSE 0 END) / nullif(sum({weight}), 0))"
                ))
            }
            "count_distinct" => counted(format!("count(DISTINCT {raw})")),
            "sum" => measured(match weight {
                None => format!("sum({numeric})"),
                Some(weight) => format!("sum({numeric} * {weight})"),
            }),
            "avg" => measured(match weight {
                None => self.average(&numeric),
                Some(weight) => format!(
                    "(sum({numeric} * {weight}) / \
                     nullif(sum(CASE WHEN {numeric} IS NOT NULL THEN {weight} ELSE 0 END), 0))"
                ),
            }),
            "min" | "max" => {
                let kind = value.as_ref().map_or(Kind::Any, |value| value.kind);
                Sql::new(format!("{}({raw})", call.function.name), kind).with_unit(unit)
            }
            "stddev" => measured(self.deviation(&numeric, weight)),
            "median" => measured(self.quantile(&numeric, weight, 0.5)),
            "quantile" => measured(self.quantile(&numeric, weight, quantile_of(call))),
            "first" | "last" => {
                let Scope::Events(_) = scope else { return Err(wrong("`first` and `last` of rows")) };
                let kind = value.as_ref().map_or(Kind::Any, |value| value.kind);
                let function = match (self.dialect, call.function.name) {
                    (Dialect::DuckDb, "first") => "arg_min",
                    (Dialect::DuckDb, _) => "arg_max",
                    (Dialect::ClickHouse, "first") => "argMin",
                    (Dialect::ClickHouse, _) => "argMax",
                    (Dialect::Spark, "first") => "min_by",
                    (Dialect::Spark, _) => "max_by",
                };
                let time = self.dialect.name("timestamp");
                let sql = format!("{function}({raw}, {time}) FILTER (WHERE {raw} IS NOT NULL)");
                Sql::new(sql, kind).with_unit(unit)
            }
            "rate" => {
                let Scope::Events(_) = scope else { return Err(wrong("`rate` of rows")) };
                let per = per_us(call);
                let count = match weight {
                    None => "count(*)".to_owned(),
                    Some(weight) => format!("sum({weight})"),
                };
                let span = match (every_us, self.range_us) {
                    (Some(us), _) => us.to_string(),
                    (None, Some(us)) => us.to_string(),
                    (None, None) => {
                        let us = self.dialect.micros(&self.dialect.name("timestamp"));
                        format!("nullif(max(max({us})) OVER () - min(min({us})) OVER (), 0)")
                    }
                };
                let unit = if per == 1e6 { Unit::PerSecond } else { Unit::None };
                Sql::new(format!("({count} * {} / {span})", number(per)), Kind::Number).with_unit(unit)
            }
            "values" => Sql::new(
                match self.dialect {
                    Dialect::DuckDb => {
                        format!(
                            "coalesce(list_sort(list(DISTINCT {raw}) FILTER (WHERE {raw} IS NOT NULL)), [])"
                        )
                    }
                    Dialect::ClickHouse => format!("arraySort(groupUniqArray({raw}))"),
                    Dialect::Spark => format!("array_sort(collect_set({raw}))"),
                },
                Kind::Any,
            ),
            "top" => {
                let most = match call.arguments.first() {
                    Some(Argument::Expr(Expr::Literal(Literal::Int(most)))) if call.arguments.len() == 2 => {
                        *most
                    }
                    _ => crate::lang::TOP_VALUES as i128,
                };
                let most = u64::try_from(most).unwrap_or(0);
                let top = self.top(&raw, weight, most);
                Sql::new(top.ok_or_else(|| wrong("`top`"))?, Kind::Any)
            }
            name => return Err(wrong(&format!("`{name}`"))),
        })
    }

    /// A sum of weights, as a whole number of events.
    fn events(&self, sum: &str) -> String {
        self.dialect.as_whole(&format!("coalesce({sum}, 0)"))
    }

    fn average(&self, number: &str) -> String {
        match self.dialect {
            // Of no number, its average is NaN.
            Dialect::ClickHouse => format!("if(count({number}) = 0, NULL, avg({number}))"),
            Dialect::DuckDb | Dialect::Spark => format!("avg({number})"),
        }
    }

    fn deviation(&self, number: &str, weight: Option<&str>) -> String {
        let Some(weight) = weight else {
            return match self.dialect {
                Dialect::ClickHouse => format!("if(count({number}) < 2, NULL, stddevSampStable({number}))"),
                Dialect::DuckDb | Dialect::Spark => {
                    format!("CASE WHEN count({number}) > 1 THEN stddev_samp({number}) END")
                }
            };
        };
        let total = format!("sum(CASE WHEN {number} IS NOT NULL THEN {weight} ELSE 0 END)");
        let (sum, squares) =
            (format!("sum({number} * {weight})"), format!("sum({number} * {number} * {weight})"));
        format!(
            "CASE WHEN {total} > 1 THEN sqrt(greatest(0, {squares} - {sum} * {sum} / {total}) / ({total} - 1)) END"
        )
    }

    fn quantile(&self, number: &str, weight: Option<&str>, quantile: f64) -> String {
        match weight {
            None => self.dialect.quantile(number, quantile),
            Some(weight) => {
                let whole = match self.dialect {
                    Dialect::DuckDb | Dialect::Spark => format!("CAST(round({weight}) AS BIGINT)"),
                    Dialect::ClickHouse => format!("toUInt64(round(assumeNotNull({weight})))"),
                };
                self.dialect.weighted_quantile(number, &whole, quantile)
            }
        }
    }
}

/// Its arguments are checked before.
fn quantile_of(call: &Call) -> f64 {
    if let Some(percent) = call.percent {
        // 99.9 / 100 is not the nearest number to 0.999.
        return (percent * 1e6).round() / 1e8;
    }
    match call.arguments.get(1) {
        Some(Argument::Expr(Expr::Literal(Literal::Float(quantile)))) => *quantile,
        Some(Argument::Expr(Expr::Literal(Literal::Int(quantile)))) => *quantile as f64,
        Some(Argument::Expr(Expr::Literal(Literal::Quantity(percent, Unit::Percent)))) => percent / 100.0,
        _ => 0.5,
    }
}

/// Microseconds of `rate(1m)`; of `rate()`, those of a second.
fn per_us(call: &Call) -> f64 {
    match call.arguments.first() {
        Some(Argument::Expr(Expr::Literal(Literal::Quantity(count, unit))))
            if unit.dimension() == Dimension::Time =>
        {
            count * unit.factor() / 1e3
        }
        _ => 1e6,
    }
}
