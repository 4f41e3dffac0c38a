//! Versioned artifacts: `<stem>.<number><ext>`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use callboard::clock::SystemClock;
use callboard::domain::{ArtifactName, RequestId};
use callboard::error::{Reason, Result};
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{
    Artifacts as _, ContentStream, NewArtifact, SavedArtifact, Storing, Tasks as _,
};
use tokio::task::JoinSet;
use tonic::Code;

use super::{details, files_in, key, plain_task, put, staging_is_empty, with_task};
use crate::client::{assert_refused, eventually};
use crate::server::Server;
use crate::storage_client::{StorageClient, get_artifact, new_artifact, upload_header};
use crate::storage_faults::step_disk::{Call, StepDisk, Steps};

/// A versioned artifact of task `p/t`.
fn new(name: &str, data: impl Into<Vec<u8>>) -> pb::SaveArtifactRequest {
    pb::SaveArtifactRequest { versioned: true, ..new_artifact("p", "t", name, data) }
}

fn in_artifacts(server: &Server) -> Vec<String> {
    files_in(&server.root().join("p/t/artifacts"))
}

async fn save(client: &mut StorageClient, name: &str) -> String {
    let saved = client.save(new(name, name)).await.expect(name);
    assert_eq!(saved.path, format!("artifacts/{}", saved.name));
    saved.name
}

#[tokio::test]
async fn each_version_gets_the_next_number_before_its_extension() {
    let (server, mut client) = with_task().await;
    let cases = [
        ("validation.json", "validation.1.json"),
        ("validation.json", "validation.2.json"),
        ("validation.json", "validation.3.json"),
        ("report.md", "report.1.md"),
        ("sdd/spec.md", "sdd/spec.1.md"),
        ("sdd/spec.md", "sdd/spec.2.md"),
        ("spec.md", "spec.1.md"),
        ("archive.tar.gz", "archive.tar.1.gz"),
        (".env", ".1.env"),
        (".env", ".2.env"),
        ("noext", "noext.1"),
        ("noext", "noext.2"),
        ("report.json", "report.1.json"),
        ("report.1.md", "report.1.1.md"),
    ];
    let mut expected = Vec::new();
    for (n, (name, versioned)) in cases.into_iter().enumerate() {
        let content = n.to_string();
        let saved = client.save(new(name, content.clone())).await.expect(name);
        assert_eq!(saved.name, versioned);
        let number = versioned.split('.').filter_map(|part| part.parse::<i32>().ok()).next_back();
        assert_eq!(Some(saved.version), number, "{versioned}");
        assert_eq!(client.content("p", "t", versioned).await, content.as_bytes());
        expected.push(versioned);
    }
    expected.sort_unstable();
    assert_eq!(in_artifacts(&server), expected);
    // A list tells the numbers, too.
    let listed: BTreeMap<_, _> =
        client.artifacts("p", "t").await.into_iter().map(|it| (it.name, it.version)).collect();
    assert_eq!(
        (listed["validation.3.json"], listed[".2.env"], listed["archive.tar.1.gz"]),
        (3, 2, 1)
    );
    // The bare name is none of them.
    let refused = client.download(get_artifact("p", "t", "validation.json")).await;
    assert_refused(refused, Code::NotFound, "ARTIFACT_NOT_FOUND", "validation.json");
}

#[tokio::test]
async fn the_next_number_is_one_more_than_the_highest_that_is_there() {
    let (server, mut client) = with_task().await;
    put(server.root(), "p/t/artifacts/validation.7.json", "by hand");
    // None of these is a version of it.
    for name in [
        "validation.json",
        "validation.09.json",
        "validation.x.json",
        "validation.8.md",
        "validation..json",
        "validation.+9.json",
        "other.12.json",
        "validation.99999999999999999999.json",
    ] {
        put(server.root(), &format!("p/t/artifacts/{name}"), "other");
    }
    assert_eq!(save(&mut client, "validation.json").await, "validation.8.json");
    // A gap is not filled; what was the highest is free again when it is gone.
    fs::remove_file(server.root().join("p/t/artifacts/validation.7.json")).expect("removed");
    assert_eq!(save(&mut client, "validation.json").await, "validation.9.json");
    put(server.root(), "p/t/artifacts/validation.20.json", "by hand");
    assert_eq!(save(&mut client, "validation.json").await, "validation.21.json");
    let content = fs::read_to_string(server.root().join("p/t/artifacts/validation.20.json"));
    assert_eq!(content.expect("it"), "by hand");
    // Plain and versioned ones of a name live side by side.
    let plain = new_artifact("p", "t", "validation.json", "plain");
    assert_eq!(client.save(plain).await.expect("saved").version, 0);
    assert_eq!(save(&mut client, "validation.json").await, "validation.22.json");
}

