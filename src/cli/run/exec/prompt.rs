//! The prompt of a run: a file of the user's, of any length.

use std::io::Read;
use std::path::Path;
use std::thread;

use tokio::sync::oneshot;

use crate::cli::failure::Failure;
use crate::disk::Input;
use crate::limits::{PROMPT_BYTES_MAX, RUN_OUTPUT_CHUNK_BYTES_MAX};

/// A prompt, before it is stored.
#[derive(Debug)]
pub(super) enum Prompt {
    /// There is none, or one that fits into the request that creates the run.
    Short(String),
    /// One that is longer, or no UTF-8: it is appended, part by part.
    Parts(Parts<Input>),
}

/// A prompt that is read part by part.
#[derive(Debug)]
pub(super) struct Parts<R> {
    shown: String,
    /// What was read already.
    head: Vec<u8>,
    rest: R,
}

impl Prompt {
    /// Opens the file, and reads it as far as one request takes it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Short(String::new())) };
        if path.as_os_str() == "-" {
            return Err(Failure::usage("--prompt needs a file: stdin is the command's own"));
        }
        let shown = path.display().to_string();
        let rest =
            Input::open(path).map_err(|source| Failure::own(&format!("open {shown}"), &source))?;
        let mut parts = Parts { shown, head: Vec::new(), rest };
        parts.head = parts.read(PROMPT_BYTES_MAX + 1)?;
        if parts.head.len() > PROMPT_BYTES_MAX {
            return Ok(Self::Parts(parts));
        }
        Ok(match String::from_utf8(std::mem::take(&mut parts.head)) {
            Ok(text) => Self::Short(text),
            Err(error) => Self::Parts(Parts { head: error.into_bytes(), ..parts }),
        })
    }
}

impl<R: Read> Parts<R> {
    /// Returns the next part; an empty one at the end.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn next(&mut self) -> Result<Vec<u8>, Failure> {
        if self.head.is_empty() {
            return self.read(RUN_OUTPUT_CHUNK_BYTES_MAX);
        }
        let count = self.head.len().min(RUN_OUTPUT_CHUNK_BYTES_MAX);
        let rest = self.head.split_off(count);
        Ok(std::mem::replace(&mut self.head, rest))
    }

    /// As [`Parts::next`], while other things go on: a file that is a pipe may let us wait
    /// for ever. Returns what is left, too.
    pub(super) async fn next_meanwhile(mut self) -> Result<(Self, Vec<u8>), Failure>
    where
        R: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let shown = self.shown.clone();
        // A thread of its own, that nobody has to wait for.
        thread::spawn(move || {
            let part = self.next();
            let _ = answer.send(part.map(|part| (self, part)));
        });
        let lost = |source| Failure::own(&format!("read {shown}"), &source);
        answered.await.map_err(lost)?
    }

    fn read(&mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.rest
            .by_ref()
            .take(most as u64)
            .read_to_end(&mut bytes)
            .map_err(|source| Failure::own(&format!("read {}", self.shown), &source))?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        let whole: Vec<u8> =
            (0..3 * RUN_OUTPUT_CHUNK_BYTES_MAX + 5).map(|n| (n % 251) as u8).collect();
        for already_read in [1, PROMPT_BYTES_MAX + 1, whole.len()] {
            let (head, rest) = whole.split_at(already_read);
            let mut parts = Parts { shown: "prompt".into(), head: head.to_vec(), rest };
            let mut joined = Vec::new();
            loop {
                let part = parts.next().expect("it is read");
                if part.is_empty() {
                    break;
                }
                assert!(part.len() <= RUN_OUTPUT_CHUNK_BYTES_MAX);
                joined.extend(part);
            }
            assert!(joined == whole, "{already_read}");
        }
    }

    #[test]
    fn stdin_is_never_taken_from_the_command() {
        assert!(Prompt::open(Some(Path::new("-"))).is_err());
        assert!(matches!(Prompt::open(None), Ok(Prompt::Short(text)) if text.is_empty()));
    }
}
