//! Runs and trees of them.

use crate::domain::{Liveness, Reach, Run, RunId, RunKey, run_status};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{
    EndStatus, NewRun, Relation, RunChange, RunEnd, RunPage, RunPosition, RunQuery, TreeNode,
    TreeRoot,
};

use super::answer_size::{self, Item, Room, cut, fitting, fitting_beside};
use super::fields::{
    invalid, label, other_run, page_size, part, path, pid, prompt, statuses, task_key, text,
};
use super::mask::{Mask, nothing_to_change};
use super::page_tokens;
use super::run_metas;
use super::values::{count_out, etag_out, number_out, pid_out, timestamp_out};

/// Takes the name of a run: its id, with its place or without.
pub(in crate::grpc) fn key(project_id: &str, task_id: &str, run_id: &str) -> Result<RunKey> {
    let is_placed = !project_id.is_empty() || !task_id.is_empty();
    Ok(RunKey {
        task: if is_placed { Some(task_key(project_id, task_id)?) } else { None },
        run: RunId::parse(run_id)?,
    })
}

/// Takes a run to create.
pub(in crate::grpc) fn new(request: pb::CreateRunRequest) -> Result<NewRun> {
    Ok(NewRun {
        task: task_key(&request.project_id, &request.task_id)?,
        run: match request.run_id.as_str() {
            "" => None,
            run => Some(RunId::parse(run)?),
        },
        agent_type: agent_type(request.agent_type)?,
        parent_run_id: other_run("parent_run_id", request.parent_run_id)?,
        previous_run_id: other_run("previous_run_id", request.previous_run_id)?,
        host: label("host", request.host)?,
        pid: pid("pid", request.pid)?,
        pgid: pid("pgid", request.pgid)?,
        process_ownership: label("process_ownership", request.process_ownership)?,
        cwd: path("cwd", request.cwd)?,
        commandline: text("commandline", request.commandline)?,
        agent_version: label("agent_version", request.agent_version)?,
        prompt: prompt("prompt", request.prompt)?,
        meta: request.meta.map(run_metas::new).transpose()?,
    })
}

fn agent_type(agent_type: String) -> Result<String> {
    const FIELD: &str = "agent_type";
    if agent_type.is_empty() {
        return Err(Error::RequiredField { field: FIELD });
    }
    let agent_type = label(FIELD, agent_type)?;
    // It is a file of one line.
    if agent_type.chars().any(char::is_control) {
        return Err(invalid(FIELD, "it holds a control character"));
    }
    Ok(agent_type)
}

/// Takes which runs to list.
pub(in crate::grpc) fn query(request: pb::ListRunsRequest, reach: &Reach) -> Result<RunQuery> {
    let part = part(&request.project_id, &request.task_id, reach)?;
    Ok(RunQuery {
        statuses: statuses(request.statuses)?,
        after: page_tokens::run(&request.page_token, &part)?,
        limit: page_size(request.page_size)?,
        with_meta: request.with_meta,
        part,
    })
}

/// Takes how a run ends.
pub(in crate::grpc) fn end(
    status: &str,
    exit_code: Option<i32>,
    error_summary: String,
) -> Result<RunEnd> {
    let status = match status {
        "" => return Err(Error::RequiredField { field: "status" }),
        run_status::RUNNING => EndStatus::Running,
        run_status::COMPLETED => EndStatus::Completed,
        run_status::FAILED => EndStatus::Failed,
        _ => return Err(invalid("status", "it is none of running, completed and failed")),
    };
    Ok(RunEnd {
        status,
        exit_code: exit_code.map(i64::from),
        error_summary: text("error_summary", error_summary)?,
    })
}

