//! The command's process: starting it, waiting for it, and passing signals on to it.

use std::convert::Infallible;
use std::ffi::OsString;
use std::future::poll_fn;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::Stdio;
use std::task::Poll;

use rustix::process::{Pid, Signal, getpgrp, kill_process, kill_process_group};
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::signal::unix::{self, SignalKind};

use crate::cli::run_environment::Variable;

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
    /// read from the terminal, which also sends them its signals.
    pub(super) fn start(
        command: &[OsString],
        folder: &Path,
        variables: Vec<Variable>,
    ) -> io::Result<Self> {
        let leads_group = !io::stdin().is_terminal();
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

    /// Returns the process group.
    pub(super) fn pgid(self) -> i32 {
        let group = if self.leads_group { self.pid } else { getpgrp() };
        group.as_raw_nonzero().get()
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

/// The signals that are passed on. While they are listened to, they do not end us.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Listens to those that nobody has us ignore, as a rule: to be called before the
    /// command is started.
    pub(super) fn listen() -> io::Result<Self> {
        let mut signals = Self(Vec::new());
        signals.add(&[Signal::TERM, Signal::USR1, Signal::USR2, Signal::WINCH])?;
        Ok(signals)
    }

    /// Listens to those too that `nohup` and `&` have us ignore, perhaps. To be called
    /// right after the command was started: it is to ignore them as well then, and
    /// would not once we have listened.
    pub(super) fn listen_to_all(&mut self) -> io::Result<()> {
        self.add(&[Signal::INT, Signal::HUP, Signal::QUIT])
    }

    fn add(&mut self, signals: &[Signal]) -> io::Result<()> {
        for signal in signals {
            let stream = unix::signal(SignalKind::from_raw(signal.as_raw()))?;
            self.0.push((*signal, stream));
        }
        Ok(())
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
    fn the_group_is_its_own_or_ours() {
        assert_eq!(target(true).pgid(), target(true).pid());
        assert_eq!(target(false).pgid(), getpgrp().as_raw_nonzero().get());
    }
}
