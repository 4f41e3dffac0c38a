//! What is kept of a run's worktree and tools, and the events of runs.

use std::time::Instant;

use crate::domain::{
    Etag, RequestId, RunArchive, RunEvent, RunFile, RunFlags, RunInfo, RunMeta, RunSetup,
};
use crate::error::{Error, Reason, Result};
use crate::host;
use crate::layout::{event_line, meta_file, paths};
use crate::limits::LABEL_BYTES_MAX;
use crate::store::{
    LinesAppended, NewRunEvent, RunArchiveChange, RunFlagsChange, RunMetaChange, RunSetupChange,
    RunSetupFields,
};

use super::Tree;
use super::document::Document;
use super::json_lines::NewLines;
use super::requests;
use super::runs::RunPlace;

impl RunPlace {
    /// Returns the file that keeps the run's worktree and tools.
    pub(in crate::files) fn meta(&self) -> crate::domain::TreePath {
        paths::run_meta_file(&self.path())
    }

    /// Returns the file of the run's events.
    pub(in crate::files) fn events(&self) -> crate::domain::TreePath {
        self.file(&RunFile::Events)
    }

    fn name(&self) -> String {
        format!("{}/{}", self.task, self.folder)
    }
}

impl Tree {
    /// Returns what is kept of a run.
    pub(in crate::files) fn run_meta(&self, place: &RunPlace) -> Result<RunMeta> {
        match self.read_document(&place.meta())? {
            Some(document) => self.parse_meta(place, document),
            None if self.is_folder(&place.path())? => {
                Err(Error::RunMetaNotFound { run: place.name() })
            }
            None => Err(place.not_found()),
        }
    }

    /// Returns what is kept of a run as a list shows it, also when it is damaged; none
    /// when nothing is kept.
    pub(super) fn show_meta(&self, place: &RunPlace) -> Option<RunMeta> {
        match self.run_meta(place) {
            Ok(meta) => Some(meta),
            Err(error) if error.reason() == Reason::RunNotFound => None,
            Err(error) => Some(RunMeta {
                run_id: place.folder.clone(),
                problem: Some(error.to_string()),
                ..RunMeta::default()
            }),
        }
    }

    fn parse_meta(&self, place: &RunPlace, document: Document) -> Result<RunMeta> {
        let meta = meta_file::read(&document.bytes, &place.folder)
            .map_err(|damage| Error::corrupt(&place.meta(), &damage))?;
        Ok(RunMeta { etag: Some(document.etag), ..meta })
    }

