//! `callboard env`: says what a place means in the variables of a runner.

use std::path::Path;

use clap::Args;
use serde_json::{Map, Value};

use crate::domain::BusId;
use crate::grpc::pb::{GetRunInfoRequest, GetServerInfoRequest};
use crate::host;
use crate::layout::paths;

use super::address::Address;
use super::connection::Connection;
use super::escape;
use super::failure::Failure;
use super::output::{self, Form};
use super::place::Place;
use super::place_flags::RunFlags;

/// Print the variables that a runner sets for its agents, as shell `export` lines
///
/// As many as are known: those of a project, of a task, or of a run. Folders are
/// printed when the server is on this host.
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
            run_path = run.run_path;
        }
        let server =
            self.connection.answer(client.get_server_info(GetServerInfoRequest {})).await?;
        let is_here = server.host == host::name();
        let root = is_here.then(|| Path::new(&server.root));
        let address = absolute(self.connection.address())?;
        let variables = variables(&place, &run_path, root, &address);
        if output.is_json() {
            let object: Map<String, Value> = variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect();
            output.print_value(&Value::from(object))?;
        } else {
            for (name, value) in &variables {
                let line = format!("export {name}={}", quoted(value));
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

/// Returns the address so that it means the same in every folder.
fn absolute(address: &Address) -> Result<String, Failure> {
    Ok(match address {
        Address::Tcp(_) => address.to_string(),
        Address::Unix(path) => {
            let path = std::path::absolute(path)
                .map_err(|source| Failure::own("find the current directory", &source))?;
            Address::Unix(path).to_string()
        }
    })
}

/// Returns the variables that are known, with their values; folders when the root is
/// known.
fn variables(
    place: &Place,
    run_path: &str,
    root: Option<&Path>,
    address: &str,
) -> Vec<(&'static str, String)> {
    let below_root = |path: &str| match root {
        Some(root) if !path.is_empty() => root.join(path).display().to_string(),
        _ => String::new(),
    };
    let bus = BusId::parse(&place.project, &place.task).ok();
    let (task_folder, bus_file) = match &bus {
        Some(bus) => (
            bus.task.is_some().then(|| below_root(paths::bus_folder(bus).as_str())),
            below_root(paths::bus_file(bus).as_str()),
        ),
        None => (None, String::new()),
    };
    let all = [
        ("JRUN_PROJECT_ID", place.project.clone()),
        ("JRUN_TASK_ID", place.task.clone()),
        ("JRUN_ID", place.run.clone()),
        ("JRUN_TASK_FOLDER", task_folder.unwrap_or_default()),
        ("JRUN_RUN_FOLDER", below_root(run_path)),
        ("JRUN_MESSAGE_BUS", bus_file),
        ("CALLBOARD_ADDR", address.to_owned()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Returns the value so that a shell takes it as one word.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Place, run_path: &str, root: Option<&Path>) -> Vec<&'static str> {
        variables(place, run_path, root, "host:1").into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn as_many_variables_are_printed_as_are_known() {
        let root = Some(Path::new("/tree"));
        let place = |task: &str, run: &str| Place {
            project: "p".into(),
            task: task.into(),
            run: run.into(),
        };
        let run = variables(&place("t", "r"), "p/t/runs/r", root, "host:1");
        let expected = [
            ("JRUN_PROJECT_ID", "p"),
            ("JRUN_TASK_ID", "t"),
            ("JRUN_ID", "r"),
            ("JRUN_TASK_FOLDER", "/tree/p/t"),
            ("JRUN_RUN_FOLDER", "/tree/p/t/runs/r"),
        ];
        assert_eq!(run[..5], expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(run[5].0, "JRUN_MESSAGE_BUS");
        assert!(run[5].1.starts_with("/tree/p/t/"), "{run:?}");
        assert_eq!(
            names(&place("", ""), "", root),
            ["JRUN_PROJECT_ID", "JRUN_MESSAGE_BUS", "CALLBOARD_ADDR"]
        );
        assert_eq!(
            names(&place("t", "r"), "p/t/runs/r", None),
            ["JRUN_PROJECT_ID", "JRUN_TASK_ID", "JRUN_ID", "CALLBOARD_ADDR"]
        );
        assert_eq!(names(&Place::default(), "", root), ["CALLBOARD_ADDR"]);
    }

    #[test]
    fn a_shell_takes_every_value_as_one_word() {
        assert_eq!(quoted("/a-b/c_1.md"), "/a-b/c_1.md");
        assert_eq!(quoted("two words $x"), "'two words $x'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
