//! The gate: every request of every method goes through it, and nothing else decides who may do
//! what. It knows the rules, whom the server let in, how much room there is, and notes what is
//! changed.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tonic::{Request, Response, Status};

use crate::access::{Caller, Permission, Standing};
use crate::audit::{Audit, Entry};
use crate::domain::{ProjectId, Reach, RunId};
use crate::error::{Error, Result};
use crate::store::Room;

use super::rules::Ruled;
use super::status::{Answer, status};

/// Finds the project of a run that is named by its id alone.
pub type FindProject = Arc<dyn Fn(RunId) -> BoxFuture<'static, Result<ProjectId>> + Send + Sync>;

/// What every request goes through.
#[derive(Clone)]
pub struct Gate {
    room: Arc<dyn Room>,
    find_project: FindProject,
    audit: Option<Audit>,
}

/// Whom a stream of requests comes from: each of them is checked by itself.
#[derive(Clone)]
pub(super) struct Entrance {
    gate: Gate,
    caller: Arc<Caller>,
    standing: Option<Standing>,
}

impl Gate {
    /// Makes one. The room says whether there is any; the log takes a line for each change.
    pub fn new(room: Arc<dyn Room>, find_project: FindProject, audit: Option<Audit>) -> Self {
        Self { room, find_project, audit }
    }

    /// Lets a request through, or refuses it.
    pub(super) async fn pass<R: Ruled, T>(
        &self,
        request: Request<R>,
        act: impl AsyncFnOnce(R) -> Result<T>,
    ) -> Answer<T> {
        self.pass_as(request, async |request, _| act(request).await).await
    }

    /// As [`Gate::pass`], for what depends on who calls.
    pub(super) async fn pass_as<R: Ruled, T>(
        &self,
        request: Request<R>,
        act: impl AsyncFnOnce(R, &Caller) -> Result<T>,
    ) -> Answer<T> {
        self.pass_making(request, act, |_| String::new()).await
    }

    /// As [`Gate::pass_as`], for what makes something with a name.
    pub(super) async fn pass_making<R: Ruled, T>(
        &self,
        request: Request<R>,
        act: impl AsyncFnOnce(R, &Caller) -> Result<T>,
        made: impl FnOnce(&T) -> String,
    ) -> Answer<T> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let entry = self.entry(&caller, &request);
        let admitted = match Self::allow::<R>(&caller, request.project()) {
            Ok(()) => self.make_room(&request, request.project()).await,
            refused => refused,
        };
        let outcome = match admitted {
            Ok(()) => act(request, &caller).await,
            Err(error) => Err(error),
        };
        let outcome = outcome.map_err(|error| within_reach(error, &caller.reach));
        if let Some((audit, entry)) = entry {
            audit.note(entry.ended(outcome.as_ref().map(made))).await;
        }
        outcome.map(Response::new).map_err(|error| status(&error))
    }

    /// Lets a caller begin a stream of requests.
    pub(super) async fn enter<R: Ruled, S>(
        &self,
        request: &Request<S>,
    ) -> Result<Entrance, Status> {
        let caller = caller(request)?;
        let permission = R::RULE.permission.unwrap_or(Permission::Admin);
        if let Err(denial) = caller.check(permission) {
            let error = Error::Denied(denial);
            if let Some((audit, entry)) = self.entry(&caller, &R::default()) {
                audit.note(entry.ended(Err(&error))).await;
            }
            return Err(status(&error));
        }
        let standing = request.extensions().get().cloned();
        Ok(Entrance { gate: self.clone(), caller, standing })
    }

    /// Refuses what the caller may not do.
    fn allow<R: Ruled>(caller: &Caller, project: &str) -> Result<()> {
        let rule = R::RULE;
        let Some(permission) = rule.permission else { return Ok(()) };
        let allowed = if rule.is_wide && project.is_empty() {
            caller.check(permission)
        } else {
            caller.check_in(permission, project)
        };
        allowed.map_err(Error::Denied)
    }

    /// Refuses what there is no room for.
    async fn make_room<R: Ruled>(&self, request: &R, project: &str) -> Result<()> {
        if !R::RULE.takes_room {
            return Ok(());
        }
        self.room.check_space()?;
        if !self.room.has_quotas() {
            return Ok(());
        }
        let names = request.names();
        let run = names.iter().find(|(name, run)| *name == "run_id" && !run.is_empty());
        let project = match (ProjectId::parse(project), run) {
            (Ok(project), _) => project,
            (Err(_), Some((_, run))) => (self.find_project)(RunId::parse(run)?).await?,
            // Refused for what it names.
            (Err(_), None) => return Ok(()),
        };
        self.room.admit(&project, request.encoded_len() as u64)
    }

    /// Begins the line of a change, when they are noted.
    fn entry<R: Ruled>(&self, caller: &Caller, request: &R) -> Option<(Audit, Entry)> {
        if !R::RULE.changes() {
            return None;
        }
        let audit = self.audit.clone()?;
        let entry = audit.begin(&caller.who, R::METHOD, request.project(), request.names());
        Some((audit, entry))
    }
}

