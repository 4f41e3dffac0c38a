//! The files of runs: written, appended, listed, read, followed.

mod following;
mod large;
mod names;
mod reading;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};

use callboard::grpc::pb;
use tonic::{Status, Streaming};

use crate::server::{DEADLINE, Server};
use crate::storage_client::StorageClient;

/// Makes a server with the run `demo/t/r`; returns the run's folder as well.
async fn with_run() -> (Server, StorageClient, PathBuf) {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("demo", "t", "r").await;
    let folder = server.root().join("demo/t/runs/r");
    (server, client, folder)
}

fn write(file: &str, data: &[u8]) -> pb::WriteRunFileRequest {
    pb::WriteRunFileRequest {
        run_id: "r".into(),
        file: file.into(),
        data: data.into(),
        ..Default::default()
    }
}

fn append(file: &str, offset: Option<i64>, chunk: &[u8]) -> pb::AppendRunOutputRequest {
    pb::AppendRunOutputRequest {
        run_id: "r".into(),
        file: file.into(),
        offset,
        chunk: chunk.into(),
        ..Default::default()
    }
}

fn read(file: &str) -> pb::ReadRunFileRequest {
    pb::ReadRunFileRequest { run_id: "r".into(), file: file.into(), ..Default::default() }
}

fn follow(file: &str) -> pb::ReadRunFileRequest {
    pb::ReadRunFileRequest { follow: true, ..read(file) }
}

/// Appends to a file as agents do: without any sync.
fn append_directly(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).expect("a file");
    file.write_all(bytes).expect("written");
}

/// The chunks of a file.
struct Chunks {
    stream: Streaming<pb::ReadRunFileResponse>,
    /// Where the next chunk must begin.
    next: i64,
    /// Whether the first chunk, which has not come, may only say where to go on.
    may_be_empty: bool,
}

impl Chunks {
    async fn open(client: &mut StorageClient, request: pb::ReadRunFileRequest) -> Self {
        let (next, may_be_empty) = (request.offset, request.follow && request.tail_lines > 0);
        let stream = client.0.read_run_file(request).await.expect("a file").into_inner();
        Self { stream, next, may_be_empty }
    }

    /// Waits for the next chunk, which must go on where the one before ended; none at
    /// the end.
    async fn try_next(&mut self) -> Result<Option<pb::ReadRunFileResponse>, Status> {
        let next = tokio::time::timeout(DEADLINE, self.stream.message());
        let next = next.await.expect("a chunk in time")?;
        if let Some(chunk) = &next {
            let expected = if chunk.restarted { 0 } else { self.next };
            assert_eq!(chunk.offset, expected, "no gap, and nothing twice");
            let may_be_empty = std::mem::take(&mut self.may_be_empty);
            let least = if may_be_empty { 0 } else { 1 };
            assert!((least..=256 << 10).contains(&chunk.chunk.len()), "{}", chunk.chunk.len());
            self.next = chunk.offset + i64::try_from(chunk.chunk.len()).expect("a size");
        }
        Ok(next)
    }

    async fn next(&mut self) -> Option<pb::ReadRunFileResponse> {
        self.try_next().await.expect("the stream goes on")
    }

    /// Takes chunks until they hold so many bytes.
    async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            bytes.extend(self.next().await.expect("more is there").chunk);
        }
        bytes
    }

    /// Takes all chunks up to the end.
    async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.next().await {
            bytes.extend(chunk.chunk);
        }
        bytes
    }
}

/// Reads a file to its end.
async fn read_all(client: &mut StorageClient, request: pb::ReadRunFileRequest) -> Vec<u8> {
    let offset = request.offset;
    let tail = request.tail_lines;
    let mut chunks = Chunks::open(client, request).await;
    if tail > 0 {
        // Where the last lines begin, only the first chunk says.
        let Some(first) = chunks.stream.message().await.expect("the stream goes on") else {
            return Vec::new();
        };
        chunks.next = first.offset + i64::try_from(first.chunk.len()).expect("a size");
        let mut bytes = first.chunk;
        bytes.extend(chunks.rest().await);
        return bytes;
    }
    assert_eq!(chunks.next, offset);
    chunks.rest().await
}

/// Returns every path below a folder, with its length and the time of its change.
pub(crate) fn listing(folder: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let data = entry.metadata().expect("its status");
            if data.is_dir() {
                folders.push(entry.path());
            }
            found.push((entry.path(), data.len(), data.modified().expect("a time")));
        }
    }
    found.sort();
    found
}
