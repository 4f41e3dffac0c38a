//! The Storage service. What each method does stands in a file for each noun.

mod artifacts;
mod facts;
mod projects;
mod run_files;
mod run_metas;
mod runs;
mod server_info;
mod streams;
mod task_log;
mod tasks;
mod upkeep;
mod uploads;
mod watching;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::{Request, Streaming};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::limits::UPLOAD_IDLE;
use crate::store::Storage;

use super::pb;
use super::status::{Answer, answer};

pub use server_info::ServerFacts;
use streams::Answers;

/// The Storage service over a backend.
pub struct StorageService<B> {
    backend: Arc<B>,
    clock: Arc<dyn Clock>,
    facts: ServerFacts,
    shutdown: CancellationToken,
}

impl<B> StorageService<B> {
    /// Serves a backend; the clock stamps heartbeats, the token ends streams that
    /// would not end by themselves.
    pub fn new(
        backend: Arc<B>,
        clock: Arc<dyn Clock>,
        facts: ServerFacts,
        shutdown: CancellationToken,
    ) -> Self {
        Self { backend, clock, facts, shutdown }
    }
}

/// Turns the result of a removal into whether there was something. With
/// `allow_missing` it is fine that there was not.
fn existed(removed: Result<()>, allow_missing: bool) -> Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        Err(
            Error::ProjectNotFound { .. }
            | Error::TaskNotFound { .. }
            | Error::RunNotFound { .. }
            | Error::ArtifactNotFound { .. },
        ) if allow_missing => Ok(false),
        Err(error) => Err(error),
    }
}

#[tonic::async_trait]
impl<B: Storage> pb::storage_server::Storage for StorageService<B> {
    async fn get_server_info(
        &self,
        _: Request<pb::GetServerInfoRequest>,
    ) -> Answer<pb::GetServerInfoResponse> {
        answer(server_info::get(&*self.backend, &self.facts, self.clock.now()).await)
    }

    async fn create_project(
        &self,
        request: Request<pb::CreateProjectRequest>,
    ) -> Answer<pb::CreateProjectResponse> {
        answer(projects::create(&*self.backend, request.into_inner()).await)
    }

    async fn get_project(
        &self,
        request: Request<pb::GetProjectRequest>,
    ) -> Answer<pb::GetProjectResponse> {
        answer(projects::get(&*self.backend, request.into_inner()).await)
    }

    async fn list_projects(
        &self,
        request: Request<pb::ListProjectsRequest>,
    ) -> Answer<pb::ListProjectsResponse> {
        answer(projects::list(&*self.backend, request.into_inner()).await)
    }

    async fn update_project(
        &self,
        request: Request<pb::UpdateProjectRequest>,
    ) -> Answer<pb::UpdateProjectResponse> {
        answer(projects::update(&*self.backend, request.into_inner()).await)
    }

    async fn delete_project(
        &self,
        request: Request<pb::DeleteProjectRequest>,
    ) -> Answer<pb::DeleteProjectResponse> {
        answer(projects::delete(&*self.backend, request.into_inner()).await)
    }

    async fn create_task(
        &self,
        request: Request<pb::CreateTaskRequest>,
    ) -> Answer<pb::CreateTaskResponse> {
        answer(tasks::create(&*self.backend, request.into_inner()).await)
    }

