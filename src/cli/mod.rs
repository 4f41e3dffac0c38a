//! The command line: `serve`, and the clients of a server.
//!
//! One file per subcommand; what they share is one file per thing. Data goes to
//! stdout, everything else to stderr. The clients speak to a server through the
//! generated client only: nothing here reads or writes the tree. Exit codes and
//! hints for people are decided in `failure` alone.

mod address;
mod backoff;
mod buses;
mod connection;
mod duration;
mod escape;
mod failure;
mod filter;
mod follow;
mod json;
mod message_text;
mod output;
mod place;
mod post;
mod progress;
mod read;
mod request_id;
mod root;
mod rotate;
mod serve;
mod size;
mod subscription;
mod trim;
mod wait;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use self::failure::Failure;

/// A message board for programs: one server, message buses kept as plain files.
#[derive(Debug, Parser)]
#[command(name = "callboard", version, max_term_width = 100, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Post(post::Post),
    Read(read::Read),
    Follow(follow::Follow),
    Wait(wait::Wait),
    Buses(buses::Buses),
    Rotate(rotate::Rotate),
    Trim(trim::Trim),
}

const AFTER_HELP: &str = "\
Examples:
  callboard serve &
  callboard post --project demo --type INFO --body 'hello'
  callboard read --project demo
  callboard follow --everything --json

Exit codes: 0 ok, 1 refused, 2 usage, 3 server not reachable, 4 timed out.
Every subcommand has its own --help with examples.";

/// Runs the command of this process's arguments and returns its exit code.
pub fn run() -> ExitCode {
    let parsed = CommandLine::from_arg_matches(&definition().get_matches());
    let CommandLine { command } = parsed.unwrap_or_else(|error| error.exit());
    let outcome = match command {
        Command::Serve(serve) => serve.run(),
        Command::Post(post) => as_client(post.run()),
        Command::Read(read) => as_client(read.run()),
        Command::Follow(follow) => as_client(follow.run()),
        Command::Wait(wait) => as_client(wait.run()),
        Command::Buses(buses) => as_client(buses.run()),
        Command::Rotate(rotate) => as_client(rotate.run()),
        Command::Trim(trim) => as_client(trim.run()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Returns the definition of the command line. The usage that errors show is the one
/// of the help: clap's own counts what stands in the environment as asked for.
fn definition() -> clap::Command {
    let mut definition = CommandLine::command();
    definition.build();
    definition.mut_subcommands(|mut command| {
        let usage = command.render_usage().to_string();
        command.override_usage(usage.trim_start_matches("Usage: ").to_owned())
    })
}

/// Runs a client command. One thread is enough, and starts faster than many.
fn as_client(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|source| Failure::own("start the async runtime", &source))?.block_on(command)
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
        assert!(refused(&["read", "--addr=https://host:1"]).contains("TLS"));
        accepted(&["read", "--addr=unix:/tmp/socket"]);
    }

    #[test]
    fn only_messages_can_be_waited_for() {
        accepted(&["wait", "--for=message", "--timeout=5m"]);
        refused(&["wait", "--for=done"]);
        refused(&["wait", "--for=message", "--timeout=soon"]);
        refused(&["wait"]);
    }
}
