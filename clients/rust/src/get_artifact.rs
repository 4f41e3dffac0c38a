//! Fetching artifacts, checked against what was saved.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tonic::Streaming;

use crate::call::Attempts;
use crate::content::hex;
use crate::new_file::NewFile;
use crate::patience::Patience;
use crate::v1::{Artifact, GetArtifactRequest, GetArtifactResponse};
use crate::{Client, Error};

impl Client {
    /// Fetches an artifact of the task by its name, of a versioned one with its number.
    pub fn get_artifact(&self, name: impl Into<String>) -> GetArtifact {
        let request = GetArtifactRequest { name: name.into(), ..GetArtifactRequest::default() };
        GetArtifact { client: self.clone(), request }
    }

    /// Fetches an artifact or an attachment of the task by its path, as [`Artifact::path`] and a
    /// message's `attachment_path` have it.
    pub fn get_artifact_at(&self, path: impl Into<String>) -> GetArtifact {
        let request = GetArtifactRequest { path: path.into(), ..GetArtifactRequest::default() };
        GetArtifact { client: self.clone(), request }
    }
}

/// An artifact about to be fetched; see [`Client::get_artifact`].
#[derive(Debug, Clone)]
#[must_use = "nothing is fetched before save, write_to or open"]
pub struct GetArtifact {
    client: Client,
    request: GetArtifactRequest,
}

impl GetArtifact {
    /// Fetches only its first bytes, at most so many. Their SHA-256 is not checked.
    pub fn head(mut self, bytes: u64) -> Self {
        self.request.length = i64::try_from(bytes).unwrap_or(i64::MAX);
        self
    }

    /// Saves it as a file, which gets its name when all has arrived as it was saved; nothing is
    /// left of less. Begun again after a break. A file that it takes the place of hands its
    /// permissions on; a symlink is followed.
    ///
    /// # Errors
    /// ARTIFACT_NOT_FOUND; CHECKSUM_MISMATCH when something else arrived than was saved; of the
    /// kind [`Io`](crate::ErrorKind::Io) when the file cannot be written; and as
    /// [`Client::call`].
    pub async fn save(self, path: impl AsRef<Path>) -> Result<Artifact, Error> {
        let mut patience = Patience::new(self.client.retry_for());
        loop {
            let mut arrived = 0;
            match self.save_once(path.as_ref(), &mut arrived).await {
                Ok(artifact) => return Ok(artifact),
                Err(error) => patience.wait(error, arrived > 0).await?,
            }
        }
    }

    async fn save_once(&self, path: &Path, arrived: &mut u64) -> Result<Artifact, Error> {
        // A refused connection is the caller's patience to bear, and not this call's as well.
        let mut reader = self.clone().begin(false).await?;
        let mut file = NewFile::create(path).await?;
        while let Some(chunk) = reader.next().await {
            let chunk = chunk?;
            *arrived += chunk.len() as u64;
            file.write(&chunk).await?;
        }
        file.finish().await?;
        Ok(reader.artifact)
    }

