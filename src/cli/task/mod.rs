//! `callboard task`: what can be done with one task.

mod create;
mod delete;
mod done;
mod log;
mod show;
mod state;
mod step;
mod transition;
mod update;

use clap::{Args, Subcommand};

use super::failure::Failure;

/// Create, show, change or remove a task; save its steps, write its log, mark it as done
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
    Transition(transition::Transition),
    Step(step::Step),
    Log(log::Log),
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
            Command::Transition(transition) => transition.run().await,
            Command::Step(step) => step.run().await,
            Command::Log(log) => log.run().await,
            Command::State(state) => state.run().await,
            Command::Done(done) => done.run().await,
            Command::Delete(delete) => delete.run().await,
        }
    }
}
