//! Tasks: folders of projects.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::PoisonError;
use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::disk::{Expected, Renamed, Replaced};
use crate::domain::{Etag, RequestId, Task, TaskKey, TaskRecord, TreePath};
use crate::error::{Error, Reason, Result};
use crate::layout::{paths, state_file, task_config_file, task_file};
use crate::store::{Created, NewTask, TaskChange};

use super::Tree;
use super::create::Creatable;
use super::document::Document;

/// The status of a task that nobody has begun.
const PENDING: &str = "pending";
/// Characters of a task's id that are made from its description.
const SLUG_CHARS: usize = 40;

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
        content
    }

    fn name(&self) -> Option<&str> {
        self.task.as_ref().map(|task| task.as_str())
    }

    fn make_up_name(&self, tree: &Tree, attempt: usize) -> String {
        let time = tree.clock.now().to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
        let slug = slug(&self.description);
        match (slug.is_empty(), attempt) {
            (true, _) => format!("task-{time}-{}", random_word()),
            (false, 0) => format!("task-{time}-{slug}"),
            (false, _) => format!("task-{time}-{slug}-{}", random_word()),
        }
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
        task_file::write(key, &record, None).map_err(|damage| Error::Bug(damage.to_string()))
    }

    /// Returns a task with its prompt.
    pub(in crate::files) fn task(&self, key: &TaskKey) -> Result<Task> {
        self.demand_project(&key.project)?;
        let folder = paths::task_folder(key);
        if let Some(record) = self.read_document(&paths::task_record_file(&folder))? {
            self.parse_record(key, &record)?;
        }
        let mut task = self.show_task(key)?;
        let prompt = self.read_document(&paths::task_prompt_file(&folder))?;
        task.prompt = prompt.map(|document| String::from_utf8_lossy(&document.bytes).into_owned());
        Ok(task)
    }

    /// Refuses a task that does not exist.
    pub(super) fn demand_task(&self, key: &TaskKey) -> Result<()> {
        self.demand_project(&key.project)?;
        let entries = self.disk.list(&paths::task_folder(key))?.unwrap_or_default();
        if entries.iter().any(|entry| paths::makes_a_task(&entry.name)) {
            Ok(())
        } else {
            Err(Error::TaskNotFound { task: key.to_string() })
        }
    }

    pub(super) fn parse_record(&self, key: &TaskKey, document: &Document) -> Result<TaskRecord> {
        task_file::read(&document.bytes, key).map_err(|damage| {
            Error::corrupt(&paths::task_record_file(&paths::task_folder(key)), &damage)
        })
    }

    /// Returns a task as a list shows it, without its prompt; what of it cannot be
    /// read is its problem.
    ///
    /// # Errors
    /// TASK_NOT_FOUND for what is no task.
    pub(super) fn show_task(&self, key: &TaskKey) -> Result<Task> {
        match self.read_task(key) {
            Err(error) if error.reason() != Reason::TaskNotFound => Ok(damaged(key, &error)),
            read => read,
        }
    }

    fn read_task(&self, key: &TaskKey) -> Result<Task> {
        let folder = paths::task_folder(key);
        let entries = self.disk.list(&folder)?.unwrap_or_default();
        let has = |path: &TreePath| entries.iter().any(|entry| entry.name == path.name());
        if !entries.iter().any(|entry| paths::makes_a_task(&entry.name)) {
            return Err(Error::TaskNotFound { task: key.to_string() });
        }
        let mut problems = Vec::new();
        let mut read = |path: TreePath| {
            if !has(&path) {
                return None;
            }
            self.read_document(&path).unwrap_or_else(|error| {
                problems.push(error.to_string());
                None
            })
        };
        let record = read(paths::task_record_file(&folder));
        let config_file = paths::task_config_file(&folder);
        let config = read(config_file.clone());
        let state = read(paths::task_state_file(&folder));
        let etag = record.as_ref().map(|document| document.etag.clone());
        let record = record.map(|document| self.parse_record(key, &document));
        let record = record.transpose().unwrap_or_else(|error| {
            problems.push(error.to_string());
            None
        });
        let depends_on = config.map(|document| task_config_file::read(&document.bytes));
        let depends_on = depends_on.transpose().unwrap_or_else(|damage| {
            problems.push(format!("{config_file} cannot be read: {damage}"));
            None
        });
        let record = record.unwrap_or_default();
        Ok(Task {
            key: key.clone(),
            created_at: record.created_at.or_else(|| time_in_id(key.task.as_str())),
            record,
            prompt: None,
            depends_on: depends_on.unwrap_or_default(),
            state_status: state
                .map(|document| state_file::read(&document.bytes).state.status)
                .unwrap_or_default(),
            done: has(&paths::task_done_file(&folder)),
            etag,
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
        })
    }

    /// Changes a task.
    pub(in crate::files) fn update_task(
        &self,
        key: &TaskKey,
        change: &TaskChange,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<Task> {
        self.demand_task(key)?;
        let folder = paths::task_folder(key);
        let now = self.clock.now();
        self.update_document(&paths::task_record_file(&folder), etag, deadline, |current| {
            let mut record = match current {
                Some(document) => self.parse_record(key, document)?,
                None => TaskRecord {
                    status: PENDING.to_owned(),
                    created_at: time_in_id(key.task.as_str()).or(Some(now)),
                    ..TaskRecord::default()
                },
            };
            let TaskChange { description, template, model, prompt, depends_on } = change;
            let set = |field: &mut String, new: &Option<String>| {
                if let Some(new) = new {
                    field.clone_from(new);
                }
            };
            set(&mut record.description, description);
            set(&mut record.template, template);
            set(&mut record.model, model);
            // Times never go backwards, whatever the clock does.
            record.updated_at = record.updated_at.max(Some(now));
            let previous = current.map(|document| document.bytes.as_slice());
            let written = task_file::write(key, &record, previous)
                .map_err(|damage| Error::Bug(damage.to_string()))?;
            // Before the record, under its lock: what cannot be written leaves the
            // record, and its etag, as they were.
            if let Some(depends_on) = depends_on {
                self.update_config(&folder, depends_on, deadline)?;
            }
            if let Some(prompt) = prompt {
                let path = paths::task_prompt_file(&folder);
                let bytes = prompt.as_bytes();
                self.update_document(&path, None, deadline, |_| Ok(Some(bytes.to_vec())))?;
            }
            Ok(Some(written))
        })?;
        self.repair_after(key);
        self.changes.touch_task(key);
        self.task(key)
    }

    fn update_config(
        &self,
        folder: &TreePath,
        depends_on: &[String],
        deadline: Instant,
    ) -> Result<()> {
        let path = paths::task_config_file(folder);
        self.update_document(&path, None, deadline, |current| {
            let previous = current.map(|document| document.bytes.as_slice());
            let read = previous.map(task_config_file::read).transpose();
            let written = read.and_then(|_| task_config_file::write(depends_on, previous));
            written.map(Some).map_err(|damage| Error::corrupt(&path, &damage))
        })?;
        Ok(())
    }

    /// Takes a task out of the tree; returns what is left to be removed.
    pub(in crate::files) fn delete_task(&self, key: &TaskKey, force: bool) -> Result<TreePath> {
        // No run of ours is created meanwhile.
        let _alone = self.removals.write().unwrap_or_else(PoisonError::into_inner);
        self.demand_task(key)?;
        if !force {
            self.demand_none_alive(key)?;
        }
        let discarded = self.discard(&paths::task_folder(key))?;
        self.runs.forget_task(key);
        self.ages.forget(key);
        self.changes.touch_task(key);
        Ok(discarded)
    }
}

