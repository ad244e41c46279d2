//! Questions as SQL: real DuckDB and real ClickHouse answer it as the engine does; of Spark, only the text is compared.
//!
//! With what `scripts/install-test-tools.sh` installs; without it a test says so and passes, unless `TEST_TOOLS_REQUIRED` has the
//! word `duckdb` or `chdb`.
#![forbid(unsafe_code)]

#[path = "sql/engines.rs"]
mod engines;

use std::{fs, path::PathBuf};

use serde_json::Value;
use trine_query::{
    answer::{Answer, Cell},
    engine::{Settings, ask},
    scan::input::Input,
    sql::{self, Dialect, to_sql},
};

use self::engines::{Engine, Process, Rows};

const LOG: &str = include_str!("sql/shop.jsonl");
const QUESTIONS: &str = include_str!("sql/questions.txt");
/// Floats are added up in another order.
const FLOAT_ERROR: f64 = 1e-9;

const DUCKDB_COLUMNS: &str = "event: 'VARCHAR', timestamp: 'TIMESTAMP', level: 'VARCHAR', endpoint: 'VARCHAR', \
    amount: 'DOUBLE', status_code: 'BIGINT', duration_ms: 'DOUBLE', bytes: 'BIGINT', message: 'VARCHAR', reason: 'VARCHAR', \
    user_id: 'VARCHAR', flag: 'BOOLEAN', sample_rate: 'DOUBLE', http: 'STRUCT(method VARCHAR)', tags: 'VARCHAR[]'";
const CLICKHOUSE_COLUMNS: &str = "event String, timestamp DateTime64(6, \\'UTC\\'), level Nullable(String), endpoint Nullable(String), \
    amount Nullable(Float64), status_code Nullable(Int64), duration_ms Nullable(Float64), bytes Nullable(Int64), \
    message Nullable(String), reason Nullable(String), user_id Nullable(String), flag Nullable(Bool), \
    sample_rate Nullable(Float64), http Tuple(method Nullable(String)), tags Array(Nullable(String))";

fn questions() -> impl Iterator<Item = &'static str> {
    QUESTIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn cell_is(cell: &Cell, value: &Value) -> bool {
    match (cell, value) {
        (Cell::Null, Value::Null) => true,
        (Cell::Bool(a), Value::Bool(b)) => a == b,
        // ClickHouse's comparisons are 0 and 1.
        (Cell::Bool(a), Value::Number(b)) => b.as_u64() == Some(u64::from(*a)),
        (Cell::Text(a), Value::String(b)) => a == b,
        // Microseconds.
        (Cell::Time(ns), Value::Number(us)) => us.as_i64().is_some_and(|us| us * 1_000 == *ns),
        (Cell::Nested(json), list) => serde_json::from_str::<Value>(json).is_ok_and(|own| own == *list),
        (Cell::Int(_) | Cell::Float(_), Value::Number(number)) => {
            let (own, other) = (cell.number().expect("a number"), number.as_f64().expect("a number"));
            (own - other).abs() <= FLOAT_ERROR * other.abs().max(1e-3)
        }
        _ => false,
    }
}

/// What differs, in words. Rows stand in the same order.
fn difference(answer: &Answer, rows: &Rows) -> Option<String> {
    let names: Vec<&str> = answer.columns.iter().map(|column| &*column.name).collect();
    if names != rows.names {
        return Some(format!("columns {names:?}, there {:?}", rows.names));
    }
    if answer.rows.len() != rows.rows.len() {
        return Some(format!("{} rows, there {}", answer.rows.len(), rows.rows.len()));
    }
    answer.rows.iter().zip(&rows.rows).find_map(|(own, row)| {
        let is_same = own.iter().zip(row).all(|(cell, value)| cell_is(cell, value));
        (!is_same).then(|| format!("{own:?}, there {row:?}"))
    })
}

fn compare(engine: Engine, dialect: Dialect, columns: &str) {
    let Some(python) = engine.python() else { return };
    let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("sql-{engine:?}-{}.jsonl", std::process::id()));
    fs::write(&log, LOG).expect("a log");
    let mut process = Process::start(engine, &python, &log, columns);
    let mut wrong = Vec::new();
    for question in questions() {
        let sql = to_sql(question, &sql::Settings::new(dialect)).unwrap_or_else(|error| panic!("{error}"));
        let answer = ask(question, &Input::files([log.clone()]), &Settings::default()).expect("an answer");
        let said = match process.ask(&sql) {
            Ok(rows) => difference(&answer, &rows),
            Err(error) => Some(error),
        };
        wrong.extend(said.map(|said| format!("{question}\n{sql}{said}\n")));
    }
    drop(process);
    fs::remove_file(&log).expect("the log goes away");
    assert!(wrong.is_empty(), "{} answers of {engine:?} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn duckdb_answers_as_the_engine_does() {
    compare(Engine::DuckDb, Dialect::DuckDb, DUCKDB_COLUMNS);
}

#[test]
fn clickhouse_answers_as_the_engine_does() {
    compare(Engine::ClickHouse, Dialect::ClickHouse, CLICKHOUSE_COLUMNS);
}

#[test]
fn a_wrong_answer_would_be_found() {
    let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sql-{}.jsonl", std::process::id()));
    fs::write(&log, LOG).expect("a log");
    let answer = ask("level:error | count()", &Input::files([log.clone()]), &Settings::default());
    fs::remove_file(&log).expect("the log goes away");
    let answer = answer.expect("an answer");
    let rows = |name: &str, count: i64| Rows { names: vec![name.to_owned()], rows: vec![vec![count.into()]] };
    assert_eq!(difference(&answer, &rows("count", 2)), None);
    assert!(difference(&answer, &rows("count", 3)).is_some());
    assert!(difference(&answer, &rows("counts", 2)).is_some());
    assert!(difference(&answer, &Rows { names: vec!["count".to_owned()], rows: Vec::new() }).is_some());
}
