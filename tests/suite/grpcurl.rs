//! The grpcurl calls that the documents show do what they say.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::server::{CALLBOARD, Server, output_of};
use crate::skip;

/// A shell block of a document whose command is grpcurl.
struct Call {
    text: String,
    /// What the output of a call that is shown to fail must contain.
    fails: Option<String>,
}

impl Call {
    /// Whether it calls this method, and not one whose name only begins like it.
    fn names(&self, method: &str) -> bool {
        let mut behind =
            self.text.match_indices(method).map(|(at, _)| &self.text[at + method.len()..]);
        behind.any(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    }
}

#[test]
fn the_grpcurl_calls_of_the_guide_run_as_printed() {
    let guide = fs::read_to_string(project().join("docs/grpcurl.md")).expect("docs/grpcurl.md");
    let calls = calls_of(&guide);
    for method in methods() {
        assert!(
            calls.iter().any(|call| call.names(&method)),
            "docs/grpcurl.md shows no call of {method}"
        );
    }
    run(&calls);
}

#[test]
fn the_grpcurl_calls_of_the_readme_run_as_printed() {
    let readme = fs::read_to_string(project().join("README.md")).expect("README.md");
    let calls = calls_of(&readme);
    for end in [
        "localhost:50051 list",
        "describe callboard.v1.MessageBus.AppendMessage",
        "callboard.v1.MessageBus/AppendMessage",
        "callboard.v1.MessageBus/Subscribe",
    ] {
        assert!(
            calls.iter().any(|call| call.text.trim_end().ends_with(end)),
            "README.md shows no call that ends in {end:?}"
        );
    }
    run(&calls);
}

/// Runs the calls one after the other against a server of their own.
fn run(calls: &[Call]) {
    let Some(folder) = grpcurl_folder() else {
        skip::skip(
            "grpcurl is neither on PATH nor in GOPATH/bin; docs/grpcurl.md says how to install it",
        );
        return;
    };
    let mut path = folder.into_os_string();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());

    let server = Server::start();
    let descriptors = Path::new(CALLBOARD).with_file_name("callboard.binpb").display().to_string();
    for call in calls {
        let printed = &call.text;
        let mut shell = Command::new("sh");
        let command = printed
            .replace("localhost:50051", server.addr())
            .replace("target/release/callboard.binpb", &descriptors);
        shell.args(["-e", "-c", &command]);
        shell.env("PATH", &path).current_dir(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
        let output = output_of(shell);
        let said = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .concat();
        match &call.fails {
            None => assert!(output.status.success(), "{printed}\n{}\n{said}", output.status),
            Some(_) if output.status.success() => {
                panic!("shown to fail, and did not:\n{printed}\n{said}")
            }
            Some(expected) => {
                assert!(said.contains(expected), "no {expected} in:\n{printed}\n{said}");
            }
        }
    }
}

/// Finds the blocks: fenced as `sh`, their first command being grpcurl. One that is
/// shown to fail has a line `<!-- fails: TEXT -->` before its fence.
fn calls_of(document: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut lines = document.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        if line == "```sh" {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let mut commands = block.iter().filter(|line| !line.starts_with('#'));
            if commands.next().is_some_and(|first| first.starts_with("grpcurl ")) {
                let fails =
                    before.strip_prefix("<!-- fails: ").and_then(|rest| rest.strip_suffix(" -->"));
                calls.push(Call { text: block.join("\n"), fails: fails.map(str::to_owned) });
            }
        }
        before = line;
    }
    calls
}

/// Returns the full names of all methods of the services of `proto/`.
fn methods() -> Vec<String> {
    let folder = project().join("proto/callboard/v1");
    let mut methods = Vec::new();
    let mut services = Vec::new();
    for entry in fs::read_dir(folder).expect("the proto files") {
        let proto = fs::read_to_string(entry.expect("an entry").path()).expect("a proto file");
        let mut service = "";
        for line in proto.lines() {
            if let Some(rest) = line.strip_prefix("service ") {
                service = rest.trim_end_matches(" {");
                services.push(service.to_owned());
            } else if let Some((method, _)) =
                line.strip_prefix("  rpc ").and_then(|rest| rest.split_once('('))
            {
                methods.push(format!("callboard.v1.{service}/{method}"));
            }
        }
    }
    services.sort();
    assert_eq!(services, ["MessageBus", "Storage"], "the services of the proto files");
    assert!(methods.len() >= 39, "not all methods were found: {methods:?}");
    methods
}

/// Returns the folder that holds grpcurl: one of PATH, or Go's.
fn grpcurl_folder() -> Option<PathBuf> {
    let of_path = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    let has_it = |folder: &PathBuf| folder.join("grpcurl").is_file();
    of_path.into_iter().find(has_it).or_else(|| {
        let go = Command::new("go").args(["env", "GOPATH"]).output().ok()?;
        let folder = PathBuf::from(String::from_utf8(go.stdout).ok()?.trim()).join("bin");
        Some(folder).filter(has_it)
    })
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
