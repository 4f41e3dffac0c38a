//! What a server says is there.

use std::collections::{BTreeMap, BTreeSet};

use callboard::grpc::pb;

use super::{BUSES, Entry, PROJECT, TASK, content_of};
use crate::client::Client;
use crate::storage_client::StorageClient;

/// What a server says is there.
#[derive(Default)]
pub(super) struct Found {
    /// Each entry with the ids or paths under which it was found: one, unless it is there
    /// more than once.
    pub(super) entries: BTreeMap<Entry, Vec<String>>,
    pub(super) states: BTreeMap<String, u64>,
    pub(super) outputs: BTreeMap<String, Vec<u8>>,
    /// What has not the content that it was written with.
    pub(super) torn: usize,
}

impl Found {
    /// Reads everything: of what each task or run has alone, that of those which are named.
    pub(super) async fn read(
        addr: &str,
        states: impl Iterator<Item = &String>,
        steps: impl Iterator<Item = &String>,
        outputs: impl Iterator<Item = &String>,
    ) -> Self {
        let mut found = Self::read_messages(addr).await;
        let mut storage = StorageClient::connect_to(addr).await;
        found.read_task(&mut storage).await;
        for task in states {
            found.read_state(&mut storage, task).await;
        }
        for task in steps {
            let results = storage.task(PROJECT, task).await.step_results;
            for result in results {
                let step = Entry::Step { task: task.clone(), output: result.output };
                found.note(step, result.status);
            }
        }
        for run in outputs {
            found.outputs.insert(run.clone(), output(&mut storage, run).await);
        }
        found
    }

    /// Reads the messages alone.
    pub(super) async fn read_messages(addr: &str) -> Self {
        let mut found = Self::default();
        let mut client = Client::connect_to(addr).await;
        for (bus, (project, task)) in BUSES.into_iter().enumerate() {
            let messages = client.read_all(project, task).await;
            let ids: Vec<&str> = messages.iter().map(|message| message.msg_id.as_str()).collect();
            assert!(ids.is_sorted_by(|one, next| one < next), "ids in order, none twice");
            for message in messages {
                found.note(Entry::Message { bus, body: message.body }, message.msg_id);
            }
        }
        found
    }

    /// Reads what the task has that all write to.
    async fn read_task(&mut self, storage: &mut StorageClient) {
        // A damaged line is what is left of an append that was cut off.
        for line in storage.read_log(PROJECT, TASK).await.into_iter().filter(|line| !line.damaged) {
            self.note(Entry::LogLine(line.entry), line.offset.to_string());
        }
        for artifact in storage.artifacts(PROJECT, TASK).await {
            let content = storage.content(PROJECT, TASK, &artifact.name).await;
            self.torn += usize::from(content != content_of(&artifact.name));
            self.note(Entry::Artifact(artifact.name), artifact.path);
        }
        let facts = pb::ListFactsRequest {
            project_id: PROJECT.into(),
            task_id: TASK.into(),
            ..Default::default()
        };
        for fact in storage.facts(facts).await {
            self.note(Entry::Fact(fact.title), fact.fact_id);
        }
        for run in storage.runs(PROJECT, TASK).await {
            self.torn += usize::from(run.agent_type != "claude");
            if run.status != "running" {
                self.torn += usize::from(run.status != "completed");
                self.note(Entry::End(run.run_id.clone()), run.exit_code.to_string());
            }
            self.note(Entry::Run(run.run_id.clone()), run.run_id);
        }
    }

    async fn read_state(&mut self, storage: &mut StorageClient, task: &str) {
        let request = pb::GetTaskStateRequest { project_id: PROJECT.into(), task_id: task.into() };
        let Ok(state) = storage.get_task_state(request).await else {
            return;
        };
        if !state.etag.is_empty() {
            match number_of(&state) {
                Some(number) => drop(self.states.insert(task.to_owned(), number)),
                None => self.torn += 1,
            }
        }
    }

    fn note(&mut self, entry: Entry, answer: String) {
        self.entries.entry(entry).or_default().push(answer);
    }
}

/// Returns the number in a state: each of its lines says the same.
fn number_of(state: &pb::GetTaskStateResponse) -> Option<u64> {
    let numbers: BTreeSet<u64> =
        state.markdown.lines().map(|line| line.parse().ok()).collect::<Option<_>>()?;
    let mut numbers = numbers.into_iter();
    numbers.next().filter(|_| numbers.next().is_none() && state.state_status == "working")
}

/// Returns the output of a run; nothing when there is none.
async fn output(storage: &mut StorageClient, run: &str) -> Vec<u8> {
    let request =
        pb::ReadRunFileRequest { run_id: run.into(), file: "stdout".into(), ..Default::default() };
    let mut bytes = Vec::new();
    let Ok(answer) = storage.0.read_run_file(request).await else {
        return bytes;
    };
    let mut chunks = answer.into_inner();
    // A run without this file is refused with the first chunk, or before.
    while let Ok(Some(part)) = chunks.message().await {
        bytes.extend(part.chunk);
    }
    bytes
}
