//! A run as a context: its start, what it writes, and its end are recorded.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI32, Ordering};
use std::{any, fmt};

use futures_util::FutureExt as _;
use serde::Serialize;

use crate::run_file::FileEnd;
use crate::run_output::RunOutput;
use crate::v1::{
    self, AppendMessageResponse, AppendRunEventRequest, AppendRunEventResponse, CreateRunRequest,
    Message, Parent, UpdateRunStatusRequest,
};
use crate::{Client, Error, host, random};

/// What is kept of why a run failed, in bytes.
const SUMMARY_BYTES_MAX: usize = 4 << 10;

impl Client {
    /// Begins a run of the task: the name says which agent it is, such as `claude`; any word.
    /// The run that the client speaks for, if any, is its parent.
    pub fn run(&self, agent_type: impl Into<String>) -> StartRun {
        let request = CreateRunRequest {
            agent_type: agent_type.into(),
            parent_run_id: self.place.run.clone(),
            host: host::name(),
            pid: host::process_id(),
            cwd: host::working_directory(),
            commandline: host::command_line(),
            request_id: random::request_id(),
            ..CreateRunRequest::default()
        };
        StartRun { client: self.clone(), request }
    }
}

/// A run about to be started; see [`Client::run`].
#[derive(Debug, Clone)]
#[must_use = "nothing is started before start or scope"]
pub struct StartRun {
    client: Client,
    request: CreateRunRequest,
}

impl StartRun {
    /// Sets its id. Unless set: one made from the time.
    pub fn run_id(mut self, run_id: impl Into<String>) -> Self {
        self.request.run_id = run_id.into();
        self
    }

