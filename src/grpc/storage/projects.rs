//! Projects.

use crate::domain::{ProjectId, Reach, RequestId};
use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::Projects;

use super::existed;

/// Answers CreateProject.
pub(super) async fn create<B: Projects>(
    backend: &B,
    request: pb::CreateProjectRequest,
) -> Result<pb::CreateProjectResponse> {
    let request_id = RequestId::parse(&request.request_id)?;
    let created = backend.create_project(convert::projects::new(request)?, request_id).await?;
    Ok(pb::CreateProjectResponse {
        project: Some(convert::projects::project(created.item)),
        duplicate: created.duplicate,
    })
}

/// Answers GetProject.
pub(super) async fn get<B: Projects>(
    backend: &B,
    request: pb::GetProjectRequest,
) -> Result<pb::GetProjectResponse> {
    let project = backend.project(ProjectId::parse(&request.project_id)?).await?;
    Ok(pb::GetProjectResponse { project: Some(convert::projects::project(project)) })
}

/// Answers ListProjects.
pub(super) async fn list<B: Projects>(
    backend: &B,
    request: pb::ListProjectsRequest,
    reach: &Reach,
) -> Result<pb::ListProjectsResponse> {
    let after = convert::projects::page_token(&request.page_token)?;
    let page =
        backend.list_projects(reach.clone(), after, convert::page_size(request.page_size)?).await?;
    Ok(convert::projects::page(page))
}

/// Answers UpdateProject.
pub(super) async fn update<B: Projects>(
    backend: &B,
    request: pb::UpdateProjectRequest,
) -> Result<pb::UpdateProjectResponse> {
    let id = ProjectId::parse(&request.project_id)?;
    let etag = convert::etag(&request.etag)?;
    let project = backend.update_project(id, convert::projects::change(request)?, etag).await?;
    Ok(pb::UpdateProjectResponse { project: Some(convert::projects::project(project)) })
}

/// Answers DeleteProject.
pub(super) async fn delete<B: Projects>(
    backend: &B,
    request: pb::DeleteProjectRequest,
) -> Result<pb::DeleteProjectResponse> {
    let id = ProjectId::parse(&request.project_id)?;
    let removed = backend.delete_project(id, request.force).await;
    Ok(pb::DeleteProjectResponse { existed: existed(removed, request.allow_missing)? })
}
