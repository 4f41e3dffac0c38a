//! `callboard runs`: lists runs.

use clap::Args;
use jiff::Timestamp;

use crate::clock::{Clock as _, SystemClock};
use crate::grpc::pb::{ListRunsRequest, Run};

use super::connection::Connection;
use super::failure::Failure;
use super::message_text::time;
use super::output::{self, Form};
use super::paging::{self, PAGE_SIZE};
use super::place_flags::ScopeFlags;
use super::run_text;
use super::table::{self, Row, Table};

/// List the runs of a task, of a project, or of everything, oldest first in each task
///
/// LIVENESS says whether the process of a running run is there: alive, lost, or remote
/// when it is none of the server's host.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Runs {
    /// Only runs with this status, such as running; may be repeated
    #[arg(long, value_name = "STATUS")]
    status: Vec<String>,
    /// Also what their meta.json says: the branch in a column, all of it with --json
    #[arg(long)]
    meta: bool,
    #[command(flatten)]
    scope: ScopeFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard runs --project demo --task task-1
  callboard runs --everything --status running
  callboard runs --project demo --meta
  callboard runs --project demo --json | jq -r 'select(.liveness == \"LIVENESS_LOST\") | .run_id'";

impl Runs {
    /// Lists all pages.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.scope.resolve()?;
        let now = SystemClock.now();
        let several = place.task.is_empty();
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let mut table = table(several, self.meta);
        let fetch = async |page_token| {
            let request = ListRunsRequest {
                project_id: place.project.clone(),
                task_id: place.task.clone(),
                statuses: self.status.clone(),
                page_size: PAGE_SIZE,
                page_token,
                with_meta: self.meta,
            };
            let answer = self.connection.answer(client.list_runs(request)).await?;
            Ok((answer.runs, answer.next_page_token))
        };
        let print = |runs: Vec<Run>| {
            table.print_page(&mut output, &runs, |run| Row {
                cells: cells(run, several, self.meta, now),
                problem: problem(run),
            })
        };
        if paging::each_page(fetch, print).await? == 0 {
            output::note_to_person("no run fits");
        }
        if let Some(narrowed) = self.scope.narrowed(&place) {
            output::note_to_person(&narrowed);
        }
        Ok(())
    }
}

/// Returns an empty table of runs, with their tasks when there may be several, and with
/// their branches when asked.
fn table(several: bool, meta: bool) -> Table {
    let task = several.then(|| table::text("TASK", 24));
    let branch = meta.then(|| table::text("BRANCH", 6));
    let columns = [
        table::text("RUN", 24),
        table::text("STATUS", 9),
        table::text("LIVENESS", 8),
        table::text("AGENT", 6),
        table::text("STARTED", 24),
        table::number("DURATION", 8),
        table::number("EXIT", 4),
    ];
    Table::new(task.into_iter().chain(columns).chain(branch).collect())
}

fn cells(run: &Run, several: bool, meta: bool, now: Timestamp) -> Vec<String> {
    let task = several.then(|| format!("{}/{}", run.project_id, run.task_id));
    let cells = [
        run.run_id.clone(),
        run.status.clone(),
        run_text::liveness(run).to_owned(),
        run.agent_type.clone(),
        time(run.start_time.as_ref()),
        run_text::took(run, now),
        run_text::exit_code(run),
    ];
    let branch = || run.meta.as_ref().map(|meta| meta.branch.clone()).unwrap_or_default();
    task.into_iter().chain(cells).chain(meta.then(branch)).collect()
}

/// Returns what is wrong with the run, or with its meta.json.
fn problem(run: &Run) -> String {
    let of_meta = || run.meta.as_ref().map(|meta| meta.problem.clone()).unwrap_or_default();
    if run.problem.is_empty() { of_meta() } else { run.problem.clone() }
}

#[cfg(test)]
mod tests {
    use crate::grpc::pb::RunMeta;

    use super::*;

    #[test]
    fn runs_of_several_tasks_are_listed_with_their_task() {
        let now = Timestamp::from_second(1_771_874_290).expect("a time");
        let run = Run {
            project_id: "p".into(),
            task_id: "t".into(),
            run_id: "r".into(),
            status: "running".into(),
            liveness: crate::grpc::pb::Liveness::Lost.into(),
            agent_type: "claude".into(),
            start_time: Some(prost_types::Timestamp { seconds: 1_771_874_230, nanos: 0 }),
            exit_code: -1,
            ..Run::default()
        };
        let damaged = Run { status: "damaged".into(), problem: "line 1".into(), ..run.clone() };
        let row = |run: &Run, several| Row {
            cells: cells(run, several, false, now),
            problem: problem(run),
        };
        let alone = table(false, false).page(&[row(&run, false)]);
        assert_eq!(
            alone,
            "\
RUN                       STATUS     LIVENESS  AGENT   STARTED                   DURATION  EXIT
r                         running    lost      claude  2026-02-23T19:17:10.000Z     1m00s     -
"
        );
        let several = table(true, false).page(&[row(&damaged, true)]);
        let lines: Vec<&str> = several.lines().collect();
        assert!(lines[0].starts_with("TASK                      RUN "), "{several}");
        assert!(lines[1].starts_with("p/t                       r  "), "{several}");
        assert_eq!(lines[2], "  problem: line 1");
    }

    #[test]
    fn a_run_is_listed_with_its_branch_and_what_is_wrong_with_its_meta() {
        let meta =
            RunMeta { branch: "fix-1".into(), problem: "no JSON".into(), ..RunMeta::default() };
        let run = Run { meta: Some(meta), ..Run::default() };
        let now = Timestamp::UNIX_EPOCH;
        let cells = cells(&run, false, true, now);
        assert_eq!(cells.last().map(String::as_str), Some("fix-1"));
        assert_eq!(problem(&run), "no JSON");
    }
}
