//! Removing runs that ended long ago.

use jiff::{SignedDuration, Timestamp};

use crate::disk::Kind;
use crate::domain::{Run, TreePath};
use crate::error::{Error, Reason, Result};
use crate::store::{CleanUp, CleanedUp};

use super::Tree;
use super::runs::RunPlace;

impl Tree {
    /// Removes runs that ended long ago, oldest first, while that is wanted.
    pub(in crate::files) fn clean_up_runs(&self, wanted: &CleanUp) -> Result<CleanedUp> {
        let free_bytes = self.disk.free_bytes()?;
        let mut cleaned = CleanedUp { free_bytes, ..CleanedUp::default() };
        let is_enough = |free: u64| wanted.only_if_free_below.is_some_and(|below| free >= below);
        if is_enough(free_bytes) {
            return Ok(cleaned);
        }
        let age = SignedDuration::try_from(wanted.older_than).map_err(|_| Error::InvalidField {
            field: "older_than",
            problem: "it is too long".into(),
        })?;
        // What is longer ago than time goes back removes nothing.
        let Ok(before) = self.clock.now().checked_sub(age) else { return Ok(cleaned) };
        let mut ended = self.ended_before(wanted, before, &mut cleaned.problems)?;
        ended.sort_by(|(one, run), (other, other_run)| {
            (one, &run.task, &run.folder).cmp(&(other, &other_run.task, &other_run.folder))
        });
        let mut free = free_bytes;
        for (_, run) in ended {
            if is_enough(free) {
                break;
            }
            let place = RunPlace::of(&run);
            match self.clean_up_run(&place, wanted.dry_run) {
                Ok(size) => {
                    cleaned.size_bytes += size;
                    cleaned.runs.push(run);
                    let freed = Ok(free.saturating_add(size));
                    match if wanted.dry_run { freed } else { self.disk.free_bytes() } {
                        Ok(now) => free = now,
                        Err(error) => {
                            cleaned.problems.push(error.to_string());
                            break;
                        }
                    }
                }
                // Removed by somebody else.
                Err(error) if error.reason() == Reason::RunNotFound => {}
                Err(error) => cleaned.problems.push(error.to_string()),
            }
        }
        Ok(cleaned)
    }

    /// Finds the runs that ended before a time. One that is damaged, or of which
    /// nobody says that it ended, is not among them.
    fn ended_before(
        &self,
        wanted: &CleanUp,
        before: Timestamp,
        problems: &mut Vec<String>,
    ) -> Result<Vec<(Timestamp, Run)>> {
        let mut ended = Vec::new();
        let mut unlisted = Vec::new();
        let tasks = self.tasks_of(&wanted.part, &mut unlisted)?;
        problems.extend(unlisted.iter().map(ToString::to_string));
        for task in tasks {
            let folders = self.run_folders(&task).unwrap_or_else(|error| {
                problems.push(error.to_string());
                Vec::new()
            });
            for folder in folders {
                let place = RunPlace { task: task.clone(), folder };
                let Ok(run) = self.show_run(&place) else { continue };
                // One that names no end ended when that was written.
                let end = run.info.end_time.or_else(|| self.modified(&place));
                match end {
                    Some(end) if run.info.has_ended() && end < before => ended.push((end, run)),
                    _ => {}
                }
            }
        }
        Ok(ended)
    }

    /// Removes a run, unless it runs by now; returns the size of its files.
    fn clean_up_run(&self, place: &RunPlace, dry_run: bool) -> Result<u64> {
        let size = self.size_of(&place.path())?;
        if !dry_run {
            if !self.read_run(place)?.info.has_ended() {
                return Err(place.not_found());
            }
            let discarded = self.delete_run(place, true)?;
            self.empty_trash(&[discarded]);
        }
        Ok(size)
    }

    /// Returns when a run's record was written.
    fn modified(&self, place: &RunPlace) -> Option<Timestamp> {
        Some(self.disk.status(&place.record()).ok().flatten()?.modified)
    }

    /// Returns the size of all files in a folder together.
    fn size_of(&self, folder: &TreePath) -> Result<u64> {
        let mut size = 0;
        let mut folders = vec![folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in self.disk.list(&folder)?.unwrap_or_default() {
                let path = folder.join(&entry.name);
                match entry.kind {
                    Kind::Folder => folders.push(path),
                    _ => size += self.disk.status(&path)?.map_or(0, |status| status.length),
                }
            }
        }
        Ok(size)
    }
}
