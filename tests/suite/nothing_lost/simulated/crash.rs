//! What of a machine is on disk when its power is cut.
//!
//! # Content of files
//! What was synced is there. Of what was not, each write is there, or not, or in part: its
//! beginning, or any of the sectors of 512 bytes it reaches into; sectors before the end of
//! the file that were never written are zeros, and the file may be longer than what was
//! written of it, by zeros. After a sync that failed what it was to write is as if it had
//! never been synced, also after later syncs that succeed.
//!
//! # Entries of folders
//! Syncing a file does not sync its name. Syncing a folder brings all changes of its entries
//! to the disk; a move is one change of both folders, and on disk as a whole when either is
//! synced. A change never gets to the disk before an earlier one of the same name (so neither
//! before an earlier one of the same file), and nothing is moved into a folder that is not
//! there. Beyond that:
//!
//! - [`Survives::Ordered`]: changes get there in the order in which they were made, those of
//!   all folders, as ext4 and XFS do by their journal: when one is synced, all before it are.
//! - [`Survives::Subset`]: any of them do, as POSIX lets it and as btrfs may.
//!
//! A file is there when its name is, and its content may still be lost.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::Arc;

use super::Survives;
use super::machine::{EntryChange, Machine, ROOT};
use super::node::{Change, Fate, File, Held, Inode, Node, What, write};
use super::random::Random;

/// What a device writes as a whole or not at all.
const SECTOR_BYTES: usize = 512;
/// A file gets zeros at its end once in so many crashes.
const ZEROS_ONCE_IN: usize = 4;

/// Returns what is there when power comes back.
pub(super) fn crash(machine: &Machine, survives: Survives) -> Machine {
    let mut after = machine.clone();
    if survives != Survives::Everything {
        restore_entries(&mut after, survives);
    }
    let mut random = Random::new(match survives {
        Survives::Ordered(seed) | Survives::Subset(seed) => seed.wrapping_mul(2) + 1,
        Survives::SyncedOnly | Survives::Everything => 0,
    });
    settle(&mut after, |file| match survives {
        Survives::Everything => file.content().to_vec(),
        Survives::SyncedOnly => replayed(file, |change, content| {
            if change.fate == Fate::Synced {
                change.what.apply(content);
            }
        }),
        Survives::Ordered(_) => ordered(file, &mut random),
        Survives::Subset(_) => subset(file, &mut random),
    });
    after
}

/// Copies a machine in which nothing is open and nothing fails.
pub(super) fn fork(machine: &Machine) -> Machine {
    let mut copy = machine.clone();
    copy.faults = super::faults::Faults::default();
    for inode in copy.nodes.keys().copied().collect::<Vec<_>>() {
        if copy.node(inode).lock.is_some() {
            copy.node_mut(inode).lock = None;
        }
    }
    copy
}

/// Gives all folders the entries that are on disk.
fn restore_entries(machine: &mut Machine, survives: Survives) {
    let journal = std::mem::take(&mut machine.journal);
    let kept = kept_changes(&journal, survives);
    for inode in machine.nodes.keys().copied().collect::<Vec<_>>() {
        if let Some(folder) = machine.node_mut(inode).folder_mut() {
            folder.entries = folder.synced.clone();
        }
    }
    for (change, _) in journal.iter().zip(kept).filter(|(_, kept)| *kept) {
        for (folder, name, found) in &change.entries {
            let entries = &mut machine.node_mut(*folder).folder_mut().expect("a folder").entries;
            match found {
                Some(found) => entries.insert(name.clone(), *found),
                None => entries.remove(name),
            };
        }
    }
}

/// Says of each change whether it is on disk.
fn kept_changes(journal: &[EntryChange], survives: Survives) -> Vec<bool> {
    let is_synced = |change: &EntryChange| change.fate == Fate::Synced;
    let mut kept = journal.iter().map(is_synced).collect::<Vec<_>>();
    match survives {
        Survives::Ordered(seed) => {
            let synced = journal.iter().rposition(is_synced).map_or(0, |last| last + 1);
            let end = synced + Random::new(seed).below(journal.len() - synced + 1);
            kept[..end].fill(true);
        }
        Survives::Subset(seed) => {
            let mut random = Random::new(seed);
            // Many of them, or few.
            let once_in = 2 + random.below(3);
            let many = random.once_in(2);
            for kept in &mut kept {
                *kept |= random.once_in(once_in) != many;
            }
        }
        Survives::SyncedOnly | Survives::Everything => {}
    }
    // With each, what must have been there before it.
    let (mut names, mut targets) = (BTreeSet::new(), BTreeSet::new());
    for (change, kept) in journal.iter().zip(&mut kept).rev() {
        let named = |(folder, name, _): &(Inode, OsString, _)| (*folder, name.clone());
        let is_target = targets.contains(&change.inode);
        *kept |= is_target || change.entries.iter().any(|entry| names.contains(&named(entry)));
        if *kept {
            names.extend(change.entries.iter().map(named));
            // What is moved is never moved to nowhere.
            if is_target || change.entries.len() == 2 {
                let found = change.entries.iter().filter(|(.., found)| found.is_some());
                targets.extend(found.map(|(folder, ..)| *folder));
            }
        }
    }
    kept
}

