//! How a client is made: where the server is, who calls, and whom the client speaks for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fmt};

use crate::channel::{self, TlsFiles};
use crate::client::Shared;
use crate::interruption::Interruption;
use crate::place::Place;
use crate::token::Authorize;
use crate::{Address, Client, Error};

/// How long a call may take with all its attempts, unless asked otherwise.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// Makes a [`Client`]. What is not set comes from the environment.
#[derive(Clone)]
pub struct Builder {
    address: Option<String>,
    token: Option<String>,
    ca_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    project: Option<String>,
    task: Option<String>,
    run: Option<String>,
    timeout: Duration,
    retry_for: Option<Duration>,
    on_interruption: Option<Observer>,
}

pub(crate) type Observer = Arc<dyn Fn(&Interruption<'_>) + Send + Sync>;

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            address: None,
            token: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            project: None,
            task: None,
            run: None,
            timeout: TIMEOUT_DEFAULT,
            retry_for: None,
            on_interruption: None,
        }
    }

    /// Sets where the server is: `host:port`, `http://host:port`, `https://host:port` or
    /// `unix:PATH`. Unless set: `CALLBOARD_ADDR`, else
    /// [`DEFAULT_ADDRESS`](crate::DEFAULT_ADDRESS).
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Sets the token that goes with every call; an empty one means none. Unless set:
    /// `CALLBOARD_TOKEN`, else none. It is only sent over TLS, a Unix socket, or to this machine.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets a PEM file with the certificates to trust over `https://`, and only those. Unless
    /// set: `CALLBOARD_CA`, else what the system trusts.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Sets a PEM file with the certificate that is shown to a server over `https://`, those
    /// between it and its authority after it. It needs its key: both are set, or both come from
    /// the environment. Unless either is set: `CALLBOARD_CERT`, else none.
    #[must_use]
    pub fn cert_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.cert_file = Some(path.into());
        self
    }

    /// Sets the PEM file with the private key of that certificate. Unless either is set:
    /// `CALLBOARD_KEY`, else none.
    #[must_use]
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key_file = Some(path.into());
        self
    }

    /// Sets the project. Unless set: `JRUN_PROJECT_ID`, else none.
    #[must_use]
    pub fn project(mut self, project_id: impl Into<String>) -> Self {
        self.project = Some(project_id.into());
        self
    }

    /// Sets the task; an empty one means the project's own bus. Unless set: `JRUN_TASK_ID`, when
    /// the project is that of the environment, else none.
    #[must_use]
    pub fn task(mut self, task_id: impl Into<String>) -> Self {
        self.task = Some(task_id.into());
        self
    }

    /// Sets the run that speaks. Unless set: `JRUN_ID`, else none.
    #[must_use]
    pub fn run(mut self, run_id: impl Into<String>) -> Self {
        self.run = Some(run_id.into());
        self
    }

    /// Sets how long a call may take with all its attempts; 30 s unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long a call, or a transfer that gets nowhere, is repeated, from its first failure
    /// on. Unless set, only the timeout limits that.
    #[must_use]
    pub fn retry_for(mut self, limit: Duration) -> Self {
        self.retry_for = Some(limit);
        self
    }

    /// Has this called whenever a stream of the client, such as a
    /// [`Follow`](crate::Follow), breaks and when it is open again. Unless set, both are logged
    /// with `tracing`.
    #[must_use]
    pub fn on_interruption(
        mut self,
        observer: impl Fn(&Interruption<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_interruption = Some(Arc::new(observer));
        self
    }

    /// Makes the client. It connects with its first call.
    ///
    /// # Errors
    /// Of the kind [`Usage`](crate::ErrorKind::Usage) when the address is not understood, the
    /// token must not be sent there, a client certificate has no key or a key no certificate, or
    /// there is no Tokio runtime; of the kind [`Io`](crate::ErrorKind::Io) when the CA file, the
    /// certificate or the key cannot be read.
    pub fn build(self) -> Result<Client, Error> {
        let settings = self.settle()?;
        let channel = channel::open(&settings.address, &settings.files)?;
        Ok(settings.into_client(channel))
    }

    /// Makes the client and connects now, so that a server that is not there is noticed at once.
    ///
    /// # Errors
    /// As [`build`](Self::build), and of the kind [`Unavailable`](crate::ErrorKind::Unavailable)
    /// when the server cannot be reached.
    pub async fn connect_now(self) -> Result<Client, Error> {
        let settings = self.settle()?;
        let channel = channel::connect(&settings.address, &settings.files).await?;
        Ok(settings.into_client(channel))
    }

    fn settle(self) -> Result<Settings, Error> {
        let text = self.address.or_else(|| variable("CALLBOARD_ADDR")).unwrap_or_default();
        let address: Address = text.parse()?;
        let token = self.token.or_else(|| variable("CALLBOARD_TOKEN"));
        let token = token.filter(|token| !token.is_empty());
        let [cert, key] = pair([self.cert_file, self.key_file], |name| env::var_os(name));
        Ok(Settings {
            authorize: Authorize::new(token.as_deref(), &address)?,
            address,
            files: TlsFiles { ca: file(self.ca_file, "CALLBOARD_CA"), cert, key },
            place: Place::resolve(self.project, self.task, self.run, variable),
            timeout: self.timeout,
            retry_for: self.retry_for,
            on_interruption: self.on_interruption,
        })
    }
}

