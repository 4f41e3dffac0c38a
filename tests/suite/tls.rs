//! TLS and the certificates of clients: who gets in, what the others are told, and how new
//! certificates come into use while the server runs.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use callboard_client::v1::Message;
use callboard_client::{Builder, Client, Follow};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::authority::{Authority, Certified, Leaf, replace};
use crate::server::{CALLBOARD, DEADLINE, Server, callboard, output_of};

/// A server with TLS, and the authority of its certificate.
struct Site {
    folder: TempDir,
    authority: Authority,
    files: Certified,
    server: Server,
}

impl Site {
    /// Starts a server that anybody may call.
    fn open() -> Self {
        Self::start(|_| Vec::new())
    }

    /// Starts a server that wants certificates of clients, of its own authority.
    fn mutual() -> Self {
        Self::start(|authority| {
            let file = authority.file().to_str().expect("a path");
            vec!["--tls-client-ca".to_owned(), file.to_owned()]
        })
    }

    fn start(further: impl FnOnce(&Authority) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new(folder.path(), "authority");
        let files = authority.issue("server", &Leaf::server());
        let flags = [flags(&files), further(&authority)].concat();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let server = Server::start_with(&flags);
        Self { folder, authority, files, server }
    }

    fn address(&self) -> String {
        format!("https://{}", self.server.addr())
    }

    /// Begins to make a client that trusts the authority.
    fn client(&self) -> Builder {
        Client::builder().address(self.address()).ca_file(self.authority.file()).project("demo")
    }

    /// The same, with a certificate.
    fn client_with(&self, files: &Certified) -> Builder {
        self.client().cert_file(&files.certificate).key_file(&files.key)
    }

    /// Runs a client command that trusts the authority.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = callboard(arguments);
        command.env("CALLBOARD_ADDR", self.address()).env("CALLBOARD_CA", self.authority.file());
        output_of(command)
    }

    /// The same, with a certificate.
    fn run_with(&self, files: &Certified, arguments: &[&str]) -> Output {
        let mut command = callboard(arguments);
        command
            .env("CALLBOARD_ADDR", self.address())
            .env("CALLBOARD_CA", self.authority.file())
            .env("CALLBOARD_CERT", &files.certificate)
            .env("CALLBOARD_KEY", &files.key);
        output_of(command)
    }
}

/// Returns the flags of a server with this certificate.
fn flags(files: &Certified) -> Vec<String> {
    let text = |path: &Path| path.to_str().expect("a path").to_owned();
    vec![
        "--tls-cert".to_owned(),
        text(&files.certificate),
        "--tls-key".to_owned(),
        text(&files.key),
    ]
}

const POST: &[&str] = &["post", "--project=demo", "--type=FACT", "--body=the build is green"];

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Follows the project from now on.
async fn follow(client: &Client) -> Follow {
    client.follow().open().await.expect("a subscription")
}

/// Asserts that a message that is appended by one client arrives at another.
async fn is_delivered(from: &Client, to: &mut Follow, body: &str) {
    from.append(Message::new("FACT", body)).send().await.expect("an append");
    let message = timeout(DEADLINE, to.next()).await.expect("in time");
    assert_eq!(message.expect("not at its end").expect("a message").body, body);
}

/// Returns what a client is told that cannot connect.
async fn refused(builder: Builder) -> String {
    // It looks to a client as if its server might come back.
    let client = match builder.retry_for(Duration::ZERO).connect_now().await {
        Err(error) => return error.to_string(),
        Ok(client) => client,
    };
    let request = callboard_client::v1::GetServerInfoRequest {};
    client.call(request).await.expect_err("refused").to_string()
}

#[tokio::test]
async fn clients_speak_tls_to_the_server_and_the_socket_stays_as_it_was() {
    let site = Site::open();
    let output = site.run(POST);
    assert!(output.status.success(), "{}", stderr(&output));
    let by_flag = ["read", "--project=demo", "--addr", &site.address(), "--ca-file"];
    let by_flag = [&by_flag[..], &[site.authority.file().to_str().expect("a path")]].concat();
    let output = output_of(callboard(&by_flag));
    let read = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(read.contains("the build is green"), "{read}{}", stderr(&output));
    let client = site.client().connect_now().await.expect("a client");
    let mut followed = follow(&client).await;
    is_delivered(&client, &mut followed, "over TLS").await;
    let socket = format!("unix:{}", site.server.uds().display());
    let neighbour = Client::builder().address(socket).project("demo").build().expect("a client");
    is_delivered(&neighbour, &mut followed, "through the socket").await;
}

