//! Plays changes of a task's record: its fields, its status, its checkpoints.

use callboard::clock::Clock as _;
use callboard::domain::{
    JsonObject, Step, StepResult, Task, TaskKey, TaskProgress, TaskRecord, Transition,
};
use callboard::error::Reason;
use callboard::store::{Checkpoint, NewStatus, Storage, TaskChange};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::operation::EtagUse;
use super::play::{Player, set, with_prompt};

/// The moves of the layout.
const MOVES: [(&str, &[&str]); 12] = [
    ("pending", &["running"]),
    (
        "running",
        &["validating", "gh_failed", "ci_failed", "ci_timeout", "interrupted", "abandoned"],
    ),
    ("validating", &["awaiting_approval", "validation_failed", "interrupted"]),
    ("validation_failed", &["running", "abandoned"]),
    ("awaiting_approval", &["completed", "running", "rejected"]),
    ("gh_failed", &["running", "abandoned"]),
    ("ci_failed", &["running", "abandoned"]),
    ("ci_timeout", &["running", "abandoned"]),
    ("interrupted", &["running", "abandoned"]),
    ("completed", &[]),
    ("rejected", &[]),
    ("abandoned", &[]),
];

/// A task while it is changed, and why that has to be refused.
struct Draft {
    task: Task,
    now: Timestamp,
    reasons: Vec<Reason>,
}

impl<S: Storage> Player<S> {
    pub(super) async fn update_task(&mut self, key: TaskKey, change: TaskChange, etag: EtagUse) {
        let draft = self.draft(&key);
        let current = draft.as_ref().ok().and_then(|draft| draft.task.etag.clone());
        let (etag, is_stale) = self.etag(etag, current.as_ref());
        let answer = self.store.update_task(key.clone(), change.clone(), etag).await;
        let draft = draft.map(|mut draft| {
            draft.apply(&change);
            draft
        });
        self.changed_task(&key, draft, answer, is_stale, |task, answered| {
            set(&mut task.depends_on, change.depends_on);
            if change.prompt.is_some() {
                task.prompt = change.prompt;
            }
            let progress = task.progress.as_mut().expect("it has a record");
            let before = progress.metadata.take();
            progress.metadata =
                merged(before.as_ref(), change.metadata.as_ref(), answered.progress.as_deref());
            with_prompt(answered)
        });
    }

    pub(super) async fn transition(&mut self, key: TaskKey, to: NewStatus, etag: EtagUse) {
        let draft = self.draft(&key);
        let current = draft.as_ref().ok().and_then(|draft| draft.task.etag.clone());
        let (etag, is_stale) = self.etag(etag, current.as_ref());
        let answer = self.store.transition_task(key.clone(), to.clone(), etag).await;
        let draft = draft.map(|mut draft| {
            draft.move_to(&to);
            draft
        });
        self.changed_task(&key, draft, answer, is_stale, without_prompt);
    }

    pub(super) async fn save_step(&mut self, key: TaskKey, new: Checkpoint, etag: EtagUse) {
        let draft = self.draft(&key);
        let current = draft.as_ref().ok().and_then(|draft| draft.task.etag.clone());
        let (etag, is_stale) = self.etag(etag, current.as_ref());
        let answer = self.store.save_step_result(key.clone(), new.clone(), etag).await;
        let draft = draft.map(|mut draft| {
            draft.add_result(new.result);
            if let Some(step) = new.current_step {
                draft.set_current_step(step);
            }
            if let Some(to) = &new.to {
                draft.move_to(to);
            }
            draft
        });
        self.changed_task(&key, draft, answer, is_stale, without_prompt);
    }

    /// Returns a task to be changed; one without a record gets one.
    fn draft(&mut self, key: &TaskKey) -> Result<Draft, Reason> {
        let now = self.clock.now();
        let mut task = self.model.task(key)?.task.clone();
        if task.etag.is_none() {
            task.created_at = task.created_at.or(Some(now));
            task.record = TaskRecord {
                status: "pending".into(),
                created_at: task.created_at,
                schema_version: "1.0".into(),
                ..TaskRecord::default()
            };
            task.progress = Some(Box::default());
        }
        let now = task.record.updated_at.map_or(now, |before| before.max(now));
        Ok(Draft { task, now, reasons: Vec::new() })
    }

    /// Compares a change with what it must come to, and takes it into the model.
    fn changed_task(
        &mut self,
        key: &TaskKey,
        draft: Result<Draft, Reason>,
        answer: callboard::error::Result<Task>,
        is_stale: bool,
        complete: impl FnOnce(&mut Task, Task) -> Task,
    ) {
        let (draft, reasons) = match draft {
            Ok(draft) => (Some(draft.task), (draft.now, draft.reasons)),
            Err(reason) => (None, (Timestamp::UNIX_EPOCH, vec![reason])),
        };
        let (now, reasons) = reasons;
        let Some(answered) = self.unless_refused_with(answer, reasons, is_stale) else { return };
        let mut task = draft.expect("it was not refused");
        task.record.updated_at = Some(now);
        let before = std::mem::replace(&mut task.etag, answered.etag.clone());
        let answered = complete(&mut task, answered);
        let mut expected = task.clone();
        expected.prompt.clone_from(&answered.prompt);
        assert_eq!(answered, expected, "{}", self.said);
        assert!(task.etag.is_some(), "{}: no etag", self.said);
        assert!(answered.prompt.is_none() || answered.prompt == task.prompt, "{}", self.said);
        self.model.past.extend(before);
        self.model.task(key).expect("it was found").task = task;
    }
}

