//! Whose socket it is that is connected to one of ours, over loopback.
//!
//! The kernel knows which user made a socket. It is asked by `sock_diag`, which finds one socket
//! by its two addresses, however many there are; where that is not to be had, as in some
//! sandboxes, the tables in `/proc/net` are read through.
//!
//! A number that stands for every user whom this process cannot see, as in a container, is nobody's.
//!
//! A socket that its process has closed belongs to nobody any more: both ways then name user 0.
//! So only a socket counts that some process still has open, which is one with an inode.

use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;

/// Returns the user whose socket is at `client` and connected to `server`, both on this host;
/// none when that cannot be known.
#[cfg(target_os = "linux")]
pub fn socket_owner(client: SocketAddr, server: SocketAddr) -> Option<u32> {
    let (client, server) = (canonical(client), canonical(server));
    match linux::ask(client, server) {
        Ok(owner) => owner,
        Err(error) => {
            tracing::debug!(%error, "sock_diag is not to be had; reading /proc/net");
            linux::look_up(client, server)
        }
    }
}

/// Returns none: this system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn socket_owner(_: SocketAddr, _: SocketAddr) -> Option<u32> {
    None
}

/// The number that the kernel gives for users whom a process has no number for, unless it is
/// told another one.
const NOBODY_KNOWN: u32 = 65_534;

/// Returns the user of this number, unless it may be anybody's.
pub fn known_user(uid: u32) -> Option<u32> {
    static OVERFLOW: OnceLock<u32> = OnceLock::new();
    let overflow = OVERFLOW.get_or_init(|| super::overflow_user().unwrap_or(NOBODY_KNOWN));
    (uid != *overflow).then_some(uid)
}

