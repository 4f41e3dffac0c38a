//! All buses of the tree: opened when they are first used, closed when nobody
//! used them for long.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::disk::{Disk, Kind};
use crate::domain::{BusId, Cursor, Message, MsgId, RequestId};
use crate::error::{Error, Result};
use crate::files::blocking::blocking;
use crate::files::seat::{Seat, Seats};
use crate::files::synced_folders::SyncedFolders;
use crate::layout::message_file::{self, NewRecord};
use crate::layout::{msg_id, paths};
use crate::limits;
use crate::store::{
    AppendBatch, AppendTicket, BusPage, BusSummary, FrameStream, ReadPage, ReadQuery, ReadStart,
    Scope, Start, Subscription, Trimmed,
};

use super::hub::{Followed, Hub};
use super::index::Index;
use super::recent::RecentRoom;
use super::subscription::Follower;
use super::writers::Writers;
use super::{Bus, Context, follow};

/// Open buses beyond which unused ones are closed.
const OPEN_BUSES: usize = 512;

/// All buses of one tree.
pub(in crate::files) struct Buses {
    pub(super) context: Arc<Context>,
    open: Mutex<Open>,
    pub(in crate::files) subscribers: Arc<Seats>,
    pub(super) shutdown: CancellationToken,
}

/// The open buses.
struct Open {
    buses: HashMap<BusId, Arc<Bus>>,
    /// When there are more, unused ones are closed.
    close_beyond: usize,
}

