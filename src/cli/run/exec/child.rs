//! The command's process: starting it, waiting for it, and passing signals on to it.

use std::convert::Infallible;
use std::ffi::OsString;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::task::Poll;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::signal::unix::{self, SignalKind};

use crate::cli::run_environment::Variable;
use crate::cli::terminal;
use crate::host;

use super::outcome::Outcome;

/// A command that was started.
pub(super) struct Child {
    /// The process, to wait for.
    pub(super) process: tokio::process::Child,
    /// Whom signals are meant for.
    pub(super) target: Target,
    /// What it writes to stdout.
    pub(super) stdout: ChildStdout,
    /// What it writes to stderr.
    pub(super) stderr: ChildStderr,
}

/// Whom signals are meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pid: Pid,
    /// Whether the command leads a process group of its own.
    leads_group: bool,
}

impl Child {
    /// Starts a command. It reads our stdin, and its output comes through pipes.
    ///
    /// It gets a process group of its own, so that signals reach all that it starts. At
    /// a terminal it stays in ours: only processes of the group in the foreground may
    /// read from the terminal, whatever stdin is, and it sends them its signals.
    pub(super) fn start(
        command: &[OsString],
        folder: &Path,
        variables: Vec<Variable>,
    ) -> io::Result<Self> {
        let leads_group = !terminal::is_ours();
        let [program, arguments @ ..] = command else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::inherit())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if leads_group {
            command.process_group(0);
        }
        for (name, value) in variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut process = command.spawn()?;
        let missing = || io::Error::other("the process has no pid or no pipes");
        let pid = process.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        let target = Target { pid: pid.ok_or_else(missing)?, leads_group };
        let stdout = process.stdout.take().ok_or_else(missing)?;
        let stderr = process.stderr.take().ok_or_else(missing)?;
        Ok(Self { process, target, stdout, stderr })
    }
}

/// Waits until the process has ended.
pub(super) async fn wait(mut process: tokio::process::Child) -> io::Result<Outcome> {
    process.wait().await.map(Outcome::of)
}

impl Target {
    /// Returns the process.
    pub(super) fn pid(self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Returns its process group; 0 when that is not its own.
    pub(super) fn pgid(self) -> i32 {
        if self.leads_group { self.pid() } else { 0 }
    }

    /// Passes a signal on to the command, which has not been waited for.
    pub(super) fn pass_on(self, signal: Signal) {
        if !self.is_reached_by_terminal(signal) {
            // A command that left its group is still to hear of it.
            let group = self.leads_group.then(|| kill_process_group(self.pid, signal));
            if !matches!(group, Some(Ok(()))) {
                let _ = kill_process(self.pid, signal);
            }
        }
    }

    /// Passes a signal on to what the command has left behind.
    pub(super) fn pass_on_to_rest(self, signal: Signal) {
        if self.leads_group {
            let _ = kill_process_group(self.pid, signal);
        }
    }

    /// Whether the terminal has sent the signal to the command itself.
    fn is_reached_by_terminal(self, signal: Signal) -> bool {
        !self.leads_group && [Signal::INT, Signal::QUIT, Signal::WINCH].contains(&signal)
    }
}

/// Whether a signal asks a program to end.
pub(super) fn asks_to_end(signal: Signal) -> bool {
    [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT].contains(&signal)
}

/// The signals that `nohup` and `&` have us ignore, perhaps.
const PERHAPS_IGNORED: [Signal; 3] = [Signal::INT, Signal::HUP, Signal::QUIT];

/// The signals that are passed on. While they are listened to, they do not end us.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Listens to those that nobody has us ignore: to be called before the command is
    /// started. What we ignore it is to ignore as well, and would not once we have
    /// listened.
    pub(super) fn listen() -> io::Result<Self> {
        let mut signals = Self(Vec::new());
        signals.add(&[Signal::TERM, Signal::USR1, Signal::USR2, Signal::WINCH])?;
        if let Some(ignored) = Ignored::known() {
            let heard = PERHAPS_IGNORED.into_iter().filter(|signal| !ignored.contains(*signal));
            signals.add(&heard.collect::<Vec<_>>())?;
        }
        Ok(signals)
    }

    /// Listens to the others too: to be called right after the command was started.
    pub(super) fn listen_to_all(&mut self) -> io::Result<()> {
        self.add(&PERHAPS_IGNORED)
    }

    fn add(&mut self, signals: &[Signal]) -> io::Result<()> {
        for signal in signals {
            if self.0.iter().all(|(heard, _)| heard != signal) {
                let stream = unix::signal(SignalKind::from_raw(signal.as_raw()))?;
                self.0.push((*signal, stream));
            }
        }
        Ok(())
    }

    /// Waits for a signal that asks to end. The others stay for later.
    pub(super) async fn asked_to_end(&mut self) -> Signal {
        poll_fn(|context| {
            let mut asking = self.0.iter_mut().filter(|(signal, _)| asks_to_end(*signal));
            let come = asking.find_map(|(signal, stream)| {
                stream.poll_recv(context).is_ready().then_some(*signal)
            });
            come.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Waits for signals, and has each taken by `take`; for ever.
    pub(super) async fn each(&mut self, take: impl Fn(Signal)) -> Infallible {
        poll_fn(|context| {
            for (signal, stream) in &mut self.0 {
                while stream.poll_recv(context).is_ready() {
                    take(*signal);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The signals that we ignore, because whoever started us did.
struct Ignored(u64);

impl Ignored {
    /// Asks the system; none where it does not tell.
    fn known() -> Option<Self> {
        host::ignored_signals().map(Self)
    }

    fn contains(&self, signal: Signal) -> bool {
        self.0 & (1 << (signal.as_raw() - 1)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(leads_group: bool) -> Target {
        Target { pid: Pid::INIT, leads_group }
    }

    #[test]
    fn at_a_terminal_its_signals_are_not_passed_on_twice() {
        for signal in [Signal::INT, Signal::QUIT, Signal::WINCH] {
            assert!(target(false).is_reached_by_terminal(signal), "{signal:?}");
            assert!(!target(true).is_reached_by_terminal(signal), "{signal:?}");
        }
        for signal in [Signal::TERM, Signal::HUP, Signal::USR1, Signal::USR2] {
            assert!(!target(false).is_reached_by_terminal(signal), "{signal:?}");
        }
    }

    #[test]
    fn a_group_that_is_not_its_own_is_not_told() {
        assert_eq!(target(true).pgid(), target(true).pid());
        assert_eq!(target(false).pgid(), 0);
    }
}
