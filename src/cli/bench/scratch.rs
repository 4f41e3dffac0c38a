//! A folder for one measurement, which is removed in the end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::failure::Failure;

/// A folder that was made for a measurement; removed with all that is in it when dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes one in a folder.
    pub(super) fn new(within: &Path) -> Result<Self, Failure> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("callboard-bench-{}-{number}", std::process::id());
        let path = within.join(name);
        fs::create_dir(&path)
            .map_err(|error| Failure::own(&format!("make {}", path.display()), &error))?;
        Ok(Self { path })
    }

    /// Returns where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            super::super::output::note(&format!("cannot remove {}: {error}", self.path.display()));
        }
    }
}
