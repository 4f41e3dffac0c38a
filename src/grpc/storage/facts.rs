//! Facts.

use crate::domain::{FactId, RequestId};
use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::Facts;

/// Answers AppendFact.
pub(super) async fn append<B: Facts>(
    backend: &B,
    request: pb::AppendFactRequest,
) -> Result<pb::AppendFactResponse> {
    let request_id = RequestId::parse(&request.request_id)?;
    let written = backend.append_fact(convert::facts::new(request)?, request_id).await?;
    Ok(pb::AppendFactResponse {
        fact: Some(convert::facts::fact(written.item)),
        duplicate: written.duplicate,
    })
}

/// Answers GetFact.
pub(super) async fn get<B: Facts>(
    backend: &B,
    request: pb::GetFactRequest,
) -> Result<pb::GetFactResponse> {
    let scope = convert::facts::scope(&request.project_id, &request.task_id)?;
    let fact = backend.fact(scope, FactId::parse(&request.fact_id)?).await?;
    Ok(pb::GetFactResponse { fact: Some(convert::facts::fact(fact)) })
}

/// Answers ListFacts.
pub(super) async fn list<B: Facts>(
    backend: &B,
    request: pb::ListFactsRequest,
) -> Result<pb::ListFactsResponse> {
    let page = backend.list_facts(convert::facts::query(request)?).await?;
    Ok(convert::facts::page(page))
}
