//! Projects: folders of the root.

use std::borrow::Cow;
use std::sync::PoisonError;
use std::time::Instant;

use crate::disk::Renamed;
use crate::domain::{Etag, HomeFolders, Project, ProjectId, Reach, RequestId, TreePath};
use crate::error::{Error, Result};
use crate::layout::{home_folders_file, paths};
use crate::store::{Created, NewProject, Page, ProjectChange};

use super::Tree;
use super::create::Creatable;

impl Creatable for NewProject {
    fn content(&self) -> Vec<Cow<'_, str>> {
        let HomeFolders { project_root, source_folders, additional_folders } = &self.home_folders;
        let mut content: Vec<Cow<'_, str>> =
            vec!["project".into(), self.id.as_str().into(), project_root.into()];
        // With their lengths, so that one list is not taken for the other.
        for list in [source_folders, additional_folders] {
            content.push(list.len().to_string().into());
            content.extend(list.iter().map(Cow::from));
        }
        content
    }

    fn name(&self) -> Option<&str> {
        Some(self.id.as_str())
    }

    fn make_up_name(&self, _: &Tree, _: usize) -> Result<String> {
        Ok(self.id.to_string())
    }

    fn record(&self, _: &str) -> TreePath {
        paths::project_folder(&self.id)
    }

    fn commits_in(&self, _: &str) -> TreePath {
        TreePath::root()
    }

    fn make(&self, tree: &Tree, name: &str) -> Result<Renamed> {
        self.id.check_creatable()?;
        let staged = tree.stage()?;
        if self.home_folders != HomeFolders::default() {
            let file = paths::home_folders_file(&staged.folder);
            let content = home_folders_file::write(&self.home_folders, None)
                .map_err(|damage| Error::Bug(damage.to_string()))?;
            tree.disk.write_new(&file, &content, true)?;
        }
        staged.place(&self.record(name))
    }

    fn taken(&self, _: &str) -> Error {
        Error::ProjectExists { project: self.id.to_string() }
    }
}

impl Tree {
    /// Creates a project.
    pub(in crate::files) fn create_project(
        &self,
        new: &NewProject,
        request_id: Option<&RequestId>,
    ) -> Result<Created<Project>> {
        let made = self.create(new, request_id)?;
        self.changes.touch_project(&new.id);
        Ok(Created { item: self.project(&new.id)?, duplicate: made.duplicate })
    }

    /// Returns a project.
    pub(in crate::files) fn project(&self, id: &ProjectId) -> Result<Project> {
        self.demand_project(id)?;
        self.read_project(id)
    }

    fn read_project(&self, id: &ProjectId) -> Result<Project> {
        let path = paths::home_folders_file(&paths::project_folder(id));
        let document = self.read_document(&path)?;
        let home_folders = match &document {
            None => HomeFolders::default(),
            Some(document) => home_folders_file::read(&document.bytes)
                .map_err(|damage| Error::corrupt(&path, &damage))?,
        };
        Ok(Project {
            id: id.clone(),
            home_folders,
            etag: document.map(|document| document.etag),
            problem: None,
        })
    }

    /// Returns a project as a list shows it, also a damaged one.
    pub(super) fn show_project(&self, id: &ProjectId) -> Project {
        let shown = self.is_folder(&paths::project_folder(id)).and_then(|_| self.read_project(id));
        shown.unwrap_or_else(|error| Project {
            id: id.clone(),
            home_folders: HomeFolders::default(),
            etag: None,
            problem: Some(error.to_string()),
        })
    }

    /// Lists projects.
    pub(in crate::files) fn list_projects(
        &self,
        reach: &Reach,
        after: Option<&ProjectId>,
        limit: usize,
    ) -> Result<Page<Project>> {
        let ids = self.project_ids()?;
        let mut following =
            ids.iter().filter(|id| reach.covers(id) && after.is_none_or(|after| *id > after));
        let items = following.by_ref().take(limit).map(|id| self.show_project(id)).collect();
        Ok(Page { items, more: following.next().is_some() })
    }

    /// Changes a project's home folders.
    pub(in crate::files) fn update_project(
        &self,
        id: &ProjectId,
        change: &ProjectChange,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<Project> {
        self.demand_project(id)?;
        let path = paths::home_folders_file(&paths::project_folder(id));
        self.update_document(&path, etag, deadline, |current| {
            let previous = current.map(|document| document.bytes.as_slice());
            let mut folders = match previous {
                None => HomeFolders::default(),
                Some(bytes) => home_folders_file::read(bytes)
                    .map_err(|damage| Error::corrupt(&path, &damage))?,
            };
            let ProjectChange { project_root, source_folders, additional_folders } = change.clone();
            folders.project_root = project_root.unwrap_or(folders.project_root);
            folders.source_folders = source_folders.unwrap_or(folders.source_folders);
            folders.additional_folders = additional_folders.unwrap_or(folders.additional_folders);
            let written = home_folders_file::write(&folders, previous);
            written.map(Some).map_err(|damage| Error::corrupt(&path, &damage))
        })?;
        self.changes.touch_project(id);
        self.project(id)
    }

    /// Takes a project out of the tree; returns what is left to be removed.
    pub(in crate::files) fn delete_project(&self, id: &ProjectId, force: bool) -> Result<TreePath> {
        // Nothing of ours is created meanwhile.
        let _alone = self.removals.write().unwrap_or_else(PoisonError::into_inner);
        self.demand_project(id)?;
        let folder = paths::project_folder(id);
        if !force {
            self.demand_empty(id, &folder)?;
        }
        let discarded = self.discard(&folder)?;
        if !force && let Err(error) = self.demand_empty(id, &discarded) {
            // Another program came between.
            if self.disk.rename_new(&discarded, &folder)? == Renamed::Exists {
                tracing::error!(%folder, "a project that was filled while it was removed is lost");
            }
            self.disk.sync_folder(&TreePath::root())?;
            return Err(error);
        }
        self.run_folders.forget(|task| task.project == *id);
        self.changes.touch_project(id);
        Ok(discarded)
    }

    /// Refuses a project's folder that holds more than what a project needs.
    fn demand_empty(&self, id: &ProjectId, folder: &TreePath) -> Result<()> {
        let home_folders = paths::home_folders_file(folder);
        let lock = paths::lock_file(&home_folders);
        let ours = [home_folders.name(), lock.name()];
        let entries = self.disk.list(folder)?.unwrap_or_default();
        match entries.iter().find(|entry| !ours.contains(&entry.name.as_str())) {
            None => Ok(()),
            Some(entry) => {
                Err(Error::NotEmpty { project: id.to_string(), content: entry.name.clone() })
            }
        }
    }
}
