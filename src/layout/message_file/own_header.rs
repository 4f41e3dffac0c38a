//! Headers exactly as `encode` writes them, read without a YAML parser.
//!
//! Strict: whatever differs in one byte from what `encode` may write is left to the YAML
//! reader, which must come to the same fields for everything that is read here.

use std::collections::BTreeMap;

use crate::domain::{Link, Parent};

use super::header::{Header, read_batch};
use super::{scalar, work};

/// The last two lines of a header of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    /// The stored bytes of the body.
    pub(super) body_size: usize,
    /// The CRC-32C that the checksum line says.
    pub(super) sum: u32,
    /// Where in the block the checksum line starts.
    pub(super) sum_line: usize,
}

/// More than the last two lines can be long.
const TRAILER_BYTES_MAX: usize = 64;

/// The checksum line, with its newline.
const SUM_LINE: usize = 26;

/// Reads the last two lines of a block, when they are those of a header of ours.
pub(super) fn trailer(block: &[u8]) -> Option<Trailer> {
    if !block.starts_with(b"msg_id: ") {
        return None;
    }
    let end = &block[block.len().saturating_sub(TRAILER_BYTES_MAX)..];
    let (before, sum_line) = end.split_at_checked(end.len().checked_sub(SUM_LINE)?)?;
    let sum = read_sum(sum_line)?;
    let line = before.strip_suffix(b"\n")?;
    let start = memchr::memrchr(b'\n', line)? + 1;
    let size = str::from_utf8(line[start..].strip_prefix(b"body_size: ")?).ok()?;
    let body_size = number(size)?;
    Some(Trailer { body_size, sum, sum_line: block.len() - SUM_LINE })
}

/// Tells whether a line is a checksum line of ours.
pub(super) fn is_sum_line(line: &[u8]) -> bool {
    line.len() == SUM_LINE && read_sum(line).is_some()
}

fn read_sum(line: &[u8]) -> Option<u32> {
    let sum = line.strip_prefix(b"checksum: crc32c-")?.strip_suffix(b"\n")?;
    let is_hex = sum.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| u32::from_str_radix(str::from_utf8(sum).ok()?, 16).ok())?
}

fn number(text: &str) -> Option<usize> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| text.parse().ok())?
}

/// Reads the fields of a header of ours; none when it is not exactly as we write it.
pub(super) fn read(block: &[u8]) -> Option<Header> {
    work::looked_at(block.len());
    let mut lines = Lines { rest: str::from_utf8(block).ok()? };
    let mut header = Header {
        msg_id: lines.field("msg_id: ")??,
        ts: Some(lines.time()?),
        kind: lines.field("type: ")??,
        project_id: lines.field("project_id: ")??,
        task_id: lines.field("task_id: ")??,
        run_id: lines.field("run_id: ")??,
        issue_id: lines.optional("issue_id: ")?,
        parents: lines.parents()?,
        links: lines.links()?,
        meta: if lines.is_next("meta:\n") { lines.pairs("    ")? } else { BTreeMap::new() },
        attachment_path: lines.optional("attachment_path: ")?,
        request_id: lines.optional("request_id: ")?,
        has_checksum: true,
        has_ts: true,
        is_placed: true,
        has_six: true,
        ..Header::default()
    };
    if let Some(batch) = lines.line("batch: ") {
        header.batch = Some(read_batch(batch.strip_prefix('"')?.strip_suffix('"')?)?);
    }
    header.stuffed = lines.is_next("stuffed: true\n");
    header.body_size = Some(number(lines.line("body_size: ")?)?);
    lines.line("checksum: crc32c-")?;
    lines.rest.is_empty().then_some(header)
}

/// What is left of a header.
struct Lines<'a> {
    rest: &'a str,
}

