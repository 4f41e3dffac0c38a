//! `callboard run`: what can be done with one run.

mod create;
mod delete;
mod event;
mod exec;
mod files;
mod meta;
mod show;
mod status;
mod tree;

use std::process::{ExitCode, Termination as _};

use clap::{Args, Subcommand};

use super::failure::Failure;

pub(super) use self::exec::OWN_FAILURE as EXEC_FAILURE;

/// Create, show, end, remove or execute a run; record its worktree and what happens to it
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Exec(exec::Exec),
    Create(create::Create),
    Status(status::Status),
    Show(show::Show),
    Tree(tree::Tree),
    Files(files::Files),
    Meta(meta::Meta),
    Event(event::Event),
    Delete(delete::Delete),
}

impl Run {
    /// Runs the command. Only `exec` has an exit code of its own.
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let outcome = match self.command {
            Command::Exec(exec) => return exec.run().await,
            Command::Create(create) => create.run().await,
            Command::Status(status) => status.run().await,
            Command::Show(show) => show.run().await,
            Command::Tree(tree) => tree.run().await,
            Command::Files(files) => files.run().await,
            Command::Meta(meta) => meta.run().await,
            Command::Event(event) => event.run().await,
            Command::Delete(delete) => delete.run().await,
        };
        outcome.map(|()| ().report())
    }
}
