//! `callboard run tree`: draws which run started which.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::escape;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::RunFlags;
use crate::grpc::pb::{GetRunTreeRequest, RunRelation, RunTreeNode};

/// Draw the runs of a task, or below one run, as a tree: children and restarts
///
/// Without --run it begins with all runs of the task. Runs of other tasks that
/// belong below are shown with their project and task.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Tree {
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard run tree --project demo --task task-1
  callboard run tree --run 20261121-0710300001-4711-1
  callboard run tree --json | jq -r '[.depth, .run.run_id] | @tsv'";

impl Tree {
    /// Draws the tree.
    pub(super) async fn run(self) -> Result<(), Failure> {
        // The run that this process belongs to is not what is asked for: only the flag
        // makes it one run's tree.
        let place = match self.place.run {
            Some(_) => self.place.resolve()?,
            None => self.place.resolve_task()?,
        };
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = GetRunTreeRequest {
            project_id: place.project.clone(),
            task_id: place.task.clone(),
            run_id: place.run.clone(),
        };
        let answer = self.connection.answer(client.get_run_tree(request)).await?;
        if output.is_json() {
            answer.nodes.iter().try_for_each(|node| output.print(node, |_| String::new()))?;
        } else if !answer.nodes.is_empty() {
            output.print_text(&drawing(&answer.nodes))?;
        }
        output.flush()?;
        if answer.truncated {
            output::note("there are more runs than fit; ask for one further down with --run");
        } else if answer.nodes.is_empty() {
            output::note_to_person(&format!("task {} has no runs", place.bus_label()));
        }
        Ok(())
    }
}

/// Draws nodes that come in the order of the tree, each before those below it.
fn drawing(nodes: &[RunTreeNode]) -> String {
    let depth = |node: &RunTreeNode| usize::try_from(node.depth).unwrap_or(0);
    // From the end: whether a node at a depth is followed by a sibling.
    let mut followed: Vec<bool> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    let home = nodes.first().and_then(|node| node.run.as_ref());
    let home = home.map(|run| (run.project_id.clone(), run.task_id.clone())).unwrap_or_default();
    for node in nodes.iter().rev() {
        let depth = depth(node);
        followed.resize(depth + 1, false);
        let mut line = String::new();
        for further in followed.iter().take(depth).skip(1) {
            line.push_str(if *further { "│  " } else { "   " });
        }
        if depth > 0 {
            line.push_str(if followed[depth] { "├─ " } else { "└─ " });
        }
        followed[depth] = true;
        line.push_str(&label(node, &home));
        line.push('\n');
        lines.push(line);
    }
    lines.into_iter().rev().collect()
}

/// Returns what is said of a node; its project and task unless they are `home`.
fn label(node: &RunTreeNode, home: &(String, String)) -> String {
    let run = node.run.clone().unwrap_or_default();
    let mut label = String::new();
    if !node.missing && (&run.project_id, &run.task_id) != (&home.0, &home.1) {
        label.push_str(&format!("{}/{}/", run.project_id, run.task_id));
    }
    label.push_str(&run.run_id);
    for word in [&run.status, &run.agent_type] {
        if !word.is_empty() {
            label.push_str(&format!("  {word}"));
        }
    }
    if node.relation() == RunRelation::Restart {
        label.push_str("  restart");
    }
    if node.missing {
        label.push_str("  (missing)");
    }
    if node.r#loop {
        label.push_str("  (loop)");
    }
    escape::line(&label).into_owned()
}

#[cfg(test)]
mod tests {
    use crate::grpc::pb::Run;

    use super::*;

    fn node(depth: i32, id: &str) -> RunTreeNode {
        let run = Run {
            project_id: "p".into(),
            task_id: "t".into(),
            run_id: id.into(),
            status: "failed".into(),
            ..Run::default()
        };
        RunTreeNode { run: Some(run), depth, ..RunTreeNode::default() }
    }

    #[test]
    fn lines_join_each_run_with_the_one_above() {
        let restart = |node| RunTreeNode { relation: RunRelation::Restart.into(), ..node };
        let bare = Run { run_id: "gone".into(), ..Run::default() };
        let missing = RunTreeNode { run: Some(bare), missing: true, ..node(2, "") };
        let elsewhere = Run {
            task_id: "u".into(),
            agent_type: "codex".into(),
            ..node(0, "d").run.expect("set")
        };
        let nodes = [
            node(0, "a"),
            node(1, "b"),
            missing,
            RunTreeNode { run: Some(elsewhere), ..node(2, "") },
            node(1, "c"),
            restart(node(2, "e\x1b")),
            RunTreeNode { r#loop: true, ..node(3, "a") },
            node(0, "f"),
        ];
        assert_eq!(
            drawing(&nodes),
            "\
a  failed
├─ b  failed
│  ├─ gone  (missing)
│  └─ p/u/d  failed  codex
└─ c  failed
   └─ e\\x1b  failed  restart
      └─ a  failed  (loop)
f  failed
"
        );
        assert_eq!(drawing(&[]), "");
    }
}
