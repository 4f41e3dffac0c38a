//! Looking through a whole tree for what is wrong with it, with a server or without one,
//! and putting right what can be put right.
//!
//! Owns what counts as wrong. Reads with the readers of the server; looking changes no
//! byte, and holds a lock only for a moment. A repair holds the root's lock, and deletes
//! nothing: what is in the way is kept beside, or in the private folder.
//!
//! Others write while a tree is looked at, so what seems wrong may only be half-way. So
//! it is looked at twice: what was found is true when it is found again, unchanged.

mod artifacts;
mod bus_part;
mod buses;
mod documents;
mod finding;
mod folders;
mod lines;
mod look;
mod private;
mod repair;
mod runs;
mod tasks;

use std::time::Duration;

use crate::disk::Disk;
use crate::error::{Holder, Result};

pub use finding::{Finding, Kind, Repaired, Severity};
pub use repair::repair;

use look::{Look, Place, Presence};

/// How long what was found is left alone before it is looked at again.
const PAUSE: Duration = Duration::from_millis(100);
/// The same when a server is at work: it may be within a write.
const PAUSE_BESIDE_SERVER: Duration = Duration::from_secs(3);

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Seen {
    pub projects: u64,
    pub tasks: u64,
    pub runs: u64,
    pub files: u64,
    pub buses: u64,
    pub messages: u64,
}

/// What a look through a tree found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was found, by path and offset.
    pub findings: Vec<Finding>,
    /// What was looked at.
    pub seen: Seen,
    /// The server that holds the root; none when there is none.
    pub server: Option<Holder>,
}

/// Looks through a tree. Another server, and other programs, may be at work in it.
///
/// # Errors
/// IO when the root itself cannot be read.
pub fn verify(disk: &dyn Disk) -> Result<Report> {
    look_twice(disk, || private::presence(disk))
}

fn look_twice(disk: &dyn Disk, presence: impl Fn() -> Presence) -> Result<Report> {
    let mut first = Look::new(disk, presence());
    let root = first.look_at(&Place::Root)?;
    let mut suspicious = Vec::new();
    if !root.is_empty() {
        suspicious.push((Place::Root, root));
    }
    while let Some(place) = first.next() {
        let found = first.look_at(&place)?;
        if !found.is_empty() {
            suspicious.push((place, found));
        }
    }
    // One may have started meanwhile.
    let (seen, server) = (first.seen, first.presence.server.or_else(|| presence().server));
    let mut findings = Vec::new();
    if !suspicious.is_empty() {
        std::thread::sleep(if server.is_some() { PAUSE_BESIDE_SERVER } else { PAUSE });
        let mut second = Look::again(disk, presence());
        for (place, before) in suspicious {
            let mut found = second.look_at(&place)?;
            found.retain(|it| before.iter().any(|earlier| earlier.is_same(it)));
            findings.extend(found);
        }
    }
    findings.sort_by(|one, other| {
        let key = |it: &Finding| (it.path.clone(), it.offset, it.kind);
        key(one).cmp(&key(other))
    });
    Ok(Report { findings, seen, server })
}
