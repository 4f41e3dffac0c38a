//! `callboard gc`: removes runs that ended long ago.

use std::time::Duration;

use clap::Args;

use crate::grpc::pb::{CleanUpRunsRequest, CleanUpRunsResponse};

use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Form};
use super::place::Place;
use super::place_flags::ScopeFlags;
use super::{duration, escape, size};

/// Remove runs that ended longer ago than a given age, with all their files
///
/// Without --yes it only prints which it would remove. With it nothing is taken from the
/// environment or the working directory: say with --project, with --project and --task,
/// or with --everything where to remove. A run that has not ended is never removed.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Gc {
    /// Remove runs that ended longer ago than this, as in 7d or 12h; 0s removes all
    #[arg(long, value_name = "AGE", value_parser = duration::parse)]
    older_than: Duration,
    /// Only while less than this is free on the disk, as in 10G
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    free_below: Option<i64>,
    /// Really remove them
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    scope: ScopeFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard gc --project demo --older-than 7d            # only says what it would remove
  callboard gc --project demo --older-than 7d --yes
  callboard gc --everything --older-than 1d --free-below 10G --yes";

impl Gc {
    /// Removes the runs, or tells which ones it would remove.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = match self.scope.named() {
            Some(place) => place,
            None if self.yes => {
                return Err(Failure::usage(
                    "where? with --yes give --project ID, with --task ID for a task, or --everything",
                )
                .with_hint("with --yes nothing is taken from the surroundings"));
            }
            None => self.scope.resolve_deliberate()?,
        };
        let scope = scope(&place);
        let older_than = prost_types::Duration::try_from(self.older_than)
            .map_err(|error| Failure::usage(format!("--older-than: {error}")))?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = CleanUpRunsRequest {
            project_id: place.project,
            task_id: place.task,
            older_than: Some(older_than),
            only_if_free_below: self.free_below,
            dry_run: Some(!self.yes),
        };
        let answer = self.connection.answer(client.clean_up_runs(request)).await?;
        if !self.yes {
            output::note(&scope);
        }
        if output.is_json() || !answer.runs.is_empty() {
            output.print(&answer, |answer| {
                answer.runs.iter().map(|run| format!("{}\n", escape::line(&run.run_path))).collect()
            })?;
        }
        output.flush()?;
        output::note_problems(&answer.problems);
        output::note(&summary(&answer, self.free_below));
        match answer.problems.len() {
            0 => Ok(()),
            count => Err(Failure::own("remove everything", &format!("{count} runs are left"))),
        }
    }
}

/// Says which runs are looked at, and by which flags --yes takes the same ones.
fn scope(place: &Place) -> String {
    match (place.project.as_str(), place.task.as_str()) {
        ("", _) => "scope: all projects (--everything)".to_owned(),
        (project, "") => format!("scope: project {project} (--project {project})"),
        (project, task) => {
            format!("scope: task {project}/{task} (--project {project} --task {task})")
        }
    }
}

fn summary(answer: &CleanUpRunsResponse, free_below: Option<i64>) -> String {
    let count = answer.run_count;
    let runs = if count == 1 { "run" } else { "runs" };
    let size = size::text(answer.size_bytes);
    match (count, answer.dry_run) {
        (0, _) if free_below.is_some_and(|below| answer.free_bytes >= below) => {
            format!("nothing to do: {} are free", size::text(answer.free_bytes))
        }
        (0, _) => "no run ended longer ago than that".to_owned(),
        (_, true) => format!("would remove {count} {runs}, {size}; --yes removes them"),
        (_, false) => format!("removed {count} {runs}, {size}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_whether_anything_was_removed_and_why_not() {
        let answer = |run_count, dry_run| CleanUpRunsResponse {
            run_count,
            dry_run,
            size_bytes: 2048,
            free_bytes: 4096,
            ..Default::default()
        };
        assert_eq!(summary(&answer(0, true), None), "no run ended longer ago than that");
        assert_eq!(summary(&answer(0, true), Some(4096)), "nothing to do: 4.0 KiB are free");
        assert_eq!(
            summary(&answer(1, true), Some(9999)),
            "would remove 1 run, 2.0 KiB; --yes removes them"
        );
        assert_eq!(summary(&answer(2, false), None), "removed 2 runs, 2.0 KiB");
    }
}
