//! Settings: each is taken from its flag, else from its variable, else from the file, else it
//! has its default. What is none is refused, by `config` as by `serve`, before anything is made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use callboard::config::read_file;
use callboard::config::settings::{self, Form};
use callboard::grpc::pb;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command_line::{Running, with_stdin};
use crate::server::{callboard, output_of};
use crate::storage_client::StorageClient;

/// A folder with a file of settings, for commands that see no other.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// A path in the folder.
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file into the folder, and returns its path.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
        fs::write(&path, text).expect("written");
        path.to_str().expect("a path").to_owned()
    }

    /// Returns a command that finds no settings but those of this folder.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = callboard(arguments);
        command.env("HOME", self.path("home")).env("XDG_CONFIG_HOME", self.path("xdg"));
        command.env("XDG_RUNTIME_DIR", self.path("runtime"));
        command
    }
}

/// What `callboard config --json` shows: of each key its value, and where it comes from.
fn shown(command: Command) -> BTreeMap<String, (Value, String)> {
    let Output { status, stdout, stderr } = output_of(command);
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success() && stderr.is_empty(), "{stderr}");
    let lines = String::from_utf8(stdout).expect("text");
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    lines.map(|it| (text(&it["key"]), (it["value"].clone(), text(&it["origin"])))).collect()
}

#[test]
fn a_flag_goes_before_a_variable_and_that_before_the_file() {
    let place = Place::new();
    let file = place.write(
        "callboard.yaml",
        "audit_log: /file.log\ncalls_max: 11\naccess_log: true\nweb_origin:\n  - http://file\n",
    );
    let with_variables = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("CALLBOARD_AUDIT_LOG", "/variable.log").env("CALLBOARD_CALLS_MAX", "22");
        command.env("CALLBOARD_ACCESS_LOG", "no");
        command.env("CALLBOARD_WEB_ORIGIN", "http://variable, http://another");
        command
    };
    let arguments = ["config", "--json", "--config", &file];
    let flags = ["--audit-log=/flag.log", "--calls-max=33", "--access-log"];
    let origins = ["--web-origin=http://flag", "--web-origin=http://more"];
    let stages = [
        (place.command(&["config", "--json"]), ["", "16384", "false"], json!([]), None),
        (
            place.command(&arguments),
            ["/file.log", "11", "true"],
            json!(["http://file"]),
            Some(file.as_str()),
        ),
        (
            with_variables(&arguments),
            ["/variable.log", "22", "no"],
            json!(["http://variable", "http://another"]),
            Some("CALLBOARD_"),
        ),
        (
            with_variables(&[&arguments[..], &flags, &origins].concat()),
            ["/flag.log", "33", "true"],
            json!(["http://flag", "http://more"]),
            Some("--"),
        ),
    ];
    for (command, [path, number, switch], list, source) in stages {
        let shown = shown(command);
        let expected = [
            ("audit_log", json!(path)),
            ("calls_max", json!(number)),
            ("access_log", json!(switch)),
            ("web_origin", list),
        ];
        for (key, value) in expected {
            let origin = match source {
                None => "default".to_owned(),
                Some("--") => format!("--{}", key.replace('_', "-")),
                Some("CALLBOARD_") => format!("CALLBOARD_{}", key.to_uppercase()),
                Some(file) => file.to_owned(),
            };
            assert_eq!(shown[key], (value, origin), "{key}");
        }
        assert_eq!(shown.len(), settings::all().count(), "every setting is shown");
    }
}

#[tokio::test]
async fn a_started_server_obeys_the_file_the_environment_and_the_flags() {
    let place = Place::new();
    let root = place.path("root");
    // Nothing else listens on the second address of loopback.
    let file = place.write(
        "callboard.yaml",
        &format!(
            "root: {}\nlisten: 127.0.0.2:0\nno_uds: true\nconnections_max: 11\n\
             calls_max: 12\nwaiting_calls_max: 13\n",
            root.display()
        ),
    );
    let mut serve = place.command(&["serve", "--config", &file, "--waiting-calls-max=33"]);
    serve.env("CALLBOARD_CALLS_MAX", "22").env("CALLBOARD_WAITING_CALLS_MAX", "23");
    let serve = Running::start(serve);
    let ready = serve.stdout.next().expect("the ready line");
    let address = ready.strip_prefix("callboard listening on ").expect("an address");
    let (address, its_root) = address.split_once(" root=").expect("a root");
    assert!(address.starts_with("127.0.0.2:"), "{ready}");
    assert_eq!(Path::new(its_root), fs::canonicalize(&root).expect("the root"));
    assert!(!root.join(".callboard/socket").exists(), "it listens on no socket");
    assert!(!place.path("runtime").exists(), "it listens on no socket");
    let mut client = StorageClient::connect_to(address).await;
    let info = client.get_server_info(pb::GetServerInfoRequest {}).await.expect("an answer");
    for (name, limit) in [("CONNECTIONS_MAX", 11), ("CALLS_MAX", 22), ("WAITING_CALLS_MAX", 33)] {
        assert_eq!(info.limits[name], limit, "{name}");
    }
}

