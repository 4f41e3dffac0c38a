//! What the server says of itself.

use jiff::Timestamp;

use crate::error::Result;
use crate::grpc::convert::{pid_out, size_out, timestamp_out};
use crate::grpc::pb;
use crate::limits;
use crate::store::Upkeep;

/// What the server can do beyond the calls themselves.
const FEATURES: [&str; 10] = [
    "foreign_writers",
    "request_ids",
    "etags",
    "watch",
    "rotation",
    "checkpoints",
    "task_logs",
    "artifacts",
    "facts",
    "run_meta",
];

/// What is known of a server since its start.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// The name of its host.
    pub host: String,
    /// Its root, an absolute path.
    pub root: String,
    /// Its process.
    pub pid: u32,
    /// When it was started.
    pub started_at: Timestamp,
}

/// Answers GetServerInfo.
pub(super) async fn get<B: Upkeep>(
    backend: &B,
    facts: &ServerFacts,
    now: Timestamp,
) -> Result<pb::GetServerInfoResponse> {
    let free_bytes = backend.free_bytes().await?;
    Ok(pb::GetServerInfoResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: "files".to_owned(),
        host: facts.host.clone(),
        root: facts.root.clone(),
        pid: pid_out(facts.pid.into()),
        started_at: Some(timestamp_out(facts.started_at)),
        now: Some(timestamp_out(now)),
        free_bytes: size_out(free_bytes),
        limits: limits::ANNOUNCED
            .iter()
            .map(|(name, limit)| ((*name).to_owned(), *limit))
            .collect(),
        features: FEATURES.map(str::to_owned).into(),
    })
}