/// What the arguments and the environment add up to.
struct Settings {
    address: Address,
    authorize: Authorize,
    files: TlsFiles,
    place: Place,
    timeout: Duration,
    retry_for: Option<Duration>,
    on_interruption: Option<Observer>,
}

impl Settings {
    fn into_client(self, channel: tonic::transport::Channel) -> Client {
        let shared = Shared::new(self.address, channel, self.authorize, self.on_interruption);
        Client::new(shared, self.place, self.timeout, self.retry_for)
    }
}

/// Returns the file that is given, else that of a variable; an empty path is none.
fn file(given: Option<PathBuf>, name: &str) -> Option<PathBuf> {
    not_empty(given.or_else(|| env::var_os(name).map(PathBuf::from)))
}

fn not_empty(file: Option<PathBuf>) -> Option<PathBuf> {
    file.filter(|path| !path.as_os_str().is_empty())
}

/// Returns the certificate and its key: those that are given, else those of the environment. One
/// of them from each might be no pair.
fn pair(
    given: [Option<PathBuf>; 2],
    variable: impl Fn(&str) -> Option<OsString>,
) -> [Option<PathBuf>; 2] {
    let found = if given.iter().any(Option::is_some) {
        given
    } else {
        ["CALLBOARD_CERT", "CALLBOARD_KEY"].map(|name| variable(name).map(PathBuf::from))
    };
    found.map(not_empty)
}

