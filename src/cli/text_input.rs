//! Text that a command takes from stdin or from a file of the user's.

use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use crate::disk::Input;
use crate::error::Reason;
use crate::limits;

use super::failure::Failure;

/// A text that a command asks for.
pub(super) struct Text {
    /// What it is, in errors.
    pub(super) what: &'static str,
    /// How long it may be.
    pub(super) bytes_max: usize,
    /// What the limit is called.
    pub(super) limit_name: &'static str,
    /// What to do about a longer one.
    pub(super) too_large: &'static str,
    /// What to do about bytes that are no text.
    pub(super) no_text: &'static str,
}

/// What to do about bytes that need be no text.
pub(super) const KEEP_AS_ARTIFACT: &str =
    "convert UTF-16 with iconv; keep what is no text as an artifact";

/// What to do about bytes that must be a text.
pub(super) const CONVERT: &str = "convert UTF-16 with: iconv -f UTF-16 -t UTF-8";

/// The prompt of a task or a run.
pub(super) const PROMPT: Text = Text {
    what: "prompt",
    bytes_max: limits::PROMPT_BYTES_MAX,
    limit_name: "PROMPT_BYTES_MAX",
    too_large: "put the rest into a file, and name it in the prompt",
    no_text: KEEP_AS_ARTIFACT,
};

/// Reads stdin to its end. A person at a terminal is told `what_else` to do instead.
///
/// # Errors
/// Text that is too long or no UTF-8.
pub(super) fn piped(text: &Text, what_else: &str) -> Result<String, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let sentence = format!("there is no {}: {what_else}", text.what);
        return Err(Failure::usage(sentence)
            .with_hint("stdin is a terminal here; it must be a pipe or a file"));
    }
    read(text, stdin.lock(), "stdin")
}

/// Reads a file, or stdin when the path is `-`.
///
/// # Errors
/// As [`piped`]; also a file that cannot be read.
pub(super) fn file(text: &Text, path: &Path) -> Result<String, Failure> {
    if path.as_os_str() == "-" {
        return piped(text, "- means stdin; name a file, or pipe the text into stdin");
    }
    let shown = path.display().to_string();
    let file =
        Input::open(path).map_err(|source| Failure::own(&format!("open {shown}"), &source))?;
    read(text, file, &shown)
}

/// Reads a document as [`file`] reads a text: one without NULs. A byte order mark at its
/// beginning is dropped.
///
/// # Errors
/// As [`file`].
pub(super) fn document(text: &Text, path: &Path) -> Result<String, Failure> {
    let read = without_nul(text, file(text, path)?)?;
    Ok(without_mark(read))
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Refuses to read stdin for more than one thing.
///
/// # Errors
/// When two of the paths are `-`.
pub(super) fn only_one_from_stdin(paths: &[Option<&Path>]) -> Result<(), Failure> {
    let from_stdin = |path: &&Option<&Path>| path.is_some_and(|path| path.as_os_str() == "-");
    match paths.iter().filter(from_stdin).count() {
        0 | 1 => Ok(()),
        _ => Err(Failure::usage("only one of them can come from stdin")),
    }
}

/// Refuses text that is none: what holds NULs is UTF-16 or binary.
///
/// # Errors
/// Where it holds one.
pub(super) fn without_nul(text: &Text, content: String) -> Result<String, Failure> {
    match content.find('\0') {
        None => Ok(content),
        Some(offset) => Err(other_bytes(text, &format!("a NUL at offset {offset}"))),
    }
}

fn other_bytes(text: &Text, found: &str) -> Failure {
    Failure::usage(format!("the {} is not UTF-8 text: it holds {found}", text.what))
        .with_hint(text.no_text)
}

/// Reads a text, and at most one byte more than it may have.
fn read(text: &Text, input: impl Read, from: &str) -> Result<String, Failure> {
    let Text { what, bytes_max, limit_name, too_large, .. } = *text;
    let mut bytes = Vec::new();
    let most = u64::try_from(bytes_max + 1).unwrap_or(u64::MAX);
    input
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|source| Failure::own(&format!("read {from}"), &source))?;
    if bytes.len() > bytes_max {
        let sentence =
            format!("{what} is too large: {from} holds more than {limit_name} = {bytes_max} bytes");
        return Err(Failure::refused(sentence, Reason::TooLarge).with_hint(too_large));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        other_bytes(text, &format!("other bytes at offset {offset} of {from}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Text =
        Text { what: "body", bytes_max: 4, limit_name: "LIMIT", too_large: "", no_text: "" };

    #[test]
    fn a_text_is_taken_byte_for_byte_up_to_its_limit() {
        assert_eq!(read(&SHORT, &b"a\r\n\n"[..], "stdin"), Ok("a\r\n\n".into()));
        assert!(read(&SHORT, &b"abcde"[..], "stdin").is_err());
    }

    #[test]
    fn an_endless_text_is_refused_after_its_limit() {
        assert!(read(&PROMPT, io::repeat(b'x'), "stdin").is_err());
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert!(read(&SHORT, &b"a\xff"[..], "stdin").is_err());
        assert!(without_nul(&SHORT, "a\0b\0".into()).is_err());
        assert_eq!(without_nul(&SHORT, "a\nb".into()), Ok("a\nb".into()));
    }

    #[test]
    fn stdin_is_read_for_one_thing_at_most() {
        let (stdin, file) = (Some(Path::new("-")), Some(Path::new("f")));
        assert!(only_one_from_stdin(&[stdin, stdin]).is_err());
        assert_eq!(only_one_from_stdin(&[stdin, file, None]), Ok(()));
    }
}