/// With one message or in chunks; of the original's callers 39 fail, or two are given
/// one number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_40_concurrent_saves_there_are_40_versions() {
    let (server, _client) = with_task().await;
    let mut saves = JoinSet::new();
    for n in 0..40 {
        let mut client = StorageClient::connect(&server).await;
        saves.spawn(async move {
            let data = format!("content {n}").into_bytes();
            let artifact = if n % 4 == 0 {
                let header = pb::upload_artifact_request::Header {
                    versioned: true,
                    ..upload_header("p", "t", "report.md")
                };
                let chunks = data.chunks(3).map(<[u8]>::to_vec).collect();
                client.upload(header, chunks).await.expect("uploaded").artifact.expect("it")
            } else {
                client.save(new("report.md", data.clone())).await.expect("saved")
            };
            (artifact.version, artifact.name, data)
        });
    }
    let mut saved = saves.join_all().await;
    saved.sort();
    let numbers: Vec<_> = saved.iter().map(|(version, _, _)| *version).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    for (version, name, data) in &saved {
        assert_eq!(*name, format!("report.{version}.md"));
        let there = fs::read(server.root().join("p/t/artifacts").join(name)).expect("it");
        assert_eq!(there, *data, "{name} is what its caller was told");
    }
    assert_eq!(in_artifacts(&server).len(), 40);
    staging_is_empty(&server).await;
}

#[tokio::test]
async fn number_10_001_is_refused() {
    let (server, mut client) = with_task().await;
    let folder = server.root().join("p/t/artifacts");
    fs::create_dir(&folder).expect("a folder");
    for n in 1..=10_000 {
        fs::write(folder.join(format!("report.{n}.md")), "").expect("written");
    }
    let refused = client.save(new("report.md", "x")).await;
    let info = details(refused.as_ref().expect_err("too many"));
    assert_eq!((info["name"].as_str(), info["limit"].as_str()), ("report.md", "10000"));
    assert_refused(refused, Code::ResourceExhausted, "TOO_MANY_VERSIONS", "ARTIFACT_VERSIONS_MAX");
    let header = pb::upload_artifact_request::Header {
        versioned: true,
        ..upload_header("p", "t", "report.md")
    };
    let refused = client.upload(header, vec![b"x".to_vec()]).await;
    assert_refused(refused, Code::ResourceExhausted, "TOO_MANY_VERSIONS", "report.md");
    assert_eq!(in_artifacts(&server).len(), 10_000);
    staging_is_empty(&server).await;
    // Another name begins at one, and so does the plain one.
    assert_eq!(save(&mut client, "report.txt").await, "report.1.txt");
    client.save(new_artifact("p", "t", "report.md", "x")).await.expect("saved");
    // When there is room below it is the highest that counts.
    fs::remove_file(folder.join("report.5.md")).expect("removed");
    let refused = client.save(new("report.md", "x")).await;
    assert_refused(refused, Code::ResourceExhausted, "TOO_MANY_VERSIONS", "report.md");
    fs::remove_file(folder.join("report.10000.md")).expect("removed");
    assert_eq!(save(&mut client, "report.md").await, "report.10000.md");
}

