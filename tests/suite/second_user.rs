//! Another user of this machine: not let in, over loopback and over the socket.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::server::{CALLBOARD, Server, output_of};
use crate::skip::skip;

/// A user whom nobody is; not the one that stands for all who are not known.
const STRANGER: u32 = 54_321;

/// The command, where the stranger can run it.
struct Copied {
    folder: TempDir,
}

impl Copied {
    /// Copies it; none when this is not root, who alone can run things as somebody else.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skip("only root can call as another user");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        open_up(folder.path(), 0o755);
        fs::copy(CALLBOARD, folder.path().join("callboard")).expect("a copy");
        Some(Self { folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("callboard")
    }

    /// Runs it as the stranger.
    fn run(&self, address: &str, token: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.path());
        command
            .args(arguments)
            .env_clear()
            .env("CALLBOARD_ADDR", address)
            .env("CALLBOARD_TOKEN", token)
            .current_dir("/")
            .stdin(Stdio::null())
            .uid(STRANGER)
            .gid(STRANGER);
        output_of(command)
    }
}

fn open_up(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const POST: &[&str] = &["post", "--project", "demo", "--type", "INFO", "--body", "x"];

#[test]
fn another_user_is_refused_over_loopback_and_over_the_socket() {
    let Some(copied) = Copied::new() else { return };
    let server = Server::start();
    let socket = format!("unix:{}", server.uds().display());

    let refused = copied.run(server.addr(), "", POST);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    let told = said(&refused);
    assert!(
        told.contains("TOKEN_REQUIRED") && told.contains("user 54321 of this machine"),
        "{told}"
    );

    let refused = copied.run(&socket, "", POST);
    assert_eq!(refused.status.code(), Some(3), "the system lets nobody else to it");
    // Whoever opens it up still lets in nobody.
    open_up(server.uds().parent().expect("a folder"), 0o755);
    open_up(&server.uds(), 0o666);
    let refused = copied.run(&socket, "", POST);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("user 54321 of this machine"), "{}", said(&refused));

    assert!(!server.root().join("demo").exists(), "nothing was made");
    server.ok(POST);
}

#[test]
fn another_user_is_let_in_with_a_token_and_every_local_user_when_that_is_said() {
    let Some(copied) = Copied::new() else { return };
    let server = Server::start();
    let root = server.root().display().to_string();
    let create = ["token", "create", "--name", "friend", "--allow", "write", "--root", &root];
    let token = server.ok(&create);
    let posted = copied.run(server.addr(), token.trim(), POST);
    assert!(posted.status.success(), "{}", said(&posted));

    let open = Server::start_with(&["--allow-local-users"]);
    let posted = copied.run(open.addr(), "", POST);
    assert!(posted.status.success(), "{}", said(&posted));
}

#[test]
fn what_root_takes_back_is_taken_back_from_a_server_that_reads_the_file_by_its_group() {
    let Some(copied) = Copied::new() else { return };
    let tokens = copied.folder.path().join("tokens");
    let token = |arguments: &[&str]| {
        let mut command = crate::server::callboard(&["token"]);
        command.args(arguments).arg("--tokens").arg(&tokens);
        let output = output_of(command);
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    let friend = token(&["create", "--name", "friend", "--allow", "read,write"]);
    std::os::unix::fs::chown(&tokens, Some(0), Some(STRANGER)).expect("given to a group");
    open_up(&tokens, 0o640);
    let serving = Serving::start(&copied, &["--tokens", &tokens.display().to_string()]);
    let post = || {
        let mut post = crate::server::callboard(POST);
        post.env("CALLBOARD_ADDR", &serving.address).env("CALLBOARD_TOKEN", &friend);
        output_of(post)
    };
    let let_in = post();
    assert!(let_in.status.success(), "{}", said(&let_in));
    token(&["revoke", "friend"]);
    let refused = post();
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("friend was revoked"), "{}", said(&refused));
    let found = fs::metadata(&tokens).expect("there");
    assert_eq!((found.uid(), found.gid(), found.mode() & 0o777), (0, STRANGER, 0o640));
}

#[test]
fn root_makes_no_tokens_that_the_owner_of_the_folder_could_not_use() {
    let Some(copied) = Copied::new() else { return };
    let home = copied.folder.path().join("home");
    fs::create_dir(&home).expect("a folder");
    std::os::unix::fs::chown(&home, Some(STRANGER), Some(STRANGER)).expect("the stranger's");
    let root = home.join("root").display().to_string();
    let create = ["token", "create", "--name", "x", "--allow", "read", "--root", &root];
    let refused = output_of(crate::server::callboard(&create));
    assert!(!refused.status.success());
    assert!(said(&refused).contains("sudo -u '#54321'"), "{}", said(&refused));
    assert_eq!(fs::read_dir(&home).expect("the folder").count(), 0, "nothing was made");
    let made = copied.run("", "", &create);
    assert!(made.status.success(), "{}", said(&made));
}

/// A server of the stranger's.
struct Serving {
    process: Child,
    address: String,
}

impl Serving {
    fn start(copied: &Copied, further: &[&str]) -> Self {
        let home = copied.folder.path().join("home");
        fs::create_dir(&home).expect("a folder");
        std::os::unix::fs::chown(&home, Some(STRANGER), Some(STRANGER)).expect("the stranger's");
        let mut command = Command::new(copied.path());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--no-uds", "--root"])
            .arg(home.join("root"))
            .args(further)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .uid(STRANGER)
            .gid(STRANGER);
        let process = command.spawn().expect("a server");
        let mut serving = Self { process, address: String::new() };
        let lines = crate::server::Lines::of(serving.process.stdout.take().expect("stdout"));
        let ready = lines.until("listening on ");
        serving.address = ready.split_whitespace().nth(3).expect("an address").to_owned();
        serving
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn not_even_root_is_let_in_to_the_server_of_another_user_without_a_token() {
    let Some(copied) = Copied::new() else { return };
    let serving = Serving::start(&copied, &[]);
    let mut post = crate::server::callboard(POST);
    post.env("CALLBOARD_ADDR", &serving.address);
    let refused = output_of(post);
    let as_owner = copied.run(&serving.address, "", POST);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("user 0 of this machine"), "{}", said(&refused));
    assert!(as_owner.status.success(), "{}", said(&as_owner));
}
