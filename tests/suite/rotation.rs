//! Rotation while others write: by us, and by programs that take no lock for it.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callboard::grpc::pb;
use fs4::fs_std::FileExt as Lock;
use pb::StartPosition::Earliest;

use crate::client::{Client, bodies, follow, message};
use crate::coexist::{assert_numbered_by_writer, bus};
use crate::foreign_writer::{self, append, record};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_under_eight_writers_loses_nothing_and_a_follower_crosses_it() {
    let server = Server::start();
    let bus = bus(&server);
    let mut foreign: Vec<_> =
        (0..4).map(|n| foreign_writer::spawn(&bus, &format!("f{n}"), 250)).collect();
    let mut ours = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let mut client = Client::connect(&server).await;
        ours.spawn(async move {
            for n in 0..250 {
                client.append(message("demo", "", &format!("o{writer}.{n}"))).await;
            }
        });
    }
    let written = Arc::new(AtomicBool::new(false));
    let rotating = tokio::spawn({
        let mut client = Client::connect(&server).await;
        let written = written.clone();
        async move {
            let mut rotations = 0;
            while rotations < 12 && !written.load(Ordering::Relaxed) {
                let request =
                    pb::RotateBusRequest { project_id: "demo".into(), ..Default::default() };
                match client.0.rotate_bus(request).await {
                    Ok(_) => rotations += 1,
                    // Nothing was written since.
                    Err(status) => assert!(
                        ["BUS_EMPTY", "BUS_NOT_FOUND"]
                            .contains(&crate::client::reason(&status).as_str()),
                        "{status:?}"
                    ),
                }
            }
            rotations
        }
    });
    let mut client = Client::connect(&server).await;
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    let mut followed = Vec::new();
    while followed.len() < 2000 {
        followed.push(subscription.message().await.message.expect("a message").body);
    }
    ours.join_all().await;
    for process in &mut foreign {
        assert!(process.wait().expect("it was ours").success());
    }
    written.store(true, Ordering::Relaxed);
    assert!(rotating.await.expect("it ends with the writers") >= 1, "nothing was rotated");
    let stored = client.read_all("demo", "").await;
    assert_eq!(stored.len(), 2000);
    assert!(bodies(&stored) == followed, "the follower saw the order that reading gives");
    assert_numbered_by_writer(&stored, 8, 250);
}

#[tokio::test]
async fn a_rename_without_a_lock_while_a_writer_waits_loses_nothing() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let bus = bus(&server);
    client.append(message("demo", "", "one")).await;
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    assert_eq!(subscription.message().await.message.expect("a message").body, "one");
    // A writer has opened the file; a clean-up renames it; then the writer writes.
    let mut late = foreign_writer::open(&bus);
    let archive = bus.with_file_name("PROJECT-MESSAGE-BUS.md.20260304-050607.archived");
    fs::rename(&bus, &archive).expect("renamed");
    client.append(message("demo", "", "two")).await;
    Lock::lock_exclusive(&late).expect("the lock");
    late.write_all(format!("\n{}", record("F-late", "late")).as_bytes()).expect("a write");
    Lock::unlock(&late).expect("unlocked");
    let mut seen = [subscription.message().await, subscription.message().await]
        .map(|delivery| delivery.message.expect("a message").body);
    seen.sort();
    assert_eq!(seen, ["late", "two"]);
    let mut stored = bodies(&client.read_all("demo", "").await).join(" ");
    assert_eq!(stored, "one late two");
    // A repetition of nothing: the follower sees what comes next, once.
    client.append(message("demo", "", "three")).await;
    stored = subscription.message().await.message.expect("a message").body;
    assert_eq!(stored, "three");
}

#[tokio::test]
async fn an_append_that_waited_while_the_file_was_renamed_goes_to_the_new_file() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let bus = bus(&server);
    client.append(message("demo", "", "one")).await;
    let file = foreign_writer::open(&bus);
    Lock::lock_exclusive(&file).expect("the lock");
    let waiting = tokio::spawn({
        let mut client = client.clone();
        async move { client.append(message("demo", "", "three")).await }
    });
    // It waits when a call behind it on the same connection was answered.
    client.read_all("demo", "").await;
    fs::rename(&bus, bus.with_file_name("PROJECT-MESSAGE-BUS.md.1.archived")).expect("renamed");
    append(&bus, &record("F-2", "two"));
    Lock::unlock(&file).expect("unlocked");
    waiting.await.expect("appended");
    assert_eq!(bodies(&client.read_all("demo", "").await), ["one", "two", "three"]);
    assert!(
        fs::read_to_string(&bus).expect("text").contains("\nthree\n"),
        "it is in the live file"
    );
}
