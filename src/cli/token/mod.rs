//! `callboard token`: who may call a server besides its own user. Works on the file of tokens,
//! whether a server runs or not; one that runs takes up the change at once.

mod create;
mod list;
mod revoke;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::access::{self, Grants, TokenFileError};
use crate::clock::{Clock as _, SystemClock};
use crate::disk::{self, SecretFileError};

use super::failure::Failure;
use super::setting_flags::SettingFlags;

/// Make, list and revoke tokens
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    Create(create::Create),
    List(list::List),
    Revoke(revoke::Revoke),
}

const AFTER_HELP: &str = "\
The file of tokens is that of --tokens, else of CALLBOARD_TOKENS or the file of settings, else
tokens in the root's .callboard folder. It holds no token, only hashes.";

impl Token {
    /// Does what was asked for.
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            TokenCommand::Create(create) => create.run(),
            TokenCommand::List(list) => list.run(),
            TokenCommand::Revoke(revoke) => revoke.run(),
        }
    }
}

/// The time in whole seconds: nobody needs it to be more exact.
fn now() -> Timestamp {
    let now = SystemClock.now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Which file it is about.
#[derive(Debug, Clone, Args)]
struct TokensFile {
    /// The root whose server it is about [default: ~/run-agent]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The file with the hashes of tokens [default: <root>/.callboard/tokens]
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
}

impl TokensFile {
    fn path(&self) -> Result<PathBuf, Failure> {
        let flags = SettingFlags::of([("root", &self.root), ("tokens", &self.tokens)]);
        let (config, _) = flags.config()?;
        Ok(config.access.tokens)
    }

    fn read(&self) -> Result<Grants, Failure> {
        let path = self.path()?;
        let bytes = match disk::read_secret(&path) {
            Err(error) if error.is_not_found() => Vec::new(),
            read => read.map_err(|error| Failure::found(error.to_string()))?,
        };
        access::read(&bytes).map_err(|error| {
            Failure::found(format!("the tokens in {} cannot be read: {error}", path.display()))
        })
    }

    /// Changes the file. Others who do so wait meanwhile.
    fn update(
        &self,
        change: impl FnOnce(&mut Grants) -> Result<(), Failure>,
    ) -> Result<PathBuf, Failure> {
        let path = self.path()?;
        let updated = disk::update_secret(&path, |bytes| {
            let mut grants = access::read(bytes).map_err(Refused::Content)?;
            change(&mut grants).map_err(Refused::Change)?;
            access::write(&grants).map_err(Refused::Content)
        });
        match updated {
            Ok(()) => Ok(path),
            Err(Refused::Change(failure)) => Err(failure),
            Err(Refused::File(error)) => Err(Failure::found(error.to_string())),
            Err(Refused::Content(error)) => Err(Failure::found(format!(
                "the tokens in {} cannot be read: {error}",
                path.display()
            ))),
        }
    }
}

/// Why the file was not changed.
enum Refused {
    File(SecretFileError),
    Content(TokenFileError),
    Change(Failure),
}

impl From<SecretFileError> for Refused {
    fn from(error: SecretFileError) -> Self {
        Self::File(error)
    }
}
