//! Lists of runs, page by page.

use crate::domain::Run;
use crate::error::{Reason, Result};
use crate::limits;
use crate::store::{Part, RunPage, RunPosition, RunQuery};

use super::Tree;
use super::runs::RunPlace;

impl Tree {
    /// Lists runs in the order of project, task and folder.
    pub(in crate::files) fn list_runs(&self, query: &RunQuery) -> Result<RunPage> {
        let mut unlisted = Vec::new();
        let tasks = match self.tasks_of(&query.part, &mut unlisted) {
            Ok(tasks) => tasks,
            // What does not exist has no runs.
            Err(error)
                if matches!(error.reason(), Reason::ProjectNotFound | Reason::TaskNotFound) =>
            {
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        for error in unlisted {
            tracing::warn!(%error, "a project cannot be listed");
        }
        let mut page = RunPage { runs: Vec::new(), next: None };
        let mut examined = 0;
        let mut meta_bytes = 0;
        let after = query.after.as_ref();
        for task in tasks.iter().filter(|task| after.is_none_or(|after| **task >= after.task)) {
            let folders = match self.listed_run_folders(task) {
                Ok(folders) => folders,
                Err(error) if matches!(query.part, Part::Task(_)) => return Err(error),
                Err(error) => {
                    tracing::debug!(%task, %error, "a task's runs cannot be listed");
                    continue;
                }
            };
            let listed = after.filter(|after| after.task == *task);
            let first =
                listed.map_or(0, |after| folders.partition_point(|folder| *folder <= after.folder));
            for folder in &folders[first..] {
                // More than fits into an answer is for the next page.
                let is_full = page.runs.len() == query.limit
                    || examined == limits::RUNS_EXAMINED_MAX
                    || meta_bytes >= limits::ANSWER_BYTES_MAX as u64;
                if is_full {
                    return Ok(page);
                }
                examined += 1;
                let place = RunPlace { task: task.clone(), folder: folder.clone() };
                page.next = Some(RunPosition { task: task.clone(), folder: folder.clone() });
                match self.show_run(&place) {
                    Ok(mut run) if fits(&run, &query.statuses) => {
                        if query.with_meta {
                            let status = self.disk.status(&place.meta()).ok().flatten();
                            meta_bytes += status.map_or(0, |status| status.length);
                            run.meta = self.show_meta(&place).map(Box::new);
                        }
                        page.runs.push(run);
                    }
                    // Removed meanwhile.
                    Err(error) if error.reason() != Reason::RunNotFound => return Err(error),
                    _ => {}
                }
            }
        }
        page.next = None;
        Ok(page)
    }
}

fn fits(run: &Run, statuses: &[String]) -> bool {
    statuses.is_empty() || statuses.contains(&run.info.status)
}
