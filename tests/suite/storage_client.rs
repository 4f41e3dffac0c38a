//! A gRPC client of Storage for tests: the generated one, with fewer words.

use callboard::grpc::pb;
use pb::storage_client::StorageClient as Generated;
use pb::upload_artifact_request;
use sha2::{Digest as _, Sha256};
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::client::channel;
use crate::server::Server;

/// A connected client of Storage.
#[derive(Clone)]
pub(crate) struct StorageClient(pub(crate) Generated<Channel>);

/// The unary calls, each from its request to its answer or its refusal.
macro_rules! calls {
    ($($call:ident: $request:ident -> $answer:ident,)*) => {
        #[allow(dead_code, reason = "all of them, whichever the tests need")]
        impl StorageClient {
            $(pub(crate) async fn $call(
                &mut self,
                request: pb::$request,
            ) -> Result<pb::$answer, Status> {
                self.0.$call(request).await.map(Response::into_inner)
            })*
        }
    };
}

calls! {
    get_server_info: GetServerInfoRequest -> GetServerInfoResponse,
    create_project: CreateProjectRequest -> CreateProjectResponse,
    get_project: GetProjectRequest -> GetProjectResponse,
    list_projects: ListProjectsRequest -> ListProjectsResponse,
    update_project: UpdateProjectRequest -> UpdateProjectResponse,
    delete_project: DeleteProjectRequest -> DeleteProjectResponse,
    create_task: CreateTaskRequest -> CreateTaskResponse,
    get_task: GetTaskRequest -> GetTaskResponse,
    list_tasks: ListTasksRequest -> ListTasksResponse,
    update_task: UpdateTaskRequest -> UpdateTaskResponse,
    delete_task: DeleteTaskRequest -> DeleteTaskResponse,
    transition_task: TransitionTaskRequest -> TransitionTaskResponse,
    save_step_result: SaveStepResultRequest -> SaveStepResultResponse,
    append_task_log: AppendTaskLogRequest -> AppendTaskLogResponse,
    save_artifact: SaveArtifactRequest -> SaveArtifactResponse,
    list_artifacts: ListArtifactsRequest -> ListArtifactsResponse,
    delete_artifact: DeleteArtifactRequest -> DeleteArtifactResponse,
    append_fact: AppendFactRequest -> AppendFactResponse,
    get_fact: GetFactRequest -> GetFactResponse,
    list_facts: ListFactsRequest -> ListFactsResponse,
    get_run_meta: GetRunMetaRequest -> GetRunMetaResponse,
    update_run_meta: UpdateRunMetaRequest -> UpdateRunMetaResponse,
    append_run_event: AppendRunEventRequest -> AppendRunEventResponse,
    get_task_state: GetTaskStateRequest -> GetTaskStateResponse,
    set_task_state: SetTaskStateRequest -> SetTaskStateResponse,
    mark_task_done: MarkTaskDoneRequest -> MarkTaskDoneResponse,
    clear_task_done: ClearTaskDoneRequest -> ClearTaskDoneResponse,
    create_run: CreateRunRequest -> CreateRunResponse,
    get_run_info: GetRunInfoRequest -> GetRunInfoResponse,
    list_runs: ListRunsRequest -> ListRunsResponse,
    update_run_status: UpdateRunStatusRequest -> UpdateRunStatusResponse,
    update_run: UpdateRunRequest -> UpdateRunResponse,
    delete_run: DeleteRunRequest -> DeleteRunResponse,
    get_run_tree: GetRunTreeRequest -> GetRunTreeResponse,
    write_run_file: WriteRunFileRequest -> WriteRunFileResponse,
    append_run_output: AppendRunOutputRequest -> AppendRunOutputResponse,
    list_run_files: ListRunFilesRequest -> ListRunFilesResponse,
    reconcile_runs: ReconcileRunsRequest -> ReconcileRunsResponse,
    clean_up_runs: CleanUpRunsRequest -> CleanUpRunsResponse,
}

