//! `trine demo`: a shop that works for some seconds and is killed, and five questions to its log.

mod killed;
mod shop;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Parser};
use trine_query::{
    generate::{self, Settings},
    scan::line::Line,
};

use crate::{
    exit::Failure,
    flags,
    render::{Screen, cell_bytes, cell_count},
};

/// Run a shop for some seconds, kill it in the middle of its work, and show five questions to its log with their answers.
///
/// The shop is a process of its own, on many threads, which emits its events with Trine. What it had not written when it was killed comes
/// from its black box.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    /// How long the shop works.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Run no shop, but make up a log with so many events: the same each time.
    #[arg(long, short = 'n', value_name = "N", conflicts_with = "seconds")]
    events: Option<u64>,
    /// Keep the log in this folder, to ask it more.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Be the shop, with this log.
    #[arg(long, value_name = "FILE", hide = true)]
    shop: Option<PathBuf>,
}

/// The log's name.
const FILE: &str = "shop.jsonl";
/// How far into the log the failed payment is looked for that is shown.
const HEAD_BYTES: usize = 8 << 20;

/// A question, and the command line that asks it, behind the log.
struct Question {
    asks: &'static str,
    command: &'static str,
    more: Vec<String>,
}

/// A folder that is gone with the demo, unless it is to be kept.
struct Folder {
    path: PathBuf,
    is_kept: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            // Of what is left behind in a folder for temporary files, nobody needs to hear.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

pub(crate) fn run(demo: &Flags) -> Result<(), Failure> {
    if let Some(log) = &demo.shop {
        shop::open(log);
        return Ok(());
    }
    let temporary = || std::env::temp_dir().join(format!("trine-demo-{}", std::process::id()));
    let folder = Folder { path: demo.keep.clone().unwrap_or_else(temporary), is_kept: demo.keep.is_some() };
    let path = folder.path.join(FILE);
    fs::create_dir_all(&folder.path).map_err(Failure::io(format!("make `{}`", folder.path.display())))?;
    match demo.events {
        Some(events) => make_up(events, &path)?,
        None => have_worked(demo.seconds, &path)?,
    }
    for question in questions(&path)? {
        answer(question, &path)?;
    }
    if folder.is_kept {
        say(format_args!("\nAsk more: trine --help. The log is in {}.", path.display()))
    } else {
        say(format_args!(
            "\nAsk more: `trine demo --keep demo` keeps the log in demo/{FILE}; `trine --help` says what can be asked."
        ))
    }
}

/// A log that the generator makes up.
fn make_up(events: u64, path: &Path) -> Result<(), Failure> {
    let settings = Settings { events, ..Settings::default() };
    let mut file = File::create(path).map_err(Failure::io(format!("create `{}`", path.display())))?;
    let bytes =
        generate::write(settings, &mut file).map_err(Failure::io(format!("write `{}`", path.display())))?;
    say(format_args!("A shop's log: {} events, {}.", cell_count(events as f64), cell_bytes(bytes as f64)))
}

/// The log of a shop that worked.
fn have_worked(seconds: u64, path: &Path) -> Result<(), Failure> {
    // One that was kept is of another run.
    if path.exists() {
        fs::remove_file(path).map_err(Failure::io(format!("remove `{}`", path.display())))?;
    }
    let killed = killed::run(path, Duration::from_secs(seconds))?;
    let left = match killed.recovered {
        0 => "all of them were written already".to_owned(),
        recovered => format!("the last {} are from its black box", cell_count(recovered as f64)),
    };
    say(format_args!(
        "A shop worked for {seconds} s, on {} threads, and was killed in the middle of it.\n\
         Its log: {} events, {}; {left}.",
        shop::THREADS,
        cell_count(killed.events as f64),
        cell_bytes(killed.bytes as f64),
    ))
}

fn say(text: impl std::fmt::Display) -> Result<(), Failure> {
    writeln!(io::stdout(), "{text}").map_err(Failure::io("write to the standard output"))
}

/// Runs the command as if it had been typed.
fn answer(question: Question, path: &Path) -> Result<(), Failure> {
    let style = Screen::of_stdout().style;
    let shown: Vec<String> = question.more.iter().map(|word| quoted(word)).collect();
    let command = format!("$ trine {} {FILE} {}", question.command, shown.join(" "));
    say(format_args!("\n{}\n{}\n", style.bold(question.asks), style.accent(command.trim_end())))?;
    let words = ["trine".to_owned(), question.command.to_owned(), path.display().to_string()];
    match flags::Flags::try_parse_from(words.into_iter().chain(question.more)) {
        Ok(flags) => match super::run(flags.command) {
            // A small log may hold none of what is asked.
            Err(Failure::Nothing(what)) => say(what),
            outcome => outcome,
        },
        Err(error) => Err(Failure::Usage(error.to_string())),
    }
}

fn questions(path: &Path) -> Result<Vec<Question>, Failure> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let mut questions =
        vec![Question { asks: "How do the shop's operations do?", command: "ops", more: Vec::new() }];
    if let Some(id) = failed_payment(path)? {
        questions.push(Question {
            asks: "What happened to this customer's payment?",
            command: "flow",
            more: vec![id],
        });
    }
    questions.extend([
        Question {
            asks: "Which payments began and never ended?",
            command: "orphans",
            more: words(&["--operation", "payment_*", "--limit", "5"]),
        },
        Question {
            asks: "How much money came in?",
            command: "query",
            more: words(&[r#"SUM(amount) WHERE event:"payment_process_success" GROUP BY currency"#]),
        },
        Question {
            asks: "What are we paying for?",
            command: "volume",
            more: words(&["--per-gb", "0.50", "--limit", "6"]),
        },
    ]);
    Ok(questions)
}

/// The request of the first payment that failed.
fn failed_payment(path: &Path) -> Result<Option<String>, Failure> {
    use std::io::Read;
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head))
        .map_err(Failure::io(format!("read `{}`", path.display())))?;
    let failed = head
        .split(|byte| *byte == b'\n')
        .map(Line::new)
        .find(|line| line.name_in_front() == Some(b"payment_process_failed"));
    let id = failed.and_then(|line| line.get("request_id").ok().flatten());
    Ok(id.and_then(|id| id.text(&mut String::new()).map(str::to_owned)))
}

/// A word as it is written in a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        assert_eq!(quoted("level:error"), "level:error");
        assert_eq!(quoted("payment_*"), "'payment_*'");
    }
}
