//! Authorities of certificates, and what they issue, as PEM files in a folder of the test's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// An authority. All that it issues is put into its folder.
pub(crate) struct Authority {
    folder: PathBuf,
    file: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its private key, as files.
#[derive(Debug, Clone)]
pub(crate) struct Certified {
    /// The certificate.
    pub(crate) certificate: PathBuf,
    /// Its key, which only its owner may read.
    pub(crate) key: PathBuf,
}

impl Authority {
    /// Makes one with this name; its certificate is `NAME.pem` in the folder.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let file = folder.join(format!("{name}.pem"));
        let certificate = params.self_signed(&key).expect("a certificate");
        replace(&file, &certificate.pem(), 0o644);
        Self { folder: folder.to_owned(), file, issuer: Issuer::new(params, key) }
    }

    /// Returns the file with its certificate.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Issues a certificate: `NAME.pem`, with its key in `NAME-key.pem`. Those that are there
    /// are replaced, each in one step, the key first.
    pub(crate) fn issue(&self, name: &str, leaf: &Leaf) -> Certified {
        let key = KeyPair::generate().expect("a key");
        let certificate = leaf.0.signed_by(&key, &self.issuer).expect("a certificate");
        let files = Certified {
            certificate: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}-key.pem")),
        };
        replace(&files.key, &key.serialize_pem(), 0o600);
        replace(&files.certificate, &certificate.pem(), 0o644);
        files
    }
}

/// What an authority is asked to issue: valid from 2024 to 2124, unless told otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Leaf(CertificateParams);

impl Leaf {
    /// A certificate of a server on this machine: `localhost` and `127.0.0.1`.
    pub(crate) fn server() -> Self {
        Self::server_named(&["localhost", "127.0.0.1"])
    }

    /// A certificate of a server with these host names and addresses.
    pub(crate) fn server_named(names: &[&str]) -> Self {
        Self::of(names[0], names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A certificate of a client; host names of its own may follow the name.
    pub(crate) fn client(name: &str, alternative: &[&str]) -> Self {
        Self::of(name, alternative, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// The same, but it expired in 2024.
    pub(crate) fn expired(self) -> Self {
        self.valid((2024, 1, 1), (2024, 2, 1))
    }

    /// The same, but valid from the beginning of one day to the beginning of another.
    pub(crate) fn valid(mut self, from: (i32, u8, u8), until: (i32, u8, u8)) -> Self {
        self.0.not_before = date_time_ymd(from.0, from.1, from.2);
        self.0.not_after = date_time_ymd(until.0, until.1, until.2);
        self
    }

    fn of(name: &str, alternative: &[&str], usage: ExtendedKeyUsagePurpose) -> Self {
        let mut params = params(name, alternative);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        Self(params)
    }
}

/// Puts a file in place as those who renew certificates do: readers see the old or the new one.
pub(crate) fn replace(path: &Path, content: &str, mode: u32) {
    let new = path.with_extension("new");
    fs::write(&new, content).expect("the file is written");
    fs::set_permissions(&new, fs::Permissions::from_mode(mode)).expect("a mode");
    fs::rename(&new, path).expect("the file is put in place");
}

fn params(name: &str, alternative: &[&str]) -> CertificateParams {
    let alternative: Vec<String> = alternative.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(alternative).expect("names");
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2124, 1, 1);
    params
}
