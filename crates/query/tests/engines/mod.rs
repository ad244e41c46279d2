//! Processes of Python with DuckDB, ClickHouse (chdb) or Spark in them, which answer SQL about the table `events`.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// Reads the log and its columns, then a statement per line, and answers each with a line.
const DUCKDB: &str = r#"
import datetime, decimal, json, sys, duckdb
log, columns = json.loads(sys.stdin.readline())
db = duckdb.connect(config={"threads": 2})
db.execute("SET TimeZone = 'UTC'")
db.execute(f"CREATE TABLE events AS SELECT * FROM read_json('{log}', format='newline_delimited', columns={{{columns}}})")
epoch = datetime.datetime(1970, 1, 1)
def plain(value):
    if isinstance(value, datetime.datetime):
        return (value - epoch) // datetime.timedelta(microseconds=1)
    return float(value) if isinstance(value, decimal.Decimal) else value
for line in sys.stdin:
    try:
        cursor = db.execute(json.loads(line))
        answer = {"names": [column[0] for column in cursor.description],
                  "rows": [[plain(value) for value in row] for row in cursor.fetchall()]}
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"#;

const CLICKHOUSE: &str = r#"
import datetime, json, sys
from chdb import session
log, columns = json.loads(sys.stdin.readline())
db = session.Session()
db.query("SET output_format_json_quote_64bit_integers = 0, date_time_input_format = 'best_effort'")
db.query(f"CREATE TABLE events ENGINE = Memory AS SELECT * FROM file('{log}', 'JSONEachRow', '{columns}')")
epoch = datetime.datetime(1970, 1, 1)
def plain(value, kind):
    if value is not None and 'DateTime64' in kind:
        return (datetime.datetime.fromisoformat(value) - epoch) // datetime.timedelta(microseconds=1)
    return value
for line in sys.stdin:
    try:
        answer = json.loads(str(db.query(json.loads(line), "JSONCompact")))
        kinds = [column["type"] for column in answer["meta"]]
        answer = {"names": [column["name"] for column in answer["meta"]],
                  "rows": [[plain(*pair) for pair in zip(row, kinds)] for row in answer["data"]]}
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"#;

const SPARK: &str = r#"
import datetime, decimal, json, os, sys, time
os.environ["TZ"] = "UTC"
time.tzset()
from pyspark.sql import Row, SparkSession
log, columns = json.loads(sys.stdin.readline())
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
for key, value in {"shuffle.partitions": "1", "session.timeZone": "UTC"}.items():
    builder = builder.config(f"spark.sql.{key}", value)
db = builder.getOrCreate()
db.sparkContext.setLogLevel("OFF")
db.read.json(log, schema=columns).createOrReplaceTempView("events")
epoch = datetime.datetime(1970, 1, 1)
def plain(value):
    if isinstance(value, datetime.datetime):
        return (value - epoch) // datetime.timedelta(microseconds=1)
    if isinstance(value, Row):
        return {key: plain(inner) for key, inner in value.asDict().items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return float(value) if isinstance(value, decimal.Decimal) else value
for line in sys.stdin:
    try:
        frame = db.sql(json.loads(line))
        answer = {"names": frame.columns, "rows": [[plain(value) for value in row] for row in frame.collect()]}
    except Exception as error:
        answer = {"error": str(error)[:2000]}
    print(json.dumps(answer), flush=True)
"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    DuckDb,
    ClickHouse,
    /// Takes half a second a question: only when it is asked for.
    Spark,
}

impl Engine {
    fn module(self) -> &'static str {
        match self {
            Engine::DuckDb => "duckdb",
            Engine::ClickHouse => "chdb",
            Engine::Spark => "pyspark",
        }
    }

    /// A Python that has it: that of the test tools, or the system's.
    pub(super) fn python(self) -> Option<PathBuf> {
        let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-tools");
        let module = self.module();
        let required = env::var("TEST_TOOLS_REQUIRED").unwrap_or_default();
        if self == Engine::Spark && !required.contains(module) {
            eprintln!("SKIPPED: Spark, which takes a minute; ask it with: bash scripts/test.sh --with-spark");
            return None;
        }
        let has_module = |python: &PathBuf| {
            let mut command = Command::new(python);
            command.arg("-c").arg(format!("import {module}")).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let found = [tools.join("bin/python"), PathBuf::from("python3")].into_iter().find(has_module);
        if found.is_none() {
            let how = "get it with: bash scripts/install-test-tools.sh";
            eprintln!("SKIPPED: no Python with {module}; {how} {module}");
            assert!(!required.contains(module), "{module} is required");
        }
        found
    }
}

pub(super) struct Rows {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
}

pub(super) struct Process {
    child: Child,
    statements: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    /// The engine with the log as table `events`, of these columns.
    pub(super) fn start(engine: Engine, python: &Path, log: &Path, columns: &str) -> Process {
        let program = match engine {
            Engine::DuckDb => DUCKDB,
            Engine::ClickHouse => CLICKHOUSE,
            Engine::Spark => SPARK,
        };
        let mut child = Command::new(python)
            .args(["-c", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut process = Process { statements: child.stdin.take(), child, answers };
        process.say(&json!([log, columns]));
        process
    }

    fn say(&mut self, line: &Value) {
        let statements = self.statements.as_mut().expect("open until the end");
        writeln!(statements, "{line}").and_then(|()| statements.flush()).expect("Python listens");
    }

    pub(super) fn ask(&mut self, sql: &str) -> Result<Rows, String> {
        self.say(&json!(sql));
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("Python answers");
        let answer: Value = serde_json::from_str(&line).expect("an answer; what went wrong is above");
        if let Some(error) = answer["error"].as_str() {
            return Err(error.to_owned());
        }
        let list = |value: &Value| value.as_array().expect("a list").clone();
        Ok(Rows {
            names: list(&answer["names"])
                .iter()
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect(),
            rows: list(&answer["rows"]).iter().map(list).collect(),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of the statements is the end of the program.
        self.statements = None;
        let _ = self.child.wait();
    }
}
