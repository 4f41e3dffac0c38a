//! Runs: their records, whether they live, where they are found, which come from
//! which, and how they go away.

mod clean_up;
mod forms;
mod fresh;
mod liveness;
mod long_lists;
mod paging;
mod record;
mod removal;
mod tree;
mod updates;

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use callboard::grpc::pb;

use crate::server::Server;

/// Puts a file into a root as another program would, with the folders above it.
fn put(root: &Path, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(&path, content).expect("written");
    path
}

/// Puts the record of a run into its place, with further lines.
fn put_record(root: &Path, folder: &str, lines: &str) -> PathBuf {
    put(root, &format!("{folder}/run-info.yaml"), format!("version: 1\n{lines}"))
}

/// The file of a run of task `p/t`.
fn file(server: &Server, run: &str, name: &str) -> PathBuf {
    server.root().join("p/t/runs").join(run).join(name)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn ids(runs: &[pb::Run]) -> Vec<&str> {
    runs.iter().map(|run| run.run_id.as_str()).collect()
}

/// A process to be the one of a run, in a group of its own. It is killed when it is
/// dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        let mut command = Command::new("sleep");
        command.arg("600").stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        Self(command.spawn().expect("sleep starts"))
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).expect("a pid")
    }

    /// Kills it; nobody waits for it yet when `reap` is not set.
    fn kill(&mut self, reap: bool) {
        self.0.kill().expect("it is ours to kill");
        if reap {
            self.0.wait().expect("it is ours to wait for");
        }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run of task `p/t` whose process is this one.
fn run_of(run: &str, process: &Sleeper) -> pb::CreateRunRequest {
    pb::CreateRunRequest {
        pid: process.pid(),
        pgid: process.pid(),
        ..crate::storage_client::new_run("p", "t", run)
    }
}
