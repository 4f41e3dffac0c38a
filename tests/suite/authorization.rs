//! Who may do what: tokens, what they allow, and where.

mod audit;
mod matrix;
mod metrics_access;
mod reach;
mod revocation;

use std::path::{Path, PathBuf};

use callboard::access::{self, Grant, Grants, Holder, Permission, Token};
use callboard::clock::{Clock as _, SystemClock};
use callboard::disk::{SecretFileError, update_secret};
use callboard::domain::ProjectPattern;
use jiff::SignedDuration;
use tempfile::TempDir;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::server::Server;

/// A server that lets in nobody without a token, and its tokens.
struct Guarded {
    server: Server,
    tokens: Tokens,
}

impl Guarded {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(further: &[&str]) -> Self {
        let tokens = Tokens::new();
        let path = tokens.path.display().to_string();
        let server =
            Server::start_with(&[&["--require-token", "--tokens", &path], further].concat());
        Self { server, tokens }
    }
}

/// A file of tokens.
struct Tokens {
    path: PathBuf,
    _folder: TempDir,
}

impl Tokens {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { path: folder.path().join("tokens"), _folder: folder }
    }

    /// Adds a token, and returns it.
    fn add(&self, name: &str, projects: &[&str], allow: &[Permission]) -> String {
        self.add_with(name, projects, allow, |_| ())
    }

    fn add_with(
        &self,
        name: &str,
        projects: &[&str],
        allow: &[Permission],
        change: impl FnOnce(&mut Grant),
    ) -> String {
        let bytes: Vec<u8> = name.bytes().cycle().take(32).collect();
        let id = u32::try_from(name.len()).expect("short").to_be_bytes();
        let token = Token::new(id, bytes.try_into().expect("32 of them"));
        let mut grant = Grant {
            name: name.to_owned(),
            holder: Holder::Token { id: token.id().to_owned(), hash: token.hash() },
            projects: projects.iter().map(|it| ProjectPattern::parse(it).expect(it)).collect(),
            permissions: allow.iter().copied().collect(),
            created_at: SystemClock.now(),
            expires_at: None,
            revoked_at: None,
        };
        change(&mut grant);
        self.update(|grants| grants.0.push(grant));
        token.reveal().to_owned()
    }

    fn update(&self, change: impl FnOnce(&mut Grants)) {
        let updated = update_secret::<SecretFileError>(&self.path, |bytes| {
            let mut grants = access::read(bytes).expect("our own file");
            change(&mut grants);
            Ok(access::write(&grants).expect("bytes"))
        });
        updated.expect("the tokens are written");
    }
}

/// A moment so many seconds from now.
fn seconds_from_now(seconds: i64) -> jiff::Timestamp {
    SystemClock.now().checked_add(SignedDuration::from_secs(seconds)).expect("a time")
}

/// Sends a token with each call.
#[derive(Clone)]
struct With(MetadataValue<Ascii>);

impl With {
    fn token(token: &str) -> Self {
        Self(format!("Bearer {token}").parse().expect("a header"))
    }
}

impl Interceptor for With {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Everything below a folder, with its content.
fn content_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                found.push((path.clone(), std::fs::read(&path).expect("a file")));
            }
        }
    }
    found.sort();
    found
}
