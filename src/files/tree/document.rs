//! Documents: small files that are replaced as a whole, under a lock that other
//! programs respect too.

use std::time::Instant;

use crate::disk::{Expected, Replaced, Status};
use crate::domain::{Etag, TreePath};
use crate::error::{Error, Result};
use crate::layout::paths;
use crate::limits;

use super::Tree;
use super::file_lock::FileLock;

/// A document as it was read.
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    pub(super) etag: Etag,
    status: Status,
}

impl Document {
    fn new(bytes: Vec<u8>, status: Status) -> Self {
        Self { etag: Etag::of(&bytes), bytes, status }
    }
}

impl Tree {
    /// Reads a document. Takes no lock: it is replaced in one step.
    pub(super) fn read_document(&self, path: &TreePath) -> Result<Option<Document>> {
        match self.disk.read(path, limits::DOCUMENT_BYTES_MAX) {
            Ok(content) => Ok(content.map(|content| Document::new(content.bytes, content.status))),
            Err(Error::TooLarge { limit_name, limit, .. }) => {
                Err(Error::corrupt(path, &format!("it is over {limit_name} = {limit} bytes")))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a document if that is certain to take no wait, and it is not long; else none,
    /// also when there is none.
    pub(super) fn read_document_at_once(&self, path: &TreePath) -> Option<Document> {
        let content = self.disk.read_at_once(path, limits::DOCUMENT_AT_ONCE_BYTES_MAX)?;
        Some(Document::new(content.bytes, content.status))
    }

    /// Replaces a document by what `change` makes of it, or leaves it when that is
    /// nothing. `change` may be called again when a program without a lock came
    /// between. Returns the document as it is now.
    ///
    /// # Errors
    /// LOCK_TIMEOUT after `deadline`; ETAG_MISMATCH; FOREIGN_WRITE when somebody
    /// comes between again and again; whatever `change` refuses.
    pub(super) fn update_document(
        &self,
        path: &TreePath,
        etag: Option<&Etag>,
        deadline: Instant,
        mut change: impl FnMut(Option<&Document>) -> Result<Option<Vec<u8>>>,
    ) -> Result<Option<Document>> {
        let _lock = FileLock::take(&*self.disk, &paths::lock_file(path), deadline)?;
        for _ in 0..limits::FOREIGN_WRITE_ATTEMPTS {
            let current = self.read_document(path)?;
            check_etag(path, etag, current.as_ref())?;
            let bytes = match (change(current.as_ref())?, &current) {
                (None, None) => return Ok(None),
                (None, Some(current)) => current.bytes.clone(),
                (Some(bytes), _) => bytes,
            };
            check_size(path, bytes.len())?;
            if let Some(current) = &current
                && current.bytes == bytes
                && !self.is_doubtful(path)
            {
                // Whoever wrote it may not have synced it.
                self.sync(path)?;
                return Ok(Some(Document::new(bytes, current.status)));
            }
            let expected =
                current.as_ref().map_or(Expected::Absent, |read| Expected::Status(read.status));
            if let Replaced::Done(status) = self.replace(path, &bytes, Some(expected))? {
                return Ok(Some(Document::new(bytes, status)));
            }
        }
        Err(Error::ForeignWrite { path: path.to_string() })
    }

    /// Replaces a file. One whose last step failed is remembered: that its content
    /// is as wanted does not mean that it is durable.
    pub(super) fn replace(
        &self,
        path: &TreePath,
        bytes: &[u8],
        unless_changed: Option<Expected>,
    ) -> Result<Replaced> {
        let replaced = self.disk.replace(path, bytes, unless_changed);
        let mut doubtful = super::locked(&self.doubtful);
        match &replaced {
            Ok(Replaced::Done(_)) => drop(doubtful.remove(path)),
            Ok(Replaced::Changed) => {}
            Err(_) => drop(doubtful.insert(path.clone())),
        }
        replaced
    }

    /// Makes what is at a path durable, its name included.
    fn sync(&self, path: &TreePath) -> Result<()> {
        if let Some(file) = self.disk.open(path)? {
            file.sync().map_err(|source| {
                self.doubt(path);
                Error::io("sync", path.as_str(), source)
            })?;
        }
        let parent = path.folder();
        self.disk.sync_folder(&parent).inspect_err(|_| self.doubt(path))
    }

    /// Remembers that a sync of what is at a path failed.
    pub(super) fn doubt(&self, path: &TreePath) {
        super::locked(&self.doubtful).insert(path.clone());
    }

    /// Whether a sync of what is at a path failed: a later one proves nothing.
    pub(super) fn is_doubtful(&self, path: &TreePath) -> bool {
        super::locked(&self.doubtful).contains(path)
    }
}

/// Refuses a document that would not be read again.
pub(super) fn check_size(path: &TreePath, bytes: usize) -> Result<()> {
    if bytes <= limits::DOCUMENT_BYTES_MAX {
        return Ok(());
    }
    Err(Error::DocumentTooLarge {
        path: path.to_string(),
        limit_name: "DOCUMENT_BYTES_MAX",
        limit: limits::DOCUMENT_BYTES_MAX,
        actual: bytes,
    })
}

fn check_etag(path: &TreePath, expected: Option<&Etag>, current: Option<&Document>) -> Result<()> {
    let actual = current.map(|document| &document.etag);
    match expected {
        Some(expected) if actual != Some(expected) => Err(Error::EtagMismatch {
            path: path.to_string(),
            expected: expected.to_string(),
            actual: actual.map(Etag::to_string).unwrap_or_default(),
        }),
        _ => Ok(()),
    }
}
