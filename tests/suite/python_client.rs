//! The Python client: its own tests, its types, its README and its example, from a
//! virtual environment that is made once and kept between runs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::server::{Lines, Server};

#[test]
fn the_python_client_passes_its_tests() {
    let Some(python) = Python::ready() else {
        return;
    };
    let server = Server::start();
    let mut pytest = python.command(&["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    pytest.env("CALLBOARD_ADDR", server.addr()).env("CALLBOARD_TEST_UDS", server.uds());
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
    let example = client().join("examples/two_agents.py");
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
    let readme = fs::read_to_string(client().join("README.md")).expect("the README");
    let blocks: Vec<&str> =
        readme.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "the README has no python block");
    for block in blocks {
        let mut example = python.command(&["-c", block]);
        example.env("CALLBOARD_ADDR", server.addr());
        finish(example);
    }

    let mut example = python.command(&["examples/two_agents.py"]);
    example.env("CALLBOARD_ADDR", server.addr());
    let said = finish(example);
    assert!(said.contains("author: reviewer says 'looks good to me'"), "{said}");
}

#[test]
fn a_python_follower_goes_on_through_a_crash_and_a_restart() {
    const FOLLOW: &str = "
import callboard
with callboard.connect() as client:
    with client.follow(scope='project', project='demo', limit=30) as messages:
        print('ready', flush=True)
        for message in messages:
            print(message.body, flush=True)
";
    let Some(python) = Python::ready() else {
        return;
    };
    let mut server = Server::start();
    let mut follow = python.command(&["-c", FOLLOW]);
    follow.env("CALLBOARD_ADDR", server.addr()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut follow = follow.spawn().expect("python starts");
    let lines = Lines::of(follow.stdout.take().expect("its stdout"));
    assert_eq!(lines.next().as_deref(), Some("ready"));

    let sent: Vec<String> = (0..30).map(|number| number.to_string()).collect();
    for (index, body) in sent.iter().enumerate() {
        match index {
            10 => {
                server.kill();
                server.restart();
            }
            20 => {
                server.terminate();
                server.restart();
            }
            _ => {}
        }
        server.ok(&["post", "--project", "demo", "--type", "INFO", "--body", body]);
    }
    let got: Vec<String> = std::iter::from_fn(|| lines.next()).collect();
    assert_eq!(got, sent);
    assert!(follow.wait().expect("python ends").success());
}

/// A Python with the client and what its tests need.
struct Python {
    program: PathBuf,
}

impl Python {
    /// Returns it, or None, having said why, where there is no usable Python; that is a
    /// failure in CI.
    fn ready() -> Option<&'static Self> {
        static PYTHON: OnceLock<Result<Python, String>> = OnceLock::new();
        match PYTHON.get_or_init(Self::prepare) {
            Ok(python) => Some(python),
            Err(reason) => {
                println!("skipped: {reason}");
                assert_ne!(
                    env::var("CI").as_deref(),
                    Ok("true"),
                    "CI must not skip this: {reason}"
                );
                None
            }
        }
    }

    /// Makes the environment, or takes the one that is there, and installs the client.
    fn prepare() -> Result<Self, String> {
        let suitable =
            "import sys, venv, ensurepip; assert sys.version_info >= (3, 9); print(sys.version)";
        let version = Command::new("python3").args(["-c", suitable]).output();
        let version = version.map_err(|error| format!("python3 cannot be run: {error}"))?;
        if !version.status.success() {
            return Err("python3 is older than 3.9, or lacks its modules venv and pip".to_owned());
        }

        let requirements = client().join("tests/requirements.txt");
        let mut wanted = fs::read(&requirements).expect("the requirements");
        wanted.extend(version.stdout);
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
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(client()).stdin(Stdio::null());
        command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("CALLBOARD_ADDR");
        for name in ["JRUN_PROJECT_ID", "JRUN_TASK_ID", "JRUN_ID", "PYTHONPATH"] {
            command.env_remove(name);
        }
        command
    }
}

/// Runs a command that must succeed, however long it takes; returns its stdout.
fn finish(mut command: impl std::borrow::BorrowMut<Command>) -> String {
    let command = command.borrow_mut();
    let output = command.output().expect("the command starts");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stdout}\n{stderr}", output.status);
    stdout
}

fn client() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/python")
}

fn resume_example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/resume")
}

fn tmp() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}
