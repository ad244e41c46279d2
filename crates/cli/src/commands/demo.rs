//! `trine demo`: a log of a shop, and five questions to it.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
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

/// Make up a shop's log, and show five questions to it with their answers.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    /// How many events.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50_000)]
    events: u64,
    /// Keep the log in this folder, to ask it more.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
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
    let temporary = || std::env::temp_dir().join(format!("trine-demo-{}", std::process::id()));
    let folder = Folder { path: demo.keep.clone().unwrap_or_else(temporary), is_kept: demo.keep.is_some() };
    let path = folder.path.join(FILE);
    fs::create_dir_all(&folder.path).map_err(Failure::io(format!("make `{}`", folder.path.display())))?;
    let settings = Settings { events: demo.events, ..Settings::default() };
    let mut file = File::create(&path).map_err(Failure::io(format!("create `{}`", path.display())))?;
    let bytes =
        generate::write(settings, &mut file).map_err(Failure::io(format!("write `{}`", path.display())))?;
    say(format_args!(
        "A shop's log: {} events, {}.",
        cell_count(demo.events as f64),
        cell_bytes(bytes as f64)
    ))?;
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
