//! How far files of lines are on disk, so that nobody is shown what may still be lost:
//! neither what is being written, nor what another program, or a server that died, wrote
//! without a sync.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::disk::{Identity, Status};
use crate::domain::TreePath;
use crate::error::Result;

use super::Tree;
use super::followed_file::FollowedFile;

/// Files of which it is remembered how far they are on disk; beyond, they are synced
/// again.
const SYNCED_MAX: usize = 4096;

/// What is known of files of lines.
#[derive(Default)]
pub(super) struct LineFiles {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Files that are being appended to, with their lengths before.
    written: HashMap<TreePath, u64>,
    /// Appends that failed. What was read while one did may have been cut off again.
    failures: u64,
    /// How far files are on disk.
    synced: HashMap<TreePath, (Identity, u64)>,
}

/// An append, for as long as it takes.
pub(super) struct Writing<'a> {
    files: &'a LineFiles,
    path: &'a TreePath,
    synced: Option<Status>,
}

impl LineFiles {
    /// Says that a file of this length is about to be appended to.
    pub(super) fn begin<'a>(&'a self, path: &'a TreePath, length: u64) -> Writing<'a> {
        super::locked(&self.state).written.insert(path.clone(), length);
        Writing { files: self, path, synced: None }
    }

    /// Returns where what is being written begins, and how many appends have failed.
    fn look(&self, path: &TreePath) -> (u64, u64) {
        let state = super::locked(&self.state);
        (state.written.get(path).copied().unwrap_or(u64::MAX), state.failures)
    }

    fn is_synced(&self, path: &TreePath, identity: Identity, length: u64) -> bool {
        let state = super::locked(&self.state);
        state
            .synced
            .get(path)
            .is_some_and(|(known, synced)| *known == identity && *synced >= length)
    }

    fn note_synced(&self, path: &TreePath, identity: Identity, length: u64) {
        let mut state = super::locked(&self.state);
        if state.synced.len() >= SYNCED_MAX {
            state.synced.clear();
        }
        state.synced.insert(path.clone(), (identity, length));
    }

    /// Says that a file was cut off.
    pub(super) fn shorten(&self, path: &TreePath, length: u64) {
        if let Some((_, synced)) = super::locked(&self.state).synced.get_mut(path) {
            *synced = length.min(*synced);
        }
    }
}

impl Writing<'_> {
    /// Says that what was appended is on disk: the file is this one now.
    pub(super) fn finish(mut self, status: Status) {
        self.synced = Some(status);
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(status) = self.synced {
            self.files.note_synced(self.path, status.identity, status.length);
        }
        let mut state = super::locked(&self.files.state);
        state.written.remove(self.path);
        state.failures += u64::from(self.synced.is_none());
    }
}

impl Tree {
    /// Returns how long a file of lines is, without what is being written, and without zeros
    /// that a power cut left: the next append cuts them off.
    pub(super) fn settled_length(&self, file: &FollowedFile) -> Result<u64> {
        Ok(file.written_end()?.unwrap_or(0).min(self.line_files.look(file.path()).0))
    }

    /// Returns the next bytes of a file of lines up to a place, as far as they are on
    /// disk; makes them durable when another wrote them.
    pub(super) fn peek_synced(
        &self,
        file: &mut FollowedFile,
        bytes_max: usize,
        until: u64,
    ) -> Result<Vec<u8>> {
        let files = &self.line_files;
        loop {
            let (written_from, failures) = files.look(file.path());
            let mut bytes = file.peek(bytes_max, until.min(written_from))?;
            let (written_from, failures_after) = files.look(file.path());
            if failures_after != failures {
                continue;
            }
            // An append may have begun meanwhile, and zeros may be cut off by one.
            let written = if bytes.last() == Some(&0) { file.written_end()? } else { None };
            let sure = written_from.min(written.unwrap_or(u64::MAX)).saturating_sub(file.offset());
            let sure = usize::try_from(sure);
            bytes.truncate(sure.unwrap_or(usize::MAX));
            if !bytes.is_empty() {
                self.sync_before_showing(file, file.offset() + bytes.len() as u64)?;
            }
            return Ok(bytes);
        }
    }

    fn sync_before_showing(&self, file: &FollowedFile, end: u64) -> Result<()> {
        let Some(identity) = file.identity()? else { return Ok(()) };
        if !self.line_files.is_synced(file.path(), identity, end) {
            let length = self.settled_length(file)?;
            file.sync(|open| self.sync_entry(file.path(), open))?;
            self.line_files.note_synced(file.path(), identity, length.max(end));
        }
        Ok(())
    }
}
