//! Where a server is: what an address may look like.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::Error;

/// Where a server listens unless something else is said.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:50051";

/// What an address may look like.
const FORMS: &str = "host:port, http://host:port, https://host:port or unix:PATH";

/// The address of a server, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `host:port`, over TCP without TLS.
    Tcp(String),
    /// `host:port`, over TLS.
    Tls(String),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl Address {
    /// Whether nothing that is sent there leaves this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp(host_and_port) | Self::Tls(host_and_port) => {
                let host = host_and_port.rsplit_once(':').map_or("", |(host, _)| host);
                let loopback = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
                loopback || host.eq_ignore_ascii_case("localhost") || host == "[::1]"
            }
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    /// Takes `host:port`, `http://host:port`, `https://host:port` or `unix:PATH`. Empty text
    /// means [`DEFAULT_ADDRESS`], so that an empty variable is as good as none.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text.trim()).map_err(|problem| {
            Error::usage(format!("address {text:?} is not understood: {problem}; write {FORMS}"))
        })
    }
}

fn parse(text: &str) -> Result<Address, String> {
    if text.is_empty() {
        return Ok(Address::Tcp(DEFAULT_ADDRESS.to_owned()));
    }
    if let Some(path) = text.strip_prefix("unix:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err("unix: needs a path, as in unix:/run/user/1000/callboard.sock".into());
        }
        return Ok(Address::Unix(PathBuf::from(path)));
    }
    let (make, rest): (fn(String) -> Address, &str) = match text.split_once("://") {
        None => (Address::Tcp, text),
        Some(("http", rest)) => (Address::Tcp, rest),
        Some(("https", rest)) => (Address::Tls, rest),
        Some((scheme, _)) => return Err(format!("{scheme}:// is no scheme of ours")),
    };
    let host_and_port = rest.strip_suffix('/').unwrap_or(rest);
    check_host_and_port(host_and_port)?;
    Ok(make(host_and_port.to_owned()))
}

fn check_host_and_port(text: &str) -> Result<(), String> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("the port is missing, as in {text}:50051"));
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || port.parse::<u16>().map_or(true, |port| port == 0) {
        return Err(format!("{port:?} is not a port: a number from 1 to 65535"));
    }
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let forbidden = ['/', '@', '?', '#', '\\'];
    let strange = |c: char| forbidden.contains(&c) || c.is_whitespace() || c.is_control();
    if host.is_empty() || host.contains(strange) || (host.contains(':') && !bracketed) {
        return Err(format!(
            "{host:?} is not a host; write an IPv6 address in brackets, as in [::1]:50051"
        ));
    }
    Ok(())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host_and_port) => f.write_str(host_and_port),
            Self::Tls(host_and_port) => write!(f, "https://{host_and_port}"),
            // What begins with two slashes would be taken for the other form.
            Self::Unix(path) if path.as_os_str().as_encoded_bytes().starts_with(b"//") => {
                write!(f, "unix://{}", path.display())
            }
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Address {
        text.parse().expect(text)
    }

    #[test]
    fn every_documented_form_is_taken() {
        let tcp = |text: &str| Address::Tcp(text.to_owned());
        assert_eq!(parsed("localhost:1"), tcp("localhost:1"));
        assert_eq!(parsed("http://10.0.0.1:50051"), tcp("10.0.0.1:50051"));
        assert_eq!(parsed("http://10.0.0.1:50051/"), tcp("10.0.0.1:50051"));
        assert_eq!(parsed("[::1]:50051"), tcp("[::1]:50051"));
        assert_eq!(parsed(""), tcp(DEFAULT_ADDRESS));
        assert_eq!(parsed("https://example.org:443"), Address::Tls("example.org:443".into()));
        assert_eq!(parsed("unix:/a b"), Address::Unix("/a b".into()));
        assert_eq!(parsed("unix:///a"), Address::Unix("/a".into()));
        assert_eq!(parsed("unix:relative"), Address::Unix("relative".into()));
    }

    #[test]
    fn other_text_is_refused_with_what_is_wrong() {
        for (text, problem) in [
            ("host", "port is missing"),
            ("host:99999", "not a port"),
            ("host:+80", "not a port"),
            ("host:0", "not a port"),
            ("https://host", "port is missing"),
            ("::1:50051", "brackets"),
            (":50051", "not a host"),
            ("host/path:1", "not a host"),
            ("user@host:1", "not a host"),
            ("ho st:1", "not a host"),
            ("ftp://host:1", "ftp:// is no scheme"),
            ("unix:", "path"),
        ] {
            let error = text.parse::<Address>().expect_err(text);
            assert_eq!(error.kind(), crate::ErrorKind::Usage);
            assert!(error.message().contains(problem), "{text}: {error}");
        }
    }

    #[test]
    fn what_an_address_is_shown_as_is_the_same_address() {
        for text in ["localhost:1", "[::1]:50051", "https://example.org:443", "unix:/a b"] {
            assert_eq!(parsed(text).to_string(), text);
        }
        assert_eq!(parsed("unix:////a"), Address::Unix("//a".into()));
        assert_eq!(parsed("unix:////a").to_string(), "unix:////a");
    }

    #[test]
    fn only_loopback_and_unix_sockets_are_local() {
        for text in ["localhost:1", "LOCALHOST:1", "127.8.0.1:1", "[::1]:1", "unix:/a"] {
            assert!(parsed(text).is_local(), "{text}");
        }
        for text in ["10.0.0.1:1", "127.0.0.1.example.org:1", "localhost.example.org:1", "[::2]:1"]
        {
            assert!(!parsed(text).is_local(), "{text}");
        }
    }
}
