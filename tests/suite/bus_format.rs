//! Every rule of the bus file, by cases: which messages a file holds, whether damage is
//! reported, and what a writer finds at its end.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use callboard::domain::{Integrity, Message};
use callboard::layout::message_file::{
    Damage, GUARD, Item, Origin, Position, Record, SEPARATOR, Step, Tail, next, scan_all,
};
use serde_json::Value;

const CASES: &str = include_str!("../fixtures/bus_cases.json");

pub(crate) fn bytes_of(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().expect("base64 is text")).expect("base64 is right")
}

pub(crate) fn records(items: &[Item]) -> Vec<&Record> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Record(record) => Some(&**record),
            Item::Damage(_) => None,
        })
        .collect()
}

fn cases() -> Vec<Value> {
    serde_json::from_str(CASES).expect("the fixture is JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Says in what a record differs from what a case expects.
fn difference(record: &Record, expected: &Value) -> Option<String> {
    let message = &record.message;
    let origin = match text(expected, "kind") {
        "own" => Origin::Own,
        "foreign" => Origin::Foreign,
        _ => Origin::Legacy,
    };
    let id_fits = match expected["msg_id"].as_str() {
        Some(id) => message.msg_id == id,
        None => !message.msg_id.is_empty() && message.integrity == Integrity::Synthetic,
    };
    let ts = expected["ts"].as_str().map(|ts| ts.parse().expect("a time"));
    let texts = [
        (&message.kind, "type"),
        (&message.project_id, "project_id"),
        (&message.task_id, "task_id"),
        (&message.run_id, "run_id"),
        (&message.issue_id, "issue_id"),
        (&message.attachment_path, "attachment_path"),
        (&message.request_id, "request_id"),
    ];
    let fits = record.origin == origin
        && id_fits
        && message.ts == ts
        && message.body == bytes_of(&expected["body_b64"])
        && texts.iter().all(|(actual, key)| *actual == text(expected, key))
        && structured(message) == structured_expected(expected);
    (!fits).then(|| format!("{record:?}\n  is not {expected}"))
}

fn structured(message: &Message) -> Value {
    let parents: Vec<Value> = message
        .parents
        .iter()
        .map(|parent| serde_json::json!([parent.msg_id, parent.kind, parent.meta]))
        .collect();
    let links: Vec<Value> = message
        .links
        .iter()
        .map(|link| serde_json::json!([link.url, link.label, link.kind]))
        .collect();
    serde_json::json!([parents, links, message.meta])
}

fn structured_expected(expected: &Value) -> Value {
    let list = |key: &str| expected[key].as_array().cloned().unwrap_or_default();
    let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let parents: Vec<Value> = list("parents")
        .iter()
        .map(|it| serde_json::json!([text(it, "msg_id"), text(it, "kind"), map(&it["meta"])]))
        .collect();
    let links: Vec<Value> = list("links")
        .iter()
        .map(|it| serde_json::json!([text(it, "url"), text(it, "label"), text(it, "kind")]))
        .collect();
    serde_json::json!([parents, links, map(&expected["meta"])])
}

fn check(case: &Value) -> Result<(), String> {
    let input = bytes_of(&case["input_b64"]);
    let (items, tail) = scan_all(&input);
    let found = records(&items);
    let expected = case["expect"].as_array().expect("a list");
    if found.len() != expected.len() {
        return Err(format!("{} records, not {}: {items:#?}", found.len(), expected.len()));
    }
    for (record, expected) in found.iter().zip(expected) {
        if let Some(difference) = difference(record, expected) {
            return Err(difference);
        }
    }
    let reported = items.len() > found.len() || tail != Tail::Complete;
    if reported != case["reported"].as_bool().expect("a flag") {
        return Err(format!("reported is {reported}: {items:?} {tail:?}"));
    }
    let tail = match tail {
        Tail::Complete => ("complete", input.len() as u64),
        Tail::Torn { keep } => ("torn", keep),
        Tail::Damaged => ("damage", input.len() as u64),
    };
    let expected = (text(case, "tail"), case["tail_keep"].as_u64().expect("a number"));
    if tail != expected {
        return Err(format!("the tail is {tail:?}, not {expected:?}"));
    }
    Ok(())
}

#[test]
fn every_case_of_the_rules_is_read_as_it_says() {
    let cases = cases();
    assert_eq!(cases.len(), 84);
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| check(case).err().map(|error| format!("{}: {error}", case["name"])))
        .collect();
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_case_reads_the_same_in_windows_of_any_size() {
    for case in cases() {
        let input = bytes_of(&case["input_b64"]);
        let whole = scan_all(&input);
        for size in [1, 2, 7, 64] {
            if input.len() > 10_000 && size < 64 {
                continue;
            }
            assert_eq!(windowed(&input, size), whole, "{} by {size} bytes", case["name"]);
        }
    }
}

#[test]
fn every_case_reads_the_same_from_any_of_its_records() {
    for case in cases() {
        let input = bytes_of(&case["input_b64"]);
        let (items, tail) = scan_all(&input);
        let all = records(&items);
        for (place, record) in all.iter().enumerate() {
            let position = Position::at_record(record.offset, record.line);
            let (later, later_tail) = scan_from(position, &input);
            assert_eq!(records(&later), all[place..], "{} from {place}", case["name"]);
            assert_eq!(later_tail, tail, "{} from {place}", case["name"]);
        }
    }
}

/// Reads to the end from a position, in one window.
pub(crate) fn scan_from(mut position: Position, file: &[u8]) -> (Vec<Item>, Tail) {
    let mut items = Vec::new();
    loop {
        let start = position.offset() as usize;
        match next(&mut position, &file[start..], true) {
            Step::Record(record) => items.push(Item::Record(record)),
            Step::Damage(damage) => items.push(Item::Damage(damage)),
            Step::End(tail) => return (items, tail),
            Step::NeedMore => panic!("NeedMore at the end"),
        }
    }
}

/// Reads a file in windows that grow by `size` bytes.
pub(crate) fn windowed(file: &[u8], size: usize) -> (Vec<Item>, Tail) {
    let mut position = Position::start();
    let mut items = Vec::new();
    let mut known = 0;
    loop {
        let start = position.offset() as usize;
        known = known.max(start);
        let before = position.clone();
        match next(&mut position, &file[start..known], known == file.len()) {
            Step::Record(record) => items.push(Item::Record(record)),
            Step::Damage(damage) => items.push(Item::Damage(damage)),
            Step::End(tail) if known == file.len() => return (items, tail),
            Step::End(_) => panic!("an end before the end"),
            Step::NeedMore => {
                assert_eq!(before, position, "NeedMore moves nothing");
                assert!(known < file.len(), "NeedMore at the end");
                known = file.len().min(known + size);
            }
        }
    }
}

#[test]
fn an_edited_record_is_reported_and_delivered_as_modified_when_it_grew() {
    let case = cases().into_iter().find(|case| case["name"] == "own plain").expect("the case");
    let input = String::from_utf8(bytes_of(&case["input_b64"])).expect("text");
    let edited = input.replace("---\nx\n", "---\nx, and more\n");
    let (items, tail) = scan_all(edited.as_bytes());
    assert!(matches!(items[0], Item::Damage(Damage { offset: 0, .. })), "{items:?}");
    let Item::Record(record) = &items[1] else { panic!("{items:?}") };
    assert_eq!(record.message.body, b"x, and more");
    assert_eq!(record.message.integrity, Integrity::Modified);
    assert_eq!((items.len(), tail), (2, Tail::Damaged));

    let followed = [edited.as_bytes(), SEPARATOR, input.as_bytes()].concat();
    let (items, tail) = scan_all(&followed);
    assert_eq!(records(&items)[0].message.body, b"x, and more");
    assert_eq!(records(&items)[1].message.integrity, Integrity::Verified);
    assert_eq!((items.len(), tail), (3, Tail::Complete));
}

#[test]
fn a_last_record_with_a_wrong_checksum_stays_as_damage() {
    let case = cases().into_iter().find(|case| case["name"] == "own plain").expect("the case");
    let mut input = bytes_of(&case["input_b64"]);
    let body = input.len() - 2;
    input[body] ^= 1;
    let (items, tail) = scan_all(&input);
    assert!(records(&items).is_empty());
    assert_eq!((items.len(), tail), (1, Tail::Damaged));
}

#[test]
fn a_half_written_guard_never_costs_the_record_before_it() {
    let foreign = b"---\nmsg_id: A\ntype: X\n---\nx\n---\n# h\n";
    let whole = [&foreign[..], GUARD, SEPARATOR, b"---\n"].concat();
    for length in foreign.len() + 6..foreign.len() + GUARD.len() {
        let (items, tail) = scan_all(&whole[..length]);
        assert_eq!(records(&items)[0].message.body, b"x\n---\n# h", "at {length}");
        assert_eq!(tail, Tail::Torn { keep: foreign.len() as u64 }, "at {length}");
    }
}

#[test]
fn a_foreign_body_over_the_limit_is_reported_and_passed_over_in_bounded_windows() {
    let header = b"---\nmsg_id: A\nts: 2026-01-01T00:00:00Z\ntype: X\n---\n";
    let next_record = b"\n---\nmsg_id: B\nts: 2026-01-01T00:00:00Z\ntype: X\n---\nb\n";
    let long = b"a line of text\n".repeat(800_000);
    let file = [&header[..], &long, next_record].concat();
    let (items, tail) = scan_all(&file);
    let found = records(&items);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].message.msg_id.as_str(), tail), ("B", Tail::Complete));
    assert!(items.len() > 2, "the long body is reported");

    let mut position = Position::start();
    let mut window = 0;
    let mut in_windows = Vec::new();
    loop {
        let start = position.offset() as usize;
        let end = file.len().min(start + window);
        match next(&mut position, &file[start..end], end == file.len()) {
            Step::Record(record) => in_windows.push(Item::Record(record)),
            Step::Damage(damage) => in_windows.push(Item::Damage(damage)),
            Step::NeedMore => window += 1 << 18,
            Step::End(_) => break,
        }
        assert!(window < 5 << 20, "the window is bounded");
    }
    assert_eq!(in_windows, items);
}
