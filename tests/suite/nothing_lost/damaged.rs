//! Files that a crash has cut, or in which a bit has turned: what is whole is served, what is
//! not is reported, and the next append can be read.

mod clock;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::pin::pin;

use callboard::grpc::pb;
use callboard::layout::message_file::{Item, scan_all};
use futures_util::{StreamExt as _, stream};
use pb::StartPosition::Earliest;
use pb::subscribe_response::Frame;

use super::tally::{Tally, rounds};
use crate::client::{Client, bodies, follow, message};
use crate::foreign_writer;
use crate::original_reader;
use crate::server::Server;

const BUS: &str = "PROJECT-MESSAGE-BUS.md";
const NEXT: &str = "the next";
/// So many buses are served by one server.
const BUSES: usize = 1000;

/// Puts each of the files into a bus of its own, and lets a server have them: one start
/// serves many. The checks are told the project and the number of the file.
async fn serve(files: &[Vec<u8>], check: impl AsyncFn(Place<'_>, usize) -> Tally) -> Tally {
    let mut tally = Tally::default();
    for (part, files) in files.chunks(BUSES).enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = |number: usize| format!("bus-{number}");
        for (number, bytes) in files.iter().enumerate() {
            let folder = folder.path().join(project(number));
            fs::create_dir(&folder).expect("a project");
            fs::write(folder.join(BUS), bytes).expect("a bus");
        }
        let server = Server::start_on(folder.path());
        let client = Client::connect(&server).await;
        let checks = stream::iter(0..files.len()).map(|number| {
            let (client, root) = (client.clone(), folder.path());
            let place = Place { client, root, project: project(number) };
            check(place, part * BUSES + number)
        });
        let mut checks = pin!(checks.buffer_unordered(8));
        while let Some(found) = checks.next().await {
            tally.add(found);
        }
    }
    tally
}

/// A bus of a server.
struct Place<'a> {
    client: Client,
    root: &'a Path,
    project: String,
}

impl Place<'_> {
    async fn read(&mut self) -> Vec<pb::Message> {
        self.client.read_all(&self.project, "").await
    }

    async fn append(&mut self, body: &str) -> String {
        self.client.append(message(&self.project, "", body)).await
    }

    /// What a subscriber is given from the beginning to the end.
    async fn followed(&mut self) -> Vec<pb::Message> {
        let request =
            pb::SubscribeRequest { stop_at_tail: true, ..follow(&self.project, "", Earliest) };
        let mut subscription = self.client.subscribe(request).await;
        let mut messages = Vec::new();
        while let Some(frame) = subscription.try_frame().await.expect("the stream goes on") {
            if let Frame::Message(delivery) = frame {
                messages.push(delivery.message.expect("a message"));
            }
        }
        messages
    }

    /// The same messages, as a client sends them to this bus.
    fn again(&self, messages: &[pb::Message]) -> Vec<pb::Message> {
        let again = |written: &pb::Message| pb::Message {
            meta: written.meta.clone(),
            ..message(&self.project, "", &written.body)
        };
        messages.iter().map(again).collect()
    }

    /// How many damaged places the server tells of.
    async fn damage_count(&mut self) -> i32 {
        let request =
            pb::ListBusesRequest { project_id: self.project.clone(), ..Default::default() };
        let answer = self.client.0.list_buses(request).await.expect("a list").into_inner();
        answer.buses.iter().map(|bus| bus.damage_count).sum()
    }

    /// What was moved out of the bus, in all files together.
    fn torn(&self) -> Vec<u8> {
        let entries = fs::read_dir(self.root.join(&self.project)).expect("the project");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let torn = paths.filter(|path| path.extension().is_some_and(|it| it == "torn"));
        torn.flat_map(|path| fs::read(path).expect("what was moved")).collect()
    }
}

/// Three messages as a server writes them: the file, where each record lies with the
/// separator before it, and what a reader is given.
struct Written {
    file: Vec<u8>,
    places: Vec<std::ops::Range<usize>>,
    messages: Vec<pb::Message>,
}

