//! The command line: `serve`, `verify`, and the clients of a server.
//!
//! One file per subcommand, or a folder where it has subcommands of its own; what they
//! share is one file per thing. Data goes to stdout, everything else to stderr. The
//! clients speak to a server through `callboard-client` only: nothing here but `serve` and
//! `verify` reads or writes the tree. Exit codes and hints for people are decided in `failure` alone.

mod artifact;
mod artifacts;
mod bench;
mod block;
mod buses;
mod completions;
mod config;
mod connection;
mod env;
mod escape;
mod fact;
mod fact_text;
mod facts;
mod failure;
mod filter;
mod follow;
mod gc;
mod input_lines;
mod interruption;
mod json;
mod json_object;
mod logs;
mod message_text;
mod moment;
mod output;
mod paging;
mod place;
mod place_flags;
mod post;
mod project;
mod projects;
mod read;
mod reconcile;
mod request_id;
mod root;
mod rotate;
mod run;
mod run_environment;
mod run_meta;
mod run_text;
mod runs;
mod serve;
mod setting_flags;
mod shell_word;
mod status;
mod steps;
mod table;
mod task;
mod task_text;
mod tasks;
mod terminal;
mod terminal_text;
mod text_input;
mod token;
mod transfer;
mod trim;
mod update_mask;
mod verify;
mod wait;
mod watch;

use std::process::{ExitCode, Termination};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{duration, size};

use self::failure::Failure;

/// A message board for programs: one server, with buses, tasks and runs kept as plain files.
#[derive(Debug, Parser)]
#[command(name = "callboard", version, max_term_width = 100, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// The server; messages; what is stored; what happens; keeping it in order.
#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Config(config::ConfigCommand),
    Status(status::Status),

    Post(post::Post),
    Read(read::Read),
    Follow(follow::Follow),
    Wait(wait::Wait),
    Buses(buses::Buses),

    Projects(projects::Projects),
    Project(project::Project),
    Tasks(tasks::Tasks),
    Task(task::Task),
    Artifacts(artifacts::Artifacts),
    Artifact(artifact::Artifact),
    Facts(facts::Facts),
    Fact(fact::Fact),
    Runs(runs::Runs),
    Run(run::Run),

    Logs(logs::Logs),
    Watch(watch::Watch),
    Env(env::Env),

    Rotate(rotate::Rotate),
    Trim(trim::Trim),
    Gc(gc::Gc),
    Reconcile(reconcile::Reconcile),
    Verify(verify::Verify),
    Token(token::Token),
    Completions(completions::Completions),
    Bench(bench::BenchCommand),
}

const AFTER_HELP: &str = "\
Examples:
  callboard serve &
  callboard post --project demo --type INFO --body 'hello'
  callboard follow --everything --json
  task=$(callboard task create --project demo --description 'fix the build')
  callboard run exec --project demo --task \"$task\" --agent claude -- claude -p 'fix the build'
  callboard watch --project demo

Exit codes: 0 ok, 1 refused, 2 usage, 3 server not reachable, 4 timed out; run exec has those
of its command. Every subcommand has its own --help with examples.";

/// Runs the command of this process's arguments and returns its exit code.
pub fn run() -> ExitCode {
    let matches = definition().try_get_matches();
    let CommandLine { command } =
        match matches.and_then(|matches| CommandLine::from_arg_matches(&matches)) {
            Ok(parsed) => parsed,
            Err(error) => return refuse(&error),
        };
    let outcome = match command {
        Command::Serve(serve) => serve.run().map(Termination::report),
        Command::Config(config) => config.run().map(Termination::report),
        Command::Status(status) => as_client(status.run()),
        Command::Post(post) => as_client(post.run()),
        Command::Read(read) => as_client(read.run()),
        Command::Follow(follow) => as_client(follow.run()),
        Command::Wait(wait) => as_client(wait.run()),
        Command::Buses(buses) => as_client(buses.run()),
        Command::Projects(projects) => as_client(projects.run()),
        Command::Project(project) => as_client(project.run()),
        Command::Tasks(tasks) => as_client(tasks.run()),
        Command::Task(task) => as_client(task.run()),
        Command::Artifacts(artifacts) => as_client(artifacts.run()),
        Command::Artifact(artifact) => as_client(artifact.run()),
        Command::Facts(facts) => as_client(facts.run()),
        Command::Fact(fact) => as_client(fact.run()),
        Command::Runs(runs) => as_client(runs.run()),
        Command::Run(run) => as_client(run.run()),
        Command::Logs(logs) => as_client(logs.run()),
        Command::Watch(watch) => as_client(watch.run()),
        Command::Env(env) => as_client(env.run()),
        Command::Rotate(rotate) => as_client(rotate.run()),
        Command::Trim(trim) => as_client(trim.run()),
        Command::Gc(gc) => as_client(gc.run()),
        Command::Reconcile(reconcile) => as_client(reconcile.run()),
        Command::Verify(verify) => verify.run().map(Termination::report),
        Command::Token(token) => token.run().map(Termination::report),
        Command::Completions(completions) => completions.run().map(Termination::report),
        Command::Bench(bench) => bench.run().map(Termination::report),
    };
    match outcome {
        Ok(exit_code) => exit_code,
        Err(failure) => failure.report(),
    }
}

