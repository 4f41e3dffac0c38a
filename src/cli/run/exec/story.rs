//! From the start of the command to the end of its run: what happens when, and what is
//! told of it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::run_environment::Variable;
use crate::domain::run_status;
use crate::grpc::pb::{Message, Parent};
use crate::host;

use super::calls::Trouble;
use super::capture::{Captured, Stream};
use super::child::{self, Child, Signals, Target, asks_to_end};
use super::outcome::Outcome;
use super::record::Recorder;
use super::result;
use super::start::Start;

/// How long our own streams are still written to when we are told to end, and nobody
/// reads them.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long recording may go on after the command's end before the run is given this
/// process instead of the command's.
const TAKE_OVER_AFTER: Duration = Duration::from_millis(20);

/// A run that was created, and the command that it is about.
pub(super) struct Story<'a> {
    /// What records it.
    pub(super) recorder: &'a Recorder<'a>,
    /// Which agent it is.
    pub(super) agent: &'a str,
    /// The command line, as text.
    pub(super) commandline: &'a str,
    /// The command, and its arguments.
    pub(super) command: &'a [OsString],
    /// Where the command runs.
    pub(super) folder: &'a Path,
    /// Whether its output is not passed through.
    pub(super) quiet: bool,
    /// How long to wait for the server once the command has ended.
    pub(super) patience: Duration,
}

/// What is to be recorded, and could not be, each with the reason.
#[derive(Default)]
struct Unrecorded(Vec<(String, String)>);

impl Story<'_> {
    /// Starts the command, records it, and returns its exit code.
    ///
    /// # Errors
    /// When not all was recorded.
    pub(super) async fn tell(
        &self,
        mut start: Start,
        variables: Vec<Variable>,
    ) -> Result<u8, Failure> {
        let prepared = start.prepare(self.recorder).await;
        let mut signals = start.signals;
        if let Err(failure) = prepared {
            let outcome = Outcome::own_failure(failure.sentence().to_owned());
            self.tell_not_started(&outcome, &mut signals).await?;
            return Err(failure);
        }
        let child = match Child::start(self.command, self.folder, variables) {
            Ok(child) => child,
            Err(error) => {
                let program = self.command.first().map(|program| program.to_string_lossy());
                let outcome = Outcome::not_started(&program.unwrap_or_default(), &error);
                output::note(&outcome.summary);
                self.tell_not_started(&outcome, &mut signals).await?;
                return Ok(outcome.exit_code);
            }
        };
        // Were this to fail, the command goes on, and the signals end us as usual.
        if let Err(error) = signals.listen_to_all() {
            output::note(&format!("cannot listen for all signals: {error}"));
        }
        let target = child.target;
        let ended = CancellationToken::new();
        let told_to_end = CancellationToken::new();
        let stdout = Stream::new("stdout", self.quiet);
        let stderr = Stream::new("stderr", self.quiet);
        let take_signal = |signal| {
            if !ended.is_cancelled() {
                return target.pass_on(signal);
            }
            target.pass_on_to_rest(signal);
            if asks_to_end(signal) {
                self.recorder.calls.patience.end();
                stdout.told_to_end();
                stderr.told_to_end();
                told_to_end.cancel();
            }
        };
        let show = async {
            let both = async { tokio::join!(stdout.show(io::stdout()), stderr.show(io::stderr())) };
            let last_words = async {
                told_to_end.cancelled().await;
                tokio::time::sleep(LAST_WORDS).await;
            };
            tokio::select! { _ = both => {}, () = last_words => {} }
        };
        let record = self.record(child, &ended, &stdout, &stderr);
        tokio::select! {
            (exit_code, ()) = async { tokio::join!(record, show) } => exit_code,
            never = signals.each(take_signal) => match never {},
        }
    }

    /// Records the command while it runs, and its end.
    async fn record(
        &self,
        child: Child,
        ended: &CancellationToken,
        stdout: &Stream,
        stderr: &Stream,
    ) -> Result<u8, Failure> {
        let recorder = self.recorder;
        recorder.calls.patience.make_endless();
        let Child { process, target, stdout: stdout_pipe, stderr: stderr_pipe } = child;
        let command = async {
            let outcome = child::wait(process).await;
            // From here on its pid may be that of another process.
            ended.cancel();
            recorder.calls.patience.begin(self.patience);
            stdout.command_ended();
            stderr.command_ended();
            outcome.unwrap_or_else(|error| {
                Outcome::own_failure(format!("cannot wait for the command: {error}"))
            })
        };
        let recorded = CancellationToken::new();
        let start = async {
            let start = self.tell_start(target).await;
            ended.cancelled().await;
            tokio::select! {
                () = recorded.cancelled() => {}
                () = tokio::time::sleep(TAKE_OVER_AFTER) => self.take_over().await,
            }
            start
        };
        let output = async {
            let lost = tokio::join!(
                stdout.capture(stdout_pipe, recorder),
                stderr.capture(stderr_pipe, recorder)
            );
            ended.cancelled().await;
            let result = result::make(recorder).await;
            recorded.cancel();
            (lost, result)
        };
        let ((start, mut unrecorded), ((lost_stdout, lost_stderr), result), outcome) =
            tokio::join!(start, output, command);
        unrecorded.add_lost("stdout", lost_stdout);
        unrecorded.add_lost("stderr", lost_stderr);
        unrecorded.add("its result", result);
        unrecorded.add_all(self.tell_end(&outcome, start).await);
        unrecorded.into_failure(&recorder.run.run_id, &outcome)?;
        Ok(outcome.exit_code)
    }

    /// Records the process, and posts RUN_START; returns the message's id.
    async fn tell_start(&self, target: Target) -> (Option<String>, Unrecorded) {
        let mut unrecorded = Unrecorded::default();
        let set = self.recorder.set_process(&host::name(), target.pid(), target.pgid()).await;
        unrecorded.add("its process", set);
        let message = Message {
            r#type: "RUN_START".to_owned(),
            body: self.commandline.to_owned(),
            meta: meta(&[("agent", self.agent), ("pid", &target.pid().to_string())]),
            ..Message::default()
        };
        let posted = self.recorder.post(message).await;
        (unrecorded.add("RUN_START", posted), unrecorded)
    }

    /// Makes this process the run's, while there is still something to record: the
    /// run is not lost as long as somebody looks after it.
    async fn take_over(&self) {
        let pid = i32::try_from(std::process::id()).unwrap_or(0);
        // The end will say so when the server cannot be reached.
        let _ = self.recorder.set_process(&host::name(), pid, 0).await;
    }

    /// Ends the run, and posts RUN_STOP or RUN_CRASH.
    async fn tell_end(&self, outcome: &Outcome, start: Option<String>) -> Unrecorded {
        let mut unrecorded = Unrecorded::default();
        let (status, kind, error_summary) = if outcome.is_success() {
            (run_status::COMPLETED, "RUN_STOP", "")
        } else {
            (run_status::FAILED, "RUN_CRASH", outcome.summary.as_str())
        };
        match self.recorder.end(status, outcome.exit_code, error_summary).await {
            Err(trouble) if trouble.is_refusal("INVALID_TRANSITION") => {
                output::note("the run was ended by somebody else meanwhile; that stays as it is");
            }
            ended => {
                unrecorded.add("its end", ended);
            }
        }
        let parent = |msg_id| Parent { msg_id, kind: "run".to_owned(), ..Parent::default() };
        let mut pairs = vec![("exit_code", outcome.exit_code.to_string())];
        pairs.extend(outcome.signal.clone().map(|signal| ("signal", signal)));
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let message = Message {
            r#type: kind.to_owned(),
            body: outcome.summary.clone(),
            meta: meta(&pairs),
            parents: start.map(parent).into_iter().collect(),
            ..Message::default()
        };
        unrecorded.add(kind, self.recorder.post(message).await);
        unrecorded
    }

    /// Ends the run of a command that could not be started.
    ///
    /// # Errors
    /// When not all was recorded.
    async fn tell_not_started(
        &self,
        outcome: &Outcome,
        signals: &mut Signals,
    ) -> Result<(), Failure> {
        let patience = &self.recorder.calls.patience;
        patience.begin(self.patience);
        let take_signal = |signal| {
            if asks_to_end(signal) {
                patience.end();
            }
        };
        let unrecorded = tokio::select! {
            unrecorded = self.tell_end(outcome, None) => unrecorded,
            never = signals.each(take_signal) => match never {},
        };
        unrecorded.into_failure(&self.recorder.run.run_id, outcome)
    }
}