/// A task that cannot be looked into.
fn damaged(key: &TaskKey, error: &Error) -> Task {
    Task {
        key: key.clone(),
        record: TaskRecord::default(),
        created_at: time_in_id(key.task.as_str()),
        prompt: None,
        depends_on: Vec::new(),
        state_status: String::new(),
        done: false,
        etag: None,
        problem: Some(error.to_string()),
    }
}

/// Reads the time in an id of the form `task-YYYYMMDD-HHMMSS…`.
pub(super) fn time_in_id(id: &str) -> Option<Timestamp> {
    let stamp = id.strip_prefix("task-")?.get(..15)?;
    let time = DateTime::strptime("%Y%m%d-%H%M%S", stamp).ok()?;
    // Clients are sent no earlier times.
    let time = Some(time).filter(|time| time.year() > 0)?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Makes a part of an id from a description: its words in lower case, as many as fit.
fn slug(description: &str) -> String {
    let mut slug = String::new();
    let words = description.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    for word in words {
        let needed = word.len() + usize::from(!slug.is_empty());
        if slug.len() + needed > SLUG_CHARS {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_ascii_lowercase());
    }
    slug
}

/// Makes up six letters and digits. The standard library's hash keys are seeded from
/// the system's randomness.
fn random_word() -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = std::hash::RandomState::new().build_hasher().finish();
    std::iter::repeat_with(|| {
        let letter = LETTERS[(number % 36) as usize];
        number /= 36;
        char::from(letter)
    })
    .take(6)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_becomes_words_in_lower_case_that_fit() {
        assert_eq!(slug("Fix the login bug!"), "fix-the-login-bug");
        assert_eq!(slug("  --  "), "");
        assert_eq!(slug("Größe ändern"), "gr-e-ndern");
        assert!(slug(&"word ".repeat(100)).len() <= SLUG_CHARS);
        assert_eq!(slug(&"x".repeat(100)), "");
    }

    #[test]
    fn the_time_in_an_id_is_read() {
        let time = time_in_id("task-20260205-115154-greeting").expect("a time");
        assert_eq!(time.to_string(), "2026-02-05T11:51:54Z");
        assert!(time_in_id("task-20260205-115154").is_some());
        assert!(time_in_id("task-20261305-115154").is_none());
        assert!(time_in_id("greeting").is_none());
        assert!(time_in_id("task-ä").is_none());
    }

    #[test]
    fn random_words_differ() {
        let words: std::collections::HashSet<String> = (0..1000).map(|_| random_word()).collect();
        assert_eq!(words.len(), 1000);
        assert!(words.iter().all(|word| word.len() == 6));
    }
}
