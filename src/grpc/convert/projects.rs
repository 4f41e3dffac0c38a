//! Projects.

use crate::domain::{HomeFolders, Project, ProjectId};
use crate::error::Result;
use crate::grpc::pb;
use crate::limits;
use crate::store::{NewProject, Page, ProjectChange};

use super::answer_size::{self, Item, fitting};
use super::fields::{check_size, path};
use super::mask::{Mask, nothing_to_change};
use super::page_tokens;
use super::values::etag_out;

/// Takes a project to create.
pub(in crate::grpc) fn new(request: pb::CreateProjectRequest) -> Result<NewProject> {
    Ok(NewProject {
        id: ProjectId::parse(&request.project_id)?,
        home_folders: HomeFolders {
            project_root: path("project_root", request.project_root)?,
            source_folders: folders("source_folders", request.source_folders)?,
            additional_folders: folders("additional_folders", request.additional_folders)?,
        },
    })
}

/// Takes what to change of a project. Its id and its etag stand beside that.
pub(in crate::grpc) fn change(request: pb::UpdateProjectRequest) -> Result<ProjectChange> {
    let fields = ["project_root", "source_folders", "additional_folders"];
    let mask = Mask::new(request.update_mask, &fields)?;
    let additional = request.additional_folders;
    let change = ProjectChange {
        project_root: mask.choose("project_root", request.project_root, path)?,
        source_folders: mask.choose("source_folders", request.source_folders, folders)?,
        additional_folders: mask.choose("additional_folders", additional, folders)?,
    };
    if change == ProjectChange::default() { Err(nothing_to_change()) } else { Ok(change) }
}

fn folders(field: &'static str, folders: Vec<String>) -> Result<Vec<String>> {
    check_size(field, "FOLDERS_MAX", folders.len(), limits::FOLDERS_MAX)?;
    folders.into_iter().map(|folder| path(field, folder)).collect()
}

/// Takes a page token of ListProjects.
pub(in crate::grpc) fn page_token(token: &str) -> Result<Option<ProjectId>> {
    page_tokens::project(token)
}

/// Gives out a page of projects.
pub(in crate::grpc) fn page(page: Page<Project>) -> pb::ListProjectsResponse {
    let token = |project: &Project| page_tokens::project_out(&project.id);
    let (projects, next_page_token) = answer_size::page(page, token, project);
    pb::ListProjectsResponse { projects, next_page_token }
}

impl Item for pb::Project {
    fn bare(self, problem: String) -> Self {
        Self { project_id: self.project_id, etag: self.etag, problem, ..Self::default() }
    }
}

/// Gives out a project.
pub(in crate::grpc) fn project(project: Project) -> pb::Project {
    fitting(pb::Project {
        project_id: project.id.to_string(),
        project_root: project.home_folders.project_root,
        source_folders: project.home_folders.source_folders,
        additional_folders: project.home_folders.additional_folders,
        etag: etag_out(project.etag),
        problem: project.problem.unwrap_or_default(),
    })
}
