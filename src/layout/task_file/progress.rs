//! How the steps of a task, their results and the history of its status are read.

use crate::domain::{Step, StepResult, TaskProgress, Transition};
use crate::layout::Damage;
use crate::layout::json_document::Object;

/// Reads a task's steps and history; what is missing or null is empty.
pub(super) fn read(task: &Object<'_>) -> Result<TaskProgress, Damage> {
    Ok(TaskProgress {
        steps: read_list(task, "steps", read_step)?,
        step_results: read_list(task, "step_results", read_result)?,
        transitions: read_list(task, "transitions", read_transition)?,
        metadata: task.json_object("metadata")?,
    })
}

fn read_list<T>(
    task: &Object<'_>,
    key: &str,
    read: fn(&Object<'_>) -> Result<T, Damage>,
) -> Result<Vec<T>, Damage> {
    task.objects(key)?.iter().map(read).collect()
}

fn read_step(step: &Object<'_>) -> Result<Step, Damage> {
    Ok(Step {
        name: step.text("name")?,
        kind: step.text("type")?,
        description: step.text("description")?,
        prompt: step.text("prompt")?,
        commands: step.texts("commands")?,
        timeout_seconds: step.integer("timeout_seconds")?,
        status: step.text("status")?,
        started_at: step.time("started_at")?,
        completed_at: step.time("completed_at")?,
        error: step.text("error")?,
        attempts: step.integer("attempts")?,
    })
}

fn read_result(result: &Object<'_>) -> Result<StepResult, Damage> {
    Ok(StepResult {
        step_index: result.integer("step_index")?,
        step_name: result.text("step_name")?,
        status: result.text("status")?,
        started_at: result.time("started_at")?,
        completed_at: result.time("completed_at")?,
        duration_ms: result.integer("duration_ms")?,
        output: result.text("output")?,
        error: result.text("error")?,
        files_changed: result.texts("files_changed")?,
        artifact_path: result.text("artifact_path")?,
        session_id: result.text("session_id")?,
        num_turns: result.integer("num_turns")?,
        metadata: result.json_object("metadata")?,
    })
}

fn read_transition(transition: &Object<'_>) -> Result<Transition, Damage> {
    Ok(Transition {
        from_status: transition.text("from_status")?,
        to_status: transition.text("to_status")?,
        timestamp: transition.time("timestamp")?,
        reason: transition.text("reason")?,
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::TaskProgress;
    use crate::layout::task_file::{Edit, read, read_progress, write};

    #[test]
    fn what_is_missing_or_null_is_empty() {
        let nulls = "{\"steps\":null,\"step_results\":null,\"transitions\":null,\"metadata\":null}";
        for text in ["{}", nulls, "{\"steps\":[],\"step_results\":[ ],\"transitions\":[]}"] {
            assert_eq!(read_progress(text.as_bytes()), Ok(TaskProgress::default()), "{text}");
        }
        let found = read_progress(
            b"{\"steps\":[null,{},{\"name\":null,\"commands\":null,\"started_at\":\"0001-01-01T00:00:00Z\"}],\
              \"step_results\":[{\"metadata\":null,\"files_changed\":null}],\"transitions\":[{}]}",
        )
        .expect("it can be read");
        assert!(found.steps.iter().all(|step| *step == crate::domain::Step::default()));
        assert_eq!(
            (found.steps.len(), found.step_results.len(), found.transitions.len()),
            (3, 1, 1)
        );
        assert_eq!(found.step_results[0], crate::domain::StepResult::default());
    }

    #[test]
    fn the_steps_are_counted_without_being_read() {
        let count = |text: &str| read(text.as_bytes()).map(|record| record.step_count);
        assert_eq!(count("{\"steps\":[{\"name\":5},[[]],\"x\"]}"), Ok(3));
        assert_eq!(count("{\"steps\":null}"), Ok(0));
        assert_eq!(count("{}"), Ok(0));
        let damage = count("{\n\"steps\": {}}").expect_err("damage");
        assert_eq!(damage.to_string(), "`steps` is no list at line 2 column 10");
    }

    #[test]
    fn the_damage_names_its_place_and_is_not_written_over() {
        let task = crate::layout::task_file::tests::task();
        for (text, sentence) in [
            (
                "{\"steps\":[{},{},\n{\"type\":\"ai\",\n\n\"x\":1, \"name\": 5}]}",
                "`steps[2].name` is no text at line 4 column 16",
            ),
            ("{\"steps\":[\n[]]}", "`steps[0]` is no object at line 2 column 1"),
            (
                "{\"steps\":[{\"commands\":[1]}]}",
                "`steps[0].commands` is no list of texts at line 1 column 23",
            ),
            (
                "{\"steps\":[{\"attempts\":1.5}]}",
                "`steps[0].attempts` is no whole number at line 1 column 23",
            ),
            (
                "{\"steps\":[{\"started_at\":\"x\"}]}",
                "`steps[0].started_at` is no time at line 1 column 25",
            ),
            ("{\"step_results\":5}", "`step_results` is no list at line 1 column 17"),
            (
                "{\"step_results\":[{\"metadata\":[]}]}",
                "`step_results[0].metadata` is no object at line 1 column 30",
            ),
            (
                "{\"transitions\":[{\"timestamp\":1}]}",
                "`transitions[0].timestamp` is no time at line 1 column 30",
            ),
            ("{\"metadata\":\n 5}", "`metadata` is no object at line 2 column 2"),
        ] {
            let damage = read_progress(text.as_bytes()).expect_err(text);
            assert_eq!(damage.to_string(), sentence);
            let record = read(text.as_bytes()).unwrap_or_default();
            let refused = write(&task, &record, &Edit::default(), Some(text.as_bytes()));
            assert_eq!(refused.expect_err(text), damage);
        }
    }

    #[test]
    fn large_numbers_and_deep_values_are_kept() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let text = format!("{{\"metadata\": {deep},\"steps\":[{deep}]}}");
        let found = read_progress(text.as_bytes()).expect("it can be read");
        assert_eq!(found.metadata.expect("it is there").as_str(), deep);
        assert_eq!(found.steps.len(), 1);
        let text = "{\"metadata\": {\"n\": 9007199254740993, \"m\": 1.10, \"e\": 1e400}}";
        let found = read_progress(text.as_bytes()).expect("it can be read").metadata;
        assert_eq!(
            found.expect("it is there").as_str(),
            "{\"n\":9007199254740993,\"m\":1.10,\"e\":1e400}"
        );
    }
}
