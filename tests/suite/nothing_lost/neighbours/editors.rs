//! A person who edits the file of a bus while it is followed. No editor takes the lock; what
//! was appended between opening a file in it and saving is not in what it saves, and no
//! server can help that. Everything else must hold.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use callboard::grpc::pb;
use pb::StartPosition::Earliest;
use pb::read_messages_request::Start;
use pb::subscribe_response::{Delivery, Frame};
use tonic::Code;

use crate::client::{Client, Subscription, follow, message, read_of};
use crate::foreign_writer::{self, record};
use crate::nothing_lost::tally::Tally;
use crate::server::Server;

/// The bodies before the edit; the fourth is another program's.
const BEFORE: [&str; 6] = ["zero", "one", "two", "three (theirs)", "four", "five"];
/// The bodies that are appended through the service after the edit.
const AFTER: [&str; 3] = ["after 0", "after 1", "after 2"];

/// One way of editing.
struct Edit {
    name: &'static str,
    /// Does it, by the path of the bus.
    apply: fn(&Path),
    /// What of the old bodies cannot be read afterwards.
    gone: &'static [&'static str],
    /// What is read instead or in addition: before which old body, and the new one. The end
    /// stands for itself.
    added: &'static [(Option<&'static str>, &'static str)],
}

fn text(bus: &Path) -> String {
    fs::read_to_string(bus).expect("the bus")
}

/// Saves as editors do that write a new file and rename it.
fn save_anew(bus: &Path, content: impl AsRef<[u8]>) {
    let new = bus.with_file_name(".bus.swp");
    fs::write(&new, content).expect("the new file");
    fs::rename(&new, bus).expect("renamed");
}

/// Cuts a record out of a text, by its body.
fn without(text: &str, body: &str) -> String {
    let at = text.find(&format!("\n{body}\n")).expect("the body");
    let header = text[..=at].rfind("\n---\n").expect("the header's end");
    let start = text[..header].rfind("\n---\n").expect("the record");
    text[..start].to_owned() + &text[at + body.len() + 2..]
}

const EDITS: &[Edit] = &[
    Edit {
        name: "a-new-file-is-renamed-over-it-with-notes-at-the-top",
        apply: |bus| save_anew(bus, format!("# Notes\n\nof a person\n\n{}", text(bus))),
        gone: &[],
        added: &[],
    },
    Edit {
        name: "it-is-moved-away-for-a-backup-and-written-anew",
        apply: |bus| {
            let text = text(bus);
            let backup = bus.with_file_name("PROJECT-MESSAGE-BUS.md~");
            fs::rename(bus, &backup).expect("renamed");
            fs::write(bus, format!("{text}\nA note at the end.\n")).expect("written");
            fs::remove_file(backup).expect("removed");
        },
        gone: &[],
        added: &[],
    },
    Edit {
        name: "it-is-cut-and-written-in-place",
        apply: |bus| {
            let text = text(bus);
            fs::write(bus, format!("{text}\nA note at the end.\n")).expect("written");
        },
        gone: &[],
        added: &[],
    },
    Edit {
        name: "a-record-is-written-at-the-end-by-hand",
        apply: |bus| {
            let text = format!("\n{}", record("HAND-1", "by hand"));
            foreign_writer::open(bus).write_all(text.as_bytes()).expect("written");
        },
        gone: &[],
        added: &[(None, "by hand")],
    },
    Edit {
        name: "a-record-is-inserted-and-a-new-file-renamed-over-it",
        apply: |bus| {
            let text = text(bus);
            let at = text.find("\n---\nmsg_id: F-3").expect("the other program's");
            let (before, behind) = text.split_at(at);
            save_anew(bus, format!("{before}\n{}{behind}", record("HAND-1", "by hand")));
        },
        gone: &[],
        added: &[(Some("three (theirs)"), "by hand")],
    },
    Edit {
        name: "a-body-becomes-longer",
        apply: |bus| save_anew(bus, text(bus).replace("\ntwo\n", "\ntwo, and more\n")),
        gone: &["two"],
        added: &[(Some("two"), "two, and more")],
    },
    Edit {
        name: "sed-i-replaces-a-letter-of-an-old-body",
        apply: |bus| {
            let sed =
                std::process::Command::new("sed").args(["-i", "s/^two$/twe/"]).arg(bus).status();
            assert!(sed.expect("sed").success());
        },
        gone: &["two"],
        added: &[],
    },
    Edit {
        name: "a-message-in-the-middle-is-deleted",
        apply: |bus| save_anew(bus, without(&text(bus), "two")),
        gone: &["two"],
        added: &[],
    },
    Edit {
        name: "the-last-message-is-deleted",
        apply: |bus| save_anew(bus, without(&text(bus), "five")),
        gone: &["five"],
        added: &[],
    },
    Edit {
        name: "it-is-saved-with-a-byte-order-mark",
        apply: |bus| save_anew(bus, format!("\u{feff}{}", text(bus))),
        gone: &[],
        added: &[],
    },
    Edit {
        name: "it-is-saved-with-carriage-returns",
        apply: |bus| save_anew(bus, text(bus).replace('\n', "\r\n")),
        gone: &["zero", "one", "two", "four", "five"],
        added: &[],
    },
];