impl<'a> Lines<'a> {
    /// Takes the next line when it begins with `start`; returns what follows that.
    fn line(&mut self, start: &str) -> Option<&'a str> {
        let line = self.rest.strip_prefix(start)?;
        let newline = memchr::memchr(b'\n', line.as_bytes())?;
        self.rest = &line[newline + 1..];
        Some(&line[..newline])
    }

    fn is_next(&mut self, line: &str) -> bool {
        match self.rest.strip_prefix(line) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The outer none: no such line. The inner none: not as we write it.
    fn field(&mut self, key: &str) -> Option<Option<String>> {
        self.line(key).map(scalar::read)
    }

    fn optional(&mut self, key: &str) -> Option<String> {
        self.field(key).unwrap_or_else(|| Some(String::new()))
    }

    fn time(&mut self) -> Option<jiff::Timestamp> {
        let text = self.line("ts: ")?;
        let is_ours = text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
        is_ours.then(|| text.parse().ok())?
    }

    fn parents(&mut self) -> Option<Vec<Parent>> {
        let mut parents = Vec::new();
        if !self.is_next("parents:\n") {
            return Some(parents);
        }
        loop {
            let mut parent = Parent::default();
            if let Some(msg_id) = self.field("    - msg_id: ") {
                parent.msg_id = msg_id?;
                parent.kind = self.optional("      kind: ")?;
                if self.is_next("      meta:\n") {
                    parent.meta = self.pairs("        ")?;
                }
            } else if let Some(msg_id) = self.field("    - ") {
                parent.msg_id = msg_id.filter(|id| !id.is_empty())?;
            } else {
                return Some(parents);
            }
            parents.push(parent);
        }
    }

    fn links(&mut self) -> Option<Vec<Link>> {
        let mut links = Vec::new();
        if !self.is_next("links:\n") {
            return Some(links);
        }
        while let Some(url) = self.field("    - url: ") {
            let label = self.optional("      label: ")?;
            let kind = self.optional("      kind: ")?;
            links.push(Link { url: url?, label, kind });
        }
        Some(links)
    }

    fn pairs(&mut self, indent: &str) -> Option<BTreeMap<String, String>> {
        let mut pairs = BTreeMap::new();
        while self.rest.starts_with(indent) {
            let line = self.line(indent)?;
            let (key, value) = line.split_at(key_end(line)?);
            let key = scalar::read(key)?;
            let value = scalar::read(value.strip_prefix(": ")?)?;
            if pairs.insert(key, value).is_some() {
                return None;
            }
        }
        Some(pairs)
    }
}

/// Returns where the key at the start of a line ends.
fn key_end(line: &str) -> Option<usize> {
    if !line.starts_with('"') {
        return line.find(": ");
    }
    let bytes = line.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::NewMessage;
    use crate::layout::message_file::{NewRecord, encode, header};

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            "[a-z0-9 .:#\"\\\\-]{0,6}",
            any::<String>(),
            Just("yes".to_owned())
        ]
    }

    fn message() -> impl Strategy<Value = NewMessage> {
        let pairs = || btree_map(text(), text(), 0..3);
        let parent = (text(), text(), pairs());
        let parent = parent.prop_map(|(msg_id, kind, meta)| Parent { msg_id, kind, meta });
        let bare = "[a-z0-9]{1,3}".prop_map(|msg_id| Parent { msg_id, ..Parent::default() });
        let link =
            (text(), text(), text()).prop_map(|(url, label, kind)| Link { url, label, kind });
        let texts = (text(), text(), text(), text(), "(---\n| |x){0,4}");
        let parents = prop_oneof![vec(parent, 0..3), vec(bare, 0..3)];
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

    /// It may take a text in quotes for one with a tag, which costs a guard and nothing else.
    fn read_by_yaml(block: &[u8]) -> Option<Header> {
        header::read(block).map(|header| Header { is_lax: false, ..header })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_fast_reader_and_the_yaml_reader_agree(
            message in message(),
            msg_id in "[a-zA-Z0-9: -]{1,9}",
            project_id in text(),
            task_id in text(),
            request_id in proptest::option::of("[a-z0-9]{1,9}"),
            batch in proptest::option::of(Just((2, 3))),
            nanoseconds in 0..4_000_000_000_000_000_000i128,
        ) {
            prop_assume!(!msg_id.trim().is_empty());
            let record = NewRecord {
                project_id: &project_id,
                task_id: &task_id,
                message: &message,
                msg_id: &msg_id,
                ts: jiff::Timestamp::from_nanosecond(nanoseconds).expect("in range"),
                request_id: request_id.as_deref(),
                batch,
            };
            let mut out = Vec::new();
            encode(&record, &mut out).expect("it fits");
            let end = memchr::memmem::find(&out, b"\n---\n").expect("a closing line");
            let block = &out[4..=end];
            let fast = read(block);
            prop_assert!(trailer(block).is_some());
            prop_assert!(fast.is_some(), "{}", String::from_utf8_lossy(block));
            prop_assert_eq!(fast, read_by_yaml(block));
        }

        #[test]
        fn what_is_not_as_we_write_it_is_left_to_the_yaml_reader_or_read_the_same(
            value in "[ -~]{0,12}",
        ) {
            let block = format!(
                "msg_id: A\nts: 2026-01-01T00:00:00Z\ntype: {value}\nproject_id: p\ntask_id: t\n\
                 run_id: r\nmeta:\n    {value}: v\nbody_size: 1\nchecksum: crc32c-00000000\n"
            );
            if let Some(fast) = read(block.as_bytes()) {
                prop_assert_eq!(Some(fast), read_by_yaml(block.as_bytes()));
            }
        }
    }
}
