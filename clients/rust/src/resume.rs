//! What to ask for after a break, so that nothing is missed and nothing comes twice. Knows
//! requests and frames only, nothing of the network.

use std::collections::{BTreeMap, BTreeSet};

use crate::v1::subscribe_request::Start;
use crate::v1::subscribe_response::{Delivery, Frame, Opened};
use crate::v1::{BusPosition, StartPosition, SubscribeRequest, SubscribeScope};

/// A bus, by its project and its task.
type Bus = (String, String);

/// Takes in the frames of a subscription, and makes the request that goes on from there.
#[derive(Debug, Clone)]
pub(crate) struct Resume {
    asked: SubscribeRequest,
    /// An empty cursor: the bus was deleted, and is read from its beginning when it comes back.
    cursors: BTreeMap<Bus, String>,
    opened: bool,
    caught_up: bool,
    delivered: i64,
    /// Whether a request was made that goes on from positions.
    resumed: bool,
    /// Buses that the first stream had not opened yet when it broke. From positions they come
    /// from their beginning, and what is not later than `since_time` is passed over here.
    passing_over: BTreeSet<Bus>,
    passed_over: bool,
}

impl Resume {
    /// Begins with what is asked for.
    pub(crate) fn new(asked: SubscribeRequest) -> Self {
        let cursors = asked.positions.iter().cloned();
        Self {
            cursors: cursors.map(|one| ((one.project_id, one.task_id), one.cursor)).collect(),
            asked,
            opened: false,
            caught_up: false,
            delivered: 0,
            resumed: false,
            passing_over: BTreeSet::new(),
            passed_over: false,
        }
    }

    /// Whether more than one bus is followed.
    pub(crate) fn is_wide(&self) -> bool {
        match self.asked.scope() {
            SubscribeScope::Bus => false,
            SubscribeScope::Project | SubscribeScope::All => true,
            SubscribeScope::Unspecified => self.asked.project_id.is_empty(),
        }
    }

    /// Whether the server has said where reading starts, so that nothing later can be missed.
    pub(crate) fn is_placed(&self) -> bool {
        self.caught_up || (self.opened && !self.is_wide())
    }

    /// Returns how far reading has come, in each bus that has a position.
    pub(crate) fn positions(&self) -> Vec<BusPosition> {
        let known = self.cursors.iter().filter(|(_, cursor)| !cursor.is_empty());
        known
            .map(|((project_id, task_id), cursor)| BusPosition {
                project_id: project_id.clone(),
                task_id: task_id.clone(),
                cursor: cursor.clone(),
            })
            .collect()
    }

    /// Returns how far reading has come in the one bus that is followed.
    pub(crate) fn cursor(&self) -> Option<&str> {
        let mut cursors = self.cursors.values().map(String::as_str);
        cursors.find(|cursor| !self.is_wide() && !cursor.is_empty())
    }

    /// Whether as many messages were delivered as were asked for; never without a limit.
    pub(crate) fn is_complete(&self) -> bool {
        0 < self.asked.limit && self.asked.limit <= self.delivered
    }

    /// Whether the end of a stream without an error is the end of what was asked for.
    pub(crate) fn is_finished(&self) -> bool {
        // The server's count includes what was passed over here.
        let counted_more = self.asked.limit > 0 && self.passed_over;
        self.is_complete() || (self.asked.stop_at_tail && !counted_more)
    }

    /// Returns the request for the first stream, or for the next one after a break. Not to be
    /// asked for once all is delivered: a limit of 0 would mean no limit.
    pub(crate) fn request(&mut self) -> SubscribeRequest {
        let mut request = self.asked.clone();
        if request.limit > 0 {
            request.limit -= self.delivered;
        }
        self.passed_over = false;
        if !self.can_go_on() {
            return request;
        }
        self.resumed = true;
        request.start = self.cursor().map(|cursor| Start::Cursor(cursor.to_owned()));
        request.positions = if self.is_wide() { self.positions() } else { Vec::new() };
        if request.start.is_none() && request.positions.is_empty() {
            // There was no bus yet: all that is there now is new.
            request.start = Some(Start::Position(StartPosition::Earliest.into()));
        }
        request
    }

    /// Whether the positions say more than the start that was asked for.
    fn can_go_on(&self) -> bool {
        if !self.is_wide() {
            return self.opened;
        }
        let earliest = i32::from(StartPosition::Earliest);
        let from_the_end = match &self.asked.start {
            None => self.asked.positions.is_empty(),
            Some(Start::Position(position)) => *position != earliest,
            Some(_) => false,
        };
        if from_the_end && !self.caught_up {
            // A bus that is not among the positions starts at its beginning, and some may not
            // have been opened yet: the end is still to be found. Once a message was given,
            // though, that would miss what came since.
            return self.delivered > 0;
        }
        self.opened || self.caught_up
    }

