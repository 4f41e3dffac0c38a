//! Of many that create one thing, one does.

use std::fs;

use callboard::grpc::pb;
use tokio::task::JoinSet;
use tonic::Status;

use super::rounds;
use crate::client::{Client, message, reason};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run, new_task};

/// Calls something so many times at once, over connections of their own in groups of
/// 25; asserts that one call succeeds and all others are refused, and returns which.
async fn only_one<T: 'static + Send>(
    server: &Server,
    count: usize,
    refusal: &str,
    create: impl AsyncFnCreate<T>,
) -> (usize, T) {
    let mut calls = JoinSet::new();
    let mut client = None;
    for n in 0..count {
        if n % 25 == 0 {
            client = Some(StorageClient::connect(server).await);
        }
        let mut client = client.clone().expect("a client");
        let call = create.clone();
        calls.spawn(async move { (n, call.call(&mut client, n).await) });
    }
    let mut made = Vec::new();
    for (n, result) in calls.join_all().await {
        match result {
            Ok(answer) => made.push((n, answer)),
            Err(refused) => assert_eq!(reason(&refused), refusal, "{refused:?}"),
        }
    }
    assert_eq!(made.len(), 1, "of {count} exactly one succeeds");
    made.remove(0)
}

/// An async call that can be made from many tasks.
trait AsyncFnCreate<T>: Clone + Send + Sync + 'static {
    fn call(
        &self,
        client: &mut StorageClient,
        n: usize,
    ) -> impl Future<Output = Result<T, Status>> + Send;
}

#[derive(Clone)]
struct CreateRun(String);

impl AsyncFnCreate<pb::CreateRunResponse> for CreateRun {
    async fn call(
        &self,
        client: &mut StorageClient,
        n: usize,
    ) -> Result<pb::CreateRunResponse, Status> {
        let prompt = n.to_string();
        client.create_run(pb::CreateRunRequest { prompt, ..new_run("p", "t", &self.0) }).await
    }
}

#[derive(Clone)]
struct CreateTask(String);

impl AsyncFnCreate<pb::CreateTaskResponse> for CreateTask {
    async fn call(
        &self,
        client: &mut StorageClient,
        n: usize,
    ) -> Result<pb::CreateTaskResponse, Status> {
        let (prompt, description) = (n.to_string(), n.to_string());
        let request = pb::CreateTaskRequest { prompt, description, ..new_task("p", &self.0) };
        client.create_task(request).await
    }
}

#[derive(Clone)]
struct CreateProject(String);

impl AsyncFnCreate<pb::CreateProjectResponse> for CreateProject {
    async fn call(
        &self,
        client: &mut StorageClient,
        n: usize,
    ) -> Result<pb::CreateProjectResponse, Status> {
        let (project_id, project_root) = (self.0.clone(), n.to_string());
        let request = pb::CreateProjectRequest { project_id, project_root, ..Default::default() };
        client.create_project(request).await
    }
}

#[tokio::test]
async fn of_100_creations_of_one_run_exactly_one_succeeds() {
    let server = Server::start();
    for round in 0..rounds() {
        let run = format!("r{round}");
        let (winner, answer) = only_one(&server, 100, "RUN_EXISTS", CreateRun(run.clone())).await;
        assert!(!answer.duplicate);
        let prompt = server.root().join("p/t/runs").join(&run).join("prompt.md");
        assert_eq!(fs::read_to_string(prompt).expect("the prompt"), winner.to_string());
        let found = StorageClient::connect(&server).await.run(&run).await;
        assert_eq!(Some(found), answer.run);
    }
    let left = fs::read_dir(server.root().join(".callboard/staging")).expect("the folder");
    assert_eq!(left.count(), 0, "nothing half-made is left");
}

#[tokio::test]
async fn of_many_creations_of_one_task_exactly_one_succeeds_also_in_a_folder_that_is_there() {
    let server = Server::start();
    let mut bus = Client::connect(&server).await;
    for round in 0..rounds() {
        for there in [false, true] {
            let task = format!("t{round}-{there}");
            if there {
                bus.append(message("p", &task, "first")).await;
            }
            let create = CreateTask(task.clone());
            let (winner, _) = only_one(&server, 50, "TASK_EXISTS", create).await;
            let found = StorageClient::connect(&server).await.task("p", &task).await;
            let winner = winner.to_string();
            assert_eq!((&found.prompt, &found.description), (&winner, &winner), "of one caller");
        }
    }
}

#[tokio::test]
async fn of_many_creations_of_one_project_exactly_one_succeeds() {
    let server = Server::start();
    for round in 0..rounds() {
        let project = format!("p{round}");
        let create = CreateProject(project.clone());
        let (winner, answer) = only_one(&server, 50, "PROJECT_EXISTS", create).await;
        assert_eq!(answer.project.expect("the project").project_root, winner.to_string());
        let folders = server.root().join(&project).join("home-folders.md");
        let folders = fs::read_to_string(folders).expect("the folders");
        assert!(folders.contains(&winner.to_string()), "{folders}");
    }
}

/// A project that is removed because it is empty takes nothing with it that was
/// acknowledged.
#[tokio::test]
async fn a_project_that_is_removed_as_empty_takes_no_acknowledged_message_with_it() {
    let server = Server::start();
    let storage = StorageClient::connect(&server).await;
    let bus = Client::connect(&server).await;
    for round in 0..20 * rounds() {
        let project = format!("p-{round}");
        let new = pb::CreateProjectRequest { project_id: project.clone(), ..Default::default() };
        storage.clone().create_project(new).await.expect("a project");
        let (mut storage, mut appending) = (storage.clone(), bus.clone());
        let delete = pb::DeleteProjectRequest { project_id: project.clone(), ..Default::default() };
        let (deleted, appended) = tokio::join!(
            tokio::spawn(async move { storage.delete_project(delete).await }),
            tokio::spawn({
                let message = message(&project, "", "kept");
                async move { appending.append(message).await }
            }),
        );
        let (deleted, id) = (deleted.expect("no panic"), appended.expect("no panic"));
        if let Err(refused) = &deleted {
            assert_eq!(reason(refused), "NOT_EMPTY");
        }
        let kept = bus.clone().read_all(&project, "").await;
        let ids: Vec<&str> = kept.iter().map(|message| message.msg_id.as_str()).collect();
        assert_eq!(ids, [id.as_str()], "round {round}: {deleted:?}");
    }
}
