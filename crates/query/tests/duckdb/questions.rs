//! Random questions, each with its SQL.

use super::{
    events::{BEGIN_US, IDS, KEYS, LEVELS, METHODS, NAMES, TAGS, WORDS, time},
    random::Random,
};

/// How near an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exactness {
    Exact,
    /// As near as a quantile of many numbers is promised to be.
    Quantile,
}

/// A question, its SQL, and how their answers are compared.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) text: String,
    pub(super) sql: String,
    pub(super) columns: Vec<(String, Exactness)>,
    /// How many of the columns, from the first on, tell rows apart.
    pub(super) keys: usize,
    pub(super) is_ordered: bool,
}

/// A piece of a question, and the same in SQL.
#[derive(Clone, Debug)]
struct Both {
    text: String,
    sql: String,
}

fn both(text: impl Into<String>, sql: impl Into<String>) -> Both {
    Both { text: text.into(), sql: sql.into() }
}

/// The same in both.
fn same(text: impl Into<String>) -> Both {
    let text = text.into();
    Both { sql: text.clone(), text }
}

/// A text as each of the languages writes it.
fn literal(text: &str) -> Both {
    both(
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t")),
        format!("'{}'", text.replace('\'', "''")),
    )
}

const NUMBERS: [&str; 4] = ["n", "x", "duration_ms", "http.size"];
const FIELDS: [&str; 9] = ["event", "level", "n", "x", "k", "t", "flag", "id", "http.method"];
const COMPARISONS: [&str; 4] = [">", ">=", "<", "<="];

/// A number that splits the field's.
fn bound(random: &mut Random, field: &str) -> i64 {
    match field {
        "n" => random.between(-50, 50),
        "x" => random.between(-2_000, 2_000),
        "duration_ms" => random.between(1, 4_000),
        _ => random.between(0, 5_000_000),
    }
}

/// A number made of an event.
fn number(random: &mut Random) -> Both {
    match random.below(12) {
        0 => same("n + x"),
        1 => same("x * 2 - n"),
        2 => both("x / n", "x / nullif(n, 0)"),
        3 => same("abs(n)"),
        4 => same("length(k)"),
        5 => same("coalesce(n, 7)"),
        6 => same("greatest(n, 3)"),
        7 => both("if(n > 0, n, 0)", "CASE WHEN n > 0 THEN n ELSE 0 END"),
        _ => same(random.of(&NUMBERS)),
    }
}

/// One test of an event; what is unknown is false.
fn test(random: &mut Random) -> Both {
    let Both { text, sql } = match random.below(18) {
        0 => of_text(random, "k", &KEYS),
        1 => of_text(random, "event", &NAMES),
        2 => of_text(random, "level", &LEVELS),
        3 => of_text(random, "http.method", &METHODS),
        4 => {
            let id = literal(&format!("id-{:04}", random.below(IDS)));
            both(format!("id:{}", id.text), format!("id = {}", id.sql))
        }
        5 => {
            let prefix = random.of(&["api_*", "*_failed", "payment_*_success", "*log*"]);
            both(format!("event:{prefix}"), format!("event GLOB '{prefix}'"))
        }
        6 => {
            let word = random.of(&WORDS[..5]);
            both(format!("t:*{word}*"), format!("contains(t, '{word}')"))
        }
        7 => {
            let pattern = random.of(&["^alpha", "gamma$", "é.*ï", "[bg]eta", "^$"]);
            both(format!("t:/{pattern}/"), format!("regexp_matches(t, '{pattern}')"))
        }
        8 | 9 => {
            let (field, comparison) = (random.of(&NUMBERS), random.of(&COMPARISONS));
            let bound = bound(random, field);
            both(format!("{field}:{comparison}{bound}"), format!("{field} {comparison} {bound}"))
        }
        10 => {
            let field = random.of(&NUMBERS);
            let (low, high) = (bound(random, field), bound(random, field));
            let (low, high) = (low.min(high), low.max(high));
            let ([open, close], [more, less]) =
                random.of(&[(["[", "]"], [">=", "<="]), (["{", "}"], [">", "<"]), (["[", "}"], [">=", "<"])]);
            both(
                format!("{field}:{open}{low} TO {high}{close}"),
                format!("{field} {more} {low} AND {field} {less} {high}"),
            )
        }
        11 => {
            let field = random.of(&FIELDS);
            both(format!("{field}:*"), format!("{field} IS NOT NULL"))
        }
        12 => {
            let is_true = random.of(&["true", "false"]);
            both(format!("flag:{is_true}"), format!("flag = {is_true}"))
        }
        13 => {
            let tag = literal(random.of(&TAGS));
            both(format!("tags:{}", tag.text), format!("list_contains(tags, {})", tag.sql))
        }
        14 => {
            let (number, other) = (number(random), number(random));
            let comparison = random.of(&COMPARISONS);
            both(
                format!("{} {comparison} {}", number.text, other.text),
                format!("{} {comparison} {}", number.sql, other.sql),
            )
        }
        15 => {
            let seconds = random.between(1, 4);
            both(format!("duration_ms > {seconds}s"), format!("duration_ms > {seconds}000"))
        }
        16 => {
            let at = literal(&time(BEGIN_US + random.between(0, 6 * 3_600) * 3_600_000));
            let comparison = random.of(&COMPARISONS);
            both(
                format!("timestamp {comparison} {}", at.text),
                format!("\"timestamp\" {comparison} TIMESTAMP {}", at.sql),
            )
        }
        _ => {
            let n = random.between(-50, 40);
            both(format!("n in ({n}, {}, {})", n + 3, n + 5), format!("n IN ({n}, {}, {})", n + 3, n + 5))
        }
    };
    both(text, format!("coalesce({sql}, false)"))
}

