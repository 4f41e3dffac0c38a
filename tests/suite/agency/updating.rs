//! Changes of what is kept of a run.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use callboard::grpc::pb;
use pb::run_meta::{Archive, Flags, Setup};
use tokio::task::JoinSet;
use tonic::Code;

use super::{file, least, put, text, time, with_run};
use crate::client::{assert_refused, reason};
use crate::server::Server;
use crate::storage_client::StorageClient;

/// As another program may have written it: numbers of any size, keys at every level.
const FOREIGN: &str = r#"{
  "schema_version": "1.1",
  "run_id": "r",
  "repo_id": "repo",
  "title": "old",
  "mine": {"deep": [9007199254740993, 1.10, 1e400]},
  "created_at": "2026-01-02T03:04:05Z",
  "flags": {
    "tmux_failed": true,
    "flag_of_mine": "x"
  },
  "setup": {
    "command": "make",
    "exit_code": 2,
    "duration_ms": 5,
    "setup_of_mine": 9007199254740993
  },
  "archive": {
    "archived_at": "2026-01-06T00:00:00Z",
    "archive_of_mine": null
  }
}
"#;

#[tokio::test]
async fn the_given_fields_change_and_others_and_unknown_keys_at_every_level_stay() {
    let (server, mut client) = with_run().await;
    let path = put(&server, "r", "meta.json", FOREIGN);
    let before = client.meta("r").await.expect("the metadata");
    let new = pb::RunMeta {
        branch: "agency/new".into(),
        flags: Some(Flags { abandoned: true, ..Flags::default() }),
        setup: Some(Setup { exit_code: 0, output_summary: "ok".into(), ..Setup::default() }),
        archive: Some(Archive { merged_at: time("2026-02-01T00:00:00Z"), archived_at: None }),
        ..Default::default()
    };
    let paths = [
        "branch",
        "flags.abandoned",
        "setup.exit_code",
        "setup.output_summary",
        "archive.merged_at",
    ];
    let meta = client.set_meta("r", new, &paths).await.expect("set");
    let expected = pb::RunMeta {
        branch: "agency/new".into(),
        flags: Some(Flags { tmux_failed: true, abandoned: true, ..Flags::default() }),
        setup: Some(Setup {
            exit_code: 0,
            output_summary: "ok".into(),
            ..before.setup.clone().expect("a setup")
        }),
        archive: Some(Archive {
            archived_at: time("2026-01-06T00:00:00Z"),
            merged_at: time("2026-02-01T00:00:00Z"),
        }),
        etag: meta.etag.clone(),
        ..before.clone()
    };
    assert_eq!(meta, expected);
    assert_ne!(meta.etag, before.etag);
    assert_eq!(client.meta("r").await.expect("the metadata"), meta);
    let written = text(&path);
    let squeezed: String = written.split_whitespace().collect();
    for kept in [
        r#""mine":{"deep":[9007199254740993,1.10,1e400]}"#,
        r#""flag_of_mine":"x""#,
        r#""setup_of_mine":9007199254740993"#,
        r#""archive_of_mine":null"#,
        r#""schema_version":"1.1""#,
    ] {
        assert!(squeezed.contains(kept), "no {kept} in {written}");
    }
}

/// What cannot be emptied.
const EVERY_RUN_HAS: [&str; 6] =
    ["repo_id", "title", "runner", "runner_cmd", "worktree_path", "created_at"];

