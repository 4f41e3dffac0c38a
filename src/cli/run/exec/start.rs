//! What comes before the command is started: its run is created, and its prompt stored.
//! A signal that asks to end ends that, too.

use rustix::process::Signal;

use crate::cli::failure::Failure;
use crate::disk::Input;
use crate::grpc::pb::CreateRunRequest;

use super::child::Signals;
use super::outcome::signal_name;
use super::prompt::Parts;
use super::record::Recorder;

/// What is known before the command is started.
pub(super) struct Start {
    /// The signals that come.
    pub(super) signals: Signals,
    /// The part of the prompt that is still to be stored.
    prompt: Option<Parts<Input>>,
    /// The signal that asks to end.
    told_by: Option<Signal>,
}

impl Start {
    /// Begins, with a prompt that is too long for the request that creates the run.
    pub(super) fn new(signals: Signals, prompt: Option<Parts<Input>>) -> Self {
        Self { signals, prompt, told_by: None }
    }

    /// Creates the run. A signal does not break that off: whether there is a run then
    /// would not be known. It is only not tried again.
    pub(super) async fn create(
        &mut self,
        recorder: &mut Recorder<'_>,
        request: CreateRunRequest,
    ) -> Result<(), Failure> {
        let created = {
            let create = recorder.create(request);
            tokio::pin!(create);
            tokio::select! {
                created = &mut create => created,
                signal = self.signals.asked_to_end() => {
                    self.told_by = Some(signal);
                    recorder.calls.patience.end();
                    create.await
                }
            }
        };
        recorder.run = created.map_err(|trouble| recorder.calls.failure(trouble))?;
        Ok(())
    }

    /// Stores what is left of the prompt.
    ///
    /// # Errors
    /// Also when a signal asks to end meanwhile, or did so before.
    pub(super) async fn prepare(&mut self, recorder: &Recorder<'_>) -> Result<(), Failure> {
        if let (None, Some(parts)) = (self.told_by, self.prompt.take()) {
            self.told_by = tokio::select! {
                stored = store(recorder, parts) => {
                    stored?;
                    None
                }
                signal = self.signals.asked_to_end() => Some(signal),
            };
        }
        let Some(signal) = self.told_by else { return Ok(()) };
        recorder.calls.patience.end();
        let name = signal_name(signal.as_raw());
        Err(Failure::own("start the command", &format!("told to end by {name}")))
    }
}

async fn store(recorder: &Recorder<'_>, mut parts: Parts<Input>) -> Result<(), Failure> {
    let mut offset = 0;
    loop {
        let part;
        (parts, part) = parts.next_meanwhile().await?;
        if part.is_empty() {
            return Ok(());
        }
        let appended = recorder.append("prompt", offset, &part).await;
        offset = appended.map_err(|trouble| recorder.calls.failure(trouble))?;
    }
}
