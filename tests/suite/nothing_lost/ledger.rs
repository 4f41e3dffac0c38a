//! What many writers tried and what was acknowledged to them, and what of it is there.

mod found;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

use self::found::Found;
use super::tally::Tally;
use crate::server::DEADLINE;

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
    /// That the run of this id has ended.
    End(String),
    /// A result of the step of a task, with this output.
    Step { task: String, output: String },
}

/// What is written, by kinds.
const KINDS: [&str; 10] =
    ["message", "log line", "artifact", "upload", "fact", "run", "end", "step", "state", "output"];

impl Entry {
    fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::LogLine(_) => "log line",
            Self::Artifact(name) if name.contains("upload") => "upload",
            Self::Artifact(_) => "artifact",
            Self::Fact(_) => "fact",
            Self::Run(_) => "run",
            Self::End(_) => "end",
            Self::Step { .. } => "step",
        }
    }
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
    /// Of each run whose output is appended to, by one writer alone: how many bytes were
    /// tried and how many were acknowledged.
    outputs: BTreeMap<String, (usize, usize)>,
    /// The messages that were tried with one call each, in their order.
    batches: Vec<Vec<Entry>>,
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
        if let Some(earlier) = noted {
            assert_eq!(*earlier, answer, "a repeated call got another answer: {entry:?}");
        }
        *noted = Some(answer);
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

    /// Notes that messages are going to be appended with one call.
    pub(crate) fn batch_tried(&self, batch: &[Entry]) {
        for entry in batch {
            self.tried(entry);
        }
        self.entries().batches.push(batch.to_vec());
    }

    /// Notes that a run's output is going to have so many bytes.
    pub(crate) fn output_tried(&self, run: &str, length: usize) {
        self.entries().outputs.entry(run.to_owned()).or_default().0 = length;
    }

    /// Notes that a run's output was acknowledged to have so many bytes.
    pub(crate) fn output_acknowledged(&self, run: &str, length: usize) {
        if self.is_sealed() {
            return;
        }
        self.entries().outputs.get_mut(run).expect("it was tried").1 = length;
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

    /// Returns the kinds of writes none of which was acknowledged.
    pub(crate) fn never_acknowledged(&self) -> Vec<&'static str> {
        let entries = self.entries();
        let acknowledged = entries.entries.iter().filter(|(_, answer)| answer.is_some());
        let mut kinds: BTreeSet<&str> = acknowledged.map(|(entry, _)| entry.kind()).collect();
        if entries.states.values().any(|&(_, acknowledged)| acknowledged > 0) {
            kinds.insert("state");
        }
        if entries.outputs.values().any(|&(_, acknowledged)| acknowledged > 0) {
            kinds.insert("output");
        }
        KINDS.into_iter().filter(|kind| !kinds.contains(kind)).collect()
    }

    /// Waits until so many writes were acknowledged, as long as there are further ones now
    /// and then.
    pub(crate) async fn reaches(&self, count: usize) {
        let mut counted = self.count.subscribe();
        while *counted.borrow_and_update() < count {
            let further = tokio::time::timeout(DEADLINE, counted.changed()).await;
            let further = further.unwrap_or_else(|_| {
                panic!("{} writes acknowledged of {count}, and no further ones", self.count())
            });
            further.expect("the ledger is there");
        }
    }

    /// Compares with what a server says. Writers may still be at work: what is tried
    /// meanwhile counts as tried.
    pub(crate) async fn check(&self, addr: &str) -> Tally {
        let (mut tally, found) = self.compared(addr).await;
        tally.torn += self.entries().batches.iter().filter(|batch| has_gap(batch, &found)).count();
        tally
    }

    /// Compares like [`Ledger::check`], after a power cut: then any messages of a batch that
    /// nobody answered may be there.
    pub(crate) async fn check_after_power_cut(&self, addr: &str) -> Tally {
        self.compared(addr).await.0
    }

    async fn compared(&self, addr: &str) -> (Tally, Found) {
        // What is acknowledged later need not be in what is read now.
        let (acknowledged, states, outputs) = {
            let entries = self.entries();
            (entries.entries.clone(), entries.states.clone(), entries.outputs.clone())
        };
        let steps: BTreeSet<String> = acknowledged
            .keys()
            .filter_map(|entry| match entry {
                Entry::Step { task, .. } => Some(task.clone()),
                _ => None,
            })
            .collect();
        let found = Found::read(addr, states.keys(), steps.iter(), outputs.keys()).await;
        let now = self.entries();
        let mut tally = compare(&acknowledged, &found, &now);
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
        for (run, &(_, acknowledged)) in &outputs {
            tally.acknowledged += usize::from(acknowledged > 0);
            let tried = now.outputs[run].0;
            let output = found.outputs.get(run).map(Vec::as_slice).unwrap_or_default();
            if output.len() < acknowledged {
                eprintln!("lost: {} of {acknowledged} bytes of {run} are there", output.len());
                tally.lost += 1;
            } else if output.len() > tried || output != output_of(run, output.len()) {
                eprintln!("torn: the output of {run} is not what was appended");
                tally.torn += 1;
            }
        }
        tally.torn += found.torn;
        drop(now);
        (tally, found)
    }

    /// Returns how many batches are there in part: their first messages alone. Each was a
    /// call that nobody answered, which is asserted, and nobody repeated.
    pub(crate) async fn batches_in_part(&self, addr: &str) -> usize {
        let found = Found::read_messages(addr).await;
        let entries = self.entries();
        let in_part = |batch: &&Vec<Entry>| {
            let there = batch.iter().filter(|entry| found.entries.contains_key(entry)).count();
            let is_in_part = there > 0 && there < batch.len();
            let was_answered = batch.iter().any(|entry| entries.entries[entry].is_some());
            assert!(!is_in_part || !was_answered, "answered, and {there} are there of {batch:?}");
            is_in_part
        };
        entries.batches.iter().filter(in_part).count()
    }
}

