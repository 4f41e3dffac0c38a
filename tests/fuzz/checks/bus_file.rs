//! What holds of any bytes that a bus file may have.

use std::collections::HashSet;

use callboard::domain::{Integrity, Message, NewMessage};
use callboard::layout::message_file::{
    GUARD, Item, NewRecord, Origin, Position, Record, SEPARATOR, Step, Tail, encode, next,
    scan_all, without_zeros,
};

use super::shown;
use crate::original_reader;

/// The id of the record that is appended.
const OURS: &str = "MSG-20260223-191710-000000007-PID67946-0001";

/// Checks a file as it is, and once more with the checksums that its records of ours should
/// have: no other way leads behind a checksum.
pub(crate) fn check(bytes: &[u8]) {
    check_file(bytes);
    let mended = with_right_checksums(bytes);
    if mended != bytes {
        check_file(&mended);
    }
}

fn check_file(file: &[u8]) {
    let (items, tail) = scan_all(file);
    for size in [37, 1 + file.len() / 3] {
        assert_eq!(windowed(file, size), (items.clone(), tail), "windows of {size}");
    }
    check_places(file, &items, tail);
    for item in &items {
        if let Item::Record(record) = item {
            check_comes_back(record);
        }
    }
    check_append(file, &items);
}

/// What is reported lies inside the file, in order; records do not overlap.
fn check_places(file: &[u8], items: &[Item], tail: Tail) {
    let length = file.len() as u64;
    let (mut begin, mut end) = (0, 0);
    for item in items {
        match item {
            Item::Record(record) => {
                assert!(record.offset >= end, "it begins inside the one before: {record:?}");
                assert!(record.offset < record.end && record.end <= length, "{record:?}");
                assert!(!record.message.msg_id.is_empty(), "{record:?}");
                if record.origin == Origin::Legacy {
                    let breaks = file[..record.offset as usize].iter().filter(|&&it| it == b'\n');
                    let named = format!("LEGACY-LINE-{:09}", 1 + breaks.count());
                    assert_eq!(record.message.msg_id, named);
                }
                (begin, end) = (record.offset, record.end);
            }
            Item::Damage(damage) => {
                assert!(damage.offset >= begin, "reported behind its place: {damage:?}");
                assert!(damage.length > 0 && damage.offset + damage.length <= length, "{damage:?}");
                begin = damage.offset;
            }
        }
    }
    if let Tail::Torn { keep } = tail {
        assert!(keep < length, "nothing would be moved away");
        assert!(keep >= end, "a whole record would be moved away");
    }
}

/// What verifies as ours says the same when it is written again.
fn check_comes_back(record: &Record) {
    let found = &record.message;
    if record.origin != Origin::Own || found.integrity != Integrity::Verified {
        return;
    }
    let (Some(ts), Ok(body)) = (found.ts, String::from_utf8(found.body.clone())) else {
        return;
    };
    let message = NewMessage {
        kind: found.kind.clone(),
        run_id: found.run_id.clone(),
        issue_id: found.issue_id.clone(),
        parents: found.parents.clone(),
        links: found.links.clone(),
        meta: found.meta.clone(),
        attachment_path: found.attachment_path.clone(),
        body,
    };
    // Only what a caller could have appended has a form of ours.
    let is_of_ours = message.check().is_ok() && ts.as_second() >= 0;
    if !is_of_ours || found.project_id.trim().is_empty() || found.msg_id.trim().is_empty() {
        return;
    }
    let again = NewRecord {
        project_id: &found.project_id,
        task_id: &found.task_id,
        message: &message,
        msg_id: &found.msg_id,
        ts,
        request_id: Some(&found.request_id),
        batch: record.batch,
    };
    let mut written = Vec::new();
    if encode(&again, &mut written).is_err() {
        return;
    }
    let (items, tail) = scan_all(&written);
    let [Item::Record(read)] = items.as_slice() else {
        panic!("{items:?} of\n{}", shown(&written));
    };
    let mut expected = found.clone();
    if expected.kind == "ISSUE" && expected.issue_id.is_empty() {
        expected.issue_id.clone_from(&expected.msg_id);
    }
    assert_eq!((&read.message, read.batch), (&expected, record.batch), "{}", shown(&written));
    assert_eq!((read.offset, read.end, tail), (0, written.len() as u64, Tail::Complete));
}