/// Takes what to change of a run. Its ids and its etag stand beside that.
pub(in crate::grpc) fn change(request: pb::UpdateRunRequest) -> Result<RunChange> {
    let fields = [
        "pid",
        "pgid",
        "process_ownership",
        "cwd",
        "commandline",
        "agent_version",
        "error_summary",
        "parent_run_id",
        "previous_run_id",
    ];
    let mask = Mask::new(request.update_mask, &fields)?;
    let ownership = request.process_ownership;
    let change = RunChange {
        host: String::new(),
        pid: mask.choose("pid", request.pid, pid)?,
        pgid: mask.choose("pgid", request.pgid, pid)?,
        process_ownership: mask.choose("process_ownership", ownership, label)?,
        cwd: mask.choose("cwd", request.cwd, path)?,
        commandline: mask.choose("commandline", request.commandline, text)?,
        agent_version: mask.choose("agent_version", request.agent_version, label)?,
        error_summary: mask.choose("error_summary", request.error_summary, text)?,
        parent_run_id: mask.choose("parent_run_id", request.parent_run_id, other_run)?,
        previous_run_id: mask.choose("previous_run_id", request.previous_run_id, other_run)?,
    };
    if change == RunChange::default() {
        return Err(nothing_to_change());
    }
    // The host is no field of a run: it says whose the numbers are.
    Ok(RunChange { host: label("host", request.host)?, ..change })
}

/// Takes where a tree starts: at a run, or at all runs of a task.
pub(in crate::grpc) fn tree_root(request: &pb::GetRunTreeRequest) -> Result<TreeRoot> {
    let (project, task, run) = (&request.project_id, &request.task_id, &request.run_id);
    if run.is_empty() && !(project.is_empty() && task.is_empty()) {
        return Ok(TreeRoot::Task(task_key(project, task)?));
    }
    Ok(TreeRoot::Run(key(project, task, run)?))
}

/// Gives out a page of runs.
pub(in crate::grpc) fn page(page: RunPage) -> pb::ListRunsResponse {
    let next = page.next.as_ref().map(page_tokens::run_out).unwrap_or_default();
    let token = |run: &Run| {
        let position = RunPosition { task: run.task.clone(), folder: run.folder.clone() };
        page_tokens::run_out(&position)
    };
    let (runs, next_page_token) = answer_size::page_until(page.runs, next, token, run);
    pb::ListRunsResponse { runs, next_page_token }
}

/// Gives out a tree, as far as it fits.
pub(in crate::grpc) fn tree(nodes: Vec<TreeNode>) -> pb::GetRunTreeResponse {
    let count = nodes.len();
    let nodes = Room::new().fill(nodes.into_iter().map(node));
    pb::GetRunTreeResponse { truncated: nodes.len() < count, nodes }
}

fn node(node: TreeNode) -> pb::RunTreeNode {
    let missing = node.run.is_none();
    pb::RunTreeNode {
        run: Some(match node.run {
            Some(found) => run(found),
            None => fitting(pb::Run { run_id: node.run_id, ..pb::Run::default() }),
        }),
        depth: count_out(node.depth),
        relation: match node.relation {
            Relation::Top => pb::RunRelation::Unspecified,
            Relation::Child => pb::RunRelation::Child,
            Relation::Restart => pb::RunRelation::Restart,
        }
        .into(),
        missing,
        r#loop: node.is_loop,
    }
}

/// Gives out as many runs as one answer names.
pub(super) fn named(runs: Vec<Run>, room: &mut Room) -> Vec<pb::Run> {
    room.fill(runs.into_iter().take(limits::NAMED_MAX).map(run))
}

impl Item for pb::Run {
    fn bare(mut self, problem: String) -> Self {
        let is_id = |id: &String| id.len() <= limits::NAME_BYTES_MAX;
        let folder = self.run_path.rsplit('/').next().unwrap_or_default();
        let _ = cut(&mut self.status, limits::LABEL_BYTES_MAX);
        Self {
            run_id: Some(self.run_id).filter(is_id).unwrap_or_else(|| folder.to_owned()),
            project_id: self.project_id,
            task_id: self.task_id,
            parent_run_id: Some(self.parent_run_id).filter(is_id).unwrap_or_default(),
            previous_run_id: Some(self.previous_run_id).filter(is_id).unwrap_or_default(),
            pid: self.pid,
            pgid: self.pgid,
            start_time: self.start_time,
            end_time: self.end_time,
            exit_code: self.exit_code,
            status: self.status,
            liveness: self.liveness,
            etag: self.etag,
            run_path: self.run_path,
            problem,
            ..Self::default()
        }
    }
}

