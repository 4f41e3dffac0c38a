//! What of a tree is not durable yet, as a trace tells: the content of files, and the names in
//! folders.

use std::collections::BTreeSet;

use super::super::DERIVED;
use super::super::strace::Call;

/// What is not durable below a root.
pub(super) struct Unsynced {
    root: String,
    /// Files with content that is not synced.
    contents: BTreeSet<String>,
    /// Paths whose names came, or went, and are not synced.
    names: BTreeSet<String>,
}

impl Unsynced {
    pub(super) fn below(root: &str) -> Self {
        Self { root: root.to_owned(), contents: BTreeSet::new(), names: BTreeSet::new() }
    }

    /// Returns all that is not durable, and says it once.
    pub(super) fn take(&mut self) -> Vec<String> {
        let contents = std::mem::take(&mut self.contents).into_iter();
        let contents = contents.map(|path| format!("the content of {path}"));
        let names = std::mem::take(&mut self.names).into_iter();
        contents.chain(names.map(|path| format!("the name {path}"))).collect()
    }

    /// Takes in that a file is being written to.
    pub(super) fn written(&mut self, call: &Call) {
        // That a request was carried out can be seen of what it made.
        let is_note = call.strings().iter().any(|text| {
            text.starts_with(b"{\"request_id\"")
                && String::from_utf8_lossy(text).contains("\"done\":true")
        });
        if let Some(path) = call.descriptors().first()
            && self.matters(path)
            && !(is_note && path.ends_with("/.callboard/requests"))
        {
            self.contents.insert(path.clone());
        }
    }

    /// Takes in that a sync has ended; returns whether it was one of the tree's.
    pub(super) fn synced(&mut self, call: &Call) -> bool {
        let descriptors = call.descriptors();
        let Some(path) = descriptors.first().filter(|path| path.starts_with(&self.root)) else {
            return false;
        };
        if call.result.trim() != "0" {
            return false;
        }
        self.contents.remove(path);
        self.names.retain(|name| parent(name) != path);
        true
    }

    /// Takes in what a call did that has ended.
    pub(super) fn changed(&mut self, call: &Call) {
        if call.result.trim().starts_with("-1") {
            return;
        }
        let folders = call.descriptors();
        let names: Vec<String> = call
            .strings()
            .into_iter()
            .map(|name| String::from_utf8_lossy(&name).into_owned())
            .collect();
        let path = |nth: usize| Some(format!("{}/{}", folders.get(nth)?, names.get(nth)?));
        match call.name.as_str() {
            "openat" | "openat2" if call.arguments.contains("O_CREAT") => {
                self.note_name(path(0));
            }
            "mkdirat" => self.note_name(path(0)),
            "ftruncate" => self.written(call),
            "unlinkat" => {
                let Some(path) = path(0) else { return };
                self.contents.remove(&path);
                // One that had no durable name has none now, either.
                if !self.names.remove(&path) {
                    self.note_name(Some(path));
                }
            }
            "renameat" | "renameat2" => {
                let (Some(from), Some(to)) = (path(0), path(1)) else { return };
                self.rename(&from, &to);
            }
            "writev" | "rename" | "mkdir" | "unlink" | "rmdir" | "linkat" => {
                // The strings of a write are what it writes.
                let names = names.iter().filter(|_| call.name != "writev");
                let in_tree = names.chain(&folders).any(|path| path.starts_with(&self.root));
                assert!(!in_tree, "a call that nobody here knows: {call:?}");
            }
            _ => {}
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let moved = |path: &String| {
            let rest = path.strip_prefix(from)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{to}{rest}"))
        };
        let had_durable_name = !self.names.remove(from);
        self.contents =
            self.contents.iter().map(|path| moved(path).unwrap_or(path.clone())).collect();
        self.names = self.names.iter().map(|path| moved(path).unwrap_or(path.clone())).collect();
        self.contents.retain(|path| matters(path));
        self.names.retain(|path| matters(path));
        self.note_name(Some(to.to_owned()));
        // Within a folder the one name stands for both.
        let is_private = from.contains("/.callboard/");
        if had_durable_name && !is_private && parent(from) != parent(to) {
            self.note_name(Some(from.to_owned()));
        }
    }

    fn note_name(&mut self, path: Option<String>) {
        if let Some(path) = path.filter(|path| self.matters(path)) {
            self.names.insert(path);
        }
    }

    fn matters(&self, path: &str) -> bool {
        path.starts_with(&self.root) && matters(path)
    }
}

/// Whether an answer depends on it. What is below the server's own trash is removed already.
/// A lock is a lock also when its name is lost.
fn matters(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let is_derived = path.contains("/runs/") && DERIVED.contains(&name);
    !is_derived && !path.ends_with(".lock") && !path.contains("/.callboard/trash")
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}
