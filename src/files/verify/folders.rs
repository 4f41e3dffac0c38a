//! What every folder of a project, a task or a run may hold: documents with their locks,
//! what was moved aside, and what dead servers left.

use crate::disk::Entry;
use crate::domain::{BusId, TreePath};
use crate::host;
use crate::layout::paths;

use super::documents::is_lock_of;
use super::finding::{Finding, Fix, Kind};
use super::look::{Look, Place};

impl Look<'_> {
    /// Looks at what in a folder is neither a document nor content. Returns whether the
    /// entry is such a thing.
    pub(super) fn look_at_other(
        &mut self,
        folder: &TreePath,
        entry: &Entry,
        documents: &[&str],
    ) -> bool {
        let path = folder.join(&entry.name);
        if let Some(pid) = paths::writer_of_temporary(&entry.name) {
            if self.is_of_the_dead(pid) {
                let message = "the unfinished file of a server that is gone";
                self.report(Finding::new(&path, Kind::Leftover, message).mended_by(Fix::MoveAside));
            }
            return true;
        }
        if is_lock_of(documents, &entry.name) {
            self.look_at_lock(&path);
            return true;
        }
        if paths::is_kept_aside(&entry.name) {
            let is_ours = documents.iter().any(|document| {
                let rest = entry.name.strip_prefix(document);
                rest.is_some_and(|rest| rest.starts_with('.'))
            });
            if is_ours {
                let message = "what was in the way is kept here";
                self.report(Finding::new(&path, Kind::KeptAside, message));
            }
            return true;
        }
        false
    }

    /// Whether a server that wrote an unfinished file is gone. The only one that may be
    /// there holds the root.
    fn is_of_the_dead(&self, pid: u32) -> bool {
        self.presence.server.is_none() || !host::process_is_there(i64::from(pid), 0, None)
    }

    /// Looks whether the lock of a document can be had.
    fn look_at_lock(&mut self, path: &TreePath) {
        match self.disk.open(path) {
            Ok(Some(file)) => {
                if self.lock(path, &*file) {
                    self.unlock(path, &*file);
                }
            }
            Ok(None) => {}
            Err(error) => self.report_error(path, &error),
        }
    }

    /// Notes the bus of a folder, if it has one.
    pub(super) fn note_bus(&mut self, bus: BusId, entries: &[Entry]) {
        let file = paths::bus_file(&bus);
        let is_part =
            |entry: &&Entry| entry.name == file.name() || paths::is_archive_of(&bus, &entry.name);
        if entries.iter().any(|entry| is_part(&entry)) {
            self.seen.buses += 1;
            self.later(Place::Bus(bus));
        }
    }
}
