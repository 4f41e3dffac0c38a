//! The domain into answers of MessageBus.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::domain::{BusId, Integrity, Link, Message, Parent};
use crate::grpc::pb;
use crate::grpc::sent_frame::SentFrame;
use crate::limits;
use crate::store::{BusSummary, Frame};

use super::values::{count_out, size_out, timestamp_out};

/// Gives out a message.
pub(in crate::grpc) fn message(message: Message) -> pb::Message {
    pb::Message {
        msg_id: message.msg_id,
        ts: message.ts.map(timestamp_out),
        r#type: message.kind,
        project_id: message.project_id,
        task_id: message.task_id,
        run_id: message.run_id,
        issue_id: message.issue_id,
        parents: message.parents.into_iter().map(parent).collect(),
        links: message.links.into_iter().map(link).collect(),
        meta: message.meta.into_iter().collect(),
        attachment_path: message.attachment_path,
        body: String::from_utf8(message.body)
            .unwrap_or_else(|error| text(error.as_bytes()).into_owned()),
        request_id: message.request_id,
        integrity: integrity(message.integrity).into(),
    }
}

/// Gives out a reference to another message.
pub(in crate::grpc) fn parent(parent: Parent) -> pb::Parent {
    let meta = parent.meta.into_iter().collect();
    pb::Parent { msg_id: parent.msg_id, kind: parent.kind, meta }
}

/// Gives out a link.
pub(in crate::grpc) fn link(link: Link) -> pb::Link {
    pb::Link { url: link.url, label: link.label, kind: link.kind }
}

/// Gives out how far the bytes of a message can be trusted.
pub(in crate::grpc) fn integrity(integrity: Integrity) -> pb::Integrity {
    match integrity {
        Integrity::Verified => pb::Integrity::Verified,
        Integrity::Unchecked => pb::Integrity::Unchecked,
        Integrity::Modified => pb::Integrity::Modified,
        Integrity::Synthetic => pb::Integrity::Synthetic,
    }
}

/// Makes text of a body. Another program may have written bytes that are no
/// UTF-8: each becomes U+FFFD, and what then no longer fits is cut.
pub(in crate::grpc) fn text(body: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::from_utf8_lossy(body).into_owned();
            text.truncate(text.floor_char_boundary(limits::FOREIGN_BODY_BYTES_MAX));
            Cow::Owned(text)
        }
    }
}

/// Gives out a frame. `now` stamps heartbeats.
pub(in crate::grpc) fn frame(frame: Frame, now: Timestamp) -> SentFrame {
    use pb::subscribe_response as out;
    let frame = match frame {
        Frame::Message(delivery) => return SentFrame::Delivery(delivery),
        Frame::Opened { bus, cursor } => {
            let (project_id, task_id) = names(&bus);
            out::Frame::Opened(out::Opened { project_id, task_id, cursor: cursor.to_string() })
        }
        Frame::CaughtUp => out::Frame::CaughtUp(out::CaughtUp {}),
        Frame::Heartbeat => out::Frame::Heartbeat(out::Heartbeat { ts: Some(timestamp_out(now)) }),
        Frame::Gap { bus, reason, oldest } => {
            let (project_id, task_id) = names(&bus);
            let oldest_cursor = oldest.to_string();
            out::Frame::Gap(out::Gap { project_id, task_id, reason: reason.into(), oldest_cursor })
        }
        Frame::Damaged { bus, offset, length, detail } => {
            let (project_id, task_id) = names(&bus);
            let (offset, length) = (size_out(offset), size_out(length));
            out::Frame::Damaged(out::Damaged { project_id, task_id, offset, length, detail })
        }
        Frame::Closing { positions } => {
            let positions = positions
                .into_iter()
                .map(|(bus, cursor)| {
                    let (project_id, task_id) = names(&bus);
                    pb::BusPosition { project_id, task_id, cursor: cursor.to_string() }
                })
                .collect();
            out::Frame::Closing(out::Closing { positions })
        }
    };
    SentFrame::Other(Box::new(pb::SubscribeResponse { frame: Some(frame) }))
}

fn names(bus: &BusId) -> (String, String) {
    (bus.project.as_str().to_owned(), bus.task_str().to_owned())
}

/// Gives out what a list tells of a bus.
pub(in crate::grpc) fn bus(summary: BusSummary) -> pb::Bus {
    let (last_msg_id, last_ts) = summary.last.unwrap_or_default();
    pb::Bus {
        project_id: summary.bus.project.as_str().to_owned(),
        task_id: summary.bus.task_str().to_owned(),
        path: summary.path,
        size_bytes: size_out(summary.size_bytes),
        last_msg_id,
        last_ts: last_ts.map(timestamp_out),
        archive_count: count_out(summary.archive_count),
        damage_count: count_out(summary.damage_count),
        problem: summary.problem.unwrap_or_default(),
    }
}
