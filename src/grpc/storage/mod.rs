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
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic::{Request, Streaming};

use crate::access::Caller;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::store::Storage;

use super::gate::Gate;
use super::pb;
use super::status::Answer;

pub use server_info::{OpenNow, ServerFacts};
use streams::Answers;

/// The Storage service over a backend.
pub struct StorageService<B> {
    backend: Arc<B>,
    clock: Arc<dyn Clock>,
    facts: ServerFacts,
    gate: Gate,
    upload_idle: Duration,
    shutdown: CancellationToken,
}

impl<B> StorageService<B> {
    /// Serves a backend behind a gate; the clock stamps heartbeats, uploads that are silent for
    /// longer are given up, the token ends streams that would not end by themselves.
    pub fn new(
        backend: Arc<B>,
        clock: Arc<dyn Clock>,
        facts: ServerFacts,
        gate: Gate,
        upload_idle: Duration,
        shutdown: CancellationToken,
    ) -> Self {
        Self { backend, clock, facts, gate, upload_idle, shutdown }
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
        request: Request<pb::GetServerInfoRequest>,
    ) -> Answer<pb::GetServerInfoResponse> {
        let get = async |_, caller: &Caller| {
            server_info::get(&*self.backend, &self.facts, caller, self.clock.now()).await
        };
        self.gate.pass_as(request, get).await
    }

    async fn create_project(
        &self,
        request: Request<pb::CreateProjectRequest>,
    ) -> Answer<pb::CreateProjectResponse> {
        self.gate
            .pass(request, async |request| projects::create(&*self.backend, request).await)
            .await
    }

    async fn get_project(
        &self,
        request: Request<pb::GetProjectRequest>,
    ) -> Answer<pb::GetProjectResponse> {
        self.gate.pass(request, async |request| projects::get(&*self.backend, request).await).await
    }

    async fn list_projects(
        &self,
        request: Request<pb::ListProjectsRequest>,
    ) -> Answer<pb::ListProjectsResponse> {
        self.gate
            .pass_as(request, async |request, caller| {
                projects::list(&*self.backend, request, &caller.reach).await
            })
            .await
    }

    async fn update_project(
        &self,
        request: Request<pb::UpdateProjectRequest>,
    ) -> Answer<pb::UpdateProjectResponse> {
        self.gate
            .pass(request, async |request| projects::update(&*self.backend, request).await)
            .await
    }

    async fn delete_project(
        &self,
        request: Request<pb::DeleteProjectRequest>,
    ) -> Answer<pb::DeleteProjectResponse> {
        self.gate
            .pass(request, async |request| projects::delete(&*self.backend, request).await)
            .await
    }

    async fn create_task(
        &self,
        request: Request<pb::CreateTaskRequest>,
    ) -> Answer<pb::CreateTaskResponse> {
        self.gate
            .pass_making(
                request,
                async |request, _| tasks::create(&*self.backend, request).await,
                |answer| answer.task.as_ref().map(|task| task.task_id.clone()).unwrap_or_default(),
            )
            .await
    }

