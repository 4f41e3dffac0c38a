//! `callboard serve`: runs the server until it is told to stop.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use callboard_client::DEFAULT_ADDRESS;
use clap::{Args, ValueEnum};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::Config;
use crate::layout::paths;
use crate::server::{Endpoints, serve};

use super::failure::Failure;
use super::root;

/// Run the server
///
/// Prints one line when it is ready: callboard listening on HOST:PORT root=DIR.
/// SIGTERM and SIGINT let calls in progress finish; a second one ends it at once.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Serve {
    /// The folder that holds all projects; created when missing [default: ~/run-agent]
    #[arg(long, value_name = "DIR", env = "CALLBOARD_ROOT", hide_env_values = true)]
    root: Option<PathBuf>,
    /// Where to listen; port 0 picks a free one and prints it
    #[arg(long, value_name = "HOST:PORT", default_value = DEFAULT_ADDRESS)]
    listen: String,
    /// The unix socket to listen on too [default: $XDG_RUNTIME_DIR/callboard.sock,
    /// else <root>/.callboard/socket]
    #[arg(long, value_name = "PATH")]
    uds: Option<PathBuf>,
    /// Listen on no unix socket
    #[arg(long, conflicts_with = "uds")]
    no_uds: bool,
    /// Let pages of this origin call over gRPC-Web, as http://localhost:5173; may be repeated
    #[arg(long = "web-origin", value_name = "ORIGIN")]
    web_origins: Vec<String>,
    /// The form of the log on stderr
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// How much to log: error, warn, info, debug, trace, or a filter such as callboard=debug
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = log_filter)]
    log_level: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

const AFTER_HELP: &str = "\
Examples:
  callboard serve
  callboard serve --root /srv/agents --listen 127.0.0.1:50052
  callboard serve --root /tmp/try --listen 127.0.0.1:0 --uds /tmp/try.sock --log-format json";

impl Serve {
    /// Serves until a signal ends it.
    pub(super) fn run(self) -> Result<(), Failure> {
        start_log(self.log_format, &self.log_level)?;
        let config = self.config()?;
        let failed = |source: &dyn std::fmt::Display| Failure::own("serve", source);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|source| failed(&source))?;
        runtime.block_on(async {
            let shutdown = shutdown_on_signal().map_err(|source| failed(&source))?;
            serve(config, print_ready_line, shutdown).await.map_err(|source| failed(&source))
        })
    }

    fn config(&self) -> Result<Config, Failure> {
        let root = root::resolve(self.root.clone())?;
        let runtime_directory = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let (uds, uds_fallback) = match (&self.uds, self.no_uds) {
            (_, true) => (None, None),
            (Some(path), _) => (Some(path.clone()), None),
            // A second server of the same user, with another root, must find a
            // place too.
            (None, _) => (
                Some(default_socket(&root, runtime_directory.as_deref())),
                Some(default_socket(&root, None)),
            ),
        };
        let (listen, web_origins) = (self.listen.clone(), self.web_origins.clone());
        Ok(Config { root, listen, uds, uds_fallback, web_origins })
    }
}

/// Returns the socket's path when none is given.
fn default_socket(root: &Path, runtime_directory: Option<&Path>) -> PathBuf {
    // The XDG rules: a relative path counts as none.
    match runtime_directory.filter(|directory| directory.is_absolute()) {
        Some(directory) => directory.join("callboard.sock"),
        None => root.join(paths::socket().as_str()),
    }
}

/// Refuses a filter that the log would not understand.
fn log_filter(text: &str) -> Result<String, ParseError> {
    EnvFilter::try_new(text).map(|_| text.to_owned())
}

/// Sends the log to stderr.
fn start_log(format: LogFormat, filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| Failure::usage(error.to_string()))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
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

/// Returns a future that ends with the first SIGTERM or SIGINT. The second one
/// ends the process.
fn shutdown_on_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (told, first) = oneshot::channel();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("shutting down; a second signal ends at once");
        let _ = told.send(());
        let number = either(&mut terminate, &mut interrupt).await.as_raw_value();
        // What a shell reports for a process that the signal ended.
        std::process::exit(128 + number);
    });
    Ok(async move {
        let _ = first.await;
    })
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate(),
        _ = interrupt.recv() => SignalKind::interrupt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_in_the_runtime_directory_when_there_is_one() {
        let root = Path::new("/tree");
        let socket = |directory: Option<&str>| default_socket(root, directory.map(Path::new));
        assert_eq!(socket(Some("/run/user/1")), Path::new("/run/user/1/callboard.sock"));
        assert_eq!(socket(None), Path::new("/tree/.callboard/socket"));
        assert_eq!(socket(Some("relative")), Path::new("/tree/.callboard/socket"));
        assert_eq!(socket(Some("")), Path::new("/tree/.callboard/socket"));
    }
}
