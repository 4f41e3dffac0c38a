//! Replacing and appending.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use callboard::grpc::pb;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{append, read, read_all, with_run, write};
use crate::client::assert_refused;
use crate::storage_client::StorageClient;

/// Bytes that are no text.
fn binary() -> Vec<u8> {
    (0..70_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

#[tokio::test]
async fn a_file_is_replaced_as_a_whole_byte_for_byte() {
    let (_server, mut client, folder) = with_run().await;
    let on_disk = [
        ("prompt", "prompt.md"),
        ("output", "output.md"),
        ("stdout", "agent-stdout.txt"),
        ("stderr", "agent-stderr.txt"),
        ("logs/setup.log", "logs/setup.log"),
    ];
    for (file, name) in on_disk {
        for content in [&b"first, and longer"[..], b"", &binary(), b"\r\nlast"] {
            let answer = client.write_run_file(write(file, content)).await.expect("written");
            assert_eq!(answer.size, i64::try_from(content.len()).expect("a size"));
            assert_eq!(fs::read(folder.join(name)).expect("the file"), content);
            assert_eq!(read_all(&mut client, read(file)).await, content);
        }
        let mode = fs::metadata(folder.join(name)).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    // By its whole place as well as by its id alone.
    let placed = pb::WriteRunFileRequest {
        project_id: "demo".into(),
        task_id: "t".into(),
        ..write("output", b"placed")
    };
    client.write_run_file(placed).await.expect("written");
    assert_eq!(read_all(&mut client, read("output")).await, b"placed");
}

#[tokio::test]
async fn an_append_that_is_repeated_is_a_duplicate_and_one_that_was_cut_off_is_completed() {
    let (_server, mut client, folder) = with_run().await;
    let path = folder.join("agent-stdout.txt");
    // What it is, the offset and the chunk; the next offset and whether it was there.
    type Step = (&'static str, Option<i64>, &'static [u8], i64, bool);
    let steps: [Step; 10] = [
        ("first", Some(0), b"hello ", 6, false),
        ("repeated", Some(0), b"hello ", 6, true),
        ("a prefix of it", Some(0), b"hel", 3, true),
        ("in the middle", Some(2), b"llo", 5, true),
        ("the next", Some(6), b"world", 11, false),
        ("partly there", Some(6), b"world, all", 16, false),
        ("all of that again", Some(6), b"world, all", 16, true),
        ("wherever it ends", None, b"!", 17, false),
        ("nothing at the end", Some(17), b"", 17, false),
        ("and again, wherever it ends", None, b"!", 18, false),
    ];
    for (what, offset, chunk, next_offset, duplicate) in steps {
        let answer = client.append_run_output(append("stdout", offset, chunk)).await.expect(what);
        assert_eq!((answer.next_offset, answer.duplicate), (next_offset, duplicate), "{what}");
    }
    assert_eq!(fs::read(path).expect("the file"), b"hello world, all!!");
}

#[tokio::test]
async fn an_append_elsewhere_than_at_the_end_says_where_that_is_and_changes_nothing() {
    fn size(refused: Result<pb::AppendRunOutputResponse, Status>) -> String {
        let status = refused.expect_err("a refusal");
        let size = status.get_details_error_info().expect("its info").metadata["size"].clone();
        let none = Err::<(), _>(status);
        assert_refused(none, Code::Aborted, "OFFSET_MISMATCH", "agent-stdout.txt");
        size
    }
    async fn at(client: &mut StorageClient, offset: i64, chunk: &[u8]) -> String {
        size(client.append_run_output(append("stdout", Some(offset), chunk)).await)
    }
    let (_server, mut client, folder) = with_run().await;
    assert_eq!(at(&mut client, 1, b"x").await, "0");
    client.append_run_output(append("stdout", None, b"hello")).await.expect("appended");
    assert_eq!(at(&mut client, 6, b"x").await, "5", "behind the end");
    assert_eq!(at(&mut client, i64::MAX, b"x").await, "5", "far behind the end");
    assert_eq!(at(&mut client, 0, b"jello").await, "5", "another chunk");
    assert_eq!(at(&mut client, 0, b"hellO").await, "5", "another in its last byte");
    assert_eq!(at(&mut client, 3, b"lx and more").await, "5", "the part that is there differs");
    assert_eq!(fs::read(folder.join("agent-stdout.txt")).expect("the file"), b"hello");
    let negative = client.append_run_output(append("stdout", Some(-1), b"x")).await;
    assert_refused(negative, Code::InvalidArgument, "INVALID_FIELD", "offset");
}

/// Also by several at one time, and between appends of the agent itself.
#[tokio::test]
async fn appends_keep_what_others_append() {
    let (_server, mut client, folder) = with_run().await;
    let path = folder.join("agent-stdout.txt");
    let mut appends = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let mut client = client.clone();
        appends.spawn(async move {
            for n in 0..20 {
                let line = format!("{writer}.{n}\n");
                client
                    .append_run_output(append("stdout", None, line.as_bytes()))
                    .await
                    .expect("it");
            }
        });
    }
    let agent = std::thread::spawn({
        let path = path.clone();
        move || (0..200).for_each(|n| super::append_directly(&path, format!("a.{n}\n").as_bytes()))
    });
    appends.join_all().await;
    agent.join().expect("the agent ends");
    let text = String::from_utf8(read_all(&mut client, read("stdout")).await).expect("text");
    let mut lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 8 * 20 + 200);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 8 * 20 + 200, "each once");
    for writer in 0..8 {
        let own = text.lines().filter_map(|line| line.strip_prefix(&format!("{writer}.")));
        assert!(own.eq((0..20).map(|n| n.to_string())), "in the order of the calls");
    }
}

