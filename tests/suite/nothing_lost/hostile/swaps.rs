//! A symlink is put in the place of something between two calls: nothing behind it is read
//! or written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use callboard::grpc::pb;
use prost_reflect::MethodDescriptor;

use super::SERVICES;
use crate::any_call::{Caller, filled, methods};
use crate::client::{Client, message};
use crate::nothing_lost::tally::{Tally, rounds};
use crate::run_files::listing;
use crate::server::Server;
use crate::storage_client::{StorageClient, log_of, new_artifact, new_fact, new_run, new_task};

/// What stands in the files outside, and in no file inside.
const SECRET: &str = "canary-7f3a";

/// So many projects are in one root: a watch looks at all of them.
const PLACES: usize = 8;

/// Makes everything that a project may hold, with a text in each file.
async fn fill_project(server: &Server, project: &str, text: &str) {
    let mut client = StorageClient::connect(server).await;
    let texts = || vec![format!("/{text}")];
    let new = pb::CreateProjectRequest {
        project_id: project.into(),
        project_root: format!("/{text}"),
        source_folders: texts(),
        ..Default::default()
    };
    client.create_project(new).await.expect("a project");
    let task = pb::CreateTaskRequest {
        prompt: text.into(),
        description: text.into(),
        depends_on: vec![text.into()],
        ..new_task(project, "t")
    };
    client.create_task(task).await.expect("a task");
    let state = pb::SetTaskStateRequest {
        project_id: project.into(),
        task_id: "t".into(),
        state_status: "working".into(),
        markdown: text.into(),
        ..Default::default()
    };
    client.set_task_state(state).await.expect("a state");
    let done = pb::MarkTaskDoneRequest { project_id: project.into(), task_id: "t".into() };
    client.mark_task_done(done).await.expect("done");
    let entry = format!("{{\"text\":\"{text}\"}}");
    client.append_task_log(log_of(project, "t", &[&entry])).await.expect("a log");
    client.save(new_artifact(project, "t", "x", text)).await.expect("an artifact");
    client.save(new_artifact(project, "t", "deep/x", text)).await.expect("an artifact");
    for task in ["", "t"] {
        let fact = pb::AppendFactRequest {
            name: "x".into(),
            body: text.into(),
            ..new_fact(project, task, text)
        };
        client.append_fact(fact).await.expect("a fact");
    }
    let run = pb::CreateRunRequest {
        cwd: format!("/{text}"),
        prompt: text.into(),
        commandline: text.into(),
        meta: Some(pb::RunMeta {
            title: text.into(),
            worktree_path: "/".into(),
            ..Default::default()
        }),
        ..new_run(project, "t", "r")
    };
    client.create_run(run).await.expect("a run");
    for file in ["stdout", "stderr", "output", "logs/x"] {
        let write = pb::WriteRunFileRequest {
            project_id: project.into(),
            task_id: "t".into(),
            run_id: "r".into(),
            file: file.into(),
            data: text.into(),
        };
        client.write_run_file(write).await.expect(file);
    }
    let event = pb::AppendRunEventRequest {
        project_id: project.into(),
        task_id: "t".into(),
        run_id: "r".into(),
        event: text.into(),
        ..Default::default()
    };
    client.append_run_event(event).await.expect("an event");
    let mut client = Client::connect(server).await;
    for task in ["", "t"] {
        client.append(message(project, task, text)).await;
        client.append(message(project, task, text)).await;
    }
}

