//! Turns: callers that change the same thing wait for each other without holding a
//! thread, so that one lock that another program holds for long stops nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

use crate::domain::TreePath;
use crate::error::{Error, Holder, Result};
use crate::limits::LOCK_BUDGET;

/// The turns of a tree.
#[derive(Default)]
pub(super) struct Turns {
    queues: Mutex<HashMap<TreePath, Weak<Queue<()>>>>,
}

/// A turn, for as long as it is kept.
pub(in crate::files) struct Turn {
    _guard: OwnedMutexGuard<()>,
    /// When whoever has this turn should give up waiting for other programs.
    pub(in crate::files) deadline: std::time::Instant,
}

/// Forget queues that nobody waits in, when there are more than twice as many
/// entries.
const SWEEP_BEYOND: usize = 1024;

impl Turns {
    /// Waits for the turn at a path.
    ///
    /// # Errors
    /// LOCK_TIMEOUT when others take up the time that the lock may take.
    pub(super) async fn take(&self, path: &TreePath) -> Result<Turn> {
        let deadline = std::time::Instant::now() + LOCK_BUDGET;
        let queue = self.queue(path);
        let guard = tokio::time::timeout(LOCK_BUDGET, queue.lock_owned()).await.map_err(|_| {
            Error::LockTimeout {
                path: path.to_string(),
                holder: Holder(None),
                budget_seconds: LOCK_BUDGET.as_secs(),
            }
        })?;
        Ok(Turn { _guard: guard, deadline })
    }

    fn queue(&self, path: &TreePath) -> Arc<Queue<()>> {
        let mut queues = super::locked(&self.queues);
        if let Some(queue) = queues.get(path).and_then(Weak::upgrade) {
            return queue;
        }
        if queues.len() >= SWEEP_BEYOND {
            queues.retain(|_, queue| queue.strong_count() > 0);
        }
        let queue = Arc::new(Queue::new(()));
        queues.insert(path.clone(), Arc::downgrade(&queue));
        queue
    }
}
