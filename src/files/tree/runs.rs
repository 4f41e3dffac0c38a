//! Runs: folders below a task's `runs`.

use std::borrow::Cow;

use crate::disk::{Kind, Renamed};
use crate::domain::{
    Etag, Liveness, RequestId, Run, RunFile, RunInfo, RunKey, TaskKey, TreePath, run_status,
};
use crate::error::{Error, Reason, Result};
use crate::host;
use crate::layout::{cwd_file, meta_file, paths, run_info_file};
use crate::store::{Created, NewRun};

use super::Tree;
use super::create::Creatable;
use super::document::Document;

/// What agency says when the folder of a run cannot be made.
const DIR_CREATE_FAILED: &str = "E_RUN_DIR_CREATE_FAILED";
/// What agency says when the file that keeps its worktree cannot be written.
const META_WRITE_FAILED: &str = "E_META_WRITE_FAILED";

/// Where a run is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::files) struct RunPlace {
    pub(in crate::files) task: TaskKey,
    pub(in crate::files) folder: String,
}

impl RunPlace {
    /// Returns where a run is.
    pub(super) fn of(run: &Run) -> Self {
        Self { task: run.task.clone(), folder: run.folder.clone() }
    }

    /// Returns the run's folder.
    pub(in crate::files) fn path(&self) -> TreePath {
        paths::run_folder(&self.task, &self.folder)
    }

    /// Returns the run's record, which is what changes of it are made to.
    pub(in crate::files) fn record(&self) -> TreePath {
        paths::run_info_file(&self.path())
    }

    pub(super) fn not_found(&self) -> Error {
        Error::RunNotFound { run: format!("{}/{}", self.task, self.folder) }
    }
}

impl Creatable for NewRun {
    fn content(&self) -> Vec<Cow<'_, str>> {
        let mut content: Vec<Cow<'_, str>> = vec![
            "run".into(),
            self.task.project.as_str().into(),
            self.task.task.as_str().into(),
            self.run.as_ref().map_or("", |run| run.as_str()).into(),
            (&self.agent_type).into(),
            (&self.parent_run_id).into(),
            (&self.previous_run_id).into(),
            (&self.host).into(),
            self.pid.to_string().into(),
            self.pgid.to_string().into(),
            (&self.process_ownership).into(),
            (&self.cwd).into(),
            (&self.commandline).into(),
            (&self.agent_version).into(),
            (&self.prompt).into(),
        ];
        // Without one the hash is what it was in earlier versions.
        if let Some(meta) = &self.meta {
            content.push(format!("{meta:?}").into());
        }
        content
    }

    fn name(&self) -> Option<&str> {
        self.run.as_ref().map(|run| run.as_str())
    }

    fn make_up_name(&self, tree: &Tree, _: usize) -> Result<String> {
        Ok(tree.stamp())
    }

    fn record(&self, name: &str) -> TreePath {
        paths::run_folder(&self.task, name)
    }

    fn commits_in(&self, _: &str) -> TreePath {
        paths::runs_folder(&self.task)
    }

    fn make(&self, tree: &Tree, name: &str) -> Result<Renamed> {
        let id = paths::run_of_folder(name)
            .ok_or_else(|| Error::Bug(format!("{name:?} is no run's name")))?;
        id.check_creatable()?;
        let folder = self.record(name);
        let info = self.info(tree, name, &folder);
        let meta = self.meta(tree, &info)?;
        self.make_runs_folder(tree).map_err(|error| error.coded(DIR_CREATE_FAILED))?;
        let staged = tree.stage().map_err(|error| error.coded(DIR_CREATE_FAILED))?;
        let record =
            run_info_file::write(&info, None).map_err(|damage| Error::Bug(damage.to_string()))?;
        tree.disk.write_new(&paths::run_info_file(&staged.folder), &record, true)?;
        if let Some(meta) = meta {
            let file = paths::run_meta_file(&staged.folder);
            let written = tree.disk.write_new(&file, &meta, true);
            written.map_err(|error| error.coded(META_WRITE_FAILED))?;
        }
        if !self.prompt.is_empty() {
            let prompt = paths::run_file(&staged.folder, &RunFile::Prompt);
            tree.disk.write_new(&prompt, self.prompt.as_bytes(), true)?;
        }
        let logs = tree.disk.create_new_folder(&paths::logs_folder(&staged.folder));
        logs.map_err(|error| error.coded(DIR_CREATE_FAILED))?;
        // Not synced: they say nothing that the record does not.
        for (path, content) in derived_files(&staged.folder, &info) {
            tree.disk.write_new(&path, &content, false)?;
        }
        staged.place(&folder).map_err(|error| error.coded(DIR_CREATE_FAILED))
    }

    fn taken(&self, name: &str) -> Error {
        Error::RunExists { run: format!("{}/{name}", self.task) }
    }
}

