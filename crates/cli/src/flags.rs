//! The command line as it is written: low arguments. Nothing is opened here.

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