/// Gives out a run.
pub(in crate::grpc) fn run(run: Run) -> pb::Run {
    let info = run.info;
    let answer = fitting(pb::Run {
        project_id: run.task.project.to_string(),
        task_id: run.task.task.to_string(),
        run_id: info.run_id,
        parent_run_id: info.parent_run_id,
        previous_run_id: info.previous_run_id,
        agent_type: info.agent_type,
        process_ownership: info.process_ownership,
        pid: pid_out(info.pid),
        pgid: pid_out(info.pgid),
        start_time: info.start_time.map(timestamp_out),
        end_time: info.end_time.map(timestamp_out),
        exit_code: number_out(info.exit_code),
        status: info.status,
        cwd: info.cwd,
        prompt_path: info.prompt_path,
        output_path: info.output_path,
        stdout_path: info.stdout_path,
        stderr_path: info.stderr_path,
        commandline: info.commandline,
        error_summary: info.error_summary,
        agent_version: info.agent_version,
        liveness: match run.liveness {
            Liveness::Alive => pb::Liveness::Alive,
            Liveness::Lost => pb::Liveness::Lost,
            Liveness::Remote => pb::Liveness::Remote,
            Liveness::Ended => pb::Liveness::Ended,
        }
        .into(),
        etag: etag_out(run.etag),
        run_path: run.path,
        problem: run.problem.unwrap_or_default(),
        meta: None,
    });
    let meta = run.meta.map(|meta| fitting_beside(&answer, run_metas::meta(*meta)));
    pb::Run { meta, ..answer }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::domain::{RunInfo, RunMeta};

    #[test]
    fn a_run_is_named_by_its_id_or_by_its_whole_place() {
        assert!(key("", "", "r").expect("an id").task.is_none());
        assert_eq!(key("p", "t", "r").expect("a place").to_string(), "p/t/r");
        for (names, field) in [
            (("p", "", "r"), "task_id"),
            (("", "t", "r"), "project_id"),
            (("p", "t", ""), "run_id"),
            (("", "", ""), "run_id"),
        ] {
            let refused = key(names.0, names.1, names.2).expect_err(field);
            assert!(matches!(refused, Error::RequiredField { .. }), "{refused}");
            assert_eq!(refused.field(), Some(field));
        }
    }

    #[test]
    fn a_host_alone_changes_nothing() {
        let request = pb::UpdateRunRequest { host: "other".into(), ..Default::default() };
        assert_eq!(change(request.clone()).expect_err("refused").field(), Some("update_mask"));
        let changed = change(pb::UpdateRunRequest { pid: 7, ..request }).expect("a change");
        assert_eq!((changed.host.as_str(), changed.pid), ("other", Some(7)));
    }

    #[test]
    fn what_is_kept_of_a_run_leaves_room_for_the_run() {
        let kept = |size| RunMeta { title: "x".repeat(size), pr_number: 7, ..RunMeta::default() };
        let given = |meta: Option<RunMeta>| {
            let task = task_key("demo", "task-a").expect("a task");
            let unknown = RunInfo::unknown(&task, "run-1");
            run(Run {
                task,
                folder: "run-1".into(),
                path: "demo/task-a/runs/run-1".into(),
                info: RunInfo { commandline: "y".repeat(2 << 20), ..unknown },
                liveness: Liveness::Ended,
                etag: None,
                problem: None,
                meta: meta.map(Box::new),
            })
        };
        assert_eq!(given(None).meta, None);
        let meta = given(Some(kept(1 << 10))).meta.expect("a meta");
        assert_eq!((meta.title.len(), meta.problem.as_str()), (1 << 10, ""));
        let answer = given(Some(kept(2 << 20)));
        assert!(answer.encoded_len() <= limits::ANSWER_BYTES_MAX);
        assert_eq!((answer.commandline.len(), answer.problem.as_str()), (2 << 20, ""));
        let meta = answer.meta.expect("a meta");
        assert_eq!((meta.title.as_str(), meta.pr_number), ("", 7));
        assert!(meta.problem.contains("too large to send"), "{}", meta.problem);
    }
}
