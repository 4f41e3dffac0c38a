//! Messages: what stands in a bus, and what a caller asks to append.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::limits;

use super::ids::check_id_text;

/// How far the bytes of a message can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Integrity {
    /// Written by Callboard, and its checksum fits.
    Verified,
    /// Written by another program, without a checksum.
    Unchecked,
    /// Written by Callboard and edited since; delivered by its delimiters.
    Modified,
    /// A legacy line, or a record without an id; the id is made up, and stable.
    Synthetic,
}

/// A reference to an earlier message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parent {
    /// The id of the message referred to.
    pub msg_id: String,
    /// How they relate; empty means just "answers".
    pub kind: String,
    /// Free key-value pairs.
    pub meta: BTreeMap<String, String>,
}

/// A link in a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// Where it points.
    pub url: String,
    /// What to show for it; empty means the url.
    pub label: String,
    /// What it is; empty means unknown.
    pub kind: String,
}

/// One message, as it stands in a bus. Ids are as written in the file: other
/// programs are laxer than [`NewMessage::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, never empty.
    pub msg_id: String,
    /// Its time; none when the file has no readable one.
    pub ts: Option<Timestamp>,
    /// Its type; empty when the file has none.
    pub kind: String,
    /// The project it names.
    pub project_id: String,
    /// The task it names; empty for none.
    pub task_id: String,
    /// The run that spoke; empty for none.
    pub run_id: String,
    /// The issue it belongs to; empty for none.
    pub issue_id: String,
    /// Earlier messages it refers to.
    pub parents: Vec<Parent>,
    /// Its links.
    pub links: Vec<Link>,
    /// Free key-value pairs.
    pub meta: BTreeMap<String, String>,
    /// A file that belongs to it, relative to the task's folder; empty for none.
    pub attachment_path: String,
    /// The request id it was appended with; empty for none.
    pub request_id: String,
    /// Its text. Bytes, because another program may have written no UTF-8.
    pub body: Vec<u8>,
    /// How far the bytes can be trusted.
    pub integrity: Integrity,
}

/// What a caller asks to append. The bus is named apart, by a
/// [`BusId`](super::BusId); id and time are given when it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// The type: 1 to 64 bytes, not blank.
    pub kind: String,
    /// The run that speaks; empty for none.
    pub run_id: String,
    /// The issue it belongs to; empty for none. An ISSUE without one gets its own
    /// message id.
    pub issue_id: String,
    /// Earlier messages it refers to.
    pub parents: Vec<Parent>,
    /// Links.
    pub links: Vec<Link>,
    /// Free key-value pairs.
    pub meta: BTreeMap<String, String>,
    /// A file that belongs to it, relative to the task's folder; empty for none.
    pub attachment_path: String,
    /// The text.
    pub body: String,
}

impl NewMessage {
    /// Returns how many entries its lists and maps have, and how many bytes of
    /// text a header holds of it.
    pub fn header_text(&self) -> (usize, usize) {
        let of_meta = |meta: &BTreeMap<String, String>| {
            (meta.len(), meta.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>())
        };
        let fixed = [&self.kind, &self.run_id, &self.issue_id, &self.attachment_path];
        let (mut entries, mut bytes) = of_meta(&self.meta);
        bytes += fixed.iter().map(|text| text.len()).sum::<usize>();
        for parent in &self.parents {
            let (pairs, text) = of_meta(&parent.meta);
            entries += 1 + pairs;
            bytes += parent.msg_id.len() + parent.kind.len() + text;
        }
        for link in &self.links {
            entries += 1;
            bytes += link.url.len() + link.label.len() + link.kind.len();
        }
        (entries, bytes)
    }

    /// Checks the message against the limits.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or TOO_LARGE, naming the field.
    pub fn check(&self) -> Result<()> {
        if self.kind.trim().is_empty() {
            return Err(Error::RequiredField { field: "type" });
        }
        within("type", "MESSAGE_TYPE_BYTES_MAX", self.kind.len(), limits::MESSAGE_TYPE_BYTES_MAX)?;
        one_line("type", &self.kind)?;
        if !self.run_id.is_empty() {
            check_id_text("run_id", &self.run_id, limits::ID_BYTES_MAX)?;
        }
        if !self.issue_id.is_empty() {
            check_id_text("issue_id", &self.issue_id, limits::MSG_ID_BYTES_MAX)?;
        }
        within("body", "MESSAGE_BODY_BYTES_MAX", self.body.len(), limits::MESSAGE_BODY_BYTES_MAX)?;
        within("parents", "PARENTS_MAX", self.parents.len(), limits::PARENTS_MAX)?;
        for parent in &self.parents {
            if parent.msg_id.is_empty() {
                return Err(Error::RequiredField { field: "parents.msg_id" });
            }
            check_id_text("parents.msg_id", &parent.msg_id, limits::MSG_ID_BYTES_MAX)?;
            check_meta("parents.meta", &parent.meta)?;
        }
        within("links", "LINKS_MAX", self.links.len(), limits::LINKS_MAX)?;
        if self.links.iter().any(|link| link.url.is_empty()) {
            return Err(Error::RequiredField { field: "links.url" });
        }
        check_meta("meta", &self.meta)?;
        within(
            "attachment_path",
            "ATTACHMENT_PATH_BYTES_MAX",
            self.attachment_path.len(),
            limits::ATTACHMENT_PATH_BYTES_MAX,
        )?;
        check_path_in_task("attachment_path", &self.attachment_path)
    }
}

/// Refuses `actual` over `limit`, naming the limit.
pub(crate) fn within(
    field: &'static str,
    limit_name: &'static str,
    actual: usize,
    limit: usize,
) -> Result<()> {
    if actual > limit {
        return Err(Error::TooLarge { field, limit_name, limit, actual });
    }
    Ok(())
}

fn one_line(field: &'static str, text: &str) -> Result<()> {
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, text, "holds a line break or another control character"));
    }
    Ok(())
}

fn check_meta(field: &'static str, meta: &BTreeMap<String, String>) -> Result<()> {
    within(field, "META_KEYS_MAX", meta.len(), limits::META_KEYS_MAX)?;
    for key in meta.keys() {
        within(field, "META_KEY_CHARS_MAX", key.chars().count(), limits::META_KEY_CHARS_MAX)?;
        one_line(field, key)?;
    }
    Ok(())
}

/// Checks a path relative to a task's folder; empty means none.
pub(crate) fn check_path_in_task(field: &'static str, path: &str) -> Result<()> {
    if path.is_empty() {
        return Ok(());
    }
    one_line(field, path)?;
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return Err(Error::traversal(field, path));
    }
    Ok(())
}
