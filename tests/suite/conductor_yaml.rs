//! Scalars and times: what the original's YAML library writes and reads, and what we make
//! of the same.

use std::collections::BTreeMap;

use callboard::domain::NewMessage;
use callboard::layout::message_file::{NewRecord, encode};

use crate::bus_format::bytes_of;
use crate::conductor_vectors::{ZERO_TIME, as_original, vectors};

/// Reads a value out of a header of another program.
fn read_meta(yaml: &str) -> BTreeMap<String, String> {
    let indented = yaml.replace('\n', "\n    ");
    let file = format!("---\nmsg_id: A\ntype: X\nmeta:\n    {indented}\n---\nb\n");
    as_original(file.as_bytes()).remove(0).meta
}

/// Writes a pair as we do, and reads it with the YAML library.
fn through_library(key: &str, value: &str) -> BTreeMap<String, String> {
    let message = NewMessage {
        kind: "X".to_owned(),
        meta: BTreeMap::from([(key.to_owned(), value.to_owned())]),
        ..NewMessage::default()
    };
    let record = NewRecord {
        project_id: "p",
        task_id: "",
        message: &message,
        msg_id: "A",
        ts: jiff::Timestamp::UNIX_EPOCH,
        request_id: None,
        batch: None,
    };
    let mut file = Vec::new();
    encode(&record, &mut file).expect("it fits");
    assert_eq!(as_original(&file)[0].meta, message.meta);
    let header = String::from_utf8(file).expect("text");
    let header = header.split("---\n").nth(1).expect("a header");
    let header: serde_yaml::Value = serde_yaml::from_str(header).expect("YAML");
    serde_yaml::from_value(header["meta"].clone()).expect("text only")
}

#[test]
fn every_string_reads_as_the_original_wrote_it_and_as_we_write_it() {
    let vectors = vectors();
    let cases = vectors["yaml_string_scalars"].as_array().expect("a list");
    assert_eq!(cases.len(), 182);
    for case in cases {
        let bytes = bytes_of(&case["in_b64"]);
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        assert_eq!(through_library("k", &text)["k"], text);
        if text.chars().count() <= 128 {
            assert_eq!(through_library(&text, "v")[&text], "v");
        }
        let out = case["out"].as_str().expect("text");
        if case["roundtrip_ok"] == true && !out.contains("!!binary") {
            assert_eq!(
                read_meta(out.strip_suffix('\n').unwrap_or(out)).get("v"),
                Some(&text),
                "{out:?}"
            );
        }
    }
}

#[test]
fn every_map_key_reads_as_the_original_wrote_it() {
    for case in vectors()["yaml_map_keys"].as_array().expect("a list") {
        let out = case["out"].as_str().expect("text");
        let key = case["key"].as_str().expect("text");
        let meta = read_meta(&out.replacen("v:\n    ", "", 1).replace("\n    ", "\n"));
        if key.starts_with('(') {
            assert_eq!(meta.len(), 11);
            assert_eq!(meta["é"], "7");
        } else {
            assert_eq!(meta[key], "v", "{out}");
            assert_eq!(meta["zz"], "1");
            assert_eq!(through_library(key, "v")[key], "v");
        }
    }
}

#[test]
fn every_time_that_the_original_reads_is_the_same_instant() {
    for case in vectors()["yaml_time_read"].as_array().expect("a list") {
        let written = case["in"].as_str().expect("text");
        let file = format!("---\nmsg_id: A\nts: {written}\ntype: X\n---\nb\n");
        let found = as_original(file.as_bytes()).remove(0).ts;
        let value = case["value"].as_str().expect("a time");
        if case["ok"] == true {
            let is_zero = value == ZERO_TIME && found.is_none();
            assert!(
                is_zero || found == Some(value.parse().expect("a time")),
                "{written}: {found:?}"
            );
        }
        if written == "2026-13-01" || written == "2026-01-02T24:00:00Z" || written == "20" {
            assert_eq!(found, None, "{written}");
        }
    }
}

#[test]
fn a_time_is_written_as_the_original_writes_it_in_utc() {
    for case in vectors()["yaml_time_write"].as_array().expect("a list") {
        let ts: jiff::Timestamp =
            case["rfc3339nano"].as_str().expect("a time").parse().expect("a time");
        let message = NewMessage { kind: "X".to_owned(), ..NewMessage::default() };
        let record = NewRecord {
            project_id: "p",
            task_id: "t",
            message: &message,
            msg_id: "A",
            ts,
            request_id: None,
            batch: None,
        };
        let mut file = Vec::new();
        encode(&record, &mut file).expect("it fits");
        let file = String::from_utf8(file).expect("text");
        let theirs = case["out"].as_str().expect("text").trim().trim_start_matches("t: ");
        if theirs.ends_with('Z') {
            assert!(file.contains(&format!("\nts: {theirs}\n")), "{file}");
        }
        assert_eq!(as_original(file.as_bytes())[0].ts, Some(ts));
    }
}
