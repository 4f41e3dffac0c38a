//! Why a connection of TLS ended before it was one, in words for the log.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use crate::meters;

/// Why there was no handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NoCertificate,
    ExpiredCertificate,
    CertificateNotValidYet,
    UnknownAuthority,
    CertificateNotForClients,
    BadCertificate,
    RefusedByClient,
    NoTls,
    NothingInCommon,
    HungUp,
    GivenUp,
    Failed,
}

impl Refusal {
    /// Finds out why the handshake failed.
    pub(super) fn of(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match inner {
            Some(Error::NoCertificatesPresented) => Self::NoCertificate,
            Some(Error::InvalidCertificate(problem)) => Self::of_certificate(problem),
            Some(Error::AlertReceived(alert)) => match alert {
                AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnsupportedCertificate => Self::RefusedByClient,
                _ => Self::HungUp,
            },
            Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => Self::NoTls,
            Some(Error::PeerIncompatible(_) | Error::NoApplicationProtocol) => {
                Self::NothingInCommon
            }
            Some(_) => Self::Failed,
            None => match error.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => Self::HungUp,
                _ => Self::Failed,
            },
        }
    }

    fn of_certificate(problem: &CertificateError) -> Self {
        match problem {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Self::ExpiredCertificate
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::CertificateNotValidYet
            }
            // Another authority may have the name of one that is known.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Self::UnknownAuthority
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::CertificateNotForClients
            }
            _ => Self::BadCertificate,
        }
    }

    /// Returns its word.
    fn as_str(self) -> &'static str {
        match self {
            Self::NoCertificate => "no_certificate",
            Self::ExpiredCertificate => "expired_certificate",
            Self::CertificateNotValidYet => "certificate_not_valid_yet",
            Self::UnknownAuthority => "unknown_authority",
            Self::CertificateNotForClients => "certificate_not_for_clients",
            Self::BadCertificate => "bad_certificate",
            Self::RefusedByClient => "refused_by_client",
            Self::NoTls => "no_tls",
            Self::NothingInCommon => "nothing_in_common",
            Self::HungUp => "hung_up",
            Self::GivenUp => "given_up",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCertificate => "the client sent no certificate",
            Self::ExpiredCertificate => "the client's certificate has expired",
            Self::CertificateNotValidYet => "the client's certificate is not valid yet",
            Self::UnknownAuthority => {
                "the client's certificate is of an authority that --tls-client-ca does not hold"
            }
            Self::CertificateNotForClients => "the client's certificate is not for clients",
            Self::BadCertificate => "the client's certificate cannot be used",
            Self::RefusedByClient => "the client does not trust the certificate of this server",
            Self::NoTls => "the client does not speak TLS; https:// is needed",
            Self::NothingInCommon => {
                "the client has no version, cipher or protocol in common with this server"
            }
            Self::HungUp => "the client hung up",
            Self::GivenUp => "the client took too long, or its place was needed",
            Self::Failed => "the handshake failed",
        })
    }
}

/// Notes that a connection ended before it was one.
pub(super) fn refused_handshake(peer: SocketAddr, refusal: Refusal, detail: &dyn fmt::Display) {
    meters::refused_connection(refusal.as_str());
    // Whoever only looks whether the port is open does this all the time.
    if refusal == Refusal::HungUp {
        tracing::debug!(%peer, reason = refusal.as_str(), %detail, "no handshake: {refusal}");
    } else {
        tracing::info!(%peer, reason = refusal.as_str(), %detail, "no handshake: {refusal}");
    }
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::PeerIncompatible;

    use super::*;

    #[test]
    fn each_failure_of_a_handshake_has_its_reason() {
        let of = |error: Error| Refusal::of(&io::Error::new(io::ErrorKind::InvalidData, error));
        let certificate = |problem| of(Error::InvalidCertificate(problem));
        for (found, reason) in [
            (of(Error::NoCertificatesPresented), "no_certificate"),
            (certificate(CertificateError::Expired), "expired_certificate"),
            (certificate(CertificateError::NotValidYet), "certificate_not_valid_yet"),
            (certificate(CertificateError::BadSignature), "unknown_authority"),
            (certificate(CertificateError::InvalidPurpose), "certificate_not_for_clients"),
            (certificate(CertificateError::BadEncoding), "bad_certificate"),
            (of(Error::AlertReceived(AlertDescription::BadCertificate)), "refused_by_client"),
            (of(Error::AlertReceived(AlertDescription::UserCanceled)), "hung_up"),
            (of(Error::InvalidMessage(InvalidMessage::InvalidContentType)), "no_tls"),
            (of(Error::InvalidMessage(InvalidMessage::MessageTooLarge)), "failed"),
            (of(Error::NoApplicationProtocol), "nothing_in_common"),
            (of(Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered)), "nothing_in_common"),
            (Refusal::of(&io::ErrorKind::UnexpectedEof.into()), "hung_up"),
            (Refusal::of(&io::ErrorKind::TimedOut.into()), "failed"),
        ] {
            assert_eq!(found.as_str(), reason, "{found}");
        }
    }
}
