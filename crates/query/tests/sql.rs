//! Questions as SQL: real DuckDB, real ClickHouse and real Spark answer it as the engine does.
//!
//! With what `scripts/install-test-tools.sh` installs; without it a test says so and passes, unless `TEST_TOOLS_REQUIRED` has the
//! word `duckdb` or `chdb`. Spark is asked only where it has the word `pyspark`.
#![forbid(unsafe_code)]

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

const SPARK_COLUMNS: &str = "event STRING, timestamp TIMESTAMP, level STRING, endpoint STRING, amount DOUBLE, status_code BIGINT, \
    duration_ms DOUBLE, bytes BIGINT, message STRING, reason STRING, user_id STRING, flag BOOLEAN, sample_rate DOUBLE, \
    http STRUCT<method: STRING>, tags ARRAY<STRING>";

/// Words of questions that only other dialects have.
const NOT_OF_SPARK: [&str; 1] = ["top("];

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
        if engine == Engine::Spark && NOT_OF_SPARK.iter().any(|word| question.contains(word)) {
            continue;
        }
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
fn spark_answers_as_the_engine_does() {
    compare(Engine::Spark, Dialect::Spark, SPARK_COLUMNS);
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

/// The text of each golden question for an engine: to be read in a review.
#[test]
fn the_text_is_as_it_was_read() {
    for (dialect, name) in
        [(Dialect::DuckDb, "duckdb"), (Dialect::ClickHouse, "clickhouse"), (Dialect::Spark, "spark")]
    {
        let mut text = String::new();
        for (question, is_weighted) in GOLDEN {
            let settings = sql::Settings { is_weighted, ..sql::Settings::new(dialect) };
            let sql = to_sql(question, &settings).unwrap_or_else(|error| panic!("{error}"));
            text.push_str(&format!("-- {}\n{sql}\n", question.replace('\n', "\\n")));
        }
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/sql/golden/{name}.sql"));
        if std::env::var_os("TRINE_WRITE_GOLDEN").is_some() {
            fs::write(&path, &text).expect("the golden text");
        }
        let golden = fs::read_to_string(&path).expect("the golden text");
        assert_eq!(text, golden, "{name}: TRINE_WRITE_GOLDEN=1 writes it anew, to be read before it is kept");
    }
}

/// Questions, and whether events count as often as their sample rate says.
const GOLDEN: [(&str, bool); 9] = [
    ("tags[0]:* | explode tags | dedup user_id, tags | collapse_nums message | fields tags, message", false),
    ("count() by level", true),
    ("event:payment_* level:>=warn duration_ms:>2s | count(), p99(duration_ms) by event, 5m", false),
    ("amount:* -reason:null | sort -amount | limit 3 | fields event, amount * 2 as twice", false),
    ("count_distinct(user_id), first(reason), rate(1m), p50(amount) by domain | where rate > 2", true),
    ("http.method:GET tags[0]:red message:/a.b/ | extend slow = duration_ms > 1s | count() by slow", false),
    ("* | fields split(event, \"_\", 0), extract(message, \"a(b)\"), round(amount, 1), day_of_week()", false),
    ("reason:\"it's \\\"${x}\\\" \\\\ \n--\" `odd \"na\\me`:1", false),
    ("user_id in (level:error | fields user_id) | count() by event", false),
];

#[test]
fn hostile_texts_stay_texts() {
    let Some(python) = Engine::DuckDb.python() else { return };
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sql-odd-{}.jsonl", std::process::id()));
    for (engine, dialect, columns) in [
        (Engine::DuckDb, Dialect::DuckDb, "event: 'VARCHAR', t: 'VARCHAR'"),
        (Engine::ClickHouse, Dialect::ClickHouse, "event String, t Nullable(String)"),
    ] {
        if engine == Engine::ClickHouse && engine.python().is_none() {
            continue;
        }
        for hostile in [
            "'",
            "''",
            "\\",
            "\\'",
            "\"",
            "x' OR '1'='1",
            "line\nfeed",
            "'; DROP TABLE events; --",
            "%",
            "_",
            "${x}",
        ] {
            let line = serde_json::json!({"event": "a_b", "t": hostile});
            fs::write(&path, format!("{line}\n{{\"event\":\"a_b\",\"t\":\"other\"}}\n")).expect("a log");
            let mut process = Process::start(engine, &python, &path, columns);
            let quoted = serde_json::to_string(hostile).expect("a text");
            // The text as a value, and as the name of a column.
            let question = format!("t:{quoted} | count() as {quoted}");
            let settings = sql::Settings { is_weighted: false, ..sql::Settings::new(dialect) };
            let sql = to_sql(&question, &settings).unwrap_or_else(|error| panic!("{error}"));
            let rows = process.ask(&sql).unwrap_or_else(|error| panic!("{question}\n{sql}{error}"));
            assert_eq!((rows.names, rows.rows), (vec![hostile.to_owned()], vec![vec![1.into()]]), "{sql}");
        }
    }
    fs::remove_file(&path).expect("the log goes away");
}

#[test]
fn what_sql_cannot_say_is_pointed_at() {
    for (question, shown) in [
        (
            "* | pair by request_id",
            "`pair by request_id` cannot be said in SQL for DuckDB\n  | * | pair by request_id\n  |     ^^^^^^^^^^^^^^^^^^",
        ),
        (
            "level:error | context 3",
            "`context 3` cannot be said in SQL for DuckDB\n  | level:error | context 3\n  |               ^^^^^^^^^",
        ),
        ("* | differ", "`differ` cannot be said in SQL for DuckDB\n  | * | differ\n  |     ^^^^^^"),
        ("* | facets 1", "`facets 1` cannot be said in SQL for DuckDB\n  | * | facets 1\n  |     ^^^^^^^^"),
        (
            "count() | compare 1d",
            "`compare 1d` cannot be said in SQL for DuckDB\n  | count() | compare 1d\n  |           ^^^^^^^^^^",
        ),
        (
            "* | field_names",
            "`field_names` cannot be said in SQL for DuckDB\n  | * | field_names\n  |     ^^^^^^^^^^^",
        ),
        (
            "* | fields type(a)",
            "`type` cannot be said in SQL for DuckDB\n  | * | fields type(a)\n  |            ^^^^",
        ),
        (
            "declined | count()",
            "a word anywhere in an event cannot be said in SQL for DuckDB\n  | declined | count()\n  | ^^^^^^^^",
        ),
    ] {
        let error = to_sql(question, &sql::Settings::new(Dialect::DuckDb)).expect_err(question);
        let hint = error.to_string();
        assert_eq!(hint.split("\nhint: ").next(), Some(shown));
        assert!(error.advice().is_some(), "{question}");
    }
}

#[test]
fn every_function_is_asked_or_refused() {
    const REFUSED: [&str; 1] = ["type"];
    for function in trine_query::lang::FUNCTIONS {
        let call = format!("{}(", function.name);
        let is_asked = questions().any(|question| question.to_lowercase().contains(&call));
        assert_ne!(is_asked, REFUSED.contains(&function.name), "{}", function.name);
    }
    for dialect in [Dialect::DuckDb, Dialect::ClickHouse, Dialect::Spark] {
        assert!(to_sql("* | fields type(a)", &sql::Settings::new(dialect)).is_err());
    }
    for word in NOT_OF_SPARK {
        assert!(to_sql(&format!("{word}a)"), &sql::Settings::new(Dialect::Spark)).is_err(), "{word}");
    }
}
