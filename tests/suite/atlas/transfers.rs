//! Artifacts on their way: sizes, hashes, ranges, and what is broken off.

use std::fs;
use std::io::Write as _;

use callboard::grpc::pb;
use pb::upload_artifact_request::{Header, Part};
use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response, Status};

use super::{files_in, staging_is_empty, with_task};
use crate::client::{assert_refused, eventually, reason};
use crate::server::Server;
use crate::storage_client::{
    StorageClient, get_artifact, new_artifact, sha256, upload_header, upload_part,
};

/// Bytes that differ wherever something might be cut or shifted.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| u8::try_from((n ^ (n >> 8) ^ (n >> 16)) & 0xff).expect("a byte")).collect()
}

fn header(name: &str) -> Header {
    upload_header("p", "t", name)
}

fn chunked(data: &[u8], size: usize) -> Vec<Vec<u8>> {
    data.chunks(size).map(<[u8]>::to_vec).collect()
}

/// An upload whose messages come one by one.
struct Upload {
    parts: mpsc::Sender<pb::UploadArtifactRequest>,
    call: JoinHandle<Result<pb::UploadArtifactResponse, Status>>,
}

impl Upload {
    fn begin(client: &StorageClient) -> Self {
        let (parts, stream) = mpsc::channel(1);
        let mut client = client.clone();
        let call = async move { client.0.upload_artifact(ReceiverStream::new(stream)).await };
        let call = tokio::spawn(async move { call.await.map(Response::into_inner) });
        Self { parts, call }
    }

    async fn send(&self, part: Part) {
        // Refused when the call is over: its answer says why.
        let _ = self.parts.send(upload_part(part)).await;
    }

    async fn answer(self) -> Result<pb::UploadArtifactResponse, Status> {
        drop(self.parts);
        let answer = tokio::time::timeout(crate::server::DEADLINE, self.call).await;
        answer.expect("an answer in time").expect("no panic")
    }
}

/// Nothing of an artifact, whole or half, is anywhere.
async fn nothing_is_left(server: &Server) {
    staging_is_empty(server).await;
    assert_eq!(files_in(&server.root().join("p/t/artifacts")), [""; 0]);
}

/// Waits until something is half-made.
async fn something_is_staged(server: &Server) {
    let staging = server.root().join(".callboard/staging");
    eventually("an upload has begun", async || !files_in(&staging).is_empty()).await;
}

#[tokio::test]
async fn every_size_comes_back_as_it_was_sent() {
    let (server, mut client) = with_task().await;
    let mib = 1 << 20;
    for size in [0, 1, 3, 4095, 256 << 10, (256 << 10) + 1, mib - 1, mib] {
        let data = bytes(size);
        let name = format!("unary-{size}");
        let saved = client.save(new_artifact("p", "t", &name, data.clone())).await.expect(&name);
        assert_eq!((saved.size, &saved.sha256), (i64::try_from(size).expect("it"), &sha256(&data)));
        assert!(client.content("p", "t", &name).await == data, "{name}");
    }
    let refused = client.save(new_artifact("p", "t", "larger", bytes(mib + 1))).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "ARTIFACT_DATA_BYTES_MAX");
    assert!(!server.root().join("p/t/artifacts/larger").exists());
    for (size, chunk) in [
        (0, 1),
        (1, 1),
        (1000, 7),
        (mib, 256 << 10),
        (mib + 1, 256 << 10),
        (10 * mib, mib),
        (3 * mib, 3 * mib),
    ] {
        let data = bytes(size);
        let name = format!("upload-{size}");
        let answer = client.upload(header(&name), chunked(&data, chunk)).await.expect(&name);
        let saved = answer.artifact.expect("the artifact");
        assert_eq!((saved.size, &saved.sha256), (i64::try_from(size).expect("it"), &sha256(&data)));
        assert!(!answer.duplicate);
        assert!(client.content("p", "t", &name).await == data, "{name}");
        assert!(fs::read(server.root().join("p/t/artifacts").join(&name)).expect("it") == data);
    }
    // Empty chunks are nothing, wherever they stand.
    let chunks = vec![vec![], b"a".to_vec(), vec![], vec![], b"b".to_vec(), vec![]];
    client.upload(header("gaps"), chunks).await.expect("uploaded");
    assert_eq!(client.content("p", "t", "gaps").await, b"ab");
    staging_is_empty(&server).await;
}

