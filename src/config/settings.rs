//! The table of all settings.

use super::limits;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in the file, in lower case with underscores. The flag has hyphens instead,
    /// the variable is in upper case behind `CALLBOARD_`.
    pub key: &'static str,
    /// What its values look like.
    pub form: Form,
    /// Its value when nobody sets it, as it would be written; empty for none.
    pub default: &'static str,
    /// What a value stands for, in the help.
    pub value_name: &'static str,
    /// What it is, in one sentence without a full stop.
    pub help: &'static str,
    /// What it belongs to.
    pub heading: &'static str,
}

/// What the values of a setting look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Any text.
    Text,
    /// The path of a file or folder.
    Path,
    /// `true` or `false`; the flag alone means true.
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several texts: the flag may be repeated, the file has a list, the variable commas.
    List,
    /// A number from the first to the second.
    Count(u64, u64),
    /// A number of bytes from the first to the second.
    Bytes(u64, u64),
    /// A time from the first to the second, in milliseconds.
    Time(u64, u64),
}

impl Setting {
    /// Returns the name of its flag, without the hyphens before it.
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    /// Returns the name of its variable.
    pub fn variable(&self) -> String {
        format!("CALLBOARD_{}", self.key.to_ascii_uppercase())
    }
}

/// Finds a setting by its key.
pub fn find(key: &str) -> Option<&'static Setting> {
    ALL.iter().copied().flatten().find(|setting| setting.key == key)
}

/// Returns all settings, in the order of the help.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    ALL.iter().copied().flatten()
}

/// Returns the key that is written most like this one, when one is.
pub fn nearest(key: &str) -> Option<&'static str> {
    let folded = key.to_ascii_lowercase().replace('-', "_");
    let distance = |setting: &Setting| strsim::damerau_levenshtein(&folded, setting.key);
    let best = all().min_by_key(|setting| distance(setting))?;
    (distance(best) <= 1 + folded.len() / 4).then_some(best.key)
}

const ALL: [&[Setting]; 2] = [&SERVER, &limits::SETTINGS];

const PLACE: &str = "Where";
const ACCESS: &str = "Who gets in";
const SEEN: &str = "What is seen";
const ROOM: &str = "Room";

const fn row(
    key: &'static str,
    form: Form,
    default: &'static str,
    value_name: &'static str,
    heading: &'static str,
    help: &'static str,
) -> Setting {
    Setting { key, form, default, value_name, help, heading }
}

#[rustfmt::skip]
const SERVER: [Setting; 21] = [
    row("root", Form::Path, "", "DIR", PLACE,
        "The folder that holds all projects; created when missing [default: ~/run-agent]"),
    row("listen", Form::Text, "127.0.0.1:50051", "HOST:PORT", PLACE,
        "Where to listen; port 0 picks a free one and prints it. What others can reach needs --tls-cert, --tls-key and a token"),
    row("uds", Form::Path, "", "PATH", PLACE,
        "The unix socket to listen on too [default: $XDG_RUNTIME_DIR/callboard.sock, else <root>/.callboard/socket]"),
    row("no_uds", Form::Switch, "false", "", PLACE,
        "Listen on no unix socket"),
    row("http", Form::Text, "", "HOST:PORT", PLACE,
        "Serve /metrics, /healthz and /readyz over HTTP there"),
    row("web_origin", Form::List, "", "ORIGIN", PLACE,
        "Let pages of this origin call over gRPC-Web, as http://localhost:5173; may be repeated"),
    row("web_host", Form::List, "", "NAME", PLACE,
        "A further name by which browsers and scrapers may call this host; may be repeated"),
    row("tls_cert", Form::Path, "", "FILE", ACCESS,
        "The PEM file with the certificate for --listen; read again when it changes"),
    row("tls_key", Form::Path, "", "FILE", ACCESS,
        "The PEM file with its key, which nobody else may read"),
    row("tls_client_ca", Form::Path, "", "FILE", ACCESS,
        "Over TLS, let in only clients with a certificate of the authorities in this PEM file"),
    row("tokens", Form::Path, "", "FILE", ACCESS,
        "The file with the hashes of tokens [default: <root>/.callboard/tokens]"),
    row("require_token", Form::Switch, "false", "", ACCESS,
        "Let in nobody without a token or a certificate, not even the server's own user"),
    row("allow_local_users", Form::Switch, "false", "", ACCESS,
        "Let in every user of this machine without a token"),
    row("reflection", Form::Word(&["open", "authenticated", "off"]), "authenticated", "WHO", ACCESS,
        "Who may ask what services there are: open, authenticated or off"),
    row("log_format", Form::Word(&["text", "json"]), "text", "FORMAT", SEEN,
        "The form of the log on stderr: text for people, json for one object a line"),
    row("log_level", Form::Text, "info", "LEVEL", SEEN,
        "How much to log: error, warn, info, debug, trace, or a filter such as callboard=debug"),
    row("access_log", Form::Switch, "false", "", SEEN,
        "Log every call, with who made it and how it ended"),
    row("audit_log", Form::Path, "", "FILE", SEEN,
        "Note every change in this file, one JSON object a line, with who made it"),
    row("free_bytes_min", Form::Bytes(0, 1 << 50), "0", "SIZE", ROOM,
        "Refuse what is written while less than this is free; 0 for no floor"),
    row("project_quota", Form::List, "", "PATTERN=SIZE", ROOM,
        "What projects may have, as swarm*=10GiB; the first that fits counts; may be repeated"),
    row("drain_timeout", Form::Time(0, 3_600_000), "10s", "TIME", ROOM,
        "How long a shutdown waits for calls in progress"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_settings_have_one_key() {
        let keys: BTreeSet<&str> = all().map(|setting| setting.key).collect();
        assert_eq!(keys.len(), all().count());
    }

    #[test]
    fn the_nearest_key_is_found_and_nothing_far_off() {
        assert_eq!(nearest("lisen"), Some("listen"));
        assert_eq!(nearest("TLS-Cert"), Some("tls_cert"));
        assert_eq!(nearest("conections_max"), Some("connections_max"));
        assert_eq!(nearest("colour"), None);
    }
}
