//! `callboard env`: says what a place means in the variables of a runner.

use std::path::Path;

use clap::Args;
use serde_json::{Map, Value};

use crate::grpc::pb::{GetRunInfoRequest, GetServerInfoRequest};
use crate::host;

use super::connection::Connection;
use super::escape;
use super::failure::Failure;
use super::output::{self, Form};
use super::place::Place;
use super::place_flags::RunFlags;
use super::{run_environment, shell_word};

/// Print the variables that a runner sets for its agents, as shell `export` lines
///
/// As many as are known: those of a project, of a task, or of a run. The others are
/// `unset` (null with --json), so that nothing of another run stays. Folders are known
/// when the server is on this host; when it is not, CALLBOARD_ROOT is left alone.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Env {
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  eval \"$(callboard env --run \"$run\")\"
  callboard env --project demo --task task-1
  callboard env --json | jq -r .JRUN_TASK_FOLDER";

impl Env {
    /// Prints the variables.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut place = self.place.resolve_known();
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let mut parent = String::new();
        let mut run_path = String::new();
        if !place.run.is_empty() {
            let request = GetRunInfoRequest {
                project_id: place.project.clone(),
                task_id: place.task.clone(),
                run_id: place.run.clone(),
            };
            let answer = self.connection.answer(client.get_run_info(request)).await?;
            let run = answer.run.unwrap_or_default();
            place = Place { project: run.project_id, task: run.task_id, run: run.run_id };
            parent = run.parent_run_id;
            run_path = run.run_path;
        }
        let server =
            self.connection.answer(client.get_server_info(GetServerInfoRequest {})).await?;
        let is_here = server.host == host::name();
        let root = is_here.then(|| Path::new(&server.root));
        let variables = run_environment::variables(&run_environment::Place {
            project: &place.project,
            task: &place.task,
            run: &place.run,
            parent: &parent,
            run_path: &run_path,
            root,
            address: &run_environment::absolute_address(self.connection.address())?,
            tls: &self.connection.tls_files()?,
        });
        if output.is_json() {
            let object: Map<String, Value> = variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect();
            output.print_value(&Value::from(object))?;
        } else {
            for (name, value) in variables {
                let line = match value {
                    Some(value) => format!("export {name}={}", shell_word::quoted(&value)),
                    None => format!("unset {name}"),
                };
                let safe = if output.is_terminal() { escape::lines(&line) } else { line.into() };
                output.print_text(&safe)?;
            }
        }
        output.flush()?;
        if !is_here {
            output::note_to_person(&format!(
                "without folders: they are on another host, {}",
                server.host
            ));
        }
        Ok(())
    }
}