    async fn get_task(&self, request: Request<pb::GetTaskRequest>) -> Answer<pb::GetTaskResponse> {
        answer(tasks::get(&*self.backend, request.into_inner()).await)
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Answer<pb::ListTasksResponse> {
        answer(tasks::list(&*self.backend, request.into_inner()).await)
    }

    async fn update_task(
        &self,
        request: Request<pb::UpdateTaskRequest>,
    ) -> Answer<pb::UpdateTaskResponse> {
        answer(tasks::update(&*self.backend, request.into_inner()).await)
    }

    async fn transition_task(
        &self,
        request: Request<pb::TransitionTaskRequest>,
    ) -> Answer<pb::TransitionTaskResponse> {
        answer(tasks::transition(&*self.backend, request.into_inner()).await)
    }

    async fn save_step_result(
        &self,
        request: Request<pb::SaveStepResultRequest>,
    ) -> Answer<pb::SaveStepResultResponse> {
        answer(tasks::save_step_result(&*self.backend, request.into_inner()).await)
    }

    async fn delete_task(
        &self,
        request: Request<pb::DeleteTaskRequest>,
    ) -> Answer<pb::DeleteTaskResponse> {
        answer(tasks::delete(&*self.backend, request.into_inner()).await)
    }

    async fn get_task_state(
        &self,
        request: Request<pb::GetTaskStateRequest>,
    ) -> Answer<pb::GetTaskStateResponse> {
        answer(tasks::get_state(&*self.backend, request.into_inner()).await)
    }

    async fn set_task_state(
        &self,
        request: Request<pb::SetTaskStateRequest>,
    ) -> Answer<pb::SetTaskStateResponse> {
        answer(tasks::set_state(&*self.backend, request.into_inner()).await)
    }

    async fn mark_task_done(
        &self,
        request: Request<pb::MarkTaskDoneRequest>,
    ) -> Answer<pb::MarkTaskDoneResponse> {
        answer(tasks::mark_done(&*self.backend, request.into_inner()).await)
    }

    async fn clear_task_done(
        &self,
        request: Request<pb::ClearTaskDoneRequest>,
    ) -> Answer<pb::ClearTaskDoneResponse> {
        answer(tasks::clear_done(&*self.backend, request.into_inner()).await)
    }

    async fn append_task_log(
        &self,
        request: Request<pb::AppendTaskLogRequest>,
    ) -> Answer<pb::AppendTaskLogResponse> {
        answer(task_log::append(&*self.backend, request.into_inner()).await)
    }

    type ReadTaskLogStream = Answers<pb::ReadTaskLogResponse>;

    async fn read_task_log(
        &self,
        request: Request<pb::ReadTaskLogRequest>,
    ) -> Answer<Self::ReadTaskLogStream> {
        let shutdown = self.shutdown.clone();
        answer(task_log::read(&*self.backend, request.into_inner(), shutdown).await)
    }

    async fn save_artifact(
        &self,
        request: Request<pb::SaveArtifactRequest>,
    ) -> Answer<pb::SaveArtifactResponse> {
        answer(artifacts::save(&*self.backend, request.into_inner()).await)
    }

    async fn upload_artifact(
        &self,
        request: Request<Streaming<pb::UploadArtifactRequest>>,
    ) -> Answer<pb::UploadArtifactResponse> {
        let (requests, shutdown) = (request.into_inner(), self.shutdown.clone());
        uploads::upload(&*self.backend, requests, UPLOAD_IDLE, shutdown).await
    }

    type GetArtifactStream = Answers<pb::GetArtifactResponse>;

    async fn get_artifact(
        &self,
        request: Request<pb::GetArtifactRequest>,
    ) -> Answer<Self::GetArtifactStream> {
        answer(artifacts::get(&*self.backend, request.into_inner()).await)
    }

    async fn list_artifacts(
        &self,
        request: Request<pb::ListArtifactsRequest>,
    ) -> Answer<pb::ListArtifactsResponse> {
        answer(artifacts::list(&*self.backend, request.into_inner()).await)
    }

    async fn delete_artifact(
        &self,
        request: Request<pb::DeleteArtifactRequest>,
    ) -> Answer<pb::DeleteArtifactResponse> {
        answer(artifacts::delete(&*self.backend, request.into_inner()).await)
    }

    async fn append_fact(
        &self,
        request: Request<pb::AppendFactRequest>,
    ) -> Answer<pb::AppendFactResponse> {
        answer(facts::append(&*self.backend, request.into_inner()).await)
    }

    async fn get_fact(&self, request: Request<pb::GetFactRequest>) -> Answer<pb::GetFactResponse> {
        answer(facts::get(&*self.backend, request.into_inner()).await)
    }

    async fn list_facts(
        &self,
        request: Request<pb::ListFactsRequest>,
    ) -> Answer<pb::ListFactsResponse> {
        answer(facts::list(&*self.backend, request.into_inner()).await)
    }

    async fn create_run(
        &self,
        request: Request<pb::CreateRunRequest>,
    ) -> Answer<pb::CreateRunResponse> {
        answer(runs::create(&*self.backend, request.into_inner()).await)
    }

    async fn get_run_info(
        &self,
        request: Request<pb::GetRunInfoRequest>,
    ) -> Answer<pb::GetRunInfoResponse> {
        answer(runs::get(&*self.backend, request.into_inner()).await)
    }

    async fn list_runs(
        &self,
        request: Request<pb::ListRunsRequest>,
    ) -> Answer<pb::ListRunsResponse> {
        answer(runs::list(&*self.backend, request.into_inner()).await)
    }

    async fn update_run_status(
        &self,
        request: Request<pb::UpdateRunStatusRequest>,
    ) -> Answer<pb::UpdateRunStatusResponse> {
        answer(runs::end(&*self.backend, request.into_inner()).await)
    }

    async fn update_run(
        &self,
        request: Request<pb::UpdateRunRequest>,
    ) -> Answer<pb::UpdateRunResponse> {
        answer(runs::update(&*self.backend, request.into_inner()).await)
    }

    async fn get_run_meta(
        &self,
        request: Request<pb::GetRunMetaRequest>,
    ) -> Answer<pb::GetRunMetaResponse> {
        answer(run_metas::get(&*self.backend, request.into_inner()).await)
    }

    async fn update_run_meta(
        &self,
        request: Request<pb::UpdateRunMetaRequest>,
    ) -> Answer<pb::UpdateRunMetaResponse> {
        answer(run_metas::update(&*self.backend, request.into_inner()).await)
    }

    async fn append_run_event(
        &self,
        request: Request<pb::AppendRunEventRequest>,
    ) -> Answer<pb::AppendRunEventResponse> {
        answer(run_metas::append_event(&*self.backend, request.into_inner()).await)
    }

    async fn delete_run(
        &self,
        request: Request<pb::DeleteRunRequest>,
    ) -> Answer<pb::DeleteRunResponse> {
        answer(runs::delete(&*self.backend, request.into_inner()).await)
    }

    async fn get_run_tree(
        &self,
        request: Request<pb::GetRunTreeRequest>,
    ) -> Answer<pb::GetRunTreeResponse> {
        answer(runs::tree(&*self.backend, request.into_inner()).await)
    }

    async fn write_run_file(
        &self,
        request: Request<pb::WriteRunFileRequest>,
    ) -> Answer<pb::WriteRunFileResponse> {
        answer(run_files::write(&*self.backend, request.into_inner()).await)
    }

    async fn append_run_output(
        &self,
        request: Request<pb::AppendRunOutputRequest>,
    ) -> Answer<pb::AppendRunOutputResponse> {
        answer(run_files::append(&*self.backend, request.into_inner()).await)
    }

    type ReadRunFileStream = Answers<pb::ReadRunFileResponse>;

    async fn read_run_file(
        &self,
        request: Request<pb::ReadRunFileRequest>,
    ) -> Answer<Self::ReadRunFileStream> {
        let shutdown = self.shutdown.clone();
        answer(run_files::read(&*self.backend, request.into_inner(), shutdown).await)
    }

    async fn list_run_files(
        &self,
        request: Request<pb::ListRunFilesRequest>,
    ) -> Answer<pb::ListRunFilesResponse> {
        answer(run_files::list(&*self.backend, request.into_inner()).await)
    }

    async fn reconcile_runs(
        &self,
        request: Request<pb::ReconcileRunsRequest>,
    ) -> Answer<pb::ReconcileRunsResponse> {
        answer(upkeep::reconcile(&*self.backend, request.into_inner()).await)
    }

    type WatchStream = Answers<pb::WatchResponse>;

    async fn watch(&self, request: Request<pb::WatchRequest>) -> Answer<Self::WatchStream> {
        let (clock, shutdown) = (Arc::clone(&self.clock), self.shutdown.clone());
        answer(watching::watch(&*self.backend, clock, request.into_inner(), shutdown).await)
    }

    async fn clean_up_runs(
        &self,
        request: Request<pb::CleanUpRunsRequest>,
    ) -> Answer<pb::CleanUpRunsResponse> {
        answer(upkeep::clean_up(&*self.backend, request.into_inner()).await)
    }
}