impl Unrecorded {
    /// Takes note of something, if it could not be recorded.
    fn add<T>(&mut self, what: &str, outcome: Result<T, Trouble>) -> Option<T> {
        outcome.map_err(|trouble| self.note(what.to_owned(), &trouble)).ok()
    }

    fn add_lost(&mut self, name: &str, captured: Captured) {
        if let Some(trouble) = captured.trouble {
            self.note(format!("{} bytes of {name}", captured.lost_bytes), &trouble);
        }
    }

    fn add_all(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    fn note(&mut self, what: String, trouble: &Trouble) {
        self.0.push((what, trouble.to_string()));
    }

    /// Fails when there is something.
    fn into_failure(self, run_id: &str, outcome: &Outcome) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let action = format!("record all of run {run_id}");
        let sentence = format!("{}; missing are {}", outcome.summary, self.text());
        let hint = format!("the command's own exit code is {}", outcome.exit_code);
        Err(Failure::own(&action, &sentence).with_hint(hint))
    }

    /// Lists what is missing, each reason once behind all that it is a reason for.
    fn text(&self) -> String {
        let same_reason = self.0.chunk_by(|(_, one), (_, other)| one == other);
        let of_reason = |missing: &[(String, String)]| {
            let whats: Vec<&str> = missing.iter().map(|(what, _)| what.as_str()).collect();
            let why = missing.first().map_or("", |(_, why)| why);
            format!("{} ({why})", whats.join(", "))
        };
        same_reason.map(of_reason).collect::<Vec<_>>().join(", ")
    }
}

fn meta(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_exit_code_and_what_is_missing_with_each_reason_once() {
        let mut unrecorded = Unrecorded::default();
        let outcome = Outcome { exit_code: 3, signal: None, summary: "exit code 3".into() };
        assert_eq!(unrecorded.add("its end", Ok(7)), Some(7));
        let trouble = |why: &str| Err::<(), _>(Trouble::Away(why.to_owned()));
        unrecorded.add("RUN_START", trouble("gone"));
        unrecorded.add_lost("stdout", Captured { lost_bytes: 5, trouble: None });
        let trouble_of_stderr = Some(Trouble::Away("full".into()));
        unrecorded.add_lost("stderr", Captured { lost_bytes: 6, trouble: trouble_of_stderr });
        unrecorded.add("its end", trouble("full"));
        assert_eq!(unrecorded.text(), "RUN_START (gone), 6 bytes of stderr, its end (full)");
        assert!(unrecorded.into_failure("r", &outcome).is_err());
        assert!(Unrecorded::default().into_failure("r", &outcome).is_ok());
    }
}
