//! Tasks: their records, states, logs and artifacts.

use crate::disk::Kind as Thing;
use crate::domain::{
    ArtifactId, BusId, FactScope, TaskKey, TaskProgress, TaskRecord, TreePath, task_status,
};
use crate::layout::{Damage, fact_names, paths, state_file, task_config_file, task_file};

use super::finding::{Finding, Fix, Kind};
use super::look::{Look, Place, Read};

impl Look<'_> {
    pub(super) fn look_at_task(&mut self, task: &TaskKey) {
        let folder = paths::task_folder(task);
        let bus = BusId { project: task.project.clone(), task: Some(task.task.clone()) };
        let bus_file = paths::bus_file(&bus);
        let scope = FactScope::Task(task.clone());
        let record = paths::task_record_file(&folder);
        let prompt = paths::task_prompt_file(&folder);
        let config = paths::task_config_file(&folder);
        let state = paths::task_state_file(&folder);
        let documents = [&record, &prompt, &config, &state, &bus_file].map(TreePath::name);
        let entries = self.list(&folder);
        let is_task = entries.iter().any(|entry| paths::makes_a_task(&entry.name));
        self.seen.tasks += u64::from(is_task);
        for entry in &entries {
            let path = folder.join(&entry.name);
            if !is_task {
                // Another program's folder; or that of a bus, which makes no task.
                self.look_at_other(&folder, entry, &documents);
            } else if path == record {
                self.look_at_task_record(task, &path);
            } else if path == prompt {
                self.look_at_document(&path, &|_| Ok(()));
            } else if path == config {
                self.look_at_document(&path, &|bytes| task_config_file::read(bytes).map(drop));
            } else if path == state {
                self.look_at_task_state(task, &path);
            } else if path == paths::task_log_file(&folder) {
                self.look_at_log(&path);
            } else if path == paths::task_done_file(&folder)
                || (ArtifactId::is_attachment(&entry.name) && entry.kind != Thing::Folder)
            {
                self.look_at_file(&path);
            } else if path == paths::artifacts_folder(&folder) {
                self.look_at_artifacts(&path);
            } else if path == paths::runs_folder(task) {
                self.look_at_runs(task, &path);
            } else if fact_names::fact_of_file(&scope, &entry.name).is_some() {
                self.look_at_fact(&path);
            } else {
                self.look_at_other(&folder, entry, &documents);
            }
        }
        self.note_bus(bus, &entries);
    }

    fn look_at_runs(&mut self, task: &TaskKey, runs: &TreePath) {
        for entry in self.list(runs) {
            if paths::run_of_folder(&entry.name).is_none() {
                continue;
            }
            match entry.kind {
                Thing::Folder => {
                    self.seen.runs += 1;
                    self.later(Place::Run(task.clone(), entry.name));
                }
                Thing::Symlink => self.report_misplaced(&runs.join(&entry.name), "folder"),
                Thing::File | Thing::Other => {}
            }
        }
    }

    fn look_at_task_record(&mut self, task: &TaskKey, path: &TreePath) {
        let Read::Content(content) = self.read(path, Kind::CorruptDocument) else { return };
        let unchanged = |finding: Finding| finding.while_unchanged(vec![Some(content.status)]);
        match read_task(&content.bytes) {
            Ok((record, progress, ids)) => {
                for (kind, message) in problems_of(task, &record, &progress, &ids) {
                    self.report(unchanged(Finding::new(path, kind, message)));
                }
            }
            Err(damage) => {
                let finding = Finding::new(path, Kind::CorruptDocument, damage.to_string());
                self.report(unchanged(finding));
            }
        }
    }

    fn look_at_task_state(&mut self, task: &TaskKey, path: &TreePath) {
        if let Read::Content(content) = self.read(path, Kind::CorruptDocument)
            && state_file::read(&content.bytes).corrupt
        {
            let message = "it is no text, or its first line is no `status: <word>`";
            self.report(
                Finding::new(path, Kind::UnreadableState, message)
                    .mended_by(Fix::RewriteState(task.clone()))
                    .while_unchanged(vec![Some(content.status)]),
            );
        }
    }
}

type Ids = (String, String);

fn read_task(bytes: &[u8]) -> Result<(TaskRecord, TaskProgress, Ids), Damage> {
    Ok((task_file::read(bytes)?, task_file::read_progress(bytes)?, task_file::read_ids(bytes)?))
}

/// Tells what a record says that cannot be.
fn problems_of(
    task: &TaskKey,
    record: &TaskRecord,
    progress: &TaskProgress,
    (id, project): &Ids,
) -> Vec<(Kind, String)> {
    let mut problems = Vec::new();
    for (said, name) in [(id, task.task.as_str()), (project, task.project.as_str())] {
        if !said.is_empty() && said != name {
            problems.push((Kind::WrongId, format!("it says that it is of {said:?}, not {name:?}")));
        }
    }
    let steps = progress.steps.len();
    let is_in_range = usize::try_from(record.current_step).is_ok_and(|step| step <= steps);
    if !is_in_range {
        let message =
            format!("the current step is {}, and there are {steps} steps", record.current_step);
        problems.push((Kind::Inconsistent, message));
    }
    if task_status::is_final(&record.status) && record.completed_at.is_none() {
        let message = format!("it is {} and does not say since when", record.status);
        problems.push((Kind::Inconsistent, message));
    }
    let mut status: Option<&str> = None;
    for (place, transition) in progress.transitions.iter().enumerate() {
        let (from, to) = (transition.from_status.as_str(), transition.to_status.as_str());
        if let Some(before) = status
            && before != from
        {
            let message = format!("transitions[{place}] is from {from:?}, but it was {before:?}");
            problems.push((Kind::IllegalMove, message));
        }
        if task_status::moves(from).is_some_and(|moves| !moves.contains(&to)) {
            let message = format!("transitions[{place}] is from {from:?} to {to:?}");
            problems.push((Kind::IllegalMove, message));
        }
        status = Some(to);
    }
    if let Some(last) = status
        && last != record.status
    {
        let message = format!("the history ends with {last:?}, the status is {:?}", record.status);
        problems.push((Kind::IllegalMove, message));
    }
    problems
}
