//! Finding out what other programs did to followed buses: hints from the system,
//! and a slow look at everything that is followed, because hints get lost.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::sync::Notify;

use crate::domain::{BusId, Reach, TreePath};
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
/// Buses, or handfuls of them, that are looked at at one time.
const LOOKS_AT_ONCE: usize = 16;
/// Buses whose files one thread compares with what is known: to hand it a single one costs
/// far more than that look, and behind one that hangs the others wait.
const HANDFUL: usize = 64;
/// How often watched folders are watched anew although no hint said that one changed.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(10);
/// A file that changes all the time is not looked at more often than this.
const HINT_INTERVAL: Duration = Duration::from_millis(1);

/// What hints told, until somebody looks.
#[derive(Default)]
struct Hinted {
    told: Mutex<Told>,
    /// Whether a watched folder may be another one by now.
    folders_changed: AtomicBool,
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
        // What is named like an archive may be a task's folder.
        let is_file = match (bus, path) {
            (Some(bus), Some(path)) => {
                let is_file = *path == paths::bus_file(&bus);
                told.buses.insert(bus);
                is_file
            }
            // Deeper than a task's folder there are no buses.
            (None, Some(path)) if path.components().count() > 2 => return,
            _ => {
                told.anything = true;
                false
            }
        };
        self.folders_changed.fetch_or(!is_file, Ordering::AcqRel);
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
    let mut renewed = tokio::time::Instant::now();
    while !buses.shutdown.is_cancelled() {
        let followed = buses.context.hub.followed();
        if followed.is_empty() {
            watched.set(BTreeSet::new(), false);
            tokio::select! {
                () = buses.context.hub.registered() => {}
                () = buses.shutdown.cancelled() => {}
            }
            continue;
        }
        let began = Instant::now();
        let renew = hinted.folders_changed.swap(false, Ordering::AcqRel)
            || renewed.elapsed() >= RENEWAL_INTERVAL;
        if renew {
            renewed = tokio::time::Instant::now();
        }
        match look(&buses, &followed).await {
            Ok(folders) => {
                if watched.set(folders, renew) {
                    // What changed before its watch began gave no hint.
                    continue;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot look after followed buses");
                hinted.folders_changed.fetch_or(renew, Ordering::AcqRel);
            }
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
    let (all, wanted) = (Arc::clone(buses), followed.clone());
    let found = blocking(move || followed_buses(&all, &wanted)).await?;
    let each: Vec<BusId> = found.iter().cloned().collect();
    let handfuls = futures_util::stream::iter(each.chunks(HANDFUL));
    handfuls
        .for_each_concurrent(LOOKS_AT_ONCE, |handful| async {
            let changed = changed_of(buses, handful.to_vec()).await;
            let each = futures_util::stream::iter(&changed);
            each.for_each_concurrent(LOOKS_AT_ONCE, |bus| take_in(buses, bus)).await;
        })
        .await;
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

/// Finds the buses that are followed: that exist, that were named, and that were open.
fn followed_buses(buses: &Buses, followed: &Followed) -> Result<BTreeSet<BusId>> {
    let disk = &*buses.context.disk;
    let mut found = BTreeSet::new();
    if followed.all {
        found = existing(disk, &Scope::All(Reach::All))?;
    } else {
        for project in &followed.projects {
            match existing(disk, &Scope::Project(project.clone())) {
                Ok(buses) => found.extend(buses),
                Err(Error::ProjectNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    found.extend(followed.buses.iter().cloned());
    // Those that are gone as well: somebody follows them still.
    found.extend(buses.open_and_followed(followed));
    Ok(found)
}

/// Returns those of some buses whose files are not as we know them, or cannot be looked at.
async fn changed_of(buses: &Arc<Buses>, mut some: Vec<BusId>) -> Vec<BusId> {
    let all = Arc::clone(buses);
    let compared = blocking(move || {
        some.retain(|bus| !all.get(bus).is_current().unwrap_or(false));
        Ok(some)
    });
    compared.await.unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::sync::mpsc;

    use super::*;
    use crate::disk::calls::{Calls, Purpose};
    use crate::disk::{Changed, Hints, SystemCalls, TreeDisk};

    /// The system's calls, with hints that are given by hand.
    struct Noted {
        calls: SystemCalls,
        asked: mpsc::UnboundedSender<TreePath>,
        changed: Arc<Mutex<Option<Changed>>>,
    }

    impl Calls for Noted {
        type Descriptor = <SystemCalls as Calls>::Descriptor;

        fn location(&self) -> &Path {
            self.calls.location()
        }

        fn open(&self, path: &str, purpose: Purpose) -> rustix::io::Result<Self::Descriptor> {
            self.calls.open(path, purpose)
        }

        fn open_cached(&self, path: &str) -> rustix::io::Result<Self::Descriptor> {
            self.calls.open_cached(path)
        }

        fn free_bytes(&self) -> rustix::io::Result<u64> {
            self.calls.free_bytes()
        }

        fn is_folder_of_host(&self, path: &Path) -> bool {
            self.calls.is_folder_of_host(path)
        }

        fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>> {
            *self.changed.lock().expect("whole") = Some(changed);
            Some(Box::new(NotedHints(self.asked.clone())))
        }
    }

    struct NotedHints(mpsc::UnboundedSender<TreePath>);

    impl Hints for NotedHints {
        fn watch(&mut self, folder: &TreePath) -> bool {
            self.0.send(folder.clone()).is_ok()
        }

        fn unwatch(&mut self, _: &TreePath) {}
    }

    /// Returns when it was asked for hints about a folder.
    async fn asked_for(
        folder: &TreePath,
        asks: &mut mpsc::UnboundedReceiver<TreePath>,
    ) -> tokio::time::Instant {
        while asks.recv().await.expect("it goes on") != *folder {}
        tokio::time::Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn folders_are_watched_anew_at_once_after_a_hint_and_else_from_time_to_time() {
        let root = tempfile::tempdir().expect("a folder");
        let (asked, mut asks) = mpsc::unbounded_channel();
        let changed = Arc::default();
        let calls = SystemCalls::open_root(root.path()).expect("a root");
        let disk = TreeDisk::on(Noted { calls, asked, changed: Arc::clone(&changed) });
        let clock = Arc::new(crate::clock::SystemClock);
        let buses = Buses::new(
            Arc::new(disk),
            clock,
            1,
            Arc::default(),
            Arc::default(),
            crate::files::seat::Seats::new(8),
        );
        let bus = BusId::parse("swarm", "task-1").expect("good names");
        let folder = paths::bus_folder(&bus);
        let _follower = buses.context.hub.register(Scope::Bus(bus));
        let following = tokio::spawn(follow_others(Arc::clone(&buses)));

        let first = asked_for(&folder, &mut asks).await;
        let again = asked_for(&folder, &mut asks).await;
        assert!(again - first >= RENEWAL_INTERVAL, "{:?}", again - first);
        changed.lock().expect("whole").as_ref().expect("given")(Some(folder.clone()));
        let hinted = asked_for(&folder, &mut asks).await;
        assert!(hinted - again < RENEWAL_INTERVAL / 2, "{:?}", hinted - again);

        buses.shut_down();
        following.await.expect("no panic");
    }

    #[test]
    fn a_hint_about_a_folder_or_a_lost_one_has_folders_watched_anew_and_one_about_a_bus_does_not() {
        let path =
            |names: &[&str]| names.iter().fold(TreePath::root(), |path, name| path.join(name));
        let bus = BusId::parse("swarm", "task-1").expect("good names");
        let (file, folder) = (paths::bus_file(&bus), paths::bus_folder(&bus));
        let named_like_an_archive = format!("{}.old", file.name());
        let output = folder.join("runs").join("run_1");
        let hints = [
            (Some(file), false),
            (Some(path(&["swarm", &named_like_an_archive])), true),
            (Some(output), false),
            (Some(folder), true),
            (Some(path(&["swarm"])), true),
            (None, true),
        ];
        for (hint, expected) in hints {
            let hinted = Hinted::default();
            hinted.note(hint.as_ref());
            let changed = hinted.folders_changed.load(Ordering::Acquire);
            assert_eq!(changed, expected, "{hint:?}");
        }
    }
}
