//! The settings of a server: plain values, resolved once.

use std::path::PathBuf;

/// What `serve` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The root of the tree.
    pub root: PathBuf,
    /// Where to listen, `HOST:PORT`; port 0 picks one. Loopback only.
    pub listen: String,
    /// The Unix socket; none for no socket.
    pub uds: Option<PathBuf>,
    /// The Unix socket to take when another server listens on the first one; none
    /// makes that an error.
    pub uds_fallback: Option<PathBuf>,
    /// The origins whose pages may call over gRPC-Web, `SCHEME://HOST[:PORT]`; none means
    /// that gRPC-Web is not served.
    pub web_origins: Vec<String>,
}
