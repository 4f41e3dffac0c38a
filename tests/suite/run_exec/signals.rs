//! Signals: the command gets those that we get.

use callboard::grpc::pb;
use rustix::process::{Pid, Signal, test_kill_process};

use super::{Running, exec, messages, run_info, types};
use crate::client::{Client, eventually, follow};
use crate::server::Server;

/// A command that ends by itself when it gets a signal, with the sleep that it waits for.
fn trapping(server: &Server, signal: &str, exit_code: i32) -> Running {
    // Only a shell of its own, without the trap, is sure to be ended by the signal.
    let sleep = "sh -c 'echo ready $$; exec sleep 1000'";
    let script = format!("trap 'exit {exit_code}' {signal}; {sleep} & wait; wait");
    Running::start(exec(server, &[], &["sh", "-c", &script]))
}

fn pid_of(line: &str) -> Pid {
    let pid = line.strip_prefix("ready ").and_then(|pid| pid.parse().ok());
    pid.and_then(Pid::from_raw).expect("a pid")
}

#[tokio::test]
async fn a_signal_is_passed_on_to_the_commands_whole_group() {
    for (name, signal, exit_code) in
        [("TERM", Signal::TERM, 5), ("HUP", Signal::HUP, 6), ("USR1", Signal::USR1, 7)]
    {
        let server = Server::start();
        let mut running = trapping(&server, name, exit_code);
        let sleep = pid_of(&running.stdout.next().expect("a line"));
        running.signal(signal);
        assert_eq!(running.ended(), exit_code, "{name}");
        let run = run_info(&server).await;
        assert_eq!((run.status.as_str(), run.exit_code), ("failed", exit_code));
        assert_eq!(types(&messages(&server).await), ["RUN_START", "RUN_CRASH"]);
        eventually("the sleep is gone", async || test_kill_process(sleep).is_err()).await;
    }
}

#[tokio::test]
async fn a_command_that_does_not_mind_a_signal_goes_on() {
    let server = Server::start();
    let script = "trap 'echo caught' INT; echo ready; read line; read line; exit 4";
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", script]));
    assert_eq!(running.stdout.next().as_deref(), Some("ready"));
    running.signal(Signal::INT);
    assert_eq!(running.stdout.next().as_deref(), Some("caught"));
    running.tell("on");
    running.tell("on");
    assert_eq!(running.end(), 4);
}

#[tokio::test]
async fn a_command_that_is_killed_by_a_signal_is_reported_so() {
    let server = Server::start();
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", "echo ready; read line"]));
    assert_eq!(running.stdout.next().as_deref(), Some("ready"));
    running.signal(Signal::TERM);
    assert_eq!(running.ended(), 143);
    assert_eq!(run_info(&server).await.error_summary, "killed by SIGTERM");
}

#[tokio::test]
async fn while_the_command_runs_its_run_is_alive_and_names_its_process() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let mut bus = client.subscribe(follow("p", "t", pb::StartPosition::Earliest)).await;
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", "echo $$; read line"]));
    let pid: i32 = running.stdout.next().expect("a line").parse().expect("a pid");
    // It is posted once the process is recorded.
    let start = bus.message().await.message.expect("a message");
    assert_eq!((start.r#type.as_str(), &start.meta["pid"]), ("RUN_START", &pid.to_string()));
    let run = run_info(&server).await;
    assert_eq!((run.pid, run.pgid, run.status.as_str()), (pid, pid, "running"));
    assert_eq!(run.liveness(), pb::Liveness::Alive);
    // Killed with its wrapper, it is lost.
    let command = Pid::from_raw(pid).expect("a pid");
    running.signal(Signal::KILL);
    running.child.wait().expect("ours");
    rustix::process::kill_process(command, Signal::KILL).expect("it outlived its wrapper");
    let is_lost = async || run_info(&server).await.liveness() == pb::Liveness::Lost;
    eventually("the run is lost", is_lost).await;
}
