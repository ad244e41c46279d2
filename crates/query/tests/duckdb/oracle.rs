//! A process of Python with DuckDB in it, which answers SQL.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// Reads a list of texts, the log and the columns, then a question per line, and answers each with a line.
const PROGRAM: &str = r#"
import datetime, decimal, json, sys, duckdb
log, columns = json.loads(sys.stdin.readline())
db = duckdb.connect(config={"threads": 2})
db.execute("SET TimeZone = 'UTC'")
db.execute(f"CREATE TABLE e AS SELECT * FROM read_json('{log}', format='newline_delimited', columns={{{columns}}})")
epoch = datetime.datetime(1970, 1, 1)
def plain(value):
    if isinstance(value, datetime.datetime):
        return (value - epoch) // datetime.timedelta(microseconds=1)
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value
for line in sys.stdin:
    try:
        answer = {"rows": [[plain(value) for value in row] for row in db.execute(json.loads(line)).fetchall()]}
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"#;

/// A Python that has DuckDB: that of the test tools, or the system's.
pub(super) fn python() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-tools");
    let pythons = [tools.join("bin/python"), PathBuf::from("python3")];
    let has_duckdb = |python: &&PathBuf| {
        let mut command = Command::new(python);
        command.args(["-c", "import duckdb"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = pythons.iter().find(has_duckdb).cloned();
    if found.is_none() {
        eprintln!("SKIPPED: no Python with DuckDB; get it with: bash scripts/install-test-tools.sh duckdb");
        assert!(
            !env::var("TEST_TOOLS_REQUIRED").unwrap_or_default().contains("duckdb"),
            "DuckDB is required"
        );
    }
    found
}

pub(super) struct Oracle {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// DuckDB with the log as table `e`, of these columns.
    pub(super) fn start(python: &Path, log: &Path, columns: &str) -> Oracle {
        let mut child = Command::new(python)
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut oracle = Oracle { questions: child.stdin.take(), child, answers };
        oracle.say(&json!([log, columns]));
        oracle
    }

    fn say(&mut self, line: &Value) {
        let questions = self.questions.as_mut().expect("open until the end");
        writeln!(questions, "{line}").and_then(|()| questions.flush()).expect("Python listens");
    }

    pub(super) fn ask(&mut self, sql: &str) -> Result<Vec<Vec<Value>>, String> {
        self.say(&json!(sql));
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("Python answers");
        let answer: Value = serde_json::from_str(&line).expect("an answer; what went wrong is above");
        match (answer["rows"].as_array(), answer["error"].as_str()) {
            (Some(rows), _) => Ok(rows.iter().map(|row| row.as_array().expect("a row").clone()).collect()),
            (None, error) => Err(error.unwrap_or_default().to_owned()),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // The end of the questions is the end of the program.
        self.questions = None;
        let _ = self.child.wait();
    }
}
