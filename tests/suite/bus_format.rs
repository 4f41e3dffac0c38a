//! Every rule of the bus file, by cases: which messages a file holds, whether damage is
//! reported, and what a writer finds at its end.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use callboard::domain::{Integrity, Message, NewMessage};
use callboard::layout::message_file::{
    Damage, GUARD, Item, Origin, Position, Record, SEPARATOR, Step, Tail, next, scan_all,
    without_zeros,
};
use serde_json::Value;

use crate::bus_properties::encoded;
use crate::fuzz_checks::{append, windowed};
use crate::original_reader;

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
            let position = Position::at_record(record.offset);
            let (later, later_tail) = scan_from(position, &input);
            assert_eq!(records(&later), all[place..], "{} from {place}", case["name"]);
            assert_eq!(later_tail, tail, "{} from {place}", case["name"]);
        }
    }
}

#[test]
fn a_legacy_line_behind_half_a_record_is_found_also_where_lines_are_not_counted() {
    let cut = OWN.replace("msg_id: A", "msg_id: B").replace("body_size: 1", "body_size: 9000");
    let file = format!("{OWN}\n{cut}\n---\n[2026-03-01 10:00:00] FACT: one\n");
    let (items, tail) = scan_all(file.as_bytes());
    assert_eq!(texts(&items)[1].1, "one", "{items:?}");
    assert_eq!(scan_from(Position::at_own_record(0), file.as_bytes()), (items, tail));
}