#[tokio::test]
async fn what_has_another_sha256_than_was_said_is_not_saved() {
    let (server, mut client) = with_task().await;
    let wrong = sha256(b"other");
    for versioned in [false, true] {
        let request = pb::SaveArtifactRequest {
            sha256: wrong.clone(),
            versioned,
            ..new_artifact("p", "t", "a.txt", "data")
        };
        let refused = client.save(request.clone()).await;
        let info = super::details(refused.as_ref().expect_err("it differs"));
        assert_eq!((&info["expected"], &info["sha256"]), (&wrong, &sha256(b"data")));
        assert_refused(refused, Code::InvalidArgument, "CHECKSUM_MISMATCH", "a.txt");
        let head = Header { sha256: wrong.clone(), versioned, ..header("a.txt") };
        let refused = client.upload(head, chunked(&bytes(600_000), 256 << 10)).await;
        assert_refused(refused, Code::InvalidArgument, "CHECKSUM_MISMATCH", "a.txt");
        let attachment = pb::SaveArtifactRequest { attachment: true, versioned: false, ..request };
        let refused = client.save(attachment).await;
        assert_refused(refused, Code::InvalidArgument, "CHECKSUM_MISMATCH", "a.txt");
    }
    nothing_is_left(&server).await;
    assert!(client.artifacts("p", "t").await.is_empty());
    for bad in ["x", &"g".repeat(64), &"a".repeat(63), &"a".repeat(65)] {
        let request =
            pb::SaveArtifactRequest { sha256: bad.into(), ..new_artifact("p", "t", "a", "x") };
        let refused = client.save(request).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "sha256");
        let refused = client.upload(Header { sha256: bad.into(), ..header("a") }, vec![]).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "sha256");
    }
    // The right one, in either case; what was there before a wrong one stays.
    for right in [sha256(b"data"), sha256(b"data").to_uppercase()] {
        let request =
            pb::SaveArtifactRequest { sha256: right, ..new_artifact("p", "t", "a.txt", "data") };
        assert_eq!(client.save(request).await.expect("saved").sha256, sha256(b"data"));
    }
    let over = pb::SaveArtifactRequest { sha256: wrong, ..new_artifact("p", "t", "a.txt", "new") };
    let refused = client.save(over).await;
    assert_refused(refused, Code::InvalidArgument, "CHECKSUM_MISMATCH", "a.txt");
    assert_eq!(client.content("p", "t", "a.txt").await, b"data");
}

#[tokio::test]
async fn an_upload_that_the_client_breaks_off_leaves_nothing() {
    let (server, client) = with_task().await;
    for versioned in [false, true] {
        for chunks in [1, 8] {
            let upload = Upload::begin(&client);
            upload.send(Part::Header(Header { versioned, ..header("sub/big.bin") })).await;
            for _ in 0..chunks {
                upload.send(Part::Chunk(bytes(256 << 10))).await;
            }
            something_is_staged(&server).await;
            upload.call.abort();
            assert!(upload.call.await.is_err_and(|ended| ended.is_cancelled()));
            nothing_is_left(&server).await;
        }
    }
    // With its connection.
    let alone = StorageClient::connect(&server).await;
    let upload = Upload::begin(&alone);
    upload.send(Part::Header(header("sub/big.bin"))).await;
    upload.send(Part::Chunk(bytes(256 << 10))).await;
    something_is_staged(&server).await;
    upload.call.abort();
    drop((upload, alone));
    nothing_is_left(&server).await;
    let mut client = client;
    client.upload(header("sub/big.bin"), vec![b"whole".to_vec()]).await.expect("its name is free");
    assert_eq!(client.content("p", "t", "sub/big.bin").await, b"whole");
}

/// Also what is there already stays while an upload in its place is broken off.
#[tokio::test]
async fn an_upload_that_is_broken_off_leaves_what_was_there() {
    let (server, mut client) = with_task().await;
    client.save(new_artifact("p", "t", "a.txt", "before")).await.expect("saved");
    let upload = Upload::begin(&client);
    upload.send(Part::Header(header("a.txt"))).await;
    upload.send(Part::Chunk(bytes(256 << 10))).await;
    something_is_staged(&server).await;
    assert_eq!(client.content("p", "t", "a.txt").await, b"before", "and meanwhile");
    upload.call.abort();
    staging_is_empty(&server).await;
    assert_eq!(client.content("p", "t", "a.txt").await, b"before");
    assert_eq!(client.artifacts("p", "t").await.len(), 1);
}

