//! Which host names are this server's own.
//!
//! A page of any site can have its name resolved to this machine, and then sends requests
//! here as to a server of its own, with answers that it may read. It cannot change the name
//! that the browser sends along: so only names are answered that no stranger can own.

use std::net::{Ipv4Addr, Ipv6Addr};

use tonic::codegen::http::uri::Authority;

/// Whether a `Host`, with or without a port, is an address, `localhost` or below it, or one
/// of these names. What cannot be read is not.
pub(super) fn is_own_host(host: &str, names: &[String]) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    // What stands before an @ is no host, and a port is a number.
    if host.contains('@') || (authority.port_u16().is_none() && name != host) {
        return false;
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    is_address(&name)
        || name == "localhost"
        || name.strip_suffix(".localhost").is_some_and(|label| !label.is_empty())
        || names.iter().any(|own| own.eq_ignore_ascii_case(&name))
}

fn is_address(name: &str) -> bool {
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(name) => name.parse::<Ipv6Addr>().is_ok(),
        None => name.parse::<Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_own_that_no_stranger_can_have_resolved_here() {
        let names = ["board.example".to_owned(), "Gateway".to_owned()];
        for own in [
            "127.0.0.1",
            "127.0.0.1:9464",
            "10.1.2.3:80",
            "[::1]",
            "[::1]:9464",
            "[fe80::1]:1",
            "localhost",
            "LocalHost:9464",
            "localhost.",
            "a.localhost:1",
            "a.b.localhost",
            "board.example",
            "Board.Example:9464",
            "board.example.:1",
            "gateway",
        ] {
            assert!(is_own_host(own, &names), "{own}");
        }
        for foreign in [
            "",
            ":80",
            ".localhost",
            "evil.example",
            "evil.example:9464",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "board.example.evil",
            "a.board.example",
            "user@localhost",
            "evil.example@127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "[::1",
            "::1",
            "[localhost]",
            "localhost:99999999",
            "localhost/",
            "local host",
            "localhost,evil.example",
        ] {
            assert!(!is_own_host(foreign, &names), "{foreign}");
        }
    }

    #[test]
    fn without_names_a_name_is_foreign() {
        assert!(!is_own_host("board.example", &[]));
    }
}
