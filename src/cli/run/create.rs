//! `callboard run create`: records a run that somebody else executes.

use std::path::PathBuf;

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::TaskFlags;
use crate::cli::{escape, request_id, run_meta, text_input};
use crate::grpc::pb::CreateRunRequest;
use crate::host;

/// Create a run, which is `running` from then on, and print its id
///
/// For programs that execute the run themselves; `run exec` does all of it. Give
/// --pid, so that the run counts as lost when its process is gone. The folders of
/// project and task are created when they are missing.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Create {
    /// Which agent it is, such as claude or codex; any word
    #[arg(long, value_name = "NAME")]
    agent: String,
    /// The id of the new run [default: made from the time]
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// The run that starts it
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// The run that it is a restart of
    #[arg(long, value_name = "ID")]
    previous: Option<String>,
    /// Its process on this host
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,
    /// Its process group on this host
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pgid: Option<i32>,
    /// Its working directory
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,
    /// Its command line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    commandline: Option<String>,
    /// The agent's version
    #[arg(long, value_name = "TEXT")]
    agent_version: Option<String>,
    /// A file with its prompt; - means stdin
    #[arg(long, value_name = "FILE")]
    prompt: Option<PathBuf>,
    /// A file with its worktree and tools, in the form of meta.json; - means stdin
    #[arg(long, value_name = "FILE")]
    meta: Option<PathBuf>,
    /// Makes repeating the command safe: the same id creates once [default: a random one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard run create --project demo --task task-1 --agent claude
  run=$(callboard run create --agent codex --pid $$ --prompt prompt.md)
  callboard run create --agent claude --previous \"$run\"
  echo \"{\\\"worktree_path\\\": \\\"$PWD\\\"}\" | callboard run create --agent claude --meta -";

impl Create {
    /// Creates the run.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        // The numbers of a process mean nothing on another host.
        let has_process = self.pid.is_some() || self.pgid.is_some();
        let host = if has_process { host::name() } else { String::new() };
        text_input::only_one_from_stdin(&[self.prompt.as_deref(), self.meta.as_deref()])?;
        let prompt = match &self.prompt {
            Some(path) => text_input::file(&text_input::PROMPT, path)?,
            None => String::new(),
        };
        let meta = self.meta.as_deref().map(run_meta::file).transpose()?;
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id);
        let request = CreateRunRequest {
            project_id: place.project,
            task_id: place.task,
            agent_type: self.agent,
            run_id: self.run.unwrap_or_default(),
            parent_run_id: self.parent.unwrap_or_default(),
            previous_run_id: self.previous.unwrap_or_default(),
            host,
            pid: self.pid.unwrap_or_default(),
            pgid: self.pgid.unwrap_or_default(),
            process_ownership: String::new(),
            cwd: self.cwd.unwrap_or_default(),
            commandline: self.commandline.unwrap_or_default(),
            agent_version: self.agent_version.unwrap_or_default(),
            prompt,
            request_id,
            meta,
        };
        let mut output = self.form.open();
        let client = self.connection.client().await?;
        let answer = self.connection.call(&client, request).await?;
        if answer.duplicate && named_by_caller {
            output::note_repeated();
        }
        output.print(&answer, |answer| {
            let run = answer.run.as_ref().map_or("", |run| &run.run_id);
            escape::line(run).into_owned()
        })?;
        output.flush()
    }
}
