//! Where the root is: the folder that holds all projects.

use std::path::PathBuf;

use super::failure::Failure;

/// Resolves `--root` (or `CALLBOARD_ROOT`, which clap puts into the same value) to
/// an absolute path; without one it is `~/run-agent`.
pub(super) fn resolve(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let root = match given.filter(|root| !root.as_os_str().is_empty()) {
        Some(root) => root,
        None => std::env::home_dir()
            .filter(|home| !home.as_os_str().is_empty())
            .map(|home| home.join("run-agent"))
            .ok_or_else(|| {
                Failure::usage("there is no home directory to put the root into; give --root DIR")
            })?,
    };
    std::path::absolute(&root).map_err(|source| Failure::own("find the current directory", &source))
}
