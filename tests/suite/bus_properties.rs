//! What holds for every bus file, tried on many that are made up.

use std::collections::BTreeMap;

use callboard::domain::{Integrity, Link, NewMessage, Parent};
use callboard::layout::message_file::{
    GUARD, Item, NewRecord, Position, Record, SEPARATOR, Step, Tail, encode, next, scan_all,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::bus_format::{records, scan_from};
use crate::fuzz_checks::{append, windowed};
use crate::original_reader;

/// Pieces that mean something in a bus file.
const PIECES: [&str; 34] = [
    "---",
    "---\n",
    "\n---\n",
    " ---\n",
    "  ---",
    "---\r\n",
    "---\r\r\n",
    "--- \n",
    "--",
    "-",
    "\n",
    "\n\n",
    "\r\n",
    "text",
    "k: v\n",
    "msg_id: Z\n",
    "msg_i",
    "ts: 2026-01-01T00:00:00Z\n",
    "type: FACT\n",
    "project_id: p\ntask_id: t\nrun_id: r\n",
    "body_size: 1\n",
    "checksum: crc32c-00000000\n",
    "[2026-03-01 10:00:00] FACT: one\n",
    "[",
    "<!-- -->\n",
    "# h\n",
    "---\nmsg_id: Q\nts: 2026-01-01T00:00:00Z\ntype: FACT\nproject_id: p\ntask_id: t\nrun_id: r\n---\nq\n",
    "---\nmessageId: O\ntype: X\n---\n\nolder\n---\n",
    "---\nmsg_id: A\nts: 2026-03-04T05:06:07.5Z\ntype: FACT\nproject_id: p\ntask_id: t\nrun_id: r\nbody_size: 1\nchecksum: crc32c-93d3f4e2\n---\nx\n",
    "---\nmsg_id: A\nts: 2026-03-04T05:06:07.5Z\ntype: FACT\nproject_id: p\ntask_id: t\nrun_id: r\nbody_size: 9\nchecksum: crc32c-93d3f4e2\n---\nx\n",
    "\u{feff}",
    "\0",
    "meta: {a: [1]}\n",
    "parents: [&a x, *a]\n",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

pub(crate) fn body() -> impl Strategy<Value = String> {
    vec(piece(), 0..8).prop_map(|pieces| pieces.concat())
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z]{1,8}",
        proptest::sample::select(
            &[
                "yes",
                "null",
                "~",
                "007",
                "1.50",
                "2026-01-01",
                "a: b",
                "a #b",
                "a ",
                " a",
                "'",
                "\"",
                "\\",
                "- x",
                "20260223-2048581234-66789-1",
                "<<",
                "=",
                "[",
                "{",
                "&a",
                "*a",
                "!t",
                "|"
            ][..],
        )
        .prop_map(str::to_owned),
        any::<String>(),
        vec(any::<char>(), 0..20).prop_map(String::from_iter),
    ]
}

fn filled() -> impl Strategy<Value = String> {
    word().prop_filter("not blank", |word| !word.trim().is_empty())
}

fn pairs() -> impl Strategy<Value = BTreeMap<String, String>> {
    let long_key = Just("\u{1f600}".repeat(128));
    btree_map(prop_oneof![20 => word(), 1 => long_key], word(), 0..4)
}

fn message() -> impl Strategy<Value = NewMessage> {
    let parent = (filled(), word(), pairs());
    let parent = parent.prop_map(|(msg_id, kind, meta)| Parent { msg_id, kind, meta });
    let bare = filled().prop_map(|msg_id| Parent { msg_id, ..Parent::default() });
    let parents = prop_oneof![vec(bare, 0..3), vec(parent, 0..3)];
    let link = (filled(), word(), word());
    let link = link.prop_map(|(url, label, kind)| Link { url, label, kind });
    let texts = (filled(), word(), word(), word(), body());
    (texts, parents, vec(link, 0..3), pairs()).prop_map(
        |((kind, run_id, issue_id, attachment_path, body), parents, links, meta)| NewMessage {
            kind,
            run_id,
            issue_id,
            parents,
            links,
            meta,
            attachment_path,
            body,
        },
    )
}

