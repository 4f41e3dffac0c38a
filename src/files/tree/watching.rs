//! The stream of a watcher: the state of everything, then what changes. It reads
//! things when it sends them, so what it sends is what is there.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use crate::domain::ProjectId;
use crate::error::{Error, Result};
use crate::files::blocking::blocking;
use crate::files::seat::Seat;
use crate::layout::paths;
use crate::meters;
use crate::store::{Change, ChangeStream, Part, Watch};

use super::Tree;
use super::changes::{Changed, Key, Registration, Wanted};
use super::look::is_absent;

/// Things that are read at one time.
const BATCH: usize = 64;

/// A watcher.
struct Watcher {
    tree: Arc<Tree>,
    watch: Watch,
    registration: Registration,
    /// Read, and not yet sent.
    queued: VecDeque<Change>,
    progress: Progress,
    /// When it was sent something last.
    silent_since: Instant,
    _metered: meters::Counted,
    _seat: Seat,
}

/// How far a watcher has come.
enum Progress {
    /// It waits for the first look at everything.
    New,
    /// It is sent what there is, in the order of the keys. What changes meanwhile
    /// comes after it.
    Snapshot { after: Option<Key>, revision: u64 },
    /// It has been sent everything up to a revision.
    Live { revision: u64 },
}

impl Tree {
    /// Opens a stream of changes.
    pub(in crate::files) fn watch(self: &Arc<Self>, watch: Watch) -> Result<ChangeStream> {
        let watcher = Watcher {
            _seat: Seat::take(&self.streams)?,
            registration: self.changes.register(Wanted {
                part: watch.part.clone(),
                artifacts: watch.artifacts,
                facts: watch.facts,
            }),
            tree: Arc::clone(self),
            watch,
            queued: VecDeque::new(),
            progress: Progress::New,
            silent_since: Instant::now(),
            _metered: meters::watcher(),
        };
        Ok(Box::pin(futures_util::stream::unfold(Some(watcher), |watcher| async {
            let mut watcher = watcher?;
            let next = watcher.next().await;
            watcher.silent_since = Instant::now();
            match next {
                Ok(change) => Some((Ok(change), Some(watcher))),
                Err(error) => Some((Err(error), None)),
            }
        })))
    }
}

impl Watcher {
    async fn next(&mut self) -> Result<Change> {
        loop {
            if let Some(change) = self.queued.pop_front() {
                return Ok(change);
            }
            let shutdown = self.tree.shutdown.clone();
            // What changes elsewhere breaks no silence.
            let heartbeat = self.silent_since + self.watch.heartbeat_interval;
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return Err(Error::ShuttingDown),
                () = self.ready() => {}
                () = tokio::time::sleep_until(heartbeat) => return Ok(Change::Heartbeat),
            }
            self.advance().await?;
            if self.queued.is_empty() && Instant::now() >= heartbeat {
                return Ok(Change::Heartbeat);
            }
        }
    }

    /// Waits until there is something to read. Safe to drop.
    async fn ready(&self) {
        match &self.progress {
            Progress::New => self.registration.served().await,
            Progress::Snapshot { .. } => {}
            Progress::Live { revision } => self.registration.newer_than(*revision).await,
        }
    }

    /// Reads on.
    async fn advance(&mut self) -> Result<()> {
        match &self.progress {
            Progress::New => {
                let revision = self.registration.newest();
                self.registration.note_seen(revision);
                self.progress = Progress::Snapshot { after: None, revision };
            }
            Progress::Snapshot { after, revision } => {
                let revision = *revision;
                let keys = self.tree.changes.after_key(&self.watch.part, after.as_ref(), BATCH);
                let Some(last) = keys.last().cloned() else {
                    self.queued.push_back(Change::Synced);
                    self.progress = Progress::Live { revision };
                    return Ok(());
                };
                self.read(keys).await?;
                self.progress = Progress::Snapshot { after: Some(last), revision };
            }
            Progress::Live { revision } => {
                let part = &self.watch.part;
                let (changed, upto) = self.tree.changes.after_revision(part, *revision, BATCH);
                self.send_changed(changed).await?;
                self.registration.note_seen(upto);
                self.progress = Progress::Live { revision: upto };
            }
        }
        Ok(())
    }

    async fn send_changed(&mut self, changed: Vec<Changed>) -> Result<()> {
        let mut queued = VecDeque::new();
        let mut there = Vec::new();
        for one in changed.into_iter().filter(|one| wants(&self.watch, &one.key)) {
            if !one.is_gone {
                there.push(one.key);
                continue;
            }
            queued.push_back(match one.key {
                Key::Project(project) => Change::ProjectGone(project),
                Key::Task(task) => Change::TaskGone(task),
                Key::Run(place) => Change::RunGone {
                    path: place.path().to_string(),
                    task: place.task,
                    folder: place.folder,
                    run_id: one.run_id,
                },
                Key::Artifact(task, id) => Change::ArtifactGone(task, id),
                Key::Fact(scope, id) => Change::FactGone(scope, id),
            });
        }
        self.read(there).await?;
        self.queued.extend(queued);
        Ok(())
    }

    /// Reads things and queues what they are now. What is gone by now is told of
    /// when it was noticed.
    async fn read(&mut self, mut keys: Vec<Key>) -> Result<()> {
        keys.retain(|key| wants(&self.watch, key));
        if keys.is_empty() {
            return Ok(());
        }
        let tree = Arc::clone(&self.tree);
        let read = blocking(move || keys.iter().map(|key| tree.state_of(key)).collect());
        let read: Vec<Option<Change>> = read.await?;
        self.queued.extend(read.into_iter().flatten());
        Ok(())
    }
}

fn wants(watch: &Watch, key: &Key) -> bool {
    match key {
        Key::Project(_) => watch.projects && !matches!(watch.part, Part::Task(_)),
        Key::Task(_) => watch.tasks,
        Key::Run(_) => watch.runs,
        Key::Artifact(..) => watch.artifacts,
        Key::Fact(..) => watch.facts,
    }
}

impl Tree {
    /// Returns what a thing is now; none when it is gone.
    fn state_of(&self, key: &Key) -> Result<Option<Change>> {
        let state = match key {
            Key::Project(project) => self.state_of_project(project),
            Key::Task(task) => self.show_task(task).map(|task| Change::Task(Box::new(task))),
            Key::Run(place) => self.show_run(place).map(|run| Change::Run(Box::new(run))),
            Key::Artifact(task, id) => {
                let artifact = self.show_artifact(task, id);
                artifact.map(|artifact| Change::Artifact(Box::new(artifact)))
            }
            Key::Fact(scope, id) => {
                self.show_fact(scope, id).map(|fact| Change::Fact(Box::new(fact)))
            }
        };
        match state {
            Ok(change) => Ok(Some(change)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn state_of_project(&self, project: &ProjectId) -> Result<Change> {
        let path = paths::project_folder(project);
        if self.disk.status(&path)?.is_none() {
            return Err(Error::ProjectNotFound { project: project.to_string() });
        }
        Ok(Change::Project(self.show_project(project)))
    }
}
