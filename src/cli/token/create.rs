//! `callboard token create`: makes a token, and shows it once.

use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use crate::access::{Grant, Grants, Holder, Permission, Token};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::duration;
use crate::domain::ProjectPattern;

use super::TokensFile;

/// The longest name of a token, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Make a token and print it, this once
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Create {
    /// What to call it; the server's logs show this name
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: String,
    /// In which projects it holds: ids in which * stands for any characters, separated by commas
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', default_value = "*", value_parser = pattern)]
    projects: Vec<ProjectPattern>,
    /// What it allows: read, write or admin, separated by commas; admin includes the others
    #[arg(long, value_name = "WHAT", value_delimiter = ',', required = true, value_parser = permission)]
    allow: Vec<Permission>,
    /// After how long it holds no more, as 30d; without this it holds until it is revoked
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    expires: Option<Duration>,
    /// Make no token, but grant this to clients with a certificate of this name, or of any: *
    #[arg(long, value_name = "NAME")]
    certificate: Option<String>,
    #[command(flatten)]
    file: TokensFile,
}

const AFTER_HELP: &str = "\
Examples:
  callboard token create --name ci --projects 'swarm*' --allow read,write --expires 30d
  CALLBOARD_TOKEN=$(callboard token create --name me --allow admin)
  callboard token create --name build --certificate build.example --allow read

The token stands alone on stdout. Clients take it from CALLBOARD_TOKEN; with grpcurl:
  grpcurl -H \"authorization: Bearer $CALLBOARD_TOKEN\" ...";

impl Create {
    /// Makes it.
    pub(super) fn run(self) -> Result<(), Failure> {
        let now = super::now();
        let expires_at = match self.expires {
            None => None,
            Some(time) => {
                let time = SignedDuration::try_from(time);
                let at = time.ok().and_then(|time| now.checked_add(time).ok());
                Some(at.ok_or_else(|| Failure::usage("--expires is longer than time goes on"))?)
            }
        };
        let token = random_token()?;
        let holder = match &self.certificate {
            Some(name) => Holder::Certificate(name.clone()),
            None => Holder::Token { id: token.id().to_owned(), hash: token.hash() },
        };
        let grant = Grant {
            name: self.name.clone(),
            holder,
            projects: self.projects,
            permissions: self.allow.into_iter().collect(),
            created_at: now,
            expires_at,
            revoked_at: None,
        };
        let path = self.file.update(|grants| add(grants, grant))?;
        let mut output = output::plain();
        match self.certificate {
            Some(name) => output::note(&format!(
                "granted to clients with the certificate {name}, as {}; noted in {}",
                self.name,
                path.display()
            )),
            None => {
                output.print_text(token.reveal())?;
                output::note_to_person(&format!(
                    "this is the only time that it is shown; its hash is in {}",
                    path.display()
                ));
            }
        }
        output.flush()
    }
}

fn add(grants: &mut Grants, grant: Grant) -> Result<(), Failure> {
    if grants.0.iter().any(|other| other.name == grant.name) {
        let name = grant.name;
        return Err(Failure::found(format!(
            "there is a token {name} already; choose another name (that of one that was revoked \
             stays taken, so that logs mean one token)"
        )));
    }
    grants.0.push(grant);
    Ok(())
}

fn random_token() -> Result<Token, Failure> {
    let (mut id, mut secret) = ([0; 4], [0; 32]);
    getrandom::fill(&mut id)
        .and_then(|()| getrandom::fill(&mut secret))
        .map_err(|source| Failure::own("get random bytes", &source))?;
    Ok(Token::new(id, secret))
}

fn name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if text.is_empty() || text.len() > NAME_CHARS_MAX || !text.chars().all(is_plain) {
        return Err(format!("write 1 to {NAME_CHARS_MAX} of a-z, A-Z, 0-9 and . _ - @"));
    }
    if Token::is_id(text) {
        return Err("eight hexadecimal digits would be taken for the id of a token".to_owned());
    }
    Ok(text.to_owned())
}

fn pattern(text: &str) -> Result<ProjectPattern, String> {
    ProjectPattern::parse(text).map_err(|error| error.to_string())
}

fn permission(text: &str) -> Result<Permission, String> {
    Permission::of_word(text).ok_or_else(|| "write read, write or admin".to_owned())
}
