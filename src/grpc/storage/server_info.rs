//! What the server says of itself.

use std::sync::Arc;

use jiff::Timestamp;

use crate::access::Caller;
use crate::config::ServiceLimits;
use crate::error::Result;
use crate::grpc::convert::{count_out, pid_out, size_out, timestamp_out};
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

/// Tells how much of what is bounded is open, by name.
pub type OpenNow = Arc<dyn Fn() -> Vec<(&'static str, usize)> + Send + Sync>;

/// What is known of a server since its start.
#[derive(Clone)]
pub struct ServerFacts {
    /// The name of its host.
    pub host: String,
    /// Its root, an absolute path.
    pub root: String,
    /// Its process.
    pub pid: u32,
    /// When it was started.
    pub started_at: Timestamp,
    /// How much callers may take.
    pub limits: ServiceLimits,
    /// How much they have taken.
    pub open: OpenNow,
}

/// Answers GetServerInfo.
pub(super) async fn get<B: Upkeep>(
    backend: &B,
    facts: &ServerFacts,
    caller: &Caller,
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
            .copied()
            .chain(facts.limits.announced().map(|(name, limit)| (name, count_out(limit).into())))
            .map(|(name, limit)| (name.to_owned(), limit))
            .collect(),
        features: FEATURES.map(str::to_owned).into(),
        caller: caller.who.to_string(),
        permissions: caller.permissions.given().map(|one| one.to_string()).collect(),
        projects: caller.reach.patterns(),
        open: (facts.open)()
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count_out(count).into()))
            .collect(),
    })
}
