//! The settings of a server: where they come from, and what they add up to. Plain values,
//! resolved once.
//!
//! `settings` is the one table of what can be set: the flags of `serve`, the variables of the
//! environment, the keys of the file and what `config` shows are all made of it. Nothing here
//! reads the environment or a file: both are handed in.

pub mod duration;
mod limits;
mod resolved;
pub mod settings;
pub mod size;
mod yaml;

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::{ProjectId, ProjectPattern};

pub use limits::ServiceLimits;
pub use resolved::{Origin, Resolved, SettingError, Sources};
pub use yaml::{FileSettings, read_file};

/// What `serve` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The root of the tree.
    pub root: PathBuf,
    /// Where to listen, `HOST:PORT`; port 0 picks one.
    pub listen: String,
    /// The Unix socket; none for no socket.
    pub uds: Option<PathBuf>,
    /// The Unix socket to take when another server listens on the first one; none
    /// makes that an error.
    pub uds_fallback: Option<PathBuf>,
    /// The origins whose pages may call over gRPC-Web, `SCHEME://HOST[:PORT]`; none means
    /// that gRPC-Web is not served.
    pub web_origins: Vec<String>,
    /// Further names by which browsers and scrapers may call this host.
    pub web_hosts: Vec<String>,
    /// TLS for the TCP address; none for plain text.
    pub tls: Option<TlsSettings>,
    /// Who is let in.
    pub access: AccessSettings,
    /// Where to serve metrics and health over HTTP, `HOST:PORT`; none for nowhere.
    pub http: Option<String>,
    /// The file that every change is noted in, with who made it; none for none.
    pub audit_log: Option<PathBuf>,
    /// Whether every call is logged.
    pub access_log: bool,
    /// How much room there is to write.
    pub room: RoomSettings,
    /// How much callers may take.
    pub limits: ServiceLimits,
    /// How long a shutdown waits for calls in progress.
    pub drain_timeout: Duration,
}

/// Where the certificate of a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// A PEM file with the certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// A PEM file with the certificate's key.
    pub key: PathBuf,
    /// A PEM file with the authorities of clients; when given, each client needs a certificate.
    pub client_authority: Option<PathBuf>,
}

/// Who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessSettings {
    /// The file with the tokens' hashes; it need not exist.
    pub tokens: PathBuf,
    /// Who needs no token.
    pub without_token: WithoutToken,
    /// Who may ask what services there are.
    pub reflection: Reflection,
}

/// Who needs no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutToken {
    /// Nobody.
    Nobody,
    /// The user of the server, over its socket or loopback.
    Owner,
    /// Every user of this machine, over its socket or loopback.
    LocalUsers,
}

/// Who may ask what services there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reflection {
    /// Everybody who can connect.
    Open,
    /// Everybody who is let in.
    Authenticated,
    /// Nobody.
    Off,
}

/// How much room there is to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomSettings {
    /// How many bytes projects may have. The first pattern that covers a project counts;
    /// without one it may have any number.
    pub quotas: Vec<(ProjectPattern, u64)>,
    /// How much of the file system is left free, in bytes; 0 for nothing.
    pub free_bytes_min: u64,
}

impl RoomSettings {
    /// Returns how many bytes a project may have; none when it has no quota.
    pub fn quota_of(&self, project: &ProjectId) -> Option<u64> {
        let quota = self.quotas.iter().find(|(pattern, _)| pattern.covers(project));
        quota.map(|(_, bytes)| *bytes)
    }
}
