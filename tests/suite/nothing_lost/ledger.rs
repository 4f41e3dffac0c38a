//! What many writers tried and what was acknowledged to them, and what of it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

use super::tally::Tally;
use crate::client::Client;
use crate::storage_client::StorageClient;

/// The project that all write to.
pub(crate) const PROJECT: &str = "demo";
/// The task that all write to.
pub(crate) const TASK: &str = "task-20260101-120000-ledger";
/// The buses that all write to: the project's own and the task's.
pub(crate) const BUSES: [(&str, &str); 2] = [(PROJECT, ""), (PROJECT, TASK)];

/// What can be written once: a repetition must not make a second one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entry {
    /// A message with this body, on one of [`BUSES`].
    Message { bus: usize, body: String },
    /// A line of the task's log, a JSON object with this text.
    LogLine(String),
    /// An artifact of this name; its content follows from that.
    Artifact(String),
    /// A fact with this title.
    Fact(String),
    /// A run of this id.
    Run(String),
}

/// What was tried and what was acknowledged.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
    count: watch::Sender<usize>,
    sealed: AtomicBool,
}

#[derive(Default)]
struct Entries {
    /// Each entry, and the id or path under which it was acknowledged, if it was.
    entries: BTreeMap<Entry, Option<String>>,
    /// Of each task whose state is written again and again, by one writer alone: the
    /// number that was tried last and the one that was acknowledged last.
    states: BTreeMap<String, (u64, u64)>,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().expect("the ledger")
    }

    /// Notes what is going to be written.
    pub(crate) fn tried(&self, entry: &Entry) {
        self.entries().entries.entry(entry.clone()).or_default();
    }

    /// Begins, or ends, to take what is acknowledged for something that was only tried.
    pub(crate) fn seal(&self, sealed: bool) {
        self.sealed.store(sealed, Ordering::SeqCst);
    }

    /// Whether what is acknowledged now does not count.
    pub(crate) fn is_sealed(&self) -> bool {
        self.sealed.load(Ordering::SeqCst)
    }

    /// Notes what was acknowledged, and as what.
    pub(crate) fn acknowledged(&self, entry: &Entry, answer: String) {
        if self.is_sealed() {
            return;
        }
        let mut entries = self.entries();
        let noted = entries.entries.get_mut(entry).expect("it was tried");
        if let Some(earlier) = noted.replace(answer.clone()) {
            assert_eq!(earlier, answer, "a repeated call got another answer: {entry:?}");
        }
        drop(entries);
        self.count.send_modify(|count| *count += 1);
    }

    /// Notes that a task's state is going to be this number.
    pub(crate) fn state_tried(&self, task: &str, number: u64) {
        self.entries().states.entry(task.to_owned()).or_default().0 = number;
    }

    /// Notes that a task's state was acknowledged as this number.
    pub(crate) fn state_acknowledged(&self, task: &str, number: u64) {
        if self.is_sealed() {
            return;
        }
        self.entries().states.get_mut(task).expect("it was tried").1 = number;
        self.count.send_modify(|count| *count += 1);
    }

    /// Returns the number that a task's state was tried to be last; 0 before the first.
    pub(crate) fn state(&self, task: &str) -> u64 {
        self.entries().states.get(task).map_or(0, |&(tried, _)| tried)
    }

    /// Returns how many writes were acknowledged.
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until so many writes were acknowledged.
    pub(crate) async fn reaches(&self, count: usize) {
        let mut counted = self.count.subscribe();
        counted.wait_for(|&counted| counted >= count).await.expect("the ledger is there");
    }

    /// Compares with what a server says. Writers may still be at work: what is tried
    /// meanwhile counts as tried.
    pub(crate) async fn check(&self, addr: &str) -> Tally {
        // What is acknowledged later need not be in what is read now.
        let (acknowledged, states) = {
            let entries = self.entries();
            (entries.entries.clone(), entries.states.clone())
        };
        let found = Found::read(addr, states.keys()).await;
        let now = self.entries();
        let mut tally = Tally { acknowledged: 0, ..Tally::default() };
        for (entry, answer) in &acknowledged {
            let Some(answer) = answer else {
                continue;
            };
            tally.acknowledged += 1;
            let is_there = found.entries.get(entry).is_some_and(|found| found.contains(answer));
            if !is_there {
                eprintln!("lost: {entry:?}, acknowledged as {answer:?}");
            }
            tally.lost += usize::from(!is_there);
        }
        for (entry, answers) in &found.entries {
            if !now.entries.contains_key(entry) {
                eprintln!("torn: {entry:?} was never written so");
                tally.torn += 1;
            }
            if answers.len() > 1 {
                eprintln!("duplicated: {entry:?}: {answers:?}");
            }
            tally.duplicated += answers.len() - 1;
        }
        for (task, &(_, acknowledged)) in &states {
            tally.acknowledged += usize::from(acknowledged > 0);
            let tried = now.states[task].0;
            match found.states.get(task) {
                Some(number) if (acknowledged..=tried).contains(number) => {}
                Some(number) if *number < acknowledged => tally.lost += 1,
                None if acknowledged == 0 => {}
                None => tally.lost += 1,
                Some(number) => {
                    eprintln!("torn: the state of {task} is {number}, tried was {tried}");
                    tally.torn += 1;
                }
            }
        }
        tally.torn += found.torn;
        tally
    }
}

