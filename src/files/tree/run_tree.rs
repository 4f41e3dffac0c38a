//! Which runs come from which, as a tree. Built from the records alone: whatever
//! they say, that a parent does not exist or that runs form a loop, is shown.

use std::collections::{BTreeSet, HashSet};

use crate::domain::{Reach, Run};
use crate::error::Result;
use crate::store::{Relation, TreeNode, TreeRoot};

use super::Tree;
use super::run_index::Descent;
use super::runs::RunPlace;

impl Tree {
    /// Returns what comes from a task's runs or from one run, as far as it is within reach.
    pub(in crate::files) fn run_tree(
        &self,
        root: &TreeRoot,
        reach: &Reach,
    ) -> Result<Vec<TreeNode>> {
        let tops = match root {
            TreeRoot::Run(key) => {
                let place = self.find_run(key)?;
                self.refresh_runs()?;
                vec![Top { id: self.show_run(&place)?.info.run_id, place: Some(place) }]
            }
            TreeRoot::Task(task) => {
                self.demand_task_folder(task)?;
                self.refresh_runs()?;
                let runs = self.run_folders(task)?.into_iter().filter_map(|folder| {
                    self.show_run(&RunPlace { task: task.clone(), folder }).ok()
                });
                tops(&runs.collect::<Vec<_>>(), &self.runs.descent(reach))
            }
        };
        let descent = self.runs.descent(reach);
        let mut walk = Walk { tree: self, descent, nodes: Vec::new() };
        for top in tops {
            walk.from(top);
        }
        Ok(walk.nodes)
    }
}

/// Where the tree of a task begins.
struct Top {
    id: String,
    /// Where the run is; none means wherever the index says, if anywhere.
    place: Option<RunPlace>,
}

/// Returns where the tree of these runs begins: at those that come from none of
/// them; at the runs that do not exist and that they name; and at one run of each
/// loop.
fn tops(runs: &[Run], descent: &Descent) -> Vec<Top> {
    let among: HashSet<&str> = runs.iter().map(|run| run.info.run_id.as_str()).collect();
    let mut tops = Vec::new();
    let mut covered: HashSet<String> = HashSet::new();
    let mut missing = BTreeSet::new();
    for run in runs {
        let above = above(&run.info.previous_run_id, &run.info.parent_run_id, descent);
        match above {
            Some((id, _)) if among.contains(id) => {}
            Some((id, _)) if !descent.places.contains_key(id) => {
                if missing.insert(id.to_owned()) {
                    tops.push(Top { id: id.to_owned(), place: None });
                    cover(id, descent, &mut covered);
                }
            }
            _ => {
                let place = RunPlace::of(run);
                tops.push(Top { id: run.info.run_id.clone(), place: Some(place) });
                cover(&run.info.run_id, descent, &mut covered);
            }
        }
    }
    for run in runs {
        if !covered.contains(&run.info.run_id) {
            let place = RunPlace::of(run);
            tops.push(Top { id: run.info.run_id.clone(), place: Some(place) });
            cover(&run.info.run_id, descent, &mut covered);
        }
    }
    tops
}

/// Notes everything that comes from a run.
fn cover(id: &str, descent: &Descent, covered: &mut HashSet<String>) {
    let mut waiting = vec![id.to_owned()];
    while let Some(id) = waiting.pop() {
        if covered.insert(id.clone()) {
            waiting.extend(descent.below(&id).into_iter().map(|(below, _)| below));
        }
    }
}

/// Returns the run under which a run stands: the one that it is a restart of, else
/// its parent. One that names itself
/// is a loop of one.
fn above<'a>(previous: &'a str, parent: &'a str, descent: &Descent) -> Option<(&'a str, Relation)> {
    let exists = |id: &str| descent.places.contains_key(id);
    match (previous, parent) {
        ("", "") => None,
        ("", parent) => Some((parent, Relation::Child)),
        (previous, "") => Some((previous, Relation::Restart)),
        (previous, parent) if !exists(previous) && exists(parent) => {
            Some((parent, Relation::Child))
        }
        (previous, _) => Some((previous, Relation::Restart)),
    }
}

impl Descent {
    /// Returns what stands right below a run, in the order of the ids.
    fn below(&self, id: &str) -> Vec<(String, Relation)> {
        let ids = self.below.get(id).into_iter().flatten();
        ids.filter_map(|below| {
            let (parent, previous) = self.above.get(below)?;
            let (over, relation) = above(previous, parent, self)?;
            (over == id).then(|| (below.clone(), relation))
        })
        .collect()
    }
}

/// A walk through the tree, each run before those below it.
struct Walk<'a> {
    tree: &'a Tree,
    descent: Descent,
    nodes: Vec<TreeNode>,
}

/// A step of the walk.
enum Step {
    Enter { id: String, place: Option<RunPlace>, relation: Relation },
    Leave,
}

impl Walk<'_> {
    fn from(&mut self, top: Top) {
        let mut path: Vec<String> = Vec::new();
        let mut on_path: HashSet<String> = HashSet::new();
        let mut steps = vec![Step::Enter { id: top.id, place: top.place, relation: Relation::Top }];
        while let Some(step) = steps.pop() {
            let Step::Enter { id, place, relation } = step else {
                path.pop().map(|id| on_path.remove(&id));
                continue;
            };
            let is_loop = on_path.contains(&id);
            let places = match place {
                Some(place) => vec![place],
                None => self.descent.places.get(&id).into_iter().flatten().cloned().collect(),
            };
            let runs: Vec<Run> =
                places.iter().filter_map(|place| self.tree.show_run(place).ok()).collect();
            let node =
                |run| TreeNode { run_id: id.clone(), run, depth: path.len(), relation, is_loop };
            if runs.is_empty() {
                self.nodes.push(node(None));
            } else {
                // An id that is in two places is shown with both.
                self.nodes.extend(runs.into_iter().map(|run| node(Some(run))));
            }
            if is_loop {
                continue;
            }
            let below = self.descent.below(&id);
            on_path.insert(id.clone());
            path.push(id);
            steps.push(Step::Leave);
            steps.extend(below.into_iter().rev().map(|(id, relation)| Step::Enter {
                id,
                place: None,
                relation,
            }));
        }
    }
}
