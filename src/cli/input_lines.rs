//! Lines of stdin as they come.

use std::io::{self, BufRead, IsTerminal as _, Read as _};
use std::thread;

use tokio::sync::mpsc;

use crate::error::Reason;

use super::failure::Failure;

/// How many lines wait to be taken.
const WAITING_MAX: usize = 1000;

/// A line of stdin.
pub(super) struct Line {
    /// Which one, from 1.
    pub(super) number: u64,
    /// Its text, without the line break. Nothing comes behind an error.
    pub(super) text: Result<String, Failure>,
}

/// Begins to read stdin, in a thread of its own: nobody can wait for it otherwise. `what`
/// a line is says the errors.
///
/// # Errors
/// When a person sits at it.
pub(super) fn stdin(what: &'static str, bytes_max: usize) -> Result<mpsc::Receiver<Line>, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "there is no {what}: give it, or pipe lines into stdin"
        ))
        .with_hint("stdin is a terminal here; it must be a pipe or a file"));
    }
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        for number in 1.. {
            let text = next(&mut input, what, number, bytes_max).transpose();
            let Some(text) = text else { return };
            let is_last = text.is_err();
            if sender.blocking_send(Line { number, text }).is_err() || is_last {
                return;
            }
        }
    });
    Ok(receiver)
}

fn next(
    input: &mut impl BufRead,
    what: &str,
    number: u64,
    bytes_max: usize,
) -> Result<Option<String>, Failure> {
    let mut bytes = Vec::new();
    // Room for a line break of two bytes.
    let most = u64::try_from(bytes_max + 2).unwrap_or(u64::MAX);
    let read = input.take(most).read_until(b'\n', &mut bytes);
    read.map_err(|source| Failure::own("read stdin", &source))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    if bytes.ends_with(b"\r") {
        bytes.pop();
    }
    if bytes.len() > bytes_max {
        let sentence = format!("the {what} in line {number} of stdin is over {bytes_max} bytes");
        return Err(Failure::refused(sentence, Reason::TooLarge));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| {
        Failure::usage(format!("the {what} in line {number} of stdin is not UTF-8 text"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_one_by_one_and_what_is_no_line_is_refused() {
        let mut input = &b"a\r\n\nlast"[..];
        let mut next_line = || next(&mut input, "entry", 1, 4);
        assert_eq!(next_line(), Ok(Some("a".into())));
        assert_eq!(next_line(), Ok(Some(String::new())));
        assert_eq!(next_line(), Ok(Some("last".into())));
        assert_eq!(next_line(), Ok(None));
        assert!(next(&mut &b"12345\n"[..], "entry", 1, 4).is_err());
        assert!(next(&mut &b"1234\r\n"[..], "entry", 1, 4).is_ok());
        assert!(next(&mut io::BufReader::new(io::repeat(b'x')), "entry", 1, 4).is_err());
        assert!(next(&mut &b"\xff\n"[..], "entry", 1, 4).is_err());
    }
}
