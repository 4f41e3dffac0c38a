//! The simulation itself: what survives a crash, what can be lost, and what fails.

use std::collections::BTreeSet;

use callboard::disk::{Disk, Expected, Renamed, Replaced};
use callboard::domain::TreePath;
use callboard::error::Result;

use super::random::Random;
use super::{Armed, Fault, Simulated, Survives};

/// So many seeds are tried where one is to do something.
const SEEDS: u64 = 200;

fn at(path: &str) -> TreePath {
    path.split('/').fold(TreePath::root(), |path, name| path.join(name))
}

/// Makes a file with a content, all on disk.
fn with_file(path: &str, content: &[u8]) -> Simulated {
    let simulated = Simulated::new();
    simulated.disk().create_synced(&at(path), content).expect("a file");
    simulated
}

/// Appends without a sync.
fn append(simulated: &Simulated, path: &str, bytes: &[u8]) {
    simulated.disk().create_append(&at(path)).expect("a file").append(bytes).expect("appended");
}

fn sync(simulated: &Simulated, path: &str) -> bool {
    let file = simulated.disk().open_append(&at(path)).expect("opened").expect("a file");
    file.sync().is_ok()
}

/// Returns all that some crash leaves of a file.
fn left(
    simulated: &Simulated,
    path: &str,
    survives: impl Fn(u64) -> Survives,
) -> BTreeSet<Option<Vec<u8>>> {
    (0..SEEDS).map(|seed| simulated.fork().crash(survives(seed)).read(path)).collect()
}

fn replace(disk: &dyn Disk, path: &str, content: &[u8], expected: Option<Expected>) -> Result<()> {
    match disk.replace(&at(path), content, expected)? {
        Replaced::Done(_) => Ok(()),
        Replaced::Changed => panic!("nobody else changes {path}"),
    }
}

/// Every way to lose power, some seeds each.
fn every_crash() -> impl Iterator<Item = Survives> {
    let seeds = (0..30).flat_map(|seed| [Survives::Ordered(seed), Survives::Subset(seed)]);
    [Survives::SyncedOnly, Survives::Everything].into_iter().chain(seeds)
}

#[test]
fn what_is_synced_survives_every_crash() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let simulated = Simulated::new();
        let disk = simulated.disk();
        // What is on disk: documents whole, logs at least so far.
        let mut documents = std::collections::BTreeMap::new();
        let mut logs = std::collections::BTreeMap::new();
        let mut written = 0_u32;
        for _ in 0..30 {
            let folder = format!("f{}", random.below(3));
            disk.create_folder(&at(&folder)).expect("a folder");
            disk.create_folder(&at("f0")).expect("a folder");
            written += 1;
            let bytes = format!("{written};").repeat(1 + random.below(300)).into_bytes();
            match random.below(5) {
                0 => {
                    let path = format!("{folder}/doc");
                    replace(&*disk, &path, &bytes, None).expect("replaced");
                    documents.insert(path, bytes);
                }
                1 => {
                    let path = format!("{folder}/once-{written}");
                    disk.create_synced(&at(&path), &bytes).expect("created");
                    documents.insert(path, bytes);
                }
                2 => append(&simulated, &format!("{folder}/lost"), &bytes),
                3 => {
                    // What moves to another folder is somewhere, and whole.
                    let path = format!("{folder}/{written}");
                    disk.create_synced(&at(&path), &bytes).expect("created");
                    let moved = format!("f0/moved-{written}");
                    assert_eq!(
                        disk.rename_new(&at(&path), &at(&moved)).expect("moved"),
                        Renamed::Done
                    );
                    disk.sync_folder(&at("f0")).expect("synced");
                    documents.insert(moved, bytes);
                }
                _ => {
                    let path = format!("{folder}/log");
                    append(&simulated, &path, &bytes);
                    if random.once_in(2) {
                        assert!(sync(&simulated, &path));
                        disk.sync_folder(&at(&folder)).expect("synced");
                        logs.insert(path.clone(), simulated.read(&path).expect("a log"));
                    }
                }
            }
        }
        for survives in every_crash() {
            let after = simulated.fork().crash(survives);
            for (path, content) in &documents {
                assert_eq!(after.read(path).as_ref(), Some(content), "{path} {survives:?}");
            }
            for (path, content) in &logs {
                let found = after.read(path).unwrap_or_default();
                assert!(found.starts_with(content), "seed {seed}: {path} {survives:?}");
            }
        }
    }
}

