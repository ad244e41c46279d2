//! The subcommands, each in a file of its own: its flags, and `run`.

pub(crate) mod generate;

use crate::{exit::Failure, flags::Command};

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Generate(flags) => generate::run(&flags),
    }
}
