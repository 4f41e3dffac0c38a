//! The calls of a writer: what it writes, as requests.

use callboard::grpc::pb;
use pb::upload_artifact_request::Header;
use tonic::Status;

use super::super::ledger::{BUSES, Entry, PROJECT, TASK, content_of, output_of};
use super::{AfterFailure, Next, Writer, own_task};
use crate::client::{message, reason};
use crate::storage_client::{log_of, new_artifact, new_fact, new_run, step_result, upload_header};

/// The size of the chunks of an upload.
const CHUNK_BYTES: usize = 20 << 10;

impl Writer {
    /// Makes the call; returns what was acknowledged as what, an answer for each thing that
    /// was written.
    pub(super) async fn write(&mut self, next: &Next) -> Result<Vec<String>, Status> {
        let answer = match next {
            Next::Entry(Entry::Message { bus, body }) => self.append(*bus, body).await?,
            Next::Batch(batch) => return self.append_batch(batch).await,
            Next::State(number) => self.set_state(*number).await?,
            Next::Output { run, from, to } => self.append_output(run, *from, *to).await?,
            Next::Entry(Entry::Step { task, output }) => self.save_step(task, output).await?,
            Next::Entry(entry) => self.create(entry).await?,
        };
        Ok(vec![answer])
    }

    /// Returns the request id for something, if this writer has such.
    fn request_id(&self, of: &str) -> String {
        match self.after_failure {
            AfterFailure::GoOn => String::new(),
            AfterFailure::Repeat | AfterFailure::End => of.into(),
        }
    }

    async fn append(&mut self, bus: usize, body: &str) -> Result<String, Status> {
        let (project, task) = BUSES[bus];
        let request = pb::AppendMessageRequest {
            message: Some(message(project, task, body)),
            request_id: self.request_id(body),
            ..Default::default()
        };
        let (client, _) = self.connected().await?;
        Ok(client.append_request(request).await?.msg_id)
    }

    async fn append_batch(&mut self, batch: &[Entry]) -> Result<Vec<String>, Status> {
        let mut messages = Vec::new();
        let mut request_id = String::new();
        for entry in batch {
            let Entry::Message { bus, body } = entry else {
                panic!("a batch of messages: {entry:?}");
            };
            let (project, task) = BUSES[*bus];
            messages.push(message(project, task, body));
            request_id = self.request_id(body);
        }
        let (client, _) = self.connected().await?;
        Ok(client.append_batch(messages, &request_id).await?.msg_ids)
    }

    async fn set_state(&mut self, number: u64) -> Result<String, Status> {
        let request = pb::SetTaskStateRequest {
            project_id: PROJECT.into(),
            task_id: own_task(self.number),
            state_status: "working".into(),
            markdown: format!("{number}\n").repeat(200),
            ..Default::default()
        };
        let (_, storage) = self.connected().await?;
        storage.set_task_state(request).await?;
        Ok(String::new())
    }

    async fn append_output(&mut self, run: &str, from: usize, to: usize) -> Result<String, Status> {
        let request = pb::AppendRunOutputRequest {
            project_id: PROJECT.into(),
            task_id: TASK.into(),
            run_id: run.into(),
            file: "stdout".into(),
            offset: Some(i64::try_from(from).expect("a length")),
            chunk: output_of(run, to).split_off(from),
        };
        let (_, storage) = self.connected().await?;
        let answer = storage.append_run_output(request).await?;
        assert_eq!(answer.next_offset, i64::try_from(to).expect("a length"), "of {run}");
        Ok(String::new())
    }

    /// Saves a result with the etag of the one before it. When that is refused, the answer
    /// to an earlier call was lost: the task tells.
    async fn save_step(&mut self, task: &str, output: &str) -> Result<String, Status> {
        let known = self.etag.clone();
        let (_, storage) = self.connected().await?;
        let get = pb::GetTaskRequest { project_id: PROJECT.into(), task_id: task.into() };
        let etag = match known {
            Some(etag) => etag,
            None => storage.get_task(get.clone()).await?.task.expect("the task").etag,
        };
        let mut request = step_result(PROJECT, task, 0, "completed");
        request.step_result.as_mut().expect("a result").output = output.into();
        request.etag.clone_from(&etag);
        let saved = match storage.step(request).await {
            Ok(saved) => saved,
            Err(status) if status.code() == tonic::Code::Aborted => {
                assert_eq!(reason(&status), "ETAG_MISMATCH", "{status:?}");
                let saved = storage.get_task(get).await?.task.expect("the task");
                let last = saved.step_results.last().map(|last| last.output.as_str());
                assert_eq!(last, Some(output), "nobody else saves results of {task}");
                saved
            }
            // What is repeated must not find an etag that was read after it was saved.
            Err(status) => {
                self.etag = Some(etag);
                return Err(status);
            }
        };
        self.etag = Some(saved.etag);
        Ok("completed".into())
    }

    async fn create(&mut self, entry: &Entry) -> Result<String, Status> {
        let request_id = match entry {
            Entry::LogLine(line) => self.request_id(&line.replace(['{', '}', '"', ':'], "")),
            Entry::Artifact(name) | Entry::Fact(name) | Entry::Run(name) => self.request_id(name),
            _ => String::new(),
        };
        let (_, storage) = self.connected().await?;
        match entry {
            Entry::LogLine(line) => {
                let request =
                    pb::AppendTaskLogRequest { request_id, ..log_of(PROJECT, TASK, &[line]) };
                Ok(storage.append_task_log(request).await?.offset.to_string())
            }
            Entry::Artifact(name) if name.contains("upload") => {
                let header = Header { request_id, ..upload_header(PROJECT, TASK, name) };
                let chunks = content_of(name).chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect();
                let answer = storage.upload(header, chunks).await?;
                Ok(answer.artifact.expect("the artifact").path)
            }
            Entry::Artifact(name) => {
                let request = pb::SaveArtifactRequest {
                    request_id,
                    ..new_artifact(PROJECT, TASK, name, content_of(name))
                };
                Ok(storage.save(request).await?.path)
            }
            Entry::Fact(title) => {
                let request =
                    pb::AppendFactRequest { request_id, ..new_fact(PROJECT, TASK, title) };
                let answer = storage.append_fact(request).await?;
                Ok(answer.fact.expect("the fact").fact_id)
            }
            Entry::Run(run) => {
                let request = pb::CreateRunRequest { request_id, ..new_run(PROJECT, TASK, run) };
                Ok(storage.create_run(request).await?.run.expect("the run").run_id)
            }
            Entry::End(run) => {
                let request = pb::UpdateRunStatusRequest {
                    project_id: PROJECT.into(),
                    task_id: TASK.into(),
                    run_id: run.clone(),
                    status: "completed".into(),
                    exit_code: Some(0),
                    ..Default::default()
                };
                let answer = storage.update_run_status(request).await?;
                Ok(answer.run.expect("the run").exit_code.to_string())
            }
            Entry::Message { .. } | Entry::Step { .. } => panic!("nothing to create: {entry:?}"),
        }
    }
}
