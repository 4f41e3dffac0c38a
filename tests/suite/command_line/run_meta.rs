//! `callboard run meta`, `run event` and `run create --meta`.

use std::fs;

use super::{code, create_run, json, stderr, stdout, with_stdin};
use crate::server::Server;

const CREATE: [&str; 5] = ["run", "create", "--project=p", "--task=t", "--agent=claude"];

#[test]
fn a_run_is_created_with_its_meta_and_shown_with_it() {
    let server = Server::start();
    let worktree = server.root().display().to_string();
    let create = [&CREATE[..], &["--run=r", "--meta", "-"]].concat();
    let meta = serde_json::json!({
        "schema_version": "1.0",
        "name": "fix it",
        "branch": "fix-1",
        "worktree_path": worktree,
        "created_at": "2026-01-02T03:04:05+01:00",
        "setup": {"exit_code": 0, "duration_ms": 5},
        "theirs": [1],
    });
    let output = with_stdin(server.command(&create), meta.to_string().as_bytes());
    assert_eq!((code(&output), stdout(&output)), (0, "r\n"), "{}", stderr(&output));
    let text = server.ok(&["run", "meta", "--run=r"]);
    for line in [
        "title:            fix it",
        "branch:           fix-1",
        &format!("worktree_path:    {worktree}"),
        "created_at:       2026-01-02T02:04:05Z",
        "setup.exit_code:  0",
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let shown = |line: &str| line.split_whitespace().eq(words.iter().copied());
        assert!(text.lines().any(shown), "{line}\n{text}");
    }
    let table = server.ok(&["runs", "--project=p", "--meta"]);
    assert!(
        table.lines().all(|line| line.ends_with("  BRANCH") || line.ends_with("  fix-1")),
        "{table}"
    );
    assert_eq!(
        json(&server.ok(&["runs", "--everything", "--meta", "--json"]))["meta"]["branch"],
        "fix-1"
    );

    for (meta, expected, problem) in [
        (r#"{"worktree_path":"/nonexistent"}"#, 1, "[WORKTREE_MISSING]\n  make the worktree first"),
        ("{}", 1, "[REQUIRED_FIELD]"),
        ("{\"worktree_path\":\"src\"}", 1, "it must be an absolute path [INVALID_FIELD]"),
        ("\u{feff}{}", 1, "[REQUIRED_FIELD]"),
        (r#"{"pr_number":"x"}"#, 2, "--meta -: "),
        ("[]", 2, "--meta -: "),
        ("{", 2, "--meta -: "),
    ] {
        let create = [&CREATE[..], &["--meta", "-"]].concat();
        let output = with_stdin(server.command(&create), meta.as_bytes());
        assert_eq!(code(&output), expected, "{meta}: {}", stderr(&output));
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
    }
    assert_eq!(server.ok(&["runs", "--everything", "--json"]).lines().count(), 1);
}

#[test]
fn single_fields_are_set_and_cleared_and_the_others_stay() {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &[]);
    let missing = server.run(&["run", "meta", "--run=r"]);
    let hint = "[RUN_NOT_FOUND]\n  callboard run meta --set worktree_path=";
    assert!(stderr(&missing).contains(hint), "{}", stderr(&missing));
    let set = |fields: &[&str]| {
        let flags = fields.iter().flat_map(|field| ["--set", field]);
        let all: Vec<&str> = ["run", "meta", "--run=r"].into_iter().chain(flags).collect();
        server.run(&all)
    };
    let worktree = format!("worktree_path={}", server.root().display());
    let output = set(&[&worktree, "pr_number=17", "flags.abandoned=true", "last_push_at=now"]);
    assert_eq!((code(&output), stdout(&output)), (0, "r\n"), "{}", stderr(&output));
    let path = server.root().join("p/t/runs/r/meta.json");
    let etag = json(&server.ok(&["run", "meta", "--run=r", "--json"]))["etag"].clone();
    let etag = etag.as_str().expect("an etag");
    let text = fs::read_to_string(&path).expect("meta.json");
    fs::write(&path, text.replacen('{', "{\n  \"theirs\": 9007199254740993,", 1)).expect("a write");
    let output = set(&["title=a=b", "flags.abandoned=", "setup.exit_code=-1"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let meta = json(&server.ok(&["run", "meta", "--run=r", "--json"]));
    assert_eq!((&meta["title"], &meta["pr_number"]), (&"a=b".into(), &17.into()));
    assert_eq!(meta["setup"]["exit_code"], -1);
    assert!(meta["flags"].is_null(), "{meta}");
    assert!(meta["last_push_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{meta}");
    assert!(fs::read_to_string(&path).expect("meta.json").contains("\"theirs\": 9007199254740993"));
    let stale = server.run(&["run", "meta", "--run=r", "--set=title=x", "--etag", etag]);
    assert!(stderr(&stale).contains("[ETAG_MISMATCH]"), "{}", stderr(&stale));
    let emptied = set(&["title="]);
    assert!(
        stderr(&emptied).contains("it cannot be empty [INVALID_FIELD]"),
        "{}",
        stderr(&emptied)
    );
    for bad in ["none=1", "pr_number=x", "run_id=x", "title"] {
        assert_eq!(code(&set(&[bad])), 2, "{bad}");
    }
}

#[test]
fn events_are_appended_and_read_as_a_file_of_the_run() {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &[]);
    assert_eq!(server.ok(&["run", "event", "--run=r", "pushed", "--data={\"n\":1.10}"]), "0\n");
    let once =
        ["run", "event", "--run=r", "merged", "--at=2026-01-02", "--repo=x", "--request-id=i"];
    let first = server.ok(&once);
    assert_eq!(server.ok(&once), first);
    let events = server.ok(&["logs", "--run=r", "--file=events"]);
    let lines: Vec<&str> = events.lines().collect();
    assert_eq!(lines.len(), 2, "{events}");
    assert!(lines[0].contains("\"data\":{\"n\":1.10}"), "{events}");
    let merged = json(lines[1]);
    assert_eq!((&merged["event"], &merged["repo_id"]), (&"merged".into(), &"x".into()));
    assert!(
        merged["timestamp"].as_str().is_some_and(|at| at.starts_with("2026-01-02T00:00:00")),
        "{merged}"
    );
    assert!(server.ok(&["run", "files", "--run=r"]).contains("events "));
    assert_eq!(code(&server.run(&["run", "event", "--run=r", "two words"])), 1);
    assert_eq!(code(&server.run(&["run", "event", "--run=r", "x", "--data=[]"])), 2);
}