/// Whatever stands in a file: a record of ours can follow, for us and for the original
/// reader, and costs none of ours before it.
fn check_append(file: &[u8], items: &[Item]) {
    let body = shown(&file[file.len().saturating_sub(200)..]).into_owned();
    let message = NewMessage { kind: "FACT".to_owned(), body, ..NewMessage::default() };
    let record = NewRecord {
        project_id: "demo",
        task_id: "",
        message: &message,
        msg_id: OURS,
        ts: "2026-02-23T19:17:10.000000007Z".parse().expect("a time"),
        request_id: None,
        batch: None,
    };
    let mut encoded = Vec::new();
    encode(&record, &mut encoded).expect("it is small");
    let mut longer = file.to_vec();
    append(&mut longer, &encoded);
    let (after, tail) = scan_all(&longer);
    let Some(Item::Record(last)) = after.last() else {
        panic!("no record at the end of\n{}", shown(&longer));
    };
    assert_eq!(last.message.msg_id, OURS, "{}", shown(&longer));
    assert_eq!(last.message.integrity, Integrity::Verified);
    assert_eq!(shown(&last.message.body), message.body);
    assert_eq!((last.end, tail), (longer.len() as u64, Tail::Complete));

    let there: HashSet<(u64, &[u8])> =
        ours(&after).map(|record| (record.offset, record.message.body.as_slice())).collect();
    for record in ours(items) {
        let message: &Message = &record.message;
        assert!(there.contains(&(record.offset, message.body.as_slice())), "lost: {record:?}");
    }

    let returned = original_reader::read(&longer);
    let last = returned.last().unwrap_or_else(|| panic!("nothing in\n{}", shown(&longer)));
    assert_eq!(last.msg_id, OURS, "the original reader:\n{}", shown(&longer));
    assert_eq!(last.kind, "FACT");
}

fn ours(items: &[Item]) -> impl Iterator<Item = &Record> {
    items.iter().filter_map(|item| match item {
        Item::Record(record) if record.message.integrity == Integrity::Verified => Some(&**record),
        _ => None,
    })
}

/// Reads a file in windows that grow by `size` bytes.
pub(crate) fn windowed(file: &[u8], size: usize) -> (Vec<Item>, Tail) {
    let length = file.len() as u64;
    let file = without_zeros(file);
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
            Step::End(tail) if known == file.len() => {
                return (items, tail.at_written(file.len() as u64, length));
            }
            Step::End(_) => panic!("an end before the end"),
            Step::NeedMore => {
                assert_eq!(before, position, "NeedMore moves nothing");
                assert!(known < file.len(), "NeedMore at the end");
                known = file.len().min(known + size);
            }
            Step::NeedLine => panic!("the scan began at the first line"),
        }
    }
}

/// Appends a record as a writer does that has read the file to its end.
pub(crate) fn append(file: &mut Vec<u8>, record: &[u8]) {
    let position = loop {
        match at_end(file) {
            (_, Tail::Torn { keep }) => file.truncate(keep as usize),
            (position, _) => break position,
        }
    };
    if !file.is_empty() {
        if position.needs_guard() {
            file.extend_from_slice(GUARD);
        }
        file.extend_from_slice(SEPARATOR);
    }
    file.extend_from_slice(record);
}

fn at_end(file: &[u8]) -> (Position, Tail) {
    let length = file.len() as u64;
    let file = without_zeros(file);
    let mut position = Position::start();
    loop {
        let start = position.offset() as usize;
        if let Step::End(tail) = next(&mut position, &file[start..], true) {
            return (position, tail.at_written(file.len() as u64, length));
        }
    }
}

/// Sets the checksum of whatever looks like a record of ours and is long enough.
fn with_right_checksums(file: &[u8]) -> Vec<u8> {
    const SUM_LINE: &[u8] = b"\nchecksum: crc32c-";
    const CLOSING: &[u8] = b"\n---\n";
    let mut mended = file.to_vec();
    for (at, _) in file.windows(SUM_LINE.len()).enumerate().filter(|(_, it)| *it == SUM_LINE) {
        let sum_at = at + SUM_LINE.len();
        let body_at = sum_at + 8 + CLOSING.len();
        let header = &file[..=at];
        let opens = |place: usize| place == 0 || header[place - 1] == b'\n';
        let opening = header.windows(4).rposition(|it| it == b"---\n").filter(|it| opens(*it));
        let size = header.rsplit(|&byte| byte == b'\n').nth(1);
        let size = size.and_then(|line| str::from_utf8(line).ok()?.strip_prefix("body_size: "));
        let size = size.and_then(|size| size.parse::<usize>().ok());
        let (Some(opening), Some(size)) = (opening, size) else { continue };
        let Some(body) = file.get(body_at..body_at.saturating_add(size)) else { continue };
        if file.get(sum_at + 8..body_at) != Some(CLOSING) {
            continue;
        }
        let sum = crc32c::crc32c_append(crc32c::crc32c(&header[opening..]), body);
        mended[sum_at..sum_at + 8].copy_from_slice(format!("{sum:08x}").as_bytes());
    }
    mended
}