/// A text field that is, or is not, one of these.
fn of_text(random: &mut Random, field: &str, choices: &[&str]) -> Both {
    let one = literal(random.of(choices));
    match random.below(4) {
        0 => {
            let other = literal(random.of(choices));
            both(
                format!("{field}:({} OR {})", one.text, other.text),
                format!("{field} IN ({}, {})", one.sql, other.sql),
            )
        }
        1 => both(format!("{field}:!={}", one.text), format!("{field} <> {}", one.sql)),
        _ => both(format!("{field}:{}", one.text), format!("{field} = {}", one.sql)),
    }
}

fn filter(random: &mut Random, depth: usize) -> Both {
    if depth == 0 || random.percent(35) {
        return test(random);
    }
    let one = filter(random, depth - 1);
    match random.below(6) {
        0 => both(format!("NOT ({})", one.text), format!("NOT ({})", one.sql)),
        1 | 2 => {
            let other = filter(random, depth - 1);
            both(format!("({} OR {})", one.text, other.text), format!("({} OR {})", one.sql, other.sql))
        }
        3 => {
            let inner = test(random);
            both(
                format!("{} id in ({} | fields id)", one.text, inner.text),
                format!("{} AND coalesce(id IN (SELECT id FROM events WHERE {}), false)", one.sql, inner.sql),
            )
        }
        _ => {
            let other = filter(random, depth - 1);
            let and = random.of(&[" AND ", " "]);
            both(format!("{}{and}{}", one.text, other.text), format!("{} AND {}", one.sql, other.sql))
        }
    }
}

fn aggregate(random: &mut Random) -> (Both, Exactness) {
    let value = number(random);
    let Both { text: v, sql } = &value;
    let exact = match random.below(16) {
        0 => both("count()", "count(*)"),
        1 => {
            let field = random.of(&FIELDS);
            same(format!("count({field})"))
        }
        2 => {
            let test = test(random);
            both(format!("count_if({})", test.text), format!("count(*) FILTER (WHERE {})", test.sql))
        }
        3 => {
            let test = test(random);
            both(format!("ratio({})", test.text), format!("avg(CASE WHEN {} THEN 1 ELSE 0 END)", test.sql))
        }
        4 | 5 => {
            let field = random.of(&FIELDS);
            both(format!("count_distinct({field})"), format!("count(DISTINCT {field})"))
        }
        6 => both(format!("sum({v})"), format!("sum({sql})")),
        7 => both(format!("avg({v})"), format!("avg({sql})")),
        8 => both(format!("min({v})"), format!("min({sql})")),
        9 => both(format!("max({v})"), format!("max({sql})")),
        10 => both(format!("stddev({v})"), format!("stddev({sql})")),
        11 => {
            let (function, field) = (random.of(&["min", "max"]), random.of(&["k", "t", "id", "event"]));
            same(format!("{function}({field})"))
        }
        12 => {
            let (function, sql) = random.of(&[("first", "arg_min"), ("last", "arg_max")]);
            let field = random.of(&["n", "k", "id", "x"]);
            both(
                format!("{function}({field})"),
                format!("{sql}({field}, \"timestamp\") FILTER (WHERE {field} IS NOT NULL)"),
            )
        }
        13 => both("values(k)", "coalesce(list(DISTINCT k) FILTER (WHERE k IS NOT NULL), [])"),
        _ => {
            let (function, share) = random.of(&[
                ("p50", "0.5"),
                ("p90", "0.9"),
                ("p99", "0.99"),
                ("p99.9", "0.999"),
                ("median", "0.5"),
            ]);
            let text = match random.below(3) {
                0 => format!("quantile({v}, {share})"),
                _ => format!("{function}({v})"),
            };
            return (both(text, format!("quantile_cont({sql}::DOUBLE, {share})")), Exactness::Quantile);
        }
    };
    (exact, Exactness::Exact)
}

