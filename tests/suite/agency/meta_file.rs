//! The bytes of meta.json.

use callboard::grpc::pb;
use pb::run_meta::{Archive, Flags, Setup};
use serde_json::Value;

use super::{file, least, text, time, with_meta, with_run};
use crate::server::Server;
use crate::storage_client::StorageClient;

/// With every field.
fn full() -> pb::RunMeta {
    pb::RunMeta {
        repo_id: "repo".into(),
        title: "fix \"it\"".into(),
        runner: "claude".into(),
        runner_cmd: "claude --flag 'a b'".into(),
        parent_branch: "main".into(),
        branch: "agency/fix".into(),
        created_at: time("2026-01-02T03:04:05.500Z"),
        tmux_session_name: "agency_r".into(),
        flags: Some(Flags {
            setup_failed: true,
            tmux_failed: true,
            needs_attention: true,
            needs_attention_reason: "look".into(),
            abandoned: true,
        }),
        setup: Some(Setup {
            command: "make setup".into(),
            exit_code: 0,
            duration_ms: 1200,
            timed_out: true,
            log_path: "logs/setup.log".into(),
            output_ok: Some(false),
            output_summary: "no".into(),
        }),
        pr_number: 7,
        pr_url: "https://example.org/7".into(),
        last_push_at: time("2026-01-03T00:00:00Z"),
        last_verify_at: time("2026-01-04T00:00:00Z"),
        last_report_sync_at: time("2026-01-05T00:00:00Z"),
        last_report_hash: "abc".into(),
        archive: Some(Archive {
            archived_at: time("2026-01-06T00:00:00Z"),
            merged_at: time("2026-01-07T00:00:00Z"),
        }),
        ..least()
    }
}

const FULL: &str = r#"{
  "schema_version": "1.0",
  "run_id": "r",
  "repo_id": "repo",
  "title": "fix \"it\"",
  "runner": "claude",
  "runner_cmd": "claude --flag 'a b'",
  "parent_branch": "main",
  "branch": "agency/fix",
  "worktree_path": "/usr",
  "created_at": "2026-01-02T03:04:05.5Z",
  "tmux_session_name": "agency_r",
  "flags": {
    "setup_failed": true,
    "tmux_failed": true,
    "needs_attention": true,
    "needs_attention_reason": "look",
    "abandoned": true
  },
  "setup": {
    "command": "make setup",
    "exit_code": 0,
    "duration_ms": 1200,
    "timed_out": true,
    "log_path": "logs/setup.log",
    "output_ok": false,
    "output_summary": "no"
  },
  "pr_number": 7,
  "pr_url": "https://example.org/7",
  "last_push_at": "2026-01-03T00:00:00Z",
  "last_verify_at": "2026-01-04T00:00:00Z",
  "last_report_sync_at": "2026-01-05T00:00:00Z",
  "last_report_hash": "abc",
  "archive": {
    "archived_at": "2026-01-06T00:00:00Z",
    "merged_at": "2026-01-07T00:00:00Z"
  }
}
"#;

const REQUIRED: [&str; 10] = [
    "schema_version",
    "run_id",
    "repo_id",
    "title",
    "runner",
    "runner_cmd",
    "parent_branch",
    "branch",
    "worktree_path",
    "created_at",
];

fn keys(text: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(text).expect("JSON");
    value.as_object().expect("an object").keys().cloned().collect()
}

#[tokio::test]
async fn every_field_is_written_in_order_indented_by_two_with_a_final_newline_and_comes_back() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let made = client.create_run(with_meta("r", full())).await.expect("a run").run;
    assert_eq!(text(&file(&server, "r", "meta.json")), FULL);
    let meta = client.meta("r").await.expect("the metadata");
    let expected = pb::RunMeta {
        schema_version: "1.0".into(),
        run_id: "r".into(),
        etag: meta.etag.clone(),
        ..full()
    };
    assert_eq!(meta, expected);
    assert!(!meta.etag.is_empty());
    assert_eq!(made.expect("the run").meta, Some(expected));
}

