//! Documents of projects and tasks that are read as a whole: home folders, dependencies,
//! facts.

use crate::disk::Kind as Thing;
use crate::domain::{BusId, FactScope, ProjectId, TaskKey, TreePath};
use crate::layout::{Damage, fact_file, fact_names, home_folders_file, paths};

use super::finding::{Finding, Kind};
use super::look::{Look, Place, Read};

impl Look<'_> {
    pub(super) fn look_at_project(&mut self, project: &ProjectId) {
        let folder = paths::project_folder(project);
        let bus = BusId { project: project.clone(), task: None };
        let scope = FactScope::Project(project.clone());
        let home_folders = paths::home_folders_file(&folder);
        let bus_file = paths::bus_file(&bus);
        let documents = [home_folders.name(), bus_file.name()];
        let entries = self.list(&folder);
        for entry in &entries {
            let path = folder.join(&entry.name);
            if path == home_folders {
                self.look_at_document(&path, &|bytes| home_folders_file::read(bytes).map(drop));
            } else if fact_names::fact_of_file(&scope, &entry.name).is_some() {
                self.look_at_fact(&path);
            } else if entry.kind == Thing::Folder
                && !is_lock_of(&documents, &entry.name)
                && let Some(task) = paths::task_of_folder(&entry.name)
            {
                self.later(Place::Task(TaskKey { project: project.clone(), task }));
            } else {
                self.look_at_other(&folder, entry, &documents);
            }
        }
        self.note_bus(bus, &entries);
    }

    /// Looks at a document that people mend: without it, less would be known.
    pub(super) fn look_at_document(
        &mut self,
        path: &TreePath,
        read: &dyn Fn(&[u8]) -> Result<(), Damage>,
    ) {
        if let Read::Content(content) = self.read(path, Kind::CorruptDocument)
            && let Err(damage) = read(&content.bytes)
        {
            self.report(
                Finding::new(path, Kind::CorruptDocument, damage.to_string())
                    .while_unchanged(vec![Some(content.status)]),
            );
        }
    }

    pub(super) fn look_at_fact(&mut self, path: &TreePath) {
        self.look_at_document(path, &|bytes| fact_file::read(bytes).map(drop));
    }
}

/// Whether a name is that of the lock of one of these documents.
pub(super) fn is_lock_of(documents: &[&str], name: &str) -> bool {
    paths::document_of_lock(name).is_some_and(|document| documents.contains(&document))
}