/// What somebody who followed was told: frames with the messages' bodies.
struct Follower {
    stream: Subscription,
    before: Vec<Delivery>,
    after: Vec<Frame>,
}

impl Follower {
    /// Follows until everything of before is told.
    async fn start(client: &mut Client, request: pb::SubscribeRequest, project: &str) -> Self {
        let mut stream = client.subscribe(request).await;
        let mut before = Vec::new();
        while before.len() < BEFORE.len() {
            let told = stream.message().await;
            if told.project_id == project {
                before.push(told);
            }
        }
        Self { stream, before, after: Vec::new() }
    }

    /// Follows on until the last message of all is told.
    async fn finish(&mut self, project: &str) {
        loop {
            let frame = self.stream.frame().await;
            let about = match &frame {
                Frame::Message(told) => &told.project_id,
                Frame::Gap(gap) => &gap.project_id,
                Frame::Damaged(damaged) => &damaged.project_id,
                _ => continue,
            };
            if about != project {
                continue;
            }
            let is_last = body_of(&frame) == Some(AFTER[AFTER.len() - 1]);
            self.after.push(frame);
            if is_last {
                return;
            }
        }
    }

    /// Counts what was told twice without a gap in between, and what was not told of what
    /// stands behind where the follower was.
    fn check(&self, edit: &Edit, held: &[pb::Message]) -> Tally {
        let mut tally = Tally::default();
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for delivery in &self.before {
            told.insert(&delivery.message.as_ref().expect("a message").msg_id, 1);
        }
        let mut lately = Vec::new();
        for frame in &self.after {
            match frame {
                // It says that what follows may have been told before.
                Frame::Gap(_) => told.clear(),
                Frame::Message(delivery) => {
                    let message = delivery.message.as_ref().expect("a message");
                    let times = told.entry(&message.msg_id).or_default();
                    *times += 1;
                    tally.duplicated += usize::from(*times > 1);
                    tally.torn += usize::from(!held.contains(message));
                    lately.push(message.body.as_str());
                }
                _ => {}
            }
        }
        let added = edit.added.iter().filter(|(before, _)| before.is_none()).map(|(_, body)| *body);
        for body in added.chain(AFTER) {
            tally.lost += usize::from(!lately.contains(&body));
        }
        if tally.lost + tally.duplicated + tally.torn > 0 {
            eprintln!("{}: told {:?}", edit.name, self.after);
        }
        tally
    }
}

fn body_of(frame: &Frame) -> Option<&str> {
    match frame {
        Frame::Message(told) => told.message.as_ref().map(|message| message.body.as_str()),
        _ => None,
    }
}

/// Goes on from each cursor of before the edit: with the messages that stand behind its
/// message, or with OUT_OF_RANGE when that is not there any more.
async fn cursors_are_honoured_or_refused(
    client: &mut Client,
    project: &str,
    before: &[Delivery],
    held: &[pb::Message],
) {
    for delivery in before {
        let msg_id = &delivery.message.as_ref().expect("a message").msg_id;
        let start = Some(Start::Cursor(delivery.cursor.clone()));
        let request = pb::ReadMessagesRequest { start, limit: 5000, ..read_of(project, "") };
        let read = client.try_read(request).await;
        let place = held.iter().position(|message| message.msg_id == *msg_id);
        match (read, place) {
            (Ok(page), Some(place)) => assert!(
                page.messages == held[place + 1..],
                "{project}: after {msg_id} come {:?}",
                crate::client::bodies(&page.messages)
            ),
            (Err(refused), None) => assert_eq!(refused.code(), Code::OutOfRange, "{refused:?}"),
            (read, place) => panic!("{project}: the cursor after {msg_id} at {place:?}: {read:?}"),
        }
    }
}

