//! What servers left that died, and what was moved aside.

use std::fs;

use super::tree::{RUN, full, put};
use super::verify;
use crate::server::Server;

#[tokio::test]
async fn what_a_dead_server_left_half_way_is_found() {
    let root = full().await;
    let root = root.path();
    put(root, ".callboard/staging/20260101-0000000000-1-1/task.json", "{}");
    put(root, ".callboard/trash/20260101-0000000000-1-2/run-info.yaml", "x");
    put(root, ".callboard/.requests.4711-1.tmp", "x");
    put(root, "demo/.home-folders.md.4711-2.tmp", "x");
    put(root, "demo/job/.task.json.4711-3.tmp", "x");
    put(root, &format!("{RUN}/.run-info.yaml.4711-4.tmp"), "x");
    put(root, &format!("{RUN}/logs/.setup.log.4711-5.tmp"), "x");
    verify(root).assert_found(&[
        ".callboard/.requests.4711-1.tmp LEFTOVER",
        ".callboard/staging/20260101-0000000000-1-1 LEFTOVER",
        ".callboard/trash/20260101-0000000000-1-2 LEFTOVER",
        "demo/.home-folders.md.4711-2.tmp LEFTOVER",
        "demo/job/.task.json.4711-3.tmp LEFTOVER",
        &format!("{RUN}/.run-info.yaml.4711-4.tmp LEFTOVER"),
        &format!("{RUN}/logs/.setup.log.4711-5.tmp LEFTOVER"),
    ]);
}

#[tokio::test]
async fn what_a_server_is_at_work_on_is_not_left_over() {
    let root = full().await;
    let server = Server::start_on(root.path());
    let dead = u32::MAX >> 1;
    put(root.path(), ".callboard/staging/new/task.json", "{}");
    put(root.path(), &format!("demo/job/.task.json.{}-1.tmp", server.pid()), "x");
    put(root.path(), &format!("demo/job/.task.json.{dead}-1.tmp"), "x");
    let looked = verify(root.path());
    looked.assert_found(&[&format!("demo/job/.task.json.{dead}-1.tmp LEFTOVER")]);
    let pid = format!("beside a server (pid {})", server.pid());
    assert!(looked.stderr.contains(&pid), "{}", looked.stderr);
}

#[tokio::test]
async fn what_was_moved_aside_is_noted() {
    let root = full().await;
    let root = root.path();
    put(root, "demo/PROJECT-MESSAGE-BUS.md.20260101-0000000000-1-1.torn", "x");
    put(root, "demo/job/TASK_STATE.md.20260101-0000000000-1-1.torn", "x");
    put(root, &format!("{RUN}/run-info.yaml.20260101-0000000000-1-1.damaged"), "x");
    fs::create_dir_all(root.join(".callboard/aside/20260101-0000000000-1-1/demo")).expect("made");
    verify(root).assert_found(&[
        ".callboard/aside/20260101-0000000000-1-1 KEPT_ASIDE",
        "demo/PROJECT-MESSAGE-BUS.md.20260101-0000000000-1-1.torn KEPT_ASIDE",
        "demo/job/TASK_STATE.md.20260101-0000000000-1-1.torn KEPT_ASIDE",
        &format!("{RUN}/run-info.yaml.20260101-0000000000-1-1.damaged KEPT_ASIDE"),
    ]);
}

#[tokio::test]
async fn what_is_remembered_of_requests_is_looked_at() {
    let root = full().await;
    let file = root.path().join(".callboard/requests");
    let mut text = fs::read_to_string(&file).expect("the requests");
    let first = text.len();
    text.push_str("{\"no\":\"request\"}\n{\"request_id\":\"cut");
    let second = text.rfind('\n').expect("a line") + 1;
    fs::write(&file, text).expect("written");
    verify(root.path()).assert_found(&[
        &format!(".callboard/requests:{first} BAD_LINE"),
        &format!(".callboard/requests:{second} CUT_LINE"),
    ]);
}

#[tokio::test]
async fn zeros_that_a_power_cut_left_behind_what_is_remembered_of_requests_are_no_damage() {
    let root = full().await;
    let file = root.path().join(".callboard/requests");
    let whole = fs::read(&file).expect("the requests");
    // Of a line nothing reached the disk, or its beginning, or all but its end.
    let last = whole.trim_ascii_end().rsplit(|&byte| byte == b'\n').next().expect("a line");
    for written in [0, 5, last.len()] {
        let zeros = [0; 100];
        fs::write(&file, [&whole[..], &last[..written], &zeros].concat()).expect("written");
        let found = format!(".callboard/requests:{} CUT_LINE", whole.len());
        verify(root.path()).assert_found(&[&found]);
    }
    // With the end of a line behind them they are something else.
    fs::write(&file, [&whole[..], &[0; 100], b"\n"].concat()).expect("written");
    verify(root.path()).assert_found(&[&format!(".callboard/requests:{} BAD_LINE", whole.len())]);
}
