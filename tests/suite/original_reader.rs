//! The original reader, rebuilt from its rules, to see what it makes of our files.
//!
//! It is checked against what the real one returned for sixty files.

use std::collections::BTreeMap;

use callboard::domain::{Link, Parent};
use serde_yaml::Value;

/// What the original reader returns.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OriginalMessage {
    pub(crate) msg_id: String,
    /// None is its zero time.
    pub(crate) ts: Option<jiff::Timestamp>,
    pub(crate) kind: String,
    pub(crate) project_id: String,
    pub(crate) task_id: String,
    pub(crate) run_id: String,
    pub(crate) issue_id: String,
    pub(crate) parents: Vec<Parent>,
    pub(crate) links: Vec<Link>,
    pub(crate) meta: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

enum State {
    Seeking,
    Header(Vec<u8>),
    Body(Box<OriginalMessage>, Vec<u8>),
}

/// Reads a file line by line, as the original reader does.
pub(crate) fn read(file: &[u8]) -> Vec<OriginalMessage> {
    let mut messages = Vec::new();
    let mut state = State::Seeking;
    for (number, line) in (1..).zip(file.split_inclusive(|&byte| byte == b'\n')) {
        let end = line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |last| last + 1);
        let is_delimiter = &line[..end] == b"---";
        state = match state {
            State::Seeking if is_delimiter => State::Header(Vec::new()),
            State::Seeking => {
                messages.extend(legacy_line(line, number));
                State::Seeking
            }
            State::Header(text) if is_delimiter => match header(&text) {
                Some(message) => State::Body(Box::new(message), Vec::new()),
                None => State::Header(Vec::new()),
            },
            State::Header(text) => State::Header([&text, line].concat()),
            State::Body(message, body) if is_delimiter => {
                messages.push(with_body(*message, body));
                State::Header(Vec::new())
            }
            State::Body(message, mut body) => {
                body.extend_from_slice(line);
                State::Body(message, body)
            }
        };
    }
    if let State::Body(message, body) = state
        && body.ends_with(b"\n")
    {
        messages.push(with_body(*message, body));
    }
    messages
}

fn with_body(message: OriginalMessage, mut body: Vec<u8>) -> OriginalMessage {
    if body.ends_with(b"\n") {
        body.pop();
        if body.ends_with(b"\r") {
            body.pop();
        }
    }
    OriginalMessage { body, ..message }
}

fn legacy_line(line: &[u8], number: usize) -> Option<OriginalMessage> {
    let line = str::from_utf8(line).ok()?.trim();
    let (time, text) = line.strip_prefix('[')?.split_once(']')?;
    let spaced = time.replacen(' ', "T", 1);
    let ts = spaced.parse().or_else(|_| format!("{spaced}Z").parse()).ok()?;
    let text = text.trim();
    if text.is_empty() || time.len() < 19 {
        return None;
    }
    let (kind, body) = match text.split_once(':') {
        Some((kind, body)) if !kind.contains(char::is_whitespace) && !kind.is_empty() => {
            (kind.to_uppercase(), if body.trim().is_empty() { text } else { body.trim() })
        }
        _ => ("INFO".to_owned(), text),
    };
    let msg_id = format!("LEGACY-LINE-{number:09}");
    let body = body.as_bytes().to_vec();
    Some(OriginalMessage { msg_id, ts: Some(ts), kind, body, ..OriginalMessage::default() })
}

/// Decodes a header as the original's YAML decoder does; none drops it.
fn header(text: &[u8]) -> Option<OriginalMessage> {
    let text = str::from_utf8(text).ok()?;
    let fields = match serde_yaml::from_str(text).ok()? {
        Value::Null => return Some(OriginalMessage::default()),
        Value::Mapping(fields) => fields,
        _ => return None,
    };
    let written = |key: &str| plain_text(text, key);
    let field = |key: &str| match fields.get(key) {
        None => Some(String::new()),
        Some(value) => scalar(value, written(key)),
    };
    let ts = match fields.get("ts") {
        None | Some(Value::Null) => None,
        Some(Value::Mapping(map)) if map.is_empty() => None,
        Some(Value::String(text)) => Some(time(text, written("ts").is_some())?),
        Some(_) => return None,
    };
    Some(OriginalMessage {
        msg_id: field("msg_id")?,
        ts,
        kind: field("type")?,
        project_id: field("project_id")?,
        task_id: field("task_id")?,
        run_id: field("run_id")?,
        issue_id: field("issue_id")?,
        parents: parents(fields.get("parents")),
        links: links(fields.get("links"))?,
        meta: pairs(text, fields.get("meta"))?,
        body: Vec::new(),
    })
}

