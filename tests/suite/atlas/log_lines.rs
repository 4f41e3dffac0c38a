//! Lines of a log that are no entries of ours: too long, or too odd for other readers of
//! JSON.

use tonic::Code;

use super::task_log::{Followed, append_directly, read, sound};
use super::{nested, put, with_task};
use crate::client::assert_refused;

#[tokio::test]
async fn entries_that_other_readers_would_choke_on_are_refused_and_read_when_they_are_anothers() {
    let (server, mut client) = with_task().await;
    let file = server.root().join("p/t/task.log");
    let deep = nested(101);
    let halves = ["{\"a\":\"\\ud800\"}", "{\"\\udc00x\":1}", "{\"a\":[\"\\ud83d \\ude00\"]}"];
    for bad in halves.into_iter().chain([deep.as_str()]) {
        let refused = client.log("p", "t", &["{}", bad]).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "entries");
        assert!(!file.exists(), "{bad}");
    }
    let allowed = [nested(100), "{\"a\":\"\\ud83d\\ude00\"}".to_owned()];
    client.log("p", "t", &[&allowed[0], &allowed[1]]).await.expect("appended");
    let deepest = nested(30_000);
    let theirs = [halves[0], halves[1], halves[2], &deep, &deepest];
    append_directly(&file, (theirs.join("\n") + "\n").as_bytes());
    let entries = client.read_log("p", "t").await;
    assert_eq!(sound(&entries), [&[allowed[0].as_str(), &allowed[1]][..], &theirs].concat());
}

#[tokio::test]
async fn a_line_too_long_to_be_an_entry_comes_once_cut_and_damaged_and_reading_goes_on_behind_it() {
    // Just too long, more than is read at once, and many times that.
    for length in [64 << 10, (64 << 10) + 1, 300 << 10, (1 << 20) - 1, 3 << 20] {
        let (server, mut client) = with_task().await;
        let long = format!("{{\"long\":\"{}\"}}", "x".repeat(length - 11));
        assert_eq!(long.len(), length);
        let content = format!("{{\"n\":1}}\n{long}\n{{\"n\":2}}\n");
        put(server.root(), "p/t/task.log", &content);
        let mut parts = client.0.read_task_log(read(0)).await.expect("a log").into_inner();
        let (mut entries, mut resumed) = (Vec::new(), Vec::new());
        while let Some(part) = parts.message().await.expect("the stream goes on") {
            let is_past = part.entries.iter().any(|entry| entry.damaged);
            let behind = i64::try_from(content.len() - "{\"n\":2}\n".len()).expect("an offset");
            if is_past {
                assert!(part.next_offset >= behind, "{length}: {}", part.next_offset);
            }
            resumed.push((part.next_offset, entries.len() + part.entries.len()));
            entries.extend(part.entries);
        }
        let shown: Vec<_> = entries.iter().map(|it| (it.offset, it.damaged)).collect();
        let second = i64::try_from(9 + length).expect("an offset");
        assert_eq!(shown, [(0, false), (8, true), (second, false)], "{length}");
        assert_eq!(entries[1].entry, long[..(64 << 10) - 1], "its beginning");
        // Whoever goes on from any of these places misses nothing, and gets nothing twice.
        for (next_offset, count) in resumed {
            let mut rest = Vec::new();
            let mut parts =
                client.0.read_task_log(read(next_offset)).await.expect("it").into_inner();
            while let Some(part) = parts.message().await.expect("the stream goes on") {
                rest.extend(part.entries);
            }
            assert_eq!(rest, entries[count..], "{length}: from {next_offset}");
        }
        let mut followed = Followed::open(&mut client, 0).await;
        assert_eq!(followed.entries(3).await, entries, "{length}: followed");
    }
}