    /// Takes in a frame that is handed on; returns whether it is: a message that stands before
    /// the start is not.
    pub(crate) fn take(&mut self, frame: &Frame) -> bool {
        match frame {
            Frame::Opened(opened) => self.take_opened(opened),
            Frame::Message(delivery) => return self.take_delivery(delivery),
            Frame::CaughtUp(_) => self.caught_up = true,
            Frame::Gap(gap) => {
                let deleted = gap.reason == "BUS_DELETED";
                let cursor = if deleted { String::new() } else { gap.oldest_cursor.clone() };
                self.cursors.insert((gap.project_id.clone(), gap.task_id.clone()), cursor);
            }
            Frame::Closing(closing) => {
                for one in closing.positions.iter().cloned() {
                    self.cursors.insert((one.project_id, one.task_id), one.cursor);
                }
            }
            Frame::Heartbeat(_) | Frame::Damaged(_) => {}
        }
        true
    }

    fn take_opened(&mut self, opened: &Opened) {
        let bus = (opened.project_id.clone(), opened.task_id.clone());
        let by_time = matches!(self.asked.start, Some(Start::SinceTime(_)));
        let late = self.resumed && !self.caught_up && !self.cursors.contains_key(&bus);
        if self.is_wide() && by_time && late {
            self.passing_over.insert(bus.clone());
        }
        self.opened = true;
        self.cursors.insert(bus, opened.cursor.clone());
    }

    fn take_delivery(&mut self, delivery: &Delivery) -> bool {
        let bus = (delivery.project_id.clone(), delivery.task_id.clone());
        self.opened = true;
        if self.passing_over.contains(&bus) {
            if self.is_before_start(delivery) {
                self.cursors.insert(bus, delivery.cursor.clone());
                self.passed_over = true;
                return false;
            }
            self.passing_over.remove(&bus);
        }
        self.cursors.insert(bus, delivery.cursor.clone());
        self.delivered += 1;
        true
    }

