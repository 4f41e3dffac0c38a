//! Changes of a run's record.

use std::time::Instant;

use jiff::Timestamp;

use crate::domain::{Etag, Run, RunInfo, TreePath, run_status};
use crate::error::{Error, Result};
use crate::host;
use crate::layout::{paths, run_info_file};
use crate::store::{EndStatus, RunChange, RunEnd};

use super::Tree;
use super::runs::{RunPlace, derived_files};

impl Tree {
    /// Ends a run.
    pub(in crate::files) fn end_run(
        &self,
        place: &RunPlace,
        end: &RunEnd,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<Run> {
        let now = self.clock.now();
        self.change_run(place, etag, deadline, |info| apply_end(info, end, now))
    }

    /// Changes a run.
    pub(in crate::files) fn update_run(
        &self,
        place: &RunPlace,
        change: &RunChange,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<Run> {
        self.change_run(place, etag, deadline, |info| {
            let mut changed = info.clone();
            apply_change(&mut changed, change);
            Ok((changed != *info).then_some(changed))
        })
    }

    /// Replaces a run's record by what `change` makes of it, unless that is nothing.
    pub(super) fn change_run(
        &self,
        place: &RunPlace,
        etag: Option<&Etag>,
        deadline: Instant,
        change: impl Fn(&RunInfo) -> Result<Option<RunInfo>>,
    ) -> Result<Run> {
        if !self.is_folder(&place.path())? {
            return Err(place.not_found());
        }
        self.synced_folders.sync_names(&*self.disk, &place.path())?;
        let updated = self.update_document(&place.record(), etag, deadline, |current| {
            let info = match current {
                Some(document) => self.parse_run(place, document)?,
                // A record that is missing is made anew.
                None => self.info_of_small_files(place)?,
            };
            let previous = current.map(|document| document.bytes.as_slice());
            let written = change(&info)?.map(|info| run_info_file::write(&info, previous));
            written.transpose().map_err(|damage| Error::corrupt(&place.record(), &damage))
        });
        let run = self.run_of(place, self.or_gone(place, updated)?)?;
        self.write_derived_files(place, &run.info);
        self.runs.note(&run);
        self.changes.touch_run(place);
        self.repair_after(&place.task);
        Ok(run)
    }

    /// Brings the small files of a run up to date; returns which had to be. They say
    /// nothing that its record does not: not being able to write one fails nothing.
    pub(super) fn write_derived_files(&self, place: &RunPlace, info: &RunInfo) -> Vec<TreePath> {
        let mut written = Vec::new();
        let parent = paths::parent_run_id_file(&place.path());
        if info.parent_run_id.is_empty() && matches!(self.disk.status(&parent), Ok(Some(_))) {
            match self.disk.remove_file(&parent) {
                Ok(()) => written.push(parent),
                Err(error) => {
                    tracing::warn!(path = %parent, %error, "cannot remove a derived file");
                }
            }
        }
        for (path, content) in self.stale_derived_files(place, info) {
            match self.disk.replace(&path, &content, None) {
                Ok(_) => written.push(path),
                Err(error) => tracing::warn!(%path, %error, "cannot write a derived file"),
            }
        }
        written
    }

    /// Returns the small files of a run that are missing or say something else, with
    /// what they should say. An older form is left as it is.
    pub(super) fn stale_derived_files(
        &self,
        place: &RunPlace,
        info: &RunInfo,
    ) -> Vec<(TreePath, Vec<u8>)> {
        let folder = place.path();
        let has_old_cwd = self.disk.status(&paths::old_cwd_file(&folder)).ok().flatten().is_some();
        let mut files = derived_files(&folder, info);
        files.retain(|(path, content)| {
            let is_old_form = has_old_cwd && *path == paths::cwd_file(&folder);
            let read = self.read_document(path);
            let is_current = read.is_ok_and(|read| read.is_some_and(|read| read.bytes == *content));
            !is_old_form && !is_current
        });
        files
    }
}

/// Returns a run's record after its end; none when that changes nothing.
pub(super) fn apply_end(info: &RunInfo, end: &RunEnd, now: Timestamp) -> Result<Option<RunInfo>> {
    let to = match end.status {
        EndStatus::Running => run_status::RUNNING,
        EndStatus::Completed => run_status::COMPLETED,
        EndStatus::Failed => run_status::FAILED,
    };
    let refused = || Error::InvalidRunTransition {
        run: info.run_id.clone(),
        from: info.status.clone(),
        to: match end.exit_code {
            Some(code) => format!("{to} with exit code {code}"),
            None => to.to_owned(),
        },
    };
    if end.status == EndStatus::Running {
        return if info.is_running() { Ok(None) } else { Err(refused()) };
    }
    if info.has_ended() {
        let same = info.status == to && end.exit_code.is_none_or(|code| code == info.exit_code);
        if same {
            return Ok(None);
        }
        if !info.end_is_a_guess() {
            return Err(refused());
        }
    }
    let by_default =
        if end.status == EndStatus::Completed { 0 } else { RunInfo::EXIT_CODE_UNKNOWN };
    let mut ended = info.clone();
    if info.end_is_a_guess() {
        ended.error_summary.clear();
    }
    ended.status = to.to_owned();
    ended.exit_code = end.exit_code.unwrap_or(by_default);
    // A clock that stepped back ends no run before its start.
    ended.end_time = Some(info.start_time.map_or(now, |start| start.max(now)));
    if !end.error_summary.is_empty() {
        ended.error_summary.clone_from(&end.error_summary);
    }
    Ok(Some(ended))
}

fn apply_change(info: &mut RunInfo, change: &RunChange) {
    let RunChange {
        host,
        pid,
        pgid,
        process_ownership,
        cwd,
        commandline,
        agent_version,
        error_summary,
        parent_run_id,
        previous_run_id,
    } = change;
    let is_here = host.is_empty() || *host == host::name();
    let number = |field: &mut i64, new: &Option<i64>| {
        if let Some(new) = *new {
            *field = if is_here { new } else { 0 };
        }
    };
    number(&mut info.pid, pid);
    number(&mut info.pgid, pgid);
    let text = |field: &mut String, new: &Option<String>| {
        if let Some(new) = new {
            field.clone_from(new);
        }
    };
    text(&mut info.process_ownership, process_ownership);
    text(&mut info.cwd, cwd);
    text(&mut info.commandline, commandline);
    text(&mut info.agent_version, agent_version);
    text(&mut info.error_summary, error_summary);
    text(&mut info.parent_run_id, parent_run_id);
    text(&mut info.previous_run_id, previous_run_id);
}
