//! Steps of tasks, what they resulted in, and the moves of a task's status.

use crate::domain::{Step, StepResult, Transition};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{Checkpoint, NewStatus};

use super::fields::{
    check_size, invalid, label, metadata, number, optional_time, path, path_in_task,
    required_label, text,
};
use super::values::{number_out, timestamp_out};

/// Takes the steps of a task: of each what it is, and not how far it has come.
pub(super) fn steps(field: &'static str, steps: Vec<pb::Step>) -> Result<Vec<Step>> {
    check_size(field, "STEPS_MAX", steps.len(), limits::STEPS_MAX)?;
    steps.into_iter().map(step).collect()
}

fn step(step: pb::Step) -> Result<Step> {
    Ok(Step {
        name: required_label("steps.name", step.name)?,
        kind: required_label("steps.type", step.r#type)?,
        description: text("steps.description", step.description)?,
        prompt: text("steps.prompt", step.prompt)?,
        commands: commands(step.commands)?,
        timeout_seconds: number("steps.timeout_seconds", step.timeout_seconds)?,
        ..Step::default()
    })
}

fn commands(commands: Vec<String>) -> Result<Vec<String>> {
    const FIELD: &str = "steps.commands";
    check_size(FIELD, "COMMANDS_MAX", commands.len(), limits::COMMANDS_MAX)?;
    commands.into_iter().map(|command| text(FIELD, command)).collect()
}

/// Takes the step that a task is at.
pub(super) fn current_step(field: &'static str, step: Option<i32>) -> Result<i64> {
    match step {
        Some(step) => number(field, step),
        None => Err(invalid(field, "it cannot be removed: give the step, from 0")),
    }
}

/// Takes the status that a task is to have.
pub(in crate::grpc) fn new_status(to_status: String, reason: String) -> Result<NewStatus> {
    Ok(NewStatus {
        status: required_label("to_status", to_status)?,
        reason: text("reason", reason)?,
    })
}

/// Takes what is saved after a step. The task and the etag stand beside that.
pub(in crate::grpc) fn checkpoint(request: pb::SaveStepResultRequest) -> Result<Checkpoint> {
    let result = request.step_result.ok_or(Error::RequiredField { field: "step_result" })?;
    let to = match request.to_status.as_str() {
        "" if request.reason.is_empty() => None,
        "" => {
            return Err(invalid("reason", "it says why the status changes: give to_status too"));
        }
        _ => Some(new_status(request.to_status, request.reason)?),
    };
    let current_step = request.current_step.map(|step| number("current_step", step)).transpose()?;
    Ok(Checkpoint { result: step_result(result)?, current_step, to })
}

fn step_result(result: pb::StepResult) -> Result<StepResult> {
    Ok(StepResult {
        step_index: number("step_result.step_index", result.step_index)?,
        step_name: label("step_result.step_name", result.step_name)?,
        status: required_label("step_result.status", result.status)?,
        started_at: optional_time("step_result.started_at", result.started_at)?,
        completed_at: optional_time("step_result.completed_at", result.completed_at)?,
        duration_ms: number("step_result.duration_ms", result.duration_ms)?,
        output: text("step_result.output", result.output)?,
        error: text("step_result.error", result.error)?,
        files_changed: files_changed(result.files_changed)?,
        artifact_path: path_in_task("step_result.artifact_path", result.artifact_path)?,
        session_id: label("step_result.session_id", result.session_id)?,
        num_turns: number("step_result.num_turns", result.num_turns)?,
        metadata: metadata("step_result.metadata_json", &result.metadata_json)?,
    })
}

fn files_changed(files: Vec<String>) -> Result<Vec<String>> {
    const FIELD: &str = "step_result.files_changed";
    check_size(FIELD, "FILES_CHANGED_MAX", files.len(), limits::FILES_CHANGED_MAX)?;
    files.into_iter().map(|file| path(FIELD, file)).collect()
}

/// Gives out a step.
pub(super) fn step_out(step: Step) -> pb::Step {
    pb::Step {
        name: step.name,
        r#type: step.kind,
        description: step.description,
        prompt: step.prompt,
        commands: step.commands,
        timeout_seconds: number_out(step.timeout_seconds),
        status: step.status,
        started_at: step.started_at.map(timestamp_out),
        completed_at: step.completed_at.map(timestamp_out),
        error: step.error,
        attempts: number_out(step.attempts),
    }
}

/// Gives out what a step resulted in.
pub(super) fn step_result_out(result: StepResult) -> pb::StepResult {
    pb::StepResult {
        step_index: number_out(result.step_index),
        step_name: result.step_name,
        status: result.status,
        started_at: result.started_at.map(timestamp_out),
        completed_at: result.completed_at.map(timestamp_out),
        duration_ms: result.duration_ms,
        output: result.output,
        error: result.error,
        files_changed: result.files_changed,
        artifact_path: result.artifact_path,
        session_id: result.session_id,
        num_turns: number_out(result.num_turns),
        metadata_json: result.metadata.map(|data| data.to_string()).unwrap_or_default(),
    }
}

/// Gives out a move of a task's status.
pub(super) fn transition_out(transition: Transition) -> pb::Transition {
    pb::Transition {
        from_status: transition.from_status,
        to_status: transition.to_status,
        timestamp: transition.timestamp.map(timestamp_out),
        reason: transition.reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn a_step() -> pb::Step {
        pb::Step { name: "build".into(), r#type: "ai".into(), ..pb::Step::default() }
    }

    fn a_result() -> pb::SaveStepResultRequest {
        let result = pb::StepResult { status: "completed".into(), ..pb::StepResult::default() };
        pb::SaveStepResultRequest { step_result: Some(result), ..Default::default() }
    }

    #[test]
    fn a_new_step_has_a_name_and_a_type_and_no_state() {
        let given = pb::Step { status: "done".into(), attempts: 7, error: "x".into(), ..a_step() };
        let taken = steps("steps", vec![given]).expect("a step");
        let plain = Step { name: "build".into(), kind: "ai".into(), ..Step::default() };
        assert_eq!(taken, [plain]);
        let wrong = [
            (pb::Step { name: String::new(), ..a_step() }, "steps.name", Reason::RequiredField),
            (pb::Step { r#type: String::new(), ..a_step() }, "steps.type", Reason::RequiredField),
            (pb::Step { name: "x".repeat(129), ..a_step() }, "steps.name", Reason::TooLarge),
            (
                pb::Step { timeout_seconds: -1, ..a_step() },
                "steps.timeout_seconds",
                Reason::InvalidField,
            ),
            (
                pb::Step { commands: vec![String::new(); 257], ..a_step() },
                "steps.commands",
                Reason::TooLarge,
            ),
            (
                pb::Step { commands: vec!["x".repeat((64 << 10) + 1)], ..a_step() },
                "steps.commands",
                Reason::TooLarge,
            ),
        ];
        for (step, field, reason) in wrong {
            let refused = steps("steps", vec![a_step(), step]).expect_err(field);
            assert_eq!((refused.field(), refused.reason()), (Some(field), reason));
        }
        assert!(steps("steps", vec![a_step(); 1000]).is_ok());
        let refused = steps("steps", vec![a_step(); 1001]).expect_err("too many");
        assert_eq!((refused.field(), refused.reason()), (Some("steps"), Reason::TooLarge));
    }

    #[test]
    fn a_result_is_checked_field_by_field() {
        type Change = fn(&mut pb::StepResult);
        let wrong: [(Change, &str, Reason); 10] = [
            (|result| result.status.clear(), "status", Reason::RequiredField),
            (|result| result.step_index = -1, "step_index", Reason::InvalidField),
            (|result| result.duration_ms = -1, "duration_ms", Reason::InvalidField),
            (|result| result.num_turns = -1, "num_turns", Reason::InvalidField),
            (|result| result.artifact_path = "a\n".into(), "artifact_path", Reason::InvalidId),
            (|result| result.artifact_path = "/a".into(), "artifact_path", Reason::PathTraversal),
            (
                |result| result.artifact_path = "a/../b".into(),
                "artifact_path",
                Reason::PathTraversal,
            ),
            (|result| result.artifact_path = "x".repeat(1025), "artifact_path", Reason::TooLarge),
            (|result| result.metadata_json = "[]".into(), "metadata_json", Reason::InvalidField),
            (
                |result| result.files_changed = vec![String::new(); 1001],
                "files_changed",
                Reason::TooLarge,
            ),
        ];
        for (spoil, field, reason) in wrong {
            let mut request = a_result();
            spoil(request.step_result.as_mut().expect("a result"));
            let refused = checkpoint(request).expect_err(field);
            let field = format!("step_result.{field}");
            assert_eq!((refused.field(), refused.reason()), (Some(field.as_str()), reason));
        }
        let refused = checkpoint(pb::SaveStepResultRequest::default()).expect_err("no result");
        assert_eq!(refused.field(), Some("step_result"));
    }

    #[test]
    fn a_checkpoint_moves_a_task_only_when_it_says_so() {
        let stays = checkpoint(a_result()).expect("a checkpoint");
        assert_eq!((stays.current_step, stays.to), (None, None));
        let begins = pb::SaveStepResultRequest { current_step: Some(0), ..a_result() };
        assert_eq!(checkpoint(begins).expect("a checkpoint").current_step, Some(0));
        let back = pb::SaveStepResultRequest { current_step: Some(-1), ..a_result() };
        assert_eq!(checkpoint(back).expect_err("negative").field(), Some("current_step"));
        let moves = pb::SaveStepResultRequest {
            to_status: "validating".into(),
            reason: "all done".into(),
            ..a_result()
        };
        let to = checkpoint(moves).expect("a checkpoint").to.expect("a status");
        assert_eq!((to.status.as_str(), to.reason.as_str()), ("validating", "all done"));
        let idle = pb::SaveStepResultRequest { reason: "why".into(), ..a_result() };
        assert_eq!(checkpoint(idle).expect_err("no status").field(), Some("reason"));
    }

    #[test]
    fn further_data_keeps_its_digits_both_ways() {
        let mut request = a_result();
        let text = "{\"n\":9007199254740993,\"x\":1.10}";
        request.step_result.as_mut().expect("a result").metadata_json = text.into();
        let result = checkpoint(request).expect("a checkpoint").result;
        assert_eq!(step_result_out(result).metadata_json, text);
    }
}