fn key(random: &mut Random) -> Both {
    match random.below(14) {
        0 => both("bucket(timestamp, 1h)", "time_bucket(INTERVAL 1 hour, \"timestamp\")"),
        1 => both("bucket(timestamp, 15m)", "time_bucket(INTERVAL 15 minutes, \"timestamp\")"),
        2 => both("hour_of_day()", "hour(\"timestamp\")"),
        3 => both("day_of_week()", "dayname(\"timestamp\")"),
        4 => both("domain", "split_part(event, '_', 1)"),
        5 => both("status", "split_part(event, '_', -1)"),
        6 => same("floor(x / 500)"),
        7 => same("lower(k)"),
        8 => both("n > 0", "coalesce(n > 0, false)"),
        9 => both("n % 5", "(n % 5 + 5) % 5"),
        _ => same(random.of(&["event", "level", "k", "flag", "n", "http.method"])),
    }
}

/// `ORDER BY` of all keys, behind what comes before.
fn order(first: Option<&str>, names: &[String], random: &mut Random) -> Both {
    let mut texts = Vec::new();
    let mut sqls = Vec::new();
    for name in first.into_iter().chain(names.iter().map(String::as_str)) {
        let is_descending = random.percent(50);
        texts.push(format!("{}{name}", if is_descending { "-" } else { "" }));
        sqls.push(format!("{name} {} NULLS LAST", if is_descending { "DESC" } else { "ASC" }));
    }
    both(texts.join(", "), sqls.join(", "))
}

impl Question {
    pub(super) fn new(random: &mut Random) -> Question {
        match random.below(10) {
            0..6 => Question::of_groups(random),
            6 => Question::of_clauses(random),
            7 => Question::of_items(random),
            _ => Question::of_rows(random),
        }
    }

    /// `filter | aggregates by keys | where … | sort … | limit …`
    fn of_groups(random: &mut Random) -> Question {
        let filter = random.percent(70).then(|| filter(random, 3));
        let keys: Vec<Both> = (0..random.below(3)).map(|_| key(random)).collect();
        let key_names: Vec<String> = (0..keys.len()).map(|at| format!("g{at}")).collect();
        let mut aggregates = vec![(both("count()", "count(*)"), Exactness::Exact)];
        aggregates.extend((0..random.below(4)).map(|_| aggregate(random)));
        let named = |pieces: Vec<&Both>, letter: char| {
            let name = |(at, piece): (usize, &&Both)| {
                both(format!("{} as {letter}{at}", piece.text), format!("{} AS {letter}{at}", piece.sql))
            };
            pieces.iter().enumerate().map(name).collect::<Vec<_>>()
        };
        let keys_named = named(keys.iter().collect(), 'g');
        let named = named(aggregates.iter().map(|(piece, _)| piece).collect(), 'a');
        let texts =
            |pieces: &[Both]| pieces.iter().map(|both| both.text.clone()).collect::<Vec<_>>().join(", ");
        let mut text = filter.as_ref().map_or_else(String::new, |filter| format!("{} | ", filter.text));
        text.push_str(&texts(&named));
        let all: Vec<&str> = keys_named.iter().chain(&named).map(|both| both.sql.as_str()).collect();
        let mut sql = format!("SELECT {} FROM events", all.join(", "));
        if let Some(filter) = &filter {
            sql.push_str(&format!(" WHERE {}", filter.sql));
        }
        if !keys.is_empty() {
            text.push_str(&format!(" by {}", texts(&keys_named)));
            let places: Vec<String> = (1..=keys.len()).map(|place| place.to_string()).collect();
            sql.push_str(&format!(" GROUP BY {}", places.join(", ")));
        }
        if random.percent(25) {
            let least = random.between(1, 60);
            text.push_str(&format!(" | where a0 >= {least}"));
            sql = format!("SELECT * FROM ({sql}) WHERE a0 >= {least}");
        }
        let is_ordered = random.percent(50);
        if is_ordered {
            let order = order(random.percent(60).then_some("a0"), &key_names, random);
            if !order.text.is_empty() {
                text.push_str(&format!(" | sort {}", order.text));
                sql = format!("SELECT * FROM ({sql}) ORDER BY {}", order.sql);
            }
            let limit = random.between(1, 12);
            text.push_str(&format!(" | limit {limit}"));
            sql.push_str(&format!(" LIMIT {limit}"));
        }
        let keys = key_names.len();
        let exactness = aggregates.iter().map(|(_, exactness)| *exactness).enumerate();
        let columns = key_names.into_iter().map(|name| (name, Exactness::Exact));
        let columns = columns.chain(exactness.map(|(at, exactness)| (format!("a{at}"), exactness))).collect();
        Question { text, sql, columns, keys, is_ordered }
    }

