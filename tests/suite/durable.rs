//! What was acknowledged is there after a crash.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;

use callboard::grpc::pb;
use pb::StartPosition::Earliest;

use crate::client::{Client, follow, follow_after, message};
use crate::server::Server;

/// Rounds of killing; a full run sets `CALLBOARD_ROUNDS`.
fn rounds() -> usize {
    std::env::var("CALLBOARD_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_message_is_there_once_after_each_kill() {
    let mut server = Server::start();
    let acknowledged: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let mut tried = BTreeSet::new();
    let mut cursor = None::<String>;
    let mut followed = Vec::new();
    for round in 0..rounds() {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..16 {
            let mut client = Client::connect(&server).await;
            let acknowledged = Arc::clone(&acknowledged);
            tried.extend((0..2000).map(|n| format!("{round}.{writer}.{n}")));
            writers.spawn(async move {
                for n in 0..2000 {
                    let body = format!("{round}.{writer}.{n}");
                    match client.try_append(message("demo", "", &body)).await {
                        Ok(answer) => {
                            acknowledged.lock().expect("the ledger").push((answer.msg_id, body));
                        }
                        // The server is gone.
                        Err(_) => return,
                    }
                }
            });
        }
        // A follower goes as far as it gets, and on from its cursor after the crash.
        let mut client = Client::connect(&server).await;
        let request = match &cursor {
            None => follow("demo", "", Earliest),
            Some(cursor) => follow_after("demo", "", cursor),
        };
        let mut subscription = client.subscribe(request).await;
        let enough = followed.len() + 150 + 97 * round;
        while let Ok(Some(frame)) = subscription.try_frame().await {
            if let pb::subscribe_response::Frame::Message(delivery) = frame {
                followed.push(delivery.message.expect("a message").msg_id);
                cursor = Some(delivery.cursor);
                if followed.len() == enough {
                    server.kill();
                }
            }
        }
        writers.join_all().await;
        server.restart();

        let stored = Client::connect(&server).await.read_all("demo", "").await;
        let ids: Vec<&str> = stored.iter().map(|message| message.msg_id.as_str()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "in order, none twice");
        let places: std::collections::HashMap<&str, &str> =
            stored.iter().map(|message| (message.msg_id.as_str(), message.body.as_str())).collect();
        for (id, body) in acknowledged.lock().expect("the ledger").iter() {
            assert_eq!(
                places.get(id.as_str()),
                Some(&body.as_str()),
                "acknowledged, but not there"
            );
        }
        assert!(stored.iter().all(|message| tried.contains(&message.body)), "whole or absent");
        assert!(
            ids.starts_with(&followed.iter().map(String::as_str).collect::<Vec<_>>()),
            "no gap, none twice"
        );
    }
    assert!(!acknowledged.lock().expect("the ledger").is_empty());
}
