//! The Python client: its own tests, its types, its README and its example, from a
//! virtual environment that is made once and kept between runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Prepared, assert_is_tour, client, command_in, finish, tmp, version_of, with_server};
use crate::server::Server;

/// Returns the driver of the conformance suite.
pub(super) fn driver() -> Option<Command> {
    Some(Python::ready()?.command(&["tests/conformance.py"]))
}

/// Returns the driver of the client for asyncio.
pub(super) fn asyncio_driver() -> Option<Command> {
    Some(Python::ready()?.command(&["tests/conformance.py", "--asyncio"]))
}

#[test]
fn the_python_client_passes_its_tests() {
    let Some(python) = Python::ready() else {
        return;
    };
    let server = Server::start();
    let pytest = python.command(&["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    let mut pytest = with_server(pytest, &server);
    pytest.env("CALLBOARD_TEST_TOOLS", tmp().join("python-generate"));
    finish(pytest);
}

#[test]
fn the_python_client_and_what_uses_it_are_typed() {
    let Some(python) = Python::ready() else {
        return;
    };
    let cache = tmp().join("python-mypy");
    let cache = cache.to_str().expect("a path that is text");
    let mypy = ["-m", "mypy", "--strict", "--cache-dir", cache];
    finish(python.command(&[&mypy[..], &["src", "examples", "tests", "generate.py"]].concat()));

    // As a user of the installed package sees it, without its source.
    let example = client("python").join("examples/two_agents.py");
    let example = example.to_str().expect("a path that is text");
    let mut outside = python.command(&[&mypy[..], &[example]].concat());
    outside.current_dir(tmp());
    finish(outside);

    let mut resume = python.command(&[&mypy[..], &["."]].concat());
    finish(resume.current_dir(resume_example()));
}

#[test]
fn a_worker_that_is_killed_fifty_times_does_every_step_once() {
    const KILLS: &str = "50";
    let Some(python) = Python::ready() else {
        return;
    };
    let server = Server::start();
    let mut example = python.command(&["kill_again_and_again.py", KILLS, "demo", "six-steps"]);
    example.current_dir(resume_example()).env("CALLBOARD_ADDR", server.addr());
    let said = finish(example);
    assert_eq!(said.matches("\nkill ").count(), 50, "{said}");
    assert!(said.ends_with("50 kills, 6 steps, each done once\n"), "{said}");

    // What the file says, without asking the server.
    let record = fs::read(server.root().join("demo/six-steps/task.json")).expect("task.json");
    let record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
    let done: Vec<(u64, &str)> = record["step_results"]
        .as_array()
        .expect("the results")
        .iter()
        .map(|one| {
            (one["step_index"].as_u64().expect("a step"), one["status"].as_str().unwrap_or(""))
        })
        .collect();
    let once: Vec<(u64, &str)> = (0..6).map(|step| (step, "completed")).collect();
    assert_eq!(done, once);
    assert_eq!(record["status"], "completed");
    let staging = fs::read_dir(server.root().join(".callboard/staging")).expect("staging");
    assert_eq!(staging.count(), 0, "something is left of an artifact that was being saved");
}

#[test]
fn the_python_readme_and_example_run() {
    let Some(python) = Python::ready() else {
        return;
    };
    let server = Server::start();
    let readme = fs::read_to_string(client("python").join("README.md")).expect("the README");
    let blocks: Vec<&str> =
        readme.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "the README has no python block");
    for block in blocks {
        finish(with_server(python.command(&["-c", block]), &server));
    }

    let example = python.command(&["examples/two_agents.py"]);
    let said = finish(with_server(example, &server));
    assert!(said.contains("author: reviewer says 'looks good to me'"), "{said}");

    for tour in ["examples/tour.py", "examples/tour_asyncio.py"] {
        assert_is_tour(&finish(with_server(python.command(&[tour]), &server)));
    }
}

/// A Python with the client and what its tests need.
struct Python {
    program: PathBuf,
}

impl Python {
    /// Returns it, or None, having said why, where there is no usable Python.
    fn ready() -> Option<&'static Self> {
        static PYTHON: Prepared<Python> = Prepared::new();
        PYTHON.get(Self::prepare)
    }

    /// Makes the environment, or takes the one that is there, and installs the client.
    fn prepare() -> Result<Self, String> {
        let suitable =
            "import sys, venv, ensurepip; assert sys.version_info >= (3, 9); print(sys.version)";
        let version = version_of("python3", &["-c", suitable])
            .map_err(|problem| format!("no Python 3.9 or newer with venv and pip: {problem}"))?;

        let requirements = client("python").join("tests/requirements.txt");
        let mut wanted = fs::read(&requirements).expect("the requirements");
        wanted.extend(version.into_bytes());
        let folder = tmp().join("python-client");
        let stamp = folder.join("requirements-installed");
        let python = Self { program: folder.join("bin/python") };
        let pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
        if fs::read(&stamp).ok().as_deref() != Some(&wanted[..]) {
            let mut venv = Command::new("python3");
            venv.args(["-m", "venv", "--clear"]).arg(&folder);
            finish(venv);
            let mut install = python.command(&pip);
            install.arg("--requirement").arg(&requirements);
            finish(install);
            fs::write(&stamp, wanted).expect("the stamp");
        }
        // The package itself as its users get it, built anew, and from nothing but
        // what is here.
        let mut install = python.command(&pip);
        finish(install.args([
            "--no-index",
            "--no-build-isolation",
            "--no-deps",
            "--force-reinstall",
            ".",
        ]));
        finish(python.command(&["-m", "pip", "--disable-pip-version-check", "check"]));
        Ok(python)
    }

    /// Returns a command in the client's folder that leaves nothing behind there.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command_in(&client("python"), &self.program);
        command.args(arguments).env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH");
        command
    }
}

fn resume_example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/resume")
}
