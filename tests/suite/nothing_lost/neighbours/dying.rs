//! Programs that are killed in the middle of a write, at every byte of it, with the lock in
//! their hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use callboard::domain::NewMessage;
use callboard::grpc::pb;
use callboard::layout::message_file::{NewRecord, SEPARATOR, encode};
use callboard::layout::msg_id;
use pb::StartPosition::Earliest;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::program::{Program, can_run};
use crate::client::{Client, bodies, follow, message};
use crate::nothing_lost::recorder::Recorder;
use crate::nothing_lost::tally::Tally;
use crate::server::Server;

/// Buses that are looked at at one time.
const AT_ONCE: usize = 16;

/// What is written when the writer dies.
struct Write {
    name: &'static str,
    is_ours: bool,
    /// The separator, a record, and maybe more of both.
    bytes: Vec<u8>,
    /// Where each record ends in them, and its body.
    ends: Vec<(usize, String)>,
}

/// Returns a write of records in our form or in that of another program.
fn write(name: &'static str, is_ours: bool, count: u32) -> Write {
    let mut write = Write { name, is_ours, bytes: Vec::new(), ends: Vec::new() };
    for place in 1..=count {
        write.bytes.extend_from_slice(SEPARATOR);
        let body = format!("{name} {place}");
        if is_ours {
            let ts = "2026-03-04T05:06:07Z".parse().expect("a time");
            let new = NewMessage { kind: "FACT".into(), body: body.clone(), ..Default::default() };
            let record = NewRecord {
                project_id: "demo",
                task_id: "",
                message: &new,
                msg_id: &msg_id::format(ts, 1, place),
                ts,
                request_id: (count > 1).then_some("batch"),
                batch: (count > 1).then_some((place, count)),
            };
            encode(&record, &mut write.bytes).expect("a record");
        } else {
            let record = crate::foreign_writer::record(&format!("F-{place}"), &body);
            write.bytes.extend_from_slice(record.as_bytes());
        }
        write.ends.push((write.bytes.len(), body));
    }
    write
}

/// One bus, and how many bytes its writer got out before it died.
#[derive(Clone)]
struct Death {
    write: Arc<Write>,
    count: usize,
}

impl Death {
    fn project(&self) -> String {
        format!("{}-{}", self.write.name, self.count)
    }

    fn bus(&self, server: &Server) -> PathBuf {
        server.root().join(self.project()).join("PROJECT-MESSAGE-BUS.md")
    }

    /// Whether the half record stays where it is: a blank line, or a rule, behind the record of
    /// another program. It may be a part of its body, and nothing tells that it is none.
    fn half_stays(&self) -> bool {
        let is_behind_theirs = !self.write.is_ours && self.write.ends[0].0 <= self.count;
        is_behind_theirs && [&b"\n"[..], b"\n---\n"].contains(&self.half())
    }

    /// Returns the bodies of the records that were written whole, as they are read.
    fn whole(&self) -> Vec<String> {
        let ends = self.write.ends.iter().filter(|(end, _)| *end <= self.count);
        let mut whole: Vec<String> = ends.map(|(_, body)| body.clone()).collect();
        if self.half_stays()
            && let Some(last) = whole.last_mut()
        {
            let half = str::from_utf8(self.half()).expect("dashes");
            *last = format!("{last}\n{half}");
            last.pop();
        }
        whole
    }

    /// Returns what was written of the record that was not.
    fn half(&self) -> &[u8] {
        let mut ends = self.write.ends.iter().map(|(end, _)| *end);
        let from = ends.rfind(|end| *end <= self.count).unwrap_or(0);
        &self.write.bytes[from..self.count]
    }

