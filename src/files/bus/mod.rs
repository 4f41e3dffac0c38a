//! Buses as files: one owner each, any number of readers.
//!
//! ```text
//! append ─► queue ─► owner (a writer thread) ─► file ─► sync ─► view ─► wake-up
//! read, follow ─────────────────────────────────────────► view ─► file
//! ```

mod commit;
mod follow;
mod hub;
mod index;
mod owner;
mod parts;
mod place;
mod read;
mod registry;
mod request_ids;
mod rotate;
mod scanner;
mod subscription;
mod tail;
mod writers;

pub(super) use registry::Buses;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, oneshot};

use crate::clock::Clock;
use crate::disk::{Disk, Identity};
use crate::domain::{BusId, TreePath};
use crate::error::{Error, Result};
use crate::layout::paths;
use crate::limits;
use crate::store::{AppendBatch, AppendTicket, Trimmed};

use commit::PendingAppend;
use hub::Hub;
use index::Index;
use owner::Owner;
use parts::View;
use place::Reader;
use registry::blocking;
use writers::{Turn, Writers};

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
    /// Archives do not change, apart from a moment after their rename, so their
    /// length tells whether an index is still good. Newest last.
    archive_indexes: Mutex<VecDeque<(Identity, u64, Arc<Index>)>>,
}

impl Context {
    /// Returns the next sequence number for message ids.
    fn next_sequence(&self) -> u32 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns the index of an archive, and builds it when it is not at hand.
    fn archive_index(
        &self,
        path: &TreePath,
        identity: Identity,
        length: u64,
    ) -> Result<Arc<Index>> {
        let indexes = || self.archive_indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, index)) =
            indexes().iter().find(|(known, size, _)| *known == identity && *size == length)
        {
            return Ok(Arc::clone(index));
        }
        let file = self
            .disk
            .open(path)?
            .ok_or_else(|| Error::io("open", path.as_str(), std::io::ErrorKind::NotFound.into()))?;
        let index = Index::build(&*file, length)
            .map_err(|source| Error::io("read", path.as_str(), source))?;
        let index = Arc::new(index);
        let mut kept = indexes();
        kept.retain(|(known, _, _)| *known != identity);
        if kept.len() >= ARCHIVE_INDEXES_MAX {
            kept.pop_front();
        }
        kept.push_back((identity, length, Arc::clone(&index)));
        Ok(index)
    }
}

/// One bus: its queue, its owner, and what readers see.
struct Bus {
    id: BusId,
    context: Arc<Context>,
    queue: Mutex<Queue>,
    /// Bounds the appends that wait.
    places: Arc<Semaphore>,
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
    Refresh(oneshot::Sender<Result<()>>),
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
    fn publish(&self, view: View) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        self.hub.wake(&self.bus);
    }
}

impl Bus {
    fn new(context: Arc<Context>, id: BusId) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            places: Arc::new(Semaphore::new(limits::BUS_QUEUE_MAX)),
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

    /// Queues a batch; waits for a place in the queue.
    async fn submit(self: &Arc<Self>, batch: AppendBatch) -> Result<AppendTicket> {
        let place =
            Arc::clone(&self.places).acquire_owned().await.map_err(|_| Error::ShuttingDown)?;
        let (answer, answered) = oneshot::channel();
        self.command(Command::Append(PendingAppend { batch, answer }));
        Ok(Box::pin(async move {
            let appended = answered.await.map_err(|_| owner_ended())?;
            drop(place);
            appended
        }))
    }

    /// Brings the committed state up to what the files hold. Costs no more than a
    /// look at their status when nobody changed them.
    async fn refresh(self: &Arc<Self>) -> Result<()> {
        let bus = Arc::clone(self);
        let current =
            blocking(move || bus.view().is_current(&*bus.context.disk, &paths::bus_file(&bus.id)))
                .await?;
        if current { Ok(()) } else { self.ask(Command::Refresh).await }
    }

    /// Runs something with a reader of the committed state.
    fn reader<T>(&self, run: impl FnOnce(Reader<'_>) -> Result<T>) -> Result<T> {
        let view = self.view();
        run(Reader { context: &self.context, bus: &self.id, view: &view })
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
                (None, _) | (Some(Command::Refresh(_)), Command::Refresh(_)) => {}
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
        // After a bug, all that is known of the files is read anew; dropping the
        // old owner closes its file and with it releases the lock.
        let turn = std::panic::AssertUnwindSafe(|| self.run_commands());
        if std::panic::catch_unwind(turn).is_err() {
            tracing::error!(bus = %self.id, "the owner of the bus panicked; starting it anew");
            *self.owner.lock().unwrap_or_else(PoisonError::into_inner) =
                Owner::new(Arc::clone(&self.context), self.id.clone());
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
        for command in self.take_work() {
            match command {
                Command::Append(append) => appends.push(append),
                Command::Refresh(answer) => refreshes.push(answer),
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
            let refreshed = owner.refresh(&self.publisher);
            for answer in refreshes {
                let _ = answer.send(refreshed.clone());
            }
        }
    }
}
