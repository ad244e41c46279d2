//! The engine against real DuckDB: random events, random questions, and the same questions in SQL; the answers must be equal.
//!
//! With what `scripts/install-test-tools.sh` installs; without it the test says so and passes, unless `TEST_TOOLS_REQUIRED` has the
//! word `duckdb`.
//! `TRINE_SEED=7 cargo test -p trine-query --test duckdb` asks other questions about other events; `TRINE_QUESTIONS=5000` more of them.
//!
//! The translation is the test's own, so that no mistake is in both: each piece of a question is made up together with its SQL.
#![forbid(unsafe_code)]

#[expect(dead_code, reason = "of the engines, only DuckDB is asked here, and for rows")]
mod engines;
#[path = "duckdb/events.rs"]
mod events;
#[path = "duckdb/questions.rs"]
mod questions;
#[path = "duckdb/random.rs"]
mod random;

use std::{
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::Value;
use trine_query::{
    answer::{Answer, Cell},
    engine::{QUANTILE_ERROR, Settings, ask},
    scan::input::Input,
};

use self::{
    engines::{Engine, Process},
    questions::{Exactness, Question},
    random::Random,
};

/// Seed where none is given.
const SEED: u64 = 20_251_024;
/// Enough for a group with more numbers than quantiles are exact for.
const EVENTS: usize = 4_700;
/// How many questions, where none is given: as many as there is time for, and the least whatever it takes.
const QUESTIONS: usize = 200;
const QUESTIONS_MIN: usize = 20;
const TIME_MAX: Duration = Duration::from_secs(40);
/// Floats are added up in another order.
const FLOAT_ERROR: f64 = 1e-9;
/// Only this many wrong answers are shown: they have one reason, as a rule.
const SHOWN_MAX: usize = 5;

fn cell_is(cell: &Cell, value: &Value, exactness: Exactness) -> bool {
    match (cell, value) {
        (Cell::Null, Value::Null) => true,
        (Cell::Bool(a), Value::Bool(b)) => a == b,
        (Cell::Text(a), Value::String(b)) => a == b,
        // DuckDB counts microseconds.
        (Cell::Time(ns), Value::Number(us)) => us.as_i64().is_some_and(|us| us * 1_000 == *ns),
        (Cell::Nested(json), list) => {
            serde_json::from_str::<Value>(json).is_ok_and(|own| sorted(own) == sorted(list.clone()))
        }
        (Cell::Int(_) | Cell::Float(_), Value::Number(number)) => {
            let own = cell.number().expect("a number");
            let other = number.as_f64().expect("a number");
            let error = match exactness {
                Exactness::Exact => FLOAT_ERROR,
                Exactness::Quantile => QUANTILE_ERROR,
            };
            (own - other).abs() <= error * other.abs().max(1e-3)
        }
        _ => false,
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        other => other,
    }
}

/// What differs, in words.
fn difference(question: &Question, answer: &Answer, rows: &[Vec<Value>]) -> Option<String> {
    if answer.rows.len() != rows.len() {
        return Some(format!("{} rows, DuckDB has {}", answer.rows.len(), rows.len()));
    }
    let names: Vec<&str> = answer.columns.iter().map(|column| &*column.name).collect();
    if names != question.columns.iter().map(|(name, _)| &**name).collect::<Vec<_>>() {
        return Some(format!("columns {names:?}"));
    }
    let mut own: Vec<&Vec<Cell>> = answer.rows.iter().collect();
    let mut pairs = Vec::new();
    if question.is_ordered {
        pairs.extend(own.into_iter().zip(rows));
    } else {
        // Keys are unique, so each row has at most one counterpart.
        for row in rows {
            let keys = question.keys;
            let is_same =
                |own: &&Vec<Cell>| (0..keys).all(|at| cell_is(&own[at], &row[at], Exactness::Exact));
            let Some(at) = own.iter().position(is_same) else {
                return Some(format!("no row with the keys of {row:?}"));
            };
            pairs.push((own.swap_remove(at), row));
        }
    }
    for (own, row) in pairs {
        for (at, (name, exactness)) in question.columns.iter().enumerate() {
            if !cell_is(&own[at], &row[at], *exactness) {
                return Some(format!("{name}: {:?}, DuckDB has {} (row {row:?})", own[at], row[at]));
            }
        }
    }
    None
}

#[test]
fn answers_are_those_of_duckdb() {
    let Some(python) = Engine::DuckDb.python() else { return };
    let wish = |name: &str| env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let (seed, questions) = (wish("TRINE_SEED").unwrap_or(SEED), wish("TRINE_QUESTIONS"));
    let (most, least) = questions.map_or((QUESTIONS, QUESTIONS_MIN), |most| (most as usize, most as usize));
    let mut random = Random::new(seed);
    let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("duckdb-{}.jsonl", std::process::id()));
    fs::write(&log, events::lines(EVENTS, &mut random)).expect("a log");
    let mut oracle = Process::start(Engine::DuckDb, &python, &log, events::COLUMNS);
    let mut wrong = Vec::new();
    let (mut asked, mut rows_seen, mut empty) = (0, 0, 0);
    let begin = Instant::now();
    while asked < least || (asked < most && begin.elapsed() < TIME_MAX) {
        asked += 1;
        let question = Question::new(&mut random);
        let settings = Settings { threads: 2, is_lenient: true, ..Settings::default() };
        let answer = ask(&question.text, &Input::files([log.clone()]), &settings);
        let said = match (answer, oracle.ask(&question.sql).map(|rows| rows.rows)) {
            (Ok(answer), Ok(rows)) => {
                rows_seen += rows.len();
                empty += usize::from(rows.is_empty());
                difference(&question, &answer, &rows)
            }
            (Err(error), _) => Some(error.to_string()),
            (_, Err(error)) => Some(format!("DuckDB: {error}")),
        };
        wrong.extend(said.map(|said| format!("{}\n  {}\n  {said}", question.text, question.sql)));
    }
    drop(oracle);
    fs::remove_file(&log).expect("the log goes away");
    assert!(
        wrong.is_empty(),
        "TRINE_SEED={seed}: {} of {asked} answers differ:\n{}",
        wrong.len(),
        wrong.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join("\n")
    );
    // Else nothing was compared.
    assert!(
        rows_seen > asked && empty < asked / 2,
        "{asked} questions, {rows_seen} rows, {empty} empty answers"
    );
}

