//! The command line as it is written: low arguments. Nothing is opened here.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::commands;

/// Asks structured logs: any JSON lines, plain or compressed, without a server, an index or a schema.
#[derive(Debug, Parser)]
#[command(name = "trine", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One variant, and one file in `commands/`, for each subcommand.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Query(commands::query::Flags),
    Ops(commands::ops::Flags),
    Flow(commands::flow::Flags),
    Orphans(commands::orphans::Flags),
    Tail(commands::tail::Flags),
    Volume(commands::volume::Flags),
    Demo(commands::demo::Flags),
    Recover(commands::recover::Flags),
    Generate(commands::generate::Flags),
}

impl Flags {
    /// Reads what the program was called with; ends it with a message where that cannot be understood.
    pub(crate) fn of_command_line() -> Flags {
        let mut arguments: Vec<OsString> = std::env::args_os().collect();
        if arguments.get(1).is_some_and(|command| command == "query") {
            arguments.iter_mut().skip(2).filter(|argument| is_negation(argument)).for_each(|argument| {
                // No flag begins with a blank.
                let question = std::mem::replace(argument, " ".into());
                argument.push(question);
            });
        }
        Flags::parse_from(arguments)
    }
}

/// Whether it is a question that begins with a negation, `-level:debug`, and so looks like a flag.
fn is_negation(argument: &OsString) -> bool {
    let Some(behind) = argument.to_str().and_then(|text| text.strip_prefix('-')) else { return false };
    behind.starts_with(|c: char| c.is_alphabetic() || matches!(c, '"' | '(' | '_'))
        && behind.contains([':', ' ', '"', '|'])
}