/// Leaves what can be reached from the root, with the content that each file has on disk.
fn settle(machine: &mut Machine, mut content: impl FnMut(&File) -> Vec<u8>) {
    let mut nodes = BTreeMap::new();
    let mut waiting = vec![(ROOT, None)];
    while let Some((inode, place)) = waiting.pop() {
        let before = machine.node(inode);
        let held = match &before.held {
            Held::File(file) => Held::File(File::synced_with(content(file))),
            Held::Folder(folder) => {
                let mut folder = folder.clone();
                folder.synced = folder.entries.clone();
                let inner = folder.entries.iter();
                waiting.extend(inner.map(|(name, found)| (*found, Some((inode, name.clone())))));
                Held::Folder(folder)
            }
        };
        let node = Node { lock: None, place, held, ..before.clone() };
        let twice = nodes.insert(inode, Arc::new(node));
        assert!(twice.is_none(), "{inode} has two names: no file system leaves that");
    }
    machine.nodes = nodes;
    machine.journal.clear();
    machine.faults = super::faults::Faults::default();
}

/// Does some changes of a file again.
fn replayed(file: &File, mut change: impl FnMut(&Change, &mut Vec<u8>)) -> Vec<u8> {
    let mut content = file.synced().to_vec();
    for done in file.changes() {
        change(done, &mut content);
    }
    content
}

/// Keeps the beginning of what was done to a file.
fn ordered(file: &File, random: &mut Random) -> Vec<u8> {
    let changes = file.changes();
    let synced = changes.iter().rposition(|change| change.fate == Fate::Synced);
    let synced = synced.map_or(0, |last| last + 1);
    let end = synced + random.below(changes.len() - synced + 1);
    let mut number = 0;
    let mut content = replayed(file, |change, content| {
        match &change.what {
            _ if number > end => {}
            What::Write { offset, bytes } if number == end => {
                let part = random.below(bytes.len() + 1);
                if random.once_in(2) && *offset <= content.len() {
                    write(content, *offset, &bytes[..part]);
                }
            }
            What::Truncate(_) if number == end => {}
            // What was given up may be gone though later writes are there.
            What::Write { .. } if change.fate == Fate::GivenUp && random.once_in(2) => {}
            what => what.apply(content),
        }
        number += 1;
    });
    lengthen(file, &mut content, random);
    content
}

/// Keeps any part of what was done to a file.
fn subset(file: &File, random: &mut Random) -> Vec<u8> {
    let mut content = replayed(file, |change, content| match &change.what {
        what if change.fate == Fate::Synced => what.apply(content),
        What::Truncate(_) if random.once_in(2) => {}
        what @ What::Truncate(_) => what.apply(content),
        What::Write { offset, bytes } => match random.below(4) {
            0 => {}
            1 => write(content, *offset, bytes),
            2 => {
                let part = random.below(bytes.len() + 1);
                write(content, *offset, &bytes[..part]);
            }
            _ => write_sectors(content, *offset, bytes, random),
        },
    });
    lengthen(file, &mut content, random);
    content
}

/// Writes some of the sectors that a write reaches into.
fn write_sectors(content: &mut Vec<u8>, offset: usize, bytes: &[u8], random: &mut Random) {
    let end = offset + bytes.len();
    let mut at = offset;
    while at < end {
        let next = (at / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES).min(end);
        if random.once_in(2) {
            write(content, at, &bytes[at - offset..next - offset]);
        }
        at = next;
    }
}

/// Gives a file, at times, a length that it had, though what was written there is lost.
fn lengthen(file: &File, content: &mut Vec<u8>, random: &mut Random) {
    let unsynced = file.changes().iter().filter(|change| change.fate != Fate::Synced);
    let ends = unsynced.map(|change| match &change.what {
        What::Write { offset, bytes } => offset + bytes.len(),
        What::Truncate(length) => *length,
    });
    let longest = ends.max().unwrap_or(0);
    // A cut that was synced is not undone.
    let is_cut = file
        .changes()
        .iter()
        .any(|change| matches!(change.what, What::Truncate(_)) && change.fate == Fate::Synced);
    if longest > content.len() && !is_cut && random.once_in(ZEROS_ONCE_IN) {
        let zeros = 1 + random.below(longest - content.len());
        content.resize(content.len() + zeros, 0);
    }
}
