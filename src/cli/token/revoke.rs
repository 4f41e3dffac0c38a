//! `callboard token revoke`: takes a token back.

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::output;

use super::TokensFile;

/// Take a token back: calls and streams with it are refused at once
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Revoke {
    /// Its name, or the eight digits after cbt_
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    file: TokensFile,
}

const AFTER_HELP: &str = "\
Examples:
  callboard token revoke ci
  callboard token revoke 0a1b2c3d

It stays in the list, as revoked, and its name stays taken.";

impl Revoke {
    /// Takes it back.
    pub(super) fn run(self) -> Result<(), Failure> {
        let now = super::now();
        let mut was_revoked = false;
        let path = self.file.update(|grants| {
            let grant = grants.named(&self.name).ok_or_else(|| {
                Failure::found(format!("there is no token {}", self.name))
                    .with_hint("callboard token list shows those that there are")
            })?;
            was_revoked = grant.revoked_at.is_some();
            grant.revoked_at.get_or_insert(now);
            Ok(())
        })?;
        let (name, path) = (&self.name, path.display());
        output::note(&match was_revoked {
            true => format!("token {name} was revoked before"),
            false => format!("revoked token {name} in {path}"),
        });
        Ok(())
    }
}
