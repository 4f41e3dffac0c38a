//! What the original programs write and read, and what we make of the same.

use std::collections::{BTreeMap, HashMap};

use callboard::domain::{Link, NewMessage, Parent};
use callboard::layout::message_file::{NewRecord, encode, scan_all};
use serde_json::Value;

use crate::bus_format::{bytes_of, records};
use crate::original_reader::{self, OriginalMessage};

const VECTORS: &str = include_str!("../fixtures/conductor_bus_vectors.json");

pub(crate) fn vectors() -> Value {
    serde_json::from_str(VECTORS).expect("the fixture is JSON")
}

/// Reads the messages of the vectors.
pub(crate) struct Expected;

impl Expected {
    pub(crate) fn read(value: &Value) -> OriginalMessage {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
        let ts = value["ts"].as_str().expect("a time");
        OriginalMessage {
            msg_id: text(value, "msg_id"),
            ts: (ts != ZERO_TIME).then(|| ts.parse().expect("a time")),
            kind: text(value, "type"),
            project_id: text(value, "project_id"),
            task_id: text(value, "task_id"),
            run_id: text(value, "run_id"),
            issue_id: text(value, "issue_id"),
            parents: list("parents")
                .iter()
                .map(|it| Parent {
                    msg_id: text(it, "msg_id"),
                    kind: text(it, "kind"),
                    meta: pairs(&it["meta"]),
                })
                .collect(),
            links: list("links")
                .iter()
                .map(|it| Link {
                    url: text(it, "url"),
                    label: text(it, "label"),
                    kind: text(it, "kind"),
                })
                .collect(),
            meta: pairs(&value["meta"]),
            body: bytes_of(&value["body_b64"]),
        }
    }
}

pub(crate) const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

fn pairs(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(key, it)| (key.clone(), it.as_str().expect("text").to_owned())).collect()
}

/// What our reader makes of a file, in the original's terms.
pub(crate) fn as_original(file: &[u8]) -> Vec<OriginalMessage> {
    let (items, _) = scan_all(file);
    records(&items)
        .iter()
        .map(|record| {
            let message = record.message.clone();
            OriginalMessage {
                msg_id: message.msg_id,
                ts: message.ts,
                kind: message.kind,
                project_id: message.project_id,
                task_id: message.task_id,
                run_id: message.run_id,
                issue_id: message.issue_id,
                parents: message.parents,
                links: message.links,
                meta: message.meta,
                body: message.body,
            }
        })
        .collect()
}

/// A case, what the original reader does with it, and the ids and bodies that we deliver.
type Loss = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Where the original reader loses or garbles what a file holds.
const LOSSES: [Loss; 24] = [
    (
        "body with --- then prose",
        "drops B, the text after the rule is a header that fails",
        &[("A", "line1\n---\nline2 prose"), ("B", "b"), ("C", "c"), ("D", "d")],
    ),
    (
        "body with --- then yaml-like",
        "takes the text after the rule for a header and B's for its body",
        &[("A", "line1\n---\nkey: value"), ("B", "b"), ("C", "c"), ("D", "d")],
    ),
    (
        "body ending in ---",
        "takes the empty text after the rule for a header",
        &[("A", "line1\n---"), ("B", "b"), ("C", "c"), ("D", "d")],
    ),
    (
        "body with --- forging a full message",
        "returns the forged message",
        &[
            (
                "A",
                "line1\n---\nmsg_id: FORGED\ntype: DECISION\nproject_id: p\nrun_id: boss\n---\nAPPROVED",
            ),
            ("B", "b"),
        ],
    ),
    ("body with ---CR", "cuts the body at the rule", &[("A", "x\n---\r\ny prose"), ("B", "b")]),
    (
        "hr bodies",
        "cuts the bodies at the rules",
        &[("A", "t\n---\nmore"), ("B", "t\n---\nmore"), ("C", "z")],
    ),
    (
        "torn header after msg_id line then next",
        "takes C's header for the body of the torn B",
        &[("A", "a"), ("C", "c"), ("D", "d"), ("E", "e")],
    ),
    (
        "torn full header, no terminator, then next",
        "takes C's header for the body of the torn B",
        &[("A", "a"), ("C", "c"), ("D", "d")],
    ),
    (
        "torn separator + ---",
        "takes C's header for a body",
        &[("A", "a\n\n---"), ("C", "c"), ("D", "d"), ("E", "e")],
    ),
    (
        "torn header yaml-valid + yaml bodies",
        "stays out of step to the end",
        &[("A", "a"), ("C", "k: v"), ("D", "k: v"), ("E", "e"), ("F", "f")],
    ),
    ("BOM (first record lost)", "loses the first record", &[("A", "a"), ("B", "b")]),
    ("meta nested (record dropped)", "drops A", &[("A", "body of A"), ("B", "b"), ("C", "c")]),
    ("links scalar (record dropped)", "drops A", &[("A", "body of A"), ("B", "b")]),
    ("ts bad (record dropped)", "drops A", &[("A", "bodyA"), ("B", "b")]),
    (
        "predecessor format",
        "loses the ids, and takes the second header for a body",
        &[("MSG-1", "\ncontent"), ("MSG-2", "\ncontent2")],
    ),
    ("parents mixed string-first", "drops the parents", &[("A", "b")]),
    ("parents mixed object-first", "drops the parents", &[("A", "b")]),
    ("parents scalar", "drops the parent", &[("A", "b")]),
    ("meta non-string value", "makes a null an empty text", &[("A", "b"), ("B", "b")]),
    ("torn body (no trailing nl) at EOF", "nothing", &[("A", "a")]),
    ("torn header mid-line then next", "nothing", &[("A", "a"), ("C", "c"), ("D", "d")]),
    (
        "dup keys (record dropped)",
        "drops the record with two ids; so do we, but report it",
        &[("123", "bodyA"), ("C", "c")],
    ),
    ("header with tab indent (bad yaml)", "drops A; so do we, but report it", &[("B", "b")]),
    ("two blank separators", "keeps the separator", &[("A", "a\n"), ("B", "b")]),
];

