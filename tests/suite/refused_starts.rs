//! Reasons not to start: each is said in a sentence with what to do, and nothing is made.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::authority::{Authority, Certified, Leaf, replace};
use crate::run_files::listing;
use crate::server::{callboard, output_of};
use crate::skip::skip;

/// A user who is nobody of this machine.
const ANOTHER: u32 = 12_345;
/// The exit code of what the system, or this program, refused.
const REFUSED: i32 = 1;
/// The exit code of a command line, or of settings, that cannot be.
const USAGE: i32 = 2;

/// Where a server would be, had it started.
struct Ground {
    folder: TempDir,
    certified: Certified,
    expired: Certified,
    /// Flags of its command line, besides those that say where it is.
    flags: Vec<String>,
}

impl Ground {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new(folder.path(), "authority");
        let certified = authority.issue("server", &Leaf::server());
        let expired = authority.issue("expired", &Leaf::server().expired());
        Self { folder, certified, expired, flags: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The root, which no test but those of the root makes.
    fn root(&self) -> PathBuf {
        self.path("root")
    }

    fn flag(&mut self, flag: &str) {
        self.flags.push(flag.to_owned());
    }

    fn with(&mut self, flag: &str, path: &Path) {
        self.flags.push(format!("{flag}={}", path.display()));
    }

    fn with_tls(&mut self) {
        let Certified { certificate, key } = self.certified.clone();
        self.with("--tls-cert", &certificate);
        self.with("--tls-key", &key);
    }

    /// Writes the file of tokens.
    fn with_tokens(&mut self, text: &str, mode: u32) -> PathBuf {
        let path = self.path("tokens");
        replace(&path, text, mode);
        self.with("--tokens", &path);
        path
    }

    /// Makes the root.
    fn with_root(&self, mode: u32) -> PathBuf {
        fs::create_dir(self.root()).expect("the root");
        allow(&self.root(), mode);
        self.root()
    }

    /// Tries to start the server, which must say all of this, and make nothing.
    fn assert_refused(&self, code: i32, said: &[&str]) {
        let names = || {
            let found = listing(self.folder.path()).into_iter();
            found.map(|(path, length, _)| (path, length)).collect::<Vec<_>>()
        };
        let before = names();
        let mut serve = callboard(&["serve"]);
        serve.args(&self.flags).env("CALLBOARD_LISTEN", "127.0.0.1:0");
        serve.env("CALLBOARD_ROOT", self.root()).env("XDG_CONFIG_HOME", self.path("none"));
        if !self.flags.iter().any(|flag| flag.contains("uds")) {
            serve.env("CALLBOARD_UDS", self.path("run/socket"));
        }
        let output = output_of(serve);
        let stderr = String::from_utf8(output.stderr).expect("text");
        let shown = format!("{:?}:\n{stderr}", self.flags);
        assert_eq!(output.status.code(), Some(code), "{shown}");
        assert!(output.stdout.is_empty(), "a ready line: {shown}");
        for words in said {
            assert!(stderr.contains(words), "no {words:?} in what was said to {shown}");
        }
        assert_eq!(names(), before, "something was made: {shown}");
    }
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Gives a file to another user; false where only root could.
fn give_away(path: &Path) -> bool {
    if user() != 0 {
        skip("only root can give a file to another user");
        return false;
    }
    chown(path, Some(ANOTHER), None).expect("given away");
    true
}

/// A file of tokens with one token; what follows its first line may say something more.
fn tokens(more: &str) -> String {
    format!(
        "version: 1\ntokens:\n- name: ci\n  id: {}\n  sha256: {}\n  projects: ['*']\n  \
         allow: [read]\n  created_at: 2026-01-01T00:00:00Z\n{more}",
        "a".repeat(8),
        "0".repeat(64),
    )
}

#[test]
fn an_address_that_others_can_reach_needs_tls_and_somebody_who_is_let_in() {
    for (flag, listen) in
        [("--listen", "0.0.0.0:0"), ("--listen", "[::]:0"), ("--http", "0.0.0.0:0")]
    {
        let mut ground = Ground::new();
        ground.flag(&format!("{flag}={listen}"));
        let address = format!("{flag} {listen} is not a loopback address");
        let needed =
            "it needs TLS; give --tls-cert FILE and --tls-key FILE, or listen on 127.0.0.1";
        ground.assert_refused(USAGE, &[&address, needed]);
        ground.with_tls();
        let nobody = "nobody of them would be let in: there is no valid token in";
        let create = "make one with callboard token create --name NAME --allow read,write";
        let file = ground.root().join(".callboard/tokens").display().to_string();
        ground.assert_refused(USAGE, &[&address, nobody, &file, create]);
        // Nor does a token help that holds no more.
        for ended in ["expires_at", "revoked_at"] {
            let mut ground = Ground::new();
            ground.flag(&format!("{flag}={listen}"));
            ground.with_tls();
            ground.with_tokens(&tokens(&format!("  {ended}: 2026-01-02T00:00:00Z\n")), 0o600);
            ground.assert_refused(USAGE, &[&address, nobody, create]);
        }
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    for flag in ["--listen", "--http"] {
        for listen in ["nonsense", "127.0.0.1", "127.0.0.1:x"] {
            let mut ground = Ground::new();
            ground.flag(&format!("{flag}={listen}"));
            ground.assert_refused(USAGE, &[&format!("{flag} {listen:?} is no HOST:PORT: ")]);
        }
    }
}

#[test]
fn a_port_in_use_is_refused_with_the_flag_that_names_another() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address");
    for flag in ["--listen", "--http"] {
        let mut ground = Ground::new();
        ground.flag(&format!("{flag}={address}"));
        let listen = format!("cannot listen on {address}: ");
        let other = format!(
            "another program listens there, choose another port with {flag}, or 0 for a free one"
        );
        ground.assert_refused(REFUSED, &[&listen, &other]);
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let Certified { certificate, key } = Ground::new().certified;
    let cert = format!("--tls-cert={}", certificate.display());
    let key = format!("--tls-key={}", key.display());
    let authority = "--tls-client-ca=/authority.pem".to_owned();
    let cases: [(&[&str], &str); 6] = [
        (&[&cert], "tls_cert is set and tls_key is not: TLS needs both"),
        (&[&key], "tls_key is set and tls_cert is not: TLS needs both"),
        (&[&authority], "tls_client_ca is set and tls_cert with tls_key is not: TLS needs both"),
        (&[&authority, &cert], "tls_cert is set and tls_key is not"),
        (
            &["--require-token", "--allow-local-users"],
            "require_token and allow_local_users exclude each other",
        ),
        (&["--no-uds", "--uds=/run/socket"], "no_uds is set, and uds too: unset one"),
    ];
    for (flags, said) in cases {
        let mut ground = Ground::new();
        flags.iter().for_each(|flag| ground.flag(flag));
        ground.assert_refused(USAGE, &[said]);
    }
}

#[test]
fn a_quota_that_is_none_is_refused() {
    for (quota, problem) in [
        ("swarm", "write PATTERN=SIZE, as in swarm*=10GiB"),
        ("swarm*=much", "write a number of bytes, or one with a unit"),
        ("../x=1G", "it is a project's id, in which * stands for any characters"),
    ] {
        let mut ground = Ground::new();
        ground.flag(&format!("--project-quota={quota}"));
        let value = format!("project_quota is {quota:?} (--project-quota): ");
        ground.assert_refused(USAGE, &[&value, problem]);
    }
}

#[test]
fn a_file_of_settings_that_cannot_be_read_is_refused() {
    let mut ground = Ground::new();
    let folder = ground.folder.path().to_owned();
    ground.with("--config", &folder);
    ground.assert_refused(USAGE, &[&format!("{} is no regular file", folder.display())]);

    let mut ground = Ground::new();
    let missing = ground.path("missing.yaml");
    ground.with("--config", &missing);
    ground.assert_refused(USAGE, &[&format!("cannot read {}: No such file", missing.display())]);

    let mut ground = Ground::new();
    let binary = ground.path("binary.yaml");
    fs::write(&binary, b"\xff\xfe").expect("written");
    ground.with("--config", &binary);
    let said = format!("the settings in {} are no UTF-8 text", binary.display());
    ground.assert_refused(USAGE, &[&said]);

    // Modes bind everybody but root.
    if user() != 0 {
        let mut ground = Ground::new();
        let closed = ground.path("closed.yaml");
        replace(&closed, "", 0o000);
        ground.with("--config", &closed);
        let said = format!("cannot read {}: Permission denied", closed.display());
        ground.assert_refused(USAGE, &[&said]);
    }
}

#[test]
fn a_file_of_tokens_that_is_not_ours_alone_or_not_understood_is_refused() {
    for mode in [0o644, 0o640, 0o602] {
        let mut ground = Ground::new();
        // What root owns, its group may read.
        let mode = if user() == 0 { mode | 0o004 } else { mode };
        let path = ground.with_tokens(&tokens(""), mode);
        let path = path.display();
        let open = format!("others than its owner may use {path}, which has the mode {mode:04o}");
        ground.assert_refused(USAGE, &[&open, &format!("type: chmod 600 {path}")]);
    }
    for (text, problem) in [
        ("tokens: [", "cannot be read: "),
        (&tokens("  colour: red\n"), "unknown field `colour`"),
        ("version: 1\ntokens: []\ncolour: red\n", "unknown field `colour`"),
        ("version: 2\ntokens: []\n", "its version is 2, not 1"),
        (&tokens("").replace("[read]", "[fly]"), "ci: fly is none of read, write, admin"),
        (&format!("{0}{1}", tokens(""), &tokens("")[19..]), "ci is there twice"),
    ] {
        let mut ground = Ground::new();
        let path = ground.with_tokens(text, 0o600);
        let said = format!("the tokens in {} cannot be read: ", path.display());
        ground.assert_refused(USAGE, &[&said, problem]);
    }
    let mut ground = Ground::new();
    let folder = ground.path("folder");
    fs::create_dir(&folder).expect("a folder");
    ground.with("--tokens", &folder);
    ground.assert_refused(USAGE, &[&format!("{} is no regular file", folder.display())]);

    let mut ground = Ground::new();
    let path = ground.with_tokens(&tokens(""), 0o600);
    if give_away(&path) {
        let (path, user) = (path.display(), user());
        let said = format!("{path} belongs to the user {ANOTHER}, and neither to the user {user}");
        ground.assert_refused(USAGE, &[&said, &format!("type: chown {user} {path}")]);
    }
}

#[test]
fn a_certificate_or_a_key_that_cannot_be_used_is_refused() {
    let mut ground = Ground::new();
    ground.with_tls();
    allow(&ground.certified.key, 0o644);
    let key = ground.certified.key.display();
    ground.assert_refused(USAGE, &["--tls-key: ", &format!("type: chmod 600 {key}")]);

    let mut ground = Ground::new();
    let expired = ground.expired.clone();
    ground.with("--tls-cert", &expired.certificate);
    ground.with("--tls-key", &expired.key);
    let certificate = expired.certificate.display();
    ground.assert_refused(
        USAGE,
        &[&format!("--tls-cert: the certificate in {certificate} expired at 2024-02-01")],
    );

    let mut ground = Ground::new();
    let (certified, expired) = (ground.certified.clone(), ground.expired.clone());
    ground.with("--tls-cert", &certified.certificate);
    ground.with("--tls-key", &expired.key);
    ground.assert_refused(USAGE, &["--tls-key: the private key in", "is not that of"]);
}

#[test]
fn a_root_that_is_not_ours_alone_is_refused_with_what_to_type() {
    for mode in [0o770, 0o707, 0o1777] {
        let ground = Ground::new();
        let root = ground.with_root(mode);
        let root = root.display();
        let open =
            format!("others than its owner may write to {root}, which has the mode {mode:04o}");
        let fix = format!("type: chmod go-w {root}");
        ground.assert_refused(USAGE, &["cannot keep the root there: ", &open, &fix]);
    }
    let ground = Ground::new();
    let root = ground.with_root(0o700);
    if give_away(&root) {
        let (root, user) = (root.display(), user());
        let owned =
            format!("{root} belongs to the user {ANOTHER}, and this runs as the user {user}");
        let fix = format!("run it as that user, or type: chown -R {user} {root}");
        ground.assert_refused(USAGE, &[&owned, &fix]);
    }
}

#[test]
fn a_socket_where_others_could_put_theirs_is_refused() {
    let elsewhere = "choose another path with --uds, or none with --no-uds";
    for mode in [0o1777, 0o775] {
        let mut ground = Ground::new();
        let shared = ground.path("shared");
        fs::create_dir(&shared).expect("a folder");
        allow(&shared, mode);
        ground.with("--uds", &shared.join("socket"));
        let shared = shared.display();
        let open = format!("others may write to {shared}, and so put a socket of theirs");
        ground.assert_refused(USAGE, &[&open, elsewhere]);
    }
    let mut ground = Ground::new();
    let file = ground.path("file");
    fs::write(&file, "x").expect("written");
    ground.with("--uds", &file);
    let said = format!("{} exists and is no socket", file.display());
    ground.assert_refused(USAGE, &[&said, elsewhere]);
}

#[test]
fn a_log_of_changes_that_cannot_be_opened_is_refused() {
    let mut ground = Ground::new();
    let missing = ground.path("missing/audit.log");
    ground.with("--audit-log", &missing);
    let said = format!("cannot open the log of changes, --audit-log {}: ", missing.display());
    ground.assert_refused(USAGE, &[&said, "No such file"]);

    let mut ground = Ground::new();
    let folder = ground.folder.path().to_owned();
    ground.with("--audit-log", &folder);
    ground.assert_refused(USAGE, &["--audit-log", "Is a directory"]);
}
