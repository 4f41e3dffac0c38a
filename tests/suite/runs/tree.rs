//! Which runs come from which, whatever their records say.

use callboard::grpc::pb;
use pb::RunRelation::{Child, Restart, Unspecified as Top};
use tonic::Code;

use super::put_record;
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run};

async fn create(client: &mut StorageClient, place: &str, parent: &str, previous: &str) {
    let [project, task, run] = place.split('/').collect::<Vec<_>>()[..] else { panic!("a place") };
    let request = pb::CreateRunRequest {
        parent_run_id: parent.into(),
        previous_run_id: previous.into(),
        ..new_run(project, task, run)
    };
    client.create_run(request).await.expect("a run");
}

async fn tree_of(client: &mut StorageClient, place: &str) -> pb::GetRunTreeResponse {
    let mut request = pb::GetRunTreeRequest::default();
    match place.split_once('/') {
        Some((project, task)) => {
            request.project_id = project.into();
            request.task_id = task.into();
        }
        None => request.run_id = place.into(),
    }
    client.get_run_tree(request).await.expect("a tree")
}

/// The nodes as depth, id, relation, and a mark.
async fn shown(
    client: &mut StorageClient,
    place: &str,
) -> Vec<(i32, String, pb::RunRelation, &'static str)> {
    let tree = tree_of(client, place).await;
    assert!(!tree.truncated);
    let shown = tree.nodes.into_iter().map(|node| {
        let mark = match (node.missing, node.r#loop) {
            (false, false) => "",
            (true, false) => "missing",
            (false, true) => "loop",
            (true, true) => "both",
        };
        let relation = node.relation();
        (node.depth, node.run.expect("the run").run_id, relation, mark)
    });
    shown.collect()
}

fn node(
    depth: i32,
    id: &str,
    relation: pb::RunRelation,
    mark: &'static str,
) -> (i32, String, pb::RunRelation, &'static str) {
    (depth, id.to_owned(), relation, mark)
}

#[tokio::test]
async fn children_and_restarts_stand_below_their_runs_across_tasks_and_projects() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    create(&mut client, "p/t/a", "", "").await;
    create(&mut client, "p/t/a1", "a", "").await;
    create(&mut client, "p/t/a2", "a", "a1").await;
    create(&mut client, "p/u/a3", "a", "").await;
    create(&mut client, "q/v/a4", "a3", "").await;
    create(&mut client, "p/t/b", "", "").await;
    let of_a = [
        node(0, "a", Top, ""),
        node(1, "a1", Child, ""),
        node(2, "a2", Restart, ""),
        node(1, "a3", Child, ""),
        node(2, "a4", Child, ""),
    ];
    assert_eq!(shown(&mut client, "a").await, of_a);
    let mut of_task = of_a.to_vec();
    of_task.push(node(0, "b", Top, ""));
    assert_eq!(shown(&mut client, "p/t").await, of_task);
    assert_eq!(shown(&mut client, "a3").await, [node(0, "a3", Top, ""), node(1, "a4", Child, "")]);
    // Its parent is elsewhere: in its own task it stands at the top.
    assert_eq!(shown(&mut client, "q/v").await, [node(0, "a4", Top, "")]);
    let nodes = tree_of(&mut client, "a").await.nodes;
    let last = nodes[4].run.as_ref().expect("the run");
    assert_eq!(last, &client.run("a4").await, "a node holds the run as it is");
}

#[tokio::test]
async fn a_parent_that_does_not_exist_is_shown_as_missing() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    create(&mut client, "p/t/a", "ghost", "").await;
    create(&mut client, "p/t/b", "ghost", "").await;
    create(&mut client, "p/t/c", "", "phantom").await;
    let expected = [
        node(0, "ghost", Top, "missing"),
        node(1, "a", Child, ""),
        node(1, "b", Child, ""),
        node(0, "phantom", Top, "missing"),
        node(1, "c", Restart, ""),
    ];
    assert_eq!(shown(&mut client, "p/t").await, expected);
    // When it comes, it is in its place.
    create(&mut client, "p/t/ghost", "", "").await;
    let tree = shown(&mut client, "p/t").await;
    assert!(tree.contains(&node(0, "ghost", Top, "")) && tree.len() == 5, "{tree:?}");
    let missing = pb::GetRunTreeRequest { run_id: "phantom".into(), ..Default::default() };
    let refused = client.get_run_tree(missing).await;
    assert_refused(refused, Code::NotFound, "RUN_NOT_FOUND", "phantom");
    let missing =
        pb::GetRunTreeRequest { project_id: "p".into(), task_id: "x".into(), ..Default::default() };
    assert_refused(client.get_run_tree(missing).await, Code::NotFound, "TASK_NOT_FOUND", "p/x");
}

#[tokio::test]
async fn runs_that_form_a_loop_are_shown_once_and_the_tree_ends_there() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    create(&mut client, "p/t/self", "self", "").await;
    create(&mut client, "p/u/l1", "l3", "").await;
    create(&mut client, "p/u/l2", "", "l1").await;
    create(&mut client, "p/u/l3", "l2", "").await;
    create(&mut client, "p/u/tail", "l2", "").await;
    create(&mut client, "p/u/other", "", "").await;
    let own = [node(0, "self", Top, ""), node(1, "self", Child, "loop")];
    assert_eq!(shown(&mut client, "p/t").await, own);
    assert_eq!(shown(&mut client, "self").await, own);
    let from_l1 = [
        node(0, "l1", Top, ""),
        node(1, "l2", Restart, ""),
        node(2, "l3", Child, ""),
        node(3, "l1", Child, "loop"),
        node(2, "tail", Child, ""),
    ];
    assert_eq!(shown(&mut client, "l1").await, from_l1);
    let of_task = shown(&mut client, "p/u").await;
    assert_eq!(of_task[0], node(0, "other", Top, ""));
    assert_eq!(of_task[1..], from_l1);
}

#[tokio::test]
async fn a_chain_of_5000_restarts_is_walked_to_its_end() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut previous = String::new();
    for n in 0..5000 {
        let run = format!("r{n:04}");
        let lines = format!("run_id: {run}\n{previous}agent: a\nstatus: failed\n");
        put_record(server.root(), &format!("p/t/runs/{run}"), &lines);
        previous = format!("previous_run_id: {run}\n");
    }
    for place in ["p/t", "r0000"] {
        let tree = tree_of(&mut client, place).await;
        assert_eq!((tree.nodes.len(), tree.truncated), (5000, false), "{place}");
        for (n, node) in tree.nodes.iter().enumerate() {
            let depth = usize::try_from(node.depth).expect("a depth");
            let id = &node.run.as_ref().expect("the run").run_id;
            assert_eq!((depth, id), (n, &format!("r{n:04}")));
        }
    }
}

#[tokio::test]
async fn a_tree_that_is_too_large_for_an_answer_is_cut_and_says_so() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let long = "x".repeat(60_000);
    for n in 0..80 {
        let lines =
            format!("run_id: c{n:02}\nparent_run_id: a\nstatus: failed\ncommandline: {long}\n");
        put_record(server.root(), &format!("p/t/runs/c{n:02}"), &lines);
    }
    create(&mut client, "p/t/a", "", "").await;
    let tree = tree_of(&mut client, "a").await;
    assert!(tree.truncated);
    assert!((40..60).contains(&tree.nodes.len()), "{}", tree.nodes.len());
    assert_eq!(tree.nodes[0].run.as_ref().expect("the run").run_id, "a");
}