impl NewRun {
    /// Makes the folder of the task's runs, and those above it.
    fn make_runs_folder(&self, tree: &Tree) -> Result<()> {
        let runs = paths::runs_folder(&self.task);
        if tree.is_folder(&runs)? {
            return Ok(());
        }
        if !tree.is_folder(&paths::project_folder(&self.task.project))? {
            self.task.project.check_creatable()?;
        }
        if !tree.is_folder(&paths::task_folder(&self.task))? {
            self.task.task.check_creatable()?;
        }
        tree.disk.create_folder(&runs)
    }

    /// Returns the content of the file that keeps its worktree and tools.
    fn meta(&self, tree: &Tree, info: &RunInfo) -> Result<Option<Vec<u8>>> {
        let Some(meta) = &self.meta else { return Ok(None) };
        let meta = tree.new_meta(info, &info.run_id, self.is_here(), meta.clone())?;
        let written = meta_file::write(&meta, None);
        written.map(Some).map_err(|damage| Error::Bug(damage.to_string()))
    }

    /// Whether it is a run on this host.
    fn is_here(&self) -> bool {
        self.host.is_empty() || self.host == host::name()
    }

    fn info(&self, tree: &Tree, name: &str, folder: &TreePath) -> RunInfo {
        let is_here = self.is_here();
        let location = tree.disk.location();
        let file = |file: RunFile| format!("{location}/{}", paths::run_file(folder, &file));
        RunInfo {
            parent_run_id: self.parent_run_id.clone(),
            previous_run_id: self.previous_run_id.clone(),
            agent_type: self.agent_type.clone(),
            process_ownership: self.process_ownership.clone(),
            pid: if is_here { self.pid } else { 0 },
            pgid: if is_here { self.pgid } else { 0 },
            start_time: Some(tree.clock.now()),
            status: run_status::RUNNING.to_owned(),
            cwd: self.cwd.clone(),
            prompt_path: if self.prompt.is_empty() { String::new() } else { file(RunFile::Prompt) },
            output_path: file(RunFile::Output),
            stdout_path: file(RunFile::Stdout),
            stderr_path: file(RunFile::Stderr),
            commandline: self.commandline.clone(),
            agent_version: self.agent_version.clone(),
            ..RunInfo::unknown(&self.task, name)
        }
    }
}

/// The small files that repeat what a run's record says.
pub(in crate::files) fn derived_files(
    folder: &TreePath,
    info: &RunInfo,
) -> Vec<(TreePath, Vec<u8>)> {
    let mut files = vec![
        (paths::agent_type_file(folder), cwd_file::write_line(&info.agent_type)),
        (paths::cwd_file(folder), cwd_file::write(info)),
    ];
    if !info.parent_run_id.is_empty() {
        let parent = cwd_file::write_line(&info.parent_run_id);
        files.push((paths::parent_run_id_file(folder), parent));
    }
    files
}

impl Tree {
    /// Creates a run.
    pub(in crate::files) fn create_run(
        &self,
        new: &NewRun,
        request_id: Option<&RequestId>,
    ) -> Result<Created<Run>> {
        let made = self.create(new, request_id)?;
        let place = RunPlace { task: new.task.clone(), folder: made.name };
        let mut run = self.read_run(&place)?;
        self.runs.note(&run);
        self.changes.touch_run(&place);
        if new.meta.is_some() {
            run.meta = self.show_meta(&place).map(Box::new);
        }
        Ok(Created { item: run, duplicate: made.duplicate })
    }

    /// Returns a run.
    pub(in crate::files) fn run(&self, key: &RunKey) -> Result<Run> {
        let (place, run) = self.locate_run(key)?;
        // One that cannot be read is an error here, and says which.
        if run.problem.is_some() { self.read_run(&place) } else { Ok(run) }
    }

    /// Returns a run as [`run`](Self::run) does, if that is certain to take no wait, and if
    /// all is with it as it almost always is; else none. Its file is read each time: what
    /// another program did to it shows.
    pub(in crate::files) fn run_at_once(&self, key: &RunKey) -> Option<Run> {
        let id = key.run.as_str();
        let place = match &key.task {
            Some(task) => RunPlace { task: task.clone(), folder: id.to_owned() },
            None => self.runs.only_place(id)?,
        };
        let document = self.read_document_at_once(&place.record())?;
        let info = self.parse_run(&place, &document).ok()?;
        if info.run_id != id {
            return None;
        }
        let liveness = liveness_at_once(&info)?;
        Some(known_run(&place, info, liveness, Some(document.etag)))
    }

    /// Reads a run.
    ///
    /// # Errors
    /// RUN_NOT_FOUND; CORRUPT_DOCUMENT or NOT_A_REGULAR_FILE for one that cannot be
    /// read.
    pub(super) fn read_run(&self, place: &RunPlace) -> Result<Run> {
        self.run_of(place, self.read_document(&place.record())?)
    }

