//! `callboard run exec`: runs a command as a run.
//!
//! The run is created before the command is started, and ended after all that it wrote
//! is recorded. While the server is away the command goes on; what it writes is kept
//! here, up to a bound, and recorded later.

mod backlog;
mod calls;
mod capture;
mod child;
mod command_line;
mod outcome;
mod patience;
mod prompt;
mod record;
mod result;
mod start;
mod story;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::place_flags::TaskFlags;
use crate::cli::run_environment::{self, absolute_path};
use crate::cli::{duration, output, request_id};
use crate::grpc::pb::CreateRunRequest;
use crate::host;

pub(in crate::cli) use self::outcome::OWN_FAILURE;

use self::child::Signals;
use self::prompt::Prompt;
use self::record::Recorder;
use self::start::Start;
use self::story::Story;

/// Run a command as a run: record its output, its end, and post both to the task's bus
///
/// The command finds its run in JRUN_PROJECT_ID, JRUN_TASK_ID, JRUN_ID, JRUN_PARENT_ID,
/// JRUN_TASK_FOLDER, JRUN_RUN_FOLDER and JRUN_MESSAGE_BUS. Inside another run the new
/// one is its child. What the command writes is passed through and kept with the run;
/// its result is output.md in the run's folder, which is made from stdout when the
/// command writes none.
///
/// Signals are passed on to the command, and to all that it has started. On a terminal
/// the command stays in our process group, and has no other: INT and QUIT are left to
/// the terminal, which sends them to the command itself; TERM and the others are passed
/// on to the command alone. One that asks to end before the command is started fails
/// the run.
///
/// When the server is away the command goes on, and what it writes is recorded when the
/// server is back. When nobody reads our stdout any more, as behind `| head`, a note says
/// so, and the run goes on and is recorded all the same. What the command leaves behind
/// in the background may write for 10 s more at most, and is not waited for once it is
/// silent for 2 s.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Exec {
    /// The command, and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
    /// Which agent it is, such as claude or codex; any word
    #[arg(long, value_name = "NAME")]
    agent: String,
    /// The id of the new run [default: made from the time]
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// The run that starts it; '' means none [default: $JRUN_ID]
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// The run that it is a restart of
    #[arg(long, value_name = "ID")]
    previous: Option<String>,
    /// A file with its prompt, to be kept as prompt.md; the command's stdin is ours
    #[arg(long, value_name = "FILE")]
    prompt: Option<PathBuf>,
    /// Where to run the command [default: the working directory]
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// The agent's version
    #[arg(long, value_name = "TEXT")]
    agent_version: Option<String>,
    /// Pass nothing of the command's output through
    #[arg(long)]
    quiet: bool,
    /// How long to wait for the server once the command has ended, as in 30s or 5m
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::parse)]
    patience: Duration,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
}

const AFTER_HELP: &str = "\
Examples:
  callboard run exec --project demo --task task-1 --agent claude -- claude -p 'fix the tests'
  callboard run exec --agent make --quiet -- make test < /dev/null
  callboard run exec --agent codex --previous \"$run\" --prompt prompt.md -- codex exec -

The exit code is the command's; 128+N when signal N killed it, 127 when it was not found, 126
when it could not be executed, and 125 when something else failed, wrong flags included: then
the command was not started, or not all of its run was recorded.";

impl Exec {
    /// Runs the command, and returns its exit code.
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        // No exit code of ours may look like the command's.
        let exit_code = self.execute().await.unwrap_or_else(|failure| {
            failure.report();
            OWN_FAILURE
        });
        Ok(ExitCode::from(exit_code))
    }

    async fn execute(self) -> Result<u8, Failure> {
        let folder = working_folder(self.cwd.as_deref())?;
        let address = run_environment::absolute_address(self.connection.address())?;
        let tls = self.connection.tls_files()?;
        let (prompt, parts) = match Prompt::open(self.prompt.as_deref())? {
            Prompt::Short(text) => (text, None),
            Prompt::Parts(parts) => (String::new(), Some(parts)),
        };
        let request = self.request(&folder, prompt)?;
        let parent = request.parent_run_id.clone();
        let commandline = request.commandline.clone();

        let mut recorder = Recorder::connect(&self.connection).await?;
        let server =
            recorder.server_info().await.map_err(|trouble| recorder.calls.failure(trouble))?;
        // A signal must not end us while there is a run that only we can end.
        let listening = |source: io::Error| Failure::own("listen for signals", &source);
        let signals = Signals::listen().map_err(listening)?;
        let mut start = Start::new(signals, parts);
        start.create(&mut recorder, request).await?;
        if !self.quiet {
            let run = &recorder.run;
            output::note_to_person(&format!(
                "run {} of {}/{}",
                run.run_id, run.project_id, run.task_id
            ));
        }
        let is_here = server.host == host::name();
        let variables = run_environment::variables(&run_environment::Place {
            project: &recorder.run.project_id,
            task: &recorder.run.task_id,
            run: &recorder.run.run_id,
            parent: &parent,
            run_path: &recorder.run.run_path,
            root: is_here.then(|| Path::new(&server.root)),
            address: &address,
            tls: &tls,
        });
        let story = Story {
            recorder: &recorder,
            agent: &self.agent,
            commandline: &commandline,
            command: &self.command,
            folder: &folder,
            quiet: self.quiet,
            patience: self.patience,
        };
        story.tell(start, variables).await
    }

    fn request(&self, folder: &Path, prompt: String) -> Result<CreateRunRequest, Failure> {
        let place = self.place.resolve()?;
        let run_id = self.run.clone().unwrap_or_default();
        // Only a run that this process really belongs to: not one whose folder is the
        // working directory.
        let surrounding = || std::env::var("JRUN_ID").ok().filter(|id| *id != run_id);
        let (request_id, _) = request_id::given_or_new(None);
        Ok(CreateRunRequest {
            project_id: place.project,
            task_id: place.task,
            agent_type: self.agent.clone(),
            parent_run_id: self.parent.clone().or_else(surrounding).unwrap_or_default(),
            run_id,
            previous_run_id: self.previous.clone().unwrap_or_default(),
            process_ownership: "managed".to_owned(),
            // Until the command has a process: when this one is killed before, the run is
            // seen to be lost. Our group is not the run's own.
            host: host::name(),
            pid: i32::try_from(std::process::id()).unwrap_or(0),
            cwd: folder.display().to_string(),
            commandline: command_line::text(&self.command),
            agent_version: self.agent_version.clone().unwrap_or_default(),
            prompt,
            request_id,
            ..CreateRunRequest::default()
        })
    }
}

/// Returns the folder to run the command in. Looked at before anything is recorded: the
/// system tells a missing folder and a missing command by the same error.
fn working_folder(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let Some(given) = given else {
        return std::env::current_dir()
            .map_err(|source| Failure::own("find the current directory", &source));
    };
    let folder = absolute_path(given)?;
    if !folder.is_dir() {
        return Err(Failure::usage(format!("--cwd {} is no folder", given.display())));
    }
    Ok(folder)
}
