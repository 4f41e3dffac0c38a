//! `callboard artifacts`: lists the artifacts of a task.

use clap::Args;

use crate::grpc::pb::{Artifact, ListArtifactsRequest};

use super::connection::Connection;
use super::failure::Failure;
use super::message_text::time;
use super::output::{self, Form};
use super::paging::{self, PAGE_SIZE};
use super::place_flags::TaskFlags;
use super::size;
use super::table::{self, Row, Table};

/// List the artifacts and attachments of a task
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Artifacts {
    /// Compute the SHA-256 of each, which reads all of them
    #[arg(long)]
    sha256: bool,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard artifacts --project demo --task task-1
  callboard artifacts --sha256 --json | jq -r '.sha256 + \"  \" + .path'     # inside a run";

impl Artifacts {
    /// Lists all pages.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let label = place.bus_label();
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let mut table = table(self.sha256);
        let fetch = async |page_token| {
            let request = ListArtifactsRequest {
                project_id: place.project.clone(),
                task_id: place.task.clone(),
                with_sha256: self.sha256,
                page_size: PAGE_SIZE,
                page_token,
            };
            let call = client.list_artifacts(request);
            let answer = if self.sha256 {
                self.connection.long_answer(call).await?
            } else {
                self.connection.answer(call).await?
            };
            Ok((answer.artifacts, answer.next_page_token))
        };
        let print = |artifacts: Vec<Artifact>| {
            table.print_page(&mut output, &artifacts, |artifact| row(artifact, self.sha256))
        };
        if paging::each_page(fetch, print).await? == 0 {
            output::note_to_person(&format!("task {label} has no artifacts"));
        }
        Ok(())
    }
}

fn table(sha256: bool) -> Table {
    let columns = [
        table::text("PATH", 24),
        table::number("VERSION", 7),
        table::number("SIZE", 10),
        table::text("MODIFIED", 24),
    ];
    let hash = sha256.then(|| table::text("SHA256", 64));
    Table::new(columns.into_iter().chain(hash).collect())
}

fn row(artifact: &Artifact, sha256: bool) -> Row {
    let version = match artifact.version {
        0 => String::new(),
        version => version.to_string(),
    };
    let cells = [
        artifact.path.clone(),
        version,
        size::text(artifact.size),
        time(artifact.modified_at.as_ref()),
    ];
    let hash = sha256.then(|| artifact.sha256.clone());
    Row { cells: cells.into_iter().chain(hash).collect(), problem: artifact.problem.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_artifact_has_no_version_and_one_in_trouble_says_so() {
        let artifact =
            Artifact { path: "artifacts/a.json".into(), size: 1536, ..Default::default() };
        let numbered = Artifact { version: 3, problem: "a symlink".into(), ..artifact.clone() };
        assert_eq!(
            table(false).page(&[row(&artifact, false), row(&numbered, false)]),
            "\
PATH                      VERSION        SIZE  MODIFIED
artifacts/a.json                -     1.5 KiB  -
artifacts/a.json                3     1.5 KiB  -
  problem: a symlink
"
        );
        assert!(table(true).page(&[row(&artifact, true)]).ends_with("  -\n"));
    }
}
