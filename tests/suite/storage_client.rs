//! A gRPC client of Storage for tests: the generated one, with fewer words.

use callboard::grpc::pb;
use pb::storage_client::StorageClient as Generated;
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