fn plain_message() -> impl Strategy<Value = NewMessage> {
    body().prop_map(|body| NewMessage { kind: "FACT".to_owned(), body, ..NewMessage::default() })
}

/// What other programs and people write.
fn foreign() -> impl Strategy<Value = String> {
    let text = proptest::sample::select(
        &[
            "a\n",
            "# t\n\n---\n\nmore\n",
            "---\n",
            "x\n---\nk: v\n",
            "x\n---\nk: v\n---\ny\n",
            "\n",
            "a\r\n",
            "[2026-03-01 10:00:00] FACT: one\n",
            "x\n---\n\n[2026-03-01 10:00:00] FACT: one\n",
            "x\n\n---\n",
        ][..],
    );
    let header = proptest::sample::select(
        &[
            "msg_id: F\nts: 2026-01-01T00:00:00Z\ntype: X\nproject_id: p\ntask_id: t\nrun_id: r\n",
            "msg_id: F\nts: yesterday\ntype: X\n",
            "msg_id: F\nts: 2026-01-02T03:04:05\ntype: X\n",
            "type: X\nproject_id: p\n",
            "messageId: F\ntype: X\n",
            "msg_id: F\nmeta: {a: {b: c}}\n",
            "msg_id: F\ntype: X\ntype: Y\n",
            "msg_id: [\n",
            "msg_id: F\r\ntype: X\r\n",
            "msg_id: F\nmeta: {1: a}\n",
        ][..],
    );
    let record =
        (header, text.clone()).prop_map(|(header, text)| format!("\n---\n{header}---\n{text}"));
    prop_oneof![4 => record, 2 => text.prop_map(str::to_owned), 1 => piece()]
}

#[derive(Debug, Clone)]
enum Part<M = NewMessage> {
    Own(M),
    Foreign(String),
}

/// What other programs and people leave behind, also when they died in the middle of it.
///
/// Not among it, because what was read before may then be read otherwise: a torn record of
/// ours that nobody cut off before something else was appended (we always cut it off, see
/// `bus_faults` for that).
fn left_behind() -> impl Strategy<Value = String> {
    let fragment = proptest::sample::select(
        &[
            "\n---\ntype: FACT\nproject_id: t",
            "\n---\ntype: FACT\nproject_id: t\n",
            "\n---\nmessageId: G\ntype: X",
            "\n---\nmessageId: G\ntype: X\n",
            "\n---\nmsg_id: G\ntype: X\n",
            "\n---\nmsg_i",
            "\n---\nmsg_id: G\ntype: X\n---\n",
            "\n---\nmsg_id: G\ntype: X\n---\nhalf",
            "\n---\nmsg_id: G\ntype: X: y\n---\n[2026-03-01 10:00:00] half\n",
            "\n---\ntitle: t\n",
            "\n---",
            "\n--",
            "\n",
            "a note",
            "a note\n",
            "\r",
            "[2026-03-01 10:00:00] FACT: one\n",
        ][..],
    );
    prop_oneof![foreign(), fragment.prop_map(str::to_owned)]
}

fn parts(message: impl Strategy<Value = NewMessage> + 'static) -> impl Strategy<Value = Vec<Part>> {
    vec(prop_oneof![message.prop_map(Part::Own), foreign().prop_map(Part::Foreign)], 1..7)
}

fn id(number: usize) -> String {
    format!("MSG-20260223-191710-{number:09}-PID67946-0001")
}

pub(crate) fn encoded(message: &NewMessage, number: usize) -> Vec<u8> {
    let msg_id = id(number);
    let record = NewRecord {
        project_id: "swarm",
        task_id: "",
        message,
        msg_id: &msg_id,
        ts: "2026-02-23T19:17:10.184887Z".parse().expect("a time"),
        request_id: (number % 2 == 1).then_some("req-1"),
        batch: (number % 3 == 1).then_some((2, 5)),
    };
    let mut out = b"before".to_vec();
    encode(&record, &mut out).expect("it fits");
    out.split_off(b"before".len())
}

