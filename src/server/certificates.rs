//! The files of TLS, read: what they hold becomes what connections are accepted with, or a
//! reason that names the flag and the file. Remembers nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, InconsistentKeys, RootCertStore, ServerConfig};
use x509_parser::prelude::{ASN1Time, FromDer as _, GeneralName, X509Certificate};

use crate::config::TlsSettings;
use crate::disk::{self, SecretFileError};

const CERTIFICATE: &str = "--tls-cert";
const KEY: &str = "--tls-key";
const CLIENT_AUTHORITY: &str = "--tls-client-ca";

/// Why the files of TLS cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum TlsError {
    #[error("{flag}: {source}")]
    File { flag: &'static str, source: SecretFileError },
    #[error("{flag}: {} is no PEM file: {problem}", path.display())]
    NoPem { flag: &'static str, path: PathBuf, problem: &'static str },
    #[error(
        "{flag}: there is no certificate in {}; it is to be a PEM file with BEGIN CERTIFICATE",
        path.display()
    )]
    NoCertificate { flag: &'static str, path: PathBuf },
    #[error(
        "{KEY}: there is no private key in {}; it is to be a PEM file with BEGIN PRIVATE KEY",
        path.display()
    )]
    NoKey { path: PathBuf },
    #[error(
        "{KEY}: the private key in {0} is encrypted; type: openssl pkey -in {0} -out FILE, and \
         name that file", path.display()
    )]
    EncryptedKey { path: PathBuf },
    #[error(
        "{KEY}: the private key in {} is not that of the certificate in {} ({CERTIFICATE})",
        key.display(), certificate.display()
    )]
    OtherKey { key: PathBuf, certificate: PathBuf },
    #[error("{CERTIFICATE}: the certificate in {} expired at {at}", path.display())]
    Expired { path: PathBuf, at: Timestamp },
    #[error("{CERTIFICATE}: the certificate in {} is not valid before {at}", path.display())]
    NotValidYet { path: PathBuf, at: Timestamp },
    #[error("{flag}: {} cannot be used: {problem}", path.display())]
    Unusable { flag: &'static str, path: PathBuf, problem: String },
}

/// What the files hold.
pub(super) struct Loaded {
    /// What connections are accepted with, once it says what is spoken.
    pub(super) config: Arc<ServerConfig>,
    /// Whom the server's certificate is for.
    pub(super) names: Vec<String>,
    /// When it expires.
    pub(super) expires: Timestamp,
}

/// What is spoken over TLS, which clients ask for by these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocols {
    /// gRPC.
    Grpc,
    /// gRPC, and gRPC-Web for pages, which may need HTTP/1.1.
    GrpcAndWeb,
    /// HTTP/1.1.
    Http,
}

impl Protocols {
    /// Returns the names, those that are liked better first.
    pub(super) fn names(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Grpc => &[b"h2"],
            Self::GrpcAndWeb => &[b"h2", b"http/1.1"],
            Self::Http => &[b"http/1.1"],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}

/// Reads the files. With an authority of the clients, a connection is accepted only from those
/// who have a certificate of it.
///
/// # Errors
/// When one of them cannot be used, or the server's certificate is not valid `now`.
pub(super) fn load(settings: &TlsSettings, now: Timestamp) -> Result<Loaded, TlsError> {
    // Said explicitly: a default for the process may be anybody's.
    let provider = Arc::new(ring::default_provider());
    let chain = certificates(CERTIFICATE, &settings.certificate)?;
    let (names, mut expires) = look_at(&chain[0], &settings.certificate, now)?;
    // With one of those above it the certificate is worth nothing either.
    for above in &chain[1..] {
        expires = expires.min(look_at(above, &settings.certificate, now)?.1);
    }
    let key = private_key(&settings.key)?;
    let verifier = match &settings.client_authority {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(path) => verifier_of_clients(path, &provider)?,
    };
    let unusable = |flag, path: &Path, problem: rustls::Error| TlsError::Unusable {
        flag,
        path: path.to_owned(),
        problem: problem.to_string(),
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|problem| unusable(CERTIFICATE, &settings.certificate, problem))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|problem| match problem {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::OtherKey {
                key: settings.key.clone(),
                certificate: settings.certificate.clone(),
            },
            problem @ rustls::Error::InvalidCertificate(_) => {
                unusable(CERTIFICATE, &settings.certificate, problem)
            }
            problem => unusable(KEY, &settings.key, problem),
        })?;
    if settings.client_authority.is_some() {
        // A resumed session brings no certificate: one that has expired would go on.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(Loaded { config: Arc::new(config), names, expires })
}

/// Returns the names that a certificate is for: those common to the subject, and its host
/// names, URIs and mail addresses. None for what is no certificate.
pub(super) fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    X509Certificate::from_der(certificate).map_or_else(|_| Vec::new(), |(_, it)| names(&it))
}

