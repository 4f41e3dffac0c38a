//! Artifacts that are saved under their own names, and attachments.

use std::fs;
use std::os::unix::fs::symlink;

use callboard::grpc::pb;
use tonic::Code;

use super::{files_in, put, with_task};
use crate::client::{Client, assert_refused, message};
use crate::storage_client::{StorageClient, get_artifact, new_artifact, sha256};

/// A plain artifact of task `p/t`.
fn new(name: &str, data: impl Into<Vec<u8>>) -> pb::SaveArtifactRequest {
    new_artifact("p", "t", name, data)
}

fn get(name: &str) -> pb::GetArtifactRequest {
    get_artifact("p", "t", name)
}

fn by_path(path: &str) -> pb::GetArtifactRequest {
    pb::GetArtifactRequest { path: path.into(), ..get("") }
}

fn delete(name: &str) -> pb::DeleteArtifactRequest {
    pb::DeleteArtifactRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        name: name.into(),
        ..Default::default()
    }
}

async fn paths(client: &mut StorageClient) -> Vec<String> {
    client.artifacts("p", "t").await.into_iter().map(|artifact| artifact.path).collect()
}

#[tokio::test]
async fn an_artifact_is_saved_and_returned_as_it_is() {
    let (server, mut client) = with_task().await;
    let data: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let saved = client.save(new("data.bin", data.clone())).await.expect("saved");
    let expected = pb::Artifact {
        project_id: "p".into(),
        task_id: "t".into(),
        name: "data.bin".into(),
        path: "artifacts/data.bin".into(),
        attachment: false,
        version: 0,
        size: 70_000,
        modified_at: saved.modified_at,
        sha256: sha256(&data),
        problem: String::new(),
    };
    assert_eq!(saved, expected);
    assert!(saved.modified_at.is_some());
    assert_eq!(fs::read(server.root().join("p/t/artifacts/data.bin")).expect("it"), data);
    let unhashed = pb::Artifact { sha256: String::new(), ..saved };
    for request in [get("data.bin"), by_path("artifacts/data.bin")] {
        let download = client.download(request).await.expect("it");
        assert_eq!((&download.artifact, &download.bytes), (&unhashed, &data));
        assert_eq!(download.sha256, sha256(&data));
    }
    // Again: in its place, and nothing else is left.
    let saved = client.save(new("data.bin", "short")).await.expect("saved");
    assert_eq!((saved.size, saved.version), (5, 0));
    assert_eq!(client.content("p", "t", "data.bin").await, b"short");
    assert_eq!(files_in(&server.root().join("p/t/artifacts")), ["data.bin"]);
    assert!(files_in(&server.root().join(".callboard/staging")).is_empty());
}

#[tokio::test]
async fn artifacts_of_all_depths_are_listed_in_the_order_of_their_paths() {
    let (server, mut client) = with_task().await;
    assert!(client.artifacts("p", "t").await.is_empty());
    let names =
        ["z.txt", "a/b/c/deep.txt", "sub/file.json", "a.txt", "sub/a.json", "notes..v2.txt"];
    for name in names {
        client.save(new(name, name)).await.expect(name);
    }
    put(server.root(), "p/t/artifacts/sub/by hand.3.txt", "theirs");
    put(server.root(), "p/t/ATTACH-20260101-000000-x.png", "old");
    let listed = client.artifacts("p", "t").await;
    let expected = [
        "ATTACH-20260101-000000-x.png",
        "artifacts/a.txt",
        "artifacts/a/b/c/deep.txt",
        "artifacts/notes..v2.txt",
        "artifacts/sub/a.json",
        "artifacts/sub/by hand.3.txt",
        "artifacts/sub/file.json",
        "artifacts/z.txt",
    ];
    let mut sorted: Vec<_> = listed.iter().map(|artifact| artifact.path.as_str()).collect();
    assert!(sorted.is_sorted(), "{sorted:?}");
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    let theirs = listed.iter().find(|artifact| artifact.name == "sub/by hand.3.txt").expect("it");
    assert_eq!((theirs.version, theirs.size, theirs.sha256.as_str()), (3, 6, ""));
    assert!(theirs.modified_at.is_some());
    // Page by page, and with the hashes on demand.
    let mut request = pb::ListArtifactsRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        with_sha256: true,
        page_size: 3,
        ..Default::default()
    };
    let mut paged = Vec::new();
    loop {
        let page = client.list_artifacts(request.clone()).await.expect("a page");
        assert!(page.artifacts.len() <= 3);
        paged.extend(page.artifacts);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    for artifact in &mut paged {
        let content = fs::read(server.root().join("p/t").join(&artifact.path)).expect("it");
        assert_eq!(std::mem::take(&mut artifact.sha256), sha256(&content), "{}", artifact.path);
    }
    assert_eq!(paged, listed);
    request.page_token = "x".into();
    let refused = client.list_artifacts(request).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN", "page token");
}

