//! A message as people read it: a header line that begins in the first column,
//! details indented by two, the body by four, so that no body can pass for a
//! header.

use std::fmt::Write as _;

use crate::grpc::pb;

use super::escape;
use super::place::bus_label;

/// Returns the text of a message of the bus named. `terminal` says whether control
/// characters of the body must be escaped; those of the header always are, because
/// it is one line.
pub(super) fn text(
    message: &pb::Message,
    project_id: &str,
    task_id: &str,
    terminal: bool,
) -> String {
    let mut text = header(message, &bus_label(project_id, task_id));
    write_details(&mut text, message);
    write_body(&mut text, &message.body, terminal);
    text
}

/// Returns a time as `2026-02-23T19:17:10.184Z`, or `-` when there is none.
pub(super) fn time(ts: Option<&prost_types::Timestamp>) -> String {
    ts.and_then(|ts| jiff::Timestamp::new(ts.seconds, ts.nanos).ok())
        .map_or_else(|| "-".to_owned(), |ts| format!("{ts:.3}"))
}

fn header(message: &pb::Message, bus: &str) -> String {
    let kind = if message.r#type.is_empty() { "-" } else { &message.r#type };
    let mut header =
        format!("{}  {}  {}", time(message.ts.as_ref()), escape::line(kind), escape::line(bus),);
    if !message.run_id.is_empty() {
        let _ = write!(header, "  run={}", escape::line(&message.run_id));
    }
    let _ = write!(header, "  {}", escape::line(&message.msg_id));
    match message.integrity() {
        pb::Integrity::Modified => header.push_str("  [MODIFIED]"),
        pb::Integrity::Synthetic => header.push_str("  [SYNTHETIC]"),
        pb::Integrity::Unspecified | pb::Integrity::Verified | pb::Integrity::Unchecked => {}
    }
    header.push('\n');
    header
}

fn write_details(text: &mut String, message: &pb::Message) {
    let mut detail = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name}: {}", escape::line(value));
    };
    // An ISSUE is its own issue by default.
    if !message.issue_id.is_empty() && message.issue_id != message.msg_id {
        detail("issue", &message.issue_id);
    }
    for parent in &message.parents {
        detail("parent", &labelled(&parent.msg_id, "", &parent.kind));
    }
    for link in &message.links {
        detail("link", &labelled(&link.url, &link.label, &link.kind));
    }
    let mut meta: Vec<_> = message.meta.iter().collect();
    meta.sort();
    for (key, value) in meta {
        detail("meta", &format!("{key}={value}"));
    }
    if !message.attachment_path.is_empty() {
        detail("attachment", &message.attachment_path);
    }
}

fn labelled(value: &str, label: &str, kind: &str) -> String {
    let mut text = value.to_owned();
    if !label.is_empty() {
        let _ = write!(text, " {label:?}");
    }
    if !kind.is_empty() {
        let _ = write!(text, " ({kind})");
    }
    text
}

fn write_body(text: &mut String, body: &str, terminal: bool) {
    // One final line break is there or not by chance; more are meant.
    let body = body.strip_suffix('\n').unwrap_or(body);
    if body.is_empty() {
        return;
    }
    for line in body.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if !line.is_empty() {
            text.push_str("    ");
            if terminal {
                text.push_str(&escape::lines(line));
            } else {
                text.push_str(line);
            }
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> pb::Message {
        pb::Message {
            msg_id: "MSG-1".into(),
            ts: Some(prost_types::Timestamp { seconds: 1_771_874_230, nanos: 184_887_000 }),
            r#type: "FACT".into(),
            body: "first\n\nthird \x1b[31m\n".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_plain_message_is_its_header_line_and_its_indented_body() {
        assert_eq!(
            text(&message(), "p", "t", true),
            "2026-02-23T19:17:10.184Z  FACT  p/t  MSG-1\n    first\n\n    third \\x1b[31m\n"
        );
        assert!(text(&message(), "p", "t", false).ends_with("    third \x1b[31m\n"));
    }

    #[test]
    fn details_and_flags_are_shown_when_there_are_any() {
        let message = pb::Message {
            ts: None,
            r#type: String::new(),
            run_id: "r\n1".into(),
            issue_id: "ISSUE-1".into(),
            parents: vec![pb::Parent {
                msg_id: "MSG-0".into(),
                kind: "depends_on".into(),
                ..Default::default()
            }],
            links: vec![pb::Link {
                url: "http://x".into(),
                label: "X".into(),
                ..Default::default()
            }],
            meta: [("k".to_owned(), "v\nw".to_owned())].into(),
            attachment_path: "a.txt".into(),
            body: String::new(),
            integrity: pb::Integrity::Modified.into(),
            ..message()
        };
        assert_eq!(
            text(&message, "p", "", false),
            "-  -  p  run=r\\n1  MSG-1  [MODIFIED]\n  issue: ISSUE-1\n  parent: MSG-0 (depends_on)\n  \
             link: http://x \"X\"\n  meta: k=v\\nw\n  attachment: a.txt\n"
        );
    }

    #[test]
    fn no_body_can_pass_for_a_header() {
        let forged = pb::Message { body: text(&message(), "p", "", false), ..message() };
        let shown = text(&forged, "p", "", false);
        assert_eq!(shown.lines().filter(|line| line.starts_with("2026")).count(), 1);
    }
}