/// An IPv4 address that a socket for both families shows as one of IPv6.
#[cfg(target_os = "linux")]
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Whether both ends of a connection are on the loopback interface.
pub fn is_loopback(client: SocketAddr, server: SocketAddr) -> bool {
    let is_loopback = |address: SocketAddr| IpAddr::to_canonical(&address.ip()).is_loopback();
    is_loopback(client) && is_loopback(server)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io;
    use std::net::{IpAddr, SocketAddr};

    use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
    use netlink_packet_sock_diag::SockDiagMessage;
    use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
    use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
    use netlink_sys::protocols::NETLINK_SOCK_DIAG;
    use netlink_sys::{Socket, SocketAddr as NetlinkAddress};

    /// The states in which a process may still send: the other side has not seen its end.
    const ESTABLISHED: u8 = 1;
    const CLOSE_WAIT: u8 = 8;
    /// The kernel's errno for a socket that is not there.
    const ENOENT: i32 = 2;
    /// More than one answer takes.
    const ANSWER_BYTES_MAX: usize = 4096;

    /// Asks for one socket.
    pub(super) fn ask(client: SocketAddr, server: SocketAddr) -> io::Result<Option<u32>> {
        let socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.connect(&NetlinkAddress::new(0, 0))?;
        let request = InetRequest {
            family: if client.is_ipv4() { AF_INET } else { AF_INET6 },
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            states: StateFlags::all(),
            socket_id: SocketId {
                source_port: client.port(),
                destination_port: server.port(),
                source_address: client.ip(),
                destination_address: server.ip(),
                interface_id: 0,
                // Any socket with these addresses.
                cookie: [0xff; 8],
            },
        };
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST;
        let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        socket.send(&bytes, 0)?;
        let mut answer = vec![0; ANSWER_BYTES_MAX];
        let length = socket.recv(&mut answer.as_mut_slice(), 0)?;
        let answer = answer.get(..length).unwrap_or_default();
        let answer = NetlinkMessage::<SockDiagMessage>::deserialize(answer)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        match answer.payload {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => {
                let header = found.header;
                Ok(owner(header.state, header.uid, header.inode))
            }
            NetlinkPayload::Error(error) if error.raw_code() == -ENOENT => Ok(None),
            NetlinkPayload::Error(error) => Err(error.to_io()),
            other => Err(io::Error::other(format!("an answer that is none: {other:?}"))),
        }
    }

    /// Returns the user of a socket that somebody has open.
    fn owner(state: u8, uid: u32, inode: u32) -> Option<u32> {
        (matches!(state, ESTABLISHED | CLOSE_WAIT) && inode != 0).then_some(uid)
    }

    /// Looks for the socket in the kernel's tables. One of IPv4 may be in that of IPv6.
    pub(super) fn look_up(client: SocketAddr, server: SocketAddr) -> Option<u32> {
        let tables = [fs::read_to_string("/proc/net/tcp"), fs::read_to_string("/proc/net/tcp6")];
        tables.iter().flatten().find_map(|table| find(table, client, server))
    }

    /// Finds a socket in a table as proc(5) describes it.
    fn find(table: &str, client: SocketAddr, server: SocketAddr) -> Option<u32> {
        let ends =
            |written: fn(SocketAddr) -> Option<String>| Some((written(client)?, written(server)?));
        let narrow = ends(|address| Some(short(address)));
        let mapped = ends(mapped);
        table.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let at = |ends: &Option<(String, String)>| {
                ends.as_ref().is_some_and(|(client, server)| {
                    fields.get(1) == Some(&client.as_str())
                        && fields.get(2) == Some(&server.as_str())
                })
            };
            if !at(&narrow) && !at(&mapped) {
                return None;
            }
            let state = u8::from_str_radix(fields.get(3)?, 16).ok()?;
            owner(state, fields.get(7)?.parse().ok()?, fields.get(9)?.parse().ok()?)
        })
    }

    /// An address as the tables write it: words of four bytes in the order of this machine.
    fn short(address: SocketAddr) -> String {
        let words = match address.ip() {
            IpAddr::V4(ip) => vec![u32::from_ne_bytes(ip.octets())],
            IpAddr::V6(ip) => words(ip.octets()),
        };
        written(&words, address.port())
    }

    /// The same for an IPv4 address in the table of IPv6.
    fn mapped(address: SocketAddr) -> Option<String> {
        match address.ip() {
            IpAddr::V4(ip) => Some(written(&words(ip.to_ipv6_mapped().octets()), address.port())),
            IpAddr::V6(_) => None,
        }
    }

    fn words(octets: [u8; 16]) -> Vec<u32> {
        octets
            .chunks_exact(4)
            .map(|four| u32::from_ne_bytes([four[0], four[1], four[2], four[3]]))
            .collect()
    }

    fn written(words: &[u32], port: u16) -> String {
        let address: String = words.iter().map(|word| format!("{word:08X}")).collect();
        format!("{address}:{port:04X}")
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    type Way = fn(SocketAddr, SocketAddr) -> Option<u32>;

    /// Both ways to find out, each by itself.
    const WAYS: [Way; 2] =
        [|client, server| linux::ask(client, server).expect("sock_diag"), linux::look_up];

    fn connect(listen: &str, to: &str) -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(listen).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let client = TcpStream::connect((to, port)).expect("a connection");
        (client, listener.accept().expect("the other end").0)
    }

    fn ends(server: &TcpStream) -> (SocketAddr, SocketAddr) {
        let client = canonical(server.peer_addr().expect("the client's address"));
        (client, canonical(server.local_addr().expect("our address")))
    }

    #[test]
    fn a_socket_that_is_open_is_its_users_and_one_that_was_closed_is_nobodys() {
        let own = rustix::process::getuid().as_raw();
        for (listen, to) in
            [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("[::]:0", "127.0.0.1")]
        {
            let (client, server) = connect(listen, to);
            let (from, at) = ends(&server);
            assert!(is_loopback(from, at));
            for way in WAYS {
                assert_eq!(way(from, at), Some(own), "{listen}");
                assert_eq!(way(at, SocketAddr::new(from.ip(), 1)), None, "no such socket");
            }
            drop(client);
            for way in WAYS {
                assert_eq!(way(from, at), None, "{listen}: closed, and then user 0's");
            }
        }
    }

    #[test]
    fn a_socket_that_only_listens_is_not_connected() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("its address");
        for way in WAYS {
            assert_eq!(way(at, SocketAddr::new(at.ip(), 9)), None);
        }
    }
}
