//! The Rust client: its tests against a server, and its examples. Its generated code is
//! compared by a test of its own.

use std::path::Path;
use std::process::Command;

use super::{assert_is_tour, client, command_in, finish, with_server};
use crate::server::{CALLBOARD, Server};

/// Returns the driver of the conformance suite.
pub(super) fn driver() -> Command {
    example("conformance")
}

#[test]
fn the_rust_client_passes_its_tests_against_a_server() {
    let server = Server::start();
    finish(with_server(cargo(&["test", "--package", "callboard-client", "--tests"]), &server));
}

#[test]
fn the_rust_examples_run() {
    let server = Server::start();
    let said = finish(with_server(example("two_agents"), &server));
    assert!(said.contains("author: reviewer says 'looks good to me'"), "{said}");
    assert_is_tour(&finish(with_server(example("tour"), &server)));
}

/// Builds an example, and returns the command that runs it.
fn example(name: &str) -> Command {
    finish(cargo(&["build", "--package", "callboard-client", "--example", name]));
    let program = Path::new(CALLBOARD).with_file_name("examples").join(name);
    command_in(&client("rust"), program)
}

/// Returns a command of cargo, with the target folder of these tests.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = command_in(Path::new(env!("CARGO_MANIFEST_DIR")), env!("CARGO"));
    let (verb, rest) = arguments.split_first().expect("a verb");
    command.args([*verb, "--quiet", "--locked", "--target-dir"]);
    // Two folders above the profile's program.
    let folders: Vec<&Path> = Path::new(CALLBOARD).ancestors().skip(1).take(2).collect();
    command.arg(folders[1]);
    if folders[0].ends_with("release") {
        command.arg("--release");
    }
    command.args(rest);
    command
}
