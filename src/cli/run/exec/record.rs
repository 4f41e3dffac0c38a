//! What is recorded of a run, call by call.
//!
//! Every call is safe to repeat: by a request id, by an offset, or because doing it again
//! changes nothing.

use std::time::{Duration, Instant};

use callboard_client::{Backoff, Transport, request_id_of_run};
use tonic_types::StatusExt as _;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::grpc::pb::message_bus_client::MessageBusClient;
use crate::grpc::pb::storage_client::StorageClient;
use crate::grpc::pb::{
    AppendMessageRequest, AppendRunOutputRequest, CreateRunRequest, GetServerInfoRequest,
    GetServerInfoResponse, Message, Run, UpdateRunRequest, UpdateRunStatusRequest,
};

use super::calls::{Calls, Trouble};
use super::patience::Patience;

/// How long the run is tried to be created before the command is started.
const PATIENCE_AT_START: Duration = Duration::from_secs(5);

/// The recorder of a run.
pub(super) struct Recorder<'a> {
    pub(super) storage: StorageClient<Transport>,
    bus: MessageBusClient<Transport>,
    /// How the server is called.
    pub(super) calls: Calls<'a>,
    /// The run, once it is created.
    pub(super) run: Run,
}

impl<'a> Recorder<'a> {
    /// Connects to the server.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub(super) async fn connect(connection: &'a Connection) -> Result<Self, Failure> {
        Ok(Self {
            storage: connection.storage().await?,
            bus: connection.message_bus().await?,
            calls: Calls::new(connection, Patience::new(PATIENCE_AT_START)),
            run: Run::default(),
        })
    }

    /// Returns what server it is.
    pub(super) async fn server_info(&self) -> Result<GetServerInfoResponse, Trouble> {
        self.calls
            .persist(async || self.storage.clone().get_server_info(GetServerInfoRequest {}).await)
            .await
    }

    /// Creates the run.
    pub(super) async fn create(&self, request: CreateRunRequest) -> Result<Run, Trouble> {
        let create = async || self.storage.clone().create_run(request.clone()).await;
        Ok(self.calls.persist(create).await?.run.unwrap_or_default())
    }

    /// Records which process it is.
    pub(super) async fn set_process(&self, host: &str, pid: i32, pgid: i32) -> Result<(), Trouble> {
        let request = UpdateRunRequest {
            project_id: self.run.project_id.clone(),
            task_id: self.run.task_id.clone(),
            run_id: self.run.run_id.clone(),
            host: host.to_owned(),
            pid,
            pgid,
            update_mask: Some(prost_types::FieldMask { paths: vec!["pid".into(), "pgid".into()] }),
            ..UpdateRunRequest::default()
        };
        self.calls.persist(async || self.storage.clone().update_run(request.clone()).await).await?;
        Ok(())
    }

    /// Appends to a file of the run, and returns where the next chunk belongs. When
    /// another program wrote to the file, the chunk goes behind that; when it does so
    /// again and again, as soon as there is a pause, if there is patience for that.
    pub(super) async fn append(
        &self,
        file: &str,
        offset: u64,
        chunk: &[u8],
    ) -> Result<u64, Trouble> {
        let mut request = AppendRunOutputRequest {
            project_id: self.run.project_id.clone(),
            task_id: self.run.task_id.clone(),
            run_id: self.run.run_id.clone(),
            file: file.to_owned(),
            offset: Some(i64::try_from(offset).unwrap_or(i64::MAX)),
            chunk: chunk.to_vec(),
        };
        let began = Instant::now();
        let mut delays = None;
        loop {
            let append = async || self.storage.clone().append_run_output(request.clone()).await;
            let trouble = match self.calls.persist(append).await {
                Ok(answer) => return Ok(u64::try_from(answer.next_offset).unwrap_or(0)),
                Err(trouble) => trouble,
            };
            let Some(size) = size_at(&trouble) else { return Err(trouble) };
            request.offset = Some(size);
            // Once is what happens; more often than that we are too slow for somebody.
            match &mut delays {
                None => delays = Some(Backoff::new()),
                Some(delays) => {
                    let delay = self.calls.patience.next_delay_since(began, delays.next_delay());
                    self.calls.rest(delay.ok_or(trouble)?).await;
                }
            }
        }
    }

    /// Ends the run.
    pub(super) async fn end(
        &self,
        status: &str,
        exit_code: u8,
        error_summary: &str,
    ) -> Result<(), Trouble> {
        let request = UpdateRunStatusRequest {
            project_id: self.run.project_id.clone(),
            task_id: self.run.task_id.clone(),
            run_id: self.run.run_id.clone(),
            status: status.to_owned(),
            exit_code: Some(i32::from(exit_code)),
            error_summary: error_summary.to_owned(),
            etag: String::new(),
        };
        let end = async || self.storage.clone().update_run_status(request.clone()).await;
        self.calls.persist(end).await?;
        Ok(())
    }

    /// Posts a message of the run to its task's bus, once for each type; returns its id.
    pub(super) async fn post(&self, message: Message) -> Result<String, Trouble> {
        let request_id = request_id_of_run(&message.r#type, &self.run);
        let message = Message {
            project_id: self.run.project_id.clone(),
            task_id: self.run.task_id.clone(),
            run_id: self.run.run_id.clone(),
            ..message
        };
        let request = AppendMessageRequest {
            message: Some(message),
            request_id,
            expected_last_msg_id: String::new(),
        };
        let post = async || self.bus.clone().append_message(request.clone()).await;
        Ok(self.calls.persist(post).await?.msg_id)
    }
}