/// Makes a bus for an edit; returns its path.
async fn prepare(server: &Server, client: &mut Client, project: &str) -> PathBuf {
    let bus = server.root().join(project).join("PROJECT-MESSAGE-BUS.md");
    for (n, body) in BEFORE.into_iter().enumerate() {
        if body.contains("theirs") {
            foreign_writer::append(&bus, &record(&format!("F-{n}"), body));
        } else {
            client.append(message(project, "", body)).await;
        }
    }
    bus
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_while_a_bus_is_followed_costs_nothing_else() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let mut tally = Tally::default();
    for edit in EDITS {
        let project = edit.name;
        let bus = prepare(&server, &mut client, project).await;
        let everything = pb::SubscribeRequest {
            scope: pb::SubscribeScope::All.into(),
            ..follow("", "", Earliest)
        };
        let mut followers = Vec::new();
        for request in [everything, follow(project, "", Earliest)] {
            followers.push(Follower::start(&mut client, request, project).await);
        }
        (edit.apply)(&bus);
        for body in AFTER {
            client.append(message(project, "", body)).await;
        }
        let mut expected = Vec::new();
        for body in BEFORE {
            expected
                .extend(edit.added.iter().filter(|(at, _)| *at == Some(body)).map(|(_, new)| *new));
            expected.extend((!edit.gone.contains(&body)).then_some(body));
        }
        expected.extend(edit.added.iter().filter(|(at, _)| at.is_none()).map(|(_, new)| *new));
        expected.extend(AFTER);
        let held = client.read_all(project, "").await;
        // A note behind another program's record becomes a part of its body.
        assert_eq!(crate::client::bodies(&held), expected, "{project}");
        tally.cases += 1;
        tally.acknowledged += expected.len();
        for follower in &mut followers {
            follower.finish(project).await;
            tally.add(follower.check(edit, &held));
        }
        let before = &followers[0].before;
        cursors_are_honoured_or_refused(&mut client, project, before, &held).await;
    }
    tally.settle(
        "a person who edits a bus that is followed",
        "nothing_lost::neighbours::editors::an_edit_while_a_bus_is_followed_costs_nothing_else",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_that_saves_in_place_slowly_is_a_gap_or_nothing_and_loses_nothing_that_it_saves()
{
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let mut tally = Tally::default();
    // The server looks when the file is empty, and when half of it is there.
    for cut in [0, 1, 2, 5, 7, 10] {
        let project = format!("cut-{cut}-tenths");
        let bus = prepare(&server, &mut client, &project).await;
        let mut follower =
            Follower::start(&mut client, follow(&project, "", Earliest), &project).await;
        let saved = text(&bus);
        let half = saved.len() * cut / 10;
        fs::write(&bus, &saved[..half]).expect("the first half");
        client.read_all(&project, "").await;
        foreign_writer::open(&bus).write_all(&saved.as_bytes()[half..]).expect("the rest");
        for body in AFTER {
            client.append(message(&project, "", body)).await;
        }
        let held = client.read_all(&project, "").await;
        assert_eq!(crate::client::bodies(&held), [&BEFORE[..], &AFTER].concat(), "{project}");
        follower.finish(&project).await;
        tally.cases += 1;
        tally.acknowledged += held.len();
        tally.add(follower.check(&EDITS[2], &held));
        cursors_are_honoured_or_refused(&mut client, &project, &follower.before, &held).await;
    }
    tally.settle(
        "an editor that cuts a bus that is followed and writes it again in place",
        "nothing_lost::neighbours::editors::an_editor_that_saves_in_place_slowly_is_a_gap_or_nothing_and_loses_nothing_that_it_saves",
    );
}

#[tokio::test]
async fn a_message_that_comes_with_a_report_is_found_by_its_id_and_its_cursor_goes_on() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let reported: [fn(&Path); 2] = [
        // A body that a person made longer, and a field that nobody can make sense of.
        |bus| save_anew(bus, text(bus).replace("\ntwo\n", "\ntwo, and more\n")),
        |bus| save_anew(bus, text(bus).replace("run_id: r\n", "run_id: r\nmeta: {a: {b: c}}\n")),
    ];
    for (n, edit) in reported.into_iter().enumerate() {
        let project = format!("reported-{n}");
        let bus = prepare(&server, &mut client, &project).await;
        edit(&bus);
        let mut subscription = client.subscribe(follow(&project, "", Earliest)).await;
        let frames = subscription.caught_up().await;
        assert!(frames.iter().any(|frame| matches!(frame, Frame::Damaged(_))), "{frames:?}");
        let told = frames.iter().filter_map(|frame| match frame {
            Frame::Message(told) => Some(told),
            _ => None,
        });
        let told: Vec<&Delivery> = told.collect();
        assert_eq!(told.len(), BEFORE.len());
        for (place, delivery) in told.iter().enumerate() {
            let message = delivery.message.as_ref().expect("a message");
            let get = pb::GetMessageRequest {
                project_id: project.clone(),
                msg_id: message.msg_id.clone(),
                ..Default::default()
            };
            let got = client.0.get_message(get).await.expect("it is found").into_inner();
            assert_eq!((got.message.as_ref(), &got.cursor), (Some(message), &delivery.cursor));
            for start in
                [Start::Cursor(delivery.cursor.clone()), Start::SinceId(message.msg_id.clone())]
            {
                let start = Some(start);
                let request = pb::ReadMessagesRequest { start, ..read_of(&project, "") };
                let rest = client.read(request).await.messages;
                assert_eq!(rest.len(), BEFORE.len() - place - 1);
            }
        }
    }
}
