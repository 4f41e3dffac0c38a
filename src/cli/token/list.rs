//! `callboard token list`: lists tokens, without what is secret of them.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::access::{Grant, Holder};
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::table::{self, Row, Table};
use crate::clock::{Clock as _, SystemClock};

use super::TokensFile;

/// List the tokens, what they allow, and until when
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct List {
    #[command(flatten)]
    file: TokensFile,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard token list
  callboard token list --json | jq -r 'select(.state == \"valid\").name'";

impl List {
    /// Prints a line for each.
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut output = self.form.open();
        let grants = self.file.read()?.0;
        let now = SystemClock.now();
        if output.is_json() {
            for grant in &grants {
                output.print_value(&value(grant, now))?;
            }
            return output.flush();
        }
        if grants.is_empty() {
            output::note_to_person("there is no token; callboard token create makes one");
            return output.flush();
        }
        let columns = vec![
            table::text("NAME", 8),
            table::text("HOLDER", 8),
            table::text("PROJECTS", 8),
            table::text("ALLOWS", 11),
            table::text("STATE", 5),
        ];
        let rows: Vec<Row> = grants.iter().map(|grant| row(grant, now)).collect();
        output.print_text(&Table::new(columns).page(&rows))?;
        output.flush()
    }
}

fn row(grant: &Grant, now: Timestamp) -> Row {
    let (state, at) = state(grant, now);
    let holder = match &grant.holder {
        Holder::Token { id, .. } => format!("cbt_{id}_…"),
        Holder::Certificate(name) => format!("certificate {name}"),
    };
    let state = match (state, at) {
        (VALID, Some(at)) => format!("{VALID} until {at}"),
        (state, Some(at)) => format!("{state} {at}"),
        (state, None) => state.to_owned(),
    };
    Row {
        cells: vec![
            grant.name.clone(),
            holder,
            grant.reach().to_string(),
            grant.permissions.to_string(),
            state,
        ],
        problem: String::new(),
    }
}

fn value(grant: &Grant, now: Timestamp) -> serde_json::Value {
    let (id, certificate) = match &grant.holder {
        Holder::Token { id, .. } => (id.as_str(), ""),
        Holder::Certificate(name) => ("", name.as_str()),
    };
    let projects: Vec<String> = grant.projects.iter().map(ToString::to_string).collect();
    let allow: Vec<&str> = grant.permissions.given().map(|one| one.as_str()).collect();
    json!({
        "name": grant.name,
        "id": id,
        "certificate": certificate,
        "projects": projects,
        "allow": allow,
        "state": state(grant, now).0,
        "created_at": grant.created_at.to_string(),
        "expires_at": grant.expires_at.map(|at| at.to_string()),
        "revoked_at": grant.revoked_at.map(|at| at.to_string()),
    })
}

const VALID: &str = "valid";

/// What has become of it, and when; of what is valid, until when.
fn state(grant: &Grant, now: Timestamp) -> (&'static str, Option<Timestamp>) {
    match (grant.revoked_at, grant.expires_at) {
        (Some(at), _) => ("revoked", Some(at)),
        (None, Some(at)) if at <= now => ("expired", Some(at)),
        (None, until) => (VALID, until),
    }
}
