//! Where a server is: the text of `--addr`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a server listens unless told otherwise, and where clients look for it.
pub(super) const DEFAULT: &str = "127.0.0.1:50051";

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// `host:port`, over TCP without TLS.
    Tcp(String),
    /// The path of a unix socket.
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = String;

    /// Takes `host:port`, `http://host:port` or `unix:PATH`. Empty text means the
    /// default address, so that an empty variable is as good as none.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Tcp(DEFAULT.to_owned()));
        }
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("unix: needs a path, as in unix:/run/user/1000/callboard.sock".into());
            }
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        if text.starts_with("https://") {
            return Err(
                "TLS is not built in yet; use http://, or a tunnel to the server's socket".into()
            );
        }
        let plain = text.strip_prefix("http://").unwrap_or(text);
        let plain = plain.strip_suffix('/').unwrap_or(plain);
        if plain.contains("://") {
            return Err("expected host:port, http://host:port or unix:PATH".into());
        }
        check_host_and_port(plain)?;
        Ok(Self::Tcp(plain.to_owned()))
    }
}

fn check_host_and_port(text: &str) -> Result<(), String> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("the port is missing, as in {text}:50051"));
    };
    if port.parse::<u16>().map_or(true, |port| port == 0) {
        return Err(format!("{port:?} is not a port: a number from 1 to 65535"));
    }
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || host.contains(['/', '@', ' ']) || (host.contains(':') && !bracketed) {
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
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_taken() {
        let tcp = |text: &str| Ok(Address::Tcp(text.to_owned()));
        assert_eq!("localhost:1".parse(), tcp("localhost:1"));
        assert_eq!("http://10.0.0.1:50051".parse(), tcp("10.0.0.1:50051"));
        assert_eq!("http://10.0.0.1:50051/".parse(), tcp("10.0.0.1:50051"));
        assert_eq!("[::1]:50051".parse(), tcp("[::1]:50051"));
        assert_eq!("".parse(), tcp(DEFAULT));
        assert_eq!("unix:/a b".parse(), Ok(Address::Unix("/a b".into())));
        assert_eq!("unix:///a".parse(), Ok(Address::Unix("/a".into())));
        assert_eq!("unix:relative".parse(), Ok(Address::Unix("relative".into())));
    }

    #[test]
    fn other_text_is_refused_with_what_is_wrong() {
        let refused = |text: &str| text.parse::<Address>().expect_err(text);
        assert!(refused("https://host:1").contains("TLS is not built in yet"));
        assert!(refused("host").contains("port is missing"));
        assert!(refused("host:99999").contains("not a port"));
        assert!(refused("host:0").contains("not a port"));
        assert!(refused("::1:50051").contains("brackets"));
        assert!(refused(":50051").contains("not a host"));
        assert!(refused("host/path:1").contains("not a host"));
        assert!(refused("ftp://host:1").contains("expected"));
        assert!(refused("unix:").contains("path"));
    }
}