/// Returns when a certificate expires; none for what is no certificate.
pub(super) fn expiry_of(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, found) = X509Certificate::from_der(certificate).ok()?;
    Timestamp::from_second(found.validity().not_after.timestamp()).ok()
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let common = certificate.subject().iter_common_name();
    let common = common.filter_map(|name| name.as_str().ok());
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let alternative = alternative.iter().flat_map(|found| &found.value.general_names);
    let alternative = alternative.filter_map(|name| match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) | GeneralName::RFC822Name(name) => {
            Some(*name)
        }
        _ => None,
    });
    let mut names: Vec<String> = Vec::new();
    for name in common.chain(alternative) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// Returns whom the server's own certificate is for, and when it expires.
fn look_at(
    certificate: &CertificateDer<'_>,
    path: &Path,
    now: Timestamp,
) -> Result<(Vec<String>, Timestamp), TlsError> {
    let (_, found) =
        X509Certificate::from_der(certificate).map_err(|problem| TlsError::Unusable {
            flag: CERTIFICATE,
            path: path.to_owned(),
            problem: problem.to_string(),
        })?;
    let moment =
        |time: ASN1Time, beyond| Timestamp::from_second(time.timestamp()).unwrap_or(beyond);
    let validity = found.validity();
    let begins = moment(validity.not_before, Timestamp::MIN);
    let expires = moment(validity.not_after, Timestamp::MAX);
    if now < begins {
        return Err(TlsError::NotValidYet { path: path.to_owned(), at: begins });
    }
    if now > expires {
        return Err(TlsError::Expired { path: path.to_owned(), at: expires });
    }
    Ok((names(&found), expires))
}

/// Reads one or more certificates.
fn certificates(flag: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = disk::read_public(path).map_err(|source| TlsError::File { flag, source })?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|problem| no_pem(flag, path, &problem))?;
    if found.is_empty() {
        return Err(TlsError::NoCertificate { flag, path: path.to_owned() });
    }
    Ok(found)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let bytes = disk::read_secret(path).map_err(|source| TlsError::File { flag: KEY, source })?;
    // Both forms of encrypted keys say so in plain words.
    let says = |words: &[u8]| memchr::memmem::find(&bytes, words).is_some();
    if says(b"BEGIN ENCRYPTED") || says(b"4,ENCRYPTED") {
        return Err(TlsError::EncryptedKey { path: path.to_owned() });
    }
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|problem| match problem {
        pem::Error::NoItemsFound => TlsError::NoKey { path: path.to_owned() },
        problem => no_pem(KEY, path, &problem),
    })
}

fn no_pem(flag: &'static str, path: &Path, problem: &pem::Error) -> TlsError {
    // In words of our own: theirs may quote the file.
    let problem = match problem {
        pem::Error::MissingSectionEnd { .. } => "an END line is missing",
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is broken off",
        pem::Error::Base64Decode(_) => "what stands between its lines is no base64",
        _ => "it is not understood",
    };
    TlsError::NoPem { flag, path: path.to_owned(), problem }
}

