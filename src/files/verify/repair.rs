//! Putting right what can be put right. Each step is durable and can be repeated: a repair
//! that is killed leaves every byte in the old place or in the new one.

use std::sync::{Arc, RwLock};
use std::time::Instant;

use crate::clock::Clock;
use crate::disk::{Disk, Renamed};
use crate::domain::{TaskKey, TreePath};
use crate::error::{Error, Result};
use crate::files::bus;
use crate::files::root_lock::RootLock;
use crate::files::seat::Seats;
use crate::files::synced_folders::SyncedFolders;
use crate::files::tree::{FileLock, RunPlace, Tree};
use crate::layout::{paths, run_info_file, stamp};
use crate::limits::{DOCUMENT_BYTES_MAX, LOCK_BUDGET};

use super::finding::{Finding, Fix, Repaired, Witness};
use super::look::Presence;
use super::runs::what_repeats;
use super::{Report, look_twice};

/// Looks through a tree, and puts right what can be put right. Holds the root's lock
/// meanwhile: no server may be at work.
///
/// # Errors
/// ROOT_LOCKED with the pid that holds it; IO when the root cannot be read or written.
pub fn repair(disk: &Arc<dyn Disk>, clock: &Arc<dyn Clock>, pid: u32) -> Result<Report> {
    let _lock = RootLock::take(&**disk, pid)?;
    let mut report = look_twice(&**disk, || Presence { server: None })?;
    let mut repairs = Repairs {
        disk: Arc::clone(disk),
        clock: Arc::clone(clock),
        pid,
        stamp: stamp::stamp(clock.now(), pid),
        tree: None,
    };
    for finding in &mut report.findings {
        let Some(fix) = finding.fix.clone() else { continue };
        finding.repaired = Some(match repairs.apply(finding, &fix) {
            Ok(kept_in) => Repaired::Done { kept_in },
            Err(error) => Repaired::Failed(error.to_string()),
        });
    }
    Ok(report)
}

struct Repairs {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    pid: u32,
    /// Names the folder for what this repair moves aside.
    stamp: String,
    /// Opened when it is needed first: what is remembered of requests is read then.
    tree: Option<Tree>,
}

impl Repairs {
    /// Puts one thing right. Returns where what was in the way is.
    fn apply(&mut self, finding: &Finding, fix: &Fix) -> Result<Vec<TreePath>> {
        let path = &finding.path;
        match fix {
            Fix::ClearTail(bus) => {
                let (disk, clock) = (Arc::clone(&self.disk), Arc::clone(&self.clock));
                bus::move_torn_tail_away(disk, clock, self.pid, bus)
            }
            Fix::SetAside => Ok(vec![self.set_aside(finding)?]),
            Fix::RewriteState(task) => {
                let keeps = |disk: &dyn Disk| kept_beside(disk, path);
                let before = keeps(&*self.disk)?;
                self.tree()?.repair_state(task, deadline())?;
                let mut kept = keeps(&*self.disk)?;
                kept.retain(|it| !before.contains(it));
                Ok(kept)
            }
            Fix::Derive { task, folder } => {
                Ok(self.derive(task, folder, path)?.into_iter().collect())
            }
            Fix::CloseLine => {
                self.tree()?.close_line(path, deadline())?;
                Ok(Vec::new())
            }
            Fix::MoveAside => Ok(vec![self.move_aside(path)?]),
        }
    }

    fn tree(&mut self) -> Result<&Tree> {
        let tree = match self.tree.take() {
            Some(tree) => tree,
            None => Tree::open(
                Arc::clone(&self.disk),
                Arc::clone(&self.clock),
                self.pid,
                Arc::<SyncedFolders>::default(),
                Arc::<RwLock<()>>::default(),
                // A repair has no readers.
                Seats::new(0),
            )?,
        };
        Ok(self.tree.insert(tree))
    }

    /// Gives a document another name, under its lock, so that a new one can take its place.
    fn set_aside(&self, finding: &Finding) -> Result<TreePath> {
        let path = &finding.path;
        let _lock = FileLock::take(&*self.disk, &paths::lock_file(path), deadline())?;
        if finding.witness != Witness::Unchanged(vec![self.disk.status(path)?]) {
            // Somebody has mended it, or is about to.
            return Err(Error::ForeignWrite { path: path.to_string() });
        }
        let kept = paths::damaged_file(path, &stamp::stamp(self.clock.now(), self.pid));
        rename(&*self.disk, path, &kept)?;
        self.disk.sync_folder(&path.folder())?;
        Ok(kept)
    }

    /// Makes a file anew that repeats the record of a run. What was there is moved aside.
    fn derive(&self, task: &TaskKey, folder: &str, path: &TreePath) -> Result<Option<TreePath>> {
        let place = RunPlace { task: task.clone(), folder: folder.to_owned() };
        let record = self.disk.read(&place.record(), DOCUMENT_BYTES_MAX)?;
        let Some(record) = record else { return Ok(None) };
        let info = run_info_file::read(&record.bytes, task, folder)
            .map_err(|damage| Error::corrupt(&place.record(), &damage))?;
        let expected = what_repeats(&*self.disk, &place, &info);
        let Some((_, expected)) = expected.into_iter().find(|(it, _)| it == path) else {
            return Ok(None);
        };
        let kept = match self.disk.status(path)? {
            Some(_) => Some(self.move_aside(path)?),
            None => None,
        };
        if let Some(content) = expected {
            let _ = self.disk.replace(path, &content, None)?;
        }
        Ok(kept)
    }

    /// Moves a file or a folder into the private folder, under the path that it had.
    fn move_aside(&self, path: &TreePath) -> Result<TreePath> {
        let aside = paths::aside_folder().join(&self.stamp);
        let to = path.components().fold(aside, |folder, name| folder.join(name));
        self.disk.create_folder(&to.folder())?;
        rename(&*self.disk, path, &to)?;
        // First where it is now: in between it is in both places, at worst.
        self.disk.sync_folder(&to.folder())?;
        self.disk.sync_folder(&path.folder())?;
        Ok(to)
    }
}

/// Lists what is kept aside of a document.
fn kept_beside(disk: &dyn Disk, document: &TreePath) -> Result<Vec<TreePath>> {
    let folder = document.folder();
    let entries = disk.list(&folder)?.unwrap_or_default();
    let names = entries.into_iter().map(|entry| entry.name);
    let kept = names
        .filter(|name| name.starts_with(document.name()) && paths::is_kept_aside(name))
        .map(|name| folder.join(&name));
    Ok(kept.collect())
}

fn rename(disk: &dyn Disk, from: &TreePath, to: &TreePath) -> Result<()> {
    match disk.rename_new(from, to)? {
        Renamed::Done => Ok(()),
        Renamed::Exists => Err(Error::Bug(format!("{to} is taken"))),
    }
}

fn deadline() -> Instant {
    Instant::now() + LOCK_BUDGET
}
