//! Runs: their records, what repeats these, and their files.

use crate::disk::{Kind as Thing, Status};
use crate::domain::{RunFile, RunInfo, TaskKey, TreePath};
use crate::files::tree::{RunPlace, derived_files};
use crate::layout::{meta_file, paths, run_info_file};

use super::finding::{Finding, Fix, Kind};
use super::look::{Look, Read};

impl Look<'_> {
    pub(super) fn look_at_run(&mut self, task: &TaskKey, name: &str) {
        let place = RunPlace { task: task.clone(), folder: name.to_owned() };
        let folder = place.path();
        let record = place.record();
        let meta = paths::run_meta_file(&folder);
        let events = paths::run_file(&folder, &RunFile::Events);
        let contents = [RunFile::Prompt, RunFile::Output, RunFile::Stdout, RunFile::Stderr]
            .map(|file| paths::run_file(&folder, &file));
        let documents = [record.name(), meta.name()];
        let entries = self.list(&folder);
        for entry in &entries {
            let path = folder.join(&entry.name);
            if path == record {
                self.look_at_run_record(&place);
            } else if path == meta {
                self.look_at_run_meta(name, &path);
            } else if path == events {
                self.look_at_log(&path);
            } else if path == paths::logs_folder(&folder) {
                self.look_at_logs(&path);
            } else if contents.contains(&path) || path == paths::old_cwd_file(&folder) {
                self.look_at_file(&path);
            } else if paths::tells_of_a_run(&entry.name) {
                // Compared with the record, if there is one.
                self.look_at_file(&path);
            } else {
                self.look_at_other(&folder, entry, &documents);
            }
        }
    }

    fn look_at_run_record(&mut self, place: &RunPlace) {
        let path = place.record();
        let Read::Content(content) = self.read(&path, Kind::CorruptRunRecord) else { return };
        match run_info_file::read(&content.bytes, &place.task, &place.folder) {
            Ok(info) => {
                for (kind, message) in problems_of(place, &info) {
                    self.report(
                        Finding::new(&path, kind, message)
                            .while_unchanged(vec![Some(content.status)]),
                    );
                }
                self.look_at_derived(place, &info, content.status);
            }
            Err(damage) => self.report(
                Finding::new(&path, Kind::CorruptRunRecord, damage.to_string())
                    .mended_by(Fix::SetAside)
                    .while_unchanged(vec![Some(content.status)]),
            ),
        }
    }

    fn look_at_run_meta(&mut self, name: &str, path: &TreePath) {
        if let Read::Content(content) = self.read(path, Kind::CorruptRunRecord)
            && let Err(damage) = meta_file::read(&content.bytes, name)
        {
            self.report(
                Finding::new(path, Kind::CorruptRunRecord, damage.to_string())
                    .mended_by(Fix::SetAside)
                    .while_unchanged(vec![Some(content.status)]),
            );
        }
    }

    /// Compares the small files with the record that they repeat.
    fn look_at_derived(&mut self, place: &RunPlace, info: &RunInfo, record: Status) {
        if !self.has_any_derived(place) {
            // Of a program that does not write them.
            return;
        }
        let fix = Fix::Derive { task: place.task.clone(), folder: place.folder.clone() };
        for (path, expected) in what_repeats(self.disk, place, info) {
            // What is no file is reported by looking at it.
            let Ok(found) = self.disk.read(&path, crate::limits::DOCUMENT_BYTES_MAX) else {
                continue;
            };
            let (kind, message) = match (&found, &expected) {
                (None, Some(_)) => (Kind::MissingFile, "it repeats the record, and is missing"),
                (Some(found), Some(expected)) if found.bytes != *expected => {
                    (Kind::StaleFile, "it repeats the record, and says something else")
                }
                (Some(_), None) => (Kind::StaleFile, "it names a parent, and the record none"),
                _ => continue,
            };
            let statuses = vec![Some(record), found.map(|found| found.status)];
            self.report(
                Finding::new(&path, kind, message).mended_by(fix.clone()).while_unchanged(statuses),
            );
        }
    }

    fn has_any_derived(&self, place: &RunPlace) -> bool {
        let folder = place.path();
        let files = [
            paths::agent_type_file(&folder),
            paths::cwd_file(&folder),
            paths::parent_run_id_file(&folder),
        ];
        files.iter().any(|path| !matches!(self.disk.status(path), Ok(None)))
    }

    fn look_at_logs(&mut self, logs: &TreePath) {
        for entry in self.list(logs) {
            if self.look_at_other(logs, &entry, &[]) || entry.name.starts_with('.') {
                continue;
            }
            if entry.kind != Thing::Folder {
                self.look_at_file(&logs.join(&entry.name));
            }
        }
    }
}

/// Returns the small files of a run with what they should be; none for one that should not
/// be there. An older form is left as it is.
pub(super) fn what_repeats(
    disk: &dyn crate::disk::Disk,
    place: &RunPlace,
    info: &RunInfo,
) -> Vec<(TreePath, Option<Vec<u8>>)> {
    let folder = place.path();
    let has_old_cwd = disk.status(&paths::old_cwd_file(&folder)).is_ok_and(|it| it.is_some());
    let mut files: Vec<(TreePath, Option<Vec<u8>>)> = derived_files(&folder, info)
        .into_iter()
        .filter(|(path, _)| !(has_old_cwd && *path == paths::cwd_file(&folder)))
        .map(|(path, content)| (path, Some(content)))
        .collect();
    if info.parent_run_id.is_empty() {
        files.push((paths::parent_run_id_file(&folder), None));
    }
    files
}

/// Tells what a record says that cannot be.
fn problems_of(place: &RunPlace, info: &RunInfo) -> Vec<(Kind, String)> {
    let mut problems = Vec::new();
    let task = &place.task;
    for (said, name) in
        [(&info.project_id, task.project.as_str()), (&info.task_id, task.task.as_str())]
    {
        if said != name {
            problems.push((Kind::WrongId, format!("it says that it is of {said:?}, not {name:?}")));
        }
    }
    let inconsistent = if info.is_running() && info.end_time.is_some() {
        Some("it is running, and says when it ended")
    } else if info.has_ended() && info.end_time.is_none() {
        Some("it has ended, and does not say when")
    } else if info.start_time.zip(info.end_time).is_some_and(|(start, end)| end < start) {
        Some("it ended before it began")
    } else {
        None
    };
    problems.extend(inconsistent.map(|message| (Kind::Inconsistent, message.to_owned())));
    problems
}