/// Returns where a file ends, when a chunk did not fit for that.
fn size_at(trouble: &Trouble) -> Option<i64> {
    if !trouble.is_refusal("OFFSET_MISMATCH") {
        return None;
    }
    let Trouble::Refused(status) = trouble else { return None };
    status.get_details_error_info()?.metadata.get("size")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::ErrorDetails;

    use super::*;

    fn refusal(code: Code, reason: &str, metadata: &[(&str, &str)]) -> Status {
        let metadata = metadata.iter().map(|(key, value)| ((*key).into(), (*value).into()));
        let metadata: std::collections::HashMap<String, String> = metadata.collect();
        let details = ErrorDetails::with_error_info(reason, "callboard", metadata);
        Status::with_error_details(code, "what happened", details)
    }

    #[test]
    fn a_file_that_another_program_wrote_to_says_where_it_ends() {
        let mismatch = refusal(Code::Aborted, "OFFSET_MISMATCH", &[("size", "42")]);
        assert_eq!(size_at(&Trouble::Refused(mismatch)), Some(42));
        let other = refusal(Code::Aborted, "FOREIGN_WRITE", &[("size", "42")]);
        assert_eq!(size_at(&Trouble::Refused(other)), None);
        assert_eq!(size_at(&Trouble::Away(String::new())), None);
    }

    #[test]
    fn request_ids_are_the_servers_to_take_however_long_the_run_id_is() {
        let run = |run_id: String, seconds| Run {
            run_id,
            start_time: Some(prost_types::Timestamp { seconds, nanos: 5 }),
            ..Run::default()
        };
        let longest = run("r".repeat(128), 253_402_300_799);
        let id = request_id_of_run("RUN_START", &longest);
        assert!(crate::domain::RequestId::parse(&id).is_ok(), "{id}");
        let again = request_id_of_run("RUN_START", &run("r".into(), 1));
        assert_eq!(again, "RUN_START-1.000000005-r");
        assert_ne!(again, request_id_of_run("RUN_STOP", &run("r".into(), 1)));
        assert_ne!(again, request_id_of_run("RUN_START", &run("r".into(), 2)));
    }
}
