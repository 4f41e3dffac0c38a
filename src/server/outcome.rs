//! How each call ends, for those who look at the server: it is counted, and logged when every
//! call is to be.

use std::sync::{Arc, OnceLock};

use tokio::time::Instant;
use tonic::codegen::http::HeaderMap;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::meters;

/// Who made a call, for the line that is logged of it. An extension of its request.
#[derive(Debug, Clone, Default)]
pub(super) struct CalledBy(Arc<OnceLock<String>>);

impl CalledBy {
    /// Notes who made it.
    pub(super) fn note(&self, caller: &str) {
        // A call has one caller.
        let _ = self.0.set(caller.to_owned());
    }
}

/// How a call ends.
pub(super) struct Outcome {
    path: String,
    began_at: Instant,
    /// There is one when the call is to be logged.
    called_by: Option<CalledBy>,
    ended: OnceLock<()>,
}

impl Outcome {
    /// Begins with a call, if anybody wants to know how it ends.
    pub(super) fn of(path: &str, is_logged: bool) -> Option<Self> {
        (is_logged || meters::is_installed()).then(|| Self {
            path: path.to_owned(),
            began_at: Instant::now(),
            called_by: is_logged.then(CalledBy::default),
            ended: OnceLock::new(),
        })
    }

    /// Returns where to note who made it.
    pub(super) fn called_by(&self) -> Option<&CalledBy> {
        self.called_by.as_ref()
    }

    /// Notes the end of the call when these, the headers of its answer or what follows it, say
    /// how it ended.
    pub(super) fn note(&self, said: &HeaderMap) {
        if let Some(status) = Status::from_header_map(said) {
            self.end(&status);
        }
    }

    fn end(&self, status: &Status) {
        if self.ended.set(()).is_err() {
            return;
        }
        let (code, took) = (status.code(), self.began_at.elapsed());
        meters::call(&self.path, code as i32, took);
        let info = (code != Code::Ok).then(|| status.get_details_error_info()).flatten();
        let reason = info.map(|info| info.reason).unwrap_or_default();
        if !reason.is_empty() {
            meters::refused(&reason);
        }
        let Some(called_by) = &self.called_by else { return };
        let caller = called_by.0.get().map_or("nobody who was let in", String::as_str);
        let took_ms = took.as_secs_f64() * 1000.0;
        tracing::info!(
            target: "callboard::access",
            method = self.path,
            caller,
            code = ?code,
            reason,
            took_ms,
            "call"
        );
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        // Its client went away, or was cut off.
        self.end(&Status::cancelled("the call was not answered to its end"));
    }
}
