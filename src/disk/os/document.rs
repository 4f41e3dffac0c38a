//! Whole documents: read in one piece, replaced in one step.

use std::ffi::OsStr;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::super::calls::{Calls, Descriptor, Purpose};
use super::super::{Content, DiskFile as _, Expected, Kind, Renamed, Replaced, Status};
use super::TreeDisk;
use super::file::{TreeFile, create_new};
use super::folders::rename_new_at;
use super::open::not_regular;

/// How often a file that changes while it is read is read.
const READ_ATTEMPTS: u32 = 5;
/// How long the writer of such a file gets to finish; doubled each time.
const READ_PAUSE: Duration = Duration::from_millis(1);
/// So many bytes of the document's name are in that of its temporary file: the rest
/// fits into what file systems take for a name.
const TEMPORARY_STEM_BYTES_MAX: usize = 200;

/// Tells apart the temporary files of this process.
static SEQUENCE: AtomicU64 = AtomicU64::new(1);

impl<C: Calls> TreeDisk<C> {
    pub(super) fn read_whole(&self, path: &TreePath, bytes_max: usize) -> Result<Option<Content>> {
        let Some(file) = self.open_file(path, Purpose::Read)? else {
            return Ok(None);
        };
        let failed = |source| Error::io("read", path.as_str(), source);
        // The same file each time, also when it is replaced meanwhile: then what was
        // opened does not change any more.
        let mut before = file.status().map_err(failed)?;
        for attempt in 0..READ_ATTEMPTS {
            if attempt > 0 {
                thread::sleep(READ_PAUSE * 2_u32.pow(attempt - 1));
                before = file.status().map_err(failed)?;
            }
            let length = usize::try_from(before.length).unwrap_or(usize::MAX);
            if length > bytes_max {
                return Err(Error::TooLarge {
                    field: "document",
                    limit_name: "DOCUMENT_BYTES_MAX",
                    limit: bytes_max,
                    actual: length,
                });
            }
            let mut bytes = vec![0; length];
            let count = file.read_at(0, &mut bytes).map_err(failed)?;
            let status = file.status().map_err(failed)?;
            if status == before && count == length {
                return Ok(Some(Content { bytes, status }));
            }
        }
        Err(failed(io::Error::new(io::ErrorKind::ResourceBusy, "it changes while it is read")))
    }

    pub(super) fn read_whole_at_once(&self, path: &TreePath, bytes_max: usize) -> Option<Content> {
        let file = self.calls.open_cached(path.as_str()).ok()?;
        let status = file.status().ok()?;
        let length = usize::try_from(status.length).ok()?;
        if status.kind != Kind::File || length > bytes_max {
            return None;
        }
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match file.read_cached_at(filled as u64, &mut bytes[filled..]).ok()? {
                0 => return None,
                count => filled += count,
            }
        }
        (file.status().ok()? == status).then_some(Content { bytes, status })
    }

    pub(super) fn replace_whole(
        &self,
        path: &TreePath,
        content: &[u8],
        unless_changed: Option<Expected>,
    ) -> Result<Replaced> {
        let refused = |errno| self.refused("replace", path, "regular file", errno);
        let failed = |source| Error::io("write", path.as_str(), source);
        let folder = self.open_parent(path).map_err(refused)?;
        if !self.is_expected(&folder, path, unless_changed)? {
            return Ok(Replaced::Changed);
        }
        let mut temporary = Temporary::create(&folder, path.name()).map_err(refused)?;
        let file = &temporary.file;
        file.append(content).and_then(|()| file.sync_all()).map_err(failed)?;
        let written = file.status().map_err(failed)?;

        if !self.is_expected(&folder, path, unless_changed)? {
            return Ok(Replaced::Changed);
        }
        let exclusive = unless_changed == Some(Expected::Absent);
        if temporary.rename(path.name(), exclusive).map_err(refused)? == Renamed::Exists {
            return Ok(Replaced::Changed);
        }
        folder
            .sync()
            .map_err(|errno| Error::io("sync the folder of", path.as_str(), errno.into()))?;
        // The rename counts as a change. The rest is from before it, so that whatever
        // another writer did since does not look like ours.
        let changed = temporary.file.status().map_err(failed)?.changed;
        Ok(Replaced::Done(Status { changed, ..written }))
    }

    fn is_expected(
        &self,
        folder: &C::Descriptor,
        path: &TreePath,
        unless_changed: Option<Expected>,
    ) -> Result<bool> {
        let found = match folder.status_of(OsStr::new(path.name())) {
            Ok(status) => Some(status),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(self.refused("look at", path, "regular file", errno)),
        };
        if let Some(found) = found.filter(|found| found.kind != Kind::File) {
            return Err(not_regular(path, found.kind, "regular file"));
        }
        Ok(match unless_changed {
            None => true,
            Some(Expected::Absent) => found.is_none(),
            Some(Expected::Status(status)) => found == Some(status),
        })
    }
}

/// A file under a name that no reader looks at; it goes away with this, unless it
/// got another name.
struct Temporary<'a, D: Descriptor> {
    folder: &'a D,
    /// None once it is renamed.
    name: Option<String>,
    file: TreeFile<D>,
}

impl<'a, D: Descriptor> Temporary<'a, D> {
    /// Creates the temporary file of a document, `.<name>.<pid>-<seq>.tmp`.
    fn create(folder: &'a D, document: &str) -> rustix::io::Result<Self> {
        let stem = &document[..document.floor_char_boundary(TEMPORARY_STEM_BYTES_MAX)];
        loop {
            let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
            let name = format!(".{stem}.{}-{sequence}.tmp", std::process::id());
            match create_new(folder, OsStr::new(&name)) {
                Ok(file) => return Ok(Self { folder, name: Some(name), file }),
                // Of a process that died and had our number.
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Gives it the document's name, in place of what has it unless `exclusive`.
    fn rename(&mut self, document: &str, exclusive: bool) -> rustix::io::Result<Renamed> {
        let Some(name) = &self.name else {
            return Ok(Renamed::Done);
        };
        let (name, document) = (OsStr::new(name), OsStr::new(document));
        let renamed = if exclusive {
            rename_new_at(self.folder, name, self.folder, document)?
        } else {
            self.folder.rename(name, self.folder, document)?;
            Renamed::Done
        };
        if renamed == Renamed::Done {
            self.name = None;
        }
        Ok(renamed)
    }
}

impl<D: Descriptor> Drop for Temporary<'_, D> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = self.folder.remove_file(OsStr::new(name));
        }
    }
}