#[tokio::test]
async fn each_field_is_changed_by_its_mask_alone_and_emptied_by_it() {
    let (_server, mut client) = with_run().await;
    let full = pb::RunMeta {
        repo_id: "repo".into(),
        title: "title".into(),
        runner: "codex".into(),
        runner_cmd: "codex exec".into(),
        parent_branch: "main".into(),
        branch: "agency/x".into(),
        worktree_path: "/usr/bin".into(),
        created_at: time("2020-01-01T00:00:00Z"),
        tmux_session_name: "tmux".into(),
        flags: Some(Flags { setup_failed: true, ..Flags::default() }),
        setup: Some(Setup { command: "make".into(), ..Setup::default() }),
        pr_number: 7,
        pr_url: "https://example.org/7".into(),
        last_push_at: time("2020-01-02T00:00:00Z"),
        last_verify_at: time("2020-01-03T00:00:00Z"),
        last_report_sync_at: time("2020-01-04T00:00:00Z"),
        last_report_hash: "hash".into(),
        archive: Some(Archive { archived_at: time("2020-01-05T00:00:00Z"), merged_at: None }),
        ..Default::default()
    };
    type Copy = fn(&mut pb::RunMeta, &pb::RunMeta);
    let fields: [(&str, Copy); 18] = [
        ("repo_id", |to, from| to.repo_id.clone_from(&from.repo_id)),
        ("title", |to, from| to.title.clone_from(&from.title)),
        ("runner", |to, from| to.runner.clone_from(&from.runner)),
        ("runner_cmd", |to, from| to.runner_cmd.clone_from(&from.runner_cmd)),
        ("parent_branch", |to, from| to.parent_branch.clone_from(&from.parent_branch)),
        ("branch", |to, from| to.branch.clone_from(&from.branch)),
        ("worktree_path", |to, from| to.worktree_path.clone_from(&from.worktree_path)),
        ("created_at", |to, from| to.created_at = from.created_at),
        ("tmux_session_name", |to, from| to.tmux_session_name.clone_from(&from.tmux_session_name)),
        ("flags", |to, from| to.flags.clone_from(&from.flags)),
        ("setup", |to, from| to.setup.clone_from(&from.setup)),
        ("pr_number", |to, from| to.pr_number = from.pr_number),
        ("pr_url", |to, from| to.pr_url.clone_from(&from.pr_url)),
        ("last_push_at", |to, from| to.last_push_at = from.last_push_at),
        ("last_verify_at", |to, from| to.last_verify_at = from.last_verify_at),
        ("last_report_sync_at", |to, from| to.last_report_sync_at = from.last_report_sync_at),
        ("last_report_hash", |to, from| to.last_report_hash.clone_from(&from.last_report_hash)),
        ("archive", |to, from| to.archive = from.archive),
    ];
    let mut expected = client.meta("r").await.expect("the metadata");
    for (path, copy) in fields {
        copy(&mut expected, &full);
        let meta = client.set_meta("r", full.clone(), &[path]).await.expect(path);
        assert_ne!(meta.etag, expected.etag, "{path}");
        expected.etag.clone_from(&meta.etag);
        assert_eq!(meta, expected, "{path}");
    }
    for (path, copy) in fields {
        if EVERY_RUN_HAS.contains(&path) {
            continue;
        }
        copy(&mut expected, &pb::RunMeta::default());
        let meta = client.set_meta("r", pb::RunMeta::default(), &[path]).await.expect(path);
        expected.etag.clone_from(&meta.etag);
        assert_eq!(meta, expected, "{path} emptied");
    }
    for path in ["run_id", "etag", "schema_version", "problem", "nothing", "flags.x", "setup.", ""]
    {
        let refused = client.set_meta("r", full.clone(), &[path]).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "update_mask");
    }
    let refused = client.set_meta("r", pb::RunMeta::default(), &[]).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "nothing to change");
    assert_eq!(client.meta("r").await.expect("the metadata"), expected);
}

#[tokio::test]
async fn without_a_mask_what_is_not_empty_changes() {
    let (_server, mut client) = with_run().await;
    let first = pb::RunMeta {
        title: "one".into(),
        flags: Some(Flags { needs_attention: true, ..Flags::default() }),
        setup: Some(Setup { command: "make".into(), exit_code: 3, ..Setup::default() }),
        ..Default::default()
    };
    client.set_meta("r", first, &[]).await.expect("set");
    let second = pb::RunMeta {
        branch: "b".into(),
        flags: Some(Flags { abandoned: true, ..Flags::default() }),
        setup: Some(Setup { duration_ms: 9, ..Setup::default() }),
        ..Default::default()
    };
    let meta = client.set_meta("r", second, &[]).await.expect("set");
    assert_eq!((meta.title.as_str(), meta.branch.as_str()), ("one", "b"));
    let flags = Flags { needs_attention: true, abandoned: true, ..Flags::default() };
    assert_eq!(meta.flags, Some(flags));
    let setup = Setup { command: "make".into(), exit_code: 3, duration_ms: 9, ..Setup::default() };
    assert_eq!(meta.setup, Some(setup.clone()));
    // Named, a setup is what it is as a whole.
    let third = Some(Setup { duration_ms: 1, ..Setup::default() });
    let third = pb::RunMeta { setup: third, ..Default::default() };
    let meta = client.set_meta("r", third.clone(), &["setup"]).await.expect("set");
    assert_eq!(meta.setup, third.setup);
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_changes_nothing() {
    let (server, mut client) = with_run().await;
    let first = client.meta("r").await.expect("the metadata").etag;
    let titled = |title: &str, etag: &str| pb::RunMeta {
        title: title.into(),
        etag: etag.into(),
        ..Default::default()
    };
    let second = client.set_meta("r", titled("two", &first), &[]).await.expect("set").etag;
    let written = text(&file(&server, "r", "meta.json"));
    let refused = client.set_meta("r", titled("three", &first), &[]).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "meta.json");
    // A foreign change is one, too.
    fs::write(file(&server, "r", "meta.json"), written.replace("two", "foreign")).expect("written");
    let refused = client.set_meta("r", titled("three", &second), &[]).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "meta.json");
    assert_eq!(client.meta("r").await.expect("the metadata").title, "foreign");
}