#[test]
fn a_wrong_answer_would_be_found() {
    let Some(python) = Engine::DuckDb.python() else { return };
    let log =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("duckdb-wrong-{}.jsonl", std::process::id()));
    fs::write(&log, "{\"event\":\"a_b_done\",\"n\":1}\n{\"event\":\"a_b_done\",\"n\":2}\n").expect("a log");
    let mut oracle = Process::start(Engine::DuckDb, &python, &log, "event: 'VARCHAR', n: 'BIGINT'");
    let question = |sql: &str| Question {
        text: "sum(n) as a".to_owned(),
        sql: sql.to_owned(),
        columns: vec![("a".to_owned(), Exactness::Exact)],
        keys: 0,
        is_ordered: true,
    };
    let answer = ask("sum(n) as a", &Input::files([log.clone()]), &Settings::default()).expect("an answer");
    let mut said = |sql: &str| difference(&question(sql), &answer, &oracle.ask(sql).expect("rows").rows);
    assert_eq!(said("SELECT sum(n) AS a FROM events"), None);
    assert!(said("SELECT sum(n) + 1 AS a FROM events").is_some());
    assert!(said("SELECT sum(n) AS a FROM events GROUP BY n").is_some());
    assert!(oracle.ask("SELECT nothing FROM events").is_err());
    drop(oracle);
    fs::remove_file(&log).expect("the log goes away");
}