    /// Writes it to a stream. What was written is there, also when an error shows that it is not
    /// all, or not what was saved.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub async fn write_to(self, sink: &mut (impl AsyncWrite + Unpin)) -> Result<Artifact, Error> {
        let mut reader = self.open().await?;
        while let Some(chunk) = reader.next().await {
            let written = sink.write_all(&chunk?).await;
            written.map_err(|source| Error::io("write the artifact", source))?;
        }
        sink.flush().await.map_err(|source| Error::io("write the artifact", source))?;
        Ok(reader.artifact)
    }

    /// Begins to fetch it, chunk by chunk.
    ///
    /// # Errors
    /// ARTIFACT_NOT_FOUND; and as [`Client::call`].
    pub async fn open(self) -> Result<ArtifactReader, Error> {
        self.begin(true).await
    }

    async fn begin(mut self, repeatable: bool) -> Result<ArtifactReader, Error> {
        (self.request.project_id, self.request.task_id) = self.client.place.bus()?;
        let (client, request) = (&self.client, &self.request);
        let (timeout, retry_for) = (client.timeout(), client.retry_for());
        let attempts = Attempts { timeout, retry_for, repeatable, request_id: "" };
        let mut stream = attempts
            .make(|_| {
                let request = request.clone();
                async move { client.storage().get_artifact(request).await }
            })
            .await?;
        let first = stream.message().await?.unwrap_or_default();
        let artifact = first.artifact.clone().unwrap_or_default();
        let size = u64::try_from(artifact.size).unwrap_or(0);
        let length = u64::try_from(self.request.length).unwrap_or(0);
        Ok(ArtifactReader {
            expected: if length > 0 { length.min(size) } else { size },
            is_whole: length == 0,
            artifact,
            stream,
            first: Some(first),
            arrived: 0,
            hash: Sha256::new(),
            is_over: false,
        })
    }
}

/// An artifact that is being fetched.
#[must_use = "chunks come as they are taken"]
pub struct ArtifactReader {
    artifact: Artifact,
    stream: Streaming<GetArtifactResponse>,
    first: Option<GetArtifactResponse>,
    /// How many bytes are to come together.
    expected: u64,
    is_whole: bool,
    arrived: u64,
    hash: Sha256,
    is_over: bool,
}

impl ArtifactReader {
    /// Returns which artifact it is; its SHA-256 is there at the end.
    #[must_use]
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// Returns how many bytes there are to come, together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.expected
    }

    /// Waits for the next chunk, at most 256 KiB; none at the end, and after an error. That what
    /// arrived is what was saved is known at the end: before that comes an error when it is not.
    ///
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Error>> {
        loop {
            match self.next_part().await? {
                Ok(part) if part.chunk.is_empty() => {}
                part => return Some(part.map(|part| part.chunk)),
            }
        }
    }

    /// As [`next`](Self::next), but gives the parts as they come from the server: the artifact is
    /// in the first one, and its SHA-256 in the last.
    ///
    /// Dropping this future loses nothing.
    pub async fn next_part(&mut self) -> Option<Result<GetArtifactResponse, Error>> {
        if self.is_over {
            return None;
        }
        let part = match self.first.take() {
            Some(part) => Ok(Some(part)),
            None => self.stream.message().await,
        };
        let end = match part {
            Ok(Some(part)) => {
                self.take(&part);
                return Some(Ok(part));
            }
            Ok(None) => self.check().err(),
            Err(status) => Some(status.into()),
        };
        self.is_over = true;
        end.map(Err)
    }

    fn take(&mut self, part: &GetArtifactResponse) {
        if !part.sha256.is_empty() {
            self.artifact.sha256.clone_from(&part.sha256);
        }
        self.arrived += part.chunk.len() as u64;
        self.hash.update(&part.chunk);
    }

    fn check(&mut self) -> Result<(), Error> {
        let (arrived, expected) = (self.arrived, self.expected);
        if arrived < expected {
            let text = format!("{arrived} of {expected} bytes arrived");
            return Err(tonic::Status::unavailable(text).into());
        }
        let actual = hex(std::mem::take(&mut self.hash));
        if self.is_whole && actual != self.artifact.sha256 {
            return Err(Error::checksum_mismatch(
                &self.artifact.path,
                &actual,
                &self.artifact.sha256,
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stays_away_is_given_up_after_the_timeout() {
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("unix:{}", folder.path().join("socket").display());
        let client = Client::builder().address(address).project("p").build().expect("a client");
        let (began, path) = (Instant::now(), folder.path().join("copy"));
        let error = client.get_artifact("a").save(&path).await.expect_err("nobody is there");
        assert!(error.is_broken_connection(), "{error}");
        let took = began.elapsed();
        assert!(Duration::from_secs(20) < took && took <= client.timeout(), "{took:?}");
    }
}
