//! `cwd`, older `cwd.txt`: where and how a run was started, as `KEY=value` lines; and the
//! files of one line beside it, `parent-run-id` and `agent-type`.
//!
//! All of them are derived from run-info.yaml, and read only where that is missing.

use crate::domain::{RunInfo, TaskKey, run_status};

/// Writes the lines of a run. Newlines in values become spaces.
pub fn write(info: &RunInfo) -> Vec<u8> {
    let (pid, exit_code) = (info.pid.to_string(), info.exit_code.to_string());
    let mut lines = vec![
        ("RUN_ID", &info.run_id),
        ("CWD", &info.cwd),
        ("AGENT", &info.agent_type),
        ("CMD", &info.commandline),
        ("PROMPT", &info.prompt_path),
        ("STDOUT", &info.stdout_path),
        ("STDERR", &info.stderr_path),
        ("PID", &pid),
    ];
    if info.has_ended() {
        lines.push(("EXIT_CODE", &exit_code));
    }
    let mut out = Vec::new();
    for (key, value) in lines {
        out.extend_from_slice(key.as_bytes());
        out.push(b'=');
        out.extend_from_slice(one_line(value).as_bytes());
        out.push(b'\n');
    }
    out
}

/// Reads what the lines say of a run that has no other record. Its status is `unknown`
/// unless they say how it ended.
pub fn read(bytes: &[u8], task: &TaskKey, folder: &str) -> RunInfo {
    let text = String::from_utf8_lossy(bytes);
    let mut info = RunInfo::unknown(task, folder);
    for line in text.trim_start_matches('\u{feff}').lines() {
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let value = value.trim();
        let slot = match key.trim() {
            "RUN_ID" if value.is_empty() => continue,
            "RUN_ID" => &mut info.run_id,
            "CWD" => &mut info.cwd,
            "AGENT" => &mut info.agent_type,
            "CMD" => &mut info.commandline,
            "PROMPT" => &mut info.prompt_path,
            "STDOUT" => &mut info.stdout_path,
            "STDERR" => &mut info.stderr_path,
            "PID" => {
                info.pid = value.parse().unwrap_or(0);
                continue;
            }
            "EXIT_CODE" => {
                if let Ok(exit_code) = value.parse() {
                    info.exit_code = exit_code;
                    let status =
                        if exit_code == 0 { run_status::COMPLETED } else { run_status::FAILED };
                    info.status = status.to_owned();
                }
                continue;
            }
            _ => continue,
        };
        *slot = value.to_owned();
    }
    info
}

/// Writes a file of one line.
pub fn write_line(text: &str) -> Vec<u8> {
    format!("{}\n", one_line(text)).into_bytes()
}

/// Reads the first line of a file, without the spaces around it.
pub fn read_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().trim().to_owned()
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{ProjectId, TaskId};

    fn run() -> RunInfo {
        let task = TaskKey {
            project: ProjectId::parse("p").expect("a name"),
            task: TaskId::parse("t").expect("a name"),
        };
        RunInfo::unknown(&task, "folder")
    }

    fn reread(bytes: &[u8]) -> RunInfo {
        let task = TaskKey {
            project: ProjectId::parse("p").expect("a name"),
            task: TaskId::parse("t").expect("a name"),
        };
        read(bytes, &task, "folder")
    }

    #[test]
    fn the_lines_are_in_their_order_and_the_exit_code_comes_at_the_end() {
        let mut info = RunInfo {
            run_id: "r".to_owned(),
            cwd: "/a=b".to_owned(),
            agent_type: "claude".to_owned(),
            commandline: "claude -p\nx".to_owned(),
            prompt_path: "/p".to_owned(),
            stdout_path: "/o".to_owned(),
            stderr_path: "/e".to_owned(),
            pid: 7,
            exit_code: 3,
            status: run_status::RUNNING.to_owned(),
            ..run()
        };
        let running = "RUN_ID=r\nCWD=/a=b\nAGENT=claude\nCMD=claude -p x\nPROMPT=/p\nSTDOUT=/o\n\
                       STDERR=/e\nPID=7\n";
        assert_eq!(write(&info), running.as_bytes());
        info.status = run_status::FAILED.to_owned();
        let ended = write(&info);
        assert_eq!(ended, format!("{running}EXIT_CODE=3\n").as_bytes());
        info.commandline = "claude -p x".to_owned();
        assert_eq!(reread(&ended), info);
        info.status = run_status::UNKNOWN.to_owned();
        info.exit_code = -1;
        assert_eq!(reread(running.as_bytes()), info);
    }

    #[test]
    fn other_lines_are_passed_over() {
        let found =
            reread(b"\xef\xbb\xbfRUN_ID=\r\nhello\nX=1\nPID=many\nEXIT_CODE=soon\nCWD=/x\xff\r\n");
        assert_eq!(found, RunInfo { cwd: "/x\u{fffd}".to_owned(), ..run() });
        let found = reread(b"EXIT_CODE=0");
        assert_eq!((found.status.as_str(), found.exit_code), (run_status::COMPLETED, 0));
        assert_eq!(reread(b""), run());
    }

    #[test]
    fn a_file_of_one_line_gives_its_first_line() {
        assert_eq!(write_line("a\nb"), b"a b\n");
        assert_eq!(read_line(b" codex \r\nmore\n"), "codex");
        assert_eq!(read_line(b""), "");
        assert_eq!(read_line(b"\xef\xbb\xbfx"), "x");
    }

    proptest! {
        #[test]
        fn no_value_makes_a_second_line(value in any::<String>()) {
            let info = RunInfo { cwd: value.clone(), commandline: value.clone(), ..run() };
            let written = String::from_utf8(write(&info)).expect("text");
            prop_assert_eq!(written.lines().count(), 8);
            let found = reread(written.as_bytes());
            let line = one_line(&value).trim().to_owned();
            prop_assert_eq!(&found.cwd, &line);
            prop_assert_eq!(&found.commandline, &line);
            prop_assume!(!value.starts_with('\u{feff}'));
            prop_assert_eq!(read_line(&write_line(&value)), line);
        }
    }
}
