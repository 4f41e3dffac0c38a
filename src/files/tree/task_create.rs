//! Creating tasks, also of folders that are there already.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::disk::{Expected, Renamed, Replaced};
use crate::domain::task_status::PENDING;
use crate::domain::{RequestId, Task, TaskKey, TaskRecord, TreePath};
use crate::error::{Error, Result};
use crate::layout::task_file::{self, Edit};
use crate::layout::{paths, task_config_file};
use crate::store::{Created, NewTask};

use super::Tree;
use super::create::Creatable;
use super::made_up_names::{random_word, slug};

impl Creatable for NewTask {
    fn content(&self) -> Vec<Cow<'_, str>> {
        let task = self.task.as_ref().map_or("", |task| task.as_str());
        let mut content: Vec<Cow<'_, str>> = vec![
            "task".into(),
            self.project.as_str().into(),
            task.into(),
            (&self.description).into(),
            (&self.prompt).into(),
            (&self.template).into(),
            (&self.model).into(),
        ];
        content.extend(self.depends_on.iter().map(Cow::from));
        if !self.steps.is_empty() || self.metadata.is_some() {
            content.push(format!("{:?}", self.steps).into());
            content.push(self.metadata.as_ref().map_or("", |metadata| metadata.as_str()).into());
        }
        content
    }

    fn name(&self) -> Option<&str> {
        self.task.as_ref().map(|task| task.as_str())
    }

    fn make_up_name(&self, tree: &Tree, attempt: usize) -> Result<String> {
        let time = tree.clock.now().to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
        let slug = slug(&self.description);
        Ok(match (slug.is_empty(), attempt) {
            (true, _) => format!("task-{time}-{}", random_word()),
            (false, 0) => format!("task-{time}-{slug}"),
            (false, _) => format!("task-{time}-{slug}-{}", random_word()),
        })
    }

    fn record(&self, name: &str) -> TreePath {
        paths::task_record_file(&paths::project_folder(&self.project).join(name))
    }

    fn commits_in(&self, _: &str) -> TreePath {
        paths::project_folder(&self.project)
    }

    fn make(&self, tree: &Tree, name: &str) -> Result<Renamed> {
        let task = paths::task_of_folder(name)
            .ok_or_else(|| Error::Bug(format!("{name:?} is no task's name")))?;
        let key = TaskKey { project: self.project.clone(), task };
        key.task.check_creatable()?;
        let project = paths::project_folder(&key.project);
        if !tree.is_folder(&project)? {
            key.project.check_creatable()?;
            tree.disk.create_folder(&project)?;
        }
        let folder = paths::task_folder(&key);
        let record = tree.new_record(&key, self)?;
        if !tree.is_folder(&folder)? {
            let staged = tree.stage()?;
            for (path, content) in self.files(&staged.folder)? {
                tree.disk.write_new(&path, &content, true)?;
            }
            tree.disk.write_new(&paths::task_record_file(&staged.folder), &record, true)?;
            if staged.place(&folder)? == Renamed::Done {
                return Ok(Renamed::Done);
            }
        }
        self.take_over(tree, &folder, &record)
    }

    fn taken(&self, name: &str) -> Error {
        Error::TaskExists { task: format!("{}/{name}", self.project), detail: "" }
    }
}

impl NewTask {
    /// The files that a task has besides its record, as far as there is something to
    /// put into them.
    fn files(&self, folder: &TreePath) -> Result<Vec<(TreePath, Vec<u8>)>> {
        let mut files = Vec::new();
        if !self.prompt.is_empty() {
            files.push((paths::task_prompt_file(folder), self.prompt.clone().into_bytes()));
        }
        if !self.depends_on.is_empty() {
            let config = task_config_file::write(&self.depends_on, None)
                .map_err(|damage| Error::Bug(damage.to_string()))?;
            files.push((paths::task_config_file(folder), config));
        }
        Ok(files)
    }

    fn taken_by_another(&self, folder: &TreePath) -> Error {
        Error::TaskExists {
            task: folder.to_string(),
            detail: ": another program made it; change it with an update",
        }
    }

    /// Makes a task of a folder that is there: its record is what makes it one. A
    /// file of another program's that says something else is left alone.
    fn take_over(&self, tree: &Tree, folder: &TreePath, record: &[u8]) -> Result<Renamed> {
        let record_file = paths::task_record_file(folder);
        tree.synced_folders.sync_names(&*tree.disk, folder)?;
        if tree.disk.status(&record_file)?.is_some() {
            return Ok(Renamed::Exists);
        }
        let files = self.files(folder)?;
        for path in [paths::task_prompt_file(folder), paths::task_config_file(folder)] {
            let wanted = files.iter().find(|(file, _)| *file == path).map(|(_, content)| content);
            match (tree.read_document(&path)?, wanted) {
                (Some(there), wanted) if wanted.is_none_or(|wanted| *wanted != there.bytes) => {
                    return Err(self.taken_by_another(folder));
                }
                _ => {}
            }
        }
        for (path, content) in &files {
            // A repetition after a crash finds its own.
            let there = || tree.read_document(path);
            if tree.replace(path, content, Some(Expected::Absent))? == Replaced::Changed
                && there()?.is_none_or(|there| there.bytes != *content)
            {
                return Err(self.taken_by_another(folder));
            }
        }
        match tree.replace(&record_file, record, Some(Expected::Absent))? {
            Replaced::Done(_) => Ok(Renamed::Done),
            Replaced::Changed => Ok(Renamed::Exists),
        }
    }
}

impl Tree {
    /// Creates a task.
    pub(in crate::files) fn create_task(
        &self,
        new: &NewTask,
        request_id: Option<&RequestId>,
    ) -> Result<Created<Task>> {
        let made = self.create(new, request_id)?;
        let task = paths::task_of_folder(&made.name)
            .ok_or_else(|| Error::Bug(format!("{:?} is no task's name", made.name)))?;
        let key = TaskKey { project: new.project.clone(), task };
        self.changes.touch_task(&key);
        Ok(Created { item: self.task(&key)?, duplicate: made.duplicate })
    }

    fn new_record(&self, key: &TaskKey, new: &NewTask) -> Result<Vec<u8>> {
        let now = self.clock.now();
        let record = TaskRecord {
            description: new.description.clone(),
            template: new.template.clone(),
            model: new.model.clone(),
            status: PENDING.to_owned(),
            created_at: Some(now),
            updated_at: Some(now),
            ..TaskRecord::default()
        };
        let steps = (!new.steps.is_empty()).then_some(new.steps.as_slice());
        let edit = Edit { steps, metadata: new.metadata.as_ref(), ..Edit::default() };
        task_file::write(key, &record, &edit, None).map_err(|damage| Error::Bug(damage.to_string()))
    }
}