#[test]
fn what_was_not_synced_is_there_or_lost_or_torn_or_zeros() {
    let simulated = with_file("log", b"synced;");
    let lost = [b'x'; 1500];
    append(&simulated, "log", &lost);
    let whole = [b"synced;".as_slice(), &lost].concat();

    let one = |survives| simulated.fork().crash(survives).read("log");
    assert_eq!(one(Survives::SyncedOnly), Some(b"synced;".to_vec()));
    assert_eq!(one(Survives::Everything), Some(whole.clone()));
    for survives in [Survives::Ordered as fn(u64) -> Survives, Survives::Subset] {
        let left = left(&simulated, "log", survives);
        let left = left.into_iter().flatten().collect::<Vec<_>>();
        assert!(left.iter().all(|content| content.starts_with(b"synced;")));
        assert!(left.contains(&whole), "whole");
        assert!(left.contains(&b"synced;".to_vec()), "lost");
        let is_torn = |content: &Vec<u8>| content.len() < whole.len() && content.len() > 7;
        assert!(left.iter().any(|content| is_torn(content) && whole.starts_with(content)), "torn");
        assert!(left.iter().any(|content| content.ends_with(&[0])), "zeros at the end");
    }
    let subset = left(&simulated, "log", Survives::Subset);
    let has_hole = |content: &Vec<u8>| {
        let zero = content.iter().position(|byte| *byte == 0);
        zero.is_some_and(|zero| content[zero..].contains(&b'x'))
    };
    assert!(subset.iter().flatten().any(has_hole), "a sector is missing in the middle");
}

#[test]
fn a_file_whose_name_was_not_synced_may_be_gone() {
    let simulated = Simulated::new();
    simulated.disk().write_new(&at("new"), b"content", true).expect("a file");
    assert_eq!(simulated.fork().crash(Survives::SyncedOnly).paths(), Vec::<String>::new());
    for survives in [Survives::Ordered as fn(u64) -> Survives, Survives::Subset] {
        let left = left(&simulated, "new", survives);
        assert_eq!(left, BTreeSet::from([None, Some(b"content".to_vec())]));
    }
}

#[test]
fn a_folder_whose_name_was_not_synced_may_be_gone_with_all_that_is_in_it() {
    let simulated = Simulated::new();
    let disk = simulated.disk();
    disk.create_new_folder(&at("folder")).expect("a folder");
    disk.create_synced(&at("folder/file"), b"content").expect("a file");
    assert_eq!(simulated.fork().crash(Survives::SyncedOnly).paths(), Vec::<String>::new());
    disk.sync_folder(&TreePath::root()).expect("synced");
    assert_eq!(simulated.fork().crash(Survives::SyncedOnly).paths(), ["folder/file"]);
}

#[test]
fn a_rename_that_was_not_synced_happened_or_not_as_a_whole() {
    let simulated = with_file("a", b"new");
    let disk = simulated.disk();
    disk.create_folder(&at("folder")).expect("a folder");
    disk.create_synced(&at("folder/b"), b"old").expect("a file");
    disk.rename_over(&at("a"), &at("folder/b")).expect("renamed");
    let mut seen = BTreeSet::new();
    for survives in every_crash() {
        let after = simulated.fork().crash(survives);
        seen.insert((after.read("a"), after.read("folder/b")));
    }
    let before = (Some(b"new".to_vec()), Some(b"old".to_vec()));
    assert_eq!(seen, BTreeSet::from([before, (None, Some(b"new".to_vec()))]));
}

#[test]
fn what_is_moved_is_never_nowhere() {
    let simulated = with_file("a", b"content");
    let disk = simulated.disk();
    disk.create_new_folder(&at("new")).expect("a folder");
    disk.create_new_folder(&at("new/inner")).expect("a folder");
    assert_eq!(disk.rename_new(&at("a"), &at("new/inner/b")).expect("renamed"), Renamed::Done);
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        for survives in [Survives::Ordered(seed), Survives::Subset(seed)] {
            seen.insert(simulated.fork().crash(survives).paths());
        }
    }
    let places = ["a", "new/inner/b"].map(|path| vec![path.to_owned()]);
    assert_eq!(seen, BTreeSet::from(places));
}

#[test]
fn a_document_that_is_renamed_before_it_is_synced_may_be_empty() {
    let simulated = with_file("doc", b"old");
    let disk = simulated.disk();
    disk.write_new(&at("temporary"), b"new", false).expect("a file");
    disk.rename_over(&at("temporary"), &at("doc")).expect("renamed");
    disk.sync_folder(&TreePath::root()).expect("synced");
    for survives in [Survives::Ordered as fn(u64) -> Survives, Survives::Subset] {
        let left = left(&simulated, "doc", survives);
        assert!(left.contains(&Some(Vec::new())), "{left:?}");
        assert!(left.contains(&Some(b"new".to_vec())), "{left:?}");
    }
}