#[tokio::test]
async fn names_that_climb_out_are_refused_and_nothing_is_written() {
    let (server, mut client) = with_task().await;
    let around = server.root().parent().expect("a folder").to_owned();
    let before = files_in(&around);
    let climbing = [
        "../evil.json",
        "../../etc/passwd",
        "foo/../bar/../../evil.json",
        "/etc/passwd",
        "..",
        ".",
        "./x",
        "sub/..",
    ];
    for name in climbing {
        let refused = client.save(new(name, "evil")).await;
        assert_refused(refused, Code::InvalidArgument, "PATH_TRAVERSAL", "name");
        let refused = client.download(get(name)).await;
        assert_refused(refused, Code::InvalidArgument, "PATH_TRAVERSAL", "name");
        let refused = client.download(by_path(&format!("artifacts/{name}"))).await;
        assert_refused(refused, Code::InvalidArgument, "PATH_TRAVERSAL", "path");
        let refused = client.delete_artifact(delete(name)).await;
        assert_refused(refused, Code::InvalidArgument, "PATH_TRAVERSAL", "name");
        for (versioned, attachment) in [(true, false), (false, true)] {
            let request = pb::SaveArtifactRequest { versioned, attachment, ..new(name, "evil") };
            let refused = client.save(request).await;
            assert_refused(refused, Code::InvalidArgument, "PATH_TRAVERSAL", "name");
        }
    }
    let long = "x".repeat(129);
    let deep = ["a"; 9].join("/");
    let bad = [
        "a//b",
        "a/",
        "a b",
        "-x",
        "..x",
        "x.lock",
        "sub/x.tmp",
        "x.archived",
        "x.torn",
        "x.damaged",
        "a\0b",
        "a\nb",
        "ä",
        "a\\b",
        &long,
        &deep,
    ];
    for name in bad {
        let refused = client.save(new(name, "evil")).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_ID", "name");
    }
    let refused = client.save(new("", "evil")).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "name");
    let refused = client.download(get("")).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "name");
    let refused = client.delete_artifact(delete("")).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "name");
    let both = pb::GetArtifactRequest { path: "artifacts/a".into(), ..get("a") };
    let refused = client.download(both).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "path");
    for path in ["task.json", "artifacts", "runs/r/output.md", "TASK.md"] {
        let refused = client.download(by_path(path)).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_ID", "path");
    }
    assert_eq!(files_in(&around), before);
}

