//! The channel to a server. It connects by itself, again after every break.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::{Address, Error};

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a silent connection is checked while something is open on it, so that a server
/// that vanished without a word is noticed, and how long the answer may take.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What to do where one of a certificate and its key is missing.
const SET_BOTH: &str = "set both files, by cert_file and key_file (--cert-file and --key-file) or \
                        by CALLBOARD_CERT and CALLBOARD_KEY";

/// The PEM files of TLS, which only matter over `https://`.
#[derive(Debug, Default)]
pub(crate) struct TlsFiles {
    /// The certificates to trust; none means those that the system trusts.
    pub(crate) ca: Option<PathBuf>,
    /// The certificate that the client shows, and its private key.
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

/// Returns a channel that connects with its first call.
pub(crate) fn open(address: &Address, files: &TlsFiles) -> Result<Channel, Error> {
    // Channels live on a runtime: without one tonic would panic.
    tokio::runtime::Handle::try_current()
        .map_err(|_| Error::usage("a client is made within a Tokio runtime"))?;
    let endpoint = endpoint(address, files)?;
    Ok(match address {
        Address::Tcp(_) | Address::Tls(_) => endpoint.connect_lazy(),
        #[cfg(unix)]
        Address::Unix(path) => endpoint.connect_with_connector_lazy(unix::connector(path.clone())),
        #[cfg(not(unix))]
        Address::Unix(_) => return Err(no_unix_sockets()),
    })
}

/// Returns a channel that is connected.
pub(crate) async fn connect(address: &Address, files: &TlsFiles) -> Result<Channel, Error> {
    let endpoint = endpoint(address, files)?;
    let connected = match address {
        Address::Tcp(_) | Address::Tls(_) => endpoint.connect().await,
        #[cfg(unix)]
        Address::Unix(path) => endpoint.connect_with_connector(unix::connector(path.clone())).await,
        #[cfg(not(unix))]
        Address::Unix(_) => return Err(no_unix_sockets()),
    };
    connected.map_err(|error| Error::from(tonic::Status::from_error(Box::new(error))))
}

fn endpoint(address: &Address, files: &TlsFiles) -> Result<Endpoint, Error> {
    let uri = match address {
        Address::Tcp(host_and_port) => format!("http://{host_and_port}"),
        Address::Tls(host_and_port) => format!("https://{host_and_port}"),
        // Servers refuse a path as the authority.
        Address::Unix(_) => "http://localhost".to_owned(),
    };
    let wrong = |error| Error::usage(format!("address {address}: {error}"));
    let mut endpoint = Endpoint::from_shared(uri).map_err(wrong)?;
    if let Address::Tls(_) = address {
        let tls = tls(files)?;
        let refused = |error| Error::usage(format!("cannot set up TLS for {address}: {error:?}"));
        endpoint = endpoint.tls_config(tls).map_err(refused)?;
    }
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT))
}

/// Trusts the certificates of a file, and only those, or else the system's; shows a certificate
/// when there is one.
fn tls(files: &TlsFiles) -> Result<ClientTlsConfig, Error> {
    let tls = ClientTlsConfig::new();
    let tls = match &files.ca {
        Some(path) => tls.ca_certificate(Certificate::from_pem(read("CA file", path)?)),
        None => tls.with_native_roots(),
    };
    match (&files.cert, &files.key) {
        (None, None) => Ok(tls),
        (Some(cert), Some(key)) => {
            let cert = read("certificate file", cert)?;
            Ok(tls.identity(Identity::from_pem(cert, read("key file", key)?)))
        }
        (Some(_), None) => {
            Err(Error::usage(format!("a client certificate without its private key: {SET_BOTH}")))
        }
        (None, Some(_)) => {
            Err(Error::usage(format!("a private key without its client certificate: {SET_BOTH}")))
        }
    }
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path)
        .map_err(|source| Error::io(&format!("read the {what} {}", path.display()), source))
}

#[cfg(not(unix))]
fn no_unix_sockets() -> Error {
    Error::usage("there are no Unix sockets on this system")
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::path::PathBuf;

    use hyper_util::rt::TokioIo;
    use tokio::net::UnixStream;
    use tonic::transport::Uri;
    use tower::service_fn;

    /// Connects to a socket, whatever the URI says.
    pub(super) fn connector(
        path: PathBuf,
    ) -> impl tower::Service<
        Uri,
        Response = TokioIo<UnixStream>,
        Error = io::Error,
        Future = impl Future<Output = io::Result<TokioIo<UnixStream>>> + Send,
    > + Send {
        service_fn(move |_: Uri| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        })
    }
}
