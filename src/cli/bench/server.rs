//! The server that is measured: one that is started for it, the service in memory, or one that
//! is there.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use callboard_client::{Address, Client};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::host;

use super::super::failure::Failure;

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, and its process if that is ours.
#[derive(Debug)]
pub(super) struct Server {
    address: Address,
    process: Option<Process>,
    /// How long it took from its start to the line that says that it is ready.
    pub(super) ready_after: Duration,
}

/// A process of ours.
#[derive(Debug)]
struct Process(Child);

/// What was used up to a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// What the server used; none when it is not ours, or where the system does not tell.
    pub(super) server: Option<ServerUsage>,
    /// The processor time of this process, which makes the load, in seconds.
    pub(super) client_cpu_s: Option<f64>,
}

/// What a server has used.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerUsage {
    /// Its processor time, in seconds.
    pub(super) cpu_s: f64,
    /// Its memory now, in 10^6 bytes.
    pub(super) rss_mb: f64,
    /// Its memory at most, in 10^6 bytes.
    pub(super) peak_rss_mb: f64,
}

impl Server {
    /// Starts a server of a root.
    pub(super) async fn start(root: &Path) -> Result<Self, Failure> {
        let root = root.as_os_str();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--no-uds", "--log-level", "warn"];
        let mut command = Command::new(this_program()?);
        command.args(arguments).arg("--root").arg(root);
        Self::spawn(command, "callboard listening on ").await
    }

    /// Starts the service in memory.
    pub(super) async fn start_echo() -> Result<Self, Failure> {
        let mut command = Command::new(this_program()?);
        command.args(["bench", "--serve-echo"]);
        Self::spawn(command, super::echo::READY).await
    }

    /// Takes a server that is there.
    pub(super) fn given(address: Address) -> Self {
        Self { address, process: None, ready_after: Duration::ZERO }
    }

    async fn spawn(mut command: Command, ready: &str) -> Result<Self, Failure> {
        let failed = |source: &dyn std::fmt::Display| Failure::own("start a server", source);
        let begin = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn();
        let mut process = Process(child.map_err(|error| failed(&error))?);
        let stdout = process.0.stdout.take().ok_or_else(|| failed(&"it has no stdout"))?;
        let mut line = String::new();
        let mut stdout = BufReader::new(stdout);
        let read = tokio::time::timeout(PATIENCE, stdout.read_line(&mut line));
        read.await
            .map_err(|_| failed(&"it does not get ready"))?
            .map_err(|error| failed(&error))?;
        let ready_after = begin.elapsed();
        let address = line
            .strip_prefix(ready)
            .and_then(|rest| rest.split_whitespace().next())
            .ok_or_else(|| failed(&"it ended, or said something else than that it is ready"))?;
        let address = address.parse().map_err(|error| failed(&error))?;
        Ok(Self { address, process: Some(process), ready_after })
    }

    /// Makes a connection.
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        let client = Client::builder().address(self.address.to_string());
        client.build().map_err(|error| Failure::of_error(&self.address, &error))
    }

    /// Makes so many connections.
    pub(super) async fn connections(&self, count: usize) -> Result<Vec<Client>, Failure> {
        let mut clients = Vec::with_capacity(count);
        for _ in 0..count {
            clients.push(self.connect().await?);
        }
        Ok(clients)
    }

    /// Makes a failure of a refused call.
    pub(super) fn failure(&self, status: &tonic::Status) -> Failure {
        Failure::of_status(&self.address, status)
    }

    /// Returns what it and this process have used.
    pub(super) fn usage(&self) -> Usage {
        let pid = self.process.as_ref().and_then(|Process(child)| child.id());
        let used = pid.and_then(|pid| host::usage(i64::from(pid)));
        let server = used.map(|used| ServerUsage {
            cpu_s: used.cpu.as_secs_f64(),
            rss_mb: used.resident_bytes as f64 / 1e6,
            peak_rss_mb: used.resident_bytes_peak as f64 / 1e6,
        });
        let own = host::usage(i64::from(std::process::id()));
        Usage { server, client_cpu_s: own.map(|own| own.cpu.as_secs_f64()) }
    }

    /// Ends it, if it is ours, and waits for that.
    pub(super) async fn end(mut self) -> Result<(), Failure> {
        let Some(Process(child)) = &mut self.process else { return Ok(()) };
        let failed = |source: &dyn std::fmt::Display| Failure::own("end a server", source);
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let pid = Pid::from_raw(pid).ok_or_else(|| failed(&"it has no pid"))?;
            kill_process(pid, Signal::TERM).map_err(|error| failed(&error))?;
        }
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
        ended.map_err(|_| failed(&"it does not end"))?.map_err(|error| failed(&error))?;
        Ok(())
    }
}

impl Drop for Process {
    /// Ends it the hard way when a measurement failed, and waits for that: its root is to be
    /// removed next.
    fn drop(&mut self) {
        let Self(child) = self;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let (Ok(()), Some(pid)) = (child.start_kill(), pid) {
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        }
    }
}

fn this_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Failure::own("find this program", &error))
}