#[test]
fn entries_get_to_the_disk_in_order_or_in_any() {
    let simulated = Simulated::new();
    append(&simulated, "first", b"");
    append(&simulated, "second", b"");
    let left = |survives: fn(u64) -> Survives| {
        (0..SEEDS).map(|seed| simulated.fork().crash(survives(seed)).paths()).collect()
    };
    let ordered: BTreeSet<Vec<String>> = left(Survives::Ordered);
    let subset: BTreeSet<Vec<String>> = left(Survives::Subset);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let in_order = BTreeSet::from([names(&[]), names(&["first"]), names(&["first", "second"])]);
    assert_eq!(ordered, in_order);
    assert!(subset.contains(&names(&["second"])), "{subset:?}");
    assert!(subset.is_superset(&in_order));
}

#[test]
fn what_a_sync_failed_to_write_may_be_lost_though_a_later_one_succeeds() {
    let simulated = with_file("log", b"synced;");
    append(&simulated, "log", b"given up;");
    simulated.arm(Fault::SyncFails, 0);
    assert!(!sync(&simulated, "log"));
    assert_eq!(simulated.disarm(), Armed { operations: 1, hit: true });
    assert!(sync(&simulated, "log"), "the second one has nothing to write");
    assert_eq!(simulated.read("log"), Some(b"synced;given up;".to_vec()), "it is seen");
    assert_eq!(simulated.fork().crash(Survives::SyncedOnly).read("log"), Some(b"synced;".to_vec()));
    append(&simulated, "log", b"later;");
    assert!(sync(&simulated, "log"));
    let hole = [b"synced;".as_slice(), &[0; 9], b"later;"].concat();
    assert_eq!(simulated.fork().crash(Survives::SyncedOnly).read("log"), Some(hole.clone()));
    let left = left(&simulated, "log", Survives::Ordered);
    assert!(left.contains(&Some(hole)), "{left:?}");
    assert!(left.contains(&Some(b"synced;given up;later;".to_vec())), "{left:?}");
}

#[test]
fn a_document_is_old_or_new_wherever_the_power_is_cut() {
    let simulated = with_file("doc", b"old");
    let counted = simulated.fork();
    counted.arm(Fault::None, 0);
    replace(&*counted.disk(), "doc", b"new", None).expect("replaced");
    let Armed { operations, hit } = counted.disarm();
    assert!(!hit);
    let told = counted.trace();
    assert_eq!(told.len(), operations, "{told:?}");
    // Create, mode, write, sync, rename, sync of the folder.
    assert_eq!(operations, 6, "{told:?}");
    assert!(told[4].starts_with("4 rename .doc.") && told[4].ends_with(" -> doc"), "{told:?}");
    for step in 0..=operations {
        for survives in every_crash() {
            let running = simulated.fork();
            running.arm(Fault::PowerOff, step);
            let acknowledged = replace(&*running.disk(), "doc", b"new", None).is_ok();
            assert_eq!(acknowledged, step == operations);
            assert_eq!(running.disarm().hit, step < operations);
            let found = running.crash(survives).read("doc");
            let is_new = found.as_deref() == Some(b"new");
            assert!(is_new || found.as_deref() == Some(b"old"), "{step} {survives:?}: {found:?}");
            assert!(is_new || !acknowledged, "{step} {survives:?}");
        }
    }
}

#[test]
fn without_power_nothing_works_until_it_is_back() {
    let simulated = with_file("log", b"one;");
    let disk = simulated.disk();
    let file = disk.open_append(&at("log")).expect("opened").expect("a file");
    assert!(file.try_lock().expect("a lock"));
    simulated.arm(Fault::PowerOff, 1);
    file.append(b"two;").expect("the last that is done");
    file.sync().expect_err("no power");
    file.status().expect_err("no power");
    simulated.disarm();
    disk.status(&at("log")).expect_err("still no power");

    let after = simulated.crash(Survives::Everything);
    file.append(b"three;").expect_err("the old one is dead");
    assert_eq!(after.read("log"), Some(b"one;two;".to_vec()));
    let file = after.disk().open_append(&at("log")).expect("opened").expect("a file");
    assert!(file.try_lock().expect("a lock"), "the lock died with its holder");
    // And once more.
    file.append(b"four;").expect("appended");
    let again = after.crash(Survives::SyncedOnly);
    assert_eq!(again.read("log"), Some(b"one;two;".to_vec()));
    file.append(b"five;").expect_err("nor does what was open before it");
}

