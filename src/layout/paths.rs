//! Which file is where: ids to paths, and names back to ids.

use crate::domain::{
    ArtifactId, BusId, FactScope, ProjectId, RunFile, RunId, TaskId, TaskKey, TreePath,
};

const PROJECT_BUS: &str = "PROJECT-MESSAGE-BUS.md";
const TASK_BUS: &str = "TASK-MESSAGE-BUS.md";
const ARCHIVED: &str = ".archived";
const TORN: &str = ".torn";
const DAMAGED: &str = ".damaged";
const LOCK: &str = ".lock";
const RUNS: &str = "runs";
const LOGS: &str = "logs";
const TASK_RECORD: &str = "task.json";
const TASK_PROMPT: &str = "TASK.md";
const TASK_CONFIG: &str = "TASK-CONFIG.yaml";
const TASK_STATE: &str = "TASK_STATE.md";
const TASK_DONE: &str = "DONE";
const HOME_FOLDERS: &str = "home-folders.md";
const RUN_INFO: &str = "run-info.yaml";
const TASK_LOG: &str = "task.log";
const ARTIFACTS: &str = "artifacts";

/// The folder of our private state, below the root.
pub fn private_folder() -> TreePath {
    TreePath::root().join(".callboard")
}

/// The file whose lock a server holds for its life.
pub fn root_lock() -> TreePath {
    private_folder().join("lock")
}

/// The socket of a server that is told no other place for it.
pub fn socket() -> TreePath {
    private_folder().join("socket")
}

/// The hashes of tokens, of a server that is told no other place for them.
pub fn tokens() -> TreePath {
    private_folder().join("tokens")
}

/// Where new folders are built before they get their place in one step.
pub fn staging_folder() -> TreePath {
    private_folder().join("staging")
}

/// Where folders go that are being removed.
pub fn trash_folder() -> TreePath {
    private_folder().join("trash")
}

/// Where repairs put what is in the way, a folder for each.
pub fn aside_folder() -> TreePath {
    private_folder().join("aside")
}

/// What is remembered of requests that created something.
pub fn requests_file() -> TreePath {
    private_folder().join("requests")
}

/// The file whose lock is held while a document is changed.
pub fn lock_file(document: &TreePath) -> TreePath {
    beside(document, LOCK)
}

/// Returns the document whose lock a file is, by its name.
pub fn document_of_lock(name: &str) -> Option<&str> {
    name.strip_suffix(LOCK)
}

/// The file that keeps what could not be read of a document.
pub fn unreadable_file(document: &TreePath, stamp: &str) -> TreePath {
    beside(document, &format!(".{stamp}{TORN}"))
}

/// The name that a document gets which nobody can read, so that a new one can take its
/// place.
pub fn damaged_file(document: &TreePath, stamp: &str) -> TreePath {
    beside(document, &format!(".{stamp}{DAMAGED}"))
}

/// Whether a file keeps what was moved out of the way of another.
pub fn is_kept_aside(name: &str) -> bool {
    name.ends_with(TORN) || name.ends_with(DAMAGED)
}

fn beside(document: &TreePath, ending: &str) -> TreePath {
    let name = format!("{}{ending}", document.name());
    document.folder().join(&name)
}

/// A project's folder.
pub fn project_folder(project: &ProjectId) -> TreePath {
    TreePath::root().join(project.as_str())
}

/// The file that says where a project's sources are.
pub fn home_folders_file(project_folder: &TreePath) -> TreePath {
    project_folder.join(HOME_FOLDERS)
}

/// A task's folder.
pub fn task_folder(task: &TaskKey) -> TreePath {
    project_folder(&task.project).join(task.task.as_str())
}

/// The record of a task.
pub fn task_record_file(task_folder: &TreePath) -> TreePath {
    task_folder.join(TASK_RECORD)
}

/// What is to be done for a task.
pub fn task_prompt_file(task_folder: &TreePath) -> TreePath {
    task_folder.join(TASK_PROMPT)
}

/// What a task waits for.
pub fn task_config_file(task_folder: &TreePath) -> TreePath {
    task_folder.join(TASK_CONFIG)
}

/// How a task stands, in its agents' words.
pub fn task_state_file(task_folder: &TreePath) -> TreePath {
    task_folder.join(TASK_STATE)
}

/// The marker of a task that is done.
pub fn task_done_file(task_folder: &TreePath) -> TreePath {
    task_folder.join(TASK_DONE)
}

/// A task's log.
pub fn task_log_file(task_folder: &TreePath) -> TreePath {
    task_folder.join(TASK_LOG)
}

/// Whether a file in a task's folder is its log.
pub fn is_task_log(name: &str) -> bool {
    name == TASK_LOG
}

/// Whether what is in a task's folder is that of its artifacts.
pub fn is_artifacts_folder(name: &str) -> bool {
    name == ARTIFACTS
}

/// The folder of a task's artifacts.
pub fn artifacts_folder(task_folder: &TreePath) -> TreePath {
    task_folder.join(ARTIFACTS)
}

/// An artifact or an attachment of a task.
pub fn artifact_file(task_folder: &TreePath, artifact: &ArtifactId) -> TreePath {
    match artifact {
        ArtifactId::Attachment(name) => task_folder.join(name),
        ArtifactId::Artifact(name) => {
            name.split('/').fold(artifacts_folder(task_folder), |path, name| path.join(name))
        }
    }
}

/// Makes the name of a new attachment's file.
pub fn new_attachment(stamp: &str, name: &str) -> String {
    format!("ATTACH-{stamp}-{name}")
}

