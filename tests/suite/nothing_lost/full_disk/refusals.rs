//! Every kind of call at each of the last blocks, or inodes, of a volume.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tonic::{Code, Status};

use super::ballast::{Ballast, Scarce};
use super::calls::{Caller, KINDS, Kind, has_own_task, own_task};
use crate::client::{eventually, reason};
use crate::nothing_lost::ledger::{Ledger, PROJECT};
use crate::nothing_lost::tally::Tally;
use crate::nothing_lost::volume::Volume;
use crate::server::Server;

/// So many blocks or inodes are left, from none on: no call needs more.
const LEFT: usize = 9;

/// What the files below a root hold; folders have nothing.
type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// Has each kind of call refused wherever it can be, and made when there is room.
pub(super) async fn each_is_refused_and_then_made(volume: &Volume, scarce: Scarce) -> Tally {
    let mut server = Server::start_on(&volume.root());
    let addr = server.addr().to_owned();
    let mut caller = Caller::connect(&addr).await;
    let ledger = Ledger::default();
    caller.prepare(&ledger).await;
    let mut ballast = Ballast::new(volume, scarce);
    let mut tally = Tally::default();
    let mut refused = BTreeMap::<String, usize>::new();
    let name = |kind: Kind, left| format!("{kind:?}-{left}").to_lowercase();
    for left in 0..LEFT {
        for kind in KINDS.iter().copied().filter(|&kind| has_own_task(kind)) {
            caller.storage.new_task(PROJECT, &own_task(&name(kind, left))).await;
        }
        let mut again = Vec::new();
        for &kind in KINDS {
            let name = name(kind, left);
            assert!(ballast.leave(left) > 0, "nothing is taken up any more");
            let before = tree_of(&volume.root());
            let Err(status) = caller.call(kind, &name, &ledger).await else {
                assert_made(&before, &volume.root(), kind, &name);
                continue;
            };
            assert_disk_full(&status, kind);
            let what = format!("{kind:?} with {left} left: {status:?}");
            is_as_before(&before, &volume.root(), &what).await;
            *refused.entry(format!("{kind:?}")).or_default() += 1;
            again.push((kind, name));
            tally.cases += 1;
        }
        // What was there is read as ever, also by a server that is started now.
        tally.acknowledged = 0;
        tally.add(ledger.check(&addr).await);
        if left < 3 {
            ballast.leave(left);
            assert_eq!(server.terminate().code(), Some(0));
            server.restart();
            caller = Caller::connect(&addr).await;
            tally.acknowledged = 0;
            tally.add(ledger.check(&addr).await);
        }
        ballast.remove();
        for (kind, name) in again {
            let before = tree_of(&volume.root());
            let made = caller.call(kind, &name, &ledger).await;
            made.unwrap_or_else(|status| panic!("{kind:?}, now with room: {status:?}"));
            assert_made(&before, &volume.root(), kind, &name);
        }
    }
    tally.acknowledged = 0;
    tally.add(ledger.check(&addr).await);
    eprintln!("refused at how many of the last {LEFT}: {refused:?}");
    assert_eq!(server.terminate().code(), Some(0));
    assert_nothing_stray(&volume.root());
    tally
}

/// Asserts that a call was refused because the disk is full.
pub(super) fn assert_disk_full(status: &Status, what: impl std::fmt::Debug) {
    let refused = (status.code(), reason(status));
    assert_eq!(refused, (Code::ResourceExhausted, "DISK_FULL".to_owned()), "{what:?}: {status:?}");
}

/// Reads all files below a folder.
fn tree_of(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        // What was begun may go away meanwhile.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path.clone());
                tree.insert(path, None);
            } else if let Ok(content) = fs::read(&path) {
                tree.insert(path, Some(content));
            }
        }
    }
    tree
}

/// Asserts that a call that was answered is in the tree: its name is in more paths and contents
/// than before. Not all kinds of calls are in the ledger, which would notice that they are gone.
fn assert_made(before: &Tree, root: &Path, kind: Kind, name: &str) {
    // An archive is not named by whoever asked for it.
    if kind == Kind::Rotation {
        return;
    }
    let (before, after) = (times_named(before, name), times_named(&tree_of(root), name));
    assert!(after > before, "{kind:?} was answered, and {name} is there as often as before");
}

/// Returns how often a name is in the paths and the contents of a tree. What the server keeps
/// for itself does not count: that it was asked for is noted there in any case.
fn times_named(tree: &Tree, name: &str) -> usize {
    let shown = tree.iter().filter(|(path, _)| {
        path.components().all(|component| component.as_os_str() != ".callboard")
    });
    shown
        .map(|(path, content)| {
            let content = content.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            path.to_string_lossy().matches(name).count() + content.matches(name).count()
        })
        .sum()
}

/// Waits until a tree is as it was. What a refused call may leave: folders, lock files and
/// files of lines with nothing in them, and the note that it was asked for.
async fn is_as_before(before: &Tree, root: &Path, what: &str) {
    // A file that was staged is removed when the call has been answered.
    eventually(&format!("nothing is changed by {what}"), async || {
        let different = differences(before, &tree_of(root));
        if !different.is_empty() {
            eprintln!("{what} changed {different:?}, as yet");
        }
        different.is_empty()
    })
    .await;
}

fn differences(before: &Tree, after: &Tree) -> Vec<PathBuf> {
    let mut different = Vec::new();
    for (path, content) in after {
        let is_fine = match (before.get(path), content) {
            (Some(old), new) if old == new => true,
            (Some(Some(_)), Some(_)) => path.ends_with(".callboard/requests"),
            (Some(_), _) => false,
            (None, None) => {
                !path.components().any(|name| name.as_os_str() == "staging")
                    || path.ends_with("staging")
            }
            (None, Some(new)) => {
                path.ends_with(".callboard/requests") || (new.is_empty() && may_be_empty(path))
            }
        };
        if !is_fine {
            different.push(path.clone());
        }
    }
    different.extend(before.keys().filter(|path| !after.contains_key(*path)).cloned());
    different
}

/// Whether an empty file of this name says nothing.
fn may_be_empty(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let names = ["task.log", "events.jsonl", "TASK-MESSAGE-BUS.md", "agent-stdout.txt"];
    name.ends_with(".lock") || names.contains(&name)
}

/// Asserts that nothing is left of what was begun.
pub(super) fn assert_nothing_stray(root: &Path) {
    for path in tree_of(root).keys() {
        assert!(!is_stray(path), "{} is left", path.display());
    }
}

/// Waits until nothing is left of what was begun.
pub(super) async fn nothing_stray(root: &Path) {
    eventually("nothing is left of what was begun", async || {
        !tree_of(root).keys().any(|path| is_stray(path))
    })
    .await;
}

/// Whether a path is of something that was begun.
fn is_stray(path: &Path) -> bool {
    let shown = path.to_string_lossy();
    shown.ends_with(".tmp")
        || shown.ends_with(".torn")
        || shown.contains("/.callboard/staging/")
        || shown.contains("/.callboard/trash/")
}
