//! What can be wrong with buses, with the place.

use std::fs;
use std::process::{Command, Stdio};

use super::tree::{append, bus_of, put};
use super::verify;
use crate::foreign_writer::record;

const BUS: &str = "p/PROJECT-MESSAGE-BUS.md";

#[test]
fn a_flipped_bit_is_damage_at_the_record_and_its_neighbours_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bytes = bus_of(&["one", "two", "three"]);
    let second = bus_of(&["one"]).len() + 1;
    let body = second + bytes[second..].windows(3).position(|it| it == b"two").expect("a body");
    bytes[body] ^= 1;
    put(folder.path(), BUS, &bytes);
    let looked = verify(folder.path());
    looked.assert_found(&[&format!("{BUS}:{second} DAMAGED_RECORD")]);
    assert!(looked.stderr.contains("1 bus with 2 messages: 1 damaged"), "{}", looked.stderr);
    let message = looked.findings[0]["message"].as_str().expect("a message");
    assert!(message.contains("checksum"), "{message}");
}

#[test]
fn a_torn_tail_is_repairable_and_in_an_archive_it_is_damage() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = bus_of(&["one"]);
    let torn = &bus_of(&["one", "two"])[..whole.len() + 40];
    put(folder.path(), BUS, torn);
    put(folder.path(), "q/PROJECT-MESSAGE-BUS.md.20260101-000000.archived", torn);
    let keep = whole.len();
    verify(folder.path()).assert_found(&[
        &format!("{BUS}:{keep} TORN_RECORD"),
        &format!("q/PROJECT-MESSAGE-BUS.md.20260101-000000.archived:{keep} DAMAGED_RECORD"),
    ]);
}

#[test]
fn what_a_person_added_to_a_message_is_a_note() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = String::from_utf8(bus_of(&["one", "two"])).expect("text");
    put(folder.path(), BUS, text.replace("\none\n", "\none and more\n"));
    verify(folder.path()).assert_found(&[&format!("{BUS}:0 EDITED_RECORD")]);
}

#[test]
fn a_field_of_another_program_that_cannot_be_read_is_a_note() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = record("a", "text").replace("2026-03-04T05:06:07Z", "soon");
    put(folder.path(), BUS, text);
    verify(folder.path()).assert_found(&[&format!("{BUS}:0 LEFT_OUT_FIELD")]);
}

#[test]
fn messages_of_ours_that_are_there_twice_or_out_of_order_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bytes = Vec::new();
    for (second, body) in [(5, "a"), (5, "a again"), (4, "earlier"), (6, "b")] {
        if !bytes.is_empty() {
            bytes.push(b'\n');
        }
        append(&mut bytes, second, body);
    }
    put(folder.path(), BUS, &bytes);
    let text = String::from_utf8(bytes).expect("text");
    let places: Vec<_> = text.match_indices("---\nmsg_id").map(|(at, _)| at).collect();
    verify(folder.path()).assert_found(&[
        &format!("{BUS}:{} ID_ORDER", places[1]),
        &format!("{BUS}:{} ID_ORDER", places[2]),
    ]);
}

#[test]
fn archives_without_a_time_in_their_names_or_out_of_order_are_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    // Its first message has no readable time, so it is read first.
    let mut late = record("a", "text").replace("2026-03-04T05:06:07Z", "soon").into_bytes();
    late.push(b'\n');
    append(&mut late, 500, "late");
    let mut early = record("b", "text").replace("2026-03-04", "2030-01-01").into_bytes();
    early.push(b'\n');
    append(&mut early, 100, "early");
    put(folder.path(), &format!("{BUS}.20260101-000000.archived"), bus_of(&["one"]));
    put(folder.path(), &format!("{BUS}.20260102-000000.archived"), late);
    put(folder.path(), &format!("{BUS}.old.archived"), early);
    let found = verify(folder.path());
    found.assert_found(&[
        &format!("{BUS}.20260102-000000.archived:0 LEFT_OUT_FIELD"),
        &format!("{BUS}.old.archived ARCHIVE_ORDER"),
        &format!("{BUS}.old.archived ARCHIVE_NAME"),
    ]);
}

#[test]
fn what_is_no_file_where_a_bus_belongs_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    put(root, "elsewhere.md", "text");
    for project in ["a", "b", "c"] {
        fs::create_dir(root.join(project)).expect("a project");
    }
    let bus = |project: &str| root.join(project).join("PROJECT-MESSAGE-BUS.md");
    std::os::unix::fs::symlink(root.join("elsewhere.md"), bus("a")).expect("a symlink");
    fs::create_dir(bus("b")).expect("a folder");
    let pipe = Command::new("mkfifo").arg(bus("c")).status().expect("mkfifo runs");
    assert!(pipe.success());
    verify(root).assert_found(&[
        "a/PROJECT-MESSAGE-BUS.md NOT_REGULAR",
        "b/PROJECT-MESSAGE-BUS.md NOT_REGULAR",
        "c/PROJECT-MESSAGE-BUS.md NOT_REGULAR",
    ]);
}

#[test]
fn a_lock_that_another_program_holds_on_and_on_is_found_with_its_pid() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), BUS, bus_of(&["one"]));
    put(folder.path(), "p/t/task.json", "{}");
    put(folder.path(), "p/t/task.json.lock", "");
    // Says when it has the locks, and holds them until its stdin ends.
    let script = "exec 8<\"$1\" 9<\"$2\"; flock 8; flock 9; echo locked; read -r line";
    let mut holder = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(folder.path().join(BUS))
        .arg(folder.path().join("p/t/task.json.lock"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let lines = crate::server::Lines::of(holder.stdout.take().expect("its stdout"));
    assert_eq!(lines.next().as_deref(), Some("locked"));
    let looked = verify(folder.path());
    drop(holder.stdin.take());
    holder.wait().expect("it ends");
    looked.assert_found(&[&format!("{BUS} LOCKED"), "p/t/task.json.lock LOCKED"]);
    for finding in &looked.findings {
        let message = finding["message"].as_str().expect("a message");
        assert!(message.contains("pid "), "{message}");
    }
    verify(folder.path()).assert_found(&[]);
}