/// These calls return no prompt.
fn without_prompt(_: &mut Task, answered: Task) -> Task {
    assert_eq!(answered.prompt, None);
    answered
}

impl Draft {
    fn progress(&mut self) -> &mut TaskProgress {
        self.task.progress.as_mut().expect("it has a record")
    }

    fn apply(&mut self, change: &TaskChange) {
        let record = &mut self.task.record;
        set(&mut record.description, change.description.clone());
        set(&mut record.template, change.template.clone());
        set(&mut record.model, change.model.clone());
        if let Some(steps) = &change.steps {
            self.set_steps(steps);
        }
        if change.steps.is_some() || change.current_step.is_some() {
            self.set_current_step(change.current_step.unwrap_or(self.task.record.current_step));
        }
        if let Some(status) = change.status.clone().filter(|to| *to != self.task.record.status) {
            self.move_to(&NewStatus { status, reason: String::new() });
        }
    }

    fn set_steps(&mut self, new: &[Step]) {
        let before = std::mem::take(&mut self.progress().steps);
        let steps = new.iter().enumerate().map(|(place, new)| {
            let same = before.get(place).filter(|before| before.name == new.name);
            let state = same.cloned().unwrap_or_default();
            Step {
                status: state.status,
                started_at: state.started_at,
                completed_at: state.completed_at,
                error: state.error,
                attempts: state.attempts,
                ..new.clone()
            }
        });
        self.progress().steps = steps.collect();
        self.task.record.step_count = new.len();
        if new.is_empty() {
            self.task.record.current_step = 0;
        }
    }

    fn set_current_step(&mut self, step: i64) {
        let count = i64::try_from(self.task.record.step_count).expect("few");
        if step < 0 || (count > 0 && step > count) {
            self.reasons.push(Reason::InvalidField);
        }
        self.task.record.current_step = step;
    }

    fn move_to(&mut self, to: &NewStatus) {
        let from = self.task.record.status.clone();
        let (_, allowed) = MOVES.iter().find(|(status, _)| *status == from).expect("a status");
        if !allowed.contains(&to.status.as_str()) {
            self.reasons.push(Reason::InvalidTransition);
            return;
        }
        let now = Some(self.now);
        if ["completed", "rejected", "abandoned"].contains(&to.status.as_str()) {
            self.task.record.completed_at = now;
        }
        self.task.record.status.clone_from(&to.status);
        self.progress().transitions.push(Transition {
            from_status: from,
            to_status: to.status.clone(),
            timestamp: now,
            reason: to.reason.clone(),
        });
    }

    fn add_result(&mut self, mut result: StepResult) {
        let now = self.now;
        let index = usize::try_from(result.step_index).expect("small");
        let Some(step) = self.progress().steps.get_mut(index) else {
            return self.reasons.push(Reason::InvalidField);
        };
        if result.step_name.is_empty() {
            result.step_name.clone_from(&step.name);
        }
        // No string of those that the calls give has a space: a record keeps none between.
        result.metadata = result
            .metadata
            .map(|data| JsonObject::parse(&data.as_str().replace(' ', "")).expect("an object"));
        let given = SignedDuration::from_millis(result.duration_ms);
        let end = result.completed_at.or(result.started_at.max(Some(now))).expect("now");
        // A result that says that it runs, and the next one, are of one attempt.
        let begun = (step.status == "running").then_some(step.started_at).flatten();
        let begin = match (result.started_at, begun) {
            (Some(begin), _) => begin,
            (None, Some(begun)) if result.duration_ms == 0 => begun.min(end),
            (None, _) => end - given,
        };
        if begin > end {
            return self.reasons.push(Reason::InvalidField);
        }
        if result.duration_ms == 0 {
            let elapsed = end.duration_since(begin).as_millis();
            result.duration_ms = i64::try_from(elapsed).expect("some days");
        }
        (result.started_at, result.completed_at) = (Some(begin), Some(end));
        step.status.clone_from(&result.status);
        step.started_at = Some(begin);
        step.completed_at = (result.status != "running").then_some(end);
        step.error.clone_from(&result.error);
        step.attempts += i64::from(begun.is_none());
        self.progress().step_results.push(result);
    }
}

fn pairs(object: Option<&JsonObject>) -> Map<String, Value> {
    object.map_or_else(Map::new, |it| serde_json::from_str(it.as_str()).expect("an object"))
}

/// Merges a change into further data, in which null removes. Returns it in the answer's
/// words, when that says the same.
pub(super) fn merged(
    before: Option<&JsonObject>,
    change: Option<&JsonObject>,
    answered: Option<&TaskProgress>,
) -> Option<JsonObject> {
    let answered = answered.and_then(|progress| progress.metadata.as_ref());
    let Some(change) = change else { return before.cloned() };
    let mut data = pairs(before);
    for (key, value) in pairs(Some(change)) {
        match value {
            Value::Null => drop(data.remove(&key)),
            value => drop(data.insert(key, value)),
        }
    }
    if answered.is_some() != data.is_empty() && pairs(answered) == data {
        return answered.cloned();
    }
    let expected = serde_json::to_string(&data).expect("JSON");
    (!data.is_empty()).then(|| JsonObject::parse(&expected).expect("an object"))
}