    /// Returns a run with this record, or with none.
    pub(super) fn run_of(&self, place: &RunPlace, document: Option<Document>) -> Result<Run> {
        let info = match &document {
            Some(document) => self.parse_run(place, document)?,
            None => self.info_of_small_files(place)?,
        };
        let liveness = liveness(&info);
        Ok(known_run(place, info, liveness, document.map(|document| document.etag)))
    }

    /// Returns a run as a list shows it, also a damaged one.
    ///
    /// # Errors
    /// RUN_NOT_FOUND.
    pub(super) fn show_run(&self, place: &RunPlace) -> Result<Run> {
        let error = match self.read_run(place) {
            Ok(run) => return Ok(run),
            Err(error) if error.reason() == Reason::RunNotFound => return Err(error),
            Err(error) => error,
        };
        let status = run_status::DAMAGED.to_owned();
        Ok(Run {
            task: place.task.clone(),
            folder: place.folder.clone(),
            path: place.path().to_string(),
            info: RunInfo { status, ..RunInfo::unknown(&place.task, &place.folder) },
            liveness: Liveness::Ended,
            etag: None,
            problem: Some(error.to_string()),
            meta: None,
        })
    }

    pub(super) fn parse_run(&self, place: &RunPlace, document: &Document) -> Result<RunInfo> {
        run_info_file::read(&document.bytes, &place.task, &place.folder)
            .map_err(|damage| Error::corrupt(&place.record(), &damage))
    }

    /// Tells of a run without a record what its small files say.
    pub(super) fn info_of_small_files(&self, place: &RunPlace) -> Result<RunInfo> {
        let folder = place.path();
        match self.disk.status(&folder)? {
            None => return Err(place.not_found()),
            Some(status) if status.kind == Kind::Folder => {}
            // Opening it says what it is.
            Some(_) => drop(self.disk.list(&folder)?),
        }
        let read = |path: TreePath| Ok(self.read_document(&path)?.map(|document| document.bytes));
        let cwd = match read(paths::cwd_file(&folder))? {
            Some(cwd) => Some(cwd),
            None => read(paths::old_cwd_file(&folder))?,
        };
        let mut info = match cwd {
            Some(cwd) => cwd_file::read(&cwd, &place.task, &place.folder),
            None => RunInfo::unknown(&place.task, &place.folder),
        };
        if let Some(parent) = read(paths::parent_run_id_file(&folder))? {
            info.parent_run_id = cwd_file::read_line(&parent);
        }
        if let Some(agent) = read(paths::agent_type_file(&folder))? {
            info.agent_type = cwd_file::read_line(&agent);
        }
        Ok(info)
    }

    /// Takes a run out of the tree; returns what is left to be removed.
    pub(in crate::files) fn delete_run(&self, place: &RunPlace, force: bool) -> Result<TreePath> {
        if !force && self.show_run(place)?.liveness == Liveness::Alive {
            return Err(Error::RunActive { run: format!("{}/{}", place.task, place.folder) });
        }
        if self.disk.status(&place.path())?.is_none() {
            return Err(place.not_found());
        }
        let discarded = self.discard(&place.path())?;
        self.runs.forget(place);
        self.changes.touch_run(place);
        Ok(discarded)
    }

    /// Refuses a task of which a run is alive.
    pub(super) fn demand_none_alive(&self, task: &TaskKey) -> Result<()> {
        for folder in self.run_folders(task)? {
            let place = RunPlace { task: task.clone(), folder };
            let run = self.show_run(&place);
            if run.is_ok_and(|run| run.liveness == Liveness::Alive) {
                return Err(Error::RunActive { run: format!("{task}/{}", place.folder) });
            }
        }
        Ok(())
    }
}

/// Returns a run of which this is known.
fn known_run(place: &RunPlace, info: RunInfo, liveness: Liveness, etag: Option<Etag>) -> Run {
    Run {
        task: place.task.clone(),
        folder: place.folder.clone(),
        path: place.path().to_string(),
        info,
        liveness,
        etag,
        problem: None,
        meta: None,
    }
}

/// Tells whether a run's process is there.
pub(super) fn liveness(info: &RunInfo) -> Liveness {
    liveness_at_once(info).unwrap_or_else(|| {
        match host::process_is_there(info.pid, info.pgid, info.start_time) {
            true => Liveness::Alive,
            false => Liveness::Lost,
        }
    })
}

/// Tells whether a run's process is there, when that is seen without looking at others.
fn liveness_at_once(info: &RunInfo) -> Option<Liveness> {
    if !info.is_running() {
        Some(Liveness::Ended)
    } else if info.pid <= 0 && info.pgid <= 0 {
        Some(Liveness::Remote)
    } else if host::leader_is_there(info.pid, info.start_time) {
        Some(Liveness::Alive)
    } else {
        None
    }
}
