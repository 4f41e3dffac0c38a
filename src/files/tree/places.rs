//! Which projects, tasks and run folders there are.

use crate::disk::{Entry, Kind};
use crate::domain::{ProjectId, TaskKey, TreePath};
use crate::error::{Error, Result};
use crate::layout::paths;
use crate::store::Part;

use super::Tree;

impl Tree {
    /// Lists the projects in the order of their ids: every folder of the root, and
    /// symlinks, so that they can be reported.
    pub(super) fn project_ids(&self) -> Result<Vec<ProjectId>> {
        let entries = self.disk.list(&TreePath::root())?.unwrap_or_default();
        let mut projects: Vec<ProjectId> = entries
            .iter()
            .filter(|entry| matches!(entry.kind, Kind::Folder | Kind::Symlink))
            .filter_map(|entry| paths::project_of_folder(&entry.name))
            .collect();
        projects.sort();
        Ok(projects)
    }

    /// Lists the folders in a project that may be tasks, in the order of their ids;
    /// none for a project that does not exist.
    pub(super) fn task_keys(&self, project: &ProjectId) -> Result<Vec<TaskKey>> {
        let entries = self.disk.list(&paths::project_folder(project))?.unwrap_or_default();
        let mut tasks: Vec<TaskKey> = entries
            .iter()
            .filter(|entry| entry.kind == Kind::Folder)
            .filter_map(|entry| paths::task_of_folder(&entry.name))
            .map(|task| TaskKey { project: project.clone(), task })
            .collect();
        tasks.sort();
        Ok(tasks)
    }

    /// Lists a task's run folders in the order of their names, and symlinks in their
    /// place.
    pub(super) fn run_folders(&self, task: &TaskKey) -> Result<Vec<String>> {
        let entries = self.disk.list(&paths::runs_folder(task))?.unwrap_or_default();
        let mut folders: Vec<String> =
            entries.into_iter().filter(is_run).map(|entry| entry.name).collect();
        folders.sort();
        Ok(folders)
    }

    /// Lists the tasks of a part of the tree in order, or what may be tasks. Of
    /// everything, a project that cannot be listed is left out and told of.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND or TASK_NOT_FOUND for a part that does not exist.
    pub(super) fn tasks_of(&self, part: &Part, unlisted: &mut Vec<Error>) -> Result<Vec<TaskKey>> {
        match part {
            Part::All(reach) => {
                let mut tasks = Vec::new();
                for project in self.project_ids()?.iter().filter(|id| reach.covers(id)) {
                    match self.task_keys(project) {
                        Ok(keys) => tasks.extend(keys),
                        Err(error) => unlisted.push(error),
                    }
                }
                Ok(tasks)
            }
            Part::Project(project) => {
                self.demand_project(project)?;
                self.task_keys(project)
            }
            Part::Task(task) => {
                self.demand_task_folder(task)?;
                Ok(vec![task.clone()])
            }
        }
    }

    /// Refuses a project that does not exist.
    pub(super) fn demand_project(&self, project: &ProjectId) -> Result<()> {
        if self.is_folder(&paths::project_folder(project))? {
            Ok(())
        } else {
            Err(Error::ProjectNotFound { project: project.to_string() })
        }
    }

    /// Refuses a task that has no folder.
    pub(super) fn demand_task_folder(&self, task: &TaskKey) -> Result<()> {
        self.demand_project(&task.project)?;
        if self.is_folder(&paths::task_folder(task))? {
            Ok(())
        } else {
            Err(Error::TaskNotFound { task: task.to_string() })
        }
    }

    /// Whether there is a folder; an error when something else is in its place.
    pub(super) fn is_folder(&self, path: &TreePath) -> Result<bool> {
        match self.disk.status(path)? {
            None => Ok(false),
            Some(status) if status.kind == Kind::Folder => Ok(true),
            // Opening it says what it is.
            Some(_) => self.disk.list(path).map(|entries| entries.is_some()),
        }
    }
}

fn is_run(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Folder | Kind::Symlink)
        && paths::run_of_folder(&entry.name).is_some()
}
