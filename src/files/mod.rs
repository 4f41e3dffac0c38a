//! The embedded backend: the tree of files is the database. Deleting every
//! structure in memory loses nothing.

mod blocking;
mod bus;
mod lock;
mod root_lock;
mod seat;
mod storage;
mod stub;
mod synced_folders;
mod tree;
mod unwritten;
pub mod verify;
mod watched_folders;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::clock::Clock;
use crate::disk::Disk;
use crate::domain::{BusId, Cursor, Message, MsgId};
use crate::error::Result;
use crate::store::{
    AppendBatch, AppendTicket, Archives, BusPage, FrameStream, MessageBus, ReadPage, ReadQuery,
    Scope, Subscription, Trimmed,
};

use bus::Buses;
use root_lock::RootLock;
use synced_folders::SyncedFolders;
use tree::Tree;

/// A tree of files, held for ourselves as long as this lives.
pub struct Files {
    buses: Arc<Buses>,
    tree: Arc<Tree>,
    _lock: RootLock,
}

impl Files {
    /// Takes the root. Other programs may write buses below it meanwhile; another
    /// server may not.
    ///
    /// # Errors
    /// ROOT_LOCKED with the pid that holds it; IO when it cannot be written.
    pub fn open(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, pid: u32) -> Result<Self> {
        let lock = RootLock::take(&*disk, pid)?;
        let synced_folders = Arc::<SyncedFolders>::default();
        let removals = Arc::<RwLock<()>>::default();
        let tree = Tree::open(
            Arc::clone(&disk),
            Arc::clone(&clock),
            pid,
            Arc::clone(&synced_folders),
            Arc::clone(&removals),
        )?;
        let buses = Buses::new(disk, clock, pid, synced_folders, removals);
        Ok(Self { buses, tree: Arc::new(tree), _lock: lock })
    }

    /// Follows what other programs do to what is followed and watched, and removes
    /// what an earlier server left half-way. Run it once, beside the service; it ends
    /// with [`Files::shut_down`].
    pub async fn follow_others(&self) {
        let left = Arc::clone(&self.tree);
        let emptying = tokio::task::spawn_blocking(move || left.empty_trash(&left.left_over));
        tokio::join!(
            Arc::clone(&self.buses).follow_others(),
            tree::observe(Arc::clone(&self.tree)),
            async { drop(emptying.await) },
        );
    }

    /// Ends subscriptions, with `closing`, watches and waiting reads. Everything else
    /// goes on working.
    pub fn shut_down(&self) {
        self.buses.shut_down();
        self.tree.shut_down();
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
