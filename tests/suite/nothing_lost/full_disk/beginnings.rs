//! Servers that find a full disk: what they still do.

use std::fs;

use callboard::grpc::pb;

use super::ballast::{Ballast, Scarce};
use super::calls::{Caller, Kind};
use super::{ext4, ext4_of_few_inodes, tmpfs};
use crate::nothing_lost::ledger::{Ledger, PROJECT, TASK};
use crate::nothing_lost::volume::Volume;
use crate::server::{Server, callboard, output_of};

#[tokio::test]
async fn a_disk_that_was_full_before_anything_was_removed_is_emptied_through_the_service() {
    for (volume, scarce) in [
        (tmpfs(), Scarce::Blocks),
        (ext4(), Scarce::Blocks),
        (ext4_of_few_inodes(), Scarce::Inodes),
    ] {
        let Some(volume) = volume else { return };
        empty_through_the_service(&volume, scarce).await;
    }
}

async fn empty_through_the_service(volume: &Volume, scarce: Scarce) {
    let server = Server::start_on(&volume.root());
    let ledger = Ledger::default();
    let mut caller = Caller::connect(server.addr()).await;
    caller.prepare(&ledger).await;
    for (kind, name) in [(Kind::Artifact, "an-artifact"), (Kind::Run, "a-run")] {
        caller.call(kind, name, &ledger).await.expect("it is made");
    }
    let mut ballast = Ballast::new(volume, scarce);
    let storage = &mut caller.storage;
    let (project_id, task_id) = (PROJECT.to_owned(), TASK.to_owned());

    ballast.leave(0);
    let request = pb::DeleteArtifactRequest {
        project_id: project_id.clone(),
        task_id: task_id.clone(),
        name: "an-artifact".into(),
        ..Default::default()
    };
    storage.delete_artifact(request).await.expect("an artifact is removed");
    ballast.leave(0);
    let run_id = "a-run".into();
    let request = pb::DeleteRunRequest { run_id, force: true, ..Default::default() };
    storage.delete_run(request).await.expect("a run is removed");
    ballast.leave(0);
    let request = pb::DeleteTaskRequest {
        project_id: project_id.clone(),
        task_id,
        force: true,
        ..Default::default()
    };
    storage.delete_task(request).await.expect("a task is removed");
    ballast.leave(0);
    let request = pb::DeleteProjectRequest { project_id, force: true, ..Default::default() };
    storage.delete_project(request).await.expect("a project is removed");
}

#[tokio::test]
async fn a_server_starts_on_a_full_disk_though_its_pid_does_not_fit() {
    let Some(volume) = tmpfs() else { return };
    let mut server = Server::start_on(&volume.root());
    let ledger = Ledger::default();
    Caller::connect(server.addr()).await.prepare(&ledger).await;
    server.terminate();
    // Of a server that was started when there was no room.
    let lock = fs::File::options().write(true).open(volume.root().join(".callboard/lock"));
    lock.expect("the lock").set_len(0).expect("it is cut");
    Ballast::new(&volume, Scarce::Blocks).leave(0);
    server.restart();
    server.log_until("cannot write the pid");
    let found = ledger.check(server.addr()).await;
    assert_eq!((found.acknowledged, found.lost, found.torn), (2, 0, 0));
    // The root is locked all the same.
    let root = volume.root();
    let second = output_of(callboard(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--no-uds",
        "--root",
        root.to_str().expect("a path"),
    ]));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains("in use by another"), "{said}");
}

#[test]
fn a_server_that_cannot_make_its_root_on_a_full_disk_says_why() {
    let Some(volume) = ext4_of_few_inodes() else { return };
    Ballast::new(&volume, Scarce::Inodes).leave(0);
    let root = volume.root();
    let output = output_of(callboard(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--no-uds",
        "--root",
        root.to_str().expect("a path"),
    ]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("No space left on device") && said.contains("root"), "{said}");
    assert!(!root.exists(), "nothing is left");
}
