//! A change as one line.

use jiff::Timestamp;

use crate::cli::place::bus_label;
use crate::cli::{escape, run_text, size};
use crate::grpc::pb::watch_response::{Deleted, Frame};
use crate::grpc::pb::{Artifact, Fact, Project, Run, Task};

/// Returns the line of a change that was seen at `now`; none for what is no change.
pub(super) fn text(frame: &Frame, now: Timestamp) -> Option<String> {
    let words = match frame {
        Frame::Project(project) => of_project(project),
        Frame::Task(task) => of_task(task),
        Frame::Run(run) => of_run(run),
        Frame::Artifact(artifact) => of_artifact(artifact),
        Frame::Fact(fact) => of_fact(fact),
        Frame::Deleted(deleted) => of_deleted(deleted),
        Frame::Synced(_) | Frame::Heartbeat(_) => return None,
    };
    let mut line = format!("{now:.3}");
    for word in words.iter().filter(|word| !word.is_empty()) {
        line.push_str("  ");
        line.push_str(&escape::line(word));
    }
    Some(line)
}

fn of_project(project: &Project) -> Vec<String> {
    vec![
        "PROJECT".into(),
        project.project_id.clone(),
        project.project_root.clone(),
        problem(&project.problem),
    ]
}

fn of_task(task: &Task) -> Vec<String> {
    let status = if task.status.is_empty() { "-" } else { &task.status };
    let state = match task.state_status.as_str() {
        "" => String::new(),
        state => format!("state={state}"),
    };
    vec![
        "TASK".into(),
        format!("{}/{}", task.project_id, task.task_id),
        status.into(),
        state,
        if task.done { "done".into() } else { String::new() },
        problem(&task.problem),
        task.description.clone(),
    ]
}

fn of_run(run: &Run) -> Vec<String> {
    let exit = match run_text::exit_code(run) {
        code if code.is_empty() => code,
        code => format!("exit={code}"),
    };
    vec![
        "RUN".into(),
        run_text::name(run),
        run.status.clone(),
        run_text::liveness(run).into(),
        run.agent_type.clone(),
        exit,
        run.error_summary.clone(),
        problem(&run.problem),
    ]
}

fn of_artifact(artifact: &Artifact) -> Vec<String> {
    vec![
        "ARTIFACT".into(),
        format!("{}/{}/{}", artifact.project_id, artifact.task_id, artifact.path),
        size::text(artifact.size),
        problem(&artifact.problem),
    ]
}

fn of_fact(fact: &Fact) -> Vec<String> {
    vec![
        "FACT".into(),
        format!("{}/{}", bus_label(&fact.project_id, &fact.task_id), fact.fact_id),
        problem(&fact.problem),
        fact.title.clone(),
    ]
}

fn of_deleted(deleted: &Deleted) -> Vec<String> {
    let Deleted { project_id, task_id, run_id, run_path, artifact_path, fact_id, .. } = deleted;
    let place = bus_label(project_id, task_id);
    let (kind, name) = if !run_path.is_empty() {
        ("RUN", format!("{place}/{run_id}"))
    } else if !artifact_path.is_empty() {
        ("ARTIFACT", format!("{place}/{artifact_path}"))
    } else if !fact_id.is_empty() {
        ("FACT", format!("{place}/{fact_id}"))
    } else if task_id.is_empty() {
        ("PROJECT", place)
    } else {
        ("TASK", place)
    };
    vec![kind.into(), name, "deleted".into()]
}

fn problem(problem: &str) -> String {
    if problem.is_empty() { String::new() } else { format!("problem={problem}") }
}

#[cfg(test)]
mod tests {
    use crate::cli::watch::board::Board;
    use crate::cli::watch::board::tests::{artifact, fact, project, run, task};
    use crate::grpc::pb::Liveness;

    use super::*;

    fn line(frame: &Frame) -> String {
        let now = Timestamp::from_second(1_771_874_230).expect("a time");
        let line = text(frame, now).expect("a line");
        line.strip_prefix("2026-02-23T19:17:10.000Z  ").expect("the time").to_owned()
    }

    #[test]
    fn each_change_is_one_line_whatever_is_stored() {
        let alive = Run { liveness: Liveness::Alive.into(), ..run("t", "r", "running") };
        assert_eq!(line(&Frame::Run(alive)), "RUN  p/t/r  running  alive");
        let failed = Run { exit_code: 3, error_summary: "a\nb".into(), ..run("t", "r", "failed") };
        assert_eq!(line(&Frame::Run(failed)), "RUN  p/t/r  failed  -  exit=3  a\\nb");
        let done = Task { state_status: "ready".into(), done: true, ..task("p", "t") };
        assert_eq!(line(&Frame::Task(done)), "TASK  p/t  -  state=ready  done");
        assert_eq!(line(&project("p")), "PROJECT  p");
        let saved = Artifact { size: 1536, ..artifact("t", "artifacts/a.json") };
        assert_eq!(line(&Frame::Artifact(saved)), "ARTIFACT  p/t/artifacts/a.json  1.5 KiB");
        let found = Fact { title: "a\x1b".into(), ..fact("", "FACT-1") };
        assert_eq!(line(&Frame::Fact(found)), "FACT  p/FACT-1  a\\x1b");
    }

    #[test]
    fn deletions_say_what_is_gone() {
        let mut board = Board::default();
        for frame in [
            project("p"),
            Frame::Task(task("p", "t")),
            Frame::Run(run("t", "r", "failed")),
            Frame::Artifact(artifact("t", "artifacts/a")),
            Frame::Fact(fact("", "FACT-1")),
        ] {
            board.apply(frame);
        }
        let gone = Frame::Deleted(Deleted { project_id: "p".into(), ..Deleted::default() });
        let lines: Vec<String> =
            board.apply(gone).iter().map(|change| line(&change.frame)).collect();
        assert_eq!(
            lines,
            [
                "ARTIFACT  p/t/artifacts/a  deleted",
                "RUN  p/t/r  deleted",
                "TASK  p/t  deleted",
                "FACT  p/FACT-1  deleted",
                "PROJECT  p  deleted"
            ]
        );
    }
}
