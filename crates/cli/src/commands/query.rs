//! `trine query`: asks logs a question.

mod follow;

use std::{
    io::{self, IsTerminal, Write},
    thread,
};

use clap::Args;
use trine_query::{
    answer::{Answer, Cell, Column, Kind, Shape},
    engine::{Error, Lines, MEMORY_BYTES, Settings, Told, ask, tell},
    lang::{self, Dimension, Unit, ast::Stage},
    scan::input::{Input, Progress},
    sql,
};

use crate::{
    exit::Failure,
    interrupt,
    logs::{self, Range, now_ns},
    progress,
    render::{self, Look, Output},
};

/// Ask logs a question: a filter, and what to make of the events that match.
///
/// The last argument is the question, those before it are the logs; without any, the standard input is read. docs/query.md has the
/// language.
#[derive(Args, Debug)]
#[command(
    override_usage = "trine query [OPTIONS] [LOGS]... QUESTION\n       trine query [OPTIONS] [LOGS]... --sql SELECT",
    after_help = "\
Examples:
  trine query logs/ 'event:\"user_action\" AND action_type:\"purchase\"'
  trine query logs/ 'SUM(amount) WHERE action_type:\"purchase\" GROUP BY category'
  trine query logs/ 'event:payment_process_* | count(), p99(duration_ms) by event, 5m'
  cat app.log | trine query 'level:>=error | top(5, reason) by domain'

Exit codes: 0 done · 1 nothing matched, with --count · 2 the question or the command line cannot be understood · 3 nothing could be read"
)]
pub(crate) struct Flags {
    /// Files, folders and globs (`-` is the standard input), and behind them the question.
    #[arg(value_name = "LOGS... QUESTION", required_unless_present = "sql")]
    arguments: Vec<String>,
    /// The question, as a SELECT: all arguments are logs then. docs/query.md says which clauses there are.
    #[arg(long, value_name = "SELECT")]
    sql: Option<String>,
    #[command(flatten)]
    range: Range,
    /// The form of the answer. Default: a table; of events, the lines as they are in the log.
    #[arg(long, short = 'O', value_name = "FORM")]
    output: Option<Output>,
    /// Print only how many events matched, or how many rows there are; the exit code is 1 when there are none.
    #[arg(long)]
    count: bool,
    /// Memory that the answer may take, as 512MiB.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value_t = Size(MEMORY_BYTES))]
    memory: Size,
    /// Take names that nothing in the logs has as they are; else one that looks like a slip is an error.
    #[arg(long)]
    lenient: bool,
    /// Go on with what is written to the logs from now on: events as they come, or the answer again each second. Ctrl-C ends it.
    #[arg(long, short = 'f', conflicts_with = "count")]
    follow: bool,
    /// Print the question as SQL for this engine, instead of an answer; no logs are read. docs/query.md says what table it is
    /// for.
    #[arg(long, value_name = "ENGINE", conflicts_with_all = ["follow", "count", "output"])]
    to_sql: Option<Engine>,
    /// With --to-sql: the table has no column `sample_rate`, each event counts as one.
    #[arg(long, requires = "to_sql")]
    unsampled: bool,
    /// Threads; default: as many as there are cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// An engine that reads SQL.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Engine {
    Duckdb,
    Clickhouse,
    Spark,
}

/// Bytes of memory.
#[derive(Clone, Copy, Debug)]
struct Size(usize);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}MiB", self.0 >> 20)
    }
}

fn size(text: &str) -> Result<Size, String> {
    let expected = || "expected a size, like 512MiB, 2GiB".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(expected)?;
    let number: f64 = text[..split].parse().map_err(|_| expected())?;
    match Unit::of_symbol(&text[split..]) {
        // A float beyond the range of the integer becomes its end.
        Some((_, unit)) if unit.dimension() == Dimension::Size => Ok(Size((number * unit.factor()) as usize)),
        _ => Err(expected()),
    }
}

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let (question, logs) = match (&flags.sql, flags.arguments.split_last()) {
        (Some(select), _) => (select, &flags.arguments[..]),
        (None, Some((question, logs))) => (question, logs),
        (None, None) => return Err(Failure::Usage("there is no question".to_owned())),
    };
    if let Some(engine) = flags.to_sql {
        return print_sql(flags, question, engine);
    }
    let is_path = flags.sql.is_none() && std::path::Path::new(question).exists();
    if logs.is_empty() && (io::stdin().is_terminal() || is_path) {
        return Err(Failure::Usage(forgotten(question)));
    }
    if flags.follow {
        return follow::run(flags, question, logs);
    }
    let input = find(logs)?;
    let (progress, mut failed) = (Progress::default(), None);
    let settings = flags.settings(Some(&progress));
    let told = thread::scope(|scope| {
        let mut bar = Some(progress::Bar::start(scope, &progress));
        let told = match flags.lines() {
            Some(lines) => tell(question, &input, &settings, lines, &mut |lines| {
                if flags.count {
                    return true;
                }
                // On one screen, lines and a bar are in each other's way.
                if let Some(bar) = bar.take_if(|_| io::stdout().is_terminal()) {
                    bar.finish();
                }
                failed = io::stdout().write_all(lines).and_then(|()| io::stdout().flush()).err();
                failed.is_none()
            }),
            None => ask(question, &input, &settings).map(Told::Whole),
        };
        if let Some(bar) = bar {
            bar.finish();
        }
        told
    });
    // Also when a reader went away: what else there is to say, nobody waits for.
    if let Some(error) = failed {
        return Err(Failure::io("write to the standard output")(error));
    }
    match told.map_err(failure)? {
        Told::Whole(answer) => show(flags, question, &answer),
        Told::Lines { count, notes } => {
            let rest = Answer { notes: *notes, ..Answer::default() };
            if flags.count {
                return show_count(count, &rest);
            }
            render::tell_notes(&rest);
            Ok(())
        }
    }
}