    /// Changes what is kept of a run, or begins to keep it.
    pub(in crate::files) fn update_run_meta(
        &self,
        place: &RunPlace,
        change: &RunMetaChange,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<RunMeta> {
        if !self.is_folder(&place.path())? {
            return Err(place.not_found());
        }
        self.synced_folders.sync_names(&*self.disk, &place.path())?;
        let path = place.meta();
        let updated = self.update_document(&path, etag, deadline, |current| {
            let previous = current.map(|document| document.bytes.as_slice());
            let damaged = |damage| Error::corrupt(&path, &damage);
            let meta = match previous {
                Some(bytes) => {
                    let mut meta = meta_file::read(bytes, &place.folder).map_err(damaged)?;
                    apply(&mut meta, change);
                    meta
                }
                None => {
                    let mut meta = RunMeta::default();
                    apply(&mut meta, change);
                    let run = self.show_run(place)?;
                    let is_here = change.host.is_empty() || change.host == host::name();
                    self.new_meta(&run.info, &place.folder, is_here, meta)?
                }
            };
            meta_file::write(&meta, previous).map(Some).map_err(damaged)
        });
        let document = self.or_gone(place, updated)?;
        let document =
            document.ok_or_else(|| Error::Bug(format!("{path} was written and is not there")))?;
        self.parse_meta(place, document)
    }

    /// Fills in what is left open of what is to be kept of a run.
    ///
    /// # Errors
    /// REQUIRED_FIELD without a worktree; WORKTREE_MISSING when it does not exist, as far
    /// as it is on this host.
    pub(super) fn new_meta(
        &self,
        info: &RunInfo,
        folder: &str,
        is_here: bool,
        meta: RunMeta,
    ) -> Result<RunMeta> {
        if meta.worktree_path.is_empty() {
            return Err(Error::RequiredField { field: "meta.worktree_path" });
        }
        if is_here && !self.disk.is_folder_of_host(&meta.worktree_path) {
            return Err(Error::WorktreeMissing { path: meta.worktree_path });
        }
        let or = |text: String, otherwise: &str| match text.as_str() {
            "" => otherwise.to_owned(),
            _ => text,
        };
        Ok(RunMeta {
            run_id: folder.to_owned(),
            repo_id: or(meta.repo_id, &info.project_id),
            title: or(meta.title, folder),
            runner: or(meta.runner, &info.agent_type),
            runner_cmd: or(meta.runner_cmd, &info.commandline),
            created_at: meta.created_at.or_else(|| Some(self.clock.now())),
            ..meta
        })
    }

    /// Appends an event to those of a run.
    pub(in crate::files) fn append_run_event(
        &self,
        place: &RunPlace,
        new: &NewRunEvent,
        request_id: Option<&RequestId>,
        deadline: Instant,
    ) -> Result<LinesAppended> {
        if !self.is_folder(&place.path())? {
            return Err(place.not_found());
        }
        let repo_id = match new.repo_id.as_str() {
            // Another program may have written anything there.
            "" => self.show_meta(place).map(|meta| meta.repo_id).filter(|id| is_label(id)),
            given => Some(given.to_owned()),
        };
        let repo_id = repo_id.unwrap_or_else(|| place.task.project.to_string());
        let content = |request_id| {
            let data = new.data.as_ref().map_or("", |data| data.as_str());
            let at = new.timestamp.map(|at| at.to_string()).unwrap_or_default();
            let parts = ["run event", &place.name(), &new.event, data, &at, &new.repo_id];
            (request_id, requests::hash(&parts))
        };
        let appended = self.append_lines(&NewLines {
            path: place.events(),
            deadline,
            request: request_id.map(content),
            context: &repo_id,
            lines: &|now, repo_id| {
                event_line::write(&RunEvent {
                    timestamp: new.timestamp.unwrap_or(now),
                    repo_id: repo_id.to_owned(),
                    run_id: place.folder.clone(),
                    event: new.event.clone(),
                    data: new.data.clone(),
                })
            },
        });
        self.or_gone(place, appended)
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.len() <= LABEL_BYTES_MAX && !text.contains(char::is_control)
}

/// Sets a field that is to change.
fn set<T: Clone>(field: &mut T, new: &Option<T>) {
    if let Some(new) = new {
        field.clone_from(new);
    }
}

fn apply(meta: &mut RunMeta, change: &RunMetaChange) {
    set(&mut meta.repo_id, &change.repo_id);
    set(&mut meta.title, &change.title);
    set(&mut meta.runner, &change.runner);
    set(&mut meta.runner_cmd, &change.runner_cmd);
    set(&mut meta.parent_branch, &change.parent_branch);
    set(&mut meta.branch, &change.branch);
    set(&mut meta.worktree_path, &change.worktree_path);
    if change.created_at.is_some() {
        meta.created_at = change.created_at;
    }
    set(&mut meta.tmux_session_name, &change.tmux_session_name);
    apply_flags(&mut meta.flags, &change.flags);
    apply_setup(&mut meta.setup, &change.setup);
    set(&mut meta.pr_number, &change.pr_number);
    set(&mut meta.pr_url, &change.pr_url);
    set(&mut meta.last_push_at, &change.last_push_at);
    set(&mut meta.last_verify_at, &change.last_verify_at);
    set(&mut meta.last_report_sync_at, &change.last_report_sync_at);
    set(&mut meta.last_report_hash, &change.last_report_hash);
    let RunArchiveChange { archived_at, merged_at } = &change.archive;
    let RunArchive { archived_at: old_archived_at, merged_at: old_merged_at } = &mut meta.archive;
    set(old_archived_at, archived_at);
    set(old_merged_at, merged_at);
}

fn apply_flags(flags: &mut RunFlags, change: &RunFlagsChange) {
    set(&mut flags.setup_failed, &change.setup_failed);
    set(&mut flags.tmux_failed, &change.tmux_failed);
    set(&mut flags.needs_attention, &change.needs_attention);
    set(&mut flags.needs_attention_reason, &change.needs_attention_reason);
    set(&mut flags.abandoned, &change.abandoned);
}

fn apply_setup(setup: &mut Option<RunSetup>, change: &RunSetupChange) {
    match change {
        RunSetupChange::Keep => {}
        RunSetupChange::Remove => *setup = None,
        RunSetupChange::Replace(new) => *setup = Some(new.clone()),
        RunSetupChange::Change(fields) => {
            let setup = setup.get_or_insert_default();
            let RunSetupFields {
                command,
                exit_code,
                duration_ms,
                timed_out,
                log_path,
                output_ok,
                output_summary,
            } = fields;
            set(&mut setup.command, command);
            set(&mut setup.exit_code, exit_code);
            set(&mut setup.duration_ms, duration_ms);
            set(&mut setup.timed_out, timed_out);
            set(&mut setup.log_path, log_path);
            set(&mut setup.output_ok, output_ok);
            set(&mut setup.output_summary, output_summary);
        }
    }
}
