//! What the original programs read out of run-info.yaml, and what they write.

use callboard::domain::{ProjectId, RunInfo, TaskId, TaskKey};
use callboard::layout::run_info_file;
use serde_json::Value;

use crate::bus_format::bytes_of;
use crate::conductor_vectors::{ZERO_TIME, vectors};

const VECTORS: &str = include_str!("../fixtures/conductor_run_info_vectors.json");

fn cases(name: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(VECTORS).expect("the fixture is JSON");
    vectors[name].as_array().expect("a list").clone()
}

fn task() -> TaskKey {
    TaskKey {
        project: ProjectId::parse("PROJ").expect("a name"),
        task: TaskId::parse("TASK").expect("a name"),
    }
}

fn expected(value: &Value) -> RunInfo {
    let text = |key: &str| value[key].as_str().expect("text").to_owned();
    let number = |key: &str| value[key].as_i64().expect("a number");
    let time = |key: &str| {
        let time = text(key);
        (time != ZERO_TIME).then(|| time.parse().expect("a time"))
    };
    RunInfo {
        run_id: text("run_id"),
        parent_run_id: text("parent_run_id"),
        previous_run_id: text("previous_run_id"),
        project_id: text("project_id"),
        task_id: text("task_id"),
        agent_type: text("agent"),
        process_ownership: text("process_ownership"),
        pid: number("pid"),
        pgid: number("pgid"),
        start_time: time("start_time"),
        end_time: time("end_time"),
        exit_code: number("exit_code"),
        status: text("status"),
        cwd: text("cwd"),
        prompt_path: text("prompt_path"),
        output_path: text("output_path"),
        stdout_path: text("stdout_path"),
        stderr_path: text("stderr_path"),
        commandline: text("commandline"),
        error_summary: text("error_summary"),
        agent_version: text("agent_version"),
    }
}

fn written(info: &RunInfo, previous: Option<&[u8]>) -> String {
    let bytes = run_info_file::write(info, previous).expect("it can be rewritten");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn every_record_is_read_as_the_original_reads_it_or_refused_with_it() {
    let cases = cases("run_info_read(path=PROJ/TASK/runs/RUNDIR/run-info.yaml)");
    assert_eq!(cases.len(), 26);
    for case in cases {
        let found = run_info_file::read(&bytes_of(&case["input_b64"]), &task(), "RUNDIR");
        match found {
            Ok(found) if case["ok"] == true => {
                assert_eq!(found, expected(&case["run_info"]), "{}", case["input"]);
                let again = written(&found, None);
                assert_eq!(run_info_file::read(again.as_bytes(), &task(), "RUNDIR"), Ok(found));
            }
            Err(damage) => assert_eq!(case["ok"], false, "{}: {damage}", case["input"]),
            Ok(found) => panic!("{}: {found:?}", case["input"]),
        }
    }
}

#[test]
fn every_record_is_written_as_the_original_writes_it_with_the_older_name_behind() {
    let cases = cases("run_info_write");
    assert_eq!(cases.len(), 5);
    for case in cases {
        let info = expected(&case["run_info"]);
        let theirs = case["out"].as_str().expect("text");
        let agent = theirs.lines().find_map(|line| line.strip_prefix("agent: ")).expect("an agent");
        let ours = theirs.replacen("version: 0\n", "version: 1\n", 1);
        let ours = format!("{ours}agent_type: {agent}\n");
        assert_eq!(written(&info, None), ours);
        assert_eq!(written(&info, Some(theirs.as_bytes())), ours);
        for bytes in [theirs, &ours] {
            let mut found = run_info_file::read(bytes.as_bytes(), &task(), "RUNDIR").expect("YAML");
            if info.run_id.is_empty() {
                assert_eq!(found, run_info_file::read(b"", &task(), "RUNDIR").expect("YAML"));
                found = info.clone();
            }
            assert_eq!(found, info);
        }
    }
}

/// Texts that the original writes so that not every reader gets them back: YAML 1.1
/// readers take the first two for something else, the separators are line breaks to
/// some, the literals begin with an empty line.
const QUOTED_INSTEAD: [&str; 7] = ["=", "<<", "\na", "\n", "\n\n", "a\u{2028}b", "\u{feff}a"];

#[test]
fn every_text_is_written_as_the_original_writes_it_unless_a_reader_would_lose_it() {
    let vectors = vectors();
    let mut quoted = Vec::new();
    for case in vectors["yaml_string_scalars"].as_array().expect("a list") {
        let Ok(text) = String::from_utf8(bytes_of(&case["in_b64"])) else {
            continue;
        };
        let info = RunInfo { status: text.clone(), ..RunInfo::unknown(&task(), "r") };
        let written = written(&info, None);
        let theirs = case["out"].as_str().expect("text").strip_prefix("v:").expect("a key");
        if !written.contains(&format!("\nstatus:{theirs}agent_version:")) {
            assert!(written.contains("\nstatus: \""), "{text:?}: {written}");
            quoted.push(text);
        }
    }
    assert_eq!(sorted(&quoted), sorted(&QUOTED_INSTEAD.map(str::to_owned)));
}

fn sorted(texts: &[String]) -> Vec<String> {
    let mut texts = texts.to_vec();
    texts.sort();
    texts
}
