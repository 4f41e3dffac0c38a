//! Somebody else, who is to be served whatever the others do: he appends, and hears of it
//! through a subscription of his own.

use callboard::grpc::pb::{self, StartPosition::Latest};
use tokio::time::timeout;

use super::super::tally::Tally;
use crate::client::{Client, Subscription, follow, message};
use crate::server::{DEADLINE, Server};

const PROJECT: &str = "neighbour";

/// A client who is served.
pub(crate) struct Neighbour {
    client: Client,
    subscription: Subscription,
    acknowledged: Vec<String>,
}

impl Neighbour {
    /// Connects and subscribes.
    pub(crate) async fn of(server: &Server) -> Self {
        let mut client = Client::connect(server).await;
        let mut subscription = client.subscribe(follow(PROJECT, "", Latest)).await;
        subscription.caught_up().await;
        Self { client, subscription, acknowledged: Vec::new() }
    }

    /// Appends over his own connection and over a new one, and is told of both in time.
    pub(crate) async fn is_served(&mut self, server: &Server) {
        let mut new = timeout(DEADLINE, Client::connect(server)).await.expect("a connection");
        for client in [&mut self.client, &mut new] {
            let body = format!("message {}", self.acknowledged.len());
            let append = client.append(message(PROJECT, "", &body));
            let msg_id = timeout(DEADLINE, append).await.expect("an answer in time");
            let told = self.subscription.message().await.message.expect("a message");
            assert_eq!((&told.msg_id, told.body), (&msg_id, body));
            self.acknowledged.push(msg_id);
        }
    }

    /// Waits for a message in a long poll, which he is told of, too.
    pub(super) async fn waits_and_is_told(&mut self, server: &Server) {
        let poll = pb::PollForNewRequest { project_id: PROJECT.into(), ..Default::default() };
        let mut client = self.client.clone();
        let waiting = tokio::spawn(async move { client.0.poll_for_new(poll).await });
        while !waiting.is_finished() {
            self.is_served(server).await;
        }
        let told = waiting.await.expect("it is not stopped").expect("a place to wait");
        assert_ne!(told.into_inner().messages, []);
    }

    /// Compares what was acknowledged to him with what is there, after so many cases.
    pub(super) async fn tally(mut self, cases: usize) -> Tally {
        let held = self.client.read_all(PROJECT, "").await;
        let mut ids: Vec<String> = held.into_iter().map(|message| message.msg_id).collect();
        let lost = self.acknowledged.iter().filter(|id| !ids.contains(id)).count();
        let all = ids.len();
        ids.dedup();
        let acknowledged = self.acknowledged.len();
        Tally { cases, acknowledged, lost, duplicated: all - ids.len(), torn: 0 }
    }
}
