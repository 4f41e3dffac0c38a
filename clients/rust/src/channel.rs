//! The channel to a server. It connects by itself, again after every break.

use std::path::Path;
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::{Address, Error};

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a silent connection is checked while something is open on it, so that a server
/// that vanished without a word is noticed, and how long the answer may take.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns a channel that connects with its first call.
pub(crate) fn open(address: &Address, ca_file: Option<&Path>) -> Result<Channel, Error> {
    // Channels live on a runtime: without one tonic would panic.
    tokio::runtime::Handle::try_current()
        .map_err(|_| Error::usage("a client is made within a Tokio runtime"))?;
    let endpoint = endpoint(address, ca_file)?;
    Ok(match address {
        Address::Tcp(_) | Address::Tls(_) => endpoint.connect_lazy(),
        #[cfg(unix)]
        Address::Unix(path) => endpoint.connect_with_connector_lazy(unix::connector(path.clone())),
        #[cfg(not(unix))]
        Address::Unix(_) => return Err(no_unix_sockets()),
    })
}

/// Returns a channel that is connected.
pub(crate) async fn connect(address: &Address, ca_file: Option<&Path>) -> Result<Channel, Error> {
    let endpoint = endpoint(address, ca_file)?;
    let connected = match address {
        Address::Tcp(_) | Address::Tls(_) => endpoint.connect().await,
        #[cfg(unix)]
        Address::Unix(path) => endpoint.connect_with_connector(unix::connector(path.clone())).await,
        #[cfg(not(unix))]
        Address::Unix(_) => return Err(no_unix_sockets()),
    };
    connected.map_err(|error| Error::from(tonic::Status::from_error(Box::new(error))))
}

fn endpoint(address: &Address, ca_file: Option<&Path>) -> Result<Endpoint, Error> {
    let uri = match address {
        Address::Tcp(host_and_port) => format!("http://{host_and_port}"),
        Address::Tls(host_and_port) => format!("https://{host_and_port}"),
        // Servers refuse a path as the authority.
        Address::Unix(_) => "http://localhost".to_owned(),
    };
    let wrong = |error| Error::usage(format!("address {address}: {error}"));
    let mut endpoint = Endpoint::from_shared(uri).map_err(wrong)?;
    if let Address::Tls(_) = address {
        let tls = tls(ca_file)?;
        let refused = |error| Error::usage(format!("cannot set up TLS for {address}: {error:?}"));
        endpoint = endpoint.tls_config(tls).map_err(refused)?;
    }
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT))
}

/// Trusts the certificates of a file, and only those; without one, the system's.
fn tls(ca_file: Option<&Path>) -> Result<ClientTlsConfig, Error> {
    let tls = ClientTlsConfig::new();
    let Some(path) = ca_file else { return Ok(tls.with_native_roots()) };
    let pem = std::fs::read(path)
        .map_err(|source| Error::io(&format!("read the CA file {}", path.display()), source))?;
    Ok(tls.ca_certificate(Certificate::from_pem(pem)))
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