async fn written(batch_id: Option<&str>) -> Written {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let messages = vec![
        message("demo", "", "first"),
        message("demo", "", "second\n---\n[2026-03-01 10:00:00] INFO: no line of its own"),
        pb::Message {
            meta: [("key".to_owned(), "a: \"value\"".to_owned())].into(),
            ..message("demo", "", "third\n")
        },
    ];
    match batch_id {
        Some(id) => {
            client.append_batch(messages, id).await.expect("a batch");
        }
        None => {
            for message in messages {
                client.append(message).await;
            }
        }
    }
    let messages = client.read_all("demo", "").await;
    let file = fs::read(server.root().join("demo").join(BUS)).expect("the bus");
    let (items, _) = scan_all(&file);
    let mut begin = 0;
    let places = items.iter().map(|item| {
        let Item::Record(record) = item else { panic!("{item:?}") };
        let end = usize::try_from(record.end).expect("an offset");
        std::mem::replace(&mut begin, end)..end
    });
    let places: Vec<_> = places.collect();
    assert_eq!((places.len(), messages.len(), begin), (3, 3, file.len()));
    Written { file, places, messages }
}

/// Every bit of the last two records turned, or, unless it is a long run, a part of them.
async fn flip_bits(batch_id: Option<&str>) -> Tally {
    let Written { file, places, messages } = written(batch_id).await;
    let flips: Vec<(usize, u8)> =
        (places[1].start..file.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))).collect();
    // An odd step, so that all eight bits have their turns.
    let part = flips.len() / rounds(4 * flips.len()).min(flips.len());
    let flips: Vec<_> = flips.into_iter().step_by(part | 1).collect();
    let files: Vec<Vec<u8>> = flips
        .iter()
        .map(|&(at, bit)| {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << bit;
            flipped
        })
        .collect();
    serve(&files, async |mut place, number| {
        let (at, bit) = flips[number];
        let touched = places.iter().position(|place| place.contains(&at)).expect("a record");
        let found = flipped(&mut place, &messages, touched).await;
        if (found.lost, found.duplicated, found.torn) != (0, 0, 0) {
            eprintln!(
                "bit {bit} of byte {at}: {found:?}\n{}",
                String::from_utf8_lossy(&files[number])
            );
        }
        found
    })
    .await
}

/// Looks at a bus in which a bit of one record has turned, and appends to it.
async fn flipped(place: &mut Place<'_>, written: &[pb::Message], touched: usize) -> Tally {
    let before = place.read().await;
    let next = place.append(NEXT).await;
    let after = place.read().await;
    let followed = place.followed().await;
    let reported = place.damage_count().await > 0 || !place.torn().is_empty();

    let mut tally = Tally { cases: 1, acknowledged: written.len() + 1, ..Tally::default() };
    let verified = |message: &pb::Message| message.integrity() == pb::Integrity::Verified;
    for read in [&before, &after] {
        for (number, message) in written.iter().enumerate() {
            let is_there = read.contains(message);
            // The one that the bit is in may be gone, or be flagged; then somebody is told.
            let is_flagged = read.iter().any(|other| {
                other.body == message.body && other.integrity() != pb::Integrity::Verified
            });
            tally.lost += usize::from(!is_there && number != touched);
            tally.lost += usize::from(!is_there && number == touched && !is_flagged && !reported);
        }
        for message in read.iter().filter(|message| message.msg_id != next) {
            let is_as_written = written.contains(message);
            let is_whole = written.iter().any(|other| other.body == message.body);
            tally.torn += usize::from(verified(message) && !is_as_written);
            tally.torn += usize::from(!is_whole && !reported);
        }
        let ids: HashSet<&str> = read.iter().map(|message| message.msg_id.as_str()).collect();
        tally.duplicated += read.len() - ids.len();
    }
    let last = after.last().expect("a message");
    let is_next = last.msg_id == next && last.body == NEXT && verified(last);
    tally.lost += usize::from(!is_next);
    // Nothing that was read before is read otherwise now.
    tally.torn += usize::from(after[..after.len() - 1] != before[..]);
    tally.torn += usize::from(followed != after);
    tally
}

