//! Folders whose names are known to be durable. Whoever made a folder, another program,
//! another thread, or a server that died, may not have synced it yet.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::disk::{Disk, Identity};
use crate::domain::TreePath;
use crate::error::Result;

use super::lock::locked;

/// Beyond this many folders, what is known is forgotten.
const KNOWN_MAX: usize = 65_536;

/// What is known, for all users of one tree.
#[derive(Default)]
pub(in crate::files) struct SyncedFolders {
    known: Mutex<HashMap<TreePath, Identity>>,
}

impl SyncedFolders {
    /// Makes the names of a folder and of those above it durable, as far as they are
    /// not known to be.
    pub(in crate::files) fn sync_names(&self, disk: &dyn Disk, folder: &TreePath) -> Result<()> {
        let mut child = folder.clone();
        while let Some(parent) = child.parent() {
            let identity = disk.status(&child)?.map(|status| status.identity);
            let is_known = identity.is_some_and(|identity| self.knows(&child, identity));
            if !is_known {
                disk.sync_folder(&parent)?;
                self.learn(&child, identity);
            }
            child = parent;
        }
        Ok(())
    }

    fn knows(&self, folder: &TreePath, identity: Identity) -> bool {
        let known = locked(&self.known);
        known.get(folder) == Some(&identity)
    }

    fn learn(&self, folder: &TreePath, identity: Option<Identity>) {
        let mut known = locked(&self.known);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.extend(identity.map(|identity| (folder.clone(), identity)));
    }

    /// Forgets a folder that was removed, and those below it: new ones may get their
    /// identities.
    pub(in crate::files) fn forget(&self, folder: &TreePath) {
        let mut known = locked(&self.known);
        known.retain(|path, _| !path.is_in(folder));
    }
}
