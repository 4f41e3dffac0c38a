//! The file of tokens: YAML, which people may read and edit. It has no secrets but hashes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ProjectPattern;

use super::{Grant, Grants, Holder, Permission, Token, TokenHash};

const VERSION: u32 = 1;
const HEAD: &str = "\
# Who may call this Callboard server besides its own user. Written by callboard token; a server
# takes up what changes here at once. The tokens themselves are nowhere: these are their hashes.
";

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenFileError(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default)]
    tokens: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    projects: Vec<String>,
    allow: Vec<String>,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
}

/// Reads the file's bytes. Nothing of a file that is not understood whole is taken: what was
/// not understood may be what takes a token back.
///
/// # Errors
/// What is wrong with it.
pub fn read(bytes: &[u8]) -> Result<Grants, TokenFileError> {
    if bytes.is_empty() {
        return Ok(Grants::default());
    }
    let document: Document =
        serde_yaml::from_slice(bytes).map_err(|error| TokenFileError(error.to_string()))?;
    if document.version != VERSION {
        let version = document.version;
        return Err(TokenFileError(format!("its version is {version}, not {VERSION}")));
    }
    let mut grants = Grants::default();
    for entry in document.tokens {
        let name = entry.name.clone();
        let grant = grant(entry).map_err(|problem| TokenFileError(format!("{name}: {problem}")))?;
        if grants.0.iter().any(|other| other.name == grant.name) {
            return Err(TokenFileError(format!("{name} is there twice")));
        }
        let id_of = |grant: &Grant| match &grant.holder {
            Holder::Token { id, .. } => Some(id.clone()),
            Holder::Certificate(_) => None,
        };
        if id_of(&grant)
            .is_some_and(|id| grants.0.iter().any(|other| id_of(other) == Some(id.clone())))
        {
            return Err(TokenFileError(format!("the id of {name} is there twice")));
        }
        grants.0.push(grant);
    }
    Ok(grants)
}

fn grant(entry: Entry) -> Result<Grant, String> {
    let holder = match (entry.id, entry.sha256, entry.certificate) {
        (Some(id), Some(hash), None) => {
            if !Token::is_id(&id) {
                return Err("id is not eight hexadecimal digits".into());
            }
            let hash = TokenHash::parse(&hash).ok_or("sha256 is no SHA-256")?;
            Holder::Token { id, hash }
        }
        (None, None, Some(name)) => Holder::Certificate(name),
        _ => return Err("it needs id and sha256, or certificate".into()),
    };
    if entry.projects.is_empty() || entry.allow.is_empty() {
        return Err("it needs projects, and something to allow".into());
    }
    let projects = entry.projects.iter().map(|text| ProjectPattern::parse(text));
    let permissions = entry.allow.iter().map(|word| {
        Permission::of_word(word).ok_or_else(|| format!("{word} is none of read, write, admin"))
    });
    Ok(Grant {
        name: entry.name,
        holder,
        projects: projects.collect::<Result<_, _>>().map_err(|error| error.to_string())?,
        permissions: permissions.collect::<Result<_, _>>()?,
        created_at: entry.created_at,
        expires_at: entry.expires_at,
        revoked_at: entry.revoked_at,
    })
}

/// Returns the bytes of the file.
///
/// # Errors
/// Never, unless there is a bug.
pub fn write(grants: &Grants) -> Result<Vec<u8>, TokenFileError> {
    let tokens = grants.0.iter().map(|grant| {
        let (id, sha256, certificate) = match &grant.holder {
            Holder::Token { id, hash } => (Some(id.clone()), Some(hash.to_string()), None),
            Holder::Certificate(name) => (None, None, Some(name.clone())),
        };
        Entry {
            name: grant.name.clone(),
            id,
            sha256,
            certificate,
            projects: grant.projects.iter().map(ToString::to_string).collect(),
            allow: grant.permissions.given().map(|one| one.to_string()).collect(),
            created_at: grant.created_at,
            expires_at: grant.expires_at,
            revoked_at: grant.revoked_at,
        }
    });
    let document = Document { version: VERSION, tokens: tokens.collect() };
    let text =
        serde_yaml::to_string(&document).map_err(|error| TokenFileError(error.to_string()))?;
    Ok(format!("{HEAD}{text}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        let hash = Token::new([1; 4], [2; 32]).hash();
        format!(
            "version: 1\ntokens:\n- name: ci\n  id: '01010101'\n  sha256: {hash}\n  projects:\n  - swarm*\n  allow:\n  - read\n  - write\n  created_at: 2026-01-01T00:00:00Z\n  expires_at: 2026-02-01T00:00:00Z\n- name: build\n  certificate: build.example\n  projects:\n  - '*'\n  allow:\n  - admin\n  created_at: 2026-01-01T00:00:00Z\n"
        )
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        let grants = read(text().as_bytes()).expect("grants");
        assert_eq!(grants.0.len(), 2);
        assert_eq!(grants.0[0].permissions.to_string(), "read, write");
        assert_eq!(grants.0[1].holder, Holder::Certificate("build.example".into()));
        let written = write(&grants).expect("bytes");
        assert_eq!(String::from_utf8_lossy(&written), format!("{HEAD}{}", text()));
        assert_eq!(read(&written), Ok(grants));
        assert_eq!(read(b""), Ok(Grants::default()));
    }

    #[test]
    fn a_file_that_is_not_understood_whole_is_refused() {
        for (from, to, problem) in [
            ("version: 1", "version: 2", "version is 2"),
            ("- read", "- reed", "reed is none of"),
            ("swarm*", "a/b", "projects"),
            ("name: build", "name: ci", "ci is there twice"),
            ("certificate", "certificates", "unknown field"),
            ("  certificate: build.example\n", "", "it needs id and sha256, or certificate"),
            ("01010101", "0101", "ci: id is not eight"),
            ("  - admin\n", "", "it needs projects"),
            ("sha256: ", "sha256: x", "ci: sha256 is no SHA-256"),
            ("2026-02-01T00:00:00Z", "soon", "expires_at"),
        ] {
            let changed = text().replace(from, to);
            assert_ne!(changed, text());
            let error = read(changed.as_bytes()).expect_err(to).to_string();
            assert!(error.contains(problem), "{to}: {error}");
        }
    }
}
