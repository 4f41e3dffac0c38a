//! How a command ended, and the exit codes that say so.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::io::Errno;
use rustix::process::Signal;

/// What `run exec` itself fails with, as `env` and `docker run` do.
pub(in crate::cli) const OWN_FAILURE: u8 = 125;
const CANNOT_BE_EXECUTED: u8 = 126;
const NOT_FOUND: u8 = 127;
/// What a shell adds to the number of the signal that killed a command.
const KILLED: u8 = 128;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The exit code: the command's own, or as a shell reports the signal.
    pub(super) exit_code: u8,
    /// The signal that killed it.
    pub(super) signal: Option<String>,
    /// In words: `exit code 3`, `killed by SIGKILL`, or why it did not start.
    pub(super) summary: String,
}

impl Outcome {
    /// Reads how a process ended.
    pub(super) fn of(status: ExitStatus) -> Self {
        if let Some(number) = status.signal() {
            let name = signal_name(number);
            return Self {
                exit_code: u8::try_from(number).map_or(u8::MAX, |n| KILLED.saturating_add(n)),
                summary: format!("killed by {name}"),
                signal: Some(name),
            };
        }
        let exit_code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX);
        Self { exit_code, signal: None, summary: format!("exit code {exit_code}") }
    }

    /// A command that could not be started.
    pub(super) fn not_started(program: &str, error: &io::Error) -> Self {
        let exit_code = match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOENT) => NOT_FOUND,
            // The system has no room for a process just now: not the command's fault.
            Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE) => OWN_FAILURE,
            Some(_) => CANNOT_BE_EXECUTED,
            None => OWN_FAILURE,
        };
        let summary = if exit_code == NOT_FOUND {
            format!("cannot run {program}: command not found")
        } else {
            format!("cannot run {program}: {error}")
        };
        Self { exit_code, signal: None, summary }
    }

    /// What goes wrong here, and is not the command's fault.
    pub(super) fn own_failure(summary: String) -> Self {
        Self { exit_code: OWN_FAILURE, signal: None, summary }
    }

    /// Whether it ended well.
    pub(super) fn is_success(&self) -> bool {
        self.exit_code == 0
    }
}

/// Returns the name of a signal as `kill -l` has it; of one without a name, its number.
pub(super) fn signal_name(number: i32) -> String {
    const NAMES: [(Signal, &str); 20] = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::VTALARM, "SIGVTALRM"),
        (Signal::PROF, "SIGPROF"),
        (Signal::SYS, "SIGSYS"),
    ];
    NAMES
        .iter()
        .find(|(signal, _)| signal.as_raw() == number)
        .map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_passed_on_and_a_signal_becomes_what_a_shell_reports() {
        let exited = |code: i32| Outcome::of(ExitStatus::from_raw(code << 8));
        assert_eq!((exited(0).exit_code, exited(0).is_success()), (0, true));
        assert_eq!((exited(7).exit_code, exited(7).summary.as_str()), (7, "exit code 7"));
        assert_eq!(exited(255).exit_code, 255);
        let killed = |number: i32| Outcome::of(ExitStatus::from_raw(number));
        assert_eq!((killed(9).exit_code, killed(9).summary.as_str()), (137, "killed by SIGKILL"));
        assert_eq!(killed(15).signal.as_deref(), Some("SIGTERM"));
        assert_eq!((killed(6 | 0x80).exit_code, killed(6 | 0x80).is_success()), (134, false));
        assert_eq!(killed(63).summary, "killed by signal 63");
    }

    #[test]
    fn what_could_not_be_started_is_told_apart_as_env_does() {
        let code = |errno: Errno| Outcome::not_started("x", &io::Error::from(errno)).exit_code;
        assert_eq!(code(Errno::NOENT), 127);
        for errno in [Errno::ACCESS, Errno::NOEXEC, Errno::NOTDIR, Errno::TOOBIG, Errno::PERM] {
            assert_eq!(code(errno), 126, "{errno}");
        }
        assert_eq!(code(Errno::AGAIN), 125);
        let outcome = Outcome::not_started("./x", &io::Error::from(Errno::ACCESS));
        assert!(outcome.summary.starts_with("cannot run ./x: Permission denied"), "{outcome:?}");
    }
}
