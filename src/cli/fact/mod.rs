//! `callboard fact`: what can be done with one fact.

mod add;
mod show;

use clap::{Args, Subcommand};

use super::failure::Failure;

/// Write down a fact about a project or a task, or show one
#[derive(Debug, Args)]
pub(super) struct Fact {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Add),
    Show(show::Show),
}

impl Fact {
    /// Runs the command.
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Add(add) => add.run().await,
            Command::Show(show) => show.run().await,
        }
    }
}
