//! Tasks and their states.

use prost::Message as _;

use crate::domain::{Etag, ProjectId, Task, TaskId, TaskKey, TaskState};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{NewTask, Page, TaskChange, TaskQuery};

use super::answer_size::{self, Item, cut, fitting};
use super::fields::{
    check_size, in_field, invalid, label, page_size, prompt, statuses, task_key, text,
};
use super::mask::{Mask, nothing_to_change};
use super::page_tokens;
use super::values::{etag_out, number_out, timestamp_out};

/// What a note of a cut takes at most, with the keys and lengths of what is sent.
const NOTE_BYTES_MAX: usize = 256;

/// Takes a task's place.
pub(in crate::grpc) fn key(project_id: &str, task_id: &str) -> Result<TaskKey> {
    task_key(project_id, task_id)
}

/// Takes a task to create.
pub(in crate::grpc) fn new(request: pb::CreateTaskRequest) -> Result<NewTask> {
    Ok(NewTask {
        project: ProjectId::parse(&request.project_id)?,
        task: match request.task_id.as_str() {
            "" => None,
            task => Some(TaskId::parse(task)?),
        },
        description: text("description", request.description)?,
        prompt: prompt("prompt", request.prompt)?,
        template: label("template", request.template)?,
        model: label("model", request.model)?,
        depends_on: depends_on("depends_on", request.depends_on)?,
    })
}

/// Takes which tasks to list.
pub(in crate::grpc) fn query(request: pb::ListTasksRequest) -> Result<TaskQuery> {
    Ok(TaskQuery {
        project: ProjectId::parse(&request.project_id)?,
        statuses: statuses(request.statuses)?,
        after: page_tokens::task(&request.page_token)?,
        limit: page_size(request.page_size)?,
    })
}

/// Takes what to change of a task. Its ids and its etag stand beside that.
pub(in crate::grpc) fn change(request: pb::UpdateTaskRequest) -> Result<TaskChange> {
    let fields = ["description", "prompt", "template", "model", "depends_on"];
    let mask = Mask::new(request.update_mask, &fields)?;
    let change = TaskChange {
        description: mask.choose("description", request.description, text)?,
        prompt: mask.choose("prompt", request.prompt, prompt)?,
        template: mask.choose("template", request.template, label)?,
        model: mask.choose("model", request.model, label)?,
        depends_on: mask.choose("depends_on", request.depends_on, depends_on)?,
    };
    if change == TaskChange::default() { Err(nothing_to_change()) } else { Ok(change) }
}

fn depends_on(field: &'static str, tasks: Vec<String>) -> Result<Vec<String>> {
    check_size(field, "DEPENDENCIES_MAX", tasks.len(), limits::DEPENDENCIES_MAX)?;
    for task in &tasks {
        in_field(field, TaskId::parse(task))?;
    }
    Ok(tasks)
}

/// Takes a task's state.
pub(in crate::grpc) fn state(state_status: String, markdown: String) -> Result<TaskState> {
    const FIELD: &str = "state_status";
    if state_status.is_empty() {
        return Err(Error::RequiredField { field: FIELD });
    }
    let limit = limits::STATE_STATUS_BYTES_MAX;
    check_size(FIELD, "STATE_STATUS_BYTES_MAX", state_status.len(), limit)?;
    if state_status.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(invalid(FIELD, "it is one word, without white space and control characters"));
    }
    let limit = limits::STATE_MARKDOWN_BYTES_MAX;
    check_size("markdown", "STATE_MARKDOWN_BYTES_MAX", markdown.len(), limit)?;
    Ok(TaskState { status: state_status, markdown })
}

/// Gives out a task's state; none means that there is no such file.
pub(in crate::grpc) fn state_out(state: Option<(TaskState, Etag)>) -> pb::GetTaskStateResponse {
    let (state, etag) = state.unzip();
    let mut state = state.unwrap_or_default();
    // What is no UTF-8 takes more room in an answer than in its file.
    let left = limits::ANSWER_BYTES_MAX - state.status.len() - NOTE_BYTES_MAX;
    if let Some(said) = cut(&mut state.markdown, left) {
        state.markdown.push_str(&format!("\n\n[{said}]\n"));
    }
    pb::GetTaskStateResponse {
        state_status: state.status,
        markdown: state.markdown,
        etag: etag_out(etag),
    }
}

/// Gives out a page of tasks.
pub(in crate::grpc) fn page(page: Page<Task>) -> pb::ListTasksResponse {
    let token = |task: &Task| page_tokens::task_out(task.created_at, &task.key.task);
    let (tasks, next_page_token) = answer_size::page(page, token, task);
    pb::ListTasksResponse { tasks, next_page_token }
}

impl Item for pb::Task {
    fn bare(mut self, problem: String) -> Self {
        let _ = cut(&mut self.status, limits::LABEL_BYTES_MAX);
        Self {
            project_id: self.project_id,
            task_id: self.task_id,
            status: self.status,
            current_step: self.current_step,
            created_at: self.created_at,
            updated_at: self.updated_at,
            completed_at: self.completed_at,
            state_status: self.state_status,
            done: self.done,
            etag: self.etag,
            problem,
            ..Self::default()
        }
    }
}

/// Gives out a task.
pub(in crate::grpc) fn task(task: Task) -> pb::Task {
    let mut prompt = task.prompt.unwrap_or_default();
    let mut answer = fitting(pb::Task {
        project_id: task.key.project.to_string(),
        task_id: task.key.task.to_string(),
        description: task.record.description,
        template: task.record.template,
        model: task.record.model,
        status: task.record.status,
        current_step: number_out(task.record.current_step),
        created_at: task.created_at.map(timestamp_out),
        updated_at: task.record.updated_at.map(timestamp_out),
        completed_at: task.record.completed_at.map(timestamp_out),
        prompt: String::new(),
        depends_on: task.depends_on,
        state_status: task.state_status,
        done: task.done,
        etag: etag_out(task.etag),
        problem: task.problem.unwrap_or_default(),
    });
    let left = limits::ANSWER_BYTES_MAX.saturating_sub(answer.encoded_len() + NOTE_BYTES_MAX);
    if let Some(said) = cut(&mut prompt, left) {
        let before = if answer.problem.is_empty() { "" } else { "; " };
        answer.problem.push_str(&format!("{before}its prompt is {said}"));
    }
    pb::Task { prompt, ..answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_word_is_one_word() {
        for word in ["working", "in_progress", "готово", &"x".repeat(64)] {
            assert!(state(word.to_owned(), String::new()).is_ok(), "{word}");
        }
        for word in ["", " ", "in progress", "a\tb", "a\n", "a\0", "a\u{a0}b", &"x".repeat(65)] {
            let refused = state(word.to_owned(), String::new()).expect_err(word);
            assert_eq!(refused.field(), Some("state_status"), "{word:?}");
        }
    }

    #[test]
    fn a_task_that_is_waited_for_is_refused_by_the_name_of_its_field() {
        for id in ["", "a/b", "..", ".x"] {
            let refused = depends_on("depends_on", vec!["fine".into(), id.into()]).expect_err(id);
            assert_eq!(refused.field(), Some("depends_on"), "{id:?}");
        }
    }
}
