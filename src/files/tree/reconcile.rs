//! Marking runs as ended whose process is gone, and repairing what can be derived.

use std::time::Instant;

use crate::domain::{Liveness, Run, RunInfo, TaskKey, run_status};
use crate::error::{Reason, Result};
use crate::layout::paths;
use crate::limits::LOCK_BUDGET;
use crate::store::{Part, Reconciled};

use super::Tree;
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
            let ended = |info: &RunInfo| self.ended(info, is_done.is_some());
            if dry_run {
                if let Some(info) = ended(&run.info) {
                    run = Run { info, liveness: Liveness::Ended, ..run };
                    reconciled.runs.push(run.clone());
                }
            } else {
                // Under the lock it may turn out to have ended by itself.
                let deadline = Instant::now() + LOCK_BUDGET;
                run = self.change_run(place, None, deadline, |info| {
                    Ok(ended(info).filter(|_| liveness(info) == Liveness::Lost))
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

    /// Returns the record of a run whose process is gone, as it is to be.
    fn ended(&self, info: &RunInfo, is_done: bool) -> Option<RunInfo> {
        if !info.is_running() {
            return None;
        }
        let now = self.clock.now();
        let mut ended = info.clone();
        ended.end_time = Some(info.start_time.map_or(now, |start| start.max(now)));
        if is_done {
            ended.status = run_status::COMPLETED.to_owned();
            ended.exit_code = 0;
        } else {
            ended.status = run_status::FAILED.to_owned();
            if ended.error_summary.is_empty() {
                ended.error_summary = RunInfo::PROCESS_GONE.to_owned();
            }
        }
        Some(ended)
    }
}
