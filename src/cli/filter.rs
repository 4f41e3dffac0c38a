//! Which messages a command is about.

use clap::Args;

/// The flags that choose messages.
#[derive(Debug, Args)]
pub(super) struct FilterFlags {
    /// Only messages of this type; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) types: Vec<String>,
    /// Only messages of this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
}

impl FilterFlags {
    /// Returns the run as a request names it; empty means all.
    pub(super) fn run_id(&self) -> String {
        self.run.clone().unwrap_or_default()
    }
}
