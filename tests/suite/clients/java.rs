//! The Java client: its own tests and its examples.

use std::path::PathBuf;
use std::process::Command;

use super::{Prepared, assert_is_tour, client, command_in, finish, tmp, version_of, with_server};
use crate::server::Server;

/// Returns the driver of the conformance suite.
pub(super) fn driver() -> Option<Command> {
    Some(Java::ready()?.java(&["dev.callboard.conformance.Driver"]))
}

#[test]
fn the_java_client_passes_its_tests() {
    let Some(java) = Java::ready() else { return };
    let server = Server::start();
    // All lints of javac are on and are errors; one of the tests generates the code anew.
    finish(with_server(java.maven(&["verify"]), &server));
}

#[test]
fn the_java_examples_run() {
    let Some(java) = Java::ready() else { return };
    let server = Server::start();
    let said = finish(with_server(java.java(&["examples/TwoAgents.java"]), &server));
    assert!(said.contains("author: reviewer says 'looks good to me'"), "{said}");
    assert_is_tour(&finish(with_server(java.java(&["examples/Tour.java"]), &server)));
}

/// A JDK and Maven, with the client compiled.
struct Java {
    repository: PathBuf,
    class_path: String,
}

impl Java {
    /// Returns them, or None, having said why, where they are missing.
    fn ready() -> Option<&'static Self> {
        static JAVA: Prepared<Java> = Prepared::new();
        JAVA.get(|| {
            version_of("javac", &["--version"])?;
            version_of("mvn", &["--version"])?;
            let repository = tmp().join("java/repository");
            let mut java = Self { repository, class_path: String::new() };
            let file = tmp().join("java/classpath");
            let out = format!("-Dmdep.outputFile={}", file.display());
            finish(java.maven(&["test-compile", "dependency:build-classpath", &out]));
            let packages = std::fs::read_to_string(&file).expect("the class path");
            java.class_path = format!("target/classes:target/test-classes:{packages}");
            Ok(java)
        })
    }

    /// Returns a Maven command in the client's folder, with a repository of its own.
    fn maven(&self, arguments: &[&str]) -> Command {
        let mut command = command_in(&client("java"), "mvn");
        command.args(["--batch-mode", "--quiet", "--no-transfer-progress"]);
        command.arg(format!("-Dmaven.repo.local={}", self.repository.display()));
        command.args(arguments);
        command
    }

    /// Returns a command that runs a class of the client or its tests, or a source file.
    fn java(&self, arguments: &[&str]) -> Command {
        let mut command = command_in(&client("java"), "java");
        command.args(["-cp", &self.class_path]).args(arguments);
        command
    }
}
