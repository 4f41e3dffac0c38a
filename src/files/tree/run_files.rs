//! The files of runs: writing them as a whole, appending, listing.

use crate::disk::{DiskFile, Identity, Kind};
use crate::domain::{RunFile, TreePath};
use crate::error::{Error, Result};
use crate::files::unwritten::{attempted, holds};
use crate::layout::paths;
use crate::store::{OutputAppended, Page, RunFileSummary};

use super::Tree;
use super::runs::RunPlace;

/// Files of which it is remembered that their name is durable.
const SYNCED_ENTRIES_MAX: usize = 4096;

/// A file whose name is durable.
#[derive(Clone, Copy)]
pub(super) struct SyncedEntry {
    identity: Identity,
    /// How far this process has appended to it and synced that, if it is an output.
    appended_to: u64,
}

impl RunPlace {
    /// Returns the path of a file of the run.
    pub(in crate::files) fn file(&self, file: &RunFile) -> TreePath {
        paths::run_file(&self.path(), file)
    }
}

impl Tree {
    /// Replaces a file of a run; returns its size.
    pub(in crate::files) fn write_run_file(
        &self,
        place: &RunPlace,
        file: &RunFile,
        data: &[u8],
    ) -> Result<u64> {
        let path = self.prepare_run_file(place, file)?;
        let _ = self.or_gone(place, self.disk.replace(&path, data, None))?;
        Ok(data.len() as u64)
    }

    /// Appends to a file of a run, unless the chunk is there already.
    pub(in crate::files) fn append_run_output(
        &self,
        place: &RunPlace,
        file: &RunFile,
        offset: Option<u64>,
        chunk: &[u8],
    ) -> Result<OutputAppended> {
        let path = self.prepare_run_file(place, file)?;
        // What is refused leaves no file behind.
        if let Some(offset @ 1..) = offset
            && self.disk.status(&path)?.is_none()
        {
            return Err(Error::OffsetMismatch { path: path.to_string(), offset, size: 0 });
        }
        let created = self.or_gone(place, self.disk.create_append(&path))?;
        let failed = |action| {
            let path = path.clone();
            move |source| Error::io(action, path.as_str(), source)
        };
        let mut size = created.status().map_err(failed("look at"))?.length;
        let offset = offset.unwrap_or(size);
        let next_offset = offset + chunk.len() as u64;
        if offset > size {
            return Err(Error::OffsetMismatch { path: path.to_string(), offset, size });
        }
        // Of a call that was cut off a part may be there.
        let mut there = usize::try_from(size - offset).unwrap_or(usize::MAX).min(chunk.len());
        if !holds(&*created, offset, &chunk[..there]).map_err(failed("read"))? {
            let mismatch = || Error::OffsetMismatch { path: path.to_string(), offset, size };
            there = self
                .left_of_chunk(&path, &*created, (offset, chunk), size)?
                .ok_or_else(mismatch)?;
            size = offset + there as u64;
            created.truncate(size).map_err(failed("cut"))?;
        }
        let (_, missing) = chunk.split_at(there);
        if !missing.is_empty() {
            self.append_whole(&*created, size, missing).map_err(failed("append to"))?;
        }
        // Also when all of it was there: the call that wrote it may have been cut off
        // before its sync.
        created.sync().map_err(|source| {
            // A repetition must not find what may never get to the disk.
            let now = created.status().map(|status| status.length);
            if now.is_ok_and(|now| now == next_offset) {
                let _ = created.truncate(offset);
            }
            failed("sync")(source)
        })?;
        self.or_gone(place, self.sync_entry(&path, &*created))?;
        self.note_appended(&path, next_offset);
        Ok(OutputAppended { next_offset, duplicate: missing.is_empty() && !chunk.is_empty() })
    }

    /// Returns how much of a chunk stands in its place, when all else that does can be what a
    /// power cut left of it; none when it cannot.
    fn left_of_chunk(
        &self,
        path: &TreePath,
        file: &dyn DiskFile,
        (offset, chunk): (u64, &[u8]),
        size: u64,
    ) -> Result<Option<usize>> {
        let failed = |source| Error::io("read", path.as_str(), source);
        let identity = file.status().map_err(failed)?.identity;
        let known = super::locked(&self.synced_entries).get(path).copied();
        if known.is_some_and(|known| known.identity == identity && known.appended_to > offset) {
            // No power cut has touched what this process has appended and synced.
            return Ok(None);
        }
        let left = attempted(file, offset, chunk, size).map_err(failed)?;
        // The agent may write to it as well.
        let is_unchanged = file.status().map_err(failed)?.length == size;
        Ok(left.filter(|_| is_unchanged))
    }