#[tokio::test]
async fn a_client_refuses_a_server_that_is_not_the_one_it_asked_for() {
    let site = Site::open();
    let other = Authority::new(site.folder.path(), "other");
    let said = refused(site.client().ca_file(other.file())).await;
    assert!(said.contains("invalid peer certificate: UnknownIssuer"), "{said}");
    let untrusting = "the client does not trust the certificate of this server";
    site.server.log_until(untrusting);
    let mut command = callboard(POST);
    command.env("CALLBOARD_ADDR", site.address()).env("CALLBOARD_CA", other.file());
    let output = output_of(command);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("invalid peer certificate"), "{}", stderr(&output));

    let elsewhere = site.authority.issue("elsewhere", &Leaf::server_named(&["board.example"]));
    let said = refused(site.client().address(stand_in(&elsewhere).await)).await;
    assert!(said.contains("not valid for name"), "{said}");
    let expired = site.authority.issue("expired", &Leaf::server().expired());
    let said = refused(site.client().address(stand_in(&expired).await)).await;
    assert!(said.contains("certificate expired"), "{said}");
}

/// Stands in for a server with a certificate that ours would not start with; returns its address.
async fn stand_in(files: &Certified) -> String {
    let chain = CertificateDer::from_pem_file(&files.certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&files.key).expect("a key");
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("a usable certificate");
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    format!("https://{address}")
}

#[tokio::test]
async fn only_clients_with_a_certificate_of_the_authority_get_in() {
    let site = Site::mutual();
    let ada = site.authority.issue("ada", &Leaf::client("ada", &[]));
    let good = site.client_with(&ada).connect_now().await.expect("a client");
    let mut followed = follow(&good).await;
    is_delivered(&good, &mut followed, "let in").await;

    let other = Authority::new(site.folder.path(), "other");
    let foreign = other.issue("foreign", &Leaf::client("ada", &[]));
    let expired = site.authority.issue("expired", &Leaf::client("ada", &[]).expired());
    let server = site.authority.issue("no-client", &Leaf::server());
    for (files, told, logged) in [
        (None, "CertificateRequired", "the client sent no certificate"),
        (Some(&foreign), "UnknownCA", "of an authority that --tls-client-ca does not hold"),
        (Some(&expired), "CertificateExpired", "the client's certificate has expired"),
        (Some(&server), "UnsupportedCertificate", "the client's certificate is not for clients"),
    ] {
        let builder = files.map_or_else(|| site.client(), |files| site.client_with(files));
        let said = refused(builder).await;
        assert!(said.contains(told), "{logged}: {said}");
        site.server.log_until(logged);
        let output = files.map_or_else(|| site.run(POST), |files| site.run_with(files, POST));
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
        is_delivered(&good, &mut followed, logged).await;
    }
}

#[test]
fn the_command_of_a_run_calls_with_the_certificate_of_who_runs_it() {
    let site = Site::mutual();
    site.authority.issue("ada", &Leaf::client("ada", &[]));
    let exec = ["run", "exec", "--project=demo", "--task=job", "--agent=sh", "--"];
    let script = format!("cd / && {CALLBOARD} post --type=FACT --body=inside");
    // By paths that mean something else in another folder.
    let by_flag = ["--cert-file=ada.pem", "--key-file=ada-key.pem", "--ca-file=authority.pem"];
    let arguments = [&exec[..5], &by_flag, &exec[5..], &["sh", "-c", &script]].concat();
    let mut command = callboard(&arguments);
    command.current_dir(site.folder.path()).env("CALLBOARD_ADDR", site.address());
    let output = output_of(command);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn half_of_a_certificate_and_its_key_is_a_wrong_flag() {
    let read = ["read", "--project=p", "--addr=https://localhost:1", "--cert-file=a.pem"];
    for key_of_another in ["", "other-key.pem"] {
        let mut command = callboard(&read);
        command.env("CALLBOARD_KEY", key_of_another);
        let output = output_of(command);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("--key-file"), "{}", stderr(&output));
    }
    let mut command = callboard(&read[..3]);
    command.env("CALLBOARD_KEY", "a-key.pem").env("CALLBOARD_CERT", "");
    let output = output_of(command);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("CALLBOARD_CERT"), "{}", stderr(&output));
}

