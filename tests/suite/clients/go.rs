//! The Go client: its own tests, its lints and its examples.

use std::path::PathBuf;
use std::process::Command;

use super::{Prepared, assert_is_tour, client, command_in, finish, tmp, version_of, with_server};
use crate::server::Server;

/// Returns the driver of the conformance suite.
pub(super) fn driver() -> Option<Command> {
    let go = Go::ready()?;
    let driver = tmp().join("go/conformance");
    finish(go.command(&["build", "-o"]).arg(&driver).arg("./internal/conformance"));
    Some(command_in(&client("go"), driver))
}

#[test]
fn the_go_client_passes_its_tests() {
    let Some(go) = Go::ready() else { return };
    let server = Server::start();
    let mut test = go.command(&["test"]);
    if crate::skip::in_ci() {
        // Needs a C compiler, which a machine with Go need not have.
        test.arg("-race");
    }
    // One of them generates the code anew.
    test.arg("./...");
    finish(with_server(test, &server));
}

#[test]
fn the_go_client_is_formatted_and_vetted() {
    let Some(go) = Go::ready() else { return };
    let unformatted = finish(command_in(&client("go"), "gofmt").args(["-l", "."]));
    assert_eq!(unformatted, "", "gofmt would change these");
    finish(go.command(&["vet", "./..."]));
    finish(go.command(&["tool", "-modfile=tools/go.mod", "staticcheck", "./..."]));
}

#[test]
fn the_go_examples_run() {
    let Some(go) = Go::ready() else { return };
    let server = Server::start();
    let said = finish(with_server(go.command(&["run", "./examples/two_agents"]), &server));
    assert!(said.contains("author: reviewer says 'looks good to me'"), "{said}");
    assert_is_tour(&finish(with_server(go.command(&["run", "./examples/tour"]), &server)));
}

/// The Go tools, with the client's modules at hand.
struct Go {
    modules: PathBuf,
}

impl Go {
    /// Returns them, or None, having said why, where there are none.
    fn ready() -> Option<&'static Self> {
        static GO: Prepared<Go> = Prepared::new();
        GO.get(|| {
            version_of("go", &["version"])?;
            let go = Self { modules: tmp().join("go/modules") };
            finish(go.command(&["mod", "download"]));
            finish(go.command(&["-C", "tools", "mod", "download"]));
            Ok(go)
        })
    }

    /// Returns a command of them in the client's folder.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command_in(&client("go"), "go");
        // Writable, so that the folder can be removed like any other.
        command.env("GOMODCACHE", &self.modules).env("GOFLAGS", "-modcacherw -mod=readonly");
        command.args(arguments);
        command
    }
}