#[tokio::test]
async fn an_upload_in_the_wrong_order_is_refused_and_leaves_nothing() {
    let (server, mut client) = with_task().await;
    let upload = Upload::begin(&client);
    upload.send(Part::Chunk(b"data".to_vec())).await;
    assert_refused(upload.answer().await, Code::InvalidArgument, "REQUIRED_FIELD", "header");
    let refused = Upload::begin(&client).answer().await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "header");
    let none = tokio_stream::iter([pb::UploadArtifactRequest { part: None }]);
    let refused = client.0.upload_artifact(none).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "part");
    for chunks in [0, 1, 4] {
        let upload = Upload::begin(&client);
        upload.send(Part::Header(header("a.bin"))).await;
        for _ in 0..chunks {
            upload.send(Part::Chunk(bytes(100_000))).await;
        }
        upload.send(Part::Header(header("a.bin"))).await;
        assert_refused(upload.answer().await, Code::InvalidArgument, "INVALID_FIELD", "header");
    }
    let upload = Upload::begin(&client);
    upload.send(Part::Header(header("a.bin"))).await;
    upload.send(Part::Chunk(vec![0; 5 << 20])).await;
    assert_refused(upload.answer().await, Code::InvalidArgument, "TOO_LARGE", "REQUEST_BYTES_MAX");
    for (head, code, expected) in [
        (upload_header("p", "x", "a"), Code::NotFound, "TASK_NOT_FOUND"),
        (upload_header("q", "t", "a"), Code::NotFound, "PROJECT_NOT_FOUND"),
        (upload_header("", "t", "a"), Code::InvalidArgument, "REQUIRED_FIELD"),
        (upload_header("p", "", "a"), Code::InvalidArgument, "REQUIRED_FIELD"),
        (header(""), Code::InvalidArgument, "REQUIRED_FIELD"),
        (header("../evil"), Code::InvalidArgument, "PATH_TRAVERSAL"),
        (header("a b"), Code::InvalidArgument, "INVALID_ID"),
    ] {
        let refused = client.upload(head, vec![b"x".to_vec()]).await.expect_err(expected);
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, expected), "{refused:?}");
    }
    nothing_is_left(&server).await;
}

// The client must go on working while the test waits for the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_does_not_hold_up_a_shutdown_and_leaves_nothing() {
    let (mut server, client) = with_task().await;
    let upload = Upload::begin(&client);
    upload.send(Part::Header(header("a.bin"))).await;
    upload.send(Part::Chunk(bytes(256 << 10))).await;
    something_is_staged(&server).await;
    let began = std::time::Instant::now();
    server.signal(Signal::TERM);
    // It says nothing more, and does not end.
    let ended = tokio::time::timeout(crate::server::DEADLINE, upload.call).await;
    let ended = ended.expect("an end in time").expect("no panic").expect_err("it is cut off");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
    assert_eq!(server.ended().code(), Some(0));
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    server.restart();
    nothing_is_left(&server).await;
}

#[tokio::test]
async fn a_range_is_returned_without_a_hash_and_the_whole_with_one() {
    let (_server, mut client) = with_task().await;
    let data = bytes(700_001);
    client.upload(header("data.bin"), chunked(&data, 256 << 10)).await.expect("uploaded");
    let range = |offset: i64, length: i64| pb::GetArtifactRequest {
        offset,
        length,
        ..get_artifact("p", "t", "data.bin")
    };
    let all = i64::try_from(data.len()).expect("a size");
    let cases = [
        (0, 1),
        (0, 100),
        (1, 0),
        (699_999, 0),
        (700_000, 5),
        (262_143, 2),
        (262_144, 262_144),
        (300_000, 1_000_000),
        (all, 0),
        (all, 7),
    ];
    for (offset, length) in cases {
        let download = client.download(range(offset, length)).await.expect("a range");
        let begin = usize::try_from(offset).expect("it");
        let end = match usize::try_from(length).expect("it") {
            0 => data.len(),
            length => data.len().min(begin + length),
        };
        assert!(download.bytes == data[begin..end], "{offset} {length}");
        assert_eq!(download.sha256, "", "{offset} {length}");
        assert_eq!(download.artifact.size, all, "of the whole");
    }
    let whole = client.download(range(0, 0)).await.expect("all");
    assert_eq!(whole.sha256, sha256(&data));
    let refused = client.download(range(all + 1, 0)).await;
    assert_refused(refused, Code::Aborted, "OFFSET_MISMATCH", "data.bin");
    for (offset, length, field) in [(-1, 0, "offset"), (0, -1, "length")] {
        let refused = client.download(range(offset, length)).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", field);
    }
}

