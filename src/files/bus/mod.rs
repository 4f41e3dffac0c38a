//! Buses as files: one owner each, any number of readers.
//!
//! ```text
//! append ─► queue ─► owner (a writer thread) ─► file ─► sync ─► view ─► wake-up
//! read, follow ─────────────────────────────────────────► view ─► file, or its last
//!                                                                 messages in memory
//! ```

mod archives;
mod bisect;
mod commit;
mod find;
mod follow;
mod hub;
mod index;
mod owner;
mod parts;
mod place;
mod read;
mod recent;
mod registry;
mod request_ids;
mod rotate;
mod scanner;
mod subscription;
mod tail;
mod take_up;
mod writers;

pub(super) use registry::Buses;
pub(super) use scanner::{Found, Scanner};
pub(super) use tail::move_torn_tail_away;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, oneshot};

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile};
use crate::domain::{BusId, TreePath};
use crate::error::{Error, Result};
use crate::layout::paths;
use crate::limits;
use crate::store::{AppendBatch, AppendTicket, Trimmed};

use crate::files::blocking::blocking;
use crate::files::synced_folders::SyncedFolders;
use archives::Version;
use commit::PendingAppend;
use hub::Hub;
use index::Index;
use owner::{Owner, Refresh};
use parts::{SharedIndex, View};
use place::Reader;
use recent::RecentRoom;
use writers::{Turn, Writers};

/// What a queued message takes besides its body, in bytes, roughly.
const QUEUED_MESSAGE_BYTES: usize = 1024;
/// How often a read is tried that found an archive removed.
const ARCHIVE_GONE_TRIES: usize = 3;
/// Indexes of archives that are kept.
const ARCHIVE_INDEXES_MAX: usize = 32;

/// What all buses share.
struct Context {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    pid: u32,
    sequence: AtomicU32,
    hub: Arc<Hub>,
    writers: Arc<Writers>,
    synced_folders: Arc<SyncedFolders>,
    /// Held shared while something is created, alone while something is removed.
    removals: Arc<RwLock<()>>,
    recent_room: RecentRoom,
    /// Newest last.
    archive_indexes: Mutex<VecDeque<(Version, SharedIndex)>>,
}

impl Context {
    /// Returns the next sequence number for message ids.
    fn next_sequence(&self) -> u32 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns the index of an archive, maybe only of its end, and builds it when it is not at
    /// hand.
    fn archive_index(&self, path: &TreePath, version: Version) -> Result<SharedIndex> {
        let indexes = || self.archive_indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, index)) = indexes().iter().find(|(known, _)| *known == version) {
            return Ok(index.clone());
        }
        let failed = |source| Error::io("read", path.as_str(), source);
        let file = self.open_archive(path)?;
        let index = Index::build(&*file, version.length).map_err(failed)?;
        let index = SharedIndex::new(version.identity, index);
        let mut kept = indexes();
        kept.retain(|(known, _)| known.identity != version.identity);
        if kept.len() >= ARCHIVE_INDEXES_MAX {
            kept.pop_front();
        }
        kept.push_back((version, index.clone()));
        Ok(index)
    }

    /// As [`Context::archive_index`], of the whole archive.
    fn whole_archive_index(&self, path: &TreePath, version: Version) -> Result<SharedIndex> {
        let index = self.archive_index(path, version)?;
        if index.lock().missing().is_some() {
            let failed = |source| Error::io("read", path.as_str(), source);
            index.complete(&*self.open_archive(path)?, version.length).map_err(failed)?;
        }
        Ok(index)
    }

    fn open_archive(&self, path: &TreePath) -> Result<Arc<dyn DiskFile>> {
        self.disk.open(path)?.ok_or_else(|| Error::ArchiveGone { path: path.to_string() })
    }
}

/// One bus: its queue, its owner, and what readers see.
struct Bus {
    id: BusId,
    context: Arc<Context>,
    queue: Mutex<Queue>,
    /// Bounds what waits in the queue, in bytes.
    room: Arc<Semaphore>,
    owner: Mutex<Owner>,
    publisher: Publisher,
    last_used: Mutex<Instant>,
}