#[tokio::test]
async fn names_with_dots_and_folders_are_accepted_and_listed() {
    let (server, mut client) = with_task().await;
    let deep = ["a"; 8].join("/");
    let names =
        ["notes..v2.txt", "sub/file.json", "a/b/c.json", ".env", ".x/.y", "a-b_c.D", "7", &deep];
    for name in names {
        let saved = client.save(new(name, name)).await.expect(name);
        assert_eq!((saved.name.as_str(), saved.path), (name, format!("artifacts/{name}")));
        assert_eq!(client.content("p", "t", name).await, name.as_bytes());
        assert_eq!(
            fs::read_to_string(server.root().join("p/t/artifacts").join(name)).expect(name),
            name
        );
    }
    let mut listed: Vec<_> =
        client.artifacts("p", "t").await.into_iter().map(|artifact| artifact.name).collect();
    listed.sort();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

/// Neither one in the place of a file nor one in the place of a folder.
#[tokio::test]
async fn a_symlink_inside_artifacts_is_refused_and_never_followed() {
    let (server, mut client) = with_task().await;
    let outside = tempfile::tempdir().expect("a folder");
    let secret = put(outside.path(), "secret.txt", "secret");
    put(outside.path(), "folder/inner.txt", "secret, too");
    client.save(new("fine.txt", "fine")).await.expect("saved");
    let artifacts = server.root().join("p/t/artifacts");
    symlink(&secret, artifacts.join("file.txt")).expect("a link");
    symlink(outside.path().join("folder"), artifacts.join("folder")).expect("a link");
    symlink(outside.path().join("nowhere"), artifacts.join("dangling.txt")).expect("a link");
    let before = files_in(outside.path());
    for name in ["file.txt", "folder/inner.txt", "dangling.txt"] {
        let refused = client.download(get(name)).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "artifacts");
    }
    for name in ["folder/inner.txt", "folder/new.txt", "folder/sub/new.txt"] {
        let refused = client.save(new(name, "mine")).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "artifacts");
        let request = pb::SaveArtifactRequest { versioned: true, ..new(name, "mine") };
        let refused = client.save(request).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "artifacts");
    }
    let refused = client.save(new("file.txt", "mine")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "file.txt");
    let refused = client.save(new("dangling.txt", "mine")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "dangling.txt");
    let refused = client.delete_artifact(delete("folder/inner.txt")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "artifacts");
    let listed = client.artifacts("p", "t").await;
    let fine: Vec<_> =
        listed.iter().filter(|it| it.problem.is_empty()).map(|it| &it.name).collect();
    assert_eq!(fine, ["fine.txt"], "what is behind a link is no artifact");
    let shown = listed.iter().find(|it| it.name == "file.txt").expect("it is told of");
    assert!(shown.problem.contains("symlink"), "{shown:?}");
    assert!(!listed.iter().any(|it| it.name.contains("inner")), "{listed:?}");
    // Also where all artifacts are.
    client.new_task("p", "u").await;
    symlink(outside.path().join("folder"), server.root().join("p/u/artifacts")).expect("a link");
    let refused = client.save(new_artifact("p", "u", "new.txt", "mine")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "artifacts");
    let refused = client.download(get_artifact("p", "u", "inner.txt")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "artifacts");
    assert_eq!(files_in(outside.path()), before);
    assert_eq!(fs::read(&secret).expect("it"), b"secret");
    assert!(artifacts.join("file.txt").is_symlink(), "it stays");
}