/// Returns a variable of the environment; an empty one is none.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("address", &self.address)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("ca_file", &self.ca_file)
            .field("cert_file", &self.cert_file)
            .field("key_file", &self.key_file)
            .field("project", &self.project)
            .field("task", &self.task)
            .field("run", &self.run)
            .field("timeout", &self.timeout)
            .field("retry_for", &self.retry_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_builder_never_shows_its_token() {
        let shown = format!("{:?}", Client::builder().token("s3cret"));
        assert!(shown.contains("token") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn without_a_runtime_a_client_is_refused_and_nothing_panics() {
        let error = Client::builder().address("localhost:1").build().expect_err("no runtime");
        assert_eq!(error.kind(), ErrorKind::Usage);
    }

    #[tokio::test]
    async fn an_address_or_a_token_that_cannot_be_right_is_refused_before_any_call() {
        for builder in [
            Client::builder().address("ftp://host:1"),
            Client::builder().address("host.example.org:1").token("s3cret"),
        ] {
            let error = builder.build().expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
            assert!(!format!("{error:?}").contains("s3cret"));
        }
    }

    #[tokio::test]
    async fn a_ca_file_that_cannot_be_read_is_named() {
        let builder = Client::builder().address("https://localhost:1").ca_file("no-such.pem");
        let error = builder.build().expect_err("there is no such file");
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.message().contains("no-such.pem"), "{error}");
    }

    #[tokio::test]
    async fn a_certificate_without_its_key_or_a_key_without_its_certificate_is_refused() {
        let tls = || Client::builder().address("https://localhost:1");
        let refused = |builder: Builder| {
            let error = builder.build().expect_err("half of a pair");
            assert_eq!(error.kind(), ErrorKind::Usage);
            error.message().to_owned()
        };
        let said = refused(tls().cert_file("no-such.pem"));
        assert!(said.contains("without its private key"), "{said}");
        assert!(said.contains("key_file") && said.contains("CALLBOARD_KEY"), "{said}");
        let said = refused(tls().key_file("no-such.pem").cert_file(""));
        assert!(said.contains("without its client certificate"), "{said}");
        assert!(said.contains("cert_file") && said.contains("CALLBOARD_CERT"), "{said}");
        let plain = Client::builder().address("localhost:1").cert_file("no-such.pem");
        assert!(plain.build().is_ok(), "as the CA file, it is for https:// only");
    }

    #[tokio::test]
    async fn what_is_missing_of_a_pair_that_is_given_is_not_taken_from_the_environment() {
        let address = "https://localhost:1".parse().expect("an address");
        let refused = |cert: Option<&str>, key: Option<&str>| {
            let given = [cert, key].map(|file| file.map(PathBuf::from));
            let [cert, key] = pair(given, |name| Some(name.into()));
            let error = channel::open(&address, &TlsFiles { ca: None, cert, key });
            let error = error.expect_err("half of a pair");
            assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
            error.message().to_owned()
        };
        for empty in [None, Some("")] {
            let said = refused(Some("given.pem"), empty);
            assert!(said.contains("without its private key"), "{said}");
            assert!(said.contains("by cert_file and key_file (--cert-file"), "{said}");
            let said = refused(empty, Some("given.pem"));
            assert!(said.contains("without its client certificate"), "{said}");
        }
    }

    #[test]
    fn a_certificate_and_its_key_come_from_the_environment_when_neither_is_given() {
        let files = |cert: Option<&str>, key: Option<&str>| {
            let given = [cert, key].map(|file| file.map(PathBuf::from));
            pair(given, |name| Some(format!("of {name}").into()))
        };
        let named = |cert: &str, key: &str| [cert, key].map(|file| Some(PathBuf::from(file)));
        assert_eq!(files(None, None), named("of CALLBOARD_CERT", "of CALLBOARD_KEY"));
        assert_eq!(files(Some("a"), Some("b")), named("a", "b"));
        // As an empty CA file: none, whatever the environment says.
        assert_eq!(files(Some(""), None), [None, None]);
        assert_eq!(pair([None, None], |_| Some("".into())), [None, None]);
        let half = pair([None, None], |name| (name == "CALLBOARD_KEY").then(|| "k".into()));
        assert_eq!(half, [None, Some("k".into())]);
    }

    #[tokio::test]
    async fn a_certificate_or_key_that_cannot_be_read_or_is_none_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let garbage = folder.path().join("garbage.pem");
        std::fs::write(&garbage, "s3cret").expect("written");
        let tls = || Client::builder().address("https://localhost:1").cert_file(&garbage);
        let error = tls().key_file("no-such.pem").build().expect_err("there is no such file");
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.message().contains("no-such.pem"), "{error}");
        let error = tls().key_file(&garbage).build().expect_err("this is no key");
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_noticed_when_connecting_now() {
        let nowhere = tempfile::tempdir().expect("a folder");
        let address = format!("unix:{}", nowhere.path().join("socket").display());
        let error = Client::builder().address(address).connect_now().await.expect_err("nobody");
        assert!(error.is_broken_connection(), "{error:?}");
    }
}
