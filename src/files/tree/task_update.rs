//! Changes of a task's record: its fields, its status, and the checkpoints after its
//! steps. Each is one replacement of `task.json`, under its lock.

use std::time::Instant;

use jiff::Timestamp;

use crate::domain::task_status::{self, PENDING};
use crate::domain::{
    Etag, JsonObject, Step, StepResult, Task, TaskKey, TaskRecord, Transition, TreePath,
};
use crate::error::{Error, Result};
use crate::layout::task_file::{self, Edit};
use crate::layout::{paths, task_config_file};
use crate::store::{Checkpoint, NewStatus, TaskChange};

use super::Tree;
use super::document::{Document, check_size};
use super::tasks::time_in_id;

/// What of a record is kept free for moves, so that a full one can still be ended.
const RESERVE_BYTES: usize = 64 << 10;

/// The status of a step that was begun and has not ended.
const RUNNING: &str = "running";

/// A task's record while it is changed.
struct Draft<'d, 'c> {
    key: &'d TaskKey,
    /// What it is made of; none when there is no file yet.
    current: Option<&'d Document>,
    /// When, as far as the record goes: never before its last change, whatever the
    /// clock does.
    now: Timestamp,
    record: TaskRecord,
    steps: Option<&'c [Step]>,
    step_state: Option<(usize, Step)>,
    result: Option<StepResult>,
    transition: Option<Transition>,
    metadata: Option<&'c JsonObject>,
}