#[tokio::test]
async fn a_new_certificate_is_used_by_new_connections_while_the_others_go_on() {
    let site = Site::open();
    let before = site.client().connect_now().await.expect("a client");
    let mut followed = follow(&before).await;
    // Only who trusts the new authority can see that the certificate is a new one.
    let renewed = Authority::new(site.folder.path(), "renewed");
    let said = refused(site.client().ca_file(renewed.file())).await;
    assert!(said.contains("UnknownIssuer"), "{said}");

    replace(&site.files.certificate, "-----BEGIN CERTIFICATE-----\nMIIB", 0o644);
    site.server.log_until("the new certificate cannot be used; the one before stays in use");
    site.client().connect_now().await.expect("served with the one before");
    is_delivered(&before, &mut followed, "half a file").await;

    renewed.issue("server", &Leaf::server());
    site.server.log_until("certificate replaced; new connections use it");
    let after = site.client().ca_file(renewed.file()).connect_now().await.expect("a client");
    is_delivered(&after, &mut followed, "renewed").await;
    let said = refused(site.client()).await;
    assert!(said.contains("UnknownIssuer"), "{said}");
    let errors = site.server.log().matches("the new certificate cannot be used").count();
    assert!(errors <= 2, "once for half a file, and once for a key without its certificate");
}

#[test]
fn files_that_cannot_be_used_end_the_start_with_the_flag_the_file_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path(), "authority");
    let good = authority.issue("server", &Leaf::server());
    let other = authority.issue("other", &Leaf::server());
    let expired = authority.issue("expired", &Leaf::server().expired());
    let path = |name: &str| folder.path().join(name);
    let open = Certified { key: path("open-key.pem"), ..good.clone() };
    replace(&open.key, &std::fs::read_to_string(&good.key).expect("the key"), 0o644);
    let shown = |name: &str| path(name).display().to_string();
    for (files, said) in [
        (
            Certified { key: path("no.pem"), ..good.clone() },
            format!("--tls-key: cannot read {}: No such file or directory", shown("no.pem")),
        ),
        (
            open,
            format!(
                "--tls-key: others than its owner may use {0}, which has the mode 0644; \
                 type: chmod 600 {0}",
                shown("open-key.pem")
            ),
        ),
        (
            Certified { key: other.key, ..good.clone() },
            format!(
                "--tls-key: the private key in {} is not that of the certificate in {} \
                 (--tls-cert)",
                shown("other-key.pem"),
                shown("server.pem")
            ),
        ),
        (
            expired,
            format!(
                "--tls-cert: the certificate in {} expired at 2024-02-01T00:00:00Z",
                shown("expired.pem")
            ),
        ),
        (
            Certified { certificate: good.key.clone(), ..good },
            format!("--tls-cert: there is no certificate in {}", shown("server-key.pem")),
        ),
    ] {
        let root = path("root");
        let mut serve = callboard(&["serve", "--listen=127.0.0.1:0", "--no-uds"]);
        serve.args(flags(&files)).arg("--root").arg(&root);
        let output = output_of(serve);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(&said), "{said:?} is not in:\n{}", stderr(&output));
        assert!(!root.exists(), "nothing is left behind");
    }
}

#[tokio::test]
async fn who_never_ends_the_handshake_holds_up_nobody_and_is_given_up() {
    let site = Site::open();
    let mut silent: Vec<TcpStream> =
        (0..200).map(|_| TcpStream::connect(site.server.addr()).expect("a connection")).collect();
    for stream in &mut silent[..100] {
        // The beginning of a hello that would have 512 bytes.
        stream.write_all(&[22, 3, 1, 2, 0, 1]).expect("written");
    }
    let client = site.client().connect_now().await.expect("a client");
    let mut followed = follow(&client).await;
    is_delivered(&client, &mut followed, "not held up").await;
    site.server.log_until("the client took too long, or its place was needed");
    for mut stream in silent {
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        let ended = stream.read(&mut [0; 64]);
        assert!(is_end(&ended), "{ended:?}");
    }
    is_delivered(&client, &mut followed, "still there").await;
}

#[test]
fn who_speaks_no_tls_is_told_so_and_the_log_says_what_happened() {
    let site = Site::open();
    let mut stream = TcpStream::connect(site.server.addr()).expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer, and its end");
    // A fatal alert.
    assert_eq!((answer.first(), answer.get(5)), (Some(&21), Some(&2)), "{answer:?}");
    site.server.log_until("the client does not speak TLS; https:// is needed");
    drop(stream);
    let output = site.server.run(POST);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

fn is_end(read: &std::io::Result<usize>) -> bool {
    match read {
        Ok(count) => *count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}