    /// Sets its prompt, at most 1 MiB, which is kept with it.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.request.prompt = prompt.into();
        self
    }

    /// Sets its command line. Unless set: that of this process.
    pub fn commandline(mut self, commandline: impl Into<String>) -> Self {
        self.request.commandline = commandline.into();
        self
    }

    /// Sets its working directory. Unless set: that of this process.
    pub fn cwd(mut self, cwd: impl Into<String>) -> Self {
        self.request.cwd = cwd.into();
        self
    }

    /// Sets the run that starts it; an empty one means none. Unless set: the client's.
    pub fn parent_run_id(mut self, run_id: impl Into<String>) -> Self {
        self.request.parent_run_id = run_id.into();
        self
    }

    /// Sets the run that it is a restart of.
    pub fn previous_run_id(mut self, run_id: impl Into<String>) -> Self {
        self.request.previous_run_id = run_id.into();
        self
    }

    /// Sets its worktree and its tools, for `meta.json`.
    pub fn meta(mut self, meta: v1::RunMeta) -> Self {
        self.request.meta = Some(meta);
        self
    }

    /// Creates the run, with this process as its own, so that the server sees whether it lives,
    /// and posts RUN_START to the task's bus.
    ///
    /// # Errors
    /// TASK_NOT_FOUND, RUN_EXISTS; of the kind [`Usage`](crate::ErrorKind::Usage) without a
    /// project; and as [`Client::call`].
    pub async fn start(mut self) -> Result<Run, Error> {
        (self.request.project_id, self.request.task_id) = self.client.place.bus()?;
        let (agent, commandline) =
            (self.request.agent_type.clone(), self.request.commandline.clone());
        let pid = self.request.pid.to_string();
        let answer = self.client.call_repeatably(self.request).await?;
        let info = answer.run.unwrap_or_default();
        let client = self.client.with_project(&info.project_id).with_task(&info.task_id);
        let client = client.with_run(&info.run_id);
        let output = |file| RunOutput::open(FileEnd::at_beginning(client.clone(), file));
        let mut run = Run {
            stdout: output("stdout"),
            stderr: output("stderr"),
            output: output("output"),
            client,
            info,
            start_msg_id: String::new(),
            exit_code: AtomicI32::new(0),
        };
        let started = Message::new("RUN_START", commandline);
        let started = started.with_meta("agent", agent).with_meta("pid", pid);
        match run.post(started).await {
            Ok(msg_id) => run.start_msg_id = msg_id,
            Err(error) => {
                // The run must not seem to go on. That it could not be started is what counts.
                let _ = run.fail(error.to_string()).await;
                return Err(error);
            }
        }
        Ok(run)
    }

    /// Starts the run, does what is to be done within it, and ends it: with the exit code that
    /// was [set](Run::set_exit_code), or as failed when an error or a panic comes out of it,
    /// which goes on to the caller.
    ///
    /// # Errors
    /// Whatever comes out of it; else what went wrong with starting the run or recording its
    /// end. When an error came out of it, what went wrong with recording that is logged.
    pub async fn scope<T, E>(self, body: impl AsyncFnOnce(&Run) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error> + fmt::Display,
    {
        let run = self.start().await?;
        let summary = match AssertUnwindSafe(body(&run)).catch_unwind().await {
            Ok(Ok(value)) => {
                let exit_code = run.exit_code.load(Ordering::Relaxed);
                run.end(exit_code).await?;
                return Ok(value);
            }
            Ok(Err(error)) => (format!("{}: {error}", short_name::<E>()), Ok(error)),
            Err(panic) => ("the program panicked".to_owned(), Err(panic)),
        };
        let (summary, outcome) = summary;
        if let Err(error) = run.fail(summary).await {
            tracing::error!(%error, "the failure of a run could not be recorded");
        }
        match outcome {
            Ok(error) => Err(error),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Returns the name of a type without where it stands, and without what it is made of.
fn short_name<T>() -> &'static str {
    let name = any::type_name::<T>().split('<').next().unwrap_or_default();
    name.rsplit("::").next().unwrap_or_default()
}

/// A run that goes on.
///
/// It ends with [`end`](Self::end) or [`fail`](Self::fail), or by itself in
/// [`scope`](StartRun::scope). One that is dropped without either stays as it is, because nothing
/// can be awaited there: the server marks it as failed once this process is gone.
#[derive(Debug)]
#[must_use = "a run is to be ended"]
pub struct Run {
    client: Client,
    info: v1::Run,
    start_msg_id: String,
    stdout: RunOutput,
    stderr: RunOutput,
    output: RunOutput,
    exit_code: AtomicI32,
}

impl Run {
    /// Returns its id.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.info.run_id
    }

    /// Returns what the server said of it when it was created.
    #[must_use]
    pub fn info(&self) -> &v1::Run {
        &self.info
    }

    /// Returns a client that speaks for it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns what writes to its standard output.
    #[must_use]
    pub fn stdout(&self) -> RunOutput {
        self.stdout.clone()
    }

    /// Returns what writes to its standard error.
    #[must_use]
    pub fn stderr(&self) -> RunOutput {
        self.stderr.clone()
    }

    /// Returns what writes its result, `output.md`.
    #[must_use]
    pub fn output(&self) -> RunOutput {
        self.output.clone()
    }

    /// Sets the exit code that [`scope`](StartRun::scope) ends it with, instead of 0.
    pub fn set_exit_code(&self, exit_code: i32) {
        self.exit_code.store(exit_code, Ordering::Relaxed);
    }

    /// Appends a message of the run to the task's bus; see [`Client::append`].
    ///
    /// # Errors
    /// As [`Append::send`](crate::Append::send).
    pub async fn append(&self, message: Message) -> Result<AppendMessageResponse, Error> {
        self.client.append(message).send().await
    }

    /// Records that something happened: one word, such as `pushed`, and more about it, which
    /// must be an object once it is JSON.
    ///
    /// # Errors
    /// As [`Client::call`]; of the kind [`Usage`](crate::ErrorKind::Usage) for what JSON cannot
    /// say.
    pub async fn event(
        &self,
        event: impl Into<String>,
        data: &impl Serialize,
    ) -> Result<AppendRunEventResponse, Error> {
        let data_json = serde_json::to_string(data)
            .map_err(|error| Error::usage(format!("the data of an event: {error}")))?;
        let (project_id, task_id, run_id) = self.client.place.run()?;
        let request = AppendRunEventRequest {
            project_id,
            task_id,
            run_id,
            event: event.into(),
            data_json,
            request_id: random::request_id(),
            ..AppendRunEventRequest::default()
        };
        self.client.call_repeatably(request).await
    }

    /// Ends the run: completed with the exit code 0, failed with any other. Waits until all that
    /// it wrote is recorded, and posts RUN_STOP or RUN_CRASH to the task's bus. A run that
    /// somebody else has ended meanwhile stays as it is.
    ///
    /// # Errors
    /// The first thing that could not be recorded; the rest is all the same.
    pub async fn end(self, exit_code: i32) -> Result<(), Error> {
        let body = format!("exit code {exit_code}");
        let (status, message_type, summary) = match exit_code {
            0 => ("completed", "RUN_STOP", String::new()),
            _ => ("failed", "RUN_CRASH", body.clone()),
        };
        self.finish(status, exit_code, summary, Message::new(message_type, body)).await
    }

    /// Ends the run as failed, with the exit code 1, and says why in short: at most 4 KiB are
    /// kept. Otherwise as [`end`](Self::end), but posts RUN_CRASH.
    ///
    /// # Errors
    /// As [`end`](Self::end).
    pub async fn fail(self, summary: impl Into<String>) -> Result<(), Error> {
        let mut summary = summary.into();
        summary.truncate(summary.floor_char_boundary(SUMMARY_BYTES_MAX));
        let crash = Message::new("RUN_CRASH", &summary);
        self.finish("failed", 1, summary, crash).await
    }

    async fn finish(
        mut self,
        status: &str,
        exit_code: i32,
        error_summary: String,
        message: Message,
    ) -> Result<(), Error> {
        let (stdout, stderr, output) =
            tokio::join!(self.stdout.settle(), self.stderr.settle(), self.output.settle());
        let request = UpdateRunStatusRequest {
            project_id: self.info.project_id.clone(),
            task_id: self.info.task_id.clone(),
            run_id: self.info.run_id.clone(),
            status: status.to_owned(),
            exit_code: Some(exit_code),
            error_summary,
            etag: String::new(),
        };
        let ended = match self.client.call_repeatably(request).await {
            Err(error) if error.reason() == "INVALID_TRANSITION" => Ok(()),
            ended => ended.map(drop),
        };
        let mut message = message.with_meta("exit_code", exit_code.to_string());
        if !self.start_msg_id.is_empty() {
            let (msg_id, kind) = (self.start_msg_id.clone(), "run".to_owned());
            message = message.with_parent(Parent { msg_id, kind, ..Parent::default() });
        }
        let posted = self.post(message).await.map(drop);
        stdout.and(stderr).and(output).and(ended).and(posted)
    }

    /// Posts a message that the run has one of, and returns its id.
    async fn post(&self, message: Message) -> Result<String, Error> {
        let request_id = request_id_of_run(&message.r#type, &self.info);
        Ok(self.client.append(message).request_id(request_id).send().await?.msg_id)
    }
}

/// Returns the request id of a run's message of one type, such as RUN_START, which it posts once.
/// A run that was removed and created anew under its old id posts anew, too.
pub fn request_id_of_run(message_type: &str, run: &v1::Run) -> String {
    // The id may be as long as a request id by itself.
    let id: String = run.run_id.chars().take(64).collect();
    let start = run.start_time.unwrap_or_default();
    format!("{message_type}-{}.{:09}-{id}", start.seconds, start.nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_created_anew_under_its_old_id_posts_anew() {
        let run = |run_id: String, seconds| {
            let start_time = Some(prost_types::Timestamp { seconds, nanos: 5 });
            v1::Run { run_id, start_time, ..v1::Run::default() }
        };
        let id = request_id_of_run("RUN_START", &run("r".into(), 1));
        assert_eq!(id, "RUN_START-1.000000005-r");
        assert_ne!(id, request_id_of_run("RUN_START", &run("r".into(), 2)));
        assert_ne!(id, request_id_of_run("RUN_STOP", &run("r".into(), 1)));
        assert!(
            request_id_of_run("RUN_START", &run("r".repeat(128), 253_402_300_799)).len() <= 128
        );
    }

    #[test]
    fn an_error_is_called_by_its_type_in_short() {
        assert_eq!(short_name::<Error>(), "Error");
        assert_eq!(short_name::<Box<dyn std::error::Error>>(), "Box");
        assert_eq!(short_name::<std::num::ParseIntError>(), "ParseIntError");
    }
}
