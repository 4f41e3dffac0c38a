//! Whatever the bytes are that come from outside: the properties of the fuzzers
//! (`tests/fuzz/checks`) hold of their corpus, and of what chance makes of it.

use std::collections::HashSet;
use std::fs;
use std::panic;
use std::path::Path;

use callboard::grpc::pb;

use super::simulated::random::Random;
use super::tally::{Tally, rounds};
use crate::client::{Client, bodies, message, read_of};
use crate::fuzz_checks::TARGETS;
use crate::server::Server;

/// How many mutations of each target a full run tries.
const MUTATIONS_FULL: usize = 40_000;

/// What a mutation puts in: each means something in one of the files.
const PIECES: [&[u8]; 44] = [
    b"---",
    b"---\n",
    b"\n---\n",
    b" ---\n",
    b"---\r\n",
    b"\n\n",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"msg_id: A\n",
    b"msg_id: MSG-20260223-191710-184887000-PID67946-0001\n",
    b"messageId: A\n",
    b"ts: 2026-01-01T00:00:00Z\n",
    b"type: FACT\n",
    b"project_id: p\ntask_id: t\nrun_id: r\n",
    b"body_size: 1\n",
    b"checksum: crc32c-00000000\n",
    b"stuffed: true\n",
    b"[2026-03-01 10:00:00] FACT: one\n",
    b"<!-- -->\n",
    b"status: running\n",
    b"start_time: 2026-01-02T03:04:05Z\n",
    b"\"steps\":[{\"name\":\"a\"}],",
    b"\"x\":1e400,",
    b"\\u0000",
    b"\\ud800",
    b": ",
    b"- ",
    b"# ",
    b"&a ",
    b"*a",
    b"!!str ",
    b"| ",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"'",
    b"../",
];

/// Returns a file of the corpus with one to four things done to it.
fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let place = random.below(bytes.len() + 1);
        match random.below(7) {
            0 if !bytes.is_empty() => {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            1 => bytes.truncate(place),
            2 => drop(bytes.drain(..place.min(bytes.len()))),
            3 => {
                let end = (place + 1 + random.below(40)).min(bytes.len());
                let part = bytes[place..end].to_vec();
                let times = 1 + random.below(4);
                bytes.splice(place..place, part.repeat(times));
            }
            4 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                bytes.truncate(place);
                bytes.extend_from_slice(&other[from..]);
            }
            5 => {
                let start =
                    bytes[..place].iter().rposition(|&it| it == b'\n').map_or(0, |it| it + 1);
                bytes.splice(start..start, PIECES[random.below(PIECES.len())].iter().copied());
            }
            _ => {
                let end = (place + random.below(3)).min(bytes.len());
                bytes.splice(place..end, PIECES[random.below(PIECES.len())].iter().copied());
            }
        }
    }
    bytes
}

/// Returns the files of a target's corpus, in the order of their names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() > 3, "the corpus of {target} is there");
    files.iter().map(|file| fs::read(file).expect("a file of the corpus")).collect()
}

/// Tries the bytes that `next` gives until it gives none; returns how many there were.
fn try_all(target: &str, check: fn(&[u8]), mut next: impl FnMut() -> Option<Vec<u8>>) -> usize {
    let mut tried = 0;
    while let Some(bytes) = next() {
        if let Err(cause) = panic::catch_unwind(|| check(&bytes)) {
            eprintln!("{target} of {:?}", String::from_utf8_lossy(&bytes));
            panic::resume_unwind(cause);
        }
        tried += 1;
    }
    tried
}

#[test]
fn every_target_is_a_fuzzer_with_a_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let names = |folder: &str, ending: &str| -> HashSet<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names = names.map(|name| name.into_string().expect("a name"));
        names.map(|name| name.strip_suffix(ending).expect("its ending").to_owned()).collect()
    };
    let targets: HashSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let fuzzers = folder.join("fuzz_targets");
    assert_eq!(names(fuzzers.to_str().expect("text"), ".rs"), targets);
    assert_eq!(names(folder.join("corpus").to_str().expect("text"), ""), targets);
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest");
    for target in &targets {
        assert!(manifest.contains(&format!("name = \"{target}\"\n")), "{target}");
        let fuzzer = fs::read_to_string(fuzzers.join(format!("{target}.rs"))).expect("a fuzzer");
        assert!(fuzzer.contains(&format!("check(\"{target}\", bytes)")), "{target}");
    }
}

#[test]
fn every_file_of_the_corpus_and_what_chance_makes_of_it_keeps_the_promises_of_its_format() {
    let mut tally = Tally::default();
    for (seed, (target, check)) in (1..).zip(TARGETS) {
        let corpus = corpus(target);
        let mut files = corpus.iter().cloned();
        tally.cases += try_all(target, *check, || files.next());
        let mut random = Random::new(seed);
        let mut left = rounds(MUTATIONS_FULL);
        tally.cases += try_all(target, *check, || {
            left = left.checked_sub(1)?;
            Some(mutated(&corpus, &mut random))
        });
    }
    tally.settle(
        "any bytes in a bus, a document, a cursor, a page token or a name",
        "nothing_lost::parsers::every_file_of_the_corpus_and_what_chance_makes_of_it_keeps_the_promises_of_its_format",
    );
}

#[tokio::test]
async fn a_server_appends_to_a_bus_of_any_bytes_and_serves_what_it_appended() {
    let corpus = corpus("bus_file");
    let mut random = Random::new(0);
    let mutations = (0..rounds(4000)).map(|_| mutated(&corpus, &mut random));
    let files: Vec<Vec<u8>> = corpus.iter().cloned().chain(mutations).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let project = |number: usize| format!("bus-{number}");
    for (number, bytes) in files.iter().enumerate() {
        let folder = folder.path().join(project(number));
        fs::create_dir(&folder).expect("a project");
        fs::write(folder.join("PROJECT-MESSAGE-BUS.md"), bytes).expect("a bus");
    }
    let server = Server::start_on(folder.path());
    let mut client = Client::connect(&server).await;
    let mut tally = Tally::default();
    for (number, bytes) in files.iter().enumerate() {
        let project = project(number);
        let shown = String::from_utf8_lossy(bytes);
        let before = client.read_all(&project, "").await;
        let mut ids = Vec::new();
        for body in ["one", "two\n---\nmsg_id: forged\ntype: FACT\n---\n"] {
            ids.push(client.append(message(&project, "", body)).await);
            tally.acknowledged += 1;
        }
        let request = pb::ReadMessagesRequest { limit: 5000, ..read_of(&project, "") };
        let after = client.read(request).await.messages;
        let found: Vec<&str> = after.iter().map(|message| message.msg_id.as_str()).collect();
        for id in &ids {
            match found.iter().filter(|found| *found == id).count() {
                0 => tally.lost += 1,
                1 => {}
                _ => tally.duplicated += 1,
            }
        }
        assert_eq!(found[found.len() - 2..], ids, "{number}: {shown:?}");
        let last = &after[after.len() - 2..];
        assert_eq!(
            bodies(last),
            ["one", "two\n---\nmsg_id: forged\ntype: FACT\n---\n"],
            "{number}"
        );
        let kept =
            |verified: &&pb::Message| verified.integrity == i32::from(pb::Integrity::Verified);
        for earlier in before.iter().filter(kept) {
            tally.lost += usize::from(!after.contains(earlier));
        }
        tally.cases += 1;
    }
    tally.settle(
        "a bus file of any bytes, appended to by a server",
        "nothing_lost::parsers::a_server_appends_to_a_bus_of_any_bytes_and_serves_what_it_appended",
    );
}
