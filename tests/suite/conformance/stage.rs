//! What the cases are played on: a server, the proxy and the gateway before it, servers that
//! want tokens and certificates, and files to upload.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::authority::Authority;
use crate::server::{DEADLINE, Server};

use super::gateway::{Gateway, Refusal};
use super::guarded::Guarded;
use super::proxy::Proxy;
use super::variables::Variables;

/// The stage of one language, or of all together.
pub(crate) struct Stage {
    server: Arc<Mutex<Server>>,
    proxy: Proxy,
    gateway: Gateway,
    /// Set up for the first case, as the test with kills needs none of it.
    guarded: OnceLock<Guarded>,
    authority: Authority,
    /// An authority that vouches for nobody here.
    other_authority: Authority,
    /// Lets drivers do everything; they have it in their environment.
    token: String,
    unix: String,
    folder: TempDir,
    files: Value,
}

impl Stage {
    /// Sets everything up.
    pub(crate) fn set_up(server: Server) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = make_files(folder.path());
        let proxy = Proxy::start(server.addr());
        let authority = Authority::new(folder.path(), "authority");
        let other_authority = Authority::new(folder.path(), "other-authority");
        let token = server.ok(&["token", "create", "--name=stage", "--allow=admin"]);
        let token = token.trim_end().to_owned();
        let gateway = Gateway::start(server.addr(), &token, &authority);
        let unix = format!("unix:{}", server.uds().display());
        let server = Arc::new(Mutex::new(server));
        let guarded = OnceLock::new();
        Self {
            server,
            proxy,
            gateway,
            guarded,
            authority,
            other_authority,
            token,
            unix,
            folder,
            files,
        }
    }

    /// Tells a driver where everything is.
    pub(crate) fn prepare(&self, driver: &mut Command) {
        driver
            .env("CALLBOARD_ADDR", self.proxy.address())
            .env("CALLBOARD_TOKEN", &self.token)
            .env("CALLBOARD_CA", self.authority.file())
            .env("JRUN_PROJECT_ID", "env-project")
            .env("JRUN_TASK_ID", "env-task")
            .env("JRUN_ID", "env-run");
    }

    /// Returns what cases can name.
    pub(crate) fn variables(&self) -> Variables {
        let mut variables = Variables::default();
        variables.set("tcp", json!(self.proxy.address()));
        variables.set("unix", json!(self.unix));
        self.gateway.name(&mut variables);
        variables.set("token", json!(self.token));
        self.guarded().name(&mut variables);
        variables.set("ca_file", json!(self.authority.file()));
        variables.set("other_ca_file", json!(self.other_authority.file()));
        variables.set("folder", json!(self.folder.path()));
        variables.set("files", self.files.clone());
        variables
    }

    /// Does something to the server: `kill`, `restart`, or `{kill_for: SECONDS}`, which
    /// returns while it is away.
    pub(crate) fn control_server(&self, what: &Value) -> Result<(), String> {
        let mut server = self.server.lock().map_err(|_| "the server is lost")?;
        match (what.as_str(), what.get("kill_for").and_then(Value::as_f64)) {
            (Some("kill"), _) => {
                server.kill();
                server.restart();
            }
            (Some("restart"), _) => {
                server.terminate();
                server.restart();
            }
            (_, Some(seconds)) => {
                server.kill();
                let away = Arc::clone(&self.server);
                thread::spawn(move || {
                    thread::sleep(Duration::from_secs_f64(seconds));
                    away.lock().expect("the server").restart();
                });
            }
            _ => return Err(format!("server: {what} is unknown")),
        }
        Ok(())
    }

    /// Does something to connections: `cut`, `lose_answer`, or `answer_was_lost`, which checks.
    pub(crate) fn control_connection(&self, what: &Value) -> Result<(), String> {
        match what.as_str() {
            Some("cut") => self.proxy.cut(),
            Some("lose_answer") => self.proxy.lose_answer(),
            Some("answer_was_lost") if self.proxy.is_to_lose() => {
                return Err("no answer was lost".to_owned());
            }
            Some("answer_was_lost") => {}
            _ => return Err(format!("connection: {what} is unknown")),
        }
        Ok(())
    }

    /// Has the gateway refuse the next call: by a reason, or with `HUGE_ANSWER`.
    pub(crate) fn control_gateway(&self, what: &Value) -> Result<(), String> {
        let reason = what.get("refuse").and_then(Value::as_str).ok_or("gateway: refuse: REASON")?;
        self.gateway.refuse(match reason {
            "HUGE_ANSWER" => Refusal::HugeAnswer,
            reason => Refusal::Reason(reason.to_owned()),
        });
        Ok(())
    }

    /// Creates or revokes a token; returns what is printed of it.
    pub(crate) fn control_tokens(&self, what: &Value) -> Result<Value, String> {
        self.guarded().change_tokens(what)
    }

    /// Waits until one of the servers that want tokens has logged a text.
    pub(crate) fn await_log(&self, what: &Value) -> Result<(), String> {
        let text = what.as_str().ok_or("logged: TEXT")?;
        until(|| self.guarded().log().contains(text))
            .ok_or_else(|| format!("no {text:?} in\n{}", self.guarded().log()))
    }

    fn guarded(&self) -> &Guarded {
        let start = || Guarded::start(self.folder.path(), &self.authority, &self.other_authority);
        self.guarded.get_or_init(start)
    }

    /// Does something in the server's tree, as another program would, or looks at it.
    pub(crate) fn touch_tree(&self, what: &Value) -> Result<(), String> {
        let text = |key: &str| what.get(key).and_then(Value::as_str);
        let root = self.server.lock().map_err(|_| "the server is lost")?.root().to_owned();
        let path = |key: &str| text(key).map(|path| root.join(path));
        let said = |error: std::io::Error| format!("{what}: {error}");
        let content = text("text").unwrap_or("");
        if let Some(file) = path("write") {
            fs::create_dir_all(file.parent().unwrap_or(&root)).map_err(said)?;
            fs::write(file, content).map_err(said)
        } else if let Some(file) = path("symlink") {
            fs::create_dir_all(file.parent().unwrap_or(&root)).map_err(said)?;
            symlink(text("to").unwrap_or("elsewhere"), file).map_err(said)
        } else if let Some(file) = path("contains") {
            until(|| fs::read_to_string(&file).is_ok_and(|found| found.contains(content)))
                .ok_or_else(|| format!("{what}: {:?}", fs::read_to_string(&file)))
        } else if let Some(file) = path("missing") {
            until(|| !file.exists()).ok_or_else(|| format!("{what}: it is there"))
        } else {
            Err(format!("tree: {what} is unknown"))
        }
    }

    /// Returns what the server has logged.
    pub(crate) fn log(&self) -> String {
        self.server.lock().map(|server| server.log()).unwrap_or_default()
    }
}

/// Waits until something holds.
fn until(holds: impl Fn() -> bool) -> Option<()> {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        if Instant::now() > deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Some(())
}

/// Makes the files that cases upload, with their sizes and hashes.
fn make_files(folder: &Path) -> Value {
    let mut described = serde_json::Map::new();
    for (name, size) in [
        ("empty", 0),
        ("one_byte", 1),
        ("one_mib", 1 << 20),
        ("over_one_mib", (1 << 20) + 1),
        ("ten_mib", 10 << 20),
    ] {
        // Bytes without a short period, so that a chunk in the wrong place is seen.
        let content: Vec<u8> = (0..size as u64)
            .map(|index| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
            .collect();
        let path = folder.join(format!("{name}.bin"));
        fs::write(&path, &content).expect("a file is written");
        let sha256: String =
            Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        described.insert(name.to_owned(), json!({"path": path, "size": size, "sha256": sha256}));
    }
    Value::Object(described)
}