fn build(parts: &[Part]) -> (Vec<u8>, Vec<(usize, NewMessage)>) {
    let (mut file, mut own) = (Vec::new(), Vec::new());
    for (number, part) in parts.iter().enumerate() {
        match part {
            Part::Own(message) => {
                append(&mut file, &encoded(message, number));
                own.push((number, message.clone()));
            }
            Part::Foreign(text) => file.extend_from_slice(text.as_bytes()),
        }
    }
    (file, own)
}

pub(crate) fn check_own(record: &Record, number: usize, message: &NewMessage) {
    let found = &record.message;
    let issue_id = match message.issue_id.as_str() {
        "" if message.kind == "ISSUE" => id(number),
        given => given.to_owned(),
    };
    assert_eq!(found.integrity, Integrity::Verified);
    assert_eq!(found.msg_id, id(number));
    assert_eq!(found.kind, message.kind);
    assert_eq!((found.project_id.as_str(), found.task_id.as_str()), ("swarm", ""));
    assert_eq!((&found.run_id, &found.issue_id), (&message.run_id, &issue_id));
    assert_eq!((&found.parents, &found.links), (&message.parents, &message.links));
    assert_eq!((&found.meta, &found.attachment_path), (&message.meta, &message.attachment_path));
    assert_eq!(found.request_id, if number % 2 == 1 { "req-1" } else { "" });
    assert_eq!(record.batch, (number % 3 == 1).then_some((2, 5)));
    assert_eq!(String::from_utf8_lossy(&found.body), message.body);
}

pub(crate) fn own_of(items: &[Item]) -> Vec<&Record> {
    let is_ours = |record: &&Record| record.message.msg_id.starts_with("MSG-20260223-");
    records(items).into_iter().filter(is_ours).collect()
}

fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |last| last + 1);
    &text[..end]
}