#[test]
fn the_file_in_its_usual_place_is_read_unless_another_or_none_is_named() {
    let place = Place::new();
    let calls_max = |command: Command| shown(command).remove("calls_max").expect("it is shown");
    let config = || place.command(&["config", "--json"]);
    let default = (json!("16384"), "default".to_owned());
    assert_eq!(calls_max(config()), default, "there is no file");
    let at_home = place.write("home/.config/callboard/config.yaml", "calls_max: 1");
    let mut without_xdg = config();
    without_xdg.env_remove("XDG_CONFIG_HOME");
    assert_eq!(calls_max(without_xdg), (json!("1"), at_home.clone()));
    let mut relative = config();
    relative.env("XDG_CONFIG_HOME", "xdg");
    assert_eq!(calls_max(relative), (json!("1"), at_home), "a relative folder counts as none");
    let usual = place.write("xdg/callboard/config.yaml", "calls_max: 2");
    assert_eq!(calls_max(config()), (json!("2"), usual));
    let by_variable = |path: &str| {
        let mut command = config();
        command.env("CALLBOARD_CONFIG", path);
        command
    };
    let named = place.write("named.yaml", "calls_max: 3");
    assert_eq!(calls_max(by_variable(&named)), (json!("3"), named));
    assert_eq!(calls_max(by_variable("")), default, "an empty name asks for no file");
    let missing = place.path("missing.yaml");
    let output = output_of(by_variable(missing.to_str().expect("a path")));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("missing.yaml: No such file"), "{said}");
}

