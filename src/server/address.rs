//! Where a server may listen: what others can reach needs TLS and somebody who is let in.

use std::net::SocketAddr;

use jiff::Timestamp;

use crate::config::Config;

use super::tokens::Tokens;

/// Why a server does not listen there.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum AddressError {
    #[error("{flag} {listen:?} is no HOST:PORT: {problem}")]
    NoAddress { flag: &'static str, listen: String, problem: String },
    #[error(
        "{flag} {listen} is not a loopback address, so that others can reach it: it needs TLS; \
         give --tls-cert FILE and --tls-key FILE, or listen on 127.0.0.1"
    )]
    NoTls { flag: &'static str, listen: String },
    #[error(
        "{flag} {listen} is not a loopback address, so that others can reach it, and nobody of \
         them would be let in: there is no valid token in {tokens}; make one with callboard token \
         create --name NAME --allow read,write, or name its file with --tokens"
    )]
    NobodyLetIn { flag: &'static str, listen: String, tokens: String },
}

/// Finds the address for gRPC.
///
/// # Errors
/// When it is none, or others can reach it and would find it open, or closed to all.
pub(super) async fn for_grpc(
    config: &Config,
    tokens: &Tokens,
    now: Timestamp,
) -> Result<SocketAddr, AddressError> {
    find("--listen", &config.listen, config, tokens, now).await
}

/// Finds the address for monitoring.
///
/// # Errors
/// The same.
pub(super) async fn for_http(
    listen: &str,
    config: &Config,
    tokens: &Tokens,
    now: Timestamp,
) -> Result<SocketAddr, AddressError> {
    find("--http", listen, config, tokens, now).await
}

async fn find(
    flag: &'static str,
    listen: &str,
    config: &Config,
    tokens: &Tokens,
    now: Timestamp,
) -> Result<SocketAddr, AddressError> {
    let listen = listen.to_owned();
    let no_address =
        |problem: String| AddressError::NoAddress { flag, listen: listen.clone(), problem };
    let found = tokio::net::lookup_host(&listen).await;
    let mut found = found.map_err(|error| no_address(error.to_string()))?;
    let address = found.next().ok_or_else(|| no_address("the name has no address".into()))?;
    if address.ip().to_canonical().is_loopback() {
        return Ok(address);
    }
    let listen = listen.to_owned();
    let Some(tls) = &config.tls else { return Err(AddressError::NoTls { flag, listen }) };
    let with_certificates = tls.client_authority.is_some();
    if !tokens.current().let_anybody_in(with_certificates, now) {
        let tokens = config.access.tokens.display().to_string();
        return Err(AddressError::NobodyLetIn { flag, listen, tokens });
    }
    Ok(address)
}
