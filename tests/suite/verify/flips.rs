//! Every single bit and every cut of the last records of a bus, and of documents.

use std::collections::BTreeSet;
use std::fs;

use super::tree::{bus_of, full, put};
use super::{Verified, verify};

/// The projects in which something was found.
fn projects(looked: &Verified) -> BTreeSet<String> {
    let path = |finding: &str| finding.split('/').next().expect("a project").to_owned();
    looked.short().iter().map(|finding| path(finding)).collect()
}

#[test]
fn every_flipped_bit_of_the_last_two_records_is_found() {
    let whole = bus_of(&["one", "two", "---\nthree"]);
    let first = bus_of(&["one"]).len();
    let bits: Vec<usize> = (first * 8..whole.len() * 8).collect();
    // Each in a bus of its own, many to a tree.
    for bits in bits.chunks(250) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut expected = BTreeSet::new();
        for bit in bits {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let project = format!("bit-{bit}");
            put(folder.path(), &format!("{project}/PROJECT-MESSAGE-BUS.md"), bytes);
            expected.insert(project);
        }
        let looked = verify(folder.path());
        assert_eq!(projects(&looked), expected);
        for finding in looked.findings.iter().filter(|it| it["severity"] == "note") {
            // The size, or the line break at the end.
            assert_eq!(finding["kind"], "EDITED_RECORD", "{finding}");
        }
    }
}

#[test]
fn every_cut_within_the_last_two_records_is_found() {
    let whole = bus_of(&["one", "two", "three"]);
    let (first, second) = (bus_of(&["one"]).len(), bus_of(&["one", "two"]).len());
    let folder = tempfile::tempdir().expect("a folder");
    let mut expected = BTreeSet::new();
    for cut in (first + 1..whole.len()).filter(|cut| *cut != second) {
        let project = format!("cut-{cut}");
        put(folder.path(), &format!("{project}/PROJECT-MESSAGE-BUS.md"), &whole[..cut]);
        expected.insert(project);
    }
    let looked = verify(folder.path());
    assert_eq!(projects(&looked), expected);
    for (finding, short) in looked.findings.iter().zip(looked.short()) {
        let cut: usize = short[4..].split('/').next().expect("a number").parse().expect("a number");
        let keep = if cut <= second { first } else { second };
        assert_eq!(finding["offset"], keep, "{short}");
        assert_eq!(finding["kind"], "TORN_RECORD", "{short}");
    }
}

/// A flipped bit in a document either makes it unreadable, which is found, or changes a text
/// or a number, which nobody can see. Nothing else becomes of it, and never a crash.
#[tokio::test]
async fn a_flipped_bit_of_a_document_is_found_or_stays_within_a_value() {
    let root = full().await;
    for path in [
        "demo/home-folders.md",
        "demo/job/task.json",
        "demo/job/TASK-CONFIG.yaml",
        "demo/job/TASK_STATE.md",
        "demo/job/task.log",
        "demo/job/runs/run-1/run-info.yaml",
        "demo/job/runs/run-1/meta.json",
        "demo/job/runs/run-1/events.jsonl",
    ] {
        let file = root.path().join(path);
        let whole = fs::read(&file).expect(path);
        let mut found = 0;
        for byte in (0..whole.len()).step_by(whole.len() / 2 + 1) {
            let mut bytes = whole.clone();
            bytes[byte] ^= 0x80;
            fs::write(&file, &bytes).expect("written");
            let looked = verify(root.path());
            let others = looked.short().into_iter().filter(|it| !it.starts_with(path));
            // What repeats a record differs from one that says something else.
            let others: Vec<_> = others.filter(|it| !it.ends_with("STALE_FILE")).collect();
            assert!(others.is_empty(), "{path} {byte}: {others:?}");
            assert!(matches!(looked.code, Some(0 | 1)), "{path} {byte}: {}", looked.stderr);
            found += usize::from(looked.code == Some(1));
        }
        // With its highest bit set a byte of ASCII is no UTF-8.
        assert!(found > 0, "{path}");
        fs::write(&file, &whole).expect("written");
    }
    verify(root.path()).assert_found(&[]);
}
