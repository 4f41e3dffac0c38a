//! Subscribers who note when what they follow arrives.

use std::time::Instant;

use callboard_client::{Client, Frame};
use tokio::task::JoinHandle;
use tonic::{Status, Streaming};

use crate::grpc::pb::{
    StartPosition, SubscribeRequest, SubscribeResponse, SubscribeScope, subscribe_request::Start,
};

use super::super::failure::Failure;
use super::server::Server;

/// A subscriber at work.
pub(super) struct Arrivals {
    task: JoinHandle<Result<Vec<Instant>, Status>>,
}

impl Arrivals {
    /// Follows the client's bus from its end on. When this returns, what is appended arrives.
    pub(super) async fn follow(client: &Client, count: usize) -> Result<Self, Status> {
        let frames = follow_new(client).await?;
        Ok(Self { task: tokio::spawn(arrive(frames, count)) })
    }

    /// Waits for all of them. Returns when each arrived.
    pub(super) async fn all(self, server: &Server) -> Result<Vec<Instant>, Failure> {
        let arrived = self.task.await.map_err(|error| Failure::own("follow a bus", &error))?;
        arrived.map_err(|status| server.failure(&status))
    }
}

async fn arrive(
    mut frames: Streaming<SubscribeResponse>,
    count: usize,
) -> Result<Vec<Instant>, Status> {
    let mut arrived = Vec::with_capacity(count);
    while arrived.len() < count {
        if let Frame::Message(_) = next(&mut frames).await? {
            arrived.push(Instant::now());
        }
    }
    Ok(arrived)
}

/// Follows the client's bus from its end on; returns when its end was met.
pub(super) async fn follow_new(client: &Client) -> Result<Streaming<SubscribeResponse>, Status> {
    let mut frames = follow_from(client, StartPosition::Latest).await?;
    while !matches!(next(&mut frames).await?, Frame::CaughtUp(_)) {}
    Ok(frames)
}

/// Follows the client's bus.
pub(super) async fn follow_from(
    client: &Client,
    position: StartPosition,
) -> Result<Streaming<SubscribeResponse>, Status> {
    let request = SubscribeRequest {
        project_id: client.project_id().to_owned(),
        task_id: client.task_id().to_owned(),
        scope: SubscribeScope::Bus.into(),
        start: Some(Start::Position(position.into())),
        ..Default::default()
    };
    Ok(client.bus().subscribe(request).await?.into_inner())
}

/// Returns the next frame of a stream that does not end by itself.
pub(super) async fn next(frames: &mut Streaming<SubscribeResponse>) -> Result<Frame, Status> {
    let frame = frames.message().await?.and_then(|answer| answer.frame);
    frame.ok_or_else(|| Status::internal("the stream ended, or a frame is empty"))
}