fn print_sql(flags: &Flags, question: &str, engine: Engine) -> Result<(), Failure> {
    let dialect = match engine {
        Engine::Duckdb => sql::Dialect::DuckDb,
        Engine::Clickhouse => sql::Dialect::ClickHouse,
        Engine::Spark => sql::Dialect::Spark,
    };
    let settings = sql::Settings { dialect, is_weighted: !flags.unsampled, range: flags.range.range() };
    let sql = sql::to_sql(question, &settings).map_err(|error| Failure::Usage(error.to_string()))?;
    io::stdout().write_all(sql.as_bytes()).map_err(Failure::io("write to the standard output"))
}

impl Flags {
    /// What is to be given as lines while it is found; nothing where the form of the answer needs all of it first.
    fn lines(&self) -> Option<Lines> {
        match self.output {
            _ if self.count => Some(Lines::Rows),
            None => Some(Lines::Events),
            Some(Output::Ndjson) => Some(Lines::Rows),
            Some(_) => None,
        }
    }

    fn settings<'a>(&self, progress: Option<&'a Progress>) -> Settings<'a> {
        let settings = Settings {
            range: self.range.range(),
            memory_bytes: self.memory.0,
            is_lenient: self.lenient,
            now_ns: now_ns(),
            stop: Some(interrupt::flag()),
            progress,
            ..Settings::default()
        };
        Settings { threads: self.threads.unwrap_or(settings.threads).max(1), ..settings }
    }
}

fn find(logs: &[String]) -> Result<Input, Failure> {
    if logs.is_empty() {
        return Ok(Input::find(["-"]).0);
    }
    let (input, troubles) = Input::find(logs);
    if input.sources().is_empty() {
        return Err(Failure::NoLogs(troubles));
    }
    logs::tell(&troubles);
    Ok(input)
}

/// One argument, and nobody pipes anything in: either of the two is missing.
fn forgotten(only: &str) -> String {
    if std::path::Path::new(only).exists() {
        format!("there is no question: write `trine query {only} 'level:error'`")
    } else {
        "there are no logs: name files or folders before the question, or pipe them in".to_owned()
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Question(error) => Failure::Usage(error.to_string()),
        other => Failure::Usage(other.to_string()),
    }
}

fn show(flags: &Flags, question: &str, answer: &Answer) -> Result<(), Failure> {
    let written = Failure::io("write to the standard output");
    if flags.count {
        // Of `context`, its matches and not what is around them.
        let is_around =
            lang::parse(question).is_ok_and(|query| matches!(query.stages.last(), Some(Stage::Context(_))));
        let count = if is_around { answer.notes.matched } else { answer.rows.len() as u64 };
        return show_count(count, answer);
    }
    if answer.shape == Shape::Events && flags.output.is_none() {
        let mut out = io::stdout().lock();
        out.write_all(answer.ndjson().as_bytes()).and_then(|()| out.flush()).map_err(written)?;
        render::tell_notes(answer);
        return Ok(());
    }
    let title = format!("trine query '{question}'");
    let output = flags.output.unwrap_or_default();
    let look = Look { title: &title, ..Look::default() };
    let shown = render::Shown { output };
    match answer.shape {
        Shape::Events if !matches!(output, Output::Ndjson | Output::Json) => {
            render::show(&as_table(answer), look, &shown)
        }
        _ => render::show(answer, look, &shown),
    }
    .map_err(Failure::io("write to the standard output"))
}

fn show_count(count: u64, answer: &Answer) -> Result<(), Failure> {
    writeln!(io::stdout(), "{count}").map_err(Failure::io("write to the standard output"))?;
    render::tell_notes(answer);
    if count == 0 { Err(Failure::None) } else { Ok(()) }
}

/// Columns of a table that events are shown in: beyond, they do not fit any page.
const COLUMNS_MAX: usize = 64;

/// Events as rows: a column for each key, in the order in which they come.
fn as_table(answer: &Answer) -> Answer {
    use trine_query::scan::line::{Line, Value};

    let mut table = Answer { notes: answer.notes.clone(), ..Answer::default() };
    let mut buffer = String::new();
    for row in &answer.rows {
        let [Cell::Nested(line)] = &row[..] else { continue };
        let mut cells = vec![Cell::Null; table.columns.len()];
        for member in Line::new(line.as_bytes()).members().flatten() {
            let key = member.key(&mut buffer).to_owned();
            let place = match table.column(&key) {
                Some(place) => place,
                None if table.columns.len() < COLUMNS_MAX => {
                    // As keys: nothing of single events is measured, and drawn.
                    table.columns.push(Column::key(&key, Kind::Any).with_unit(Unit::of_field(&key)));
                    cells.push(Cell::Null);
                    table.columns.len() - 1
                }
                None => continue,
            };
            let mut text = String::new();
            cells[place] = match member.value.value(&mut text) {
                Ok(Value::Null) | Err(_) => Cell::Null,
                Ok(Value::Bool(is_true)) => Cell::Bool(is_true),
                Ok(Value::Int(int)) => Cell::Int(int),
                Ok(Value::Float(float)) => Cell::Float(float),
                Ok(Value::Text(text)) => Cell::Text(text.to_owned()),
                Ok(Value::List(raw) | Value::Map(raw)) => {
                    Cell::Nested(String::from_utf8_lossy(raw.bytes()).into_owned())
                }
            };
        }
        table.rows.push(cells);
    }
    let width = table.columns.len();
    table.rows.iter_mut().for_each(|row| row.resize(width, Cell::Null));
    table
}
