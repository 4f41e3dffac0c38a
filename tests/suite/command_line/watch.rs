//! `callboard watch`: a true picture in lines, across breaks.

use std::fs;

use serde_json::Value;

use super::{Running, create_run, json};
use crate::server::Server;

/// The next line without its time.
fn next(watch: &Running) -> String {
    let line = watch.stdout.next().expect("a line");
    let (time, rest) = line.split_once("  ").expect("columns");
    assert!(time.starts_with("20") && time.ends_with('Z'), "{line}");
    rest.to_owned()
}

#[test]
fn what_is_there_comes_first_and_then_each_change_once() {
    let server = Server::start();
    server.ok(&["task", "create", "--project=p", "--task=t", "--description=fix it"]);
    create_run(&server, "p", "t", "r", &[]);
    let watch = Running::start(server.command(&["watch", "--everything"]));
    watch.stderr.until("synced");
    let mut first = [next(&watch), next(&watch), next(&watch)];
    first.sort();
    assert_eq!(
        first,
        ["PROJECT  p", "RUN  p/t/r  running  remote  claude", "TASK  p/t  pending  fix it"]
    );
    server.ok(&["run", "status", "--run=r", "--status=failed", "--exit-code=3"]);
    assert_eq!(next(&watch), "RUN  p/t/r  failed  -  claude  exit=3");
    server.ok(&["run", "delete", "--run=r"]);
    assert_eq!(next(&watch), "RUN  p/t/r  deleted");
    assert_eq!(watch.interrupt(), 0);
}

#[test]
fn what_went_away_during_a_break_is_told_and_what_stayed_is_not_repeated() {
    let mut server = Server::start();
    for run in ["r-1", "r-2", "r-3"] {
        create_run(&server, "p", "t", run, &[]);
    }
    let watch = Running::start(server.command(&["watch", "--project=p", "--kind=run"]));
    watch.stderr.until("synced");
    let first = [next(&watch), next(&watch), next(&watch)];
    assert!(first.iter().all(|line| line.starts_with("RUN  p/t/r-")), "{first:?}");
    server.kill();
    watch.stderr.until("connecting again");
    fs::remove_dir_all(server.root().join("p/t/runs/r-2")).expect("the run's folder");
    server.restart();
    watch.stderr.until("synced");
    assert_eq!(next(&watch), "RUN  p/t/r-2  deleted");
    server.ok(&["run", "status", "--run=r-3", "--status=completed"]);
    assert_eq!(next(&watch), "RUN  p/t/r-3  completed  -  claude  exit=0");
    assert_eq!(watch.interrupt(), 0);
}

#[test]
fn json_frames_name_everything_again_after_a_break_and_deletions_with_it() {
    let mut server = Server::start();
    create_run(&server, "p", "t", "r-1", &[]);
    create_run(&server, "p", "t", "r-2", &[]);
    let watch = Running::start(server.command(&["watch", "--kind=run", "--json"]));
    let until_synced = || -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = json(&watch.stdout.next().expect("a frame"));
            if frame.get("synced").is_some() {
                return frames;
            }
            frames.push(frame);
        }
    };
    assert_eq!(until_synced().len(), 2);
    server.kill();
    watch.stderr.until("connecting again");
    fs::remove_dir_all(server.root().join("p/t/runs/r-1")).expect("the run's folder");
    server.restart();
    let frames = until_synced();
    assert_eq!(frames.len(), 2, "{frames:?}");
    assert_eq!(frames[0]["run"]["run_id"], "r-2");
    assert_eq!(frames[1]["deleted"]["run_id"], "r-1");
    assert_eq!(frames[1]["deleted"]["kind"], "WATCH_KIND_RUN");
    assert_eq!(watch.interrupt(), 0);
}

#[test]
fn artifacts_and_facts_are_lines_too_and_gone_with_their_task() {
    let server = Server::start();
    server.ok(&["task", "create", "--project=p", "--task=t", "--description=x"]);
    let place = ["--project=p", "--task=t"];
    let put = ["artifact", "put", "-", "--name=sub/a.json"];
    server.ok(&[&put[..], &place].concat());
    let kinds = ["watch", "--project=p", "--kind=artifact", "--kind=fact"];
    let watch = Running::start(server.command(&kinds));
    watch.stderr.until("synced");
    assert_eq!(next(&watch), "ARTIFACT  p/t/artifacts/sub/a.json  0 B");
    let add = ["fact", "add", "--project=p", "--title=ports", "--body=x"];
    let of_project = server.ok(&add);
    let of_project = of_project.trim_end();
    assert_eq!(next(&watch), format!("FACT  p/{of_project}  ports"));
    // At once as a whole: the watch would see the empty file, too.
    let written = server.root().with_file_name("foreign");
    fs::write(&written, "12345").expect("a file");
    fs::rename(written, server.root().join("p/t/artifacts/foreign")).expect("a rename");
    assert_eq!(next(&watch), "ARTIFACT  p/t/artifacts/foreign  5 B");
    server.ok(&[&["artifact", "delete", "foreign"][..], &place].concat());
    assert_eq!(next(&watch), "ARTIFACT  p/t/artifacts/foreign  deleted");
    server.ok(&[&["task", "delete"][..], &place].concat());
    assert_eq!(next(&watch), "ARTIFACT  p/t/artifacts/sub/a.json  deleted");
    fs::remove_file(server.root().join(format!("p/{of_project}.md"))).expect("the fact");
    assert_eq!(next(&watch), format!("FACT  p/{of_project}  deleted"));
    assert_eq!(watch.interrupt(), 0);
}

#[test]
fn json_frames_are_of_every_kind_unless_told_otherwise() {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &[]);
    server.ok(&["artifact", "put", "-", "--name=a", "--project=p", "--task=t"]);
    server.ok(&["fact", "add", "--project=p", "--task=t", "--title=x", "--body=x"]);
    let watch = Running::start(server.command(&["watch", "--everything", "--json"]));
    let mut kinds = Vec::new();
    loop {
        let frame = json(&watch.stdout.next().expect("a frame"));
        let kind = frame.as_object().and_then(|frame| frame.keys().next().cloned());
        match kind.as_deref() {
            Some("synced") => break,
            kind => kinds.push(kind.expect("a kind").to_owned()),
        }
    }
    kinds.sort();
    assert_eq!(kinds, ["artifact", "fact", "project", "run", "task"]);
    assert_eq!(watch.interrupt(), 0);
}
