//! `callboard reconcile`: marks runs whose process is gone.

use clap::Args;

use crate::grpc::pb::{ReconcileRunsRequest, ReconcileRunsResponse};

use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Form};
use super::place_flags::ScopeFlags;
use super::{escape, run_text};

/// Mark runs as failed whose process is gone, and repair what files can be repaired
///
/// A lost run of a task that is done is marked as completed. Derived files that are
/// missing are made again. Prints the runs with their new status, and the files.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Reconcile {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard reconcile --project demo --dry-run
  callboard reconcile --everything";

impl Reconcile {
    /// Marks the runs, or tells which ones it would mark.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.scope.resolve_deliberate()?;
        let narrowed = self.scope.narrowed(&place);
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = ReconcileRunsRequest {
            project_id: place.project,
            task_id: place.task,
            dry_run: self.dry_run,
        };
        let answer = self.connection.answer(client.reconcile_runs(request)).await?;
        if output.is_json() || !(answer.runs.is_empty() && answer.repaired_paths.is_empty()) {
            output.print(&answer, text)?;
        }
        output.flush()?;
        if let Some(narrowed) = narrowed {
            output::note_to_person(&narrowed);
        }
        output::note_problems(&answer.problems);
        output::note(&summary(&answer, self.dry_run));
        match answer.problems.len() {
            0 => Ok(()),
            count => Err(Failure::own("repair everything", &format!("{count} problems are left"))),
        }
    }
}

fn text(answer: &ReconcileRunsResponse) -> String {
    let runs = answer.runs.iter().map(|run| (run.status.clone(), run_text::name(run)));
    let files = answer.repaired_paths.iter().map(|path| ("repaired".to_owned(), path.clone()));
    runs.chain(files)
        .map(|(word, what)| format!("{:9}  {}\n", escape::line(&word), escape::line(&what)))
        .collect()
}

fn summary(answer: &ReconcileRunsResponse, dry_run: bool) -> String {
    let plural = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    };
    let runs = plural(usize::try_from(answer.run_count).unwrap_or(0), "run");
    let files = plural(answer.repaired_paths.len(), "file");
    if dry_run {
        format!("would mark {runs} and repair {files}")
    } else {
        format!("marked {runs} and repaired {files}")
    }
}

#[cfg(test)]
mod tests {
    use crate::grpc::pb::Run;

    use super::*;

    #[test]
    fn every_run_and_every_file_has_a_line() {
        let run = Run {
            project_id: "p".into(),
            task_id: "t".into(),
            run_id: "r".into(),
            status: "failed".into(),
            ..Run::default()
        };
        let answer = ReconcileRunsResponse {
            runs: vec![run],
            run_count: 1,
            repaired_paths: vec!["p/t/TASK_STATE.md".into()],
            problems: Vec::new(),
        };
        assert_eq!(text(&answer), "failed     p/t/r\nrepaired   p/t/TASK_STATE.md\n");
        assert_eq!(summary(&answer, true), "would mark 1 run and repair 1 file");
        assert_eq!(
            summary(&ReconcileRunsResponse::default(), false),
            "marked 0 runs and repaired 0 files"
        );
    }
}