/// Returns the content of an artifact.
pub(crate) fn content_of(artifact: &str) -> Vec<u8> {
    let length = 1000 + artifact.len() * 7919 % 60_000;
    artifact.bytes().cycle().take(length).collect()
}

/// What a server says is there.
#[derive(Default)]
struct Found {
    /// Each entry with the ids or paths under which it was found: one, unless it is there
    /// more than once.
    entries: BTreeMap<Entry, Vec<String>>,
    states: BTreeMap<String, u64>,
    /// What has not the content that it was written with.
    torn: usize,
}

impl Found {
    async fn read(addr: &str, tasks: impl Iterator<Item = &String>) -> Self {
        let mut found = Self::default();
        let mut client = Client::connect_to(addr).await;
        for (bus, (project, task)) in BUSES.into_iter().enumerate() {
            let messages = client.read_all(project, task).await;
            let ids: Vec<&str> = messages.iter().map(|message| message.msg_id.as_str()).collect();
            assert!(ids.is_sorted_by(|one, next| one < next), "ids in order, none twice");
            for message in messages {
                // Runs say themselves that they begin and end.
                if message.r#type == "FACT" {
                    found.note(Entry::Message { bus, body: message.body }, message.msg_id);
                }
            }
        }
        let mut storage = StorageClient::connect_to(addr).await;
        // A damaged line is what is left of an append that was cut off.
        for line in storage.read_log(PROJECT, TASK).await.into_iter().filter(|line| !line.damaged) {
            found.note(Entry::LogLine(line.entry), line.offset.to_string());
        }
        for artifact in storage.artifacts(PROJECT, TASK).await {
            let content = storage.content(PROJECT, TASK, &artifact.name).await;
            found.torn += usize::from(content != content_of(&artifact.name));
            found.note(Entry::Artifact(artifact.name), artifact.path);
        }
        let facts = callboard::grpc::pb::ListFactsRequest {
            project_id: PROJECT.into(),
            task_id: TASK.into(),
            ..Default::default()
        };
        for fact in storage.facts(facts).await {
            found.note(Entry::Fact(fact.title), fact.fact_id);
        }
        for run in storage.runs(PROJECT, TASK).await {
            found.torn += usize::from(run.agent_type != "claude");
            found.note(Entry::Run(run.run_id.clone()), run.run_id);
        }
        for task in tasks {
            let request = callboard::grpc::pb::GetTaskStateRequest {
                project_id: PROJECT.into(),
                task_id: task.clone(),
            };
            let Ok(state) = storage.get_task_state(request).await else {
                continue;
            };
            if !state.etag.is_empty() {
                match number_of(&state) {
                    Some(number) => {
                        found.states.insert(task.clone(), number);
                    }
                    None => found.torn += 1,
                }
            }
        }
        found
    }

    fn note(&mut self, entry: Entry, answer: String) {
        self.entries.entry(entry).or_default().push(answer);
    }
}

/// Returns the number in a state: each of its lines says the same.
fn number_of(state: &callboard::grpc::pb::GetTaskStateResponse) -> Option<u64> {
    let numbers: BTreeSet<u64> =
        state.markdown.lines().map(|line| line.parse().ok()).collect::<Option<_>>()?;
    let mut numbers = numbers.into_iter();
    numbers.next().filter(|_| numbers.next().is_none() && state.state_status == "working")
}
