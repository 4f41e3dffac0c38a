//! Marking runs as ended whose process is gone, and repairing what can be derived.

use std::time::Instant;

use crate::domain::{Liveness, Run, RunInfo, TaskKey};
use crate::error::{Reason, Result};
use crate::layout::paths;
use crate::limits::LOCK_BUDGET;
use crate::store::{EndStatus, Part, Reconciled, RunEnd};

use super::Tree;
use super::run_update::apply_end;
use super::runs::{RunPlace, liveness};

impl Tree {
    /// Reconciles the runs of a part of the tree.
    pub(in crate::files) fn reconcile_runs(
        &self,
        part: &Part,
        dry_run: bool,
    ) -> Result<Reconciled> {
        let mut reconciled = Reconciled::default();
        let mut unlisted = Vec::new();
        let tasks = self.tasks_of(part, &mut unlisted)?;
        reconciled.problems.extend(unlisted.iter().map(ToString::to_string));
        for task in tasks {
            let folders = match self.run_folders(&task) {
                Ok(folders) => folders,
                Err(error) => {
                    reconciled.problems.push(error.to_string());
                    continue;
                }
            };
            self.reconcile_state(&task, dry_run, &mut reconciled);
            for folder in folders {
                let place = RunPlace { task: task.clone(), folder };
                match self.reconcile_run(&place, dry_run, &mut reconciled) {
                    // Removed meanwhile.
                    Err(error) if error.reason() == Reason::RunNotFound => {}
                    Err(error) => reconciled.problems.push(error.to_string()),
                    Ok(()) => {}
                }
            }
        }
        Ok(reconciled)
    }

    fn reconcile_state(&self, task: &TaskKey, dry_run: bool, reconciled: &mut Reconciled) {
        if !self.has_unreadable_state(task) {
            return;
        }
        let path = paths::task_state_file(&paths::task_folder(task));
        let repaired =
            if dry_run { Ok(true) } else { self.repair_state(task, Instant::now() + LOCK_BUDGET) };
        match repaired {
            Ok(true) => reconciled.repaired.push(path.to_string()),
            Ok(false) => {}
            Err(error) => reconciled.problems.push(error.to_string()),
        }
    }

    fn reconcile_run(
        &self,
        place: &RunPlace,
        dry_run: bool,
        reconciled: &mut Reconciled,
    ) -> Result<()> {
        let mut run = self.read_run(place)?;
        if run.liveness == Liveness::Lost {
            let is_done =
                self.disk.status(&paths::task_done_file(&paths::task_folder(&place.task)))?;
            let now = self.clock.now();
            let ended =
                |info: &RunInfo| apply_end(info, &presumed_end(info, is_done.is_some()), now);
            if dry_run {
                if let Some(info) = ended(&run.info)? {
                    run = Run { info, liveness: Liveness::Ended, ..run };
                    reconciled.runs.push(run.clone());
                }
            } else {
                // Under the lock it may turn out to have ended by itself.
                let deadline = Instant::now() + LOCK_BUDGET;
                run = self.change_run(place, None, deadline, |info| {
                    if liveness(info) == Liveness::Lost { ended(info) } else { Ok(None) }
                })?;
                if run.info.has_ended() {
                    reconciled.runs.push(run.clone());
                }
            }
        }
        // A folder without a record is another program's, or not finished.
        if run.etag.is_none() {
            return Ok(());
        }
        let stale = self.stale_derived_files(place, &run.info);
        let repaired = if dry_run {
            stale.into_iter().map(|(path, _)| path).collect()
        } else {
            self.write_derived_files(place, &run.info)
        };
        reconciled.repaired.extend(repaired.iter().map(ToString::to_string));
        Ok(())
    }
}

/// How a run ended whose process is gone, as far as that can be told.
fn presumed_end(info: &RunInfo, is_done: bool) -> RunEnd {
    if is_done {
        return RunEnd {
            status: EndStatus::Completed,
            exit_code: None,
            error_summary: String::new(),
        };
    }
    // What was said before says more.
    let error_summary =
        if info.error_summary.is_empty() { RunInfo::PROCESS_GONE } else { "" }.to_owned();
    RunEnd { status: EndStatus::Failed, exit_code: Some(info.exit_code), error_summary }
}