#[test]
fn a_short_write_and_an_interrupted_one_are_gone_on_with() {
    for fault in [Fault::ShortWrite, Fault::Eintr] {
        let simulated = with_file("log", b"one;");
        let file = simulated.disk().open_append(&at("log")).expect("opened").expect("a file");
        simulated.arm(fault, 0);
        file.append(b"two;").expect("appended");
        assert_eq!(simulated.disarm(), Armed { operations: 2, hit: true }, "{fault:?}");
        assert_eq!(simulated.read("log"), Some(b"one;two;".to_vec()), "{fault:?}");
        simulated.arm(fault, 1);
        file.truncate(5).expect("cut");
        file.append(b"three;").expect("appended");
        assert!(simulated.disarm().hit);
        assert_eq!(simulated.read("log"), Some(b"one;tthree;".to_vec()), "{fault:?}");
    }
}

#[test]
fn an_interrupted_sync_is_not_tried_again() {
    let simulated = with_file("log", b"one;");
    append(&simulated, "log", b"two;");
    simulated.arm(Fault::Eintr, 0);
    assert!(!sync(&simulated, "log"));
    assert_eq!(simulated.disarm(), Armed { operations: 1, hit: true });
    simulated.arm(Fault::Eintr, 0);
    simulated.disk().sync_folder(&TreePath::root()).expect_err("interrupted");
    assert_eq!(simulated.disarm(), Armed { operations: 1, hit: true });
}

#[test]
fn a_full_disk_takes_half_a_write_and_nothing_new() {
    let simulated = with_file("log", b"one;");
    let disk = simulated.disk();
    let file = disk.open_append(&at("log")).expect("opened").expect("a file");
    simulated.arm(Fault::FullFromThere, 1);
    file.append(b"two;").expect("appended");
    file.append(b"three;").expect_err("full");
    file.append(b"four;").expect_err("full");
    disk.create_synced(&at("new"), b"").expect_err("full");
    disk.create_folder(&at("folder")).expect_err("full");
    file.truncate(8).expect("cutting frees");
    file.sync().expect("nothing to find space for");
    assert!(simulated.disarm().hit);
    file.append(b"five;").expect("there is space again");
    assert_eq!(simulated.read("log"), Some(b"one;two;five;".to_vec()));

    simulated.arm(Fault::Enospc, 0);
    file.append(b"six;").expect_err("full");
    file.append(b"seven;").expect("there is space again");
    assert!(simulated.disarm().hit);
    assert_eq!(simulated.read("log"), Some(b"one;two;five;siseven;".to_vec()));
}

#[test]
fn what_fails_with_eio_is_not_done() {
    let simulated = with_file("log", b"one;");
    let disk = simulated.disk();
    for (what, call) in [
        ("rename", &(|| disk.rename_over(&at("log"), &at("other"))) as &dyn Fn() -> Result<()>),
        ("remove", &|| disk.remove_file(&at("log"))),
        ("create", &|| disk.write_new(&at("new"), b"", false)),
        ("mkdir", &|| disk.create_new_folder(&at("new"))),
        ("sync", &|| disk.sync_folder(&TreePath::root())),
    ] {
        simulated.arm(Fault::Eio, 0);
        call().expect_err(what);
        assert_eq!(simulated.disarm(), Armed { operations: 1, hit: true }, "{what}");
        assert_eq!(simulated.trace().len(), 1, "{what}");
        assert_eq!(simulated.paths(), ["log"], "{what}");
    }
}

#[test]
fn a_fork_and_its_origin_know_nothing_of_each_other() {
    let simulated = with_file("log", b"one;");
    append(&simulated, "log", b"two;");
    let fork = simulated.fork();
    append(&fork, "log", b"three;");
    append(&fork, "new", b"");
    append(&simulated, "log", b"four;");
    assert_eq!(simulated.read("log"), Some(b"one;two;four;".to_vec()));
    assert_eq!(simulated.paths(), ["log"]);
    assert_eq!(fork.read("log"), Some(b"one;two;three;".to_vec()));
    let after = fork.crash(Survives::SyncedOnly);
    assert_eq!(after.read("log"), Some(b"one;".to_vec()), "what was not synced still is not");
    append(&simulated, "log", b"five;");
}
