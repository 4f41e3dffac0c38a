//! The private folder: the root's lock, what is remembered of requests, and what a server
//! left half-way.

use crate::disk::Disk;
use crate::error::Holder;
use crate::files::{root_lock, tree};
use crate::layout::paths;

use super::finding::{Finding, Fix, Kind};
use super::look::{Look, Presence};

/// Tells whether a server holds the root.
pub(super) fn presence(disk: &dyn Disk) -> Presence {
    let holder = || {
        let file = disk.open(&paths::root_lock()).ok()??;
        // Asked first: a server that starts in the moment in which we hold the lock would
        // have to wait.
        if let Some(pid) = file.lock_holder() {
            return Some(Holder(Some(pid)));
        }
        if file.try_lock().ok()? {
            let _ = file.unlock();
            return None;
        }
        Some(root_lock::holder(&*file))
    };
    Presence { server: holder() }
}

impl Look<'_> {
    pub(super) fn look_at_private(&mut self) {
        let private = paths::private_folder();
        for entry in self.list(&private) {
            let path = private.join(&entry.name);
            if path == paths::root_lock() {
                self.look_at_file(&path);
            } else if path == paths::requests_file() {
                self.look_at_requests();
            } else if path == paths::staging_folder() || path == paths::trash_folder() {
                self.look_at_work(&path);
            } else if path == paths::aside_folder() {
                for kept in self.list(&path) {
                    let message = "a repair moved here what was in the way";
                    let finding = Finding::new(&path.join(&kept.name), Kind::KeptAside, message);
                    self.report(finding);
                }
            } else {
                self.look_at_other(&private, &entry, &[]);
            }
        }
    }

    /// Looks at what is being built, or removed: without a server nothing is.
    fn look_at_work(&mut self, folder: &crate::domain::TreePath) {
        let entries = self.list(folder);
        if self.presence.server.is_some() {
            return;
        }
        for entry in entries {
            let message = if *folder == paths::trash_folder() {
                "a server that is gone had not finished removing it; the next one does"
            } else {
                "a server that is gone had not finished building it; the next one removes it"
            };
            self.report(
                Finding::new(&folder.join(&entry.name), Kind::Leftover, message)
                    .mended_by(Fix::MoveAside),
            );
        }
    }

    fn look_at_requests(&mut self) {
        self.look_at_lines_of(&paths::requests_file(), &|line| tree::is_request(line), None);
    }
}
