//! Waiting for a task or a run to be in some state.

use callboard_client::WatchEvent;

use crate::cli::failure::Failure;
use crate::cli::output::{self, Output};
use crate::cli::place::Place;
use crate::cli::{duration, escape};
use crate::domain::task_status;
use crate::error::Reason;
use crate::grpc::pb::watch_response::{Deleted, Frame};
use crate::grpc::pb::{GetRunInfoRequest, Liveness, Run, Task, WatchKind, WatchRequest};

use super::{Awaited, Wait};

/// What is looked at, and whether it is as it is waited for.
enum Seen {
    Task { task: Box<Task>, met: bool },
    Run { run: Box<Run>, met: bool },
    Gone,
    Other,
}

impl Wait {
    /// Waits for a task or a run, and prints the state that it met.
    pub(super) async fn state(&self) -> Result<(), Failure> {
        let mut output = self.form.open();
        // Only a look takes as long as the server does.
        let met = if self.timeout.is_zero() {
            self.first_met(&mut output).await?
        } else {
            tokio::time::timeout(self.timeout, self.first_met(&mut output))
                .await
                .unwrap_or(Ok(false))?
        };
        if met {
            return output.flush();
        }
        let what = match (self.awaited, &self.run, &self.place.task) {
            (Awaited::Run, Some(run), _) => format!("run {run} did not end"),
            (Awaited::Done, _, task) => format!("{} was not done", named(task.as_deref())),
            (_, _, task) => {
                format!("{} did not become {}", named(task.as_deref()), self.status.join(" or "))
            }
        };
        Err(Failure::timed_out(format!("{what} within {}", duration::text(self.timeout))))
    }

    /// Prints the state and returns true once it is met; false when a look was enough.
    async fn first_met(&self, output: &mut Output) -> Result<bool, Failure> {
        let place = self.state_place().await?;
        let kind = if self.awaited == Awaited::Run { WatchKind::Run } else { WatchKind::Task };
        let request = WatchRequest {
            project_id: place.project.clone(),
            task_id: place.task.clone(),
            kinds: vec![kind.into()],
            ..WatchRequest::default()
        };
        let mut stream = self.connection.client().await?.watch(request);
        let mut is_there = false;
        let (mut is_told, mut is_lost) = (false, false);
        loop {
            let Some(event) = stream.next().await else { return Ok(false) };
            let frame = match event.map_err(|error| self.connection.failure(&error))? {
                WatchEvent::Frame(frame) => *frame,
                WatchEvent::OpenedAgain => {
                    is_there = false;
                    continue;
                }
                _ => continue,
            };
            if matches!(frame, Frame::Synced(_)) {
                if !is_there {
                    return Err(self.missing(&place));
                }
                if self.timeout.is_zero() {
                    return Ok(false);
                }
                if !is_told {
                    output::note(&format!("waiting for {}", self.label(&place)));
                    is_told = true;
                }
                continue;
            }
            match self.look(&place, frame) {
                Seen::Task { task, met } => {
                    is_there = true;
                    if met {
                        let is_done = self.awaited == Awaited::Done;
                        let word = if is_done { "done" } else { &task.status };
                        output.print(&*task, |_| escape::line(word).into_owned())?;
                        return Ok(true);
                    }
                    self.check_not_final(&place, &task.status)?;
                }
                Seen::Run { run, met } => {
                    is_there = true;
                    if met {
                        output.print(&*run, |run| escape::line(&run.status).into_owned())?;
                        return Ok(true);
                    }
                    if run.liveness() == Liveness::Lost && !is_lost {
                        output::note("its process is gone; callboard reconcile ends the run");
                        is_lost = true;
                    }
                }
                Seen::Gone => return Err(self.missing(&place)),
                Seen::Other => {}
            }
        }
    }

    /// Returns where the task or the run is.
    async fn state_place(&self) -> Result<Place, Failure> {
        let Some(run) = &self.run else {
            return self.place.resolve_bus()?.with_task();
        };
        let place = self.place.with_run(run).resolve()?;
        if !place.project.is_empty() {
            return Ok(place);
        }
        let mut client = self.connection.storage().await?;
        let request =
            GetRunInfoRequest { project_id: place.project, task_id: place.task, run_id: place.run };
        let answer = self.connection.answer(client.get_run_info(request)).await?;
        let found = answer.run.unwrap_or_default();
        Ok(Place { project: found.project_id, task: found.task_id, run: found.run_id })
    }

    fn look(&self, place: &Place, frame: Frame) -> Seen {
        let is_run = self.awaited == Awaited::Run;
        match frame {
            Frame::Task(task) if !is_run && task.task_id == place.task => {
                let met = match self.awaited {
                    Awaited::Done => task.done,
                    _ => self.status.contains(&task.status),
                };
                Seen::Task { task: Box::new(task), met }
            }
            Frame::Run(run) if is_run && run.run_id == place.run => {
                let met = run.liveness() == Liveness::Ended;
                Seen::Run { run: Box::new(run), met }
            }
            Frame::Deleted(deleted) if is_about(&deleted, place, is_run) => Seen::Gone,
            _ => Seen::Other,
        }
    }

    /// Returns how what is waited for is called.
    fn label(&self, place: &Place) -> String {
        match self.awaited {
            Awaited::Run => format!("the end of run {}", place.run),
            Awaited::Done => format!("task {} to be done", place.bus_label()),
            _ => format!("task {} to be {}", place.bus_label(), self.status.join(" or ")),
        }
    }

    /// Refuses to wait for a status when the task has another one that is final.
    fn check_not_final(&self, place: &Place, status: &str) -> Result<(), Failure> {
        if self.awaited != Awaited::Status || !task_status::is_final(status) {
            return Ok(());
        }
        let is = format!("it is {status}, which is final");
        Err(Failure::own(&format!("wait for {}", self.label(place)), &is))
    }

    fn missing(&self, place: &Place) -> Failure {
        match self.awaited {
            Awaited::Run => {
                Failure::refused(format!("there is no run {}", place.run), Reason::RunNotFound)
            }
            _ => Failure::refused(
                format!("there is no task {}", place.bus_label()),
                Reason::TaskNotFound,
            ),
        }
    }
}

/// Whether what is gone is the task or the run, or what it is in.
fn is_about(deleted: &Deleted, place: &Place, is_run: bool) -> bool {
    match deleted.kind() {
        WatchKind::Project => deleted.project_id == place.project,
        WatchKind::Task => deleted.task_id == place.task,
        WatchKind::Run => is_run && deleted.run_id == place.run,
        _ => false,
    }
}

fn named(task: Option<&str>) -> String {
    task.map_or_else(|| "the task".to_owned(), |task| format!("task {task}"))
}
