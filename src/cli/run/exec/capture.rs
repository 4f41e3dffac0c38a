//! What the command writes to one of its streams: kept with the run, and shown as it
//! comes.
//!
//! Every byte is kept before it is shown. Neither way holds up the other, but for the
//! bounds below: then the command is held up by its pipe, and nothing is lost.

use std::io;
use std::os::fd::AsFd;
use std::pin::pin;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cli::output;
use crate::limits::FILE_CHUNK_BYTES;

use super::backlog::Backlog;
use super::calls::Trouble;
use super::record::Recorder;

/// What is kept of a stream while the server is away, in bytes.
const KEPT_BYTES_MAX: usize = 8 << 20;
/// What waits for a slow reader of our own stream, in bytes.
const SHOWN_BYTES_MAX: usize = 1 << 20;
/// The same once the command has ended: all that may be left in its pipe fits in too.
const SHOWN_BYTES_MAX_AT_END: usize = SHOWN_BYTES_MAX + (2 << 20);
/// What is read from the pipe at a time, in bytes.
const READ_BYTES: usize = 64 << 10;

/// How long a pipe may be silent once the command has ended, while something that it
/// left behind holds it open.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// How long it is read then in all.
const LEFT_BEHIND_MAX: Duration = Duration::from_secs(10);
/// How long it may be silent once we are told to end.
const LAST_LOOK: Duration = Duration::from_millis(50);

/// One stream of the command.
pub(super) struct Stream {
    /// Its name: that of the run's file, too.
    name: &'static str,
    kept: Backlog,
    /// None when it is not shown.
    shown: Option<Backlog>,
    command_ended: CancellationToken,
    told_to_end: CancellationToken,
}

/// What has been kept of a stream.
#[derive(Debug, Default)]
pub(super) struct Captured {
    /// How many bytes could not be recorded.
    pub(super) lost_bytes: usize,
    /// Why.
    pub(super) trouble: Option<Trouble>,
}

impl Stream {
    /// Begins with nothing.
    pub(super) fn new(name: &'static str, quiet: bool) -> Self {
        Self {
            name,
            kept: Backlog::new(KEPT_BYTES_MAX),
            shown: (!quiet).then(|| Backlog::new(SHOWN_BYTES_MAX)),
            command_ended: CancellationToken::new(),
            told_to_end: CancellationToken::new(),
        }
    }

    /// Says that the command has ended: whatever holds its pipe open is not waited for
    /// for long.
    pub(super) fn command_ended(&self) {
        // Nobody may wait for the reader of our stream while the run is to be ended.
        if let Some(shown) = &self.shown {
            shown.widen(SHOWN_BYTES_MAX_AT_END);
        }
        self.command_ended.cancel();
    }

    /// Says that we are to end: what is in the pipe now is the last.
    pub(super) fn told_to_end(&self) {
        self.told_to_end.cancel();
    }

    /// Reads the pipe to its end and keeps it with the run.
    pub(super) async fn capture(&self, pipe: impl AsyncRead, recorder: &Recorder<'_>) -> Captured {
        let ((), captured) = tokio::join!(self.read(pipe), self.keep(recorder));
        captured
    }

    async fn read(&self, pipe: impl AsyncRead) {
        let mut pipe = pin!(pipe);
        let mut buffer = vec![0; READ_BYTES];
        // None while the command runs.
        let mut deadline = None;
        loop {
            let read = tokio::select! {
                read = pipe.read(&mut buffer) => read,
                () = self.command_ended.cancelled(), if deadline.is_none() => {
                    deadline = Some(Instant::now() + LEFT_BEHIND_MAX);
                    continue;
                }
                () = self.silence(deadline) => {
                    output::note(&format!(
                        "{} is held open by what the command left behind; it is not read any more",
                        self.name
                    ));
                    break;
                }
            };
            match read {
                Ok(0) => break,
                Ok(count) => {
                    let piece = &buffer[..count];
                    self.kept.push(piece).await;
                    if !self.pass_on(piece, deadline).await {
                        break;
                    }
                }
                Err(error) => {
                    output::note(&format!("cannot read {}: {error}", self.name));
                    break;
                }
            }
        }
        self.kept.end();
        if let Some(shown) = &self.shown {
            shown.end();
        }
    }

    /// Has a piece shown as soon as there is room. Returns false when there is none until
    /// the deadline.
    async fn pass_on(&self, piece: &[u8], deadline: Option<Instant>) -> bool {
        let Some(shown) = &self.shown else { return true };
        let Some(deadline) = deadline else {
            shown.push(piece).await;
            return true;
        };
        let in_time = tokio::time::timeout_at(deadline, shown.push(piece)).await.is_ok();
        if !in_time {
            output::note(&format!(
                "nobody reads our {}; what the command left behind is not read any more",
                self.name
            ));
        }
        in_time
    }

    /// Ends when the pipe has been silent for too long, or was read for too long; never
    /// while the command runs.
    async fn silence(&self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return std::future::pending().await };
        let end = deadline.min(Instant::now() + SILENCE_MAX);
        tokio::select! {
            () = tokio::time::sleep_until(end) => {}
            () = async {
                self.told_to_end.cancelled().await;
                tokio::time::sleep(LAST_LOOK).await;
            } => {}
        }
    }

    async fn keep(&self, recorder: &Recorder<'_>) -> Captured {
        let mut captured = Captured::default();
        let mut offset = 0;
        let mut told = false;
        while let Some(chunk) = self.kept.next(FILE_CHUNK_BYTES).await {
            if captured.trouble.is_some() {
                // The command must not be held up by what nobody takes.
                captured.lost_bytes += chunk.len();
                continue;
            }
            let expected = offset + chunk.len() as u64;
            match recorder.append(self.name, offset, &chunk).await {
                Ok(next_offset) => {
                    if next_offset != expected && !told {
                        output::note(&format!(
                            "another program wrote to the run's {}; going on behind that",
                            self.name
                        ));
                        told = true;
                    }
                    offset = next_offset;
                }
                Err(trouble) => {
                    output::note(&format!(
                        "no more of the command's {} is recorded: {trouble}",
                        self.name
                    ));
                    captured.lost_bytes += chunk.len();
                    captured.trouble = Some(trouble);
                }
            }
        }
        captured
    }

    /// Writes everything through to our own stream. When that is closed, the rest is
    /// passed over.
    pub(super) async fn show(&self, own: impl AsFd + Send + 'static) {
        let Some(shown) = &self.shown else { return };
        let (pieces, taken) = mpsc::channel(1);
        let (writer, written) = oneshot::channel();
        let name = self.name;
        // A thread of its own, because a reader that does not read holds it for ever:
        // it must not hold us, when we are to end.
        std::thread::spawn(move || {
            match write_all(own, taken) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => output::note(&format!(
                    "nobody reads {name} any more; the run goes on and is recorded"
                )),
                Err(error) => output::note(&format!("cannot write to {name}: {error}")),
            }
            drop::<oneshot::Sender<()>>(writer);
        });
        while let Some(piece) = shown.next(READ_BYTES).await {
            // Without a reader, what comes is taken all the same.
            let _ = pieces.send(piece).await;
        }
        drop(pieces);
        let _ = written.await;
    }
}

fn write_all(own: impl AsFd, mut pieces: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(piece) = pieces.blocking_recv() {
        let mut rest = &piece[..];
        while !rest.is_empty() {
            match rustix::io::write(&own, rest) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::INTR) => {}
                // A command that shares our terminal may have made it non-blocking.
                Err(Errno::AGAIN) => {
                    poll(&mut [PollFd::new(&own, PollFlags::OUT)], None)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