#[tokio::test]
async fn a_bit_that_turns_in_one_record_costs_no_other_and_changes_none_unseen() {
    let mut tally = flip_bits(None).await;
    tally.add(flip_bits(Some("batch-1")).await);
    tally.settle(
        "a bit turned in one of the last two records",
        "nothing_lost::damaged::a_bit_that_turns_in_one_record_costs_no_other_and_changes_none_unseen",
    );
}

#[tokio::test]
async fn a_torn_record_of_ours_at_every_byte_hides_nothing() {
    let Written { file, places, messages } = written(None).await;
    let cuts: Vec<usize> = (places[2].start..file.len()).collect();
    let files: Vec<Vec<u8>> = cuts.iter().map(|&cut| file[..cut].to_vec()).collect();
    let tally = serve(&files, async |mut place, number| {
        let cut = cuts[number];
        assert_eq!(place.read().await, messages[..2], "cut at {cut}");
        let next = place.append(NEXT).await;
        let after = place.read().await;
        assert_eq!(after[..2], messages[..2], "cut at {cut}");
        assert_eq!((after.len(), &after[2].msg_id), (3, &next), "cut at {cut}");
        assert_eq!(place.followed().await, after, "cut at {cut}");
        // What was torn off is kept, byte for byte.
        assert_eq!(place.torn(), file[places[2].start..cut], "cut at {cut}");
        Tally { cases: 1, acknowledged: 3, ..Tally::default() }
    });
    tally.await.settle(
        "the last record cut off at each byte",
        "nothing_lost::damaged::a_torn_record_of_ours_at_every_byte_hides_nothing",
    );
}

#[tokio::test]
async fn zeros_that_a_power_cut_left_for_the_last_record_at_every_byte_hide_nothing_from_anybody() {
    let Written { file, places, messages } = written(None).await;
    let cuts: Vec<usize> = (places[2].start..file.len()).collect();
    let file_of = |cut: usize| {
        // As far as the file was said to reach, or to the end of a block.
        let length = if cut.is_multiple_of(2) { file.len() } else { 4096 };
        let mut bytes = file[..cut].to_vec();
        bytes.resize(length, 0);
        bytes
    };
    let files: Vec<Vec<u8>> = cuts.iter().map(|&cut| file_of(cut)).collect();
    let tally = serve(&files, async |mut place, number| {
        let cut = cuts[number];
        assert_eq!(place.read().await, messages[..2], "written up to {cut}");
        let next = place.append(NEXT).await;
        let after = place.read().await;
        assert_eq!(after[..2], messages[..2], "written up to {cut}");
        assert_eq!((after.len(), &after[2].msg_id), (3, &next), "written up to {cut}");
        assert_eq!(place.followed().await, after, "written up to {cut}");
        // The zeros say nothing.
        assert_eq!(place.torn(), file[places[2].start..cut], "written up to {cut}");
        let bus = fs::read(place.root.join(&place.project).join(BUS)).expect("the bus");
        let ids = |read: &[pb::Message]| -> Vec<String> {
            read.iter().map(|message| message.msg_id.clone()).collect()
        };
        let others: Vec<String> =
            original_reader::read(&bus).into_iter().map(|message| message.msg_id).collect();
        assert_eq!(others, ids(&after), "written up to {cut}");
        Tally { cases: 1, acknowledged: 3, ..Tally::default() }
    });
    tally.await.settle(
        "the last record written up to each byte, and zeros behind it",
        "nothing_lost::damaged::zeros_that_a_power_cut_left_for_the_last_record_at_every_byte_hide_nothing_from_anybody",
    );
}

