//! Finding out what other programs did to followed buses: hints from the system,
//! and a slow look at everything that is followed, because hints get lost.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::sync::Notify;

use crate::domain::{BusId, TreePath};
use crate::error::{Error, Result};
use crate::files::blocking::blocking;
use crate::files::watched_folders::WatchedFolders;
use crate::layout::paths;
use crate::limits::FOLLOW_POLL_INTERVAL;
use crate::store::Scope;

use super::hub::Followed;
use super::registry::{Buses, existing};

/// Between two looks passes at least this many times the duration of one: looking
/// at very many buses must not become all that the server does.
const LOOK_REST: u32 = 20;
/// Buses that are looked at at one time.
const LOOKS_AT_ONCE: usize = 16;
/// A file that changes all the time is not looked at more often than this.
const HINT_INTERVAL: Duration = Duration::from_millis(1);

/// What hints told, until somebody looks.
#[derive(Default)]
struct Hinted {
    told: Mutex<Told>,
    notify: Notify,
}

#[derive(Default)]
struct Told {
    /// Buses whose files changed.
    buses: BTreeSet<BusId>,
    /// Whether a folder changed in which buses may have appeared, or hints were
    /// lost.
    anything: bool,
}

impl Hinted {
    fn note(&self, path: Option<&TreePath>) {
        let bus = path.and_then(|path| {
            paths::is_bus_or_archive(path.name()).then(|| bus_of_folder(&path.parent()?)).flatten()
        });
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match (bus, path) {
            (Some(bus), _) => drop(told.buses.insert(bus)),
            // Deeper than a task's folder there are no buses.
            (None, Some(path)) if path.components().count() > 2 => return,
            _ => told.anything = true,
        }
        drop(told);
        self.notify.notify_one();
    }

    fn take(&self) -> Told {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Looks after everything that is followed, until the shutdown.
pub(super) async fn follow_others(buses: Arc<Buses>) {
    let hinted = Arc::new(Hinted::default());
    let on_change = Arc::clone(&hinted);
    let hints = buses.context.disk.hints(Box::new(move |path| on_change.note(path.as_ref())));
    let mut watched = WatchedFolders::new(hints);
    while !buses.shutdown.is_cancelled() {
        let followed = buses.context.hub.followed();
        if followed.is_empty() {
            watched.set(BTreeSet::new());
            tokio::select! {
                () = buses.context.hub.registered() => {}
                () = buses.shutdown.cancelled() => {}
            }
            continue;
        }
        let began = Instant::now();
        match look(&buses, &followed).await {
            Ok(folders) => {
                if watched.set(folders) {
                    // What changed before its watch began gave no hint.
                    continue;
                }
            }
            Err(error) => tracing::warn!(%error, "cannot look after followed buses"),
        }
        let rest = began.elapsed() * LOOK_REST;
        tokio::select! {
            () = tokio::time::sleep(rest.max(FOLLOW_POLL_INTERVAL)) => {}
            () = follow_hints(&buses, &hinted, tokio::time::Instant::now() + rest) => {}
            () = registered(&buses, tokio::time::Instant::now() + rest) => {}
            () = buses.shutdown.cancelled() => {}
        }
    }
}

/// Waits until something new is followed, but not less long than to a time.
async fn registered(buses: &Buses, not_before: tokio::time::Instant) {
    buses.context.hub.registered().await;
    tokio::time::sleep_until(not_before).await;
}

/// Takes in the buses that hints name; returns when everything is to be looked
/// at, but not before a time. Safe to drop, because a look at everything follows.
async fn follow_hints(buses: &Buses, hinted: &Hinted, not_before: tokio::time::Instant) {
    let mut is_look_wanted = false;
    loop {
        tokio::select! {
            () = hinted.notify.notified() => {}
            () = tokio::time::sleep_until(not_before), if is_look_wanted => return,
        }
        let told = hinted.take();
        let followed = buses.context.hub.followed();
        let each = futures_util::stream::iter(told.buses.iter().filter(|bus| followed.covers(bus)));
        each.for_each_concurrent(LOOKS_AT_ONCE, |bus| take_in(buses, bus)).await;
        is_look_wanted |= told.anything;
        tokio::time::sleep(HINT_INTERVAL).await;
    }
}

/// Looks at every followed bus; returns the folders in which they are, or may
/// appear.
async fn look(buses: &Arc<Buses>, followed: &Followed) -> Result<BTreeSet<TreePath>> {
    let context = Arc::clone(&buses.context);
    let wanted = followed.clone();
    let mut found = blocking(move || {
        if wanted.all {
            return existing(&*context.disk, &Scope::All);
        }
        let mut found = BTreeSet::new();
        for project in &wanted.projects {
            match existing(&*context.disk, &Scope::Project(project.clone())) {
                Ok(buses) => found.extend(buses),
                Err(Error::ProjectNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    })
    .await?;
    found.extend(followed.buses.iter().cloned());
    // Those that are gone as well: somebody follows them still.
    found.extend(buses.open_and_followed(followed));
    let each = futures_util::stream::iter(&found);
    each.for_each_concurrent(LOOKS_AT_ONCE, |bus| take_in(buses, bus)).await;
    let mut folders: BTreeSet<TreePath> = BTreeSet::new();
    for bus in &found {
        folders.insert(paths::bus_folder(bus));
        folders.insert(paths::project_folder(&bus.project));
    }
    folders.extend(followed.projects.iter().map(paths::project_folder));
    // Folders that do not exist yet appear in the root.
    folders.insert(TreePath::root());
    Ok(folders)
}

/// Takes in what others did to one bus, when they did something.
async fn take_in(buses: &Buses, bus: &BusId) {
    // Not patiently: a lock that is held here must not hold up the others.
    if let Err(error) = buses.get(bus).refresh(false).await {
        tracing::debug!(%bus, %error, "a followed bus cannot be read");
    }
}

fn bus_of_folder(folder: &TreePath) -> Option<BusId> {
    let mut names = folder.components();
    let project = paths::project_of_folder(names.next()?)?;
    let task = match names.next() {
        Some(task) => Some(paths::task_of_folder(task)?),
        None => None,
    };
    names.next().is_none().then_some(BusId { project, task })
}