/// Where a test writes a value.
enum Written {
    File(&'static str),
    Variable(&'static str, &'static str),
    Flag(&'static str),
}

#[test]
fn what_is_no_value_of_a_setting_is_refused_with_its_key_and_where_it_stands() {
    use Written::{File, Flag, Variable};
    let cases = [
        (File("lisen: a:1"), "FILE are not valid: lisen is no setting; did you mean listen?"),
        (File("conections-max: 1"), "conections-max is no setting; did you mean connections_max?"),
        (File("colour: red"), "FILE are not valid: colour is no setting\n"),
        (File("listen: [a, b]"), "FILE are not valid: listen is no single value"),
        (File("- listen"), "FILE are not valid: it holds no settings: write one key: value a line"),
        (File("calls_max: ["), "FILE are not valid: it is no YAML: "),
        (File("calls_max: 1\ncalls_max: 2"), "FILE are not valid: it is no YAML: duplicate"),
        (File("calls_max: 0"), "calls_max is \"0\" (FILE): it is to be from 1 to 1000000"),
        (File("call_timeout: 5"), "call_timeout is \"5\" (FILE): write a number with a unit"),
        (File("no_uds: maybe"), "no_uds is \"maybe\" (FILE): write true or false"),
        (
            File("project_quota: [\"a=1M\", \"b=much\"]"),
            "project_quota is \"b=much\" (FILE): write a number of bytes",
        ),
        (
            Variable("CALLBOARD_CONNECTION_STREAMS_MAX", "1025"),
            "connection_streams_max is \"1025\" (CALLBOARD_CONNECTION_STREAMS_MAX): \
             it is to be from 1 to 1024",
        ),
        (
            Variable("CALLBOARD_LOG_FORMAT", "xml"),
            "log_format is \"xml\" (CALLBOARD_LOG_FORMAT): it is one of text, json",
        ),
        (
            Variable("CALLBOARD_PROJECT_QUOTA", "swarm"),
            "project_quota is \"swarm\" (CALLBOARD_PROJECT_QUOTA): write PATTERN=SIZE",
        ),
        (Flag("--calls-max=many"), "calls_max is \"many\" (--calls-max): write a number"),
        (
            Flag("--keepalive-interval=10ms"),
            "keepalive_interval is \"10ms\" (--keepalive-interval): it is to be from 1s to 1d",
        ),
        (
            Flag("--message-body-bytes-max=2MiB"),
            "message_body_bytes_max is \"2MiB\" (--message-body-bytes-max): \
             it is to be from 1 to 1048576",
        ),
        (Flag("--log-level=callboard=loud"), "log_level is \"callboard=loud\" (--log-level): "),
    ];
    for (written, expected) in cases {
        for subcommand in ["config", "serve"] {
            let place = Place::new();
            let file = place.path("callboard.yaml").display().to_string();
            let mut command = place.command(&[subcommand]);
            command.arg("--root").arg(place.path("root"));
            let _ = match written {
                File(text) => command.arg("--config").arg(place.write("callboard.yaml", text)),
                Variable(name, value) => command.env(name, value),
                Flag(flag) => command.arg(flag),
            };
            let Output { status, stdout, stderr } = output_of(command);
            let said = String::from_utf8(stderr).expect("text");
            assert_eq!(status.code(), Some(2), "{subcommand}: {said}");
            let expected = expected.replace("FILE", &file);
            assert!(said.contains(&expected), "{subcommand}: no {expected:?} in {said:?}");
            assert!(stdout.is_empty(), "{subcommand}: {expected}");
            assert!(!place.path("root").exists(), "{subcommand} made the root: {expected}");
        }
    }
}

/// The sample with what is commented out in it.
fn sample() -> (String, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/callboard.yaml");
    let sample = fs::read_to_string(path).expect("the sample");
    let is_prose = |line: &str| line == "#" || line.starts_with("# ") && !line.starts_with("#  - ");
    let taken =
        sample.lines().filter(|line| !is_prose(line)).map(|line| line.trim_start_matches('#'));
    let uncommented = taken.map(|line| format!("{line}\n")).collect();
    (sample, uncommented)
}

#[test]
fn the_sample_has_every_setting_with_its_default() {
    let (sample, uncommented) = sample();
    assert!(read_file(&sample, "the sample").expect("settings").is_empty(), "it sets nothing");
    let found = read_file(&uncommented, "the sample").expect("settings");
    let keys: BTreeSet<&str> = found.keys().copied().collect();
    assert_eq!(keys, settings::all().map(|setting| setting.key).collect());
    for setting in settings::all().filter(|setting| !setting.default.is_empty()) {
        assert_eq!(found[setting.key], [setting.default], "{}", setting.key);
    }
    // What stands there for settings without a default is a value of its form.
    let place = Place::new();
    let file = place.write("callboard.yaml", &uncommented);
    let shown = shown(place.command(&["config", "--json", "--config", &file]));
    for setting in settings::all() {
        let (value, origin) = &shown[setting.key];
        assert_eq!((value.is_array(), origin), (setting.form == Form::List, &file));
    }
}

#[test]
fn config_shows_a_root_that_is_not_there_and_makes_nothing() {
    let place = Place::new();
    let shown = shown(place.command(&["config", "--json"]));
    let root = place.path("home/run-agent");
    let path = |path: PathBuf| json!(path.to_str().expect("a path"));
    assert_eq!(shown["root"], (path(root.clone()), "default".to_owned()));
    assert_eq!(shown["tokens"].0, path(root.join(".callboard/tokens")));
    assert_eq!(shown["uds"].0, path(place.path("runtime/callboard.sock")));
    assert_eq!(fs::read_dir(place.0.path()).expect("the folder").count(), 0);
}

#[test]
fn completions_are_understood_by_their_shells_and_name_every_command() {
    let print = |arguments: &[&str]| {
        let output = output_of(callboard(arguments));
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let help = print(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    // What is more than two columns in goes on from the line before.
    let named = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let commands: BTreeSet<&str> = named.filter(|name| !name.is_empty()).collect();
    assert!(commands.len() > 20 && commands.contains("serve"), "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = print(&["completions", shell]);
        for &command in &commands {
            assert!(script.contains(command), "{shell}: no {command}");
        }
        let mut check = Command::new(shell);
        // Bash is wherever the tests run; the others are asked where they are.
        check.args(["-n", "/dev/stdin"]).stdin(Stdio::null());
        if shell != "bash" && check.output().is_err() {
            continue;
        }
        let output = with_stdin(check, script.as_bytes());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{shell}: {said}");
    }
    // And what bash makes of it is the list.
    let mut bash = Command::new("bash");
    bash.args([
        "-c",
        "source /dev/stdin; COMP_WORDS=(callboard ''); COMP_CWORD=1; \
                      _callboard callboard '' callboard; printf '%s\\n' \"${COMPREPLY[@]}\"",
    ]);
    let output = with_stdin(bash, print(&["completions", "bash"]).as_bytes());
    let words = String::from_utf8(output.stdout).expect("text");
    let words: BTreeSet<&str> = words.lines().filter(|word| !word.starts_with('-')).collect();
    assert_eq!(words, commands);
}
