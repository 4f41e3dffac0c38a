//! `callboard trim`: removes old archives of a bus.

use std::time::Duration;

use clap::Args;

use crate::grpc::pb::{TrimBusRequest, TrimBusResponse};

use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Form};
use super::place_flags::PlaceFlags;
use super::{duration, escape, size};

/// Remove archived parts of a bus that are older than a given age
///
/// Without --yes it only prints what it would remove.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Trim {
    /// Remove archives whose last message is older than this, as in 30d or 12h; 0s removes all
    #[arg(long, value_name = "AGE", value_parser = duration::parse)]
    older_than: Duration,
    /// Really remove them
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard trim --project demo --older-than 30d         # only says what it would remove
  callboard trim --project demo --older-than 30d --yes";

impl Trim {
    /// Removes the archives, or tells which ones it would remove.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve_bus()?;
        let older_than = prost_types::Duration::try_from(self.older_than)
            .map_err(|error| Failure::usage(format!("--older-than: {error}")))?;
        let mut output = self.form.open();
        let mut client = self.connection.message_bus().await?;
        let request = TrimBusRequest {
            project_id: place.project,
            task_id: place.task,
            older_than: Some(older_than),
            dry_run: Some(!self.yes),
        };
        let answer = self.connection.answer(client.trim_bus(request)).await?;
        if output.is_json() || !answer.archive_paths.is_empty() {
            output.print(&answer, |answer| {
                answer
                    .archive_paths
                    .iter()
                    .map(|path| format!("{}\n", escape::line(path)))
                    .collect()
            })?;
        }
        output.flush()?;
        output::note(&summary(&answer));
        Ok(())
    }
}

fn summary(answer: &TrimBusResponse) -> String {
    let count = answer.archive_paths.len();
    let archives = if count == 1 { "archive" } else { "archives" };
    let size = size::text(answer.size_bytes);
    match (count, answer.dry_run) {
        (0, _) => "no archive is older than that".to_owned(),
        (_, true) => format!("would remove {count} {archives}, {size}; --yes removes them"),
        (_, false) => format!("removed {count} {archives}, {size}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_whether_anything_was_removed() {
        let answer = |count: usize, dry_run| {
            let archive_paths = vec!["a".to_owned(); count];
            summary(&TrimBusResponse { archive_paths, size_bytes: 2048, dry_run })
        };
        assert_eq!(answer(0, true), "no archive is older than that");
        assert_eq!(answer(1, true), "would remove 1 archive, 2.0 KiB; --yes removes them");
        assert_eq!(answer(2, false), "removed 2 archives, 2.0 KiB");
    }
}