    /// Looks at the bus after the death, appends to it, and looks again.
    async fn check(&self, mut client: Client, bus: PathBuf, length: usize) -> Tally {
        let project = self.project();
        let mut tally = Tally { cases: 1, ..Tally::default() };
        for last in [None, Some("after")] {
            if let Some(body) = last {
                client.append(message(&project, "", body)).await;
            }
            let held = client.read_all(&project, "").await;
            let mut expected = vec!["before".to_owned()];
            expected.extend(self.whole());
            expected.extend(last.map(str::to_owned));
            let held = bodies(&held);
            tally.acknowledged += usize::from(last.is_some());
            if held != expected {
                eprintln!("{project}: {held:?} instead of {expected:?}");
                tally.lost += expected.iter().filter(|body| !held.contains(&body.as_str())).count();
                tally.torn += 1;
            }
        }
        // Not a byte of it is gone: it is aside, or it stays as empty text.
        let folder = fs::read_dir(bus.parent().expect("a folder")).expect("the project");
        let aside: Vec<Vec<u8>> = folder
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|name| name == "torn"))
            .map(|path| fs::read(path).expect("what was moved aside"))
            .collect();
        let stored = fs::read(&bus).expect("the bus");
        let half = self.half();
        let stays = self.half_stays();
        let moved = if stays { &[] } else { half };
        assert_eq!(aside.concat(), moved, "{project}");
        let kept = length + self.count - if stays { 0 } else { half.len() };
        let written = &self.write.bytes[..kept - length];
        assert_eq!(&stored[length..kept], written, "{project}: what was there before stays");
        tally
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_is_killed_at_any_byte_with_the_lock_in_its_hand_costs_only_its_half_record()
{
    if !can_run() {
        return;
    }
    let server = Server::start();
    let writes = [
        write("own", true, 1),
        write("own-batch", true, 3),
        write("other", false, 1),
        write("other-batch", false, 2),
    ];
    let deaths: Vec<Death> = writes
        .map(Arc::new)
        .into_iter()
        .flat_map(|write| {
            (0..=write.bytes.len()).map(move |count| Death { write: Arc::clone(&write), count })
        })
        .collect();
    let mut client = Client::connect(&server).await;
    let everything =
        pb::SubscribeRequest { scope: pb::SubscribeScope::All.into(), ..follow("", "", Earliest) };
    let mut recorder = Recorder::start(server.addr(), everything);
    let mut lengths = BTreeMap::new();
    let mut befores = JoinSet::new();
    let room = Arc::new(Semaphore::new(AT_ONCE));
    for death in &deaths {
        let (mut client, project) = (client.clone(), death.project());
        let turn = Arc::clone(&room).acquire_owned().await.expect("a turn");
        befores.spawn(async move {
            client.append(message(&project, "", "before")).await;
            drop(turn);
        });
    }
    befores.join_all().await;
    recorder.reaches(deaths.len()).await;

    let mut program = Program::start("die.py", &[]);
    for death in &deaths {
        let bus = death.bus(&server);
        let length = fs::metadata(&bus).expect("the bus").len();
        lengths.insert(death.project(), usize::try_from(length).expect("a small file"));
        let append: String = death.write.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        program.tell(&json!({ "bus": bus, "append": append, "count": death.count }).to_string());
    }
    assert_eq!(program.ended().await.len(), deaths.len(), "each has died");

    let mut tally = Tally::default();
    let mut checks = JoinSet::new();
    for death in deaths.clone() {
        let (client, bus) = (client.clone(), death.bus(&server));
        let length = lengths[&death.project()];
        let turn = Arc::clone(&room).acquire_owned().await.expect("a turn");
        checks.spawn(async move {
            let tally = death.check(client, bus, length).await;
            drop(turn);
            tally
        });
    }
    for checked in checks.join_all().await {
        tally.add(checked);
    }

    // A follower was told what is there, and of no half record.
    let expected: usize = deaths.iter().map(|death| death.whole().len() + 2).sum();
    recorder.reaches(expected).await;
    let recording = recorder.stop().await;
    for (bus, told) in recording.messages() {
        let told: Vec<_> = told.iter().filter_map(|told| told.message.clone()).collect();
        let held = client.read_all(&bus.0, &bus.1).await;
        tally.lost += held.iter().filter(|message| !told.contains(message)).count();
        tally.duplicated += told.len().saturating_sub(held.len());
        if told != held {
            eprintln!("{bus:?}: told {told:?} of {held:?}");
            tally.torn += 1;
        }
    }
    tally.settle(
        "a writer killed by SIGKILL at every byte of its write, holding the lock",
        "nothing_lost::neighbours::dying::a_writer_that_is_killed_at_any_byte_with_the_lock_in_its_hand_costs_only_its_half_record",
    );
}
