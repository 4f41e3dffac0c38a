//! Artifacts of tasks, and attachments of their messages: reading, listing, removing.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::disk::{DiskFile, Kind, Status};
use crate::domain::{Artifact, ArtifactId, TaskKey, TreePath};
use crate::error::{Error, Reason, Result};
use crate::files::blocking::blocking;
use crate::files::seat::Seat;
use crate::layout::{artifact_names, paths};
use crate::limits::{ARTIFACT_HASH_BYTES_MAX, FILE_CHUNK_BYTES};
use crate::store::{ArtifactContent, ArtifactQuery, ArtifactRange, ChunkStream, FileChunk, Page};

use super::Tree;

/// Folders within folders, of what other programs put among the artifacts.
pub(in crate::files) const DEPTH_MAX: usize = 64;

/// An artifact that is read.
struct Reader {
    file: Arc<dyn DiskFile>,
    path: TreePath,
    offset: u64,
    end: u64,
    _seat: Seat,
}

impl Tree {
    /// Opens an artifact for reading.
    pub(in crate::files) fn read_artifact(
        &self,
        task: &TaskKey,
        id: &ArtifactId,
        range: ArtifactRange,
    ) -> Result<ArtifactContent> {
        self.demand_task(task)?;
        let path = paths::artifact_file(&paths::task_folder(task), id);
        let Some(file) = self.disk.open(&path)? else { return Err(not_found(task, id)) };
        let status = file.status().map_err(|source| Error::io("look at", path.as_str(), source))?;
        let size = status.length;
        if range.offset > size {
            let path = path.to_string();
            return Err(Error::OffsetMismatch { path, offset: range.offset, size });
        }
        let end = range.length.map_or(size, |length| size.min(range.offset.saturating_add(length)));
        let _seat = Seat::take(&self.streams)?;
        let reader = Reader { file, path, offset: range.offset, end, _seat };
        Ok(ArtifactContent { artifact: artifact(task, id, Some(&status)), chunks: reader.chunks() })
    }

    /// Returns an artifact as a list shows it, without its hash.
    ///
    /// # Errors
    /// ARTIFACT_NOT_FOUND.
    pub(super) fn show_artifact(&self, task: &TaskKey, id: &ArtifactId) -> Result<Artifact> {
        let path = paths::artifact_file(&paths::task_folder(task), id);
        match self.disk.status(&path) {
            Ok(None) => Err(not_found(task, id)),
            Ok(Some(status)) if status.kind == Kind::File => Ok(artifact(task, id, Some(&status))),
            // Opening it says what it is.
            Ok(Some(_)) => match self.disk.open(&path) {
                Ok(_) => Err(not_found(task, id)),
                Err(error) => Ok(damaged(task, id, &error)),
            },
            Err(error) => Ok(damaged(task, id, &error)),
        }
    }

    /// Lists artifacts.
    pub(in crate::files) fn list_artifacts(&self, query: &ArtifactQuery) -> Result<Page<Artifact>> {
        self.demand_task(&query.task)?;
        let mut page = Page { items: Vec::new(), more: false };
        let mut hashed = 0;
        for (id, problem) in self.artifact_ids(&query.task)? {
            if query.after.as_ref().is_some_and(|after| id <= *after) {
                continue;
            }
            if page.items.len() == query.limit || hashed > ARTIFACT_HASH_BYTES_MAX as u64 {
                page.more = true;
                break;
            }
            let mut artifact = match problem {
                Some(error) => damaged(&query.task, &id, &error),
                None => match self.show_artifact(&query.task, &id) {
                    Ok(artifact) => artifact,
                    // Removed meanwhile.
                    Err(error) if error.reason() == Reason::ArtifactNotFound => continue,
                    Err(error) => return Err(error),
                },
            };
            if query.with_sha256 && artifact.problem.is_none() {
                let path = paths::artifact_file(&paths::task_folder(&query.task), &id);
                match self.hash_artifact(&path) {
                    Ok(Some((sha256, size))) => {
                        hashed += size;
                        artifact.sha256 = Some(sha256);
                    }
                    Ok(None) => continue,
                    Err(error) => artifact.problem = Some(error.to_string()),
                }
            }
            page.items.push(artifact);
        }
        Ok(page)
    }

