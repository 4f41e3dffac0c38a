//! What holds of any text that is given as a name: it is refused, or its path lies where it
//! belongs.

use callboard::domain::{
    ArtifactId, ArtifactName, BusId, FactId, FactScope, ProjectId, RunFile, RunId, TaskId, TaskKey,
    TreePath,
};
use callboard::layout::{fact_names, paths};

use super::task;

/// Checks the bytes as every kind of name.
pub(crate) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let project = ProjectId::parse(&text).ok();
    if let Some(project) = &project {
        let folder = paths::project_folder(project);
        check_inside(&folder, &TreePath::root(), 1);
        check_inside(&paths::home_folders_file(&folder), &folder, 1);
        assert_eq!(paths::project_of_folder(folder.name()).as_ref(), Some(project));
    }
    if let Ok(name) = TaskId::parse(&text) {
        let key = TaskKey { project: project.unwrap_or(task().project), task: name.clone() };
        let folder = paths::task_folder(&key);
        check_inside(&folder, &paths::project_folder(&key.project), 1);
        let bus = BusId { project: key.project, task: Some(name.clone()) };
        check_inside(&paths::bus_file(&bus), &folder, 1);
        assert_eq!(paths::task_of_folder(folder.name()), Some(name));
    }
    if let Ok(run) = RunId::parse(&text) {
        let runs = paths::runs_folder(&task());
        let folder = paths::run_folder(&task(), run.as_str());
        check_inside(&folder, &runs, 1);
        check_inside(&paths::run_info_file(&folder), &folder, 1);
    }
    let run_folder = paths::run_folder(&task(), "run-1");
    if let Ok(file) = RunFile::parse(&text) {
        let levels = if matches!(file, RunFile::Log(_)) { 2 } else { 1 };
        check_inside(&paths::run_file(&run_folder, &file), &run_folder, levels);
        assert_eq!(RunFile::parse(&file.to_string()).ok(), Some(file));
    }
    if let Ok(fact) = FactId::parse(&text) {
        for scope in [FactScope::Project(task().project), FactScope::Task(task())] {
            let folder = paths::facts_folder(&scope);
            check_inside(&fact_names::file(&scope, fact.as_str()), &folder, 1);
        }
    }
    check_artifacts(&text);
}

fn check_artifacts(text: &str) {
    let folder = paths::task_folder(&task());
    for artifact in [ArtifactId::of_name(text), ArtifactId::of_path(text)].into_iter().flatten() {
        let levels = artifact.path().split('/').count();
        let file = paths::artifact_file(&folder, &artifact);
        check_inside(&file, &folder, levels);
        assert_eq!(ArtifactId::of_path(&artifact.path()).ok(), Some(artifact));
    }
    if let Ok(name) = ArtifactName::parse(text) {
        assert!(ArtifactId::of_name(name.as_str()).is_ok(), "{text:?} could not be read again");
    }
}

/// A path is so many levels below a folder, and every part of it is a plain name.
fn check_inside(path: &TreePath, folder: &TreePath, levels: usize) {
    assert!(path.is_in(folder), "{path} is not in {folder}");
    assert_eq!(path.components().count(), folder.components().count() + levels, "{path}");
    for part in path.components() {
        assert!(!matches!(part, "" | "." | ".."), "{path}");
        assert!(!part.chars().any(char::is_control), "{path:?}");
    }
}