#[derive(Default)]
struct Queue {
    commands: VecDeque<Command>,
    scheduled: bool,
}

/// What an owner is asked to do.
enum Command {
    Append(PendingAppend),
    Refresh(Refresh, oneshot::Sender<Result<()>>),
    Rotate(oneshot::Sender<Result<String>>),
    Trim { older_than: Duration, dry_run: bool, answer: oneshot::Sender<Result<Trimmed>> },
}

/// Shows readers the committed state of a bus, and wakes its followers.
struct Publisher {
    bus: BusId,
    hub: Arc<Hub>,
    view: RwLock<Arc<View>>,
}

impl Publisher {
    /// Replaces what readers see. Nobody is woken for what looks the same.
    fn publish(&self, view: View) {
        let new = {
            let mut shown = self.view.write().unwrap_or_else(PoisonError::into_inner);
            let new = !shown.shows_the_same_as(&view);
            *shown = Arc::new(view);
            new
        };
        if new {
            self.hub.wake(&self.bus);
        }
    }
}

impl Bus {
    fn new(context: Arc<Context>, id: BusId) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            room: Arc::new(Semaphore::new(limits::BUS_QUEUE_BYTES_MAX as usize)),
            owner: Mutex::new(Owner::new(Arc::clone(&context), id.clone())),
            publisher: Publisher {
                bus: id.clone(),
                hub: Arc::clone(&context.hub),
                view: RwLock::default(),
            },
            last_used: Mutex::new(Instant::now()),
            context,
            id,
        })
    }

    /// Returns the committed state.
    fn view(&self) -> Arc<View> {
        Arc::clone(&self.publisher.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Queues a batch; waits for room in the queue.
    async fn submit(self: &Arc<Self>, batch: AppendBatch) -> Result<AppendTicket> {
        let bytes: usize =
            batch.messages.iter().map(|message| message.body.len() + QUEUED_MESSAGE_BYTES).sum();
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(limits::BUS_QUEUE_BYTES_MAX);
        // It goes back when the append is answered, whether or not anybody takes
        // the answer.
        let room = Arc::clone(&self.room)
            .acquire_many_owned(bytes)
            .await
            .map_err(|_| Error::Bug("the queue of a bus was closed".into()))?;
        let (answer, answered) = oneshot::channel();
        self.command(Command::Append(PendingAppend { batch, answer, _room: room }));
        Ok(Box::pin(async move { answered.await.map_err(|_| owner_ended())? }))
    }

    /// Brings the committed state up to what the files hold. Costs no more than a
    /// look at their status when nobody changed them. `patient` is whether the first
    /// look may wait long for a lock that another program holds.
    async fn refresh(self: &Arc<Self>, patient: bool) -> Result<()> {
        let bus = Arc::clone(self);
        if blocking(move || bus.is_current()).await? {
            Ok(())
        } else {
            self.look(Refresh { patient, relist: false }).await
        }
    }

    /// Whether the files are as the committed state says. Looks at nothing but their status.
    fn is_current(&self) -> Result<bool> {
        self.view().is_current(&*self.context.disk, &paths::bus_file(&self.id))
    }

    /// Has the owner look at the files.
    async fn look(self: &Arc<Self>, refresh: Refresh) -> Result<()> {
        self.ask(|answer| Command::Refresh(refresh, answer)).await
    }

    /// Runs something that blocks with a reader of the committed state; again when
    /// an archive was removed meanwhile.
    async fn read_with<T: Send + 'static>(
        self: &Arc<Self>,
        run: impl Fn(Reader<'_>) -> Result<T> + Send + Sync + 'static,
    ) -> Result<T> {
        let run = Arc::new(run);
        let mut tries = 0;
        loop {
            let (bus, run) = (Arc::clone(self), Arc::clone(&run));
            match blocking(move || bus.reader(|reader| run(reader))).await {
                Err(Error::ArchiveGone { .. }) if tries < ARCHIVE_GONE_TRIES => {
                    tries += 1;
                    self.look(Refresh { patient: true, relist: true }).await?;
                }
                done => return done,
            }
        }
    }

    /// Runs something with a reader of the committed state.
    fn reader<T>(&self, run: impl FnOnce(Reader<'_>) -> Result<T>) -> Result<T> {
        let view = self.view();
        run(Reader { context: &self.context, bus: &self.id, view: &view })
    }

    /// Whether it may be closed and opened again. The owner is asked, not the view:
    /// after a failed first sync there is none.
    fn is_closable(&self) -> bool {
        self.owner.try_lock().is_ok_and(|owner| owner.is_replaceable())
    }

    /// Notes that it is used, and when.
    fn touch(&self) {
        *self.last_used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last_used(&self) -> Instant {
        *self.last_used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn rotate(self: &Arc<Self>) -> Result<String> {
        self.ask(Command::Rotate).await
    }

    async fn trim(self: &Arc<Self>, older_than: Duration, dry_run: bool) -> Result<Trimmed> {
        self.ask(|answer| Command::Trim { older_than, dry_run, answer }).await
    }

    async fn ask<T>(
        self: &Arc<Self>,
        command: impl FnOnce(oneshot::Sender<Result<T>>) -> Command,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.command(command(answer));
        answered.await.map_err(|_| owner_ended())?
    }

    fn command(self: &Arc<Self>, command: Command) {
        let mut queue = self.lock_queue();
        queue.commands.push_back(command);
        if !queue.scheduled {
            queue.scheduled = true;
            drop(queue);
            self.context.writers.schedule(Arc::clone(self) as Arc<dyn Turn>);
        }
    }

    fn lock_queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what one turn can do: appends up to a size, or one other command
    /// (refreshes that wait together are one).
    fn take_work(&self) -> Vec<Command> {
        let mut queue = self.lock_queue();
        let mut work: Vec<Command> = Vec::new();
        let mut bytes = 0;
        while let Some(command) = queue.commands.front() {
            match (work.first(), command) {
                (None, _) | (Some(Command::Refresh(..)), Command::Refresh(..)) => {}
                (Some(Command::Append(_)), Command::Append(_))
                    if bytes < limits::COMMIT_BYTES_MAX => {}
                _ => break,
            }
            if let Command::Append(append) = command {
                bytes +=
                    append.batch.messages.iter().map(|message| message.body.len()).sum::<usize>();
            }
            work.extend(queue.commands.pop_front());
        }
        work
    }
}

fn owner_ended() -> Error {
    Error::Bug("the owner of the bus ended without an answer; the log says why".into())
}

impl Turn for Bus {
    fn take_turn(&self) -> bool {
        // After a bug, all that is known of the files is read anew.
        let turn = std::panic::AssertUnwindSafe(|| self.run_commands());
        if std::panic::catch_unwind(turn).is_err() {
            tracing::error!(bus = %self.id, "the owner of the bus panicked; starting it anew");
            let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
            // Readers share the descriptor, so that dropping it would not.
            owner.unlock();
            *owner = Owner::new(Arc::clone(&self.context), self.id.clone());
        }
        let mut queue = self.lock_queue();
        queue.scheduled = !queue.commands.is_empty();
        queue.scheduled
    }
}

impl Bus {
    fn run_commands(&self) {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut appends = Vec::new();
        let mut refreshes = Vec::new();
        let mut wanted = Refresh { patient: false, relist: false };
        for command in self.take_work() {
            match command {
                Command::Append(append) => appends.push(append),
                Command::Refresh(refresh, answer) => {
                    wanted.patient |= refresh.patient;
                    wanted.relist |= refresh.relist;
                    refreshes.push(answer);
                }
                Command::Rotate(answer) => drop(answer.send(owner.rotate(&self.publisher))),
                Command::Trim { older_than, dry_run, answer } => {
                    drop(answer.send(owner.trim(older_than, dry_run, &self.publisher)));
                }
            }
        }
        if !appends.is_empty() {
            owner.commit(appends, &self.publisher);
        }
        if !refreshes.is_empty() {
            let refreshed = owner.refresh(wanted, &self.publisher);
            for answer in refreshes {
                let _ = answer.send(refreshed.clone());
            }
        }
    }
}
