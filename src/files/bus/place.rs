//! A place in a bus, and the one way from it to later messages: reading,
//! replaying and following all go through [`Place::advance`].

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::disk::{DiskFile, Identity};
use crate::domain::{BusId, Cursor, Message};
use crate::error::{Error, Result};
use crate::layout::message_file::{Damage, Position, Tail};
use crate::store::Delivery;

use super::Context;
use super::index::Index;
use super::parts::{Part, View};
use super::scanner::{Found, Scanner};

/// How long a part that was left is looked at for what came late: a program that
/// waited for its lock while it was renamed.
const LATE: Duration = Duration::from_secs(30);

/// A committed state of a bus, to read from.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) context: &'a Context,
    pub(super) bus: &'a BusId,
    pub(super) view: &'a View,
}

impl Reader<'_> {
    /// Opens a part.
    pub(super) fn open(&self, part: &Part) -> Result<OpenPart> {
        let file = match &part.live {
            Some(live) => Arc::clone(&live.file),
            None => self.context.open_archive(&part.path)?,
        };
        Ok(OpenPart { identity: part.identity, sequence: part.sequence, file, end: part.end })
    }

    /// Looks something up in the index of a part.
    pub(super) fn with_index<T>(
        &self,
        part: &Part,
        look_up: impl FnOnce(&Index) -> T,
    ) -> Result<T> {
        match &part.live {
            Some(live) => {
                let completed = live.index.complete(&*live.file, part.end);
                completed.map_err(self.failed(part.path.as_str()))?;
                Ok(look_up(&live.index.lock()))
            }
            None => {
                let index = self.context.whole_archive_index(&part.path, part.version())?;
                Ok(look_up(&index.lock()))
            }
        }
    }

    /// Looks something up in what is at hand of the index of a part: maybe only that of its
    /// end.
    pub(super) fn with_end_of_index<T>(
        &self,
        part: &Part,
        look_up: impl FnOnce(&Index) -> T,
    ) -> Result<T> {
        match &part.live {
            Some(live) => Ok(look_up(&live.index.lock())),
            None => {
                let index = self.context.archive_index(&part.path, part.version())?;
                Ok(look_up(&index.lock()))
            }
        }
    }

    pub(super) fn failed(&self, path: &str) -> impl Fn(io::Error) -> Error + use<> {
        let path = path.to_owned();
        move |source| Error::io("read", path.clone(), source)
    }
}

/// A part that is being read. It stays readable when it is renamed or removed.
#[derive(Clone)]
pub(super) struct OpenPart {
    pub(super) identity: Identity,
    pub(super) sequence: u64,
    pub(super) file: Arc<dyn DiskFile>,
    /// How far it was committed when it was last seen.
    end: u64,
}

/// A place between two messages of a bus.
#[derive(Clone)]
pub(super) struct Place {
    /// The part it is in; none while the bus has none.
    pub(super) part: Option<OpenPart>,
    pub(super) position: Position,
    /// What names it to clients.
    pub(super) cursor: Cursor,
    /// Parts that were left a moment ago, and where.
    left: Vec<(OpenPart, Position, Instant)>,
}

/// What is met on the way.
pub(super) enum Event {
    Message(Box<Message>),
    Damage(Damage),
}

/// What to do after an event.
pub(super) enum Flow {
    /// Go on.
    Continue,
    /// Stop before it: it was not taken.
    PutBack,
}

/// Why the way ended.
pub(super) enum Advanced {
    /// At the committed end.
    AtEnd,
    /// Before what was put back.
    Stopped,
    /// The part went away, and it is not known what followed it.
    Lost,
}

/// What was at hand in memory.
pub(super) struct InMemory {
    pub(super) deliveries: Vec<Arc<Delivery>>,
    /// Whether the committed end is met.
    pub(super) is_at_end: bool,
}

impl Place {
    pub(super) fn new(part: Option<OpenPart>, position: Position, cursor: Cursor) -> Self {
        Self { part, position, cursor, left: Vec::new() }
    }

