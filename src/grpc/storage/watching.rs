//! Watching.

use std::sync::Arc;

use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::Reach;
use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::Watching;

use super::streams::{Answers, answers, until_shutdown};

/// Answers Watch. The clock stamps heartbeats.
pub(super) async fn watch<B: Watching>(
    backend: &B,
    clock: Arc<dyn Clock>,
    request: pb::WatchRequest,
    reach: &Reach,
    shutdown: CancellationToken,
) -> Result<Answers<pb::WatchResponse>> {
    let changes = backend.watch(convert::watch::watch(&request, reach)?).await?;
    let changes = changes.map(move |change| Ok(convert::watch::change(change?, clock.now())));
    Ok(answers(until_shutdown(changes, shutdown)))
}
