//! The terminal: the size of the one that stdout is, and whether we are in front of it.

use std::io::{self, IsTerminal as _};

use rustix::process::{Pid, getpgrp};
use rustix::termios::tcgetpgrp;

use crate::host;

/// Returns its width and height in characters; none when stdout is no terminal, or
/// one that does not say.
pub(super) fn size() -> Option<(usize, usize)> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
    let known = size.ws_col > 0 && size.ws_row > 0;
    known.then(|| (usize::from(size.ws_col), usize::from(size.ws_row)))
}

/// Returns its width in characters, if it is known.
pub(super) fn width() -> Option<usize> {
    size().map(|(width, _)| width)
}

/// Returns the width in characters of the terminal that stderr is, none when it is none. Of
/// one that does not say it is the usual one.
pub(super) fn stderr_width() -> Option<usize> {
    const WIDTH_DEFAULT: usize = 80;
    let stderr = io::stderr();
    let size = || rustix::termios::tcgetwinsize(&stderr).ok();
    stderr.is_terminal().then(|| match size().map_or(0, |size| size.ws_col) {
        0 => WIDTH_DEFAULT,
        width => usize::from(width),
    })
}

/// Whether a process of our group may read from the terminal: the group is in its
/// foreground. One whose stdin is the terminal may be brought there later.
pub(super) fn is_ours() -> bool {
    // An answer only of the terminal that we belong to.
    tcgetpgrp(io::stdin()).is_ok() || foreground_group() == Some(getpgrp())
}

/// Returns the group in the foreground of the terminal that we belong to. Any program
/// finds that as /dev/tty, also when none of its streams is the terminal.
fn foreground_group() -> Option<Pid> {
    tcgetpgrp(io::stdout())
        .or_else(|_| tcgetpgrp(io::stderr()))
        .ok()
        .or_else(host::foreground_group)
}
