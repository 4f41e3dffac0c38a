//! Servers that let in nobody without a grant: one over TLS, and one that wants a certificate
//! of every client as well. Both take their grants from one file.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::authority::{Authority, Certified, Leaf};
use crate::server::{Server, callboard, output_of};

use super::variables::Variables;

/// The servers, with certificates for clients.
pub(crate) struct Guarded {
    tls: Server,
    mutual: Server,
    tokens: PathBuf,
    certificates: Value,
}

/// What is done with grants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Change {
    /// A token is made, or what a certificate of a name allows is noted.
    Create {
        name: String,
        projects: String,
        allow: String,
        certificate: Option<String>,
        expires: Option<String>,
    },
    /// The grant of this name is taken back.
    Revoke(String),
}

impl Guarded {
    /// Starts them, with certificates of an authority that is vouched for, in a folder. The
    /// other authority is one that nobody knows.
    pub(crate) fn start(folder: &Path, authority: &Authority, other: &Authority) -> Self {
        let tokens = folder.join("tokens");
        let server = authority.issue("server", &Leaf::server());
        let mut flags = vec!["--require-token"];
        for (flag, file) in [
            ("--tokens", tokens.as_path()),
            ("--tls-cert", &server.certificate),
            ("--tls-key", &server.key),
        ] {
            flags.extend([flag, text(file)]);
        }
        let tls = Server::start_with(&flags);
        flags.extend(["--tls-client-ca", text(authority.file())]);
        let mutual = Server::start_with(&flags);
        let certificates = json!({
            "ada": files(&authority.issue("ada", &Leaf::client("ada", &[]))),
            "bob": files(&authority.issue("bob", &Leaf::client("bob", &[]))),
            "expired": files(&authority.issue("expired", &Leaf::client("ada", &[]).expired())),
            "foreign": files(&other.issue("foreign", &Leaf::client("ada", &[]))),
        });
        Self { tls, mutual, tokens, certificates }
    }

    /// Adds what cases can name.
    pub(crate) fn name(&self, variables: &mut Variables) {
        variables.set("guarded", json!(address(&self.tls)));
        variables.set("mutual", json!(address(&self.mutual)));
        variables.set("certificates", self.certificates.clone());
    }

    /// Creates a grant or takes it back, as their administrator would; returns the token, when
    /// one was made.
    pub(crate) fn change_tokens(&self, what: &Value) -> Result<Value, String> {
        let change: Change =
            Deserialize::deserialize(what).map_err(|error| format!("tokens: {error}"))?;
        let mut command = callboard(&["token"]);
        match &change {
            Change::Create { name, projects, allow, certificate, expires } => {
                command.args(["create", "--name", name, "--projects", projects]);
                command.args(["--allow", allow]);
                if let Some(certificate) = certificate {
                    command.args(["--certificate", certificate]);
                }
                if let Some(time) = expires {
                    command.args(["--expires", time]);
                }
            }
            Change::Revoke(name) => {
                command.args(["revoke", name]);
            }
        }
        command.arg("--tokens").arg(&self.tokens);
        let output = output_of(command);
        if !output.status.success() {
            return Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(json!(String::from_utf8_lossy(&output.stdout).trim_end()))
    }

    /// Returns what both have logged.
    pub(crate) fn log(&self) -> String {
        self.tls.log() + &self.mutual.log()
    }
}

fn address(server: &Server) -> String {
    let (_, port) = server.addr().rsplit_once(':').expect("an address has a port");
    format!("https://localhost:{port}")
}

fn files(certified: &Certified) -> Value {
    json!({"cert": certified.certificate, "key": certified.key})
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}
