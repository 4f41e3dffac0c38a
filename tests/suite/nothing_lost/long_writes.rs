//! Two writers whose calls take long: one uploads an artifact of megabytes again and again,
//! one saves checkpoints. Both note what was acknowledged.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::task::JoinSet;
use tonic::Status;

use callboard::grpc::pb;

use super::ledger::{Ledger, PROJECT};
use super::tally::Tally;
use crate::storage_client::{StorageClient, new_task, step_result, upload_header};

const TASK: &str = "task-20260101-120000-long";
const ARTIFACT: &str = "large.bin";
const ARTIFACT_BYTES: usize = 3 << 20;
const CHUNK_BYTES: usize = 256 << 10;

/// What was tried and what was acknowledged.
#[derive(Default)]
pub(crate) struct LongWrites {
    /// The content of the artifact that was tried last, and that was acknowledged last: a
    /// number.
    content: Mutex<(u64, u64)>,
    /// The results of steps that were tried, and whether they were acknowledged.
    results: Mutex<Vec<bool>>,
}

impl LongWrites {
    /// Creates the task that is written to.
    pub(crate) async fn prepare(addr: &str) {
        let mut storage = StorageClient::connect_to(addr).await;
        let step = pb::Step { name: "one".into(), r#type: "ai".into(), ..Default::default() };
        let task = pb::CreateTaskRequest { steps: vec![step], ..new_task(PROJECT, TASK) };
        storage.create_task(task).await.expect("a task");
    }

    /// Starts both; each ends when a call fails. What the ledger would not count is not
    /// counted here.
    pub(crate) async fn start(
        self: &Arc<Self>,
        addr: &str,
        ledger: &Arc<Ledger>,
    ) -> JoinSet<Status> {
        let mut writing = JoinSet::new();
        let storage = StorageClient::connect_to(addr).await;
        let (writes, sealed) = (Arc::clone(self), Arc::clone(ledger));
        writing.spawn(async move { writes.upload(storage, &sealed).await });
        let storage = StorageClient::connect_to(addr).await;
        let (writes, sealed) = (Arc::clone(self), Arc::clone(ledger));
        writing.spawn(async move { writes.save_results(storage, &sealed).await });
        writing
    }

    fn content(&self) -> MutexGuard<'_, (u64, u64)> {
        self.content.lock().expect("the contents")
    }

    fn results(&self) -> MutexGuard<'_, Vec<bool>> {
        self.results.lock().expect("the results")
    }

    async fn upload(&self, mut storage: StorageClient, ledger: &Ledger) -> Status {
        loop {
            let number = self.content().0 + 1;
            self.content().0 = number;
            let content = number.to_le_bytes().repeat(ARTIFACT_BYTES / 8);
            let chunks = content.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect();
            match storage.upload(upload_header(PROJECT, TASK, ARTIFACT), chunks).await {
                Ok(_) if ledger.is_sealed() => {}
                Ok(_) => self.content().1 = number,
                Err(status) => return status,
            }
        }
    }

    async fn save_results(&self, mut storage: StorageClient, ledger: &Ledger) -> Status {
        loop {
            let number = self.results().len();
            self.results().push(false);
            let mut request = step_result(PROJECT, TASK, 0, "failed");
            request.step_result.as_mut().expect("a result").output = number.to_string();
            match storage.step(request).await {
                Ok(_) if ledger.is_sealed() => {}
                Ok(_) => self.results()[number] = true,
                Err(status) => return status,
            }
        }
    }

    /// Compares with what a server says, while nobody writes.
    pub(crate) async fn check(&self, addr: &str) -> Tally {
        let mut storage = StorageClient::connect_to(addr).await;
        let mut tally = Tally::default();

        let (tried, acknowledged) = *self.content();
        tally.acknowledged += usize::from(acknowledged > 0);
        let is_there = storage.artifacts(PROJECT, TASK).await.iter().any(|it| it.name == ARTIFACT);
        if is_there {
            let content = storage.content(PROJECT, TASK, ARTIFACT).await;
            let number = content.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
            let is_whole = content == number.to_le_bytes().repeat(ARTIFACT_BYTES / 8);
            tally.torn += usize::from(!is_whole || number > tried);
            tally.lost += usize::from(is_whole && number < acknowledged);
        } else {
            tally.lost += usize::from(acknowledged > 0);
        }

        let mut saved = vec![0; self.results().len()];
        for result in storage.task(PROJECT, TASK).await.step_results {
            let number: Option<usize> = result.output.parse().ok();
            match number.and_then(|number| saved.get_mut(number)) {
                Some(count) => *count += 1,
                None => tally.torn += 1,
            }
        }
        for (count, was_acknowledged) in saved.iter().zip(self.results().iter()) {
            tally.acknowledged += usize::from(*was_acknowledged);
            tally.lost += usize::from(*was_acknowledged && *count == 0);
            tally.duplicated += usize::from(*count > 1);
        }
        tally
    }
}
