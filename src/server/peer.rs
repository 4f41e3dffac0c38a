//! Where a connection comes from, as the system tells it.

use std::fmt;
use std::net::SocketAddr;

use tokio::net::{TcpStream, UnixStream};

use crate::host;

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// A process of this machine, and its user when the system tells.
    Local(Option<u32>),
    /// Another machine, or this one by an address that others have as well.
    Remote(SocketAddr),
    /// The system does not tell; the connection is mostly gone already.
    Unknown,
}

impl Peer {
    /// Asks where a TCP connection comes from.
    pub(super) fn of_tcp(stream: &TcpStream) -> Self {
        match (stream.peer_addr(), stream.local_addr()) {
            (Ok(client), Ok(server)) if host::is_loopback(client, server) => {
                let owner = host::socket_owner(client, server).and_then(host::known_user);
                // Still the same connection, and so the same socket.
                match stream.peer_addr() {
                    Ok(_) => Self::Local(owner),
                    Err(_) => Self::Unknown,
                }
            }
            (Ok(client), Ok(_)) => Self::Remote(client),
            _ => Self::Unknown,
        }
    }

    /// Asks where a connection to a Unix socket comes from.
    pub(super) fn of_unix(stream: &UnixStream) -> Self {
        let uid = stream.peer_cred().ok().map(|credentials| credentials.uid());
        Self::Local(uid.and_then(host::known_user))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(Some(uid)) => write!(f, "user {uid} of this machine"),
            Self::Local(None) => {
                f.write_str("this machine, by a user whom the system does not tell")
            }
            Self::Remote(address) => write!(f, "{}", address.ip().to_canonical()),
            Self::Unknown => f.write_str("somewhere that the system does not tell"),
        }
    }
}
