//! Which file is where: ids to paths, and names back to ids.

use crate::domain::{BusId, ProjectId, TaskId, TreePath};

const PROJECT_BUS: &str = "PROJECT-MESSAGE-BUS.md";
const TASK_BUS: &str = "TASK-MESSAGE-BUS.md";
const ARCHIVED: &str = ".archived";

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

/// A project's folder.
pub fn project_folder(project: &ProjectId) -> TreePath {
    TreePath::root().join(project.as_str())
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
    let name = format!("{}.{stamp}.torn", bus_file(bus).name());
    bus_folder(bus).join(&name)
}

/// Whether a file in the bus's folder is one of its archives, whoever made it.
pub fn is_archive_of(bus: &BusId, name: &str) -> bool {
    name.strip_prefix(bus_file(bus).name())
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|rest| rest.ends_with(ARCHIVED))
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
