//! Tasks: how they come to be, what their documents say, and what stands in their
//! way. Their removal is with that of runs.

mod create;
mod damage;
mod documents;
mod state;

use std::fs;
use std::path::{Path, PathBuf};

use callboard::grpc::pb;

/// Puts a file into a root as another program would, with the folders above it.
fn put(root: &Path, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(&path, content).expect("written");
    path
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

fn ids(tasks: &[pb::Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.task_id.as_str()).collect()
}

/// A task to ask for.
fn get(project: &str, task: &str) -> pb::GetTaskRequest {
    pb::GetTaskRequest { project_id: project.into(), task_id: task.into() }
}