#[tokio::test]
async fn a_missing_artifact_or_task_is_not_found_and_nothing_is_made() {
    let (server, mut client) = with_task().await;
    client.save(new("there.txt", "x")).await.expect("saved");
    for name in ["absent.txt", "sub/absent.txt", "there.txt/below"] {
        let refused = client.download(get(name)).await.expect_err(name);
        // A file in the place of a folder is said to be one, or that nothing is below.
        assert!(
            ["ARTIFACT_NOT_FOUND", "NOT_A_REGULAR_FILE"]
                .contains(&crate::client::reason(&refused).as_str()),
            "{refused:?}"
        );
    }
    assert_refused(
        client.download(get("absent.txt")).await,
        Code::NotFound,
        "ARTIFACT_NOT_FOUND",
        "absent.txt",
    );
    let attachment = by_path("ATTACH-1-x.png");
    assert_refused(
        client.download(attachment).await,
        Code::NotFound,
        "ARTIFACT_NOT_FOUND",
        "ATTACH-1-x.png",
    );
    let refused = client.delete_artifact(delete("absent.txt")).await;
    assert_refused(refused, Code::NotFound, "ARTIFACT_NOT_FOUND", "absent.txt");
    let fine = pb::DeleteArtifactRequest { allow_missing: true, ..delete("absent.txt") };
    assert!(!client.delete_artifact(fine).await.expect("fine").existed);
    for (project, task, expected) in [("p", "x", "TASK_NOT_FOUND"), ("q", "t", "PROJECT_NOT_FOUND")]
    {
        let word = if task == "x" { "p/x" } else { "q" };
        let refused = client.save(new_artifact(project, task, "a", "x")).await;
        assert_refused(refused, Code::NotFound, expected, word);
        let refused = client.download(get_artifact(project, task, "a")).await;
        assert_refused(refused, Code::NotFound, expected, word);
        let list = pb::ListArtifactsRequest {
            project_id: project.into(),
            task_id: task.into(),
            ..Default::default()
        };
        assert_refused(client.list_artifacts(list).await, Code::NotFound, expected, word);
        assert!(!server.root().join(project).join(task).exists());
    }
    for (project, task, field) in [("", "t", "project_id"), ("p", "", "task_id")] {
        let refused = client.save(new_artifact(project, task, "a", "x")).await;
        assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", field);
    }
}

#[tokio::test]
async fn a_folder_and_a_file_do_not_take_each_others_place() {
    let (server, mut client) = with_task().await;
    client.save(new("sub/file.txt", "x")).await.expect("saved");
    let refused = client.save(new("sub", "y")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "sub");
    let refused = client.save(new("sub/file.txt/below", "y")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "file.txt");
    let refused = client.delete_artifact(delete("sub")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "sub");
    assert_eq!(files_in(&server.root().join("p/t/artifacts")), ["sub/file.txt"]);
    assert_eq!(client.content("p", "t", "sub/file.txt").await, b"x");
}

#[tokio::test]
async fn an_attachment_gets_a_name_of_its_own_that_messages_point_to() {
    let (server, mut client) = with_task().await;
    let request = pb::SaveArtifactRequest { attachment: true, ..new("shot.png", "png") };
    let (first, second) = (
        client.save(request.clone()).await.expect("saved"),
        client.save(request.clone()).await.expect("saved"),
    );
    for saved in [&first, &second] {
        assert!(saved.attachment && saved.name == saved.path, "{saved:?}");
        let stamp = saved.name.strip_prefix("ATTACH-").and_then(|it| it.strip_suffix("-shot.png"));
        let stamp = stamp.unwrap_or_else(|| panic!("{saved:?}"));
        assert!(stamp.starts_with("20") && stamp.split('-').count() == 4, "{stamp}");
        assert_eq!(fs::read(server.root().join("p/t").join(&saved.path)).expect("it"), b"png");
        let download = client.download(by_path(&saved.path)).await.expect("it");
        assert_eq!((download.bytes.as_slice(), download.artifact.attachment), (&b"png"[..], true));
    }
    assert_ne!(first.path, second.path);
    // As a message has it.
    let mut bus = Client::connect(&server).await;
    let pointing = pb::Message { attachment_path: first.path.clone(), ..message("p", "t", "look") };
    bus.append(pointing).await;
    let read = bus.read_all("p", "t").await.remove(0);
    client.download(by_path(&read.attachment_path)).await.expect("what it points to");
    assert_eq!(paths(&mut client).await, [first.path.clone(), second.path.clone()]);
    // A repetition saves no second one.
    let once = pb::SaveArtifactRequest { request_id: "once".into(), ..request.clone() };
    let third = client.save_artifact(once.clone()).await.expect("saved");
    let again = client.save_artifact(once).await.expect("a repetition");
    assert_eq!(again, pb::SaveArtifactResponse { duplicate: true, ..third });
    let in_folder = pb::SaveArtifactRequest { name: "sub/shot.png".into(), ..request.clone() };
    let refused = client.save(in_folder).await.expect_err("an attachment's name has one part");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let both = pb::SaveArtifactRequest { versioned: true, ..request };
    assert_refused(client.save(both).await, Code::InvalidArgument, "INVALID_FIELD", "attachment");
    let gone = pb::DeleteArtifactRequest { path: first.path.clone(), ..delete("") };
    assert!(client.delete_artifact(gone).await.expect("deleted").existed);
    assert!(!server.root().join("p/t").join(&first.path).exists());
    assert_eq!(client.artifacts("p", "t").await.len(), 2);
}

