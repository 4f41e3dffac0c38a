//! Reading from a place on, and the last lines.

use std::fs;

use callboard::grpc::pb;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{Chunks, append, read, read_all, with_run};
use crate::client::assert_refused;

fn tail(lines: i32) -> pb::ReadRunFileRequest {
    pb::ReadRunFileRequest { tail_lines: lines, ..read("stdout") }
}

#[tokio::test]
async fn the_last_lines_are_those_that_tail_would_give() {
    let (_server, mut client, folder) = with_run().await;
    let path = folder.join("agent-stdout.txt");
    let long = "x".repeat(200_000);
    let many: String = (0..30_000).map(|n| format!("line {n}\n")).collect();
    // A break where blocks of 64 KiB meet, seen from the end.
    let met = format!("first\n{}\n{}", "a".repeat(100), "b".repeat((64 << 10) - 1));
    let contents = [
        "",
        "\n",
        "\n\n\n",
        "one",
        "one\n",
        "one\ntwo",
        "one\ntwo\n",
        "one\n\n\ntwo\n\n",
        "one\r\ntwo\r\n",
        &format!("short\n{long}\n{long}"),
        &format!("{long}\nlast\n"),
        &many,
        &met,
        &format!("{met}\n"),
    ];
    for content in contents {
        fs::write(&path, content).expect("written");
        let lines: Vec<&str> = content.split_inclusive('\n').collect();
        for count in [0, 1, 2, 3, 100, 29_999, 30_000, 30_001, 100_000] {
            let expected = match count {
                0 => content.to_owned(),
                count => lines[lines.len().saturating_sub(count)..].concat(),
            };
            let request = tail(i32::try_from(count).expect("a count"));
            let got = String::from_utf8(read_all(&mut client, request).await).expect("text");
            let shown: String = content.chars().take(40).collect();
            assert!(got == expected, "{count} of {shown:?}: {} bytes", got.len());
        }
    }
    let refused = client.0.read_run_file(tail(100_001)).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "TAIL_LINES_MAX");
    let refused = client.0.read_run_file(tail(-1)).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "tail_lines");
    let both = pb::ReadRunFileRequest { offset: 1, ..tail(1) };
    let refused = client.0.read_run_file(both).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "tail_lines");
}

#[tokio::test]
async fn reading_begins_at_an_offset_and_is_refused_behind_the_end() {
    let (_server, mut client, _) = with_run().await;
    let from = |offset| pb::ReadRunFileRequest { offset, ..read("stdout") };
    let refused = client.0.read_run_file(from(0)).await;
    assert_refused(refused, Code::NotFound, "RUN_FILE_NOT_FOUND", "stdout");
    client.append_run_output(append("stdout", None, b"hello")).await.expect("appended");
    for (offset, expected) in [(0, &b"hello"[..]), (3, b"lo"), (5, b"")] {
        assert_eq!(read_all(&mut client, from(offset)).await, expected);
    }
    for follow in [false, true] {
        let request = pb::ReadRunFileRequest { follow, ..from(6) };
        let status = client.0.read_run_file(request).await.expect_err("a refusal");
        let size = status.get_details_error_info().expect("its info").metadata["size"].clone();
        assert_eq!(size, "5");
        assert_refused(Err::<(), _>(status), Code::Aborted, "OFFSET_MISMATCH", "stdout");
    }
    let refused = client.0.read_run_file(from(-1)).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "offset");
    // A run that has ended gets no file any more, so that nobody waits for one.
    client.end("r", "completed").await.expect("an end");
    let request = pb::ReadRunFileRequest { follow: true, ..read("stderr") };
    let refused = client.0.read_run_file(request).await;
    assert_refused(refused, Code::NotFound, "RUN_FILE_NOT_FOUND", "stderr");
}

#[tokio::test]
async fn no_character_is_split_between_two_chunks() {
    let (_server, mut client, folder) = with_run().await;
    // Three bytes each; chunks of 256 KiB end at each place within one.
    let text = "€".repeat(400_000);
    for shift in 0..3_usize {
        let content = format!("{}{text}", "x".repeat(shift));
        fs::write(folder.join("output.md"), &content).expect("written");
        let mut chunks = Chunks::open(&mut client, read("output")).await;
        let mut got = String::new();
        let mut count = 0;
        while let Some(chunk) = chunks.next().await {
            got.push_str(std::str::from_utf8(&chunk.chunk).expect("whole characters"));
            count += 1;
        }
        assert!(got == content, "shifted by {shift}");
        assert!(count >= 5, "chunks have a bound");
    }
    // What ends within a character is given out as it is.
    fs::write(folder.join("output.md"), &text.as_bytes()[..2_000]).expect("written");
    assert_eq!(read_all(&mut client, read("output")).await, &text.as_bytes()[..2_000]);
}

#[tokio::test]
async fn what_is_no_text_comes_as_it_is() {
    let (_server, mut client, folder) = with_run().await;
    let path = folder.join("agent-stdout.txt");
    // All bytes, bytes that only continue characters, and that only begin them.
    let all: Vec<u8> = (0..=255).cycle().take(600_000).collect();
    for content in [all, vec![0x80; 600_000], vec![0xe2; 600_000], vec![0xff; 600_000]] {
        fs::write(&path, &content).expect("written");
        assert!(read_all(&mut client, read("stdout")).await == content, "{:x}", content[0]);
    }
}
