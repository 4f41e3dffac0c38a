//! The clients in other languages: their own tests, their types, their READMEs and examples,
//! each with the tools of its ecosystem, which are prepared once and kept between runs.

mod go;
mod java;
mod python;
mod rust;
mod typescript;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::server::Server;

/// What the example `tour` prints in every language, behind the ids of its task and its run.
const TOUR: &str = "\
artifact report.txt 12 bytes
PROGRESS halfway
FACT done
refused: MESSAGE_NOT_FOUND
";

/// The driver of a language for the conformance suite.
pub(crate) struct Driver {
    /// The column of the table.
    pub(crate) language: String,
    pub(crate) command: Command,
    /// The origin that a client in a page calls from.
    pub(crate) page_origin: Option<String>,
}

/// Returns the drivers of all languages that are wanted and whose tools are there.
pub(crate) fn drivers(is_wanted: impl Fn(&str) -> bool) -> Vec<Driver> {
    type Find = fn() -> Option<(Command, Option<String>)>;
    let languages: [(&str, Find); 7] = [
        ("go", || Some((go::driver()?, None))),
        ("java", || Some((java::driver()?, None))),
        ("python", || Some((python::driver()?, None))),
        ("python-asyncio", || Some((python::asyncio_driver()?, None))),
        ("rust", || Some((rust::driver(), None))),
        ("typescript", || Some((typescript::driver()?, None))),
        ("typescript-web", || {
            typescript::web_driver().map(|(command, origin)| (command, Some(origin)))
        }),
    ];
    let wanted = languages.into_iter().filter(|(name, _)| is_wanted(name));
    let found = wanted.filter_map(|(name, find)| {
        let (command, page_origin) = find()?;
        Some(Driver { language: name.to_owned(), command, page_origin })
    });
    found.collect()
}

/// Tools that are prepared once, or why they cannot be.
struct Prepared<T>(OnceLock<Result<T, String>>);

impl<T> Prepared<T> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns them, or None, having said why, where they are not to be had; that is a
    /// failure in CI.
    fn get(&self, prepare: impl FnOnce() -> Result<T, String>) -> Option<&T> {
        match self.0.get_or_init(prepare) {
            Ok(tools) => Some(tools),
            Err(reason) => {
                crate::skip::skip(reason);
                None
            }
        }
    }
}

/// Returns what a program says of its version, or why it is of no use.
fn version_of(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} {arguments:?}: {}: {said}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns a command in a client's folder that knows of no server and no place.
fn command_in(folder: &Path, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CALLBOARD_") || name.starts_with("JRUN_") {
            command.env_remove(name);
        }
    }
    command
}

/// Tells a client's tests where a server is.
fn with_server(mut command: Command, server: &Server) -> Command {
    command.env("CALLBOARD_ADDR", server.addr()).env("CALLBOARD_TEST_UDS", server.uds());
    command
}

/// Runs a command that must succeed, however long it takes; returns its stdout.
fn finish(mut command: impl std::borrow::BorrowMut<Command>) -> String {
    let command = command.borrow_mut();
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stdout}\n{stderr}", output.status);
    stdout
}

/// Fails unless the example `tour` printed what it prints in every language.
fn assert_is_tour(printed: &str) {
    let mut parts = printed.splitn(3, '\n');
    let mut part = || parts.next().unwrap_or("");
    assert!(part().starts_with("task ") && part().starts_with("run "), "{printed}");
    assert_eq!(part(), TOUR);
}

/// Returns a client's folder.
fn client(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(language)
}

/// Returns the folder that tools are prepared in.
fn tmp() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

#[test]
fn the_guide_shows_the_examples_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("docs/clients.md")).expect("the guide");
    let mut shown = 0;
    for (path, rest) in
        guide.split("<!-- clients/").skip(1).filter_map(|part| part.split_once(" -->\n"))
    {
        let (_, code) = rest.split_once('\n').expect("a fence");
        let (code, _) = code.split_once("```\n").expect("the end of the fence");
        let example =
            std::fs::read_to_string(root.join("clients").join(path)).expect("the example");
        assert!(code == example, "docs/clients.md does not show {path} as it is");
        shown += 1;
    }
    assert_eq!(shown, 5, "one for each language");
}
