//! A tree as a whole, after all that was done to its server.

use std::fs;

use crate::server::{Server, wait_until};
use crate::verify;

/// Asserts that a tree is in order: a start clears what is half made, nothing is damaged, and
/// what is left beside it `verify --repair` puts right. The server is gone then.
pub(crate) fn is_in_order(server: &mut Server) {
    server.restart();
    for folder in ["staging", "trash"] {
        let folder = server.root().join(".callboard").join(folder);
        // The start empties them, beside other things.
        wait_until("nothing is left of what was killed", || {
            fs::read_dir(&folder).map_or(0, Iterator::count) == 0
        });
    }
    server.kill();
    let repaired = verify::repair(server.root());
    let left = |severity: &str| {
        let is_left =
            |it: &&serde_json::Value| it["severity"] == severity && it["repaired"] != true;
        repaired.findings.iter().filter(is_left).collect::<Vec<_>>()
    };
    assert_eq!((left("damage"), left("repairable")), (vec![], vec![]));
    let again = verify::verify(server.root());
    assert_eq!(again.code, Some(0), "{:#?}", again.findings);
    eprintln!("{} findings, all repaired or notes", repaired.findings.len());
}