/// Everything in a folder at any level, relative to it; folders before what is in them.
fn below(folder: &Path) -> Vec<PathBuf> {
    let paths = listing(folder).into_iter().map(|(path, _, _)| path);
    paths.map(|path| path.strip_prefix(folder).expect("below it").to_owned()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for path in below(from) {
        if from.join(&path).is_dir() {
            fs::create_dir(to.join(&path)).expect("a folder");
        } else {
            fs::copy(from.join(&path), to.join(&path)).expect("a copy");
        }
    }
}

/// The methods in an order in which each finds something: those that remove come last.
pub(super) fn in_order() -> Vec<MethodDescriptor> {
    let removes = |method: &MethodDescriptor| {
        let name = method.name();
        name.starts_with("Delete") || name.starts_with("CleanUp") || name.starts_with("Trim")
    };
    let mut all: Vec<_> = SERVICES.into_iter().flat_map(methods).collect();
    all.sort_by_key(removes);
    all
}

/// Swaps each of the places in a project of its own, and calls every method there; returns how
/// many calls there were.
async fn swap(model: &Path, outside: &Path, places: &[PathBuf]) -> usize {
    let root = tempfile::tempdir().expect("a folder");
    for number in 0..places.len() {
        copy(model, &root.path().join(format!("demo-{number}")));
    }
    let server = Server::start_on(root.path());
    let mut caller = Caller::connect(&server).await;
    let methods = in_order();
    let reads = |method: &&MethodDescriptor| {
        ["Get", "List", "Read", "Subscribe"].iter().any(|verb| method.name().starts_with(verb))
    };
    let mut calls = 0;
    for (number, place) in places.iter().enumerate() {
        let project = format!("demo-{number}");
        for method in methods.iter().filter(reads) {
            // What is open or remembered from here on is not what the name leads to.
            let _ = caller.call(method, &filled(method, &project)).await;
        }
        let inside = root.path().join(&project);
        let inside = if place.as_os_str().is_empty() { inside } else { inside.join(place) };
        if inside.exists() {
            fs::rename(&inside, root.path().join(format!(".aside-{number}"))).expect("renamed");
        }
        let target = outside.join(place);
        let target = if place.as_os_str().is_empty() { outside.to_owned() } else { target };
        symlink(target, &inside).expect("a link");
        for method in &methods {
            let answer = caller.call(method, &filled(method, &project)).await;
            let what = format!("{} with a symlink for {}", method.name(), place.display());
            let said = match &answer {
                Ok(answers) => answers.concat(),
                Err(status) => status.message().as_bytes().to_vec(),
            };
            let is_told = said.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
            assert!(!is_told, "{what} tells what is behind it: {answer:?}");
            calls += 1;
        }
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
    calls
}

#[tokio::test]
async fn a_symlink_that_takes_the_place_of_anything_is_never_followed() {
    let outside = tempfile::tempdir().expect("a folder");
    let model = Server::start();
    fill_project(&model, "demo", "plain").await;
    let mut secret = Server::start_on(outside.path());
    fill_project(&secret, "demo", SECRET).await;
    secret.kill();
    let outside = outside.path().join("demo");
    // Lock files are made when they are needed.
    let mut places = below(&outside);
    let files: Vec<_> =
        places.iter().filter(|path| outside.join(path).is_file()).cloned().collect();
    for file in files {
        let lock = PathBuf::from(format!("{}.lock", file.display()));
        if !places.contains(&lock) && file.extension().is_none_or(|it| it != "lock") {
            fs::write(outside.join(&lock), SECRET).expect("a lock file");
            places.push(lock);
        }
    }
    places.push(PathBuf::new());
    assert!(places.len() > 40, "{places:?}");
    let before = listing(&outside);

    // An odd step, so that files and their lock files have their turns.
    let part = places.len() / rounds(10 * places.len()).min(places.len());
    let places: Vec<PathBuf> = places.into_iter().step_by(part | 1).collect();
    let mut tally = Tally::default();
    for places in places.chunks(PLACES) {
        tally.cases += swap(&model.root().join("demo"), &outside, places).await;
        assert_eq!(listing(&outside), before, "changed behind one of {places:?}");
    }
    tally.settle(
        "a symlink put in the place of each file, lock file and folder, and every method called",
        "nothing_lost::hostile::swaps::a_symlink_that_takes_the_place_of_anything_is_never_followed",
    );
}
