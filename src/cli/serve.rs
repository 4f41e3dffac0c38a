//! `callboard serve`: runs the server until it is told to stop.

use std::io::{self, IsTerminal as _, Write as _};
use std::thread;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::config::Resolved;
use crate::limits;
use crate::server::{Endpoints, serve};

use super::failure::Failure;
use super::setting_flags::SettingFlags;

/// Run the server
///
/// Prints one line when it is ready: callboard listening on HOST:PORT root=DIR.
/// SIGTERM and SIGINT let calls in progress finish; a second one ends it at once.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: SettingFlags,
}

const AFTER_HELP: &str = "\
Examples:
  callboard serve
  callboard serve --root /srv/agents --listen 127.0.0.1:50052
  callboard serve --config /etc/callboard.yaml
  callboard serve --listen 0.0.0.0:50051 --tls-cert cert.pem --tls-key key.pem

Every flag can be a key of the file or a variable as well: callboard config shows all of them,
and where each value comes from. Who may call is said by callboard token.";

impl Serve {
    /// Serves until a signal ends it.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (config, resolved) = self.settings.config()?;
        start_log(&resolved)?;
        let failed = |source: &dyn std::fmt::Display| Failure::own("serve", source);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|source| failed(&source))?;
        let shutdown = shutdown_on_signal().map_err(|source| failed(&source))?;
        let outcome = runtime.block_on(async {
            let served = serve(config, print_ready_line, shutdown).await;
            served.map_err(|source| match source.is_of_settings() {
                true => Failure::usage(format!("cannot serve: {source}")),
                false => failed(&source),
            })
        });
        // Nobody waits for what is still at a disk that does not answer.
        runtime.shutdown_timeout(limits::STOP_WAIT);
        outcome
    }
}

/// Sends the log to stderr.
fn start_log(settings: &Resolved) -> Result<(), Failure> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(log_filter(settings)?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match settings.text("log_format").as_deref() {
        Some("json") => log.json().init(),
        _ => log.init(),
    }
    Ok(())
}

/// Returns what of the log is wanted.
///
/// # Errors
/// When `log_level` is no filter.
pub(super) fn log_filter(settings: &Resolved) -> Result<EnvFilter, Failure> {
    let level = settings.text("log_level").unwrap_or_default();
    EnvFilter::try_new(&level).map_err(|problem| {
        Failure::usage(settings.refused("log_level", &level, problem.to_string()).to_string())
    })
}

/// Prints the line that scripts wait for.
fn print_ready_line(endpoints: &Endpoints) {
    let mut stdout = io::stdout().lock();
    // A server whose stdout nobody reads serves all the same.
    let _ = writeln!(
        stdout,
        "callboard listening on {} root={}",
        endpoints.tcp,
        endpoints.root.display()
    );
    let _ = stdout.flush();
}

/// Returns a future that ends with the first SIGTERM or SIGINT. The second one ends the
/// process, whatever else it does then: a thread of its own waits for them.
fn shutdown_on_signal() -> io::Result<impl Future<Output = ()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    drop(entered);
    let (told, first) = oneshot::channel();
    let wait = async move {
        either(&mut terminate, &mut interrupt).await;
        let _ = told.send(());
        let number = either(&mut terminate, &mut interrupt).await.as_raw_value();
        // What a shell reports for a process that the signal ended.
        std::process::exit(128 + number);
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(wait))?;
    Ok(async move {
        let _ = first.await;
        // Not by the thread: whoever reads the log may be slow, and the signals are not to wait.
        tracing::info!("shutting down; a second signal ends at once");
    })
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate(),
        _ = interrupt.recv() => SignalKind::interrupt(),
    }
}