impl Buses {
    /// Prepares the buses of a tree; opens none.
    pub(in crate::files) fn new(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        pid: u32,
        synced_folders: Arc<SyncedFolders>,
        removals: Arc<RwLock<()>>,
        subscribers: Arc<Seats>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context: Arc::new(Context {
                disk,
                clock,
                pid,
                sequence: AtomicU32::new(0),
                hub: Arc::new(Hub::default()),
                writers: Writers::new(),
                synced_folders,
                removals,
                recent_room: RecentRoom::default(),
                archive_indexes: Mutex::default(),
            }),
            open: Mutex::new(Open { buses: HashMap::new(), close_beyond: OPEN_BUSES }),
            subscribers,
            shutdown: CancellationToken::new(),
        })
    }

    /// Follows changes by other programs, until the shutdown.
    pub(in crate::files) async fn follow_others(self: Arc<Self>) {
        follow::follow_others(self).await;
    }

    /// Ends subscriptions and waiting reads; appends go on until `close`.
    pub(in crate::files) fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Ends the writer threads when they have nothing left to do.
    pub(in crate::files) fn close(&self) {
        self.context.writers.close();
    }

    pub(in crate::files) async fn submit(&self, batch: AppendBatch) -> Result<AppendTicket> {
        check_headers(&batch)?;
        self.get(&batch.bus).submit(batch).await
    }

    pub(in crate::files) async fn read(&self, query: ReadQuery) -> Result<ReadPage> {
        let bus = self.get_current(&query.bus).await?;
        bus.read_with(move |reader| reader.read(&query)).await
    }

    pub(in crate::files) async fn get_message(
        &self,
        bus: &BusId,
        msg_id: MsgId,
    ) -> Result<(Message, Cursor)> {
        let bus = self.get_current(bus).await?;
        bus.read_with(move |reader| reader.get(&msg_id)).await
    }

    /// Reads as soon as there is something to read.
    pub(in crate::files) async fn poll(
        &self,
        mut query: ReadQuery,
        timeout: Duration,
    ) -> Result<ReadPage> {
        let deadline = tokio::time::Instant::now() + timeout;
        // Registered before the first look, so that nothing falls in between.
        let mailbox = self.context.hub.register(Scope::Bus(query.bus.clone()));
        loop {
            let page = self.read(query.clone()).await?;
            if !page.messages.is_empty() {
                return Ok(page);
            }
            // What the filter passed over need not be read again, and "now" must
            // not move on.
            query.start = ReadStart::From(Start::Cursor(page.cursor.clone()));
            tokio::select! {
                () = mailbox.changed() => drop(mailbox.take()),
                () = tokio::time::sleep_until(deadline) => return Ok(page),
                () = self.shutdown.cancelled() => return Err(Error::ShuttingDown),
            }
        }
    }

    pub(in crate::files) async fn subscribe(
        self: &Arc<Self>,
        subscription: Subscription,
    ) -> Result<FrameStream> {
        let seat = Seat::take(&self.subscribers)?;
        let follower = Follower::open(Arc::clone(self), subscription, seat).await?;
        Ok(follower.into_stream())
    }

    pub(in crate::files) async fn rotate(&self, bus: &BusId) -> Result<String> {
        self.get(bus).rotate().await
    }

    pub(in crate::files) async fn trim(
        &self,
        bus: &BusId,
        older_than: Duration,
        dry_run: bool,
    ) -> Result<Trimmed> {
        self.get(bus).trim(older_than, dry_run).await
    }

    /// Lists a page of buses in the order of their ids.
    pub(in crate::files) async fn list(
        self: &Arc<Self>,
        scope: Scope,
        after: Option<BusId>,
        limit: usize,
    ) -> Result<BusPage> {
        let context = Arc::clone(&self.context);
        let ids = blocking(move || existing(&*context.disk, &scope)).await?;
        let mut following =
            ids.into_iter().filter(|id| after.as_ref().is_none_or(|after| id > after));
        let mut page = BusPage::default();
        for id in following.by_ref().take(limit) {
            page.buses.push(self.summary(id).await);
        }
        page.more = following.next().is_some();
        Ok(page)
    }

    async fn summary(&self, id: BusId) -> BusSummary {
        let mut summary = BusSummary {
            path: paths::bus_file(&id).to_string(),
            size_bytes: 0,
            last: None,
            archive_count: 0,
            damage_count: 0,
            problem: None,
            bus: id.clone(),
        };
        let read = async {
            let bus = self.get_current(&id).await?;
            bus.read_with(|reader| {
                let view = reader.view;
                let last = reader.last_entry()?;
                let damages = match view.live() {
                    Some((part, _)) => reader.with_index(part, Index::damages)?,
                    None => 0,
                };
                let size: u64 = view.parts.iter().map(|part| part.end).sum();
                Ok((size, last, view.archive_count(), damages, view.poisoned))
            })
            .await
        };
        match read.await {
            Ok((size, last, archives, damages, poisoned)) => {
                summary.size_bytes = size;
                summary.last = last.map(|entry| (entry.msg_id, entry.ts));
                summary.archive_count = archives;
                summary.damage_count = damages;
                summary.problem =
                    poisoned.then(|| Error::BusPoisoned { bus: id.to_string() }.to_string());
            }
            Err(error) => summary.problem = Some(error.to_string()),
        }
        summary
    }

    /// Returns a bus, up to date with its files.
    pub(super) async fn get_current(&self, id: &BusId) -> Result<Arc<Bus>> {
        let bus = self.get(id);
        bus.refresh(true).await?;
        Ok(bus)
    }

    /// Returns a bus.
    pub(super) fn get(&self, id: &BusId) -> Arc<Bus> {
        let mut open = self.lock();
        if let Some(bus) = open.buses.get(id) {
            bus.touch();
            return Arc::clone(bus);
        }
        if open.buses.len() >= open.close_beyond {
            open.close_unused();
        }
        let bus = Bus::new(Arc::clone(&self.context), id.clone());
        open.buses.insert(id.clone(), Arc::clone(&bus));
        bus
    }

    /// Returns the open buses that somebody follows.
    pub(super) fn open_and_followed(&self, followed: &Followed) -> Vec<BusId> {
        self.lock().buses.keys().filter(|bus| followed.covers(bus)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Closes the half of the buses that nobody holds and that were used longest
    /// ago.
    fn close_unused(&mut self) {
        let mut unused: Vec<(Instant, BusId)> = self
            .buses
            .iter()
            .filter(|(_, bus)| Arc::strong_count(bus) == 1 && bus.is_closable())
            .map(|(id, bus)| (bus.last_used(), id.clone()))
            .collect();
        unused.sort();
        for (_, id) in unused.drain(..unused.len().div_ceil(2)) {
            self.buses.remove(&id);
        }
        // When most are held, looking again at every new one would find nothing.
        self.close_beyond = OPEN_BUSES.max(self.buses.len() * 2);
    }
}

/// Refuses a header that would be too large before anything is made for it. Almost
/// all are far from that; only the others are encoded to see.
fn check_headers(batch: &AppendBatch) -> Result<()> {
    /// What ids, times and keys take at most, and one escaped byte.
    const FIXED_BYTES: usize = 2048;
    const ESCAPED_BYTES: usize = 4;
    const ENTRY_BYTES: usize = 64;
    for message in &batch.messages {
        let (entries, bytes) = message.header_text();
        if FIXED_BYTES + ENTRY_BYTES * entries + ESCAPED_BYTES * bytes <= limits::HEADER_BYTES_MAX {
            continue;
        }
        let ts = Timestamp::MAX;
        let record = NewRecord {
            project_id: batch.bus.project.as_str(),
            task_id: batch.bus.task_str(),
            message,
            msg_id: &msg_id::format(ts, u32::MAX, 0),
            ts,
            request_id: batch.request_id.as_ref().map(RequestId::as_str),
            batch: Some((limits::BATCH_MESSAGES_MAX as u32, limits::BATCH_MESSAGES_MAX as u32)),
        };
        message_file::encode(&record, &mut Vec::new())?;
    }
    Ok(())
}

/// Finds the buses of a scope that exist: whose live file or an archive is there, or
/// whose folder cannot be looked into.
pub(super) fn existing(disk: &dyn Disk, scope: &Scope) -> Result<BTreeSet<BusId>> {
    let projects = match scope {
        Scope::Bus(bus) => {
            let there = disk.status(&paths::bus_file(bus))?.is_some();
            return Ok(there.then(|| bus.clone()).into_iter().collect());
        }
        Scope::Project(project) => vec![project.clone()],
        Scope::All(reach) => folders(disk, &crate::domain::TreePath::root())?
            .iter()
            .filter_map(|name| paths::project_of_folder(name))
            .filter(|project| reach.covers(project))
            .collect(),
    };
    let mut found = BTreeSet::new();
    for project in projects {
        let own = BusId { project, task: None };
        let entries = match disk.list(&paths::project_folder(&own.project)) {
            Ok(Some(entries)) => entries,
            Ok(None) if matches!(scope, Scope::Project(_)) => {
                return Err(Error::ProjectNotFound { project: own.project.to_string() });
            }
            Ok(None) => continue,
            // Whoever opens it is told why; its neighbours are not concerned.
            Err(_) => {
                found.insert(own);
                continue;
            }
        };
        for entry in &entries {
            let task =
                if entry.kind == Kind::Folder { paths::task_of_folder(&entry.name) } else { None };
            let Some(task) = task else { continue };
            let bus = BusId { project: own.project.clone(), task: Some(task) };
            let listed = disk.list(&paths::bus_folder(&bus));
            if listed.map_or(true, |entries| has_bus(&entries.unwrap_or_default(), &bus)) {
                found.insert(bus);
            }
        }
        if has_bus(&entries, &own) {
            found.insert(own);
        }
    }
    Ok(found)
}

fn has_bus(entries: &[crate::disk::Entry], bus: &BusId) -> bool {
    let file = paths::bus_file(bus);
    entries.iter().any(|entry| entry.name == file.name() || paths::is_archive_of(bus, &entry.name))
}

fn folders(disk: &dyn Disk, path: &crate::domain::TreePath) -> Result<Vec<String>> {
    let entries = disk.list(path)?.unwrap_or_default();
    Ok(entries
        .into_iter()
        .filter(|entry| entry.kind == Kind::Folder)
        .map(|entry| entry.name)
        .collect())
}
