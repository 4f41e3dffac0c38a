//! A change as one line.

use jiff::Timestamp;

use crate::cli::{escape, run_text};
use crate::grpc::pb::watch_response::{Deleted, Frame};
use crate::grpc::pb::{Project, Run, Task};

/// Returns the line of a change that was seen at `now`; none for what is no change.
pub(super) fn text(frame: &Frame, now: Timestamp) -> Option<String> {
    let words = match frame {
        Frame::Project(project) => of_project(project),
        Frame::Task(task) => of_task(task),
        Frame::Run(run) => of_run(run),
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

fn of_deleted(deleted: &Deleted) -> Vec<String> {
    let Deleted { project_id, task_id, run_id, .. } = deleted;
    let (kind, name) = match (task_id.as_str(), deleted.run_path.as_str()) {
        ("", _) => ("PROJECT", project_id.clone()),
        (_, "") => ("TASK", format!("{project_id}/{task_id}")),
        _ => ("RUN", format!("{project_id}/{task_id}/{run_id}")),
    };
    vec![kind.into(), name, "deleted".into()]
}

fn problem(problem: &str) -> String {
    if problem.is_empty() { String::new() } else { format!("problem={problem}") }
}

#[cfg(test)]
mod tests {
    use crate::cli::watch::board::Board;
    use crate::cli::watch::board::tests::{project, run, task};
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
    }

    #[test]
    fn deletions_say_what_is_gone() {
        let mut board = Board::default();
        for frame in
            [project("p"), Frame::Task(task("p", "t")), Frame::Run(run("t", "r", "failed"))]
        {
            board.apply(frame);
        }
        let gone = Frame::Deleted(Deleted { project_id: "p".into(), ..Deleted::default() });
        let lines: Vec<String> =
            board.apply(gone).iter().map(|change| line(&change.frame)).collect();
        assert_eq!(lines, ["RUN  p/t/r  deleted", "TASK  p/t  deleted", "PROJECT  p  deleted"]);
    }
}