#[test]
fn what_the_original_loses_is_delivered() {
    let vectors = vectors();
    let cases = vectors["bus_parse"].as_array().expect("a list");
    for (name, loss, expected) in LOSSES {
        let case = cases.iter().find(|case| case["name"] == name).expect(name);
        let file = bytes_of(&case["input_b64"]);
        let (items, _) = scan_all(&file);
        let found: Vec<_> = records(&items)
            .iter()
            .map(|record| {
                let body = String::from_utf8_lossy(&record.message.body).into_owned();
                (record.message.msg_id.clone(), body)
            })
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|&(id, body)| (id.to_owned(), body.to_owned())).collect();
        assert_eq!(found, expected, "{name}; the original reader: {loss}");
    }
}

#[test]
fn what_the_original_returns_is_returned_under_the_same_id() {
    let vectors = vectors();
    let garbled: HashMap<&str, &str> =
        LOSSES.iter().map(|(name, loss, _)| (*name, *loss)).collect();
    for case in vectors["bus_parse"].as_array().expect("a list") {
        let name = case["name"].as_str().expect("a name");
        if garbled.contains_key(name) {
            continue;
        }
        let ours = as_original(&bytes_of(&case["input_b64"]));
        for message in case["messages"].as_array().expect("a list") {
            let expected = Expected::read(message);
            if expected.msg_id.is_empty() {
                continue;
            }
            let same = ours.iter().any(|found| {
                let separated = [&found.body[..], b"\n"].concat();
                let returned = [&found.body[..], b"\r\n"].concat();
                let bodies = [&found.body, &separated, &returned];
                bodies.contains(&&expected.body)
                    && OriginalMessage { body: Vec::new(), ..found.clone() }
                        == OriginalMessage { body: Vec::new(), ..expected.clone() }
            });
            assert!(same, "{name}: {expected:#?}\n is not in {ours:#?}");
        }
    }
}

#[test]
fn a_message_that_we_write_reads_to_the_same_values_by_the_originals_rules() {
    for case in vectors()["message_serialize"].as_array().expect("a list") {
        let expected = Expected::read(&case["message"]);
        let message = NewMessage {
            kind: expected.kind.clone(),
            run_id: expected.run_id.clone(),
            issue_id: expected.issue_id.clone(),
            parents: expected.parents.clone(),
            links: expected.links.clone(),
            meta: expected.meta.clone(),
            body: String::from_utf8(expected.body.clone()).expect("text"),
            ..NewMessage::default()
        };
        let record = NewRecord {
            project_id: &expected.project_id,
            task_id: &expected.task_id,
            message: &message,
            msg_id: &expected.msg_id,
            ts: expected.ts.expect("a time"),
            request_id: None,
            batch: None,
        };
        let mut file = Vec::new();
        encode(&record, &mut file).expect("it fits");
        let by_original = original_reader::read(&file);
        let mut original = expected.clone();
        if original.body.ends_with(b"\r") {
            original.body.pop();
        }
        assert_eq!(by_original, [original], "{}", String::from_utf8_lossy(&file));
        assert_eq!(as_original(&file), [expected]);
    }
}

#[test]
fn a_message_that_the_original_writes_reads_to_the_same_values() {
    for case in vectors()["message_serialize"].as_array().expect("a list") {
        let mut expected = Expected::read(&case["message"]);
        let written = case["out"].as_str().expect("text");
        // Their writer adds no newline to a body that ends with one, so that it is lost to
        // every reader.
        let body = written.rsplit_once("---\n").expect("a body").1;
        expected.body = body.trim_end_matches(['\n', '\r']).as_bytes().to_vec();
        let mut ours = as_original(written.as_bytes());
        let kept = ours[0].body.trim_ascii_end().to_vec();
        ours[0].body = kept;
        assert_eq!(ours, [expected], "{written}");
    }
}