#[tokio::test]
async fn a_repeated_save_with_its_request_id_is_one_version_also_after_a_crash() {
    let (mut server, mut client) = with_task().await;
    let request = |id: &str, data: &str| pb::SaveArtifactRequest {
        request_id: id.into(),
        ..new("report.md", data)
    };
    let first = client.save_artifact(request("one", "same")).await.expect("saved");
    assert!(!first.duplicate);
    let second = client.save_artifact(request("two", "same")).await.expect("saved");
    assert_eq!(second.artifact.as_ref().expect("it").version, 2);
    for crash in [false, true] {
        if crash {
            server.restart();
            client = StorageClient::connect(&server).await;
        }
        for (id, answer) in [("one", &first), ("two", &second)] {
            let again = client.save_artifact(request(id, "same")).await.expect("a repetition");
            assert_eq!(again, pb::SaveArtifactResponse { duplicate: true, ..answer.clone() });
        }
        // In chunks it is the same request.
        let header = pb::upload_artifact_request::Header {
            versioned: true,
            request_id: "one".into(),
            ..upload_header("p", "t", "report.md")
        };
        let again = client.upload(header, vec![b"sa".to_vec(), b"me".to_vec()]).await.expect("it");
        assert_eq!((again.duplicate, &again.artifact), (true, &first.artifact));
        let other = pb::SaveArtifactRequest { name: "other.md".into(), ..request("one", "same") };
        for reused in [request("one", "other"), other] {
            let refused = client.save_artifact(reused).await;
            assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "one");
        }
        assert_eq!(in_artifacts(&server), ["report.1.md", "report.2.md"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repetitions_at_once_save_one_version_each() {
    let (server, _client) = with_task().await;
    let mut saves = JoinSet::new();
    for n in 0..24 {
        let mut client = StorageClient::connect(&server).await;
        saves.spawn(async move {
            let id = n % 3;
            let request = pb::SaveArtifactRequest {
                request_id: format!("id-{id}"),
                ..new("a.md", id.to_string())
            };
            let answer = client.save_artifact(request).await.expect("saved");
            (id, answer.artifact.expect("it").name, answer.duplicate)
        });
    }
    let saved = saves.join_all().await;
    assert_eq!(saved.iter().filter(|(_, _, duplicate)| !duplicate).count(), 3);
    let names: BTreeMap<_, _> = saved.into_iter().map(|(id, name, _)| (id, name)).collect();
    for (id, name) in &names {
        let there = fs::read_to_string(server.root().join("p/t/artifacts").join(name)).expect("it");
        assert_eq!(there, id.to_string());
    }
    assert_eq!(in_artifacts(&server), ["a.1.md", "a.2.md", "a.3.md"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_never_leaves_half_a_version() {
    const SIZE: usize = 2 << 20;
    let (mut server, _client) = with_task().await;
    for round in 0..3_u8 {
        let mut uploads = JoinSet::new();
        for writer in 0..4_u8 {
            let mut client = StorageClient::connect(&server).await;
            uploads.spawn(async move {
                let mut saved = Vec::new();
                loop {
                    let header = pb::upload_artifact_request::Header {
                        versioned: true,
                        ..upload_header("p", "t", "big.bin")
                    };
                    let byte = 16 * round + writer;
                    let chunks = vec![vec![byte; 256 << 10]; SIZE / (256 << 10)];
                    match client.upload(header, chunks).await {
                        Ok(answer) => saved.push((answer.artifact.expect("it").name, byte)),
                        // The server is gone.
                        Err(_) => return saved,
                    }
                }
            });
        }
        let enough = in_artifacts(&server).len() + 4 + usize::from(3 * round);
        let artifacts = || in_artifacts(&server).len();
        eventually("some are there", async || artifacts() >= enough).await;
        server.kill();
        let acknowledged: Vec<_> = uploads.join_all().await.into_iter().flatten().collect();
        server.restart();
        let mut client = StorageClient::connect(&server).await;
        let listed = client.artifacts("p", "t").await;
        assert!(listed.iter().all(|it| it.size == 2 << 20 && it.problem.is_empty()), "{listed:?}");
        for name in in_artifacts(&server) {
            let bytes = fs::read(server.root().join("p/t/artifacts").join(&name)).expect("it");
            assert!(bytes.len() == SIZE && bytes.iter().all(|byte| *byte == bytes[0]), "{name}");
        }
        for (name, byte) in acknowledged {
            let bytes = fs::read(server.root().join("p/t/artifacts").join(&name)).expect("it");
            assert_eq!(bytes[0], byte, "{name} is what was acknowledged");
        }
        staging_is_empty(&server).await;
    }
}

/// A backend with task `p/t` on a disk whose calls a test can make fail.
struct Backend {
    folder: tempfile::TempDir,
    steps: Arc<Steps>,
    files: Files,
}

impl Backend {
    async fn start() -> Self {
        let backend = Self::start_in(tempfile::tempdir().expect("a folder"));
        backend.files.create_task(plain_task("t", 0), None).await.expect("a task");
        backend
    }

    fn start_in(folder: tempfile::TempDir) -> Self {
        let steps = Arc::<Steps>::default();
        let disk = StepDisk::open(folder.path(), &steps);
        let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
        Self { folder, steps, files }
    }

    fn restart(self) -> Self {
        let Self { folder, files, .. } = self;
        drop(files);
        Self::start_in(folder)
    }

    /// Makes the next call of a kind about a path fail.
    fn fail_next(&self, wanted: Call, path: &'static str) {
        let armed = AtomicBool::new(true);
        self.steps.before_call(move |call, at| {
            if call == wanted && at.as_str() == path && armed.swap(false, Ordering::SeqCst) {
                return Err(io::Error::other("a broken disk"));
            }
            Ok(())
        });
    }

    /// Saves a version of `a.txt`; an empty id is none.
    async fn save(&self, request_id: &str) -> Result<SavedArtifact> {
        let content: ContentStream = Box::pin(tokio_stream::iter([Ok(b"the same".to_vec())]));
        let new = NewArtifact {
            task: key("t"),
            name: ArtifactName::parse("a.txt").expect("a name"),
            storing: Storing::Versioned,
            sha256: None,
            size: None,
        };
        let request_id = RequestId::parse(request_id).expect("an id");
        self.files.save_artifact(new, content, request_id).await
    }

    /// The version that a save got, and whether it had it already.
    async fn version(&self, request_id: &str) -> (Option<u32>, bool) {
        let saved = self.save(request_id).await.expect("saved");
        (saved.artifact.version, saved.duplicate)
    }
}

/// A new file often gets the identity of one that was removed, and has the same length.
#[tokio::test]
async fn a_number_that_a_failed_save_was_about_to_take_is_not_shared_with_another() {
    for with_restart in [false, true] {
        for other in ["", "two"] {
            let mut backend = Backend::start().await;
            backend.fail_next(Call::Rename, "p/t/artifacts/a.1.txt");
            let failed = backend.save("one").await.expect_err("no place");
            assert_eq!(failed.reason(), Reason::Io);
            if with_restart {
                backend = backend.restart();
            }
            assert_eq!(backend.version(other).await, (Some(1), false), "{other:?}");
            assert_eq!(backend.version("one").await, (Some(2), false), "{other:?}");
            // The answers may have been lost.
            for _ in 0..2 {
                assert_eq!(backend.version("one").await, (Some(2), true), "{other:?}");
                if !other.is_empty() {
                    assert_eq!(backend.version(other).await, (Some(1), true));
                }
                backend = backend.restart();
            }
            let there = files_in(&backend.folder.path().join("p/t/artifacts"));
            assert_eq!(there, ["a.1.txt", "a.2.txt"], "{other:?}");
        }
    }
}

/// As above, but nobody was left to forget what was about to be made.
#[tokio::test]
async fn a_number_that_a_save_was_about_to_take_in_a_crash_is_not_shared_with_another() {
    // Not each time does the new file get the identity of the old one.
    for _ in 0..10 {
        a_crash_shares_no_number().await;
    }
}

async fn a_crash_shares_no_number() {
    let backend = Backend::start().await;
    let probe = backend.folder.path().join("probe");
    fs::write(&probe, "x").expect("written");
    let requests = backend.folder.path().join(".callboard/requests");
    let remembered = Arc::new(Mutex::new(Vec::new()));
    let (from, to) = (requests.clone(), Arc::clone(&remembered));
    backend.steps.before_call(move |call, at| {
        if call != Call::Rename || at.as_str() != "p/t/artifacts/a.1.txt" {
            return Ok(());
        }
        *to.lock().expect("the bytes") = fs::read(&from)?;
        Err(io::Error::other("it crashes here"))
    });
    backend.save("one").await.expect_err("no place");
    fs::write(&probe, "x").expect("written");
    let written = modified(&probe);
    let Backend { folder, files, .. } = backend;
    drop(files);
    fs::write(&requests, &*remembered.lock().expect("the bytes")).expect("written");
    let backend = Backend::start_in(folder);
    // A start takes longer than the time of a file is exact.
    while modified(&probe) == written {
        fs::write(&probe, "x").expect("written");
    }
    assert_eq!(backend.version("").await, (Some(1), false));
    assert_eq!(backend.version("one").await, (Some(2), false));
    assert_eq!(backend.version("one").await, (Some(2), true));
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|file| file.modified()).expect("its time")
}

#[tokio::test]
async fn where_the_versions_cannot_be_listed_none_is_saved() {
    let backend = Backend::start().await;
    for version in 1..=3 {
        for request_id in ["", "one"] {
            backend.fail_next(Call::List, "p/t/artifacts");
            let failed = backend.save(request_id).await.expect_err("no list");
            assert_eq!(failed.reason(), Reason::Io);
        }
        let there = files_in(&backend.folder.path().join("p/t/artifacts"));
        assert_eq!(there.len(), version as usize - 1, "{there:?}");
        assert_eq!(backend.version("").await, (Some(version), false));
    }
}