#[tokio::test]
async fn what_is_over_a_limit_is_refused_and_what_meets_it_is_taken() {
    let (_server, mut client, folder) = with_run().await;
    let refused = client.write_run_file(write("output", &vec![b'x'; (3 << 20) + 1])).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "RUN_FILE_BYTES_MAX");
    let refused =
        client.append_run_output(append("stdout", None, &vec![b'x'; (1 << 20) + 1])).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "RUN_OUTPUT_CHUNK_BYTES_MAX");
    for name in ["output.md", "agent-stdout.txt"] {
        assert!(!folder.join(name).exists(), "{name}");
    }
    let whole = client.write_run_file(write("output", &vec![b'x'; 3 << 20])).await;
    assert_eq!(whole.expect("written").size, 3 << 20);
    let chunk = client.append_run_output(append("stdout", None, &vec![b'x'; 1 << 20])).await;
    assert_eq!(chunk.expect("appended").next_offset, 1 << 20);
}

#[tokio::test]
async fn a_run_that_is_not_there_or_goes_has_no_files() {
    let (server, mut client, _) = with_run().await;
    let delete = pb::DeleteRunRequest { run_id: "r".into(), ..Default::default() };
    client.delete_run(delete).await.expect("removed");
    let before = super::listing(&server.root().join("demo"));
    let not_found = (Code::NotFound, "RUN_NOT_FOUND");
    let refused = client.write_run_file(write("output", b"x")).await;
    assert_refused(refused, not_found.0, not_found.1, "r");
    let refused = client.append_run_output(append("stdout", None, b"x")).await;
    assert_refused(refused, not_found.0, not_found.1, "r");
    for request in [read("stdout"), super::follow("stdout")] {
        assert_refused(client.0.read_run_file(request).await, not_found.0, not_found.1, "r");
    }
    let list = pb::ListRunFilesRequest { run_id: "r".into(), ..Default::default() };
    assert_refused(client.list_run_files(list).await, not_found.0, not_found.1, "r");
    assert_eq!(super::listing(&server.root().join("demo")), before, "and none is made");
}
