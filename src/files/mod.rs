//! The embedded backend: the tree of files is the database. Deleting every
//! structure in memory loses nothing.

mod blocking;
mod bus;
mod lock;
mod root_lock;
mod seat;
mod storage;
mod synced_folders;
mod tree;
mod unwritten;
mod usage;
pub mod verify;
mod watched_folders;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::clock::Clock;
use crate::config::RoomSettings;
use crate::disk::Disk;
use crate::domain::{BusId, Cursor, Message, MsgId, ProjectId};
use crate::error::Result;
use crate::limits;
use crate::store::{
    AppendBatch, AppendTicket, Archives, BusPage, FrameStream, MessageBus, ReadPage, ReadQuery,
    Room, Scope, Subscription, Trimmed,
};

use bus::Buses;
use root_lock::RootLock;
use seat::Seats;
use synced_folders::SyncedFolders;
use tree::Tree;
use usage::Usage;

/// How much callers may take of a tree.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// How much may be written.
    pub room: RoomSettings,
    /// How many subscriptions may be open; and as many other streams.
    pub streams_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { room: RoomSettings::default(), streams_max: limits::SUBSCRIBERS_MAX }
    }
}

/// A tree of files, held for ourselves as long as this lives.
pub struct Files {
    buses: Arc<Buses>,
    tree: Arc<Tree>,
    usage: Arc<Usage>,
    _lock: RootLock,
}

impl Files {
    /// Takes the root. Other programs may write buses below it meanwhile; another
    /// server may not. There are no bounds of how much may be written.
    ///
    /// # Errors
    /// ROOT_LOCKED with the pid that holds it; IO when it cannot be written.
    pub fn open(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, pid: u32) -> Result<Self> {
        Self::open_within(disk, clock, pid, Bounds::default())
    }

    /// Takes the root as [`open`](Self::open) does, within bounds.
    ///
    /// # Errors
    /// The same; IO also when space is to stay free and cannot be looked at.
    pub fn open_within(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        pid: u32,
        bounds: Bounds,
    ) -> Result<Self> {
        let lock = RootLock::take(&*disk, pid)?;
        let synced_folders = Arc::<SyncedFolders>::default();
        let removals = Arc::<RwLock<()>>::default();
        let tree = Tree::open(
            Arc::clone(&disk),
            Arc::clone(&clock),
            pid,
            Arc::clone(&synced_folders),
            Arc::clone(&removals),
            Seats::new(bounds.streams_max),
        )?;
        let usage = Arc::new(Usage::open(Arc::clone(&disk), bounds.room)?);
        let subscribers = Seats::new(bounds.streams_max);
        let buses = Buses::new(disk, clock, pid, synced_folders, removals, subscribers);
        Ok(Self { buses, tree: Arc::new(tree), usage, _lock: lock })
    }

    /// Follows what other programs do to what is followed and watched, and how much room
    /// there is, and removes what an earlier server left half-way. Run it once, beside the
    /// service; it ends with [`Files::shut_down`].
    pub async fn follow_others(&self) {
        let left = Arc::clone(&self.tree);
        let emptying = tokio::task::spawn_blocking(move || left.empty_trash(&left.left_over));
        tokio::join!(
            Arc::clone(&self.buses).follow_others(),
            tree::observe(Arc::clone(&self.tree)),
            Arc::clone(&self.usage).look_after(),
            async { drop(emptying.await) },
        );
    }

    /// Returns how many subscriptions of buses are open.
    pub fn subscribers(&self) -> usize {
        self.buses.subscribers.taken()
    }

    /// Asks the disk how many bytes a user without privileges may still write. Blocks.
    ///
    /// # Errors
    /// IO.
    pub fn free_bytes_now(&self) -> Result<u64> {
        self.tree.free_bytes()
    }

    /// Looks now at what is free, and at how many bytes each project has, as
    /// [`follow_others`](Self::follow_others) does from time to time. Blocks for as long as
    /// it takes to list every folder of every project.
    ///
    /// # Errors
    /// IO when the root cannot be listed, or not be asked for its space; what was known stays.
    pub fn look_at_room(&self) -> Result<()> {
        self.usage.look()
    }

    /// Ends subscriptions, with `closing`, watches and waiting reads. Everything else
    /// goes on working.
    pub fn shut_down(&self) {
        self.buses.shut_down();
        self.tree.shut_down();
        self.usage.shut_down();
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.shut_down();
        self.buses.close();
    }
}

impl MessageBus for Files {
    async fn submit(&self, batch: AppendBatch) -> Result<AppendTicket> {
        self.buses.submit(batch).await
    }

    async fn read(&self, query: ReadQuery) -> Result<ReadPage> {
        self.buses.read(query).await
    }

    async fn poll(&self, query: ReadQuery, timeout: Duration) -> Result<ReadPage> {
        self.buses.poll(query, timeout).await
    }

    async fn get(&self, bus: BusId, msg_id: MsgId) -> Result<(Message, Cursor)> {
        self.buses.get_message(&bus, msg_id).await
    }

    async fn subscribe(&self, subscription: Subscription) -> Result<FrameStream> {
        self.buses.subscribe(subscription).await
    }

    async fn list(&self, scope: Scope, after: Option<BusId>, limit: usize) -> Result<BusPage> {
        self.buses.list(scope, after, limit).await
    }
}

impl Archives for Files {
    async fn rotate(&self, bus: BusId) -> Result<String> {
        self.buses.rotate(&bus).await
    }

    async fn trim(&self, bus: BusId, older_than: Duration, dry_run: bool) -> Result<Trimmed> {
        self.buses.trim(&bus, older_than, dry_run).await
    }
}

impl Room for Files {
    fn admit(&self, project: &ProjectId, bytes: u64) -> Result<()> {
        self.usage.admit(project, bytes)
    }

    fn check_space(&self) -> Result<()> {
        self.usage.check_space()
    }

    fn has_quotas(&self) -> bool {
        self.usage.has_quotas()
    }

    fn bytes_by_project(&self) -> Vec<(ProjectId, u64)> {
        self.usage.bytes_by_project()
    }

    fn free_bytes_known(&self) -> Option<u64> {
        self.usage.free_bytes_known()
    }
}