impl Tree {
    /// Changes a task.
    pub(in crate::files) fn update_task(
        &self,
        key: &TaskKey,
        change: &TaskChange,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<Task> {
        let folder = paths::task_folder(key);
        let written = self.change_record(key, etag, deadline, |draft, tree| {
            draft.apply(change)?;
            let written = draft.write()?;
            // Before the record, under its lock: what cannot be written leaves the
            // record, and its etag, as they were.
            if let Some(depends_on) = &change.depends_on {
                tree.update_config(&folder, depends_on, deadline)?;
            }
            if let Some(prompt) = &change.prompt {
                let path = paths::task_prompt_file(&folder);
                let bytes = prompt.as_bytes();
                tree.update_document(&path, None, deadline, |_| Ok(Some(bytes.to_vec())))?;
            }
            Ok(written)
        })?;
        self.with_prompt(self.task_of(key, written)?)
    }

    /// Moves a task to another status.
    pub(in crate::files) fn transition_task(
        &self,
        key: &TaskKey,
        to: &NewStatus,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<Task> {
        let written = self.change_record(key, etag, deadline, |draft, _| {
            draft.move_to(to)?;
            draft.write()
        })?;
        self.task_of(key, written)
    }

    /// Saves what a step resulted in.
    pub(in crate::files) fn save_step_result(
        &self,
        key: &TaskKey,
        checkpoint: &Checkpoint,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<Task> {
        let written = self.change_record(key, etag, deadline, |draft, tree| {
            let steps = match draft.current {
                Some(document) => tree.parse_progress(key, document)?.steps,
                None => Vec::new(),
            };
            draft.add_result(&checkpoint.result, &steps)?;
            if let Some(current_step) = checkpoint.current_step {
                draft.set_current_step(current_step)?;
            }
            if let Some(to) = &checkpoint.to {
                draft.move_to(to)?;
            }
            draft.write()
        })?;
        self.task_of(key, written)
    }

    /// Replaces a task's record by what `change` makes of it, and returns it. A record that
    /// is missing is made anew.
    fn change_record<'c>(
        &self,
        key: &TaskKey,
        etag: Option<&Etag>,
        deadline: Instant,
        change: impl Fn(&mut Draft<'_, 'c>, &Self) -> Result<Vec<u8>>,
    ) -> Result<Document> {
        self.demand_task(key)?;
        let now = self.clock.now();
        let folder = paths::task_folder(key);
        // Whoever made the folder may not have synced its name.
        self.or_task_gone(key, self.synced_folders.sync_names(&*self.disk, &folder))?;
        let path = paths::task_record_file(&folder);
        let updated = self.update_document(&path, etag, deadline, |current| {
            let record = match current {
                Some(document) => self.parse_record(key, document)?,
                None => TaskRecord {
                    status: PENDING.to_owned(),
                    created_at: time_in_id(key.task.as_str()).or(Some(now)),
                    ..TaskRecord::default()
                },
            };
            change(&mut Draft::new(key, current, record, now), self).map(Some)
        });
        let written = self.or_task_gone(key, updated)?;
        self.repair_after(key);
        self.changes.touch_task(key);
        written.ok_or_else(|| Error::Bug(format!("{path} was written and is not there")))
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
}

impl<'d, 'c> Draft<'d, 'c> {
    fn new(
        key: &'d TaskKey,
        current: Option<&'d Document>,
        record: TaskRecord,
        now: Timestamp,
    ) -> Self {
        Self {
            key,
            current,
            now: record.updated_at.map_or(now, |before| before.max(now)),
            record,
            steps: None,
            step_state: None,
            result: None,
            transition: None,
            metadata: None,
        }
    }

    fn apply(&mut self, change: &'c TaskChange) -> Result<()> {
        let TaskChange {
            description,
            template,
            model,
            status,
            current_step,
            steps,
            metadata,
            // Files of their own.
            prompt: _,
            depends_on: _,
        } = change;
        let set = |field: &mut String, new: &Option<String>| {
            if let Some(new) = new {
                field.clone_from(new);
            }
        };
        set(&mut self.record.description, description);
        set(&mut self.record.template, template);
        set(&mut self.record.model, model);
        if let Some(steps) = steps {
            self.steps = Some(steps);
            self.record.step_count = steps.len();
            if steps.is_empty() {
                self.record.current_step = 0;
            }
        }
        // Where there are fewer steps than before, it must not point behind them.
        if current_step.is_some() || steps.is_some() {
            self.set_current_step(current_step.unwrap_or(self.record.current_step))
                .map_err(|error| if current_step.is_none() { behind_new_steps() } else { error })?;
        }
        self.metadata = metadata.as_ref();
        match status {
            Some(status) if *status != self.status() => {
                self.move_to(&NewStatus { status: status.clone(), reason: String::new() })
            }
            _ => Ok(()),
        }
    }

    /// The status it has; a record without one is that of a task nobody has begun.
    fn status(&self) -> &str {
        if self.record.status.is_empty() { PENDING } else { &self.record.status }
    }

    /// Moves it to another status.
    fn move_to(&mut self, to: &NewStatus) -> Result<()> {
        let from = self.status().to_owned();
        let allowed = task_status::moves(&from).unwrap_or(&[]);
        if !allowed.contains(&to.status.as_str()) {
            return Err(Error::InvalidTaskTransition {
                task: self.key.to_string(),
                from,
                to: to.status.clone(),
                allowed,
            });
        }
        self.record.status.clone_from(&to.status);
        if task_status::is_final(&to.status) {
            self.record.completed_at = Some(self.now);
        }
        self.transition = Some(Transition {
            from_status: from,
            to_status: to.status.clone(),
            timestamp: Some(self.now),
            reason: to.reason.clone(),
        });
        Ok(())
    }

    /// Sets the step it is at: one that it has, or the end of all.
    fn set_current_step(&mut self, current_step: i64) -> Result<()> {
        let count = self.record.step_count;
        let is_there = usize::try_from(current_step).is_ok_and(|step| count == 0 || step <= count);
        if !is_there {
            let problem = format!("{current_step} is behind the last of {count} steps");
            return Err(Error::InvalidField { field: "current_step", problem });
        }
        self.record.current_step = current_step;
        Ok(())
    }

    /// Adds what a step resulted in, and sets the state of that step.
    fn add_result(&mut self, result: &StepResult, steps: &[Step]) -> Result<()> {
        let index = usize::try_from(result.step_index).unwrap_or(usize::MAX);
        let Some(step) = steps.get(index) else {
            let count = steps.len();
            let problem = format!("{} is none of its {count} steps", result.step_index);
            return Err(Error::InvalidField { field: "step_result.step_index", problem });
        };
        let result = self.timed(result, step)?;
        self.step_state = Some((
            index,
            Step {
                status: result.status.clone(),
                started_at: result.started_at,
                completed_at: result.completed_at.filter(|_| result.status != RUNNING),
                error: result.error.clone(),
                // What was begun, and said to be, is the same attempt.
                attempts: step.attempts.saturating_add(i64::from(!was_begun(step))),
                ..step.clone()
            },
        ));
        self.result = Some(result);
        Ok(())
    }

    /// Fills in what a result leaves open.
    fn timed(&self, result: &StepResult, step: &Step) -> Result<StepResult> {
        let mut result = result.clone();
        if result.step_name.is_empty() {
            result.step_name.clone_from(&step.name);
        }
        let duration = jiff::SignedDuration::from_millis(result.duration_ms);
        let completed_at = match (result.completed_at, result.started_at) {
            (Some(completed_at), _) => completed_at,
            // A clock that stepped back ends no step before its beginning.
            (None, started_at) => started_at.map_or(self.now, |started| started.max(self.now)),
        };
        let started_at = match result.started_at {
            Some(started_at) => started_at,
            None if was_begun(step) && result.duration_ms == 0 => {
                step.started_at.map_or(completed_at, |begun| begun.min(completed_at))
            }
            None => completed_at.checked_sub(duration).unwrap_or(completed_at),
        };
        if started_at > completed_at {
            return Err(Error::InvalidField {
                field: "step_result.completed_at",
                problem: "it lies before started_at".into(),
            });
        }
        if result.duration_ms == 0 {
            let elapsed = completed_at.duration_since(started_at).as_millis();
            result.duration_ms = i64::try_from(elapsed).unwrap_or(i64::MAX);
        }
        result.started_at = Some(started_at);
        result.completed_at = Some(completed_at);
        Ok(result)
    }

    /// Returns the new content of the file.
    fn write(&mut self) -> Result<Vec<u8>> {
        self.record.updated_at = Some(self.now);
        let edit = Edit {
            steps: self.steps,
            step_state: self.step_state.as_ref().map(|(index, step)| (*index, step)),
            result: self.result.as_ref(),
            transition: self.transition.as_ref(),
            metadata: self.metadata,
        };
        let previous = self.current.map(|document| document.bytes.as_slice());
        let path = paths::task_record_file(&paths::task_folder(self.key));
        let written = task_file::write(self.key, &self.record, &edit, previous)
            .map_err(|damage| Error::corrupt(&path, &damage))?;
        // Before anything else of the task is changed.
        let grows = self.result.is_some() || self.steps.is_some() || self.metadata.is_some();
        check_size(&path, written.len() + if grows { RESERVE_BYTES } else { 0 })?;
        Ok(written)
    }
}

/// Says that there would be fewer steps than the task has come to.
fn behind_new_steps() -> Error {
    let problem = "the task is at a later step than the last of these; give current_step too";
    Error::InvalidField { field: "steps", problem: problem.into() }
}

/// Whether the newest result of a step says that it has begun, and no more.
fn was_begun(step: &Step) -> bool {
    step.status == RUNNING
}