    fn is_before_start(&self, delivery: &Delivery) -> bool {
        let Some(Start::SinceTime(since)) = &self.asked.start else { return false };
        let ts = delivery.message.as_ref().and_then(|message| message.ts).unwrap_or_default();
        (ts.seconds, ts.nanos) <= (since.seconds, since.nanos)
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;

    use super::*;
    use crate::v1::Message;
    use crate::v1::subscribe_response::{CaughtUp, Closing, Gap};

    fn request(scope: SubscribeScope, start: Option<Start>) -> SubscribeRequest {
        let project_id = "p".to_owned();
        SubscribeRequest { project_id, scope: scope.into(), start, ..Default::default() }
    }

    fn opened(task: &str, cursor: &str) -> Frame {
        let (task_id, cursor) = (task.to_owned(), cursor.to_owned());
        Frame::Opened(Opened { project_id: "p".into(), task_id, cursor })
    }

    fn message_at(task: &str, cursor: &str, seconds: i64) -> Frame {
        let ts = Some(Timestamp { seconds, nanos: 0 });
        Frame::Message(Delivery {
            message: Some(Message { ts, ..Message::default() }),
            project_id: "p".into(),
            task_id: task.into(),
            cursor: cursor.into(),
        })
    }

    fn message(task: &str, cursor: &str) -> Frame {
        message_at(task, cursor, 0)
    }

    fn gap(task: &str, reason: &str, oldest: &str) -> Frame {
        let (task_id, reason, oldest_cursor) = (task.into(), reason.into(), oldest.into());
        Frame::Gap(Gap { project_id: "p".into(), task_id, reason, oldest_cursor })
    }

    fn caught_up() -> Frame {
        Frame::CaughtUp(CaughtUp {})
    }

    fn after(asked: &SubscribeRequest, frames: &[Frame]) -> Resume {
        let mut resume = Resume::new(asked.clone());
        assert_eq!(resume.request(), *asked);
        frames.iter().for_each(|frame| assert!(resume.take(frame)));
        resume
    }

    fn positions(request: &SubscribeRequest) -> Vec<(&str, &str)> {
        request.positions.iter().map(|p| (p.task_id.as_str(), p.cursor.as_str())).collect()
    }

    #[test]
    fn one_bus_goes_on_from_the_last_cursor() {
        let asked = request(SubscribeScope::Bus, Some(Start::SinceId("MSG-1".into())));
        assert_eq!(after(&asked, &[]).request(), asked);
        let next = after(&asked, &[opened("", "c0")]).request();
        assert_eq!(next.start, Some(Start::Cursor("c0".into())));
        let mut resume = after(&asked, &[opened("", "c0"), message("", "c1"), message("", "c2")]);
        assert_eq!(resume.request().start, Some(Start::Cursor("c2".into())));
        assert_eq!(resume.cursor(), Some("c2"));
        assert!(resume.request().positions.is_empty());
    }

    #[test]
    fn a_bus_that_was_not_there_is_read_from_its_beginning_when_it_comes() {
        let asked = request(SubscribeScope::Bus, None);
        for frames in [vec![opened("", "")], vec![opened("", "c0"), gap("", "BUS_DELETED", "")]] {
            let next = after(&asked, &frames).request();
            assert_eq!(next.start, Some(Start::Position(StartPosition::Earliest.into())));
        }
    }

    #[test]
    fn a_wide_scope_goes_on_from_the_position_of_every_bus() {
        let frames = [
            opened("", "c0"),
            opened("a", "a0"),
            caught_up(),
            message("a", "a1"),
            opened("late", "l0"),
            gap("", "CURSOR_EXPIRED", "c9"),
        ];
        let mut resume = after(&request(SubscribeScope::Project, None), &frames);
        let next = resume.request();
        assert_eq!(next.start, None);
        assert_eq!(positions(&next), [("", "c9"), ("a", "a1"), ("late", "l0")]);
        assert_eq!(resume.cursor(), None);
    }

    #[test]
    fn the_closing_frame_and_deletions_count() {
        let position =
            BusPosition { project_id: "p".into(), task_id: "a".into(), cursor: "a5".into() };
        let frames = [
            opened("a", "a0"),
            opened("b", "b0"),
            caught_up(),
            gap("b", "BUS_DELETED", ""),
            Frame::Closing(Closing { positions: vec![position] }),
        ];
        let next = after(&request(SubscribeScope::All, None), &frames).request();
        assert_eq!(positions(&next), [("a", "a5")]);
    }

    #[test]
    fn buses_that_appear_during_a_break_are_read_from_their_beginning() {
        let next = after(&request(SubscribeScope::All, None), &[caught_up()]).request();
        assert_eq!(next.start, Some(Start::Position(StartPosition::Earliest.into())));
    }

    #[test]
    fn a_break_before_the_live_end_was_met_replays_no_history() {
        let latest = request(SubscribeScope::All, None);
        assert_eq!(after(&latest, &[opened("a", "a0")]).request(), latest);
        // Once something was given, what comes during the break must not be missed.
        let frames = [opened("a", "a0"), opened("b", "b0"), message("a", "a1")];
        assert_eq!(positions(&after(&latest, &frames).request()), [("a", "a1"), ("b", "b0")]);
        let earliest = Some(Start::Position(StartPosition::Earliest.into()));
        let next = after(&request(SubscribeScope::All, earliest), &[opened("a", "a0")]).request();
        assert_eq!(positions(&next), [("a", "a0")]);
    }

    #[test]
    fn positions_of_the_caller_stay_until_there_is_something_newer() {
        let mut asked = request(SubscribeScope::Project, None);
        let position = |task: &str| BusPosition {
            project_id: "p".into(),
            task_id: task.into(),
            cursor: "given".into(),
        };
        asked.positions = vec![position("a"), position("b")];
        let next = after(&asked, &[opened("a", "given"), message("a", "a1")]).request();
        assert_eq!(positions(&next), [("a", "a1"), ("b", "given")]);
    }

    #[test]
    fn a_limit_counts_what_was_delivered_before_the_break() {
        let asked = SubscribeRequest { limit: 3, ..request(SubscribeScope::Bus, None) };
        let mut resume = after(&asked, &[opened("", "c0"), message("", "c1")]);
        assert_eq!(resume.request().limit, 2);
        assert!(!resume.is_complete() && !resume.is_finished());
        assert!(resume.take(&message("", "c2")) && resume.take(&message("", "c3")));
        assert!(resume.is_complete() && resume.is_finished());
    }

    #[test]
    fn where_reading_starts_is_known_for_one_bus_when_it_is_opened_and_else_at_the_live_end() {
        let bus = request(SubscribeScope::Bus, None);
        assert!(!after(&bus, &[]).is_placed());
        assert!(after(&bus, &[opened("", "")]).is_placed());
        let all = request(SubscribeScope::All, None);
        assert!(!after(&all, &[opened("a", "a0")]).is_placed());
        assert!(after(&all, &[opened("a", "a0"), caught_up()]).is_placed());
    }

    #[test]
    fn what_stands_before_the_time_in_a_bus_opened_only_after_the_break_is_passed_over() {
        let since = Start::SinceTime(Timestamp { seconds: 100, nanos: 0 });
        let asked = SubscribeRequest { limit: 5, ..request(SubscribeScope::All, Some(since)) };
        let mut resume = after(&asked, &[opened("a", "a0")]);
        assert_eq!(positions(&resume.request()), [("a", "a0")]);
        assert!(resume.take(&opened("b", "b0")));
        assert!(!resume.take(&message_at("b", "b1", 100)));
        assert!(!resume.is_finished());
        assert!(resume.take(&message_at("b", "b2", 101)));
        assert!(resume.take(&message_at("b", "b3", 50)));
        assert!(resume.take(&message_at("a", "a1", 50)));
        assert_eq!(positions(&resume.request()), [("a", "a1"), ("b", "b3")]);
    }
}