    async fn get_task(&self, request: Request<pb::GetTaskRequest>) -> Answer<pb::GetTaskResponse> {
        self.gate.pass(request, async |request| tasks::get(&*self.backend, request).await).await
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Answer<pb::ListTasksResponse> {
        self.gate.pass(request, async |request| tasks::list(&*self.backend, request).await).await
    }

    async fn update_task(
        &self,
        request: Request<pb::UpdateTaskRequest>,
    ) -> Answer<pb::UpdateTaskResponse> {
        self.gate.pass(request, async |request| tasks::update(&*self.backend, request).await).await
    }

    async fn transition_task(
        &self,
        request: Request<pb::TransitionTaskRequest>,
    ) -> Answer<pb::TransitionTaskResponse> {
        self.gate
            .pass(request, async |request| tasks::transition(&*self.backend, request).await)
            .await
    }

    async fn save_step_result(
        &self,
        request: Request<pb::SaveStepResultRequest>,
    ) -> Answer<pb::SaveStepResultResponse> {
        self.gate
            .pass(request, async |request| tasks::save_step_result(&*self.backend, request).await)
            .await
    }

    async fn delete_task(
        &self,
        request: Request<pb::DeleteTaskRequest>,
    ) -> Answer<pb::DeleteTaskResponse> {
        self.gate.pass(request, async |request| tasks::delete(&*self.backend, request).await).await
    }

    async fn get_task_state(
        &self,
        request: Request<pb::GetTaskStateRequest>,
    ) -> Answer<pb::GetTaskStateResponse> {
        self.gate
            .pass(request, async |request| tasks::get_state(&*self.backend, request).await)
            .await
    }

    async fn set_task_state(
        &self,
        request: Request<pb::SetTaskStateRequest>,
    ) -> Answer<pb::SetTaskStateResponse> {
        self.gate
            .pass(request, async |request| tasks::set_state(&*self.backend, request).await)
            .await
    }

    async fn mark_task_done(
        &self,
        request: Request<pb::MarkTaskDoneRequest>,
    ) -> Answer<pb::MarkTaskDoneResponse> {
        self.gate
            .pass(request, async |request| tasks::mark_done(&*self.backend, request).await)
            .await
    }

    async fn clear_task_done(
        &self,
        request: Request<pb::ClearTaskDoneRequest>,
    ) -> Answer<pb::ClearTaskDoneResponse> {
        self.gate
            .pass(request, async |request| tasks::clear_done(&*self.backend, request).await)
            .await
    }

    async fn append_task_log(
        &self,
        request: Request<pb::AppendTaskLogRequest>,
    ) -> Answer<pb::AppendTaskLogResponse> {
        self.gate
            .pass(request, async |request| task_log::append(&*self.backend, request).await)
            .await
    }

    type ReadTaskLogStream = Answers<pb::ReadTaskLogResponse>;

    async fn read_task_log(
        &self,
        request: Request<pb::ReadTaskLogRequest>,
    ) -> Answer<Self::ReadTaskLogStream> {
        let shutdown = self.shutdown.clone();
        let read = async |request| task_log::read(&*self.backend, request, shutdown).await;
        self.gate.pass(request, read).await
    }

    async fn save_artifact(
        &self,
        request: Request<pb::SaveArtifactRequest>,
    ) -> Answer<pb::SaveArtifactResponse> {
        self.gate
            .pass_making(
                request,
                async |request, _| artifacts::save(&*self.backend, request).await,
                |answer| {
                    answer
                        .artifact
                        .as_ref()
                        .map(|artifact| artifact.path.clone())
                        .unwrap_or_default()
                },
            )
            .await
    }

    async fn upload_artifact(
        &self,
        request: Request<Streaming<pb::UploadArtifactRequest>>,
    ) -> Answer<pb::UploadArtifactResponse> {
        let entrance = self.gate.enter::<pb::UploadArtifactRequest, _>(&request).await?;
        let (requests, shutdown) = (request.into_inner(), self.shutdown.clone());
        uploads::upload(&*self.backend, requests, entrance, self.upload_idle, shutdown).await
    }

    type GetArtifactStream = Answers<pb::GetArtifactResponse>;

    async fn get_artifact(
        &self,
        request: Request<pb::GetArtifactRequest>,
    ) -> Answer<Self::GetArtifactStream> {
        self.gate.pass(request, async |request| artifacts::get(&*self.backend, request).await).await
    }

    async fn list_artifacts(
        &self,
        request: Request<pb::ListArtifactsRequest>,
    ) -> Answer<pb::ListArtifactsResponse> {
        self.gate
            .pass(request, async |request| artifacts::list(&*self.backend, request).await)
            .await
    }

    async fn delete_artifact(
        &self,
        request: Request<pb::DeleteArtifactRequest>,
    ) -> Answer<pb::DeleteArtifactResponse> {
        self.gate
            .pass(request, async |request| artifacts::delete(&*self.backend, request).await)
            .await
    }

    async fn append_fact(
        &self,
        request: Request<pb::AppendFactRequest>,
    ) -> Answer<pb::AppendFactResponse> {
        self.gate
            .pass_making(
                request,
                async |request, _| facts::append(&*self.backend, request).await,
                |answer| answer.fact.as_ref().map(|fact| fact.fact_id.clone()).unwrap_or_default(),
            )
            .await
    }

    async fn get_fact(&self, request: Request<pb::GetFactRequest>) -> Answer<pb::GetFactResponse> {
        self.gate.pass(request, async |request| facts::get(&*self.backend, request).await).await
    }

    async fn list_facts(
        &self,
        request: Request<pb::ListFactsRequest>,
    ) -> Answer<pb::ListFactsResponse> {
        self.gate.pass(request, async |request| facts::list(&*self.backend, request).await).await
    }

    async fn create_run(
        &self,
        request: Request<pb::CreateRunRequest>,
    ) -> Answer<pb::CreateRunResponse> {
        self.gate
            .pass_making(
                request,
                async |request, _| runs::create(&*self.backend, request).await,
                |answer| answer.run.as_ref().map(|run| run.run_id.clone()).unwrap_or_default(),
            )
            .await
    }

    async fn get_run_info(
        &self,
        request: Request<pb::GetRunInfoRequest>,
    ) -> Answer<pb::GetRunInfoResponse> {
        self.gate.pass(request, async |request| runs::get(&*self.backend, request).await).await
    }

    async fn list_runs(
        &self,
        request: Request<pb::ListRunsRequest>,
    ) -> Answer<pb::ListRunsResponse> {
        self.gate
            .pass_as(request, async |request, caller| {
                runs::list(&*self.backend, request, &caller.reach).await
            })
            .await
    }

    async fn update_run_status(
        &self,
        request: Request<pb::UpdateRunStatusRequest>,
    ) -> Answer<pb::UpdateRunStatusResponse> {
        self.gate.pass(request, async |request| runs::end(&*self.backend, request).await).await
    }

    async fn update_run(
        &self,
        request: Request<pb::UpdateRunRequest>,
    ) -> Answer<pb::UpdateRunResponse> {
        self.gate.pass(request, async |request| runs::update(&*self.backend, request).await).await
    }

    async fn get_run_meta(
        &self,
        request: Request<pb::GetRunMetaRequest>,
    ) -> Answer<pb::GetRunMetaResponse> {
        self.gate.pass(request, async |request| run_metas::get(&*self.backend, request).await).await
    }

    async fn update_run_meta(
        &self,
        request: Request<pb::UpdateRunMetaRequest>,
    ) -> Answer<pb::UpdateRunMetaResponse> {
        self.gate
            .pass(request, async |request| run_metas::update(&*self.backend, request).await)
            .await
    }

    async fn append_run_event(
        &self,
        request: Request<pb::AppendRunEventRequest>,
    ) -> Answer<pb::AppendRunEventResponse> {
        self.gate
            .pass(request, async |request| run_metas::append_event(&*self.backend, request).await)
            .await
    }

    async fn delete_run(
        &self,
        request: Request<pb::DeleteRunRequest>,
    ) -> Answer<pb::DeleteRunResponse> {
        self.gate.pass(request, async |request| runs::delete(&*self.backend, request).await).await
    }

    async fn get_run_tree(
        &self,
        request: Request<pb::GetRunTreeRequest>,
    ) -> Answer<pb::GetRunTreeResponse> {
        self.gate
            .pass_as(request, async |request, caller| {
                runs::tree(&*self.backend, request, &caller.reach).await
            })
            .await
    }

    async fn write_run_file(
        &self,
        request: Request<pb::WriteRunFileRequest>,
    ) -> Answer<pb::WriteRunFileResponse> {
        self.gate
            .pass(request, async |request| run_files::write(&*self.backend, request).await)
            .await
    }

    async fn append_run_output(
        &self,
        request: Request<pb::AppendRunOutputRequest>,
    ) -> Answer<pb::AppendRunOutputResponse> {
        self.gate
            .pass(request, async |request| run_files::append(&*self.backend, request).await)
            .await
    }

    type ReadRunFileStream = Answers<pb::ReadRunFileResponse>;

    async fn read_run_file(
        &self,
        request: Request<pb::ReadRunFileRequest>,
    ) -> Answer<Self::ReadRunFileStream> {
        let shutdown = self.shutdown.clone();
        let read = async |request| run_files::read(&*self.backend, request, shutdown).await;
        self.gate.pass(request, read).await
    }

    async fn list_run_files(
        &self,
        request: Request<pb::ListRunFilesRequest>,
    ) -> Answer<pb::ListRunFilesResponse> {
        self.gate
            .pass(request, async |request| run_files::list(&*self.backend, request).await)
            .await
    }

    async fn reconcile_runs(
        &self,
        request: Request<pb::ReconcileRunsRequest>,
    ) -> Answer<pb::ReconcileRunsResponse> {
        self.gate
            .pass_as(request, async |request, caller| {
                upkeep::reconcile(&*self.backend, request, &caller.reach).await
            })
            .await
    }

    type WatchStream = Answers<pb::WatchResponse>;

    async fn watch(&self, request: Request<pb::WatchRequest>) -> Answer<Self::WatchStream> {
        let (clock, shutdown) = (Arc::clone(&self.clock), self.shutdown.clone());
        let watch = async |request, caller: &Caller| {
            watching::watch(&*self.backend, clock, request, &caller.reach, shutdown).await
        };
        self.gate.pass_as(request, watch).await
    }

    async fn clean_up_runs(
        &self,
        request: Request<pb::CleanUpRunsRequest>,
    ) -> Answer<pb::CleanUpRunsResponse> {
        self.gate
            .pass_making(
                request,
                async |request, caller| {
                    upkeep::clean_up(&*self.backend, request, &caller.reach).await
                },
                |removed| format!("{} runs", removed.run_count),
            )
            .await
    }
}
