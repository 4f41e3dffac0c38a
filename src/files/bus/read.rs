//! Finding places and reading from them. All of this blocks.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::domain::{Cursor, Message, MsgId};
use crate::error::{Error, Result};
use crate::layout::message_file::Position;
use crate::layout::msg_id;
use crate::limits::{ANSWER_BYTES_MAX, FOREIGN_BODY_BYTES_MAX};
use crate::store::{Filter, ReadPage, ReadQuery, ReadStart, Start};

use super::find::Hit;
use super::index::{Checkpoint, Entry};
use super::parts::Part;
use super::place::{Advanced, Event, Flow, Place, Reader};
use super::scanner::{Found, Scanner};

impl Reader<'_> {
    /// Reads a page.
    pub(super) fn read(self, query: &ReadQuery) -> Result<ReadPage> {
        let (mut place, limit) = match &query.start {
            ReadStart::From(start) => (self.locate(start)?, query.limit),
            ReadStart::Tail(count) => {
                (self.locate_tail(*count, &query.filter)?, query.limit.min(*count))
            }
        };
        let mut messages = Vec::new();
        let mut bytes = 0;
        let advanced = place.advance(self, &mut |event, _| {
            let Event::Message(message) = event else {
                return Flow::Continue;
            };
            if query.filter.passes(&message) {
                let size = size_in_answer(&message);
                let full = messages.len() >= limit || bytes + size > ANSWER_BYTES_MAX;
                if full && (!messages.is_empty() || limit == 0) {
                    return Flow::PutBack;
                }
                bytes += size;
                messages.push(*message);
            }
            Flow::Continue
        })?;
        Ok(ReadPage {
            messages,
            cursor: place.cursor,
            end_of_bus: matches!(advanced, Advanced::AtEnd),
        })
    }

    /// Finds one message; returns it with the cursor after it.
    pub(super) fn get(self, msg_id: &MsgId) -> Result<(Message, Cursor)> {
        let (place, message) = self.after_id(msg_id.as_str())?;
        Ok((message, place.cursor))
    }

    /// Finds a message by its id; returns the place after it, and the message.
    fn after_id(self, id: &str) -> Result<(Place, Message)> {
        let hit = self.find(id)?;
        self.after(&hit, id)?.ok_or_else(|| self.not_found(id))
    }

    /// Finds the place where to start.
    pub(super) fn locate(self, start: &Start) -> Result<Place> {
        match start {
            Start::Earliest => self.earliest(),
            Start::Latest => self.latest(),
            Start::SinceId(id) => Ok(self.after_id(id.as_str())?.0),
            Start::Cursor(cursor) => self.after_cursor(cursor),
            Start::SinceTime(ts) => self.later_than(*ts),
        }
    }

    /// The place before the first message.
    pub(super) fn earliest(self) -> Result<Place> {
        let mut place = Place::new(None, Position::start(), Cursor::Start { first_msg_id: None });
        if let Some(first) = self.view.parts.first() {
            place.part = Some(self.open(first)?);
        }
        let mut first_msg_id = None;
        place.clone().advance(self, &mut |event, _| match event {
            Event::Message(message) => {
                first_msg_id = Some(message.msg_id);
                Flow::PutBack
            }
            Event::Damage(_) => Flow::Continue,
        })?;
        place.cursor = Cursor::Start { first_msg_id };
        Ok(place)
    }

    /// The place after the last message.
    fn latest(self) -> Result<Place> {
        let Some(last) = self.view.parts.last() else {
            return self.earliest();
        };
        let cursor = self.cursor_at_end_of(self.view.parts.len())?;
        let open = self.open(last)?;
        let position = match &last.live {
            Some(live) => live.position.clone(),
            None => {
                let from = self.with_end_of_index(last, |index| {
                    index.before_offset(last.end).position.clone()
                })?;
                let mut scanner = Scanner::new(&*open.file, from, last.end);
                while !matches!(
                    scanner.next().map_err(self.failed(last.path.as_str()))?,
                    Found::End(_)
                ) {}
                scanner.position().clone()
            }
        };
        Ok(Place::new(Some(open), position, cursor))
    }

    /// The last message of all.
    pub(super) fn last_entry(self) -> Result<Option<Entry>> {
        self.last_entry_of(self.view.parts.len())
    }

    /// The last message of the first `count` parts.
    fn last_entry_of(self, count: usize) -> Result<Option<Entry>> {
        for part in self.view.parts[..count].iter().rev() {
            let last = match &part.live {
                Some(live) => live.last.clone(),
                None => self.with_end_of_index(part, |index| index.last().cloned())?,
            };
            if last.is_some() {
                return Ok(last);
            }
        }
        Ok(None)
    }

    /// The cursor after the last message of the first `count` parts.
    fn cursor_at_end_of(self, count: usize) -> Result<Cursor> {
        match self.last_entry_of(count)? {
            Some(last) => Ok(Cursor::After { offset: last.offset, msg_id: last.msg_id }),
            None => Ok(self.earliest()?.cursor),
        }
    }

    fn after_cursor(self, cursor: &Cursor) -> Result<Place> {
        match cursor {
            Cursor::Start { first_msg_id } => {
                let earliest = self.earliest()?;
                let Some(first) = first_msg_id else {
                    return Ok(earliest);
                };
                if earliest.cursor == *cursor {
                    return Ok(earliest);
                }
                // What was first is first no more: something stands before it, or
                // it is gone.
                match self.find(first) {
                    Ok(hit) => {
                        let open = self.open(hit.part)?;
                        Ok(Place::new(Some(open), Position::at_record(hit.offset), cursor.clone()))
                    }
                    Err(error) => Err(self.refuse_cursor(cursor, first, None, error)),
                }
            }
            Cursor::After { offset, msg_id } => {
                for part in self.view.parts.iter().rev().filter(|part| *offset < part.end) {
                    let hit = Hit { part, offset: *offset };
                    if let Some((place, _)) = self.after(&hit, msg_id)? {
                        return Ok(place);
                    }
                }
                // The file was edited or rewritten: the id still names the message.
                match self.after_id(msg_id) {
                    Ok((place, _)) => Ok(place),
                    Err(error) => Err(self.refuse_cursor(cursor, msg_id, Some(*offset), error)),
                }
            }
        }
    }

    /// Says why a cursor cannot be honoured.
    fn refuse_cursor(
        self,
        cursor: &Cursor,
        msg_id: &str,
        offset: Option<u64>,
        error: Error,
    ) -> Error {
        if !matches!(error, Error::MessageNotFound { .. }) {
            return error;
        }
        let ends = self.earliest().and_then(|earliest| {
            Ok((earliest.cursor, self.cursor_at_end_of(self.view.parts.len())?))
        });
        let (oldest, newest) = match ends {
            Ok(ends) => ends,
            Err(error) => return error,
        };
        let id_of = |cursor: &Cursor| match cursor {
            Cursor::Start { first_msg_id } => first_msg_id.clone(),
            Cursor::After { msg_id, .. } => Some(msg_id.clone()),
        };
        let time_of = |cursor: &Cursor| id_of(cursor).and_then(|id| msg_id::time_of(&id));
        let bus = self.bus.to_string();
        let text = cursor.to_string();
        let time = msg_id::time_of(msg_id);
        let gone = self.view.parts.is_empty()
            || offset.is_none()
            || time.is_some() && time < time_of(&oldest);
        let ahead = time.is_some() && time > time_of(&newest) && time_of(&newest).is_some()
            || offset
                .is_some_and(|offset| self.view.parts.last().is_none_or(|part| offset >= part.end))
                && time.is_none();
        if gone {
            Error::CursorExpired {
                bus,
                cursor: text,
                oldest: oldest.to_string(),
                newest: newest.to_string(),
            }
        } else if ahead {
            Error::CursorAhead {
                bus,
                cursor: text,
                oldest: oldest.to_string(),
                newest: newest.to_string(),
            }
        } else {
            let problem = format!("bus {bus} has no message {msg_id:?}");
            Error::CursorUnknown { cursor: text, problem }
        }
    }

    /// The place before the first message, in file order, that is later.
    fn later_than(self, ts: Timestamp) -> Result<Place> {
        for (number, part) in self.view.parts.iter().enumerate() {
            let (later, from) = self.with_index(part, |index| {
                (index.latest_ts() > Some(ts), index.before_later_than(ts).position.clone())
            })?;
            if !later {
                continue;
            }
            let open = self.open(part)?;
            let mut scanner = Scanner::new(&*open.file, from, part.end);
            let mut cursor = None;
            while let found = scanner.next().map_err(self.failed(part.path.as_str()))?
                && !matches!(found, Found::End(_))
            {
                let Found::Record(record) = found else {
                    continue;
                };
                if record.message.ts > Some(ts) {
                    let cursor = match cursor {
                        Some(cursor) => cursor,
                        None => self.cursor_at_end_of(number)?,
                    };
                    let position = Position::at_record(record.offset);
                    drop(scanner);
                    return Ok(Place::new(Some(open), position, cursor));
                }
                cursor =
                    Some(Cursor::After { offset: record.offset, msg_id: record.message.msg_id });
            }
        }
        self.latest()
    }

    /// The last checkpoint of a part before an offset.
    fn checkpoint_before(self, part: &Part, offset: u64) -> Result<Option<Checkpoint>> {
        let at_hand = self.with_end_of_index(part, |index| index.last_before(offset).cloned())?;
        match at_hand {
            None if offset > 0 => self.with_index(part, |index| index.last_before(offset).cloned()),
            found => Ok(found),
        }
    }

    /// The place before the last messages that pass a filter.
    fn locate_tail(self, count: usize, filter: &Filter) -> Result<Place> {
        let mut found = None;
        let mut missing = count;
        for part in self.view.parts.iter().rev() {
            let file = self.open(part)?;
            let mut end = part.end;
            while let Some(checkpoint) = self.checkpoint_before(part, end)? {
                let mut last: VecDeque<u64> = VecDeque::new();
                let from = checkpoint.position.offset();
                let mut scanner = Scanner::new(&*file.file, checkpoint.position, part.end);
                while let item = scanner.next().map_err(self.failed(part.path.as_str()))?
                    && !matches!(item, Found::End(_))
                {
                    let Found::Record(record) = item else {
                        continue;
                    };
                    if record.offset >= end {
                        break;
                    }
                    if filter.passes(&record.message) {
                        last.push_back(record.offset);
                        if last.len() > missing {
                            last.pop_front();
                        }
                    }
                }
                missing -= last.len();
                if let Some(&offset) = last.front() {
                    found = Some((file.clone(), Position::at_record(offset)));
                }
                if missing == 0 {
                    break;
                }
                end = from;
            }
            if missing == 0 {
                break;
            }
        }
        match found {
            // The cursor stands for nothing yet: at least one message follows.
            Some((open, position)) => {
                Ok(Place::new(Some(open), position, Cursor::Start { first_msg_id: None }))
            }
            None => self.latest(),
        }
    }
}

/// About how many bytes a message takes in an answer.
pub(super) fn size_in_answer(message: &Message) -> usize {
    // Bytes that are no UTF-8 become three bytes each.
    let body = match std::str::from_utf8(&message.body) {
        Ok(text) => text.len(),
        Err(_) => (3 * message.body.len()).min(FOREIGN_BODY_BYTES_MAX),
    };
    let pairs = message.meta.iter().map(|(key, value)| key.len() + value.len() + 8).sum::<usize>();
    let parents: usize = message
        .parents
        .iter()
        .map(|parent| {
            let meta: usize =
                parent.meta.iter().map(|(key, value)| key.len() + value.len() + 8).sum();
            parent.msg_id.len() + parent.kind.len() + meta + 8
        })
        .sum();
    let links: usize = message
        .links
        .iter()
        .map(|link| link.url.len() + link.label.len() + link.kind.len() + 8)
        .sum();
    let texts = message.msg_id.len()
        + message.kind.len()
        + message.project_id.len()
        + message.task_id.len()
        + message.run_id.len()
        + message.issue_id.len()
        + message.attachment_path.len()
        + message.request_id.len();
    body + pairs + parents + links + texts + 64
}