/// The original keeps 28 of 200. Meanwhile whoever reads the file itself sees it whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_of_25_increments_lose_none_of_200_and_no_reader_sees_a_part() {
    let (server, mut client) = with_run().await;
    let path = file(&server, "r", "meta.json");
    let over = Arc::new(AtomicBool::new(false));
    let reader = thread::spawn({
        let over = Arc::clone(&over);
        move || read_until(&path, &over)
    });
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let mut client = StorageClient::connect(&server).await;
        writers.spawn(async move {
            for n in 0..25 {
                count_up(&mut client, &format!("{writer}.{n}")).await;
            }
        });
    }
    writers.join_all().await;
    over.store(true, Ordering::SeqCst);
    let seen = reader.join().expect("each content was whole");
    let meta = client.meta("r").await.expect("the metadata");
    assert_eq!(meta.pr_number, 200);
    assert!(seen > 1, "the reader saw {seen} contents");
}

/// Counts up with an etag, until nobody comes between.
async fn count_up(client: &mut StorageClient, title: &str) {
    loop {
        let meta = client.meta("r").await.expect("the metadata");
        let next = pb::RunMeta {
            pr_number: meta.pr_number + 1,
            title: title.into(),
            etag: meta.etag,
            ..Default::default()
        };
        match client.set_meta("r", next, &["pr_number", "title"]).await {
            Ok(_) => return,
            Err(refused) => assert_eq!(reason(&refused), "ETAG_MISMATCH", "{refused:?}"),
        }
    }
}

/// Reads a file again and again; returns how many contents it had.
fn read_until(path: &Path, over: &AtomicBool) -> usize {
    let (mut last, mut seen) = (String::new(), 0);
    while !over.load(Ordering::SeqCst) {
        let now = text(path);
        let value: serde_json::Value =
            serde_json::from_str(&now).unwrap_or_else(|error| panic!("{error} in {now:?}"));
        assert_eq!(value["worktree_path"], super::WORKTREE);
        assert!(now.ends_with("}\n"), "{now:?}");
        if now != last {
            seen += 1;
            last = now;
        }
    }
    seen
}

#[tokio::test]
async fn a_meta_that_is_missing_is_created_and_one_that_went_away_anew() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    for title in ["first", "again"] {
        let new = pb::RunMeta { title: title.into(), ..least() };
        let made = client.set_meta("r", new, &[]).await.expect("made");
        assert_eq!((made.title.as_str(), made.schema_version.as_str()), (title, "1.0"));
        assert!(made.created_at.is_some());
        assert_eq!(client.meta("r").await.expect("the metadata"), made);
        fs::remove_file(file(&server, "r", "meta.json")).expect("removed");
    }
    // Never where an etag says that one was there.
    let stale = pb::RunMeta { etag: "0".repeat(32), ..least() };
    let refused = client.set_meta("r", stale, &[]).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "meta.json");
    assert!(!file(&server, "r", "meta.json").exists());
}

#[tokio::test]
async fn bad_values_are_refused_and_change_nothing() {
    let (server, mut client) = with_run().await;
    let before = text(&file(&server, "r", "meta.json"));
    let cases = [
        (pb::RunMeta { pr_number: -1, ..Default::default() }, "INVALID_FIELD"),
        (pb::RunMeta { runner: "x".repeat(129), ..Default::default() }, "TOO_LARGE"),
        (pb::RunMeta { runner_cmd: "x".repeat(65_537), ..Default::default() }, "TOO_LARGE"),
        (pb::RunMeta { pr_url: "x".repeat(4097), ..Default::default() }, "TOO_LARGE"),
        (pb::RunMeta { title: "a\0b".into(), ..Default::default() }, "INVALID_FIELD"),
        (
            pb::RunMeta { etag: "x".into(), title: "x".into(), ..Default::default() },
            "INVALID_FIELD",
        ),
    ];
    for (meta, expected) in cases {
        let refused = client.set_meta("r", meta, &[]).await;
        assert_refused(refused, Code::InvalidArgument, expected, "");
    }
    let relative = pb::RunMeta { worktree_path: "usr".into(), ..Default::default() };
    let refused = client.set_meta("r", relative, &[]).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "worktree_path");
    for path in EVERY_RUN_HAS {
        let emptied = client.set_meta("r", pb::RunMeta::default(), &[path]).await;
        let expected = if path == "worktree_path" { "REQUIRED_FIELD" } else { "INVALID_FIELD" };
        assert_refused(emptied, Code::InvalidArgument, expected, path);
    }
    assert_eq!(text(&file(&server, "r", "meta.json")), before);
}