    /// Forgets that a file's name is durable.
    pub(super) fn forget_entry(&self, path: &TreePath) {
        super::locked(&self.synced_entries).remove(path);
    }

    /// Makes a file's name durable, once for each file.
    pub(super) fn sync_entry(&self, path: &TreePath, file: &dyn DiskFile) -> Result<()> {
        let failed = |source| Error::io("look at", path.as_str(), source);
        let identity = file.status().map_err(failed)?.identity;
        let known = super::locked(&self.synced_entries).get(path).copied();
        if known.is_some_and(|known| known.identity == identity) {
            return Ok(());
        }
        let folder = path.folder();
        self.disk.sync_folder(&folder)?;
        self.synced_folders.sync_names(&*self.disk, &folder)?;
        let mut synced = super::locked(&self.synced_entries);
        if synced.len() >= SYNCED_ENTRIES_MAX {
            synced.clear();
        }
        synced.insert(path.clone(), SyncedEntry { identity, appended_to: 0 });
        Ok(())
    }

    /// Notes how far this process has appended to a file whose name is known to be durable.
    fn note_appended(&self, path: &TreePath, end: u64) {
        if let Some(entry) = super::locked(&self.synced_entries).get_mut(path) {
            entry.appended_to = end.max(entry.appended_to);
        }
    }

    /// Appends everything or nothing, as far as nobody else appends meanwhile.
    fn append_whole(&self, file: &dyn DiskFile, size: u64, bytes: &[u8]) -> std::io::Result<()> {
        file.append(bytes).inspect_err(|_| {
            let now = file.status().map(|status| status.length);
            if now.is_ok_and(|now| now > size && now < size + bytes.len() as u64) {
                let _ = file.truncate(size);
            }
        })
    }

    /// Makes sure that a file of a run can be made, and returns its path.
    fn prepare_run_file(&self, place: &RunPlace, file: &RunFile) -> Result<TreePath> {
        if !self.is_folder(&place.path())? {
            return Err(place.not_found());
        }
        let path = place.file(file);
        let is_absent = self.disk.status(&path)?.is_none();
        if is_absent || *file == RunFile::Events {
            file.check_creatable()?;
        }
        if is_absent {
            // A new file may get the identity of the one that was there.
            self.forget_entry(&path);
        }
        if let RunFile::Log(_) = file {
            let logs = paths::logs_folder(&place.path());
            // Only this one: the run may be removed meanwhile, and must not come back.
            if !self.is_folder(&logs)?
                && let Err(error) = self.disk.create_new_folder(&logs)
                && !self.or_gone(place, self.is_folder(&logs))?
            {
                return self.or_gone(place, Err(error));
            }
        }
        Ok(path)
    }

    /// Says of a failure whether it is because the run was removed meanwhile.
    pub(super) fn or_gone<T>(&self, place: &RunPlace, result: Result<T>) -> Result<T> {
        result.map_err(|error| match self.disk.status(&place.path()) {
            Ok(None) => place.not_found(),
            _ => error,
        })
    }

    /// Lists the files of a run.
    pub(in crate::files) fn list_run_files(
        &self,
        place: &RunPlace,
        after: Option<&RunFile>,
        limit: usize,
    ) -> Result<Page<RunFileSummary>> {
        if !self.is_folder(&place.path())? {
            return Err(place.not_found());
        }
        let mut files = vec![
            RunFile::Prompt,
            RunFile::Output,
            RunFile::Stdout,
            RunFile::Stderr,
            RunFile::Events,
        ];
        // Something else in the place of the logs hides no other file.
        let logs = self.disk.list(&paths::logs_folder(&place.path()));
        let logs = logs.ok().flatten().unwrap_or_default();
        let mut names: Vec<String> = logs
            .into_iter()
            .filter(|entry| entry.kind == Kind::File && !entry.name.starts_with('.'))
            .map(|entry| entry.name)
            .collect();
        names.sort();
        files.extend(names.into_iter().map(RunFile::Log));
        let mut page = Page { items: Vec::new(), more: false };
        for file in files.into_iter().filter(|file| after.is_none_or(|after| file > after)) {
            let status = self.disk.status(&place.file(&file))?;
            let Some(status) = status.filter(|status| status.kind == Kind::File) else { continue };
            if page.items.len() == limit {
                page.more = true;
                break;
            }
            page.items.push(RunFileSummary {
                file,
                size: status.length,
                modified: status.modified,
            });
        }
        Ok(page)
    }
}
