//! The subcommands, each in a file of its own: its flags, and `run`.

pub(crate) mod demo;
pub(crate) mod flow;
pub(crate) mod generate;
pub(crate) mod ops;
pub(crate) mod orphans;
pub(crate) mod query;
pub(crate) mod recover;
pub(crate) mod tail;
pub(crate) mod volume;

use crate::{exit::Failure, flags::Command};

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(flags) => demo::run(&flags),
        Command::Generate(flags) => generate::run(&flags),
        Command::Ops(flags) => ops::run(&flags),
        Command::Flow(flags) => flow::run(&flags),
        Command::Query(flags) => query::run(&flags),
        Command::Orphans(flags) => orphans::run(&flags),
        Command::Tail(flags) => tail::run(&flags),
        Command::Recover(flags) => recover::run(&flags),
        Command::Volume(flags) => volume::run(&flags),
    }
}
