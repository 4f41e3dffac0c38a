//! A task as people read it.

use std::time::Duration;

use crate::grpc::pb::{Step, StepResult, Task};

use super::block::Block;
use super::duration;
use super::message_text::time;
use super::table::{self, Row, Table};

/// How many results are shown: the newest ones.
const RESULTS_SHOWN: usize = 10;

/// Returns the task as a block of lines.
pub(super) fn block(task: &Task) -> Block {
    let known =
        |ts: Option<&prost_types::Timestamp>| ts.map(|ts| time(Some(ts))).unwrap_or_default();
    Block::default()
        .field("task", format!("{}/{}", task.project_id, task.task_id))
        .field("description", task.description.clone())
        .field("status", task.status.clone())
        .field("state", task.state_status.clone())
        .field("done", if task.done { "yes" } else { "no" })
        .field("problem", task.problem.clone())
        .field("step", position(task))
        .field("template", task.template.clone())
        .field("model", task.model.clone())
        .fields("depends on", &task.depends_on)
        .field("created", known(task.created_at.as_ref()))
        .field("updated", known(task.updated_at.as_ref()))
        .field("completed", known(task.completed_at.as_ref()))
        .field("etag", task.etag.clone())
        .text("steps", &steps(task))
        .text("newest results", &results(&task.step_results))
        .text("history", &history(task))
        .text("metadata", &task.metadata_json)
        .text("prompt", &task.prompt)
}

/// Says at which step the task is.
fn position(task: &Task) -> String {
    match (task.current_step, task.step_count) {
        (0, 0) => String::new(),
        (current, 0) => current.to_string(),
        (current, count) if current >= count => format!("all {count} done"),
        (current, count) => format!("{current} of {count}, counted from 0"),
    }
}

fn steps(task: &Task) -> String {
    let row = |(index, step): (usize, &Step)| {
        let is_current = i32::try_from(index) == Ok(task.current_step);
        let attempts = if step.attempts == 0 { String::new() } else { step.attempts.to_string() };
        Row {
            cells: vec![
                format!("{}{index}", if is_current { "> " } else { "" }),
                step.name.clone(),
                step.r#type.clone(),
                step.status.clone(),
                attempts,
                time(step.completed_at.as_ref().or(step.started_at.as_ref())),
                step.error.clone(),
            ],
            ..Row::default()
        }
    };
    let rows: Vec<Row> = task.steps.iter().enumerate().map(row).collect();
    Table::new(vec![
        table::number("#", 3),
        table::text("STEP", 8),
        table::text("TYPE", 6),
        table::text("STATUS", 9),
        table::number("TRIES", 5),
        table::text("LAST", 24),
        table::text("ERROR", 5),
    ])
    .page(&rows)
}

fn results(results: &[StepResult]) -> String {
    let row = |result: &StepResult| {
        let said = if result.error.is_empty() { &result.output } else { &result.error };
        let took = Duration::from_millis(u64::try_from(result.duration_ms).unwrap_or(0));
        Row {
            cells: vec![
                time(result.completed_at.as_ref()),
                format!("{} {}", result.step_index, result.step_name),
                result.status.clone(),
                duration::short(took),
                result.artifact_path.clone(),
                said.lines().next().unwrap_or_default().to_owned(),
            ],
            ..Row::default()
        }
    };
    let hidden = results.len().saturating_sub(RESULTS_SHOWN);
    let rows: Vec<Row> = results.iter().skip(hidden).map(row).collect();
    let mut page = Table::new(vec![
        table::text("WHEN", 24),
        table::text("STEP", 8),
        table::text("STATUS", 9),
        table::number("DURATION", 8),
        table::text("ARTIFACT", 8),
        table::text("OUTPUT", 6),
    ])
    .page(&rows);
    if hidden > 0 {
        page.push_str(&format!("… {hidden} older ones\n"));
    }
    page
}

fn history(task: &Task) -> String {
    let rows: Vec<Row> = task
        .transitions
        .iter()
        .map(|transition| Row {
            cells: vec![
                time(transition.timestamp.as_ref()),
                transition.from_status.clone(),
                transition.to_status.clone(),
                transition.reason.clone(),
            ],
            ..Row::default()
        })
        .collect();
    Table::new(vec![
        table::text("WHEN", 24),
        table::text("FROM", 8),
        table::text("TO", 8),
        table::text("REASON", 6),
    ])
    .page(&rows)
}

#[cfg(test)]
mod tests {
    use crate::grpc::pb::Transition;

    use super::*;

    #[test]
    fn steps_are_shown_with_the_current_one_marked_and_the_newest_results() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let step = |name: &str| Step { name: name.into(), r#type: "ci".into(), ..Step::default() };
        let result = |index| StepResult {
            step_index: index,
            step_name: "a".into(),
            status: "failed".into(),
            completed_at: at(0),
            duration_ms: 1500,
            output: "first\nsecond".into(),
            ..StepResult::default()
        };
        let task = Task {
            project_id: "p".into(),
            task_id: "t".into(),
            status: "running".into(),
            current_step: 1,
            step_count: 2,
            steps: vec![
                Step { status: "failed".into(), attempts: 12, error: "x\x1b".into(), ..step("a") },
                step("b"),
            ],
            step_results: (0..12).map(result).collect(),
            transitions: vec![Transition {
                from_status: "pending".into(),
                to_status: "running".into(),
                timestamp: at(0),
                reason: "go".into(),
            }],
            metadata_json: "{\"n\":1}".into(),
            ..Task::default()
        };
        assert_eq!(
            block(&task).lines(true),
            "\
task:   p/t
status: running
done:   no
step:   1 of 2, counted from 0
steps:
      #  STEP      TYPE    STATUS     TRIES  LAST                      ERROR
      0  a         ci      failed        12  -                         x\\x1b
    > 1  b         ci      -              -  -                         -
newest results:
    WHEN                      STEP      STATUS     DURATION  ARTIFACT  OUTPUT
"
            .to_owned()
                + &(2..12)
                    .map(|index| format!(
                        "    1970-01-01T00:00:00.000Z  {:8}  failed         1.5s  -         first\n",
                        format!("{index} a")
                    ))
                    .collect::<String>()
                + "    … 2 older ones
history:
    WHEN                      FROM      TO        REASON
    1970-01-01T00:00:00.000Z  pending   running   go
metadata:
    {\"n\":1}
"
        );
    }

    #[test]
    fn a_task_behind_its_last_step_is_done_with_all() {
        let task = |current_step, step_count| Task { current_step, step_count, ..Task::default() };
        assert_eq!(position(&task(0, 0)), "");
        assert_eq!(position(&task(2, 0)), "2");
        assert_eq!(position(&task(0, 3)), "0 of 3, counted from 0");
        assert_eq!(position(&task(3, 3)), "all 3 done");
    }
}