    /// Lists the ids of a task's artifacts, in their order. A folder that cannot be listed
    /// stands for what is in it, with the reason.
    pub(super) fn artifact_ids(&self, task: &TaskKey) -> Result<Vec<(ArtifactId, Option<Error>)>> {
        let task_folder = paths::task_folder(task);
        let mut ids = Vec::new();
        for entry in self.disk.list(&task_folder)?.unwrap_or_default() {
            if entry.kind != Kind::Folder && ArtifactId::is_attachment(&entry.name) {
                ids.push((ArtifactId::Attachment(entry.name), None));
            }
        }
        let folder = paths::artifacts_folder(&task_folder);
        let mut folders = vec![(folder, String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            let entries = match self.disk.list(&folder) {
                Ok(entries) => entries.unwrap_or_default(),
                Err(error) if prefix.is_empty() => return Err(error),
                Err(error) => {
                    let name = prefix.trim_end_matches('/').to_owned();
                    ids.push((ArtifactId::Artifact(name), Some(error)));
                    continue;
                }
            };
            for entry in entries {
                let name = format!("{prefix}{}", entry.name);
                if entry.kind == Kind::Folder && depth < DEPTH_MAX {
                    folders.push((folder.join(&entry.name), format!("{name}/"), depth + 1));
                } else if !paths::is_temporary(&entry.name) {
                    ids.push((ArtifactId::Artifact(name), None));
                }
            }
        }
        ids.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(ids)
    }

    /// Removes an artifact.
    pub(in crate::files) fn delete_artifact(&self, task: &TaskKey, id: &ArtifactId) -> Result<()> {
        self.demand_task(task)?;
        let path = paths::artifact_file(&paths::task_folder(task), id);
        match self.disk.status(&path)? {
            None => return Err(not_found(task, id)),
            // Opening it says what it is.
            Some(status) if status.kind == Kind::Folder => drop(self.disk.open(&path)?),
            Some(_) => {}
        }
        self.requests.settle(&*self.disk)?;
        let removed = self.disk.remove_file(&path);
        if removed.is_err() && matches!(self.disk.status(&path), Ok(None)) {
            // Somebody else was quicker; perhaps with all of the task.
            self.demand_task(task)?;
            return Err(not_found(task, id));
        }
        removed?;
        self.or_task_gone(task, self.disk.sync_folder(&path.folder()))?;
        self.changes.touch_artifact(task, id);
        Ok(())
    }

    /// Returns the SHA-256 of a file in hex, and its size; none when it is not there.
    pub(super) fn hash_artifact(&self, path: &TreePath) -> Result<Option<(String, u64)>> {
        let Some(file) = self.disk.open(path)? else { return Ok(None) };
        let mut hash = Sha256::new();
        let mut buffer = vec![0; FILE_CHUNK_BYTES];
        let mut offset = 0;
        loop {
            let count = file
                .read_at(offset, &mut buffer)
                .map_err(|source| Error::io("read", path.as_str(), source))?;
            if count == 0 {
                return Ok(Some((format!("{:x}", hash.finalize()), offset)));
            }
            hash.update(&buffer[..count]);
            offset += count as u64;
        }
    }
}

impl Reader {
    fn chunks(self) -> ChunkStream {
        Box::pin(futures_util::stream::unfold(Some(self), |reader| async {
            let reader = reader?;
            if reader.offset == reader.end {
                return None;
            }
            match blocking(move || reader.read()).await {
                Ok((reader, chunk)) => Some((Ok(chunk), Some(reader))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    fn read(mut self) -> Result<(Self, FileChunk)> {
        let left = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(FILE_CHUNK_BYTES)];
        let failed = |source| Error::io("read", self.path.as_str(), source);
        let count = self.file.read_at(self.offset, &mut bytes).map_err(failed)?;
        if count < bytes.len() {
            // Another program cut it.
            return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let chunk = FileChunk { bytes, offset: self.offset, restarted: false };
        self.offset += count as u64;
        Ok((self, chunk))
    }
}

/// What a file says of the artifact that it is.
pub(super) fn artifact(task: &TaskKey, id: &ArtifactId, status: Option<&Status>) -> Artifact {
    let version = match id {
        ArtifactId::Attachment(_) => None,
        ArtifactId::Artifact(name) => {
            artifact_names::number_in(name.rsplit('/').next().unwrap_or(name))
        }
    };
    Artifact {
        task: task.clone(),
        id: id.clone(),
        version,
        size: status.map_or(0, |status| status.length),
        modified_at: status.map(|status| status.modified),
        sha256: None,
        problem: None,
    }
}

/// An artifact that cannot be read.
fn damaged(task: &TaskKey, id: &ArtifactId, error: &Error) -> Artifact {
    Artifact { problem: Some(error.to_string()), ..artifact(task, id, None) }
}

fn not_found(task: &TaskKey, id: &ArtifactId) -> Error {
    Error::ArtifactNotFound { task: task.to_string(), path: id.path() }
}