/// Reads to the end from a position, in one window.
pub(crate) fn scan_from(mut position: Position, file: &[u8]) -> (Vec<Item>, Tail) {
    let length = file.len() as u64;
    let file = without_zeros(file);
    let mut items = Vec::new();
    loop {
        let start = position.offset() as usize;
        match next(&mut position, &file[start..], true) {
            Step::Record(record) => items.push(Item::Record(record)),
            Step::Damage(damage) => items.push(Item::Damage(damage)),
            Step::End(tail) => return (items, tail.at_written(file.len() as u64, length)),
            Step::NeedMore => panic!("NeedMore at the end"),
            Step::NeedLine => {
                let breaks = file[..start].iter().filter(|&&byte| byte == b'\n').count();
                position.set_line(1 + breaks as u64);
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
fn a_record_of_ours_that_lost_its_checksum_keeps_its_body() {
    let body = "a\n---\n  ---\r\nb".to_owned();
    let message = NewMessage { kind: "FACT".to_owned(), body, ..NewMessage::default() };
    let written = String::from_utf8(encoded(&message, 0)).expect("text");
    assert!(written.contains("\n ---\n   ---\r\n"), "{written}");
    // A bit has turned in the word, or somebody took the line away.
    let sum = written.find("checksum: ").expect("a checksum");
    let line = sum..sum + "checksum: crc32c-00000000\n".len();
    let without = [&written[..line.start], &written[line.end..]].concat();
    for damaged in [written.replace("checksum: ", "checkstm: "), without] {
        let (items, tail) = scan_all(damaged.as_bytes());
        let [Item::Record(record)] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!(record.message.body, message.body.as_bytes());
        assert_eq!(record.message.integrity, Integrity::Unchecked);
        assert_eq!(tail, Tail::Complete);
    }
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
fn zeros_at_the_end_of_a_file_are_torn_and_no_text_of_the_record_before_them() {
    let foreign = b"---\nmsg_id: A\ntype: X\n---\none\n\0two\n\n---\nmsg_id: B\ntype: X\n---\nb\n";
    for file in [OWN.repeat(2).as_bytes(), &foreign[..], b"[2026-03-01 10:00:00] INFO: text\n"] {
        for length in 0..=file.len() {
            let written = &file[..length];
            let last = written.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            let (items, tail) = scan_all(&written[..last]);
            let keep = match tail {
                Tail::Torn { keep } => keep,
                Tail::Complete | Tail::Damaged => last as u64,
            };
            for zeros in [1, 7, 5000] {
                let mut padded = written.to_vec();
                padded.resize(length + zeros, 0);
                assert_eq!(scan_all(&padded), (items.clone(), Tail::Torn { keep }), "{length}");
            }
        }
    }
}

/// Reads a file that ends with a whole record, and tells whether a guard belongs behind it.
fn needs_guard(file: &str) -> bool {
    let mut position = Position::start();
    loop {
        let rest = &file.as_bytes()[position.offset() as usize..];
        match next(&mut position, rest, true) {
            Step::Record(_) | Step::Damage(_) => {}
            Step::End(tail) => {
                assert_eq!(tail, Tail::Complete);
                return position.needs_guard();
            }
            step => panic!("{step:?} from the beginning to the end"),
        }
    }
}

/// Asserts that the original reader would not get a record of ours behind this one, and that
/// the guard sees to it.
fn assert_hides_nothing(odd: &str) {
    assert!(needs_guard(odd));
    let read = |parts: &[&[u8]]| original_reader::read(&parts.concat());
    let guarded = read(&[odd.as_bytes(), GUARD, SEPARATOR, OWN.as_bytes()]);
    assert_eq!(guarded.last().map(|last| last.msg_id.as_str()), Some("A"), "{guarded:?}");
    let bare = read(&[odd.as_bytes(), SEPARATOR, OWN.as_bytes()]);
    assert!(bare.iter().all(|it| it.msg_id != "A"), "the guard is needed: {bare:?}");
    assert!(!needs_guard(&format!("{odd}{}\n{OWN}", str::from_utf8(GUARD).expect("text"))));
}

#[test]
fn a_tag_in_a_header_hides_no_record_of_ours_from_the_original_reader() {
    let header = "msg_id: T\nts: 2026-01-01T00:00:00Z\ntype: FACT\nproject_id: p\nrun_id: r\n";
    assert_hides_nothing(&format!("---\n{header}task_id: !t\n---\n\n"));
}

#[test]
fn a_record_of_ours_that_a_person_put_a_rule_before_hides_none_behind_it() {
    // The original reader takes its header for a body, and its body for a header.
    let signed = "---\nmsg_id: B\nts: 2026-03-04T05:06:07.5Z\ntype: FACT\nproject_id: p\ntask_id: t\nrun_id: r\nbody_size: 4\n";
    let sum = crc32c::crc32c_append(crc32c::crc32c(signed.as_bytes()), b"k: v");
    assert_hides_nothing(&format!("---\n\n{signed}checksum: crc32c-{sum:08x}\n---\nk: v\n"));
}

#[test]
fn a_record_of_ours_with_a_time_that_is_none_hides_no_record_from_the_original_reader() {
    let signed = "---\nmsg_id: B\nts: 200-2360-4T05:06:07.5Z\ntype: FACT\nproject_id: p\ntask_id: t\nrun_id: r\nbody_size: 0\n";
    let sum = crc32c::crc32c(signed.as_bytes());
    let odd = format!("{signed}checksum: crc32c-{sum:08x}\n---\n\n");
    let (items, _) = scan_all(odd.as_bytes());
    assert_eq!(records(&items)[0].message.integrity, Integrity::Verified);
    assert_hides_nothing(&odd);
}

#[test]
fn zeros_within_a_file_are_text() {
    let foreign = b"---\nmsg_id: A\ntype: X\n---\none\n\0\0\n";
    let (items, tail) = scan_all(foreign);
    assert_eq!(records(&items)[0].message.body, b"one\n\0\0");
    assert_eq!(tail, Tail::Complete);
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
fn a_half_written_guard_after_an_empty_body_is_none_of_it() {
    for header in ["msg_id: A\ntype: X\nmeta: {a: [1]}\n", "msg_id: A\ntype: X\nts: bad\n"] {
        for body in ["", "\n"] {
            let foreign = format!("---\n{header}---\n{body}");
            let whole = [foreign.as_bytes(), GUARD, SEPARATOR, b"---\n"].concat();
            for length in foreign.len() + 6..foreign.len() + GUARD.len() {
                let (items, tail) = scan_all(&whole[..length]);
                assert_eq!(
                    texts(&items),
                    [("A".to_owned(), String::new())],
                    "{body:?} at {length}"
                );
                let Tail::Torn { keep } = tail else { panic!("{tail:?} {body:?} at {length}") };
                assert_eq!(texts(&scan_all(&whole[..keep as usize]).0), texts(&items));
                assert_eq!(keep as usize, foreign.len() + usize::from(body.is_empty()));
            }
        }
    }
}

const OWN: &str = "---\nmsg_id: A\nts: 2026-03-04T05:06:07.5Z\ntype: FACT\nproject_id: p\ntask_id: t\nrun_id: r\nbody_size: 1\nchecksum: crc32c-93d3f4e2\n---\nx\n";

const FOREIGN: &str = "---\nmsg_id: F-1\nts: 2026-01-01T00:00:00Z\ntype: X\nproject_id: p\ntask_id: t\nrun_id: r\n---\n";

/// The ids and the texts of the records.
fn texts(items: &[Item]) -> Vec<(String, String)> {
    let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    let pair = |record: &Record| (record.message.msg_id.clone(), text(&record.message.body));
    records(items).into_iter().map(pair).collect()
}

/// Reads a file that is complete, appends a record of ours to it as a writer does, and
/// returns what was read of the file before. It must be the same after, and in windows.
fn texts_that_stay(file: &str) -> Vec<(String, String)> {
    let mut longer = file.as_bytes().to_vec();
    let (items, tail) = scan_all(&longer);
    assert_eq!(tail, Tail::Complete, "{file:?}");
    append(&mut longer, OWN.as_bytes());
    let after = scan_all(&longer);
    for size in [1, 5, 13] {
        assert_eq!(windowed(file.as_bytes(), size), (items.clone(), tail), "{file:?} by {size}");
        assert_eq!(windowed(&longer, size), after, "{longer:?} by {size}");
    }
    let before = texts(&items);
    let (ours, rest) =
        texts(&after.0).split_last().map(|(a, b)| (a.clone(), b.to_vec())).expect("ours");
    assert_eq!(ours, ("A".to_owned(), "x".to_owned()), "{file:?}");
    assert_eq!(rest, before, "{file:?} after an append");
    before
}

#[test]
fn a_dead_writers_fragment_never_costs_the_record_before_it() {
    for fragment in [
        "\n---\ntype: FACT\nproject_id: t",
        "\n---\ntype: FACT\nproject_id: t\n",
        "\n---\ntyp",
        "\n---\nmessageId: F-2\ntype: X",
    ] {
        let found = texts_that_stay(&format!("{FOREIGN}a body\n{fragment}"));
        let body = format!("a body\n{}", fragment.trim_end());
        assert_eq!(found, [("F-1".to_owned(), body)]);
    }
}

#[test]
fn a_last_line_without_newline_never_costs_the_record_before_it() {
    for note in ["a note", "- a", "a note\r", "\r", "<!-- -->", "[2026-03-01 10:00:00] FACT: one"] {
        for body in ["a body\n", "\n", "a\n\n---\n\nb\n", "a\n\n"] {
            let found = texts_that_stay(&format!("{FOREIGN}{body}{note}"));
            assert_eq!(found[0].0, "F-1");
            assert!(found[0].1.starts_with(body.trim_end()), "{found:?}");
        }
    }
    let torn = format!("{FOREIGN}a body");
    assert_eq!(scan_all(torn.as_bytes()), (Vec::new(), Tail::Torn { keep: 0 }));
}

#[test]
fn a_guard_closes_no_header() {
    for fragment in [
        "---\ntype: FACT\nproject_id: grd\n",
        "---\ntype: FACT\nproject_id: grd",
        "---\nmessageId: G\ntype: X\n",
        "---\ntitle: t\ntype: note\nproject: p\n",
    ] {
        assert!(texts_that_stay(fragment).is_empty());
        let found = texts_that_stay(&format!("{FOREIGN}a body\n\n{fragment}"));
        assert_eq!(found, [("F-1".to_owned(), format!("a body\n\n{}", fragment.trim_end()))]);
    }
    let closed = [b"---\nmsg_id: G\ntype: X\n", GUARD, SEPARATOR, OWN.as_bytes()].concat();
    let (items, _) = scan_all(&closed);
    assert_eq!(texts(&items), [("A".to_owned(), "x".to_owned())]);
    assert_eq!(items.len(), 2, "the torn header is reported");
    for length in b"---\nmsg_id: G\ntype: X\n".len() + 6..closed.len() {
        assert!(records(&scan_all(&closed[..length]).0).is_empty(), "at {length}");
    }
}

#[test]
fn dashes_that_are_moved_away_are_no_part_of_an_edited_body() {
    let edited = OWN.replace("body_size: 1", "body_size: 9").replace("x\n", "x and more\n");
    let (items, tail) = scan_all(format!("{edited}\n---").as_bytes());
    assert_eq!(tail, Tail::Torn { keep: u64::try_from(edited.len()).expect("small") });
    assert_eq!(texts(&items), [("A".to_owned(), "x and more".to_owned())]);
    assert_eq!(texts(&scan_all(edited.as_bytes()).0), texts(&items), "when they are gone");
}

#[test]
fn a_line_of_a_torn_headers_text_is_never_a_message() {
    let file = "---\nmsg_id: F-1\ntype: FACT: urgent\n---\n[2026-03-01 10:00:00] build started\n";
    let (items, _) = scan_all(file.as_bytes());
    assert_eq!((items.len(), records(&items).len()), (1, 0), "{items:?}");
    assert!(texts_that_stay(file).is_empty());
    let later = format!("{file}\n---\n[2026-03-01 10:00:00] FACT: of another\n");
    let (items, _) = scan_all(later.as_bytes());
    assert_eq!(records(&items).len(), 1, "a legacy line after another rule is one");
}

#[test]
fn a_header_that_is_closed_otherwise_than_we_do_is_read_the_same_in_windows() {
    for closing in ["---\r\n", "---\r\r\n", "---\r"] {
        let file = OWN.replace("\n---\nx\n", &format!("\n{closing}"));
        for size in [1, 7, 64] {
            assert_eq!(windowed(file.as_bytes(), size), scan_all(file.as_bytes()), "{closing:?}");
        }
        let (items, tail) = scan_all(file.as_bytes());
        assert_eq!((items.len(), tail), (1, Tail::Damaged), "{closing:?} {items:?}");
    }
    for closing in ["---\n", "---"] {
        let file = OWN.replace("\n---\nx\n", &format!("\n{closing}"));
        assert_eq!(scan_all(file.as_bytes()), (Vec::new(), Tail::Torn { keep: 0 }), "{closing:?}");
    }
}

#[test]
fn a_header_that_nests_deeper_than_64_is_none() {
    for (depth, expected) in [(60, 1), (65, 0), (500, 0)] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let file = format!("---\nmsg_id: A\ntype: X\nother: {nested}\n---\nx\n");
        assert_eq!(records(&scan_all(file.as_bytes()).0).len(), expected, "{depth} deep");
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
            Step::NeedLine => panic!("the scan began at the first line"),
            Step::End(_) => break,
        }
        assert!(window < 5 << 20, "the window is bounded");
    }
    assert_eq!(in_windows, items);
}