/// Prints what is wrong with the command line, or the help that it asks for, and returns
/// the exit code.
fn refuse(error: &clap::Error) -> ExitCode {
    // There is nobody left to tell when the stream is closed.
    let _ = error.print();
    let words: Vec<_> = std::env::args_os().skip(1).take(2).collect();
    let code = match u8::try_from(error.exit_code()) {
        Ok(0) => 0,
        _ if words == ["run", "exec"] => run::EXEC_FAILURE,
        code => code.unwrap_or(u8::MAX),
    };
    ExitCode::from(code)
}

/// Returns the definition of the command line. The usage that errors show is the one
/// of the help: clap's own counts what stands in the environment as asked for.
fn definition() -> clap::Command {
    let mut definition = CommandLine::command();
    definition.build();
    definition.mut_subcommands(with_usage_of_help)
}

fn with_usage_of_help(mut command: clap::Command) -> clap::Command {
    let usage = command.render_usage().to_string();
    command
        .override_usage(usage.trim_start_matches("Usage: ").to_owned())
        .mut_subcommands(with_usage_of_help)
}

/// Runs a client command, and returns the exit code. One thread is enough, and starts
/// faster than many.
fn as_client<T: Termination>(
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Failure::own("start the async runtime", &source))?;
    let outcome = runtime.block_on(command);
    // A read of stdin that is under way must not keep us.
    runtime.shutdown_background();
    outcome.map(Termination::report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(arguments: &[&str]) -> String {
        let all = ["callboard"].iter().chain(arguments);
        CommandLine::try_parse_from(all).expect_err("refused").to_string()
    }

    fn accepted(arguments: &[&str]) {
        let all = ["callboard"].iter().chain(arguments);
        CommandLine::try_parse_from(all).expect("accepted");
    }

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        definition().debug_assert();
    }

    #[test]
    fn starts_of_reading_exclude_each_other() {
        for start in ["--since=a", "--cursor=a", "--all"] {
            assert!(refused(&["read", "--tail=5", start]).contains("cannot be used with"));
            assert!(refused(&["follow", "--since=a", start]).contains("cannot be used"));
        }
        accepted(&["read", "--tail=5000"]);
        refused(&["read", "--tail=0"]);
        refused(&["read", "--tail=5001"]);
    }

    #[test]
    fn wide_scopes_of_follow_name_no_single_bus() {
        accepted(&["follow", "--everything", "--all"]);
        accepted(&["follow", "--project=p", "--with-tasks", "--all"]);
        accepted(&["follow", "--project=p", "--task=t", "--since=a"]);
        refused(&["follow", "--everything", "--project=p"]);
        refused(&["follow", "--everything", "--since=a"]);
        refused(&["follow", "--project=p", "--task=t", "--with-tasks"]);
        refused(&["follow", "--project=p", "--with-tasks", "--cursor=c1.start"]);
    }

    #[test]
    fn post_needs_a_type_and_well_formed_meta() {
        accepted(&["post", "--type=INFO", "--meta=a=b=c", "--meta=d=", "--body="]);
        assert!(refused(&["post", "--body=x"]).contains("--type"));
        assert!(refused(&["post", "--type=INFO", "--meta=a"]).contains("KEY=VALUE"));
        refused(&["post", "--type=INFO", "--meta==a"]);
    }

    #[test]
    fn an_address_is_checked_before_anything_is_done() {
        assert!(refused(&["read", "--addr=ftp://host:1"]).contains("https://host:port"));
        accepted(&["read", "--addr=unix:/tmp/socket"]);
        accepted(&["read", "--addr=https://host:1", "--ca-file=ca.pem"]);
    }

    #[test]
    fn what_is_waited_for_is_named_and_so_is_its_status_or_its_run() {
        accepted(&["wait", "--for=message", "--timeout=5m"]);
        accepted(&["wait", "--for=done"]);
        accepted(&["wait", "--for=status", "--status=completed", "--status=rejected"]);
        accepted(&["wait", "--for=run", "--run=r"]);
        assert!(refused(&["wait", "--for=status"]).contains("--status <STATUS>"));
        assert!(refused(&["wait", "--for=run"]).contains("--run <ID>"));
        refused(&["wait", "--for=message", "--timeout=soon"]);
        refused(&["wait"]);
    }

    #[test]
    fn steps_and_results_are_given_in_one_way_at_a_time() {
        let create = ["task", "create", "--description=x"];
        accepted(&[&create[..], &["--step=a:ci", "--step=b:ai"]].concat());
        refused(&[&create[..], &["--step=a:ci", "--steps=f"]].concat());
        refused(&[&create[..], &["--step=a"]].concat());
        refused(&[&create[..], &["--metadata=[]"]].concat());
        let step = ["task", "step", "--index=0", "--status=completed"];
        accepted(&[&step[..], &["--next", "--to=running", "--reason=x"]].concat());
        refused(&[&step[..], &["--next", "--current-step=1"]].concat());
        refused(&[&step[..], &["--reason=x"]].concat());
        refused(&[&step[..], &["--output=a", "--output-file=b"]].concat());
        // The server says what is wrong with it.
        accepted(&["task", "step", "--index", "-1", "--status=completed"]);
        refused(&["task", "log", "no JSON"]);
    }

    #[test]
    fn an_artifact_is_versioned_or_an_attachment_and_a_head_is_printed() {
        accepted(&["artifact", "put", "-", "--name=a", "--versioned"]);
        refused(&["artifact", "put", "f", "--versioned", "--attachment"]);
        refused(&["artifact", "put", "f", "--sha256=abc"]);
        accepted(&["artifact", "get", "a", "--head=4K"]);
        refused(&["artifact", "get", "a", "--head=4K", "-o", "f"]);
        refused(&["artifact", "get", "a", "--head=0"]);
        refused(&["artifact", "delete"]);
    }

    #[test]
    fn what_is_removed_for_good_is_named_and_given_an_age() {
        assert!(refused(&["project", "delete"]).contains("--project <ID>"));
        assert!(refused(&["task", "delete", "--task=t"]).contains("--project <ID>"));
        assert!(refused(&["task", "delete", "--project=p"]).contains("--task <ID>"));
        assert!(refused(&["gc", "--everything"]).contains("--older-than"));
        accepted(&["gc", "--everything", "--older-than=7d", "--free-below=10G"]);
        refused(&["gc", "--everything", "--older-than=7d", "--free-below=10X"]);
    }

    #[test]
    fn everything_excludes_a_narrower_scope() {
        for command in [&["runs"][..], &["watch"], &["reconcile"], &["gc", "--older-than=1d"]] {
            let with = |more: &'static [&'static str]| [command, more].concat();
            accepted(&with(&["--everything"]));
            accepted(&with(&["--project=p", "--task=t"]));
            assert!(refused(&with(&["--everything", "--project=p"])).contains("cannot be used"));
            refused(&with(&["--everything", "--task="]));
        }
    }

    #[test]
    fn numbers_of_processes_and_lines_are_positive() {
        accepted(&["run", "create", "--agent=a", "--pid=1", "--pgid=1"]);
        refused(&["run", "create", "--agent=a", "--pid=0"]);
        refused(&["run", "create"]);
        accepted(&["run", "status", "--status=failed", "--exit-code", "-1"]);
        refused(&["logs", "--tail=0"]);
        refused(&["logs", "--tail=1", "--offset=1"]);
        accepted(&["logs", "--offset=0", "--follow"]);
    }

    #[test]
    fn only_a_state_that_is_set_has_a_text_and_an_etag() {
        accepted(&["task", "state", "--set=working", "--body=-", "--etag=e"]);
        refused(&["task", "state", "--body=x"]);
        refused(&["task", "state", "--etag=e"]);
    }

    #[test]
    fn fields_and_kinds_are_known_words() {
        accepted(&["task", "update", "--clear=depends-on", "--clear=prompt"]);
        assert!(refused(&["task", "update", "--clear=status"]).contains("possible values"));
        accepted(&["watch", "--kind=run", "--kind=task", "--kind=artifact", "--kind=fact"]);
        refused(&["watch", "--kind=message"]);
    }
}
