//! `callboard completions`: prints what a shell needs to complete commands.

use std::io::Write as _;

use clap::Args;
use clap_complete::Shell;

use super::failure::Failure;

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

const AFTER_HELP: &str = "\
Examples:
  source <(callboard completions bash)
  callboard completions zsh > ~/.zfunc/_callboard
  callboard completions fish > ~/.config/fish/completions/callboard.fish";

impl Completions {
    /// Prints them.
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::definition(), "callboard", &mut script);
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(&script)?;
        Ok(stdout.flush()?)
    }
}
