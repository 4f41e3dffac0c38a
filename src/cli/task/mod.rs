//! `callboard task`: what can be done with one task.

mod create;
mod delete;
mod done;
mod show;
mod state;
mod update;

use clap::{Args, Subcommand};

use super::failure::Failure;

/// Create, show, change or remove a task; set its state or mark it as done
#[derive(Debug, Args)]
pub(super) struct Task {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Create),
    Show(show::Show),
    Update(update::Update),
    State(state::State),
    Done(done::Done),
    Delete(delete::Delete),
}

impl Task {
    /// Runs the command.
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Create(create) => create.run().await,
            Command::Show(show) => show.run().await,
            Command::Update(update) => update.run().await,
            Command::State(state) => state.run().await,
            Command::Done(done) => done.run().await,
            Command::Delete(delete) => delete.run().await,
        }
    }
}
