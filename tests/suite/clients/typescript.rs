//! The TypeScript client, for Node and for pages: its own tests, of which one generates
//! its code anew, its types and lints, and its examples.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use super::{Prepared, assert_is_tour, client, command_in, finish, version_of, with_server};
use crate::server::Server;

/// Returns the driver of the conformance suite.
pub(super) fn driver() -> Option<Command> {
    Some(TypeScript::ready()?.node("dist/tests/conformance.js"))
}

/// Returns the driver of the client for pages, and the origin that its server must allow.
pub(super) fn web_driver() -> Option<(Command, String)> {
    let typescript = TypeScript::ready()?;
    let browser = browser()?;
    let mut driver = typescript.node("dist/tests/conformance_web.js");
    driver.env("CHROMIUM", browser);
    let origin = page_origin();
    driver.env("CALLBOARD_WEB_ORIGIN", &origin);
    Some((driver, origin))
}

#[test]
fn the_typescript_client_passes_its_tests_in_node_and_in_a_page() {
    let Some(typescript) = TypeScript::ready() else { return };
    let origin = page_origin();
    let server = Server::start_with(&["--web-origin", &origin]);
    let mut test = with_server(typescript.npm(&["test"]), &server);
    // Without this the tests in a page are skipped.
    if let Some(browser) = browser() {
        test.env("CHROMIUM", browser).env("CALLBOARD_WEB_ORIGIN", origin);
    }
    finish(test);
}

#[test]
fn the_typescript_client_is_typed_linted_and_formatted() {
    let Some(typescript) = TypeScript::ready() else { return };
    // With --strict and more, as tsconfig.json says; the build has checked the rest.
    finish(typescript.npm(&["run", "check"]));
}

#[test]
fn the_typescript_examples_run() {
    let Some(typescript) = TypeScript::ready() else { return };
    let server = Server::start();
    let said = finish(with_server(typescript.node("dist/examples/two_agents.js"), &server));
    assert!(said.contains("author: reviewer says 'looks good to me'"), "{said}");
    let tour = with_server(typescript.node("dist/examples/tour.js"), &server);
    assert_is_tour(&finish(tour));
}

/// Node with the client's packages, and the client built.
struct TypeScript;

impl TypeScript {
    /// Returns it, or None, having said why, where there is no usable Node.
    fn ready() -> Option<&'static Self> {
        static TYPESCRIPT: Prepared<TypeScript> = Prepared::new();
        TYPESCRIPT.get(|| {
            let version = version_of("node", &["--version"])?;
            let major = version.trim_start_matches('v').split('.').next().unwrap_or("");
            if major.parse::<u32>().unwrap_or(0) < 20 {
                return Err(format!("node is older than 20: {version}"));
            }
            version_of("npm", &["--version"])?;
            let this = Self;
            let folder = client("typescript");
            let stamp = folder.join("node_modules/.callboard-installed");
            let wanted = fs::read(folder.join("package-lock.json")).expect("the lock file");
            if !is_stamped(&stamp, &wanted) {
                finish(this.npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]));
                fs::write(&stamp, &wanted).expect("the stamp");
            }
            finish(this.npm(&["run", "build"]));
            Ok(this)
        })
    }

    fn npm(&self, arguments: &[&str]) -> Command {
        let mut command = command_in(&client("typescript"), "npm");
        command.args(arguments);
        command
    }

    fn node(&self, program: &str) -> Command {
        let mut command = command_in(&client("typescript"), "node");
        command.arg(program);
        command
    }
}

/// Returns the program of the browser, or None, having said why, where there is none.
fn browser() -> Option<&'static String> {
    static BROWSER: Prepared<String> = Prepared::new();
    BROWSER.get(|| {
        let program = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
        version_of(&program, &["--version"]).map(|_| program)
    })
}

/// Returns an origin that pages can be served from: one whose port is free.
fn page_origin() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://localhost:{}", listener.local_addr().expect("its address").port())
}

fn is_stamped(stamp: &Path, wanted: &[u8]) -> bool {
    fs::read(stamp).is_ok_and(|found| found == wanted)
}
