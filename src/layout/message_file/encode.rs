//! A record as we write it.
//!
//! Order of the keys, quoting and indentation are fixed, so that `own_header` can read
//! a header of ours without a YAML parser; the checksum is always the last line.

use std::collections::BTreeMap;
use std::io::Write;

use crate::domain::{Link, Parent};
use crate::error::{Error, Result};
use crate::limits;

use super::scalar::{self, hex_digit};
use super::{NewRecord, stuffing};

/// YAML readers accept at most 1024 characters of a key before its colon.
const KEY_BYTES_MAX: usize = 1000;

/// The checksum line and the closing line, before the sum is known.
const CLOSING: &[u8] = b"checksum: crc32c-00000000\n---\n";
/// Where in [`CLOSING`] the sum stands.
const SUM_AT: usize = 17;

/// Appends the record's bytes to `out`, from the opening `---` to the added final newline.
/// An ISSUE without an issue id gets its own message id.
///
/// # Errors
/// TOO_LARGE, naming HEADER_BYTES_MAX, with `out` unchanged.
pub fn encode(record: &NewRecord<'_>, out: &mut Vec<u8>) -> Result<()> {
    let opening = out.len();
    let body = record.message.body.as_bytes();
    out.reserve(512 + body.len());
    write_header(record, out);

    let stuffed = stuffing::places(body).count();
    if stuffed > 0 {
        out.extend_from_slice(b"stuffed: true\n");
    }
    write_formatted(out, format_args!("body_size: {}\n", body.len() + stuffed));
    let sum_line = out.len();
    out.extend_from_slice(CLOSING);
    let actual = out.len() - opening;
    if actual > limits::HEADER_BYTES_MAX {
        out.truncate(opening);
        return Err(Error::TooLarge {
            field: "header",
            limit_name: "HEADER_BYTES_MAX",
            limit: limits::HEADER_BYTES_MAX,
            actual,
        });
    }

    let body_at = out.len();
    write_stuffed(body, stuffed > 0, out);
    let sum = crc32c::crc32c(&out[opening..sum_line]);
    let sum = crc32c::crc32c_append(sum, &out[body_at..]);
    for place in 0..8 {
        out[sum_line + SUM_AT + place] = hex_digit(sum >> (4 * (7 - place)));
    }
    out.push(b'\n');
    Ok(())
}

fn write_stuffed(body: &[u8], stuffed: bool, out: &mut Vec<u8>) {
    let mut copied = 0;
    if stuffed {
        for start in stuffing::places(body) {
            out.extend_from_slice(&body[copied..start]);
            out.push(b' ');
            copied = start;
        }
    }
    out.extend_from_slice(&body[copied..]);
}

fn write_header(record: &NewRecord<'_>, out: &mut Vec<u8>) {
    let message = record.message;
    out.extend_from_slice(b"---\n");
    write_field("msg_id: ", record.msg_id, out);
    write_formatted(out, format_args!("ts: {}\n", record.ts));
    write_field("type: ", &message.kind, out);
    write_field("project_id: ", record.project_id, out);
    write_field("task_id: ", record.task_id, out);
    write_field("run_id: ", &message.run_id, out);
    if !message.issue_id.is_empty() {
        write_field("issue_id: ", &message.issue_id, out);
    } else if message.kind == "ISSUE" {
        write_field("issue_id: ", record.msg_id, out);
    }
    write_parents(&message.parents, out);
    write_links(&message.links, out);
    if !message.meta.is_empty() {
        out.extend_from_slice(b"meta:\n");
        write_pairs("    ", &message.meta, out);
    }
    if !message.attachment_path.is_empty() {
        write_field("attachment_path: ", &message.attachment_path, out);
    }
    if let Some(request_id) = record.request_id.filter(|id| !id.is_empty()) {
        write_field("request_id: ", request_id, out);
    }
    if let Some((place, size)) = record.batch {
        write_formatted(out, format_args!("batch: \"{place}/{size}\"\n"));
    }
}

/// A list of strings when no parent has more than an id: some readers drop a mixed list,
/// and an empty string in a list.
fn write_parents(parents: &[Parent], out: &mut Vec<u8>) {
    if parents.is_empty() {
        return;
    }
    out.extend_from_slice(b"parents:\n");
    let bare = parents.iter().all(|parent| {
        !parent.msg_id.is_empty() && parent.kind.is_empty() && parent.meta.is_empty()
    });
    for parent in parents {
        if bare {
            write_field("    - ", &parent.msg_id, out);
            continue;
        }
        write_field("    - msg_id: ", &parent.msg_id, out);
        if !parent.kind.is_empty() {
            write_field("      kind: ", &parent.kind, out);
        }
        if !parent.meta.is_empty() {
            out.extend_from_slice(b"      meta:\n");
            write_pairs("        ", &parent.meta, out);
        }
    }
}

fn write_links(links: &[Link], out: &mut Vec<u8>) {
    if !links.is_empty() {
        out.extend_from_slice(b"links:\n");
    }
    for link in links {
        write_field("    - url: ", &link.url, out);
        if !link.label.is_empty() {
            write_field("      label: ", &link.label, out);
        }
        if !link.kind.is_empty() {
            write_field("      kind: ", &link.kind, out);
        }
    }
}

fn write_pairs(indent: &str, pairs: &BTreeMap<String, String>, out: &mut Vec<u8>) {
    for (key, value) in pairs {
        let line = out.len();
        out.extend_from_slice(indent.as_bytes());
        scalar::write(key, out);
        if out.len() - line > KEY_BYTES_MAX {
            out.truncate(line);
            out.extend_from_slice(indent.as_bytes());
            write_field("? ", key, out);
            out.extend_from_slice(indent.as_bytes());
        }
        write_field(": ", value, out);
    }
}

fn write_field(key: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(key.as_bytes());
    scalar::write(value, out);
    out.push(b'\n');
}

fn write_formatted(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to memory does not fail");
}