/// Returns the text of a plain scalar on the line of its key.
fn plain_text(header: &str, key: &str) -> Option<String> {
    let line = header.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "))?;
    let text = line.trim();
    (!text.starts_with(['"', '\'', '|', '>', '&', '*', '[', '{', '!'])).then(|| text.to_owned())
}

fn scalar(value: &Value, written: Option<String>) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(written.unwrap_or_else(|| flag.to_string())),
        Value::Number(number) => Some(written.unwrap_or_else(|| number.to_string())),
        _ => None,
    }
}

/// RFC 3339; unquoted also YAML's own forms.
fn time(text: &str, is_plain: bool) -> Option<jiff::Timestamp> {
    let rfc = text.len() >= 20 && text.as_bytes()[10] == b'T';
    if rfc && let Ok(ts) = text.parse() {
        return Some(ts);
    }
    let text = text.replacen(' ', "T", 1);
    let text = if text.contains('T') { text } else { format!("{text}T00:00:00") };
    let text = if text.contains('Z') { text } else { text + "Z" };
    is_plain.then(|| text.parse().ok())?
}

fn parents(value: Option<&Value>) -> Vec<Parent> {
    let Some(Value::Sequence(items)) = value else {
        return Vec::new();
    };
    if items.iter().all(Value::is_mapping) {
        return items
            .iter()
            .map(|item| Parent {
                msg_id: item.get("msg_id").and_then(|it| scalar(it, None)).unwrap_or_default(),
                kind: item.get("kind").and_then(|it| scalar(it, None)).unwrap_or_default(),
                meta: pairs("", item.get("meta")).unwrap_or_default(),
            })
            .collect();
    }
    if items.iter().any(Value::is_mapping) {
        return Vec::new();
    }
    let ids = items.iter().filter_map(|item| scalar(item, None)).filter(|id| !id.is_empty());
    ids.map(|msg_id| Parent { msg_id, ..Parent::default() }).collect()
}

fn links(value: Option<&Value>) -> Option<Vec<Link>> {
    let items = match value {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(Value::Sequence(items)) => items,
        Some(_) => return None,
    };
    let link = |item: &Value| {
        let text = |key: &str| item.get(key).map_or(Some(String::new()), |it| scalar(it, None));
        Some(Link { url: text("url")?, label: text("label")?, kind: text("kind")? })
    };
    items.iter().map(link).collect()
}

fn pairs(header: &str, value: Option<&Value>) -> Option<BTreeMap<String, String>> {
    let map = match value {
        None | Some(Value::Null) => return Some(BTreeMap::new()),
        Some(Value::Mapping(map)) => map,
        Some(_) => return None,
    };
    map.iter()
        .map(|(key, value)| {
            let key = key.as_str()?;
            Some((key.to_owned(), scalar(value, plain_text(header, key))?))
        })
        .collect()
}

#[test]
fn it_reads_every_file_as_the_real_one_does() {
    use crate::bus_format::bytes_of;
    use crate::conductor_vectors::{Expected, vectors};

    let vectors = vectors();
    let cases = vectors["bus_parse"].as_array().expect("a list");
    assert_eq!(cases.len(), 60);
    for case in cases {
        let found = read(&bytes_of(&case["input_b64"]));
        let expected = case["messages"].as_array().expect("a list");
        let expected: Vec<_> = expected.iter().map(Expected::read).collect();
        assert_eq!(found, expected, "{}", case["name"]);
    }
}
