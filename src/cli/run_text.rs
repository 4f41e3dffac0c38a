//! A run as people read it.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::run_status;
use crate::grpc::pb::{Liveness, Run};

use super::block::Block;
use super::duration;
use super::message_text::time;

/// Returns how a run is called: `project/task/run`.
pub(super) fn name(run: &Run) -> String {
    format!("{}/{}/{}", run.project_id, run.task_id, run.run_id)
}

/// Returns whether the run's process is there: `alive`, `lost`, `remote`, or `-` for a
/// run that does not run.
pub(super) fn liveness(run: &Run) -> &'static str {
    match run.liveness() {
        Liveness::Alive => "alive",
        Liveness::Lost => "lost",
        Liveness::Remote => "remote",
        Liveness::Ended | Liveness::Unspecified => "-",
    }
}

/// Returns the exit code, or nothing while it is not known.
pub(super) fn exit_code(run: &Run) -> String {
    match run.exit_code {
        -1 => String::new(),
        _ if run.status == run_status::RUNNING => String::new(),
        code => code.to_string(),
    }
}

/// Returns how long the run took, or runs already; nothing when that is not known.
pub(super) fn took(run: &Run, now: Timestamp) -> String {
    let Some(start) = instant(run.start_time.as_ref()) else { return String::new() };
    let end = match instant(run.end_time.as_ref()) {
        Some(end) => end,
        None if run.status == run_status::RUNNING => now,
        None => return String::new(),
    };
    // Clocks of other hosts may be ahead.
    duration::short(Duration::try_from(end.duration_since(start)).unwrap_or_default())
}

fn instant(ts: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    ts.and_then(|ts| Timestamp::new(ts.seconds, ts.nanos).ok())
}

/// Returns the run as a block of lines.
pub(super) fn block(run: &Run, now: Timestamp) -> Block {
    let number = |number: i32| if number == 0 { String::new() } else { number.to_string() };
    let known = |ts: Option<&prost_types::Timestamp>| ts.map(|ts| time(Some(ts)));
    Block::default()
        .field("run", name(run))
        .field("status", run.status.clone())
        .field("liveness", liveness(run).trim_matches('-'))
        .field("problem", run.problem.clone())
        .field("exit code", exit_code(run))
        .field("error", run.error_summary.clone())
        .field("agent", run.agent_type.clone())
        .field("version", run.agent_version.clone())
        .field("started", known(run.start_time.as_ref()).unwrap_or_default())
        .field("ended", known(run.end_time.as_ref()).unwrap_or_default())
        .field("duration", took(run, now))
        .field("parent", run.parent_run_id.clone())
        .field("restart of", run.previous_run_id.clone())
        .field("pid", number(run.pid))
        .field("pgid", number(run.pgid))
        .field("ownership", run.process_ownership.clone())
        .field("directory", run.cwd.clone())
        .field("command", run.commandline.clone())
        .field("folder", run.run_path.clone())
        .field("prompt", run.prompt_path.clone())
        .field("output", run.output_path.clone())
        .field("stdout", run.stdout_path.clone())
        .field("stderr", run.stderr_path.clone())
        .field("etag", run.etag.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Option<prost_types::Timestamp> {
        Some(prost_types::Timestamp { seconds, nanos: 0 })
    }

    fn run(status: &str) -> Run {
        Run { status: status.into(), exit_code: -1, start_time: at(1000), ..Default::default() }
    }

    #[test]
    fn a_run_lasts_until_its_end_or_until_now() {
        let now = Timestamp::from_second(1090).expect("a time");
        assert_eq!(took(&run("running"), now), "1m30s");
        assert_eq!(took(&run("unknown"), now), "");
        assert_eq!(took(&Run { end_time: at(1002), ..run("failed") }, now), "2.0s");
        assert_eq!(took(&Run { start_time: at(2000), ..run("running") }, now), "0ms");
    }

    #[test]
    fn an_exit_code_that_is_not_known_is_not_shown() {
        assert_eq!(exit_code(&run("failed")), "");
        assert_eq!(exit_code(&Run { exit_code: 0, ..run("running") }), "");
        assert_eq!(exit_code(&Run { exit_code: 0, ..run("completed") }), "0");
    }
}