#[tokio::test]
async fn without_more_there_are_the_ten_required_fields_and_none_of_the_others() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let request =
        pb::CreateRunRequest { commandline: "claude -p x".into(), ..with_meta("r", least()) };
    client.create_run(request).await.expect("a run");
    let written = text(&file(&server, "r", "meta.json"));
    assert_eq!(keys(&written), REQUIRED);
    assert!(written.starts_with("{\n  \"schema_version\": \"1.0\",\n"), "{written}");
    assert!(written.ends_with("Z\"\n}\n"), "{written}");
    // What was left open is taken from the run.
    let meta = client.meta("r").await.expect("the metadata");
    assert_eq!((meta.repo_id.as_str(), meta.title.as_str()), ("p", "r"));
    assert_eq!((meta.runner.as_str(), meta.runner_cmd.as_str()), ("claude", "claude -p x"));
    assert_eq!((meta.parent_branch.as_str(), meta.branch.as_str()), ("", ""));
    assert!(meta.created_at.is_some());
    assert_eq!((meta.flags, meta.setup, meta.archive), (None, None, None));
    // Groups of which nothing is said are no groups.
    let said_nothing =
        pb::RunMeta { flags: Some(Flags::default()), archive: Some(Archive::default()), ..least() };
    client.create_run(with_meta("nothing", said_nothing)).await.expect("a run");
    assert_eq!(keys(&text(&file(&server, "nothing", "meta.json"))), REQUIRED);
}

#[tokio::test]
async fn the_exit_code_of_a_setup_is_there_also_when_it_is_0() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for (run, exit_code) in [("zero", 0), ("two", 2)] {
        let setup = Some(Setup { exit_code, ..Setup::default() });
        client.create_run(with_meta(run, pb::RunMeta { setup, ..least() })).await.expect("a run");
        let written = text(&file(&server, run, "meta.json"));
        let setup = format!(
            "  \"setup\": {{\n    \"command\": \"\",\n    \"exit_code\": {exit_code},\n    \"duration_ms\": 0\n  }}\n}}\n"
        );
        assert!(written.ends_with(&setup), "{written}");
        let meta = client.meta(run).await.expect("the metadata");
        assert_eq!(meta.setup.expect("the setup").exit_code, exit_code);
    }
}

#[tokio::test]
async fn of_the_flags_only_those_that_are_set_are_written() {
    let (server, mut client) = with_run().await;
    let flags = Some(Flags { needs_attention: true, ..Flags::default() });
    client.set_meta("r", pb::RunMeta { flags, ..Default::default() }, &[]).await.expect("set");
    let written = text(&file(&server, "r", "meta.json"));
    assert!(
        written.ends_with("\"flags\": {\n    \"needs_attention\": true\n  }\n}\n"),
        "{written}"
    );
    let cleared = client.set_meta("r", pb::RunMeta::default(), &["flags.needs_attention"]).await;
    assert_eq!(cleared.expect("cleared").flags, None);
    assert_eq!(keys(&text(&file(&server, "r", "meta.json"))), REQUIRED);
}

#[tokio::test]
async fn times_end_in_z_whatever_zone_they_came_in() {
    let (server, mut client) = with_run().await;
    let foreign = FULL
        .replace("2026-01-02T03:04:05.5Z", "2026-01-02T05:04:05.5+02:00")
        .replace("2026-01-06T00:00:00Z", "2026-01-05T19:00:00-05:00");
    super::put(&server, "r", "meta.json", &foreign);
    let meta = client.meta("r").await.expect("the metadata");
    assert_eq!(meta.created_at, time("2026-01-02T03:04:05.500Z"));
    let archived = meta.archive.expect("an archive").archived_at;
    assert_eq!(archived, time("2026-01-06T00:00:00Z"));
    let title = pb::RunMeta { title: "fix \"it\"".into(), ..Default::default() };
    client.set_meta("r", title, &[]).await.expect("rewritten");
    assert_eq!(text(&file(&server, "r", "meta.json")), FULL);
}

#[tokio::test]
async fn the_runner_and_its_command_are_two_fields_and_stay_two() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let command = "claude --model \"opus\" \\\n  'é' $HOME && x\t#";
    let meta = pb::RunMeta { runner: "claude".into(), runner_cmd: command.into(), ..least() };
    client.create_run(with_meta("r", meta)).await.expect("a run");
    let kept = client.meta("r").await.expect("the metadata");
    assert_eq!((kept.runner.as_str(), kept.runner_cmd.as_str()), ("claude", command));
    let codex = pb::RunMeta { runner: "codex".into(), ..Default::default() };
    let kept = client.set_meta("r", codex, &[]).await.expect("set");
    assert_eq!((kept.runner.as_str(), kept.runner_cmd.as_str()), ("codex", command));
    let other = pb::RunMeta { runner_cmd: "codex exec".into(), ..Default::default() };
    let kept = client.set_meta("r", other, &[]).await.expect("set");
    assert_eq!((kept.runner.as_str(), kept.runner_cmd.as_str()), ("codex", "codex exec"));
    let value: Value = serde_json::from_str(&text(&file(&server, "r", "meta.json"))).expect("JSON");
    assert_eq!((&value["runner"], &value["runner_cmd"]), (&"codex".into(), &"codex exec".into()));
}
