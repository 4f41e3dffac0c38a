//! Tasks and their states.

use prost_types::FieldMask;

use crate::domain::{Etag, JsonObject, ProjectId, Task, TaskId, TaskKey, TaskState};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{NewTask, Page, TaskChange, TaskQuery};

use super::answer_size::{self, Item, NOTE_BYTES_MAX, cut, cut_beside, fitting, note};
use super::fields::{
    check_size, in_field, invalid, label, metadata, page_size, prompt, statuses, task_key, text,
};
use super::mask::{Mask, nothing_to_change};
use super::page_tokens;
use super::steps::{current_step, step_out, step_result_out, steps, transition_out};
use super::values::{count_out, etag_out, number_out, timestamp_out};

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
        steps: steps("steps", request.steps)?,
        metadata: metadata("metadata_json", &request.metadata_json)?,
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
    let fields = [
        "description",
        "prompt",
        "template",
        "model",
        "depends_on",
        "status",
        "current_step",
        "steps",
        "metadata_json",
    ];
    let mask = Mask::new(request.update_mask.map(with_metadata), &fields)?;
    let change = TaskChange {
        description: mask.choose("description", request.description, text)?,
        prompt: mask.choose("prompt", request.prompt, prompt)?,
        template: mask.choose("template", request.template, label)?,
        model: mask.choose("model", request.model, label)?,
        depends_on: mask.choose("depends_on", request.depends_on, depends_on)?,
        status: mask.choose("status", request.status, status)?,
        current_step: mask.choose("current_step", request.current_step, current_step)?,
        steps: mask.choose("steps", request.steps, steps)?,
        metadata: mask.choose("metadata_json", request.metadata_json, |field, text| {
            metadata_change(field, &text)
        })?,
    };
    if change == TaskChange::default() { Err(nothing_to_change()) } else { Ok(change) }
}

/// Lets a mask call the further data by its name in `task.json`, too.
fn with_metadata(mut mask: FieldMask) -> FieldMask {
    for path in &mut mask.paths {
        if path == "metadata" {
            path.push_str("_json");
        }
    }
    mask
}

fn status(field: &'static str, status: String) -> Result<String> {
    if status.is_empty() {
        return Err(invalid(field, "it cannot be removed: give the status to move to"));
    }
    label(field, status)
}

fn metadata_change(field: &'static str, text: &str) -> Result<JsonObject> {
    metadata(field, text)?
        .ok_or_else(|| invalid(field, "give the keys to change; null removes one"))
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
            step_count: self.step_count,
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
    let progress = task.progress.map(|progress| *progress).unwrap_or_default();
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
        step_count: count_out(task.record.step_count),
        steps: progress.steps.into_iter().map(step_out).collect(),
        step_results: progress.step_results.into_iter().map(step_result_out).collect(),
        transitions: progress.transitions.into_iter().map(transition_out).collect(),
        metadata_json: progress.metadata.map(|data| data.to_string()).unwrap_or_default(),
        schema_version: task.record.schema_version,
    });
    let said = cut_beside(&answer, "prompt", &mut prompt);
    note(&mut answer.problem, said);
    pb::Task { prompt, ..answer }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::domain::{Step, TaskProgress, TaskRecord};
    use crate::error::Reason;

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

    fn update(paths: &[&str]) -> pb::UpdateTaskRequest {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let update_mask = (!paths.is_empty()).then_some(FieldMask { paths });
        pb::UpdateTaskRequest { update_mask, ..Default::default() }
    }

    #[test]
    fn without_a_mask_what_is_given_changes_also_the_first_step() {
        assert_eq!(change(update(&[])).expect_err("nothing").field(), Some("update_mask"));
        let first = pb::UpdateTaskRequest { current_step: Some(0), ..update(&[]) };
        let only = TaskChange { current_step: Some(0), ..TaskChange::default() };
        assert_eq!(change(first).expect("a change"), only);
        let moved = pb::UpdateTaskRequest { status: "running".into(), ..update(&[]) };
        let only = TaskChange { status: Some("running".into()), ..TaskChange::default() };
        assert_eq!(change(moved).expect("a change"), only);
    }

    #[test]
    fn a_mask_may_empty_the_steps_but_neither_status_nor_step_nor_metadata() {
        let emptied = change(update(&["steps"])).expect("a change");
        assert_eq!(emptied.steps, Some(Vec::new()));
        for (path, field) in [
            ("status", "status"),
            ("current_step", "current_step"),
            ("metadata", "metadata_json"),
            ("metadata_json", "metadata_json"),
            ("task_id", "update_mask"),
            ("step_results", "update_mask"),
        ] {
            let refused = change(update(&[path])).expect_err(path);
            assert_eq!((refused.field(), refused.reason()), (Some(field), Reason::InvalidField));
        }
    }

    #[test]
    fn metadata_is_an_object_of_at_most_64_kib() {
        let fits = format!("{{\"a\":\"{}\"}}", "x".repeat((64 << 10) - 8));
        assert_eq!(fits.len(), 64 << 10);
        let given = |text: &str| {
            change(pb::UpdateTaskRequest { metadata_json: text.into(), ..update(&["metadata"]) })
        };
        let data = given(&format!(" {fits}\n")).expect("a change").metadata.expect("an object");
        assert_eq!(data.as_str(), fits);
        let refused = given(&fits.replace(":", ": ")).expect_err("too large");
        assert_eq!(refused.reason(), Reason::TooLarge);
        for text in ["[]", "{", "null", "x"] {
            let refused = given(text).expect_err(text);
            assert_eq!(refused.field(), Some("metadata_json"), "{text}");
            assert_eq!(refused.reason(), Reason::InvalidField, "{text}");
        }
    }

    #[test]
    fn a_task_is_given_out_within_one_answer() {
        let key = key("demo", "task-a").expect("a task");
        let record =
            TaskRecord { step_count: 1, description: "x".repeat(2 << 20), ..TaskRecord::default() };
        let small = Task {
            key,
            record,
            progress: None,
            created_at: None,
            prompt: Some("y".repeat(2 << 20)),
            depends_on: Vec::new(),
            state_status: String::new(),
            done: false,
            etag: None,
            problem: None,
        };
        let answer = task(small.clone());
        assert!(answer.encoded_len() <= limits::ANSWER_BYTES_MAX);
        assert!(answer.problem.contains("its prompt is too large"), "{}", answer.problem);
        assert_eq!((answer.step_count, answer.steps.len()), (1, 0));
        let step = Step { description: "z".repeat(2 << 20), ..Step::default() };
        let progress = TaskProgress { steps: vec![step], ..TaskProgress::default() };
        let answer = task(Task { progress: Some(Box::new(progress)), ..small });
        assert!(answer.encoded_len() <= limits::ANSWER_BYTES_MAX);
        assert!(answer.problem.contains("its record is too large"), "{}", answer.problem);
        assert_eq!((answer.step_count, answer.steps.len()), (1, 0));
    }
}