    /// `SELECT … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT …`
    fn of_clauses(random: &mut Random) -> Question {
        let filter = filter(random, 2);
        let key = random.of(&["event", "level", "k", "flag", "n"]);
        let (piece, exactness) = aggregate(random);
        let (least, limit) = (random.between(1, 30), random.between(1, 10));
        let order = random.of(&["DESC", "ASC"]);
        Question {
            text: format!(
                "SELECT {key}, count(*) AS a0, {} AS a1 WHERE {} GROUP BY {key} HAVING a0 >= {least} \
                 ORDER BY a0 {order}, {key} LIMIT {limit}",
                piece.text, filter.text
            ),
            sql: format!(
                "SELECT {key}, count(*) AS a0, {} AS a1 FROM events WHERE {} GROUP BY {key} HAVING count(*) >= {least} \
                 ORDER BY a0 {order} NULLS LAST, {key} ASC NULLS LAST LIMIT {limit}",
                piece.sql, filter.sql
            ),
            columns: [key, "a0", "a1"]
                .map(str::to_owned)
                .into_iter()
                .zip([Exactness::Exact, Exactness::Exact, exactness])
                .collect(),
            keys: 1,
            is_ordered: true,
        }
    }

    /// `filter | explode tags | count() by tags`
    fn of_items(random: &mut Random) -> Question {
        let filter = filter(random, 2);
        Question {
            text: format!("{} | explode tags | count() as a0, sum(n) as a1 by tags as g0", filter.text),
            sql: format!(
                "SELECT tag AS g0, count(*) AS a0, sum(n) AS a1 FROM \
                 (SELECT unnest(coalesce(tags, [NULL])) AS tag, n FROM events WHERE {}) GROUP BY 1",
                filter.sql
            ),
            columns: ["g0", "a0", "a1"].map(|name| (name.to_owned(), Exactness::Exact)).into(),
            keys: 1,
            is_ordered: false,
        }
    }

    /// `filter | dedup … | extend … | sort … | limit … | fields …`
    fn of_rows(random: &mut Random) -> Question {
        let filter = filter(random, 3);
        let made = number(random);
        let mut text = filter.text;
        let mut sql = format!("SELECT * FROM events WHERE {}", filter.sql);
        if random.percent(25) {
            let key = random.of(&["k", "n", "id", "event"]);
            text.push_str(&format!(" | dedup {key}"));
            sql.push_str(&format!(
                " QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY \"timestamp\") = 1"
            ));
        }
        let field = random.of(&["x", "n", "k", "duration_ms", "y"]);
        let order = order(Some(field), &["timestamp".to_owned()], random);
        let limit = random.between(1, 20);
        text.push_str(&format!(
            " | extend y = {} | sort {} | limit {limit} | fields timestamp, event, n, x, k, t, flag, y",
            made.text, order.text
        ));
        sql = format!(
            "SELECT \"timestamp\", event, n, x, k, t, flag, y FROM (SELECT *, {} AS y FROM ({sql})) \
             ORDER BY {} LIMIT {limit}",
            made.sql, order.sql
        );
        let columns = ["timestamp", "event", "n", "x", "k", "t", "flag", "y"];
        Question {
            text,
            sql,
            columns: columns.map(|name| (name.to_owned(), Exactness::Exact)).into(),
            keys: 1,
            is_ordered: true,
        }
    }
}
