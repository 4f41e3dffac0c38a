//! Large files: the server's memory does not grow with them.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};

use callboard::grpc::pb;

use super::{Chunks, append, read, read_all, with_run};

/// What the server may take at most, in KiB.
const MEMORY_KIB_MAX: u64 = 120 << 10;

/// Returns the most memory that a process has had, in KiB.
fn memory_peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process of ours");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    peak.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// A GiB in full when `CALLBOARD_ROUNDS` asks for much, else 128 MiB of its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_a_gib_is_read_with_little_memory() {
    const SIZE: u64 = 1 << 30;
    let (server, mut client, folder) = with_run().await;
    let mut file = fs::File::create(folder.join("agent-stdout.txt")).expect("a file");
    file.set_len(SIZE).expect("its length");
    let line = "one of the last lines €\n";
    let text = line.repeat(10_000);
    file.seek(SeekFrom::Start(SIZE - text.len() as u64)).expect("a place");
    file.write_all(text.as_bytes()).expect("written");
    let in_full = std::env::var("CALLBOARD_ROUNDS").is_ok();
    let offset = if in_full { 0 } else { i64::try_from(SIZE).expect("a size") - (128 << 20) };
    let request = pb::ReadRunFileRequest { offset, ..read("stdout") };
    let mut chunks = Chunks::open(&mut client, request).await;
    let mut end = Vec::new();
    while let Some(chunk) = chunks.next().await {
        end = [&end[end.len().saturating_sub(text.len())..], &chunk.chunk[..]].concat();
    }
    assert_eq!(chunks.next, i64::try_from(SIZE).expect("a size"));
    assert!(end.ends_with(text.as_bytes()));
    // One less than there are: before the first stand zeros, and no break.
    let request = pb::ReadRunFileRequest { tail_lines: 9_999, ..read("stdout") };
    assert!(read_all(&mut client, request).await == text.as_bytes()[line.len()..]);
    let peak = memory_peak(server.pid());
    assert!(peak < MEMORY_KIB_MAX, "{peak} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_chunks_are_appended_with_little_memory() {
    const CHUNK: usize = 1 << 20;
    let (server, mut client, folder) = with_run().await;
    for n in 0..64_u8 {
        let chunk = vec![n; CHUNK];
        let offset = i64::from(n) << 20;
        let answer = client.append_run_output(append("stdout", Some(offset), &chunk)).await;
        assert_eq!(answer.expect("appended").next_offset, offset + (1 << 20));
    }
    let content = fs::read(folder.join("agent-stdout.txt")).expect("the file");
    assert_eq!(content.len(), 64 * CHUNK);
    for (n, chunk) in content.chunks(CHUNK).enumerate() {
        assert!(chunk.iter().all(|byte| usize::from(*byte) == n), "chunk {n}");
    }
    let peak = memory_peak(server.pid());
    assert!(peak < MEMORY_KIB_MAX, "{peak} KiB");
}