#[allow(dead_code, reason = "all of them, whichever the tests need")]
impl StorageClient {
    /// Connects to a server.
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::connect_to(server.addr()).await
    }

    /// Connects to an address.
    pub(crate) async fn connect_to(addr: &str) -> Self {
        Self(Generated::new(channel(addr).await))
    }

    /// Creates a run of a task that must not have one of this id.
    pub(crate) async fn new_run(&mut self, project: &str, task: &str, run: &str) -> pb::Run {
        let created = self.create_run(new_run(project, task, run)).await.expect("a new run");
        created.run.expect("the run")
    }

    /// Creates a task that must not be there.
    pub(crate) async fn new_task(&mut self, project: &str, task: &str) -> pb::Task {
        let created = self.create_task(new_task(project, task)).await.expect("a new task");
        created.task.expect("the task")
    }

    /// Returns a run, found by its id alone.
    pub(crate) async fn run(&mut self, run: &str) -> pb::Run {
        self.try_run(run).await.expect("the run is found")
    }

    pub(crate) async fn try_run(&mut self, run: &str) -> Result<pb::Run, Status> {
        let request = pb::GetRunInfoRequest { run_id: run.into(), ..Default::default() };
        self.get_run_info(request).await.map(|answer| answer.run.expect("the run"))
    }

    /// Returns a task.
    pub(crate) async fn task(&mut self, project: &str, task: &str) -> pb::Task {
        let request = pb::GetTaskRequest { project_id: project.into(), task_id: task.into() };
        self.get_task(request).await.expect("the task is found").task.expect("the task")
    }

    /// Lists all runs of a task, of a project or of everything, page by page.
    pub(crate) async fn runs(&mut self, project: &str, task: &str) -> Vec<pb::Run> {
        let mut runs = Vec::new();
        let mut request = pb::ListRunsRequest {
            project_id: project.into(),
            task_id: task.into(),
            page_size: 1000,
            ..Default::default()
        };
        loop {
            let page = self.list_runs(request.clone()).await.expect("a page of runs");
            runs.extend(page.runs);
            if page.next_page_token.is_empty() {
                return runs;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Lists all tasks of a project, page by page.
    pub(crate) async fn tasks(&mut self, project: &str) -> Vec<pb::Task> {
        let mut tasks = Vec::new();
        let mut request = pb::ListTasksRequest {
            project_id: project.into(),
            page_size: 1000,
            ..Default::default()
        };
        loop {
            let page = self.list_tasks(request.clone()).await.expect("a page of tasks");
            tasks.extend(page.tasks);
            if page.next_page_token.is_empty() {
                return tasks;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Ends a run.
    pub(crate) async fn end(&mut self, run: &str, status: &str) -> Result<pb::Run, Status> {
        let request = pb::UpdateRunStatusRequest {
            run_id: run.into(),
            status: status.into(),
            ..Default::default()
        };
        self.update_run_status(request).await.map(|answer| answer.run.expect("the run"))
    }

    /// Moves a task to another status.
    pub(crate) async fn transition(
        &mut self,
        project: &str,
        task: &str,
        to: &str,
    ) -> Result<pb::Task, Status> {
        let request = pb::TransitionTaskRequest {
            project_id: project.into(),
            task_id: task.into(),
            to_status: to.into(),
            ..Default::default()
        };
        self.transition_task(request).await.map(|answer| answer.task.expect("the task"))
    }

    /// Saves the checkpoint after a step.
    pub(crate) async fn step(
        &mut self,
        request: pb::SaveStepResultRequest,
    ) -> Result<pb::Task, Status> {
        self.save_step_result(request).await.map(|answer| answer.task.expect("the task"))
    }

    /// Appends entries to a task's log.
    pub(crate) async fn log(
        &mut self,
        project: &str,
        task: &str,
        entries: &[&str],
    ) -> Result<pb::AppendTaskLogResponse, Status> {
        self.append_task_log(log_of(project, task, entries)).await
    }

    /// Reads a task's log to its end.
    pub(crate) async fn read_log(&mut self, project: &str, task: &str) -> Vec<pb::TaskLogEntry> {
        let request = pb::ReadTaskLogRequest {
            project_id: project.into(),
            task_id: task.into(),
            ..Default::default()
        };
        let mut stream = self.0.read_task_log(request).await.expect("a log").into_inner();
        let mut entries = Vec::new();
        while let Some(part) = stream.message().await.expect("the stream goes on") {
            entries.extend(part.entries);
        }
        entries
    }

    /// Saves an artifact with one message.
    pub(crate) async fn save(
        &mut self,
        request: pb::SaveArtifactRequest,
    ) -> Result<pb::Artifact, Status> {
        self.save_artifact(request).await.map(|answer| answer.artifact.expect("the artifact"))
    }

    /// Uploads an artifact in chunks.
    pub(crate) async fn upload(
        &mut self,
        header: upload_artifact_request::Header,
        chunks: Vec<Vec<u8>>,
    ) -> Result<pb::UploadArtifactResponse, Status> {
        let chunks = chunks.into_iter().map(upload_artifact_request::Part::Chunk);
        let parts = std::iter::once(upload_artifact_request::Part::Header(header)).chain(chunks);
        let parts: Vec<_> = parts.map(upload_part).collect();
        self.0.upload_artifact(tokio_stream::iter(parts)).await.map(Response::into_inner)
    }

    /// Downloads an artifact or a range of it.
    pub(crate) async fn download(
        &mut self,
        request: pb::GetArtifactRequest,
    ) -> Result<Download, Status> {
        let mut offset = request.offset;
        let mut stream = self.0.get_artifact(request).await?.into_inner();
        let mut first = true;
        let mut download = Download::default();
        while let Some(part) = stream.message().await? {
            assert_eq!(part.artifact.is_some(), first, "the artifact comes first, and once");
            assert_eq!(download.sha256, "", "nothing comes after the hash");
            assert!(part.chunk.len() <= 256 << 10, "{}", part.chunk.len());
            if !part.chunk.is_empty() {
                assert_eq!(part.offset, offset, "no gap, and nothing twice");
                offset += i64::try_from(part.chunk.len()).expect("a size");
            }
            if let Some(artifact) = part.artifact {
                download.artifact = artifact;
            }
            download.bytes.extend(part.chunk);
            download.sha256 = part.sha256;
            first = false;
        }
        assert!(!first, "at least the artifact is told of");
        Ok(download)
    }

    /// Returns the content of an artifact, and compares it with its hash.
    pub(crate) async fn content(&mut self, project: &str, task: &str, name: &str) -> Vec<u8> {
        let download = self.download(get_artifact(project, task, name)).await.expect(name);
        assert_eq!(download.sha256, sha256(&download.bytes), "{name}");
        download.bytes
    }

    /// Lists a task's artifacts, page by page.
    pub(crate) async fn artifacts(&mut self, project: &str, task: &str) -> Vec<pb::Artifact> {
        let mut artifacts = Vec::new();
        let mut request = pb::ListArtifactsRequest {
            project_id: project.into(),
            task_id: task.into(),
            page_size: 1000,
            ..Default::default()
        };
        loop {
            let page = self.list_artifacts(request.clone()).await.expect("a page of artifacts");
            artifacts.extend(page.artifacts);
            if page.next_page_token.is_empty() {
                return artifacts;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Writes down a fact; an empty task means that it is about the project.
    pub(crate) async fn fact(&mut self, project: &str, task: &str, title: &str) -> pb::Fact {
        let answer = self.append_fact(new_fact(project, task, title)).await.expect("a fact");
        answer.fact.expect("the fact")
    }
}

/// What came of an artifact.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Download {
    /// The artifact, as it was told before its content.
    pub(crate) artifact: pb::Artifact,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// The hash that came after them.
    pub(crate) sha256: String,
}

/// A run to create, with nothing but what it must have. An empty id has one made.
pub(crate) fn new_run(project: &str, task: &str, run: &str) -> pb::CreateRunRequest {
    pb::CreateRunRequest {
        project_id: project.into(),
        task_id: task.into(),
        run_id: run.into(),
        agent_type: "claude".into(),
        ..Default::default()
    }
}

/// A task to create, with nothing but what it must have. An empty id has one made.
pub(crate) fn new_task(project: &str, task: &str) -> pb::CreateTaskRequest {
    pb::CreateTaskRequest { project_id: project.into(), task_id: task.into(), ..Default::default() }
}

/// A result of a step to save, with nothing but what it must have.
pub(crate) fn step_result(
    project: &str,
    task: &str,
    step_index: i32,
    status: &str,
) -> pb::SaveStepResultRequest {
    let result = pb::StepResult { step_index, status: status.into(), ..Default::default() };
    pb::SaveStepResultRequest {
        project_id: project.into(),
        task_id: task.into(),
        step_result: Some(result),
        ..Default::default()
    }
}

/// Entries to append to a task's log.
pub(crate) fn log_of(project: &str, task: &str, entries: &[&str]) -> pb::AppendTaskLogRequest {
    pb::AppendTaskLogRequest {
        project_id: project.into(),
        task_id: task.into(),
        entries: entries.iter().map(|entry| (*entry).to_owned()).collect(),
        ..Default::default()
    }
}

/// A plain artifact to save with one message.
pub(crate) fn new_artifact(
    project: &str,
    task: &str,
    name: &str,
    data: impl Into<Vec<u8>>,
) -> pb::SaveArtifactRequest {
    pb::SaveArtifactRequest {
        project_id: project.into(),
        task_id: task.into(),
        name: name.into(),
        data: data.into(),
        ..Default::default()
    }
}

/// The header of an upload of a plain artifact.
pub(crate) fn upload_header(
    project: &str,
    task: &str,
    name: &str,
) -> upload_artifact_request::Header {
    upload_artifact_request::Header {
        project_id: project.into(),
        task_id: task.into(),
        name: name.into(),
        ..Default::default()
    }
}

/// A message of an upload.
pub(crate) fn upload_part(part: upload_artifact_request::Part) -> pb::UploadArtifactRequest {
    pb::UploadArtifactRequest { part: Some(part) }
}

/// An artifact to download, by its name.
pub(crate) fn get_artifact(project: &str, task: &str, name: &str) -> pb::GetArtifactRequest {
    pb::GetArtifactRequest {
        project_id: project.into(),
        task_id: task.into(),
        name: name.into(),
        ..Default::default()
    }
}

/// A fact to write down, with nothing but what it must have.
pub(crate) fn new_fact(project: &str, task: &str, title: &str) -> pb::AppendFactRequest {
    pb::AppendFactRequest {
        project_id: project.into(),
        task_id: task.into(),
        title: title.into(),
        ..Default::default()
    }
}

/// Returns the SHA-256 of bytes in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Facts, and what is kept of runs.
#[allow(dead_code, reason = "all of them, whichever the tests need")]
impl StorageClient {
    /// Returns what is kept of a run.
    pub(crate) async fn meta(&mut self, run: &str) -> Result<pb::RunMeta, Status> {
        let request = pb::GetRunMetaRequest { run_id: run.into(), ..Default::default() };
        self.get_run_meta(request).await.map(|answer| answer.meta.expect("the metadata"))
    }

    /// Changes what is kept of a run: the fields that these paths name, or those that are
    /// not empty when there are no paths.
    pub(crate) async fn set_meta(
        &mut self,
        run: &str,
        meta: pb::RunMeta,
        paths: &[&str],
    ) -> Result<pb::RunMeta, Status> {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        let request = pb::UpdateRunMetaRequest {
            run_id: run.into(),
            etag: meta.etag.clone(),
            meta: Some(meta),
            update_mask: (!paths.is_empty()).then_some(prost_types::FieldMask { paths }),
            ..Default::default()
        };
        self.update_run_meta(request).await.map(|answer| answer.meta.expect("the metadata"))
    }

    /// Appends an event to those of a run.
    pub(crate) async fn event(
        &mut self,
        run: &str,
        event: &str,
        data: &str,
    ) -> Result<pb::AppendRunEventResponse, Status> {
        self.append_run_event(new_event(run, event, data)).await
    }

    /// Lists all runs with what is kept of them, page by page.
    pub(crate) async fn runs_with_meta(&mut self) -> Vec<pb::Run> {
        let mut runs = Vec::new();
        let mut request =
            pb::ListRunsRequest { with_meta: true, page_size: 1000, ..Default::default() };
        loop {
            let page = self.list_runs(request.clone()).await.expect("a page of runs");
            runs.extend(page.runs);
            if page.next_page_token.is_empty() {
                return runs;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Lists the facts about a project, or about a task, page by page.
    pub(crate) async fn facts(&mut self, request: pb::ListFactsRequest) -> Vec<pb::Fact> {
        let mut facts = Vec::new();
        let mut request = request;
        loop {
            let page = self.list_facts(request.clone()).await.expect("a page of facts");
            facts.extend(page.facts);
            if page.next_page_token.is_empty() {
                return facts;
            }
            request.page_token = page.next_page_token;
        }
    }
}

/// An event of a run; empty data means none.
pub(crate) fn new_event(run: &str, event: &str, data: &str) -> pb::AppendRunEventRequest {
    pb::AppendRunEventRequest {
        run_id: run.into(),
        event: event.into(),
        data_json: data.into(),
        ..Default::default()
    }
}