/// More than is looked at at once, behind a record whose body says nothing of its end.
#[tokio::test]
async fn any_number_of_zeros_behind_a_record_of_another_program_is_none_of_its_body() {
    let foreign = foreign_writer::record("FOREIGN-1", "before the cut");
    let sizes = [1, 100_000, 9 << 20];
    let files: Vec<Vec<u8>> = sizes
        .iter()
        .map(|zeros| {
            let mut file = foreign.clone().into_bytes();
            file.resize(file.len() + zeros, 0);
            file
        })
        .collect();
    serve(&files, async |mut place, number| {
        let zeros = sizes[number];
        assert_eq!(bodies(&place.read().await), ["before the cut"], "{zeros}");
        assert_eq!(bodies(&place.followed().await), ["before the cut"], "{zeros}");
        for count in 1..3 {
            place.append(NEXT).await;
            let expected = [&["before the cut"][..], &[NEXT; 2][..count]].concat();
            assert_eq!(bodies(&place.read().await), expected, "{zeros}");
        }
        assert_eq!(place.damage_count().await, 0, "{zeros}");
        assert_eq!(place.torn(), b"", "{zeros}");
        let bus = fs::read(place.root.join(&place.project).join(BUS)).expect("the bus");
        assert!(!bus.contains(&0), "{zeros}");
        // As it was cut off, and archived by another program.
        let folder = place.root.join(&place.project);
        fs::rename(folder.join(BUS), folder.join(format!("{BUS}.20260101-000000.archived")))
            .expect("renamed");
        fs::write(folder.join(BUS), &files[number]).expect("a new one");
        let archived = folder.join(format!("{BUS}.20260102-000000.archived"));
        fs::rename(folder.join(BUS), archived).expect("renamed");
        let expected = ["before the cut", NEXT, NEXT, "before the cut"];
        assert_eq!(bodies(&place.read().await), expected, "{zeros}");
        Tally::default()
    })
    .await;
}

#[tokio::test]
async fn a_batch_torn_at_every_byte_is_completed_by_its_repetition_and_nothing_comes_twice() {
    let Written { file, messages, places } = written(Some("batch-1")).await;
    let cuts: Vec<usize> = (places[0].end..file.len()).collect();
    let files: Vec<Vec<u8>> = cuts.iter().map(|&cut| file[..cut].to_vec()).collect();
    let tally = serve(&files, async |mut place, number| {
        let cut = cuts[number];
        let whole = places.iter().filter(|place| place.end <= cut).count();
        assert_eq!(place.read().await, messages[..whole], "cut at {cut}");
        let batch = place.again(&messages);
        for repeated in [false, true] {
            let answer = place.client.append_batch(batch.clone(), "batch-1").await;
            let answer = answer.expect("a repetition");
            assert_eq!(answer.duplicate, repeated, "cut at {cut}");
            let after = place.read().await;
            let ids: Vec<&str> = after.iter().map(|message| message.msg_id.as_str()).collect();
            assert_eq!(answer.msg_ids, ids, "cut at {cut}");
            assert_eq!(bodies(&after), bodies(&messages), "cut at {cut}");
            assert_eq!(after[..whole], messages[..whole], "cut at {cut}");
        }
        Tally { cases: 1, acknowledged: 3, ..Tally::default() }
    });
    tally.await.settle(
        "a batch cut off at each byte, and repeated",
        "nothing_lost::damaged::a_batch_torn_at_every_byte_is_completed_by_its_repetition_and_nothing_comes_twice",
    );
}

