//! Buses: the archives and the live file, also while they are appended to and renamed.

use std::collections::{HashMap, HashSet};

use crate::disk::{Identity, Kind as Thing};
use crate::domain::{BusId, TreePath};
use crate::error::Error;
use crate::layout::{paths, stamp};

use super::bus_part::{BusPart, Torn};
use super::finding::{Finding, Fix, Kind};
use super::look::Look;

/// How often the folder is listed while parts come that were not there before.
const LISTINGS_MAX: usize = 20;

impl Look<'_> {
    pub(super) fn look_at_bus(&mut self, bus: &BusId) {
        let mut parts: HashMap<Identity, BusPart> = HashMap::new();
        let mut failed = HashSet::new();
        let mut names = Vec::new();
        for _ in 0..LISTINGS_MAX {
            names = self.files_of(bus, &mut failed);
            let new: Vec<_> = names
                .iter()
                .filter(|(_, identity)| !parts.contains_key(identity))
                .cloned()
                .collect();
            // Those that were renamed meanwhile are known by what they are.
            if new.is_empty() {
                break;
            }
            for (path, identity) in new {
                if let Some((identity, part)) = self.read_part(&path, identity) {
                    parts.insert(identity, part);
                } else {
                    failed.insert(path);
                }
            }
        }
        let mut read: Vec<(TreePath, Identity, BusPart)> = names
            .into_iter()
            .filter_map(|(path, identity)| Some((path, identity, parts.remove(&identity)?)))
            .collect();
        let live = paths::bus_file(bus);
        read.sort_by(|(path, _, part), (other_path, _, other)| {
            let key =
                |path: &TreePath, part: &BusPart| (*path == live, part.first_ts, path.clone());
            key(path, part).cmp(&key(other_path, other))
        });
        self.report_order(&read);
        for (path, identity, part) in read {
            self.report_part(bus, &path, identity, part);
        }
    }

    /// Lists the files of a bus that can be read, but for those that could not be.
    fn files_of(
        &mut self,
        bus: &BusId,
        failed: &mut HashSet<TreePath>,
    ) -> Vec<(TreePath, Identity)> {
        let folder = paths::bus_folder(bus);
        let live = paths::bus_file(bus);
        let mut files = Vec::new();
        for entry in self.disk.list(&folder).ok().flatten().unwrap_or_default() {
            let path = folder.join(&entry.name);
            let is_part = path == live || paths::is_archive_of(bus, &entry.name);
            if !is_part || failed.contains(&path) {
                continue;
            }
            match self.disk.status(&path) {
                Ok(Some(status)) if status.kind == Thing::File => {
                    files.push((path, status.identity));
                }
                Ok(Some(_)) => {
                    self.report_misplaced(&path, "file");
                    failed.insert(path);
                }
                Ok(None) => {}
                Err(error) => {
                    self.report_error(&path, &error);
                    failed.insert(path);
                }
            }
        }
        files
    }

    /// Reads a file of a bus, whichever is at its path by now. None when it cannot be read.
    fn read_part(&mut self, path: &TreePath, known: Identity) -> Option<(Identity, BusPart)> {
        let file = match self.disk.open(path) {
            Ok(Some(file)) => file,
            // Renamed, or removed: the next listing tells.
            Ok(None) => return Some((known, BusPart::default())),
            Err(error) => {
                self.report_error(path, &error);
                return None;
            }
        };
        self.seen.files += 1;
        let read = file.status().and_then(|status| Ok((status.identity, BusPart::read(&*file)?)));
        let read = read.and_then(|(identity, mut part)| {
            if self.lock(path, &*file) {
                let tail = part.read_tail(&*file);
                self.unlock(path, &*file);
                tail?;
            }
            part.finish();
            Ok((identity, part))
        });
        match read {
            Ok((identity, part)) => {
                self.seen.messages += part.messages;
                Some((identity, part))
            }
            Err(source) => {
                self.report_error(path, &Error::io("read", path.as_str(), source));
                None
            }
        }
    }

    /// Reports where the order of the files is not that of our messages in them.
    fn report_order(&mut self, read: &[(TreePath, Identity, BusPart)]) {
        let mut before: Option<(TreePath, jiff::Timestamp)> = None;
        for (path, _, part) in read {
            let (Some((first, _)), Some((last, _))) = (&part.first_own, &part.last_own) else {
                continue;
            };
            if let Some((earlier, latest)) = &before
                && latest >= first
            {
                let message =
                    format!("it is read after {}, but has messages that are older", earlier.name());
                self.report(Finding::new(path, Kind::ArchiveOrder, message));
            }
            before = Some((path.clone(), *last));
        }
    }

    fn report_part(&mut self, bus: &BusId, path: &TreePath, identity: Identity, part: BusPart) {
        let stamp = paths::stamp_of_archive(bus, path.name());
        if let Some(stamp) = stamp
            && stamp::time_at_beginning(stamp).is_none()
        {
            let message = "its name does not say when it was archived";
            self.report(Finding::new(path, Kind::ArchiveName, message));
        }
        let mut findings: Vec<Finding> = part
            .wrong
            .into_iter()
            .map(|wrong| Finding::new(path, wrong.kind, wrong.message).at(wrong.offset))
            .collect();
        if part.more > 0
            && let Some(last) = findings.last_mut()
        {
            last.message.push_str(&format!("; and {} places more", part.more));
        }
        for finding in findings {
            self.report(finding.while_in(identity));
        }
        if let Some(torn) = part.torn {
            self.report_torn(bus, path, torn);
        }
    }

    fn report_torn(&mut self, bus: &BusId, path: &TreePath, torn: Torn) {
        let bytes = torn.status.length - torn.keep;
        let finding = if *path == paths::bus_file(bus) {
            let message = format!("the file ends in half a record ({bytes} bytes)");
            Finding::new(path, Kind::TornRecord, message).mended_by(Fix::ClearTail(bus.clone()))
        } else {
            // Nobody will ever move it aside here.
            let message = format!("the archive ends in half a record ({bytes} bytes)");
            Finding::new(path, Kind::DamagedRecord, message)
        };
        self.report(finding.at(torn.keep).while_unchanged(vec![Some(torn.status)]));
    }
}
