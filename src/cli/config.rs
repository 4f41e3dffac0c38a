//! `callboard config`: shows the settings of a server, and where each comes from.

use clap::Args;
use serde_json::json;

use crate::config::settings::Form;

use super::failure::Failure;
use super::output;
use super::serve::log_filter;
use super::setting_flags::SettingFlags;
use super::table::{self, Row, Table};

/// Show every setting of serve, and where its value comes from
///
/// Takes the flags of serve, reads the same file and the same variables, and refuses what serve
/// would refuse of them.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ConfigCommand {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(flatten)]
    form: output::Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard config
  callboard config --config /etc/callboard.yaml --json
  CALLBOARD_CALLS_MAX=100 callboard config | grep calls_max

A setting is taken from its flag, else from its variable, else from the file, else it has its
default. Keys of the file are those that are shown here; the variable of calls_max is
CALLBOARD_CALLS_MAX, its flag --calls-max.";

impl ConfigCommand {
    /// Prints a line for each setting.
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut output = self.form.open();
        let (_, resolved) = self.settings.config()?;
        log_filter(&resolved)?;
        if output.is_json() {
            for (setting, values, origin) in resolved.each() {
                let value = match setting.form {
                    Form::List => json!(values),
                    _ => json!(values.last().map(String::as_str).unwrap_or_default()),
                };
                let (key, origin) = (setting.key, origin.to_string());
                output.print_value(&json!({ "key": key, "value": value, "origin": origin }))?;
            }
            return output.flush();
        }
        let rows: Vec<Row> = resolved
            .each()
            .map(|(setting, values, origin)| Row {
                cells: vec![setting.key.to_owned(), values.join(", "), origin.to_string()],
                problem: String::new(),
            })
            .collect();
        let columns =
            vec![table::text("SETTING", 7), table::text("VALUE", 5), table::text("FROM", 4)];
        output.print_text(&Table::new(columns).page(&rows))?;
        output.flush()
    }
}
