//! The size of the terminal that stdout is.

use std::io::{self, IsTerminal as _};

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
