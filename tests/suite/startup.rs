//! Starting: what is listened on, and every reason not to start.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::client::{Client, channel, message};
use crate::server::{CALLBOARD, Server};

/// Runs `serve` where it must refuse to start.
fn refused(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = Command::new(CALLBOARD)
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::null())
        .env_remove("CALLBOARD_ROOT")
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .expect("callboard runs");
    let stderr = String::from_utf8(stderr).expect("text");
    assert!(matches!(status.code(), Some(1 | 2)), "{stderr}");
    assert!(stdout.is_empty(), "no ready line");
    stderr
}

#[test]
fn a_second_server_on_a_root_is_refused_with_the_pid_that_holds_it() {
    let server = Server::start();
    let root = server.root().to_str().expect("a path");
    let stderr = refused(&["--root", root, "--listen", "127.0.0.1:0", "--no-uds"]);
    let pid = server.pid().to_string();
    assert!(
        stderr.contains("in use by another callboard server") && stderr.contains(&pid),
        "{stderr}"
    );
}

#[test]
fn a_port_or_a_socket_in_use_is_refused() {
    let server = Server::start();
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path().to_str().expect("a path");
    let unmade = format!("{root}/unmade");
    let stderr = refused(&["--root", &unmade, "--listen", server.addr(), "--no-uds"]);
    assert!(!std::path::Path::new(&unmade).exists(), "nothing was made");
    assert!(stderr.contains(server.addr()) && stderr.contains("another port"), "{stderr}");
    let socket = server.uds();
    let socket = socket.to_str().expect("a path");
    let stderr = refused(&["--root", root, "--listen", "127.0.0.1:0", "--uds", socket]);
    assert!(stderr.contains(socket) && stderr.contains("--uds"), "{stderr}");
    std::fs::write(format!("{root}/file"), "x").expect("written");
    let stderr =
        refused(&["--root", root, "--listen", "127.0.0.1:0", "--uds", &format!("{root}/file")]);
    assert!(stderr.contains("no socket"), "{stderr}");
    assert_eq!(std::fs::read(format!("{root}/file")).expect("the file"), b"x");
}

#[test]
fn a_root_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    for root in [file.clone(), file.join("below")] {
        let stderr =
            refused(&["--root", root.to_str().expect("a path"), "--listen", "127.0.0.1:0"]);
        assert!(stderr.contains("file"), "{stderr}");
    }
    // A file system that takes no new folders, whoever asks.
    let stderr = refused(&["--root", "/proc/callboard", "--listen", "127.0.0.1:0"]);
    assert!(stderr.contains("/proc/callboard"), "{stderr}");
    // Permissions bind everybody but root.
    if !rustix::process::geteuid().is_root() {
        let closed = folder.path().join("closed");
        std::fs::create_dir(&closed).expect("a folder");
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).expect("closed");
        let stderr =
            refused(&["--root", closed.to_str().expect("a path"), "--listen", "127.0.0.1:0"]);
        assert!(stderr.contains("closed"), "{stderr}");
    }
    // Somebody's symlink where our lock belongs.
    let linked = folder.path().join("linked");
    std::fs::create_dir(&linked).expect("a folder");
    std::os::unix::fs::symlink(folder.path(), linked.join(".callboard")).expect("a link");
    let stderr = refused(&["--root", linked.to_str().expect("a path"), "--listen", "127.0.0.1:0"]);
    assert!(stderr.contains("symlink"), "{stderr}");
}

#[tokio::test]
async fn health_and_both_reflections_answer_and_carry_the_comments() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::{v1, v1alpha};

    let server = Server::start();
    let mut health = HealthClient::new(channel(server.addr()).await);
    for service in ["", "callboard.v1.MessageBus"] {
        let request = HealthCheckRequest { service: service.into() };
        assert_eq!(
            health.check(request).await.expect("an answer").into_inner().status,
            1,
            "{service}"
        );
    }
    let mut reflection = ServerReflectionClient::new(channel(server.addr()).await);
    let ask = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileContainingSymbol(
            "callboard.v1.MessageBus".into(),
        )),
    };
    let mut answers = reflection
        .server_reflection_info(tokio_stream::iter([ask]))
        .await
        .expect("an answer")
        .into_inner();
    let answer = answers.message().await.expect("an answer").expect("an answer");
    let Some(MessageResponse::FileDescriptorResponse(files)) = answer.message_response else {
        panic!("{answer:?}")
    };
    let file = &files.file_descriptor_proto[0];
    let comment = b"Appends one message to a bus and answers once it is synced to disk.";
    assert!(file.windows(comment.len()).any(|window| window == comment), "comments are served");

    let mut old = v1alpha::server_reflection_client::ServerReflectionClient::new(
        channel(server.addr()).await,
    );
    let ask = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let answers = old.server_reflection_info(tokio_stream::iter([ask])).await.expect("an answer");
    let answer = answers.into_inner().message().await.expect("an answer").expect("an answer");
    assert!(format!("{answer:?}").contains("callboard.v1.MessageBus"));
}

#[tokio::test]
async fn the_unix_socket_serves_the_same_and_a_dead_servers_socket_is_taken_over() {
    use hyper_util::rt::TokioIo;
    let mut server = Server::start();
    Client::connect(&server).await.append(message("demo", "", "x")).await;
    for _ in 0..2 {
        let socket = server.uds();
        let connector = tower::service_fn(move |_| {
            let socket = socket.clone();
            async move {
                Ok::<_, std::io::Error>(TokioIo::new(
                    tokio::net::UnixStream::connect(socket).await?,
                ))
            }
        });
        let channel = tonic::transport::Endpoint::from_static("http://localhost")
            .connect_with_connector(connector)
            .await
            .expect("connected");
        let mut client =
            Client(callboard::grpc::pb::message_bus_client::MessageBusClient::new(channel));
        assert_eq!(client.read_all("demo", "").await.len(), 1);
        // The next one finds the file that a killed server left.
        server.restart();
    }
    server.terminate();
    assert!(!server.uds().exists(), "an orderly end removes it");
}
