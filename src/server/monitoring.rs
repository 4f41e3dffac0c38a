//! The port for monitoring: where it is, who may read it, and what it looks at.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::access::{Caller, Denial, Permission};
use crate::config::Config;
use crate::domain::Reach;
use crate::error::Reason;
use crate::files::Files;
use crate::meters::{self, Meters};
use crate::store::Room as _;

use super::ServeError;
use super::address;
use super::authentication::Authentication;
use super::certificates::Protocols;
use super::connections::TcpPort;
use super::http::{self, HttpState, Readiness, Refusal};
use super::open_connection::OpenConnection;
use super::tls::{Tls, TlsPort};
use super::tokens::Tokens;

/// The port, listened on.
pub(super) struct Monitoring {
    listener: TcpListener,
    tls: Option<TlsPort>,
    /// What is counted from here on.
    meters: Meters,
}

impl Monitoring {
    /// Listens, when there is to be such a port; from here on things are counted.
    ///
    /// # Errors
    /// When it cannot be listened on, or must not be.
    pub(super) async fn listen(
        config: &Config,
        tokens: &Tokens,
        tls: Option<&Arc<Tls>>,
        now: Timestamp,
    ) -> Result<Option<Self>, ServeError> {
        let Some(listen) = &config.http else { return Ok(None) };
        let address = address::for_http(listen, config, tokens, now).await?;
        let tls = tls.map(|tls| TlsPort::new(tls, Protocols::Http));
        let failed = |source| ServeError::Listen { flag: "--http", address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        tracing::info!(%address, "metrics and health are answered over HTTP");
        Ok(Some(Self { listener, tls, meters: meters::install() }))
    }

    /// Answers until the token is cancelled.
    pub(super) async fn serve(self, state: HttpState, end: CancellationToken) {
        let Self { listener, tls, .. } = self;
        http::serve(TcpPort::new(listener, tls), http::router(state), end).await;
    }
}

/// What is answered. Who may read the metrics is who may read every project: they tell of all.
pub(super) fn state(
    config: &Config,
    files: &Arc<Files>,
    authentication: Arc<Authentication>,
    draining: &CancellationToken,
    monitoring: &Monitoring,
) -> HttpState {
    let (looked_at, free_bytes_min) = (Arc::clone(files), config.room.free_bytes_min);
    let reasons = move || match looked_at.free_bytes_now() {
        // Everybody may ask: how much it is, and what fails, is for those who may.
        Ok(free) if free < free_bytes_min => vec!["disk: too little is free".to_owned()],
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::warn!(%error, "cannot tell what the disk has free");
            vec!["disk: it cannot be asked".to_owned()]
        }
    };
    let (gathered, tls) = (Arc::clone(files), monitoring.tls.clone());
    let gather = move || {
        tls.iter().for_each(|tls| meters::certificate_expires(tls.expires()));
        match gathered.free_bytes_now() {
            Ok(bytes) => meters::disk_free(bytes),
            Err(error) => tracing::warn!(%error, "cannot tell what the disk has free"),
        }
        let bytes = gathered.bytes_by_project().into_iter();
        let bytes: Vec<(String, u64)> =
            bytes.map(|(project, bytes)| (project.to_string(), bytes)).collect();
        meters::project_bytes(&bytes);
    };
    HttpState {
        names: config.web_hosts.clone(),
        readiness: Readiness::new(draining.clone(), Arc::new(reasons)),
        meters: monitoring.meters,
        gather: Arc::new(gather),
        admit: Arc::new(move |parts| admit(&authentication, parts)),
    }
}

fn admit(authentication: &Authentication, parts: &Parts) -> Result<(), Refusal> {
    let connection = parts.extensions.get::<Arc<OpenConnection>>();
    let let_in = authentication.let_in(&parts.headers, connection.map(|it| &**it));
    let allowed = let_in.and_then(|let_in| reads_everything(&let_in.caller));
    allowed.map_err(|denial| {
        meters::refused(denial.reason().as_str());
        let status = match denial.reason() {
            Reason::NotAllowed => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        };
        Refusal { status, sentence: denial.to_string() }
    })
}

fn reads_everything(caller: &Caller) -> Result<(), Denial> {
    caller.check(Permission::Read)?;
    if caller.reach == Reach::All {
        return Ok(());
    }
    Err(Denial::Anywhere {
        caller: caller.who.to_string(),
        permission: Permission::Read,
        has: format!("has it in the projects {} only; metrics are of all", caller.reach),
    })
}