/// The body as it is stored, by the rule and not by our code.
fn stored(body: &str) -> String {
    let stuff = |line: &str| {
        let bare = line.trim_end_matches('\r').trim_start_matches(' ');
        if bare == "---" { format!(" {line}") } else { line.to_owned() }
    };
    body.split('\n').map(stuff).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_that_we_write_comes_back_whatever_stands_around_it(
        parts in prop_oneof![parts(message()), parts(plain_message())],
    ) {
        let (file, own) = build(&parts);
        let (items, _) = scan_all(&file);
        let found = own_of(&items);
        prop_assert_eq!(found.len(), own.len(), "{}", String::from_utf8_lossy(&file));
        for (record, (number, message)) in found.iter().zip(&own) {
            check_own(record, *number, message);
        }
    }

    #[test]
    fn the_original_reader_gets_each_of_our_messages_once(
        parts in prop_oneof![parts(message()), parts(plain_message())],
    ) {
        let (mut file, own) = build(&parts);
        // It takes a last line without a newline for a message that is being written.
        file.push(b'\n');
        let returned = original_reader::read(&file);
        for (number, message) in &own {
            let found: Vec<_> = returned.iter().filter(|it| it.msg_id == id(*number)).collect();
            prop_assert_eq!(found.len(), 1, "{}", String::from_utf8_lossy(&file));
            let found = found[0];
            prop_assert_eq!(&found.kind, &message.kind);
            prop_assert_eq!(&found.run_id, &message.run_id);
            prop_assert_eq!(&found.parents, &message.parents);
            prop_assert_eq!(&found.links, &message.links);
            prop_assert_eq!(&found.meta, &message.meta);
            let stored = stored(&message.body);
            prop_assert!(found.body.starts_with(trimmed(stored.as_bytes())));
        }
    }

    #[test]
    fn a_file_reads_the_same_in_windows_of_any_size(
        pieces in vec(piece(), 0..20), size in 1usize..90,
    ) {
        let file = pieces.concat().into_bytes();
        prop_assert_eq!(windowed(&file, size), scan_all(&file));
    }

    #[test]
    fn a_file_that_we_wrote_into_reads_the_same_in_windows_and_from_each_record(
        parts in parts(plain_message()), size in 1usize..300,
    ) {
        let (file, _) = build(&parts);
        let whole = scan_all(&file);
        prop_assert_eq!(&windowed(&file, size), &whole);
        let all = records(&whole.0);
        for (place, record) in all.iter().enumerate() {
            let (later, tail) = scan_from(Position::at_record(record.offset), &file);
            prop_assert_eq!(records(&later), &all[place..]);
            prop_assert_eq!(tail, whole.1);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in vec(any::<u8>(), 0..300), pieces in vec(piece(), 0..10), at in any::<prop::sample::Index>(),
    ) {
        let mut file = pieces.concat().into_bytes();
        let at = at.index(file.len() + 1);
        file.splice(at..at, bytes);
        prop_assert_eq!(windowed(&file, 37), scan_all(&file));
    }

    #[test]
    fn a_growing_file_gives_the_same_records_as_the_whole(
        bodies in vec((any::<bool>(), body()), 1..7),
    ) {
        let mut file = Vec::new();
        let mut position = Position::start();
        let mut grown = Vec::new();
        for (number, (is_own, body)) in bodies.into_iter().enumerate() {
            if is_own {
                let message = NewMessage { kind: "FACT".to_owned(), body, ..NewMessage::default() };
                let record = encoded(&message, number);
                if !file.is_empty() {
                    if position.needs_guard() {
                        file.extend_from_slice(GUARD);
                    }
                    file.extend_from_slice(SEPARATOR);
                }
                file.extend_from_slice(&record);
            } else {
                let body = body.replace('-', "=").replace('[', "(");
                let body = body.trim();
                let separator = if file.is_empty() { "" } else { "\n" };
                let record = format!("{separator}---\nmsg_id: F{number}\nts: 2026-01-01T00:00:00Z\ntype: X\n---\n{body}\n");
                file.extend_from_slice(record.as_bytes());
            }
            loop {
                let start = position.offset() as usize;
                match next(&mut position, &file[start..], true) {
                    Step::Record(record) => grown.push(*record),
                    Step::End(tail) => {
                        prop_assert_eq!(tail, Tail::Complete);
                        break;
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }
        let (items, _) = scan_all(&file);
        let whole: Vec<Record> = records(&items).into_iter().cloned().collect();
        prop_assert_eq!(grown, whole);
    }

    #[test]
    fn what_was_readable_stays_so_after_an_append_of_ours(
        steps in vec(prop_oneof![
            2 => body().prop_map(Part::Own),
            5 => left_behind().prop_map(Part::Foreign),
        ], 1..8),
    ) {
        let mut file = Vec::new();
        for (number, step) in steps.iter().chain([&Part::Own("last".to_owned())]).enumerate() {
            let body = match step {
                Part::Foreign(text) => {
                    file.extend_from_slice(text.as_bytes());
                    continue;
                }
                Part::Own(body) => body.clone(),
            };
            // A header that only torn ones follow is torn when these are gone. A server that has
            // shown it before keeps it: `Owner::ingest` moves nothing of that away.
            while let (_, Tail::Torn { keep }) = scan_all(&file) {
                file.truncate(keep as usize);
            }
            let (items, _) = scan_all(&file);
            let before: Vec<Record> = records(&items).into_iter().cloned().collect();
            let message = NewMessage { kind: "FACT".to_owned(), body, ..NewMessage::default() };
            append(&mut file, &encoded(&message, number));
            let (items, _) = scan_all(&file);
            let text = String::from_utf8_lossy(&file);
            let after = records(&items);
            prop_assert_eq!(after.len(), before.len() + 1, "{:?}", text);
            for (old, new) in before.iter().zip(&after) {
                prop_assert_eq!((old.offset, &old.message), (new.offset, &new.message), "{:?}", text);
            }
        }
    }
}