/// Whether a file is one that is being written, under a name that nobody looks at.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".tmp")
}

/// Returns the process that wrote a file under such a name, when the name says that it was
/// a server: `.<name>.<pid>-<number>.tmp`.
pub fn writer_of_temporary(name: &str) -> Option<u32> {
    let stem = name.strip_prefix('.')?.strip_suffix(".tmp")?;
    let (_, writer) = stem.rsplit_once('.')?;
    let (pid, number) = writer.split_once('-')?;
    let is_number = !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit());
    if is_number { pid.parse().ok() } else { None }
}

/// The folder that holds the facts about something.
pub fn facts_folder(scope: &FactScope) -> TreePath {
    match scope {
        FactScope::Project(project) => project_folder(project),
        FactScope::Task(task) => task_folder(task),
    }
}

/// Whether a folder that holds this name is a task.
pub fn makes_a_task(name: &str) -> bool {
    matches!(name, TASK_RECORD | TASK_PROMPT | TASK_CONFIG | RUNS)
}

/// The folder of a task's runs.
pub fn runs_folder(task: &TaskKey) -> TreePath {
    task_folder(task).join(RUNS)
}

/// A run's folder, by its name.
///
/// # Panics
/// When the name is no path component: it comes from a [`RunId`] or a listing.
pub fn run_folder(task: &TaskKey, folder: &str) -> TreePath {
    runs_folder(task).join(folder)
}

/// Reads the name of a folder of runs as a run; none for names that are never runs.
pub fn run_of_folder(name: &str) -> Option<RunId> {
    RunId::parse(name).ok()
}

/// The record of a run.
pub fn run_info_file(run_folder: &TreePath) -> TreePath {
    run_folder.join(RUN_INFO)
}

/// The file that names a run's parent.
pub fn parent_run_id_file(run_folder: &TreePath) -> TreePath {
    run_folder.join("parent-run-id")
}

/// The file that names a run's agent.
pub fn agent_type_file(run_folder: &TreePath) -> TreePath {
    run_folder.join("agent-type")
}

/// The file that says where and how a run was started.
pub fn cwd_file(run_folder: &TreePath) -> TreePath {
    run_folder.join("cwd")
}

/// The older name of [`cwd_file`].
pub fn old_cwd_file(run_folder: &TreePath) -> TreePath {
    run_folder.join("cwd.txt")
}

/// What is kept of a run's worktree and tools.
pub fn run_meta_file(run_folder: &TreePath) -> TreePath {
    run_folder.join("meta.json")
}

/// Whether a file of a run's folder says what the run is.
pub fn tells_of_a_run(name: &str) -> bool {
    matches!(name, RUN_INFO | "parent-run-id" | "agent-type" | "cwd" | "cwd.txt")
}

/// The folder of a run's further logs.
pub fn logs_folder(run_folder: &TreePath) -> TreePath {
    run_folder.join(LOGS)
}

/// A file of a run.
pub fn run_file(run_folder: &TreePath, file: &RunFile) -> TreePath {
    match file {
        RunFile::Prompt => run_folder.join("prompt.md"),
        RunFile::Output => run_folder.join("output.md"),
        RunFile::Stdout => run_folder.join("agent-stdout.txt"),
        RunFile::Stderr => run_folder.join("agent-stderr.txt"),
        RunFile::Events => run_folder.join("events.jsonl"),
        RunFile::Log(name) => logs_folder(run_folder).join(name),
    }
}

/// The folder that holds a bus.
pub fn bus_folder(bus: &BusId) -> TreePath {
    let project = project_folder(&bus.project);
    match &bus.task {
        Some(task) => project.join(task.as_str()),
        None => project,
    }
}

/// A bus's live file.
pub fn bus_file(bus: &BusId) -> TreePath {
    bus_folder(bus).join(if bus.task.is_some() { TASK_BUS } else { PROJECT_BUS })
}

/// The file that a bus's live file becomes when it is archived.
pub fn archive_file(bus: &BusId, stamp: &str) -> TreePath {
    let name = format!("{}.{stamp}{ARCHIVED}", bus_file(bus).name());
    bus_folder(bus).join(&name)
}

/// The file that takes a torn tail of a bus.
pub fn torn_file(bus: &BusId, stamp: &str) -> TreePath {
    let name = format!("{}.{stamp}{TORN}", bus_file(bus).name());
    bus_folder(bus).join(&name)
}

/// Whether a file in the bus's folder is one of its archives, whoever made it.
pub fn is_archive_of(bus: &BusId, name: &str) -> bool {
    name.strip_prefix(bus_file(bus).name())
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|rest| rest.ends_with(ARCHIVED))
}

/// Returns the stamp in the name of an archive of a bus.
pub fn stamp_of_archive<'n>(bus: &BusId, name: &'n str) -> Option<&'n str> {
    name.strip_prefix(bus_file(bus).name())?.strip_prefix('.')?.strip_suffix(ARCHIVED)
}

/// Whether a file name is that of a bus or of an archive, in any folder.
pub fn is_bus_or_archive(name: &str) -> bool {
    name.starts_with(PROJECT_BUS) || name.starts_with(TASK_BUS)
}

/// Reads the name of a folder below the root as a project; none for names that
/// are never projects.
pub fn project_of_folder(name: &str) -> Option<ProjectId> {
    ProjectId::parse(name).ok()
}

/// Reads the name of a folder in a project as a task; none for names that are
/// never tasks.
pub fn task_of_folder(name: &str) -> Option<TaskId> {
    TaskId::parse(name).ok()
}