    /// Goes on to the committed end, or until a message is put back.
    ///
    /// # Errors
    /// IO; the place stays usable.
    pub(super) fn advance(
        &mut self,
        reader: Reader<'_>,
        visit: &mut dyn FnMut(Event, &Cursor) -> Flow,
    ) -> Result<Advanced> {
        if self.visit_late(reader, visit)? {
            return Ok(Advanced::Stopped);
        }
        loop {
            let Some(open) = &mut self.part else {
                let Some(first) = reader.view.parts.first() else {
                    return Ok(Advanced::AtEnd);
                };
                self.part = Some(reader.open(first)?);
                self.position = Position::start();
                continue;
            };
            // The same file under another number was cut short and begun anew.
            let known =
                reader.view.find(open.identity).filter(|part| part.sequence == open.sequence);
            // Archives are removed oldest first, and may be so before this place saw
            // them become one: the open file still has all that they had.
            let archived = match known {
                Some(part) => part.live.is_none(),
                None => reader.view.archived_through >= Some(open.sequence),
            };
            let failed =
                reader.failed(known.map_or("a removed part of the bus", |part| part.path.as_str()));
            open.end = match known {
                Some(part) => part.end,
                None if archived => open.file.status().map_err(&failed)?.length,
                None => open.end,
            };
            let (file, end) = (&*open.file, open.end);
            let visited = visit_part(file, &mut self.position, end, &mut self.cursor, visit);
            let Some(tail) = visited.map_err(&failed)? else { return Ok(Advanced::Stopped) };
            let next = match known {
                Some(part) => reader.view.after(part.identity),
                None if archived => {
                    let next = reader.view.parts.iter().find(|part| part.sequence > open.sequence);
                    if next.is_some_and(|next| next.sequence != open.sequence + 1) {
                        return Ok(Advanced::Lost);
                    }
                    next
                }
                // A live file that is gone was deleted or replaced.
                None => return Ok(Advanced::Lost),
            };
            let Some(next) = next else {
                return Ok(Advanced::AtEnd);
            };
            let next = reader.open(next)?;
            if let Tail::Torn { keep } = tail {
                // Nobody will ever move it aside here.
                let detail = "the archive ends in half a record".into();
                visit(
                    Event::Damage(Damage { offset: keep, length: end - keep, detail }),
                    &self.cursor,
                );
            }
            let left = std::mem::replace(open, next);
            let position = std::mem::replace(&mut self.position, Position::start());
            self.left.push((left, position, Instant::now() + LATE));
        }
    }

    /// Goes on as far as what is at hand in memory reaches, without a look at any file. None
    /// when it takes one to go on.
    pub(super) fn advance_in_memory(&mut self, view: &View) -> Option<InMemory> {
        let open = self.part.as_mut().filter(|_| self.left.is_empty())?;
        let (part, live) = view.live()?;
        if part.identity != open.identity || part.sequence != open.sequence {
            return None;
        }
        let is_at_end = |position: &Position| position.offset() == live.position.offset();
        let deliveries = if is_at_end(&self.position) {
            Vec::new()
        } else {
            let taken = live.recent.take(self.position.offset(), part.end)?;
            if let Some(last) = taken.deliveries.last() {
                self.cursor = last.cursor.clone();
            }
            self.position = taken.position;
            taken.deliveries
        };
        open.end = part.end;
        Some(InMemory { deliveries, is_at_end: is_at_end(&self.position) })
    }

    /// Visits what was appended to parts after they were left. These messages
    /// come late, and with the cursor of where the place is by now: a resumption
    /// from it repeats nothing.
    fn visit_late(
        &mut self,
        reader: Reader<'_>,
        visit: &mut dyn FnMut(Event, &Cursor) -> Flow,
    ) -> Result<bool> {
        self.left.retain(|(_, _, until)| *until > Instant::now());
        for (open, position, _) in &mut self.left {
            let Some(part) = reader.view.find(open.identity) else {
                continue;
            };
            let cursor = self.cursor.clone();
            let mut at_place = |event: Event, _: &Cursor| visit(event, &cursor);
            let mut ignored = cursor.clone();
            let visited = visit_part(&*open.file, position, part.end, &mut ignored, &mut at_place);
            if visited.map_err(reader.failed(part.path.as_str()))?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Visits one part up to an end; returns how it ends. None when something was put
/// back.
fn visit_part(
    file: &dyn DiskFile,
    position: &mut Position,
    end: u64,
    cursor: &mut Cursor,
    visit: &mut dyn FnMut(Event, &Cursor) -> Flow,
) -> io::Result<Option<Tail>> {
    let mut scanner = Scanner::new(file, position.clone(), end);
    loop {
        match scanner.next()? {
            Found::Record(record) => {
                let after =
                    Cursor::After { offset: record.offset, msg_id: record.message.msg_id.clone() };
                match visit(Event::Message(Box::new(record.message)), &after) {
                    Flow::Continue => *cursor = after,
                    Flow::PutBack => return Ok(None),
                }
            }
            Found::Damage(damage) => match visit(Event::Damage(damage), cursor) {
                Flow::Continue => {}
                Flow::PutBack => return Ok(None),
            },
            Found::End(tail) => {
                *position = scanner.position().clone();
                return Ok(Some(tail));
            }
        }
        *position = scanner.position().clone();
    }
}
