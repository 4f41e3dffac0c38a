//! How far a subscriber has come, and from where it resumes after a break.

use std::collections::BTreeMap;

use crate::grpc::pb::subscribe_request::Start;
use crate::grpc::pb::subscribe_response::Frame;
use crate::grpc::pb::{BusPosition, StartPosition, SubscribeRequest, SubscribeScope};

/// The positions that the frames received so far add up to.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// By project and task.
    cursors: BTreeMap<(String, String), String>,
    /// Whether the server said that replay met the live end: from then on every
    /// bus there was has been taken up.
    caught_up: bool,
    /// Whether a message was handed on: from then on, starting at the end once more
    /// would miss something.
    delivered: bool,
}

impl Progress {
    /// Takes in a frame that is handed on.
    pub(super) fn observe(&mut self, frame: &Frame) {
        match frame {
            Frame::Opened(opened) => {
                self.advance(&opened.project_id, &opened.task_id, &opened.cursor);
            }
            Frame::Message(message) => {
                self.advance(&message.project_id, &message.task_id, &message.cursor);
                self.delivered = true;
            }
            Frame::Gap(gap) if gap.reason == "BUS_DELETED" => {
                // Should it come back, it is read from its beginning.
                self.cursors.remove(&(gap.project_id.clone(), gap.task_id.clone()));
            }
            Frame::Gap(gap) => self.advance(&gap.project_id, &gap.task_id, &gap.oldest_cursor),
            Frame::Closing(closing) => {
                for position in &closing.positions {
                    self.advance(&position.project_id, &position.task_id, &position.cursor);
                }
            }
            Frame::CaughtUp(_) => self.caught_up = true,
            Frame::Heartbeat(_) | Frame::Damaged(_) => {}
        }
    }

    fn advance(&mut self, project_id: &str, task_id: &str, cursor: &str) {
        if !cursor.is_empty() {
            self.cursors.insert((project_id.to_owned(), task_id.to_owned()), cursor.to_owned());
        }
    }

    /// Returns the request that goes on where the frames ended.
    pub(super) fn resume(&self, original: &SubscribeRequest) -> SubscribeRequest {
        let mut request = original.clone();
        if original.scope() == SubscribeScope::Bus {
            if let Some(cursor) = self.cursors.values().next() {
                request.start = Some(Start::Cursor(cursor.clone()));
            }
            return request;
        }
        let from_the_end = !matches!(
            original.start,
            Some(Start::Position(position)) if position == i32::from(StartPosition::Earliest)
        );
        if from_the_end && !self.caught_up && !self.delivered {
            // Not every bus has been taken up, and one that is not listed would be
            // replayed from its beginning: start at the end once more. Once a message
            // was handed on, that would miss what came since.
            return request;
        }
        if self.cursors.is_empty() {
            // There was no bus: whatever is there now came during the break.
            request.start = Some(Start::Position(StartPosition::Earliest.into()));
            return request;
        }
        request.start = None;
        request.positions = self
            .cursors
            .iter()
            .map(|((project_id, task_id), cursor)| BusPosition {
                project_id: project_id.clone(),
                task_id: task_id.clone(),
                cursor: cursor.clone(),
            })
            .collect();
        request
    }
}

#[cfg(test)]
mod tests {
    use crate::grpc::pb::subscribe_response::{CaughtUp, Closing, Delivery, Gap, Opened};

    use super::*;

    fn request(scope: SubscribeScope, start: Option<Start>) -> SubscribeRequest {
        SubscribeRequest {
            project_id: "p".into(),
            scope: scope.into(),
            start,
            ..Default::default()
        }
    }

    fn opened(task: &str, cursor: &str) -> Frame {
        Frame::Opened(Opened {
            project_id: "p".into(),
            task_id: task.into(),
            cursor: cursor.into(),
        })
    }

    fn message(task: &str, cursor: &str) -> Frame {
        Frame::Message(Delivery {
            project_id: "p".into(),
            task_id: task.into(),
            cursor: cursor.into(),
            ..Default::default()
        })
    }

    fn gap(task: &str, reason: &str, oldest: &str) -> Frame {
        Frame::Gap(Gap {
            project_id: "p".into(),
            task_id: task.into(),
            reason: reason.into(),
            oldest_cursor: oldest.into(),
        })
    }

    fn after(frames: &[Frame]) -> Progress {
        let mut progress = Progress::default();
        frames.iter().for_each(|frame| progress.observe(frame));
        progress
    }

    fn positions(request: &SubscribeRequest) -> Vec<(&str, &str)> {
        request.positions.iter().map(|p| (p.task_id.as_str(), p.cursor.as_str())).collect()
    }

    #[test]
    fn one_bus_resumes_from_the_last_cursor_received() {
        let original = request(SubscribeScope::Bus, Some(Start::SinceId("MSG-1".into())));
        assert_eq!(after(&[]).resume(&original), original);
        let resumed = after(&[opened("", "c0")]).resume(&original);
        assert_eq!(resumed.start, Some(Start::Cursor("c0".into())));
        let resumed =
            after(&[opened("", "c0"), message("", "c1"), message("", "c2")]).resume(&original);
        assert_eq!(resumed.start, Some(Start::Cursor("c2".into())));
        assert!(resumed.positions.is_empty());
    }

    #[test]
    fn a_wide_scope_resumes_from_the_position_of_every_bus() {
        let original = request(SubscribeScope::Project, None);
        let frames = [
            opened("", "c0"),
            opened("a", "a0"),
            Frame::CaughtUp(CaughtUp {}),
            message("a", "a1"),
            opened("late", "l0"),
            gap("", "CURSOR_EXPIRED", "c9"),
        ];
        let resumed = after(&frames).resume(&original);
        assert_eq!(resumed.start, None);
        assert_eq!(positions(&resumed), [("", "c9"), ("a", "a1"), ("late", "l0")]);
    }

    #[test]
    fn the_closing_frame_and_deletions_count() {
        let closing = Frame::Closing(Closing {
            positions: vec![BusPosition {
                project_id: "p".into(),
                task_id: "a".into(),
                cursor: "a5".into(),
            }],
        });
        let frames = [
            opened("a", "a0"),
            opened("b", "b0"),
            Frame::CaughtUp(CaughtUp {}),
            gap("b", "BUS_DELETED", ""),
            closing,
        ];
        let resumed = after(&frames).resume(&request(SubscribeScope::All, None));
        assert_eq!(positions(&resumed), [("a", "a5")]);
    }

    #[test]
    fn buses_that_appear_during_a_break_are_read_from_their_beginning() {
        let original = request(SubscribeScope::All, None);
        let resumed = after(&[Frame::CaughtUp(CaughtUp {})]).resume(&original);
        assert_eq!(resumed.start, Some(Start::Position(StartPosition::Earliest.into())));
    }

    #[test]
    fn a_break_before_the_live_end_was_met_replays_no_history() {
        let latest = request(SubscribeScope::All, None);
        assert_eq!(after(&[opened("a", "a0")]).resume(&latest), latest);
        // Once something came, what comes during the break must not be missed.
        let resumed = after(&[opened("a", "a0"), opened("b", "b0"), message("a", "a1")]);
        assert_eq!(positions(&resumed.resume(&latest)), [("a", "a1"), ("b", "b0")]);
        let earliest = Some(Start::Position(StartPosition::Earliest.into()));
        let resumed = after(&[opened("a", "a0")]).resume(&request(SubscribeScope::All, earliest));
        assert_eq!(positions(&resumed), [("a", "a0")]);
    }
}