impl Entrance {
    /// Lets the next request through, or refuses it. One that names no project is in the
    /// project of the one before, which is given.
    pub(super) async fn admit<R: Ruled>(&self, request: &R, before: &str) -> Result<()> {
        let project = Some(request.project()).filter(|project| !project.is_empty());
        let project = project.unwrap_or(before);
        if let Some(standing) = &self.standing {
            standing.check().map_err(Error::Denied)?;
        }
        Gate::allow::<R>(&self.caller, project)?;
        self.gate.make_room(request, project).await
    }

    /// Begins the line of a request's change, when they are noted.
    pub(super) fn entry<R: Ruled>(&self, request: &R) -> Option<(Audit, Entry)> {
        self.gate.entry(&self.caller, request)
    }

    /// Hides what the caller does not reach.
    pub(super) fn within_reach(&self, error: Error) -> Error {
        within_reach(error, &self.caller.reach)
    }
}

/// Returns whom the server let in.
fn caller<T>(request: &Request<T>) -> Result<Arc<Caller>, Status> {
    let caller = request.extensions().get::<Arc<Caller>>().cloned();
    // Without one nobody is let in.
    caller.ok_or_else(|| status(&Error::Bug("nobody said who is calling".into())))
}

/// Takes the names of what the caller may not reach out of an error: request ids are those of
/// all projects together.
fn within_reach(error: Error, reach: &Reach) -> Error {
    const HIDDEN: &str = "a place that is not shown";
    match error {
        error if *reach == Reach::All => error,
        Error::RequestIdReused { request_id, .. } => {
            Error::RequestIdReused { place: HIDDEN.to_owned(), request_id }
        }
        Error::CreatedAndRemoved { request_id, .. } => {
            Error::CreatedAndRemoved { path: HIDDEN.to_owned(), request_id }
        }
        error => error,
    }
}

#[cfg(test)]
impl Entrance {
    /// One that lets everybody through, and knows no bounds.
    pub(super) fn of_anybody() -> Self {
        /// Room without end.
        struct Endless;

        impl Room for Endless {
            fn admit(&self, _: &ProjectId, _: u64) -> Result<()> {
                Ok(())
            }

            fn check_space(&self) -> Result<()> {
                Ok(())
            }

            fn has_quotas(&self) -> bool {
                false
            }

            fn bytes_by_project(&self) -> Vec<(ProjectId, u64)> {
                Vec::new()
            }

            fn free_bytes_known(&self) -> Option<u64> {
                None
            }
        }

        let find = |_| -> BoxFuture<'static, _> { unreachable!("there are no quotas") };
        let gate = Gate::new(Arc::new(Endless), Arc::new(find), None);
        Self { gate, caller: Arc::new(Caller::user(None)), standing: None }
    }
}