/// Makes what lets in the clients of some authorities, and nobody without a certificate.
fn verifier_of_clients(
    path: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let unusable = |problem: String| TlsError::Unusable {
        flag: CLIENT_AUTHORITY,
        path: path.to_owned(),
        problem,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(CLIENT_AUTHORITY, path)? {
        roots.add(certificate).map_err(|problem| unusable(problem.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|problem| unusable(problem.to_string()))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::server::authority::{Authority, Certified, Leaf, replace};

    const NOW: &str = "2026-06-01T00:00:00Z";

    struct Fixture {
        folder: tempfile::TempDir,
        authority: Authority,
    }

    impl Fixture {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let authority = Authority::new(folder.path(), "authority");
            Self { folder, authority }
        }

        fn file(&self, name: &str, content: &str) -> PathBuf {
            let path = self.folder.path().join(name);
            replace(&path, content, 0o600);
            path
        }
    }

    fn settings(files: &Certified, client_authority: Option<&Path>) -> TlsSettings {
        TlsSettings {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            client_authority: client_authority.map(Path::to_owned),
        }
    }

    fn now() -> Timestamp {
        NOW.parse().expect("a time")
    }

    fn refused(settings: &TlsSettings) -> String {
        load(settings, now()).err().expect("refused").to_string()
    }

    #[test]
    fn what_is_loaded_says_whom_the_certificate_is_for_and_when_it_expires() {
        let fixture = Fixture::new();
        let leaf = Leaf::server_named(&["board.example", "localhost", "127.0.0.1"]);
        let files = fixture.authority.issue("server", &leaf.valid((2026, 1, 1), (2026, 7, 1)));
        let loaded = load(&settings(&files, None), now()).expect("usable");
        assert_eq!(loaded.names, ["board.example", "localhost"]);
        assert_eq!(loaded.expires.to_string(), "2026-07-01T00:00:00Z");
    }

    #[test]
    fn a_client_that_has_to_show_its_certificate_shows_it_with_every_connection() {
        let fixture = Fixture::new();
        let files = fixture.authority.issue("server", &Leaf::server());
        let resumes = |client_authority| {
            let loaded = load(&settings(&files, client_authority), now()).expect("usable");
            loaded.config.session_storage.can_cache() || loaded.config.send_tls13_tickets > 0
        };
        assert!(resumes(None));
        assert!(!resumes(Some(fixture.authority.file())));
    }

    #[test]
    fn a_key_may_have_the_older_form_of_keys_of_curves() {
        let fixture = Fixture::new();
        let files = fixture.authority.issue("server", &Leaf::server());
        let key = private_key(&files.key).expect("a key");
        // What the newer form has around it takes 29 bytes.
        let older = base64::engine::general_purpose::STANDARD.encode(&key.secret_der()[29..]);
        let older =
            format!("-----BEGIN EC PRIVATE KEY-----\n{older}\n-----END EC PRIVATE KEY-----\n");
        replace(&files.key, &older, 0o600);
        assert!(load(&settings(&files, None), now()).is_ok());
    }

    #[test]
    fn each_file_that_cannot_be_used_is_named_with_its_flag_and_the_reason() {
        let fixture = Fixture::new();
        let good = fixture.authority.issue("server", &Leaf::server());
        let other = fixture.authority.issue("other", &Leaf::server());
        let expired = fixture.authority.issue("expired", &Leaf::server().expired());
        let leaf = Leaf::server().valid((2027, 1, 1), (2028, 1, 1));
        let early = fixture.authority.issue("early", &leaf);
        let empty = fixture.file("empty.pem", "");
        let cut = fixture.file("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB");
        let no_base64 = "-----BEGIN PRIVATE KEY-----\nsecret!\n-----END PRIVATE KEY-----\n";
        let no_base64 = fixture.file("no-base64.pem", no_base64);
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n";
        let encrypted = fixture.file("encrypted.pem", encrypted);
        let certificate =
            |path: &PathBuf| TlsSettings { certificate: path.clone(), ..settings(&good, None) };
        let key = |path: &PathBuf| TlsSettings { key: path.clone(), ..settings(&good, None) };
        for (settings, said) in [
            (certificate(&fixture.folder.path().join("no.pem")), "--tls-cert: cannot read"),
            (certificate(&empty), "--tls-cert: there is no certificate in"),
            (certificate(&good.key), "--tls-cert: there is no certificate in"),
            (certificate(&cut), "cut.pem is no PEM file: an END line is missing"),
            (certificate(&expired.certificate), "expired at 2024-02-01T00:00:00Z"),
            (certificate(&early.certificate), "is not valid before 2027-01-01T00:00:00Z"),
            (key(&fixture.folder.path().join("no.pem")), "--tls-key: cannot read"),
            (key(&empty), "--tls-key: there is no private key in"),
            (key(&no_base64), "is no PEM file: what stands between its lines is no base64"),
            (key(&encrypted), "encrypted; type: openssl pkey -in"),
            (key(&other.key), "other-key.pem is not that of the certificate in"),
            (settings(&good, Some(&empty)), "--tls-client-ca: there is no certificate in"),
        ] {
            let text = refused(&settings);
            assert!(text.contains(said) && !text.contains("secret"), "{said:?}: {text}");
        }
        replace(&good.key, "", 0o644);
        let text = refused(&settings(&good, None));
        assert!(text.starts_with("--tls-key: others than its owner may use"), "{text}");
        assert!(text.ends_with("server-key.pem"), "{text}");
    }

    #[test]
    fn a_client_is_known_by_its_common_name_host_names_uris_and_mail_addresses() {
        let fixture = Fixture::new();
        let names = ["runner.example", "ada@example.org", "spiffe://example.org/ada", "192.0.2.1"];
        let files = fixture.authority.issue("ada", &Leaf::client("ada", &names));
        let shown = certificates(CERTIFICATE, &files.certificate).expect("a certificate");
        assert_eq!(
            names_of(&shown[0]),
            ["ada", "runner.example", "ada@example.org", "spiffe://example.org/ada"]
        );
        let twice = fixture.authority.issue("twice", &Leaf::client("ada", &["ada"]));
        let shown = certificates(CERTIFICATE, &twice.certificate).expect("a certificate");
        assert_eq!(names_of(&shown[0]), ["ada"]);
    }
}