#[tokio::test]
async fn a_deleted_artifact_is_gone_and_its_neighbours_stay() {
    let (server, mut client) = with_task().await;
    for name in ["a.txt", "sub/b.txt", "sub/c.txt"] {
        client.save(new(name, name)).await.expect("saved");
    }
    assert!(client.delete_artifact(delete("sub/b.txt")).await.expect("deleted").existed);
    assert!(!server.root().join("p/t/artifacts/sub/b.txt").exists());
    let refused = client.delete_artifact(delete("sub/b.txt")).await;
    assert_refused(refused, Code::NotFound, "ARTIFACT_NOT_FOUND", "sub/b.txt");
    assert_eq!(paths(&mut client).await, ["artifacts/a.txt", "artifacts/sub/c.txt"]);
    let by_path = pb::DeleteArtifactRequest { path: "artifacts/a.txt".into(), ..delete("") };
    assert!(client.delete_artifact(by_path).await.expect("deleted").existed);
    assert_eq!(paths(&mut client).await, ["artifacts/sub/c.txt"]);
    client.save(new("sub/b.txt", "again")).await.expect("its name is free");
    assert_eq!(client.content("p", "t", "sub/b.txt").await, b"again");
}

#[tokio::test]
async fn names_that_are_nothing_but_an_ending_of_others_files_are_refused() {
    let (server, mut client) = with_task().await;
    for name in [".tmp", ".lock", "sub/.tmp", "sub/.lock", ".archived", ".torn", ".tmp/x"] {
        for (versioned, attachment) in [(false, false), (true, false), (false, true)] {
            let request = pb::SaveArtifactRequest { versioned, attachment, ..new(name, "x") };
            let refused = client.save(request).await;
            assert_refused(refused, Code::InvalidArgument, "INVALID_ID", "name");
        }
    }
    assert!(!server.root().join("p/t/artifacts").exists());
    assert!(paths(&mut client).await.is_empty());
}

#[tokio::test]
async fn a_repeated_save_with_its_request_id_does_not_overwrite_a_newer_one() {
    let (mut server, mut client) = with_task().await;
    let with_id =
        |data: &str| pb::SaveArtifactRequest { request_id: "one".into(), ..new("a.txt", data) };
    let first = client.save_artifact(with_id("old")).await.expect("saved");
    assert!(!first.duplicate);
    let again = client.save_artifact(with_id("old")).await.expect("a repetition");
    assert_eq!(again, pb::SaveArtifactResponse { duplicate: true, ..first });
    let newer = client.save(new("a.txt", "newer")).await.expect("saved");
    for _ in 0..2 {
        let again = client.save_artifact(with_id("old")).await.expect("a repetition");
        assert_eq!((again.duplicate, again.artifact), (true, Some(newer.clone())));
        let elsewhere = pb::SaveArtifactRequest { name: "b.txt".into(), ..with_id("old") };
        for reused in [with_id("other"), elsewhere] {
            let refused = client.save_artifact(reused).await;
            assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "one");
        }
        assert_eq!(client.content("p", "t", "a.txt").await, b"newer");
        assert_eq!(paths(&mut client).await, ["artifacts/a.txt"]);
        server.restart();
        client = StorageClient::connect(&server).await;
    }
}