#[tokio::test]
async fn a_batch_of_which_any_records_were_not_written_is_completed_and_nothing_comes_twice() {
    let Written { file, messages, places } = written(Some("batch-1")).await;
    // Bit n: the record n is there. A power cut may keep any blocks of a file.
    let kept: Vec<usize> = (0..1 << places.len()).collect();
    let is_there = |kept: usize, number: usize| kept >> number & 1 == 1;
    let files: Vec<Vec<u8>> = kept
        .iter()
        .map(|&kept| {
            let mut file = file.clone();
            for (number, place) in places.iter().enumerate() {
                if !is_there(kept, number) {
                    file[place.clone()].fill(0);
                }
            }
            file
        })
        .collect();
    let tally = serve(&files, async |mut place, kept| {
        let before = place.read().await;
        let expected = (0..messages.len()).filter(|&number| is_there(kept, number));
        let expected: Vec<pb::Message> = expected.map(|number| messages[number].clone()).collect();
        assert_eq!(before, expected, "{kept:03b}");
        let batch = place.again(&messages);
        let mut answers = Vec::new();
        for _ in 0..2 {
            let answer = place.client.append_batch(batch.clone(), "batch-1").await;
            answers.push(answer.expect("a repetition"));
        }
        assert!(answers[1].duplicate, "{kept:03b}");
        assert_eq!(answers[0].msg_ids, answers[1].msg_ids, "{kept:03b}");
        assert_eq!(answers[0].cursor, answers[1].cursor, "{kept:03b}");
        let after = place.read().await;
        assert_eq!(after[..before.len()], before[..], "{kept:03b}");
        assert_eq!(after.len(), messages.len(), "{kept:03b}: {after:?}");
        for (id, written) in answers[0].msg_ids.iter().zip(&messages) {
            let found: Vec<_> = after.iter().filter(|message| message.msg_id == *id).collect();
            assert_eq!((found.len(), &found[0].body), (1, &written.body), "{kept:03b}");
        }
        assert_eq!(place.followed().await, after, "{kept:03b}");
        let mut ids = answers[0].msg_ids.clone();
        ids.sort();
        let read: Vec<&str> = after.iter().map(|message| message.msg_id.as_str()).collect();
        assert_eq!(read, ids, "{kept:03b}: ids increase");
        Tally { cases: 1, acknowledged: 3, ..Tally::default() }
    });
    tally.await.settle(
        "any records of a batch not written, and it is repeated",
        "nothing_lost::damaged::a_batch_of_which_any_records_were_not_written_is_completed_and_nothing_comes_twice",
    );
}

#[tokio::test]
async fn a_torn_record_of_another_program_at_every_byte_hides_nothing() {
    let Written { mut file, messages, .. } = written(None).await;
    let begin = file.len();
    let lines = "one line\nand another\n";
    file.push(b'\n');
    file.extend_from_slice(foreign_writer::record("FOREIGN-1", lines.trim_end()).as_bytes());
    let body = file.len() - lines.len();
    let cuts: Vec<usize> = (begin..=file.len()).collect();
    let files: Vec<Vec<u8>> = cuts.iter().map(|&cut| file[..cut].to_vec()).collect();
    let tally = serve(&files, async |mut place, number| {
        let cut = cuts[number];
        // A body with a whole line cannot be told from one that a person has written.
        let said = file.get(body..cut).filter(|said| said.contains(&b'\n'));
        let said =
            said.map(|said| String::from_utf8_lossy(said.strip_suffix(b"\n").unwrap_or(said)));
        let before = place.read().await;
        let next = place.append(NEXT).await;
        let after = place.read().await;
        let expected: Vec<&str> = bodies(&messages).into_iter().chain(said.as_deref()).collect();
        assert_eq!(bodies(&before), expected, "cut at {cut}");
        assert_eq!(bodies(&after), [&expected[..], &[NEXT]].concat(), "cut at {cut}");
        assert_eq!(after.last().map(|last| &last.msg_id), Some(&next), "cut at {cut}");
        assert_eq!(after[..3], messages, "cut at {cut}");
        assert_eq!(place.followed().await, after, "cut at {cut}");
        let stays = said.is_some() || cut == begin;
        let torn = if stays { &[][..] } else { &file[begin..cut] };
        assert_eq!(place.torn(), torn, "cut at {cut}");
        Tally { cases: 1, acknowledged: 4, ..Tally::default() }
    });
    tally.await.settle(
        "the last record of another program cut off at each byte",
        "nothing_lost::damaged::a_torn_record_of_another_program_at_every_byte_hides_nothing",
    );
}