/// The first bytes of something large come at once and alone.
#[tokio::test]
async fn a_preview_reads_the_first_bytes_only() {
    let (server, mut client) = with_task().await;
    client.save(new_artifact("p", "t", "small", "x")).await.expect("saved");
    let sparse = fs::File::create(server.root().join("p/t/artifacts/huge.bin")).expect("a file");
    sparse.set_len(12 << 30).expect("a length");
    (&sparse).write_all(b"head").expect("written");
    let began = std::time::Instant::now();
    let request = pb::GetArtifactRequest { length: 64, ..get_artifact("p", "t", "huge.bin") };
    let preview = client.download(request).await.expect("a preview");
    assert_eq!((&preview.bytes[..4], preview.bytes.len()), (&b"head"[..], 64));
    assert_eq!((preview.artifact.size, preview.sha256.as_str()), (12 << 30, ""));
    let end = pb::GetArtifactRequest { offset: 12 << 30, ..get_artifact("p", "t", "huge.bin") };
    assert!(client.download(end).await.expect("its end").bytes.is_empty());
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_is_replaced_or_deleted_while_it_is_downloaded_comes_as_it_was() {
    let (_server, mut client) = with_task().await;
    let old = bytes(6 << 20);
    for delete in [false, true] {
        client.upload(header("a.bin"), chunked(&old, 1 << 20)).await.expect("uploaded");
        let request = get_artifact("p", "t", "a.bin");
        let mut stream = client.0.get_artifact(request).await.expect("it").into_inner();
        let first = stream.message().await.expect("the stream goes on").expect("more");
        let size = first.artifact.expect("it comes first").size;
        assert_eq!(usize::try_from(size), Ok(old.len()));
        let mut got = first.chunk;
        if delete {
            let request = pb::DeleteArtifactRequest {
                project_id: "p".into(),
                task_id: "t".into(),
                name: "a.bin".into(),
                ..Default::default()
            };
            client.delete_artifact(request).await.expect("deleted");
        } else {
            client.save(new_artifact("p", "t", "a.bin", "new")).await.expect("replaced");
            assert_eq!(client.content("p", "t", "a.bin").await, b"new");
        }
        let mut hash = String::new();
        while let Some(part) = stream.message().await.expect("the stream goes on") {
            got.extend(part.chunk);
            hash = part.sha256;
        }
        assert!(got == old, "{} bytes, not {}", got.len(), old.len());
        assert_eq!(hash, sha256(&old));
    }
}

/// Whoever saves last is there as a whole, whoever reads gets one as a whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_see_half_of_what_is_replaced() {
    let (server, mut client) = with_task().await;
    client.save(new_artifact("p", "t", "a.bin", vec![0; 500_000])).await.expect("saved");
    let mut writers = tokio::task::JoinSet::new();
    for writer in 1..4_u8 {
        let mut client = StorageClient::connect(&server).await;
        writers.spawn(async move {
            for _ in 0..10 {
                let data = vec![writer; 500_000 + usize::from(writer)];
                client.save(new_artifact("p", "t", "a.bin", data)).await.expect("saved");
            }
        });
    }
    let mut seen = std::collections::BTreeSet::new();
    while writers.try_join_next().is_none() {
        let content = client.content("p", "t", "a.bin").await;
        let writer = content[0];
        assert!(content.iter().all(|byte| *byte == writer));
        assert_eq!(content.len(), 500_000 + usize::from(writer));
        seen.insert(writer);
    }
    writers.join_all().await;
    assert!(!seen.is_empty());
    assert_eq!(files_in(&server.root().join("p/t/artifacts")), ["a.bin"]);
    staging_is_empty(&server).await;
}
