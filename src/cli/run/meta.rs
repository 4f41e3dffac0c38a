//! `callboard run meta`: prints or changes what a run's meta.json says.

use clap::Args;
use prost_types::FieldMask;

use crate::cli::block::Block;
use crate::cli::connection::Connection;
use crate::cli::escape;
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::output::Form;
use crate::cli::place::Place;
use crate::cli::place_flags::RunFlags;
use crate::cli::run_meta::{self, Assignment};
use crate::grpc::pb::{GetRunMetaRequest, RunMeta, UpdateRunMetaRequest};

/// Show the worktree and the tools of a run (meta.json), or change them
///
/// --set changes one field and keeps the others, and what other programs have written
/// there. It creates the file when it is missing: worktree_path must be set then.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Meta {
    /// A field and its new value, empty to clear it; may be repeated
    #[arg(long, value_name = "FIELD=VALUE", value_parser = run_meta::assignment)]
    set: Vec<Assignment>,
    /// Only if it still has this etag
    #[arg(long, value_name = "ETAG", requires = "set")]
    etag: Option<String>,
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard run meta --run \"$run\"
  callboard run meta --run \"$run\" --set worktree_path=\"$PWD\" --set branch=fix-1
  callboard run meta --set pr_number=17 --set last_push_at=now      # inside a run
  callboard run meta --set flags.needs_attention=true --set flags.needs_attention_reason='no tests'
  callboard run meta --set setup=                                   # there was no setup

Fields: repo_id, title, runner, runner_cmd, parent_branch, branch, worktree_path, created_at,
tmux_session_name, flags.setup_failed, flags.tmux_failed, flags.needs_attention,
flags.needs_attention_reason, flags.abandoned, setup.command, setup.exit_code,
setup.duration_ms, setup.timed_out, setup.log_path, setup.output_ok, setup.output_summary,
pr_number, pr_url, last_push_at, last_verify_at, last_report_sync_at, last_report_hash,
archive.archived_at, archive.merged_at. Times are as in 2026-11-21T08:14:30Z, a day such as
2026-11-21 for its beginning (UTC), as in 5m how long ago it was, or now.";

impl Meta {
    /// Prints or changes it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        if self.set.is_empty() { self.show(place).await } else { self.change(place).await }
    }

    async fn show(self, place: Place) -> Result<(), Failure> {
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request =
            GetRunMetaRequest { project_id: place.project, task_id: place.task, run_id: place.run };
        let answer = self.connection.answer(client.get_run_meta(request)).await?;
        let meta = answer.meta.unwrap_or_default();
        let fields =
            json::fields(&meta).map_err(|error| Failure::own("print the fields", &error))?;
        let block = fields
            .into_iter()
            .fold(Block::default(), |block, (name, value)| block.field(name, value));
        let terminal = output.is_terminal();
        output.print(&meta, |_: &RunMeta| block.lines(terminal))?;
        output.flush()
    }

    async fn change(self, place: Place) -> Result<(), Failure> {
        let meta = run_meta::assemble(&self.set)?;
        let paths = self.set.into_iter().map(|assignment| assignment.path).collect();
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = UpdateRunMetaRequest {
            project_id: place.project,
            task_id: place.task,
            run_id: place.run,
            meta: Some(meta),
            update_mask: Some(FieldMask { paths }),
            etag: self.etag.unwrap_or_default(),
            host: String::new(),
        };
        let answer = self.connection.answer(client.update_run_meta(request)).await;
        let answer = answer.map_err(|failure| failure.look_first("callboard run meta"))?;
        let meta = answer.meta.unwrap_or_default();
        output.print(&meta, |meta| escape::line(&meta.run_id).into_owned())?;
        output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_field_that_can_be_set() {
        let (_, listed) = AFTER_HELP.split_once("Fields: ").expect("a list");
        let (listed, _) = listed.split_once(". Times").expect("its end");
        let listed: Vec<&str> = listed.split([',', '\n']).map(str::trim).collect();
        let listed: Vec<&str> = listed.into_iter().filter(|name| !name.is_empty()).collect();
        assert_eq!(listed, run_meta::settable());
    }
}
