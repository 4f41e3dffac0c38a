//! What is to be saved: bytes, a file, or a stream that cannot be read twice.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::Error;

/// How much is sent at once, in bytes.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;

/// Content to be saved. A path, a `Vec<u8>` and a slice are taken as they are.
pub struct Content(Kind);

enum Kind {
    Bytes(Vec<u8>),
    Path(PathBuf),
    Stream(Source),
}

/// Where content comes from while it is read.
pub(crate) type Source = Pin<Box<dyn AsyncRead + Send>>;

impl Content {
    /// Takes bytes.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Bytes(bytes.into()))
    }

    /// Takes what a file holds when it is sent.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(Kind::Path(path.into()))
    }

    /// Takes what a stream gives up to its end. It is read once, and not held in memory as a
    /// whole, so that it is not sent again when the connection breaks.
    pub fn stream(source: impl AsyncRead + Send + 'static) -> Self {
        Self(Kind::Stream(Box::pin(source)))
    }

    /// Returns the name of the file, if it is one.
    pub(crate) fn file_name(&self) -> Option<&str> {
        match &self.0 {
            Kind::Path(path) => path.file_name()?.to_str(),
            _ => None,
        }
    }

    /// Begins to read it. Returns nothing to be read again from for a stream.
    pub(crate) async fn open(self) -> Result<(Source, Option<Again>), Error> {
        match self.0 {
            Kind::Stream(source) => Ok((source, None)),
            Kind::Bytes(bytes) => {
                let again = Again::Bytes(bytes.into());
                Ok((again.open().await?, Some(again)))
            }
            Kind::Path(path) => {
                let again = Again::Path(path);
                let source = again.open().await?;
                // A pipe or a terminal has a path, too, and gives what it has once.
                Ok((source, again.is_regular().await.then_some(again)))
            }
        }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self::bytes(bytes)
    }
}

impl From<PathBuf> for Content {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for Content {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Bytes(bytes) => write!(f, "Content({} bytes)", bytes.len()),
            Kind::Path(path) => write!(f, "Content({})", path.display()),
            Kind::Stream(_) => f.write_str("Content(a stream)"),
        }
    }
}

/// What can be read as often as needed.
#[derive(Debug)]
pub(crate) enum Again {
    Bytes(std::sync::Arc<[u8]>),
    Path(PathBuf),
}

impl Again {
    /// Begins to read it, from its beginning.
    pub(crate) async fn open(&self) -> Result<Source, Error> {
        match self {
            Self::Bytes(bytes) => Ok(Box::pin(io::Cursor::new(std::sync::Arc::clone(bytes)))),
            Self::Path(path) => match File::open(path).await {
                Ok(file) => Ok(Box::pin(file)),
                Err(source) => Err(Error::io(&format!("open {}", path.display()), source)),
            },
        }
    }

    async fn is_regular(&self) -> bool {
        match self {
            Self::Bytes(_) => true,
            Self::Path(path) => {
                tokio::fs::metadata(path).await.is_ok_and(|metadata| metadata.is_file())
            }
        }
    }

    /// Reads all of it, and returns its size, in bytes, and its SHA-256. Says after every chunk
    /// how much it was.
    pub(crate) async fn measure(
        &self,
        mut observer: impl FnMut(u64),
    ) -> Result<(u64, String), Error> {
        let mut source = self.open().await?;
        let (mut size, mut hash) = (0, Sha256::new());
        loop {
            let chunk = read_up_to(&mut source, CHUNK_BYTES).await?;
            if chunk.is_empty() {
                return Ok((size, hex(hash)));
            }
            size += chunk.len() as u64;
            hash.update(&chunk);
            observer(size);
        }
    }
}

/// Reads so many bytes, or what there is up to the end.
pub(crate) async fn read_up_to(
    source: &mut (impl AsyncRead + Unpin),
    most: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = source.take(most as u64).read_to_end(&mut bytes).await;
    read.map_err(|source| Error::io("read the content", source))?;
    Ok(bytes)
}

/// Returns a hash as hex digits.
pub(crate) fn hex(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())
}
