//! Finding one record: by its id, or by where it stands. All of this blocks.

use jiff::Timestamp;

use crate::domain::{Cursor, Message};
use crate::error::{Error, Result};
use crate::layout::message_file::Position;
use crate::layout::msg_id;

use super::bisect::{self, Range};
use super::index::Index;
use super::parts::Part;
use super::place::{Place, Reader};
use super::scanner::{Found, Scanner};

/// A bus up to this size is always searched as a whole for an id, so that one that
/// occurs twice is noticed whoever wrote it. In a larger one it is found at either place.
const SEARCH_WHOLE_BYTES: u64 = 4 << 20;

/// A record that was found.
pub(super) struct Hit<'v> {
    pub(super) part: &'v Part,
    pub(super) offset: u64,
}

impl<'v> Reader<'v> {
    /// Finds a message by its id.
    pub(super) fn find(self, id: &str) -> Result<Hit<'v>> {
        let size: u64 = self.view.parts.iter().map(|part| part.end).sum();
        let mut hits = Vec::new();
        if let Some(ts) = msg_id::time_of(id).filter(|_| size > SEARCH_WHOLE_BYTES) {
            for part in &self.view.parts {
                let Range { from, until } = self.around_own(part, ts)?;
                self.search(part, from, until, id, &mut hits)?;
            }
        }
        if hits.is_empty() {
            for part in &self.view.parts {
                self.search(part, Position::start(), part.end, id, &mut hits)?;
            }
        }
        if hits.len() > 1 {
            return Err(Error::AmbiguousId { bus: self.bus.to_string(), msg_id: id.to_owned() });
        }
        hits.pop().ok_or_else(|| self.not_found(id))
    }

    /// Returns where in a part a record of ours with a time must be.
    fn around_own(self, part: &Part, ts: Timestamp) -> Result<Range> {
        let missing = self.with_end_of_index(part, |index| index.missing_before(ts))?;
        // To look into the file at a dozen places is much quicker than to index all of it.
        if let Some(missing) = missing {
            let file = &*self.open(part)?.file;
            let range = bisect::around_own(file, ts, missing);
            if let Some(range) = range.map_err(self.failed(part.path.as_str()))? {
                return Ok(range);
            }
        }
        let indexed = |index: &Index| {
            let (from, until) = index.around_own(ts);
            let until = until.map_or(part.end, |until| until.min(part.end));
            Range { from: from.position.clone(), until }
        };
        match missing {
            Some(_) => self.with_index(part, indexed),
            None => self.with_end_of_index(part, indexed),
        }
    }

    /// Collects the records with an id that begin before an offset.
    fn search(
        self,
        part: &'v Part,
        from: Position,
        until: u64,
        id: &str,
        hits: &mut Vec<Hit<'v>>,
    ) -> Result<()> {
        let open = self.open(part)?;
        let mut scanner = Scanner::new(&*open.file, from, part.end);
        loop {
            match scanner.next().map_err(self.failed(part.path.as_str()))? {
                Found::Record(record) if record.offset >= until => return Ok(()),
                Found::Record(record) if record.message.msg_id == id => {
                    hits.push(Hit { part, offset: record.offset });
                }
                Found::Record(_) | Found::Damage(_) => {}
                Found::End(_) => return Ok(()),
            }
        }
    }

    /// The place after a record, and its message; none when another record, or none, begins
    /// there.
    pub(super) fn after(self, hit: &Hit<'_>, id: &str) -> Result<Option<(Place, Message)>> {
        let open = self.open(hit.part)?;
        let position = Position::at_record(hit.offset);
        let mut scanner = Scanner::new(&*open.file, position, hit.part.end);
        let record = loop {
            match scanner.next().map_err(self.failed(hit.part.path.as_str()))? {
                // What is wrong with a record is reported before it.
                Found::Damage(damage) if damage.offset == hit.offset => {}
                Found::Record(record)
                    if record.offset == hit.offset && record.message.msg_id == id =>
                {
                    break record;
                }
                _ => return Ok(None),
            }
        };
        let position = scanner.position().clone();
        let cursor = Cursor::After { offset: hit.offset, msg_id: id.to_owned() };
        drop(scanner);
        Ok(Some((Place::new(Some(open), position, cursor), record.message)))
    }

    pub(super) fn not_found(self, id: &str) -> Error {
        Error::MessageNotFound { bus: self.bus.to_string(), msg_id: id.to_owned() }
    }
}