/// Whether a message of a batch is there and one before it is not.
fn has_gap(batch: &[Entry], found: &Found) -> bool {
    let there: Vec<bool> = batch.iter().map(|entry| found.entries.contains_key(entry)).collect();
    let has_gap = !there.is_sorted_by(|one, next| one >= next);
    if has_gap {
        eprintln!("torn: of the batch {batch:?} there is {there:?}");
    }
    has_gap
}

/// Compares what can be written once.
fn compare(acknowledged: &BTreeMap<Entry, Option<String>>, found: &Found, now: &Entries) -> Tally {
    let mut tally = Tally::default();
    for (entry, answer) in acknowledged {
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
    tally
}

/// Returns the content of an artifact. One that is uploaded is longer than the chunks that
/// it is sent in.
pub(crate) fn content_of(artifact: &str) -> Vec<u8> {
    let length = 1000 + artifact.len() * 7919 % 60_000;
    let length = if artifact.contains("upload") { 60_000 + length } else { length };
    artifact.bytes().cycle().take(length).collect()
}

/// Returns the first bytes of what is appended to the output of a run. No two places of it
/// look the same.
pub(crate) fn output_of(run: &str, length: usize) -> Vec<u8> {
    let mut output = String::new();
    for line in 0_u64.. {
        if output.len() >= length {
            break;
        }
        output.push_str(&format!("{line} {run}\n"));
    }
    output.truncate(length);
    output.into_bytes()
}

#[test]
fn what_is_acknowledged_while_a_ledger_is_sealed_does_not_count() {
    let ledger = Ledger::default();
    let fact = Entry::Fact("a fact".into());
    ledger.tried(&fact);
    ledger.state_tried(TASK, 1);
    ledger.output_tried("a run", 1);
    ledger.seal(true);
    ledger.acknowledged(&fact, "FACT-1".into());
    ledger.state_acknowledged(TASK, 1);
    ledger.output_acknowledged("a run", 1);
    assert_eq!((ledger.count(), ledger.never_acknowledged()), (0, KINDS.to_vec()));
}
