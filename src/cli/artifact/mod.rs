//! `callboard artifact`: what can be done with one artifact.

mod delete;
mod get;
mod put;
mod sha256;

use clap::{Args, Subcommand};

use super::failure::Failure;

/// Save, fetch or remove an artifact of a task
#[derive(Debug, Args)]
pub(super) struct Artifact {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Put(put::Put),
    Get(get::Get),
    Delete(delete::Delete),
}

impl Artifact {
    /// Runs the command.
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Put(put) => put.run().await,
            Command::Get(get) => get.run().await,
            Command::Delete(delete) => delete.run().await,
        }
    }
}

/// Tells a name from a path: what begins as the paths do that `artifact put` prints is a
/// path. Returns both, one of them empty. (An artifact whose own name begins so has a path
/// like any other.)
fn name_or_path(given: String) -> (String, String) {
    if given.starts_with("artifacts/") || given.starts_with("ATTACH-") {
        (String::new(), given)
    } else {
        (given, String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_put_prints_is_a_path_and_everything_else_a_name() {
        let name_or_path = |given: &str| name_or_path(given.to_owned());
        for path in ["artifacts/a.json", "artifacts/artifacts/a", "ATTACH-1-a.txt"] {
            assert_eq!(name_or_path(path), (String::new(), path.to_owned()));
        }
        for name in ["a.json", "sub/a.json", "artifacts", "../x"] {
            assert_eq!(name_or_path(name), (name.to_owned(), String::new()));
        }
    }
}
