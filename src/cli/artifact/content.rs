//! What is to be saved as an artifact: a file of the user's, or stdin.

use std::io::{self, IsTerminal as _, Read, Seek as _, SeekFrom};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::cli::failure::Failure;
use crate::cli::transfer::Transfer;
use crate::disk::Input;
use crate::limits::{ARTIFACT_DATA_BYTES_MAX, FILE_CHUNK_BYTES};

use super::sha256;

/// The content of an artifact.
pub(super) enum Content {
    /// All of it, for one message.
    Whole(Vec<u8>),
    /// More than that.
    Stream {
        /// Where it comes from, from its beginning on.
        source: Box<dyn Read + Send>,
        /// How much it is and its SHA-256, when it could be read twice.
        known: Option<(u64, String)>,
    },
}

impl Content {
    /// Opens a file, or stdin when the path is `-`, and reads what fits into one message;
    /// of a longer regular file all, to know its hash before it is sent.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            if io::stdin().is_terminal() {
                return Err(Failure::usage("- means stdin; name a file, or pipe into stdin")
                    .with_hint("stdin is a terminal here; it must be a pipe or a file"));
            }
            return Self::of_pipe(io::stdin(), "stdin");
        }
        let shown = path.display().to_string();
        let open = |source| Failure::own(&format!("open {shown}"), &source);
        let mut file = Input::open(path).map_err(open)?;
        if file.regular_length().map_err(open)?.is_none() {
            return Self::of_pipe(file, &shown);
        }
        let read = |source| Failure::own(&format!("read {shown}"), &source);
        let first = beginning(&mut file).map_err(read)?;
        if first.len() <= ARTIFACT_DATA_BYTES_MAX {
            return Ok(Self::Whole(first));
        }
        file.seek(SeekFrom::Start(0)).map_err(read)?;
        let known = hash(&mut file, &shown).map_err(read)?;
        file.seek(SeekFrom::Start(0)).map_err(read)?;
        Ok(Self::Stream { source: Box::new(file), known: Some(known) })
    }

    fn of_pipe(mut source: impl Read + Send + 'static, from: &str) -> Result<Self, Failure> {
        let first = beginning(&mut source)
            .map_err(|error| Failure::own(&format!("read {from}"), &error))?;
        if first.len() <= ARTIFACT_DATA_BYTES_MAX {
            return Ok(Self::Whole(first));
        }
        let source = Box::new(io::Cursor::new(first).chain(source));
        Ok(Self::Stream { source, known: None })
    }

    /// Returns how many bytes it is, if that is known.
    pub(super) fn size(&self) -> Option<u64> {
        match self {
            Self::Whole(bytes) => Some(bytes.len() as u64),
            Self::Stream { known, .. } => known.as_ref().map(|(size, _)| *size),
        }
    }

    /// Returns its SHA-256, if it is known.
    pub(super) fn sha256(&self) -> Option<String> {
        match self {
            Self::Whole(bytes) => Some(sha256::of(bytes)),
            Self::Stream { known, .. } => known.as_ref().map(|(_, hash)| hash.clone()),
        }
    }
}

/// Reads what fits into one message, and one byte more if there is one.
fn beginning(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(ARTIFACT_DATA_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn hash(source: &mut impl Read, label: &str) -> io::Result<(u64, String)> {
    let mut transfer = Transfer::begin(&format!("reading {label}"), None);
    let mut hash = Sha256::new();
    let mut length = 0;
    loop {
        let chunk = next_chunk(source)?;
        if chunk.is_empty() {
            return Ok((length, sha256::finish(hash)));
        }
        hash.update(&chunk);
        length += chunk.len() as u64;
        transfer.advance(chunk.len());
    }
}

/// Reads the next chunk, a full one but for the last; an empty one at the end.
pub(super) fn next_chunk(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(FILE_CHUNK_BYTES);
    source.take(FILE_CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
    Ok(chunk)
}
