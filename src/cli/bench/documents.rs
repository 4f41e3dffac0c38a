//! Runs: creating them, looking at one, and listing many.

use std::time::Instant;

use callboard_client::{Client, Transport};
use tonic::Status;

use crate::grpc::pb::storage_client::StorageClient;
use crate::grpc::pb::{
    CreateProjectRequest, CreateRunRequest, CreateTaskRequest, GetRunInfoRequest, ListRunsRequest,
};

use super::super::failure::Failure;
use super::latencies::Latencies;
use super::load::{self, Caller};
use super::row::Row;
use super::server::Server;
use super::site::Site;
use super::{Bench, echo_rate};

/// How many calls there are at once when runs are created.
const IN_FLIGHT: usize = 16;
/// How many connections they share.
const CONNECTIONS: usize = 4;
/// How many runs there are when they are listed.
const RUNS: usize = 10_000;
/// How many are listed in a page.
const PAGE: i32 = 1000;
/// How often one is looked at, and how often all are listed.
const LOOKS: usize = 2000;
const LISTS: usize = 20;

/// Creates one run after another.
struct RunCaller {
    client: StorageClient<Transport>,
    request: CreateRunRequest,
}

impl Caller for RunCaller {
    async fn call(&mut self) -> Result<Instant, Status> {
        let request = self.request.clone();
        let begin = Instant::now();
        self.client.create_run(request).await?;
        Ok(begin)
    }
}

/// Measures all three.
pub(super) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    for _ in 0..bench.runs {
        let site = Site::open(bench).await?;
        let task = Task::create(&site, "load").await?;
        let callers = task.callers(&site.server).await?;
        let l = bench.disk_rate()?;
        let measured = load::measure(&site.server, callers, bench.duration).await?;
        let mut row = measured.row("run.create", IN_FLIGHT);
        row.compare_with_disk(l);
        bench.note(row);

        let there = task.count(&site.server).await?;
        task.create_runs(&site.server, RUNS.saturating_sub(there)).await?;
        let echo = echo_rate::unary(bench, 1).await?;
        look(bench, &site.server, &task, &echo).await?;
        let before = site.server.usage();
        let mut lists = Latencies::default();
        // The first one is not counted: what is warm is measured.
        for list in 0..=LISTS {
            let took = task.list(&site.server, PAGE).await?;
            if list > 0 {
                lists.note(took);
            }
        }
        let mut row = Row::of_calls("run.list", lists);
        row.add_usage(before, site.server.usage());
        bench.note(row);
        site.end().await?;
    }
    Ok(())
}

/// Looks at one run again and again.
async fn look(bench: &mut Bench, server: &Server, task: &Task, echo: &Row) -> Result<(), Failure> {
    let failed = |status: Status| server.failure(&status);
    let created = task.client.storage().create_run(task.new_run()).await.map_err(failed)?;
    let run_id = created.into_inner().run.unwrap_or_default().run_id;
    let request = GetRunInfoRequest {
        project_id: task.client.project_id().to_owned(),
        task_id: task.client.task_id().to_owned(),
        run_id,
    };
    let before = server.usage();
    let mut looks = Latencies::default();
    let mut client = task.client.storage();
    for _ in 0..LOOKS {
        let request = request.clone();
        let begin = Instant::now();
        client.get_run_info(request).await.map_err(failed)?;
        looks.note(begin.elapsed());
    }
    let mut row = Row::of_calls("run.get", looks);
    row.add_usage(before, server.usage());
    row.ratio_to_echo = row.p50_us.zip(echo.p50_us).map(|(took, echo)| took / echo);
    bench.note(row);
    Ok(())
}

/// A task whose runs are made and listed.
pub(super) struct Task {
    client: Client,
}

impl Task {
    /// Creates one, and its project when that is missing.
    pub(super) async fn create(site: &Site, task_id: &str) -> Result<Self, Failure> {
        let failed = |status: Status| site.server.failure(&status);
        let client = site.client(task_id).await?;
        let project_id = site.project.clone();
        let project = CreateProjectRequest { project_id: project_id.clone(), ..Default::default() };
        let created = client.storage().create_project(project).await;
        if let Err(status) = created
            && status.code() != tonic::Code::AlreadyExists
        {
            return Err(failed(status));
        }
        let task_id = task_id.to_owned();
        let task = CreateTaskRequest { project_id, task_id, ..Default::default() };
        client.storage().create_task(task).await.map_err(failed)?;
        Ok(Self { client })
    }

    fn new_run(&self) -> CreateRunRequest {
        CreateRunRequest {
            project_id: self.client.project_id().to_owned(),
            task_id: self.client.task_id().to_owned(),
            agent_type: "bench".to_owned(),
            ..Default::default()
        }
    }

    async fn callers(&self, server: &Server) -> Result<Vec<RunCaller>, Failure> {
        let clients = server.connections(CONNECTIONS).await?;
        let clients = clients.iter().cycle().take(IN_FLIGHT);
        let caller =
            |client: &Client| RunCaller { client: client.storage(), request: self.new_run() };
        Ok(clients.map(caller).collect())
    }

    /// Creates so many runs.
    pub(super) async fn create_runs(&self, server: &Server, count: usize) -> Result<(), Failure> {
        let mut creating = tokio::task::JoinSet::new();
        for (number, mut caller) in self.callers(server).await?.into_iter().enumerate() {
            let share = count / IN_FLIGHT + usize::from(number < count % IN_FLIGHT);
            creating.spawn(async move {
                for _ in 0..share {
                    caller.call().await?;
                }
                Ok(())
            });
        }
        while let Some(created) = creating.join_next().await {
            let created = created.map_err(|error| Failure::own("create runs", &error))?;
            created.map_err(|status: Status| server.failure(&status))?;
        }
        Ok(())
    }

    /// Counts its runs.
    async fn count(&self, server: &Server) -> Result<usize, Failure> {
        let mut request = self.page(PAGE);
        let mut count = 0;
        loop {
            let page = self.client.storage().list_runs(request.clone()).await;
            let page = page.map_err(|status| server.failure(&status))?.into_inner();
            count += page.runs.len();
            if page.next_page_token.is_empty() {
                return Ok(count);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Lists the first page of its runs, and returns how long that took.
    pub(super) async fn list(
        &self,
        server: &Server,
        page_size: i32,
    ) -> Result<std::time::Duration, Failure> {
        let begin = Instant::now();
        let page = self.client.storage().list_runs(self.page(page_size)).await;
        let took = begin.elapsed();
        let page = page.map_err(|status| server.failure(&status))?.into_inner();
        if page.runs.len() == page_size as usize {
            Ok(took)
        } else {
            let found = format!("{} of {page_size} runs came", page.runs.len());
            Err(Failure::own("list runs", &found))
        }
    }

    fn page(&self, page_size: i32) -> ListRunsRequest {
        ListRunsRequest {
            project_id: self.client.project_id().to_owned(),
            task_id: self.client.task_id().to_owned(),
            page_size,
            ..Default::default()
        }
    }
}
