//! Wake-ups: which buses have something new for whom. A wake-up names a bus and
//! carries nothing of it, so it costs a slow subscriber no memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::{BusId, ProjectId};
use crate::store::Scope;

/// Where one subscriber finds out which of its buses changed.
pub(super) struct Mailbox {
    scope: Scope,
    changed: Mutex<BTreeSet<BusId>>,
    notify: Notify,
}

impl Mailbox {
    fn put(&self, bus: &BusId) {
        let new = {
            let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
            !changed.contains(bus) && changed.insert(bus.clone())
        };
        if new {
            self.notify.notify_one();
        }
    }

    /// Takes the names of the buses that changed since the last call.
    pub(super) fn take(&self) -> BTreeSet<BusId> {
        std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something changed after the last `take`. Safe to drop.
    pub(super) async fn changed(&self) {
        self.notify.notified().await;
    }
}

/// A mailbox that gets letters for as long as this is kept.
pub(super) struct Registration {
    hub: Arc<Hub>,
    mailbox: Arc<Mailbox>,
}

impl std::ops::Deref for Registration {
    type Target = Mailbox;
    fn deref(&self) -> &Mailbox {
        &self.mailbox
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut table = self.hub.lock();
        let of = |list: &mut Vec<Arc<Mailbox>>| list.retain(|one| !Arc::ptr_eq(one, &self.mailbox));
        match &self.mailbox.scope {
            Scope::All(_) => of(&mut table.all),
            Scope::Project(project) => {
                if let Some(list) = table.projects.get_mut(project) {
                    of(list);
                    if list.is_empty() {
                        table.projects.remove(project);
                    }
                }
            }
            Scope::Bus(bus) => {
                if let Some(list) = table.buses.get_mut(bus) {
                    of(list);
                    if list.is_empty() {
                        table.buses.remove(bus);
                    }
                }
            }
        }
    }
}

/// Everybody who waits for something.
#[derive(Default)]
pub(super) struct Hub {
    table: Mutex<Table>,
    registered: Notify,
}

#[derive(Default)]
struct Table {
    all: Vec<Arc<Mailbox>>,
    projects: HashMap<ProjectId, Vec<Arc<Mailbox>>>,
    buses: HashMap<BusId, Vec<Arc<Mailbox>>>,
}

/// What somebody waits for, taken together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Followed {
    pub(super) all: bool,
    pub(super) projects: BTreeSet<ProjectId>,
    pub(super) buses: BTreeSet<BusId>,
}

impl Followed {
    /// Whether nobody waits for anything.
    pub(super) fn is_empty(&self) -> bool {
        !self.all && self.projects.is_empty() && self.buses.is_empty()
    }

    /// Whether somebody waits for a bus.
    pub(super) fn covers(&self, bus: &BusId) -> bool {
        self.all || self.projects.contains(&bus.project) || self.buses.contains(bus)
    }
}

impl Hub {
    /// Registers a subscriber.
    pub(super) fn register(self: &Arc<Self>, scope: Scope) -> Registration {
        let mailbox = Arc::new(Mailbox {
            scope: scope.clone(),
            changed: Mutex::new(BTreeSet::new()),
            notify: Notify::new(),
        });
        let mut table = self.lock();
        match scope {
            Scope::All(_) => table.all.push(Arc::clone(&mailbox)),
            Scope::Project(project) => {
                table.projects.entry(project).or_default().push(Arc::clone(&mailbox));
            }
            Scope::Bus(bus) => table.buses.entry(bus).or_default().push(Arc::clone(&mailbox)),
        }
        drop(table);
        self.registered.notify_one();
        Registration { hub: Arc::clone(self), mailbox }
    }

    /// Tells everybody who follows a bus that it changed.
    pub(super) fn wake(&self, bus: &BusId) {
        let table = self.lock();
        let projects = table.projects.get(&bus.project).into_iter().flatten();
        let buses = table.buses.get(bus).into_iter().flatten();
        let all = table.all.iter().filter(|mailbox| mailbox.scope.covers(bus));
        for mailbox in all.chain(projects).chain(buses) {
            mailbox.put(bus);
        }
    }

    /// Whether somebody follows a bus.
    pub(super) fn is_followed(&self, bus: &BusId) -> bool {
        let table = self.lock();
        !table.all.is_empty()
            || table.projects.contains_key(&bus.project)
            || table.buses.contains_key(bus)
    }

    /// Returns what is followed.
    pub(super) fn followed(&self) -> Followed {
        let table = self.lock();
        Followed {
            all: !table.all.is_empty(),
            projects: table.projects.keys().cloned().collect(),
            buses: table.buses.keys().cloned().collect(),
        }
    }

    /// Waits for the next registration. Safe to drop.
    pub(super) async fn registered(&self) {
        self.registered.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
