//! `run-info.yaml`: the record of a run, as the original programs read and write it.
//!
//! Read leniently where they are lenient; written byte for byte as they write it, with
//! `agent_type`, the older name of `agent`, behind. Keys of others survive a rewrite.

use crate::domain::{RunInfo, TaskKey, run_status};

use super::yaml_document::{Document, compose, scalar};
use super::{Damage, document_time};

/// The keys, in the order they are written in.
const KEYS: [&str; 23] = [
    "version",
    "run_id",
    "parent_run_id",
    "previous_run_id",
    "project_id",
    "task_id",
    "agent",
    "process_ownership",
    "pid",
    "pgid",
    "start_time",
    "end_time",
    "exit_code",
    "status",
    "cwd",
    "prompt_path",
    "output_path",
    "stdout_path",
    "stderr_path",
    "commandline",
    "error_summary",
    "agent_version",
    "agent_type",
];

/// Reads a run's record. What the file leaves out of its ids comes from the names of the
/// folders that it stands in.
///
/// # Errors
/// When it is no mapping, says something twice, or a value is not of its kind.
pub fn read(bytes: &[u8], task: &TaskKey, folder: &str) -> Result<RunInfo, Damage> {
    let fields = match read_own(bytes) {
        Some(fields) => fields,
        None => read_any(bytes)?,
    };
    Ok(fields.finish(task, folder))
}

/// Writes a run's record, with what others have put into the one that it replaces.
///
/// # Errors
/// When that cannot be kept.
pub fn write(info: &RunInfo, previous: Option<&[u8]>) -> Result<Vec<u8>, Damage> {
    let version = previous
        .and_then(|bytes| Document::read(bytes).ok()?.integer("version").ok()?)
        .filter(|&version| version > 1)
        .unwrap_or(1);
    let mut out = Lines(String::with_capacity(1024));
    out.plain("version", &version.to_string());
    out.text("run_id", &info.run_id);
    out.unless_empty("parent_run_id", &info.parent_run_id);
    out.unless_empty("previous_run_id", &info.previous_run_id);
    out.text("project_id", &info.project_id);
    out.text("task_id", &info.task_id);
    out.text("agent", &info.agent_type);
    out.unless_empty("process_ownership", &info.process_ownership);
    out.plain("pid", &info.pid.to_string());
    out.plain("pgid", &info.pgid.to_string());
    out.plain("start_time", &document_time::write(info.start_time));
    out.plain("end_time", &document_time::write(info.end_time));
    out.plain("exit_code", &info.exit_code.to_string());
    out.text("status", &info.status);
    out.unless_empty("cwd", &info.cwd);
    out.unless_empty("prompt_path", &info.prompt_path);
    out.unless_empty("output_path", &info.output_path);
    out.unless_empty("stdout_path", &info.stdout_path);
    out.unless_empty("stderr_path", &info.stderr_path);
    out.unless_empty("commandline", &info.commandline);
    out.unless_empty("error_summary", &info.error_summary);
    out.text("agent_version", &info.agent_version);
    out.text("agent_type", &info.agent_type);
    compose(out.0, &KEYS, previous)
}

/// The lines that are written.
struct Lines(String);

impl Lines {
    fn plain(&mut self, key: &str, value: &str) {
        for part in [key, ": ", value, "\n"] {
            self.0.push_str(part);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        self.0.push_str(key);
        self.0.push(':');
        scalar::write_value(text, &mut self.0);
    }

    fn unless_empty(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.text(key, text);
        }
    }
}

/// What a file says, before anything is filled in.
#[derive(Debug, PartialEq, Eq)]
struct Fields {
    info: RunInfo,
    /// What it says under the older name of `agent`.
    older_agent: String,
}

impl Fields {
    fn new() -> Self {
        let text = String::new;
        let info = RunInfo {
            run_id: text(),
            parent_run_id: text(),
            previous_run_id: text(),
            project_id: text(),
            task_id: text(),
            agent_type: text(),
            process_ownership: text(),
            pid: 0,
            pgid: 0,
            start_time: None,
            end_time: None,
            exit_code: 0,
            status: text(),
            cwd: text(),
            prompt_path: text(),
            output_path: text(),
            stdout_path: text(),
            stderr_path: text(),
            commandline: text(),
            error_summary: text(),
            agent_version: text(),
        };
        Self { info, older_agent: text() }
    }

    /// Returns the place of a key's value.
    fn slot(&mut self, key: &str) -> Slot<'_> {
        let info = &mut self.info;
        Slot::Text(match key {
            "run_id" => &mut info.run_id,
            "parent_run_id" => &mut info.parent_run_id,
            "previous_run_id" => &mut info.previous_run_id,
            "project_id" => &mut info.project_id,
            "task_id" => &mut info.task_id,
            "agent" => &mut info.agent_type,
            "process_ownership" => &mut info.process_ownership,
            "status" => &mut info.status,
            "cwd" => &mut info.cwd,
            "prompt_path" => &mut info.prompt_path,
            "output_path" => &mut info.output_path,
            "stdout_path" => &mut info.stdout_path,
            "stderr_path" => &mut info.stderr_path,
            "commandline" => &mut info.commandline,
            "error_summary" => &mut info.error_summary,
            "agent_version" => &mut info.agent_version,
            "agent_type" => &mut self.older_agent,
            "pid" => return Slot::Number(&mut info.pid),
            "pgid" => return Slot::Number(&mut info.pgid),
            "exit_code" => return Slot::Number(&mut info.exit_code),
            "start_time" => return Slot::Time(&mut info.start_time),
            "end_time" => return Slot::Time(&mut info.end_time),
            _ => return Slot::Version,
        })
    }

    fn finish(self, task: &TaskKey, folder: &str) -> RunInfo {
        let Self { mut info, older_agent } = self;
        for (id, name) in [
            (&mut info.run_id, folder),
            (&mut info.project_id, task.project.as_str()),
            (&mut info.task_id, task.task.as_str()),
        ] {
            let said = id.trim();
            *id = if said.is_empty() { name.to_owned() } else { said.to_owned() };
        }
        if info.agent_type.is_empty() {
            info.agent_type = older_agent;
        }
        if info.status.trim().is_empty() {
            info.status = run_status::UNKNOWN.to_owned();
        }
        info
    }
}

/// Where a value goes.
enum Slot<'a> {
    Text(&'a mut String),
    Number(&'a mut i64),
    Time(&'a mut Option<jiff::Timestamp>),
    /// A number that is not kept.
    Version,
}

fn read_any(bytes: &[u8]) -> Result<Fields, Damage> {
    let document = Document::read(bytes)?;
    let mut fields = Fields::new();
    for key in KEYS {
        match fields.slot(key) {
            Slot::Text(text) => *text = document.text(key)?,
            Slot::Number(number) => *number = document.integer(key)?.unwrap_or(0),
            Slot::Time(time) => *time = document.time(key)?,
            Slot::Version => {
                document.integer(key)?;
            }
        }
    }
    Ok(fields)
}

/// Reads a file exactly as it is written here or by the original programs, line by line,
/// which takes a tenth of the time; none for any other.
fn read_own(bytes: &[u8]) -> Option<Fields> {
    let text = str::from_utf8(bytes).ok()?;
    let mut fields = Fields::new();
    let mut keys = KEYS.into_iter();
    for line in text.strip_suffix('\n')?.split('\n') {
        let (key, value) = line.split_once(": ")?;
        let key = keys.find(|&known| known == key)?;
        match fields.slot(key) {
            Slot::Text(text) => *text = scalar::read_inline(value)?,
            Slot::Number(number) => *number = canonical(value)?,
            Slot::Time(time) => *time = own_time(value)?,
            Slot::Version => {
                canonical(value)?;
            }
        }
    }
    Some(fields)
}

fn canonical(written: &str) -> Option<i64> {
    let number: i64 = written.parse().ok()?;
    (number.to_string() == written).then_some(number)
}

fn own_time(written: &str) -> Option<Option<jiff::Timestamp>> {
    let time = document_time::read(written)?;
    (document_time::write(time) == written).then_some(time)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::domain::{ProjectId, TaskId};

    fn task() -> TaskKey {
        TaskKey {
            project: ProjectId::parse("p").expect("a name"),
            task: TaskId::parse("t").expect("a name"),
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            any::<String>(),
            "[ -~\n\t]{0,12}",
            "([ \n\ta]|---|: |#|\u{85}|\u{2028}|\u{feff}|\r|é|😀|0|1|[.]|-){0,8}",
        ]
    }

    fn id() -> impl Strategy<Value = String> {
        text().prop_filter_map("not blank", |text| {
            let id = text.trim();
            (!id.is_empty()).then(|| id.to_owned())
        })
    }

    fn time() -> impl Strategy<Value = Option<jiff::Timestamp>> {
        proptest::option::of((-62_135_596_799..253_402_300_799_i64, 0..1_000_000_000)).prop_map(
            |time| time.and_then(|(second, nano)| jiff::Timestamp::new(second, nano).ok()),
        )
    }

    fn info() -> impl Strategy<Value = RunInfo> {
        (
            vec(id(), 4),
            vec(text(), 12),
            (any::<i64>(), any::<i64>(), any::<i64>()),
            (time(), time()),
        )
            .prop_map(|(ids, texts, (pid, pgid, exit_code), (start_time, end_time))| {
                let mut ids = ids.into_iter();
                let mut id = || ids.next().expect("enough");
                let mut texts = texts.into_iter();
                let mut text = || texts.next().expect("enough");
                RunInfo {
                    run_id: id(),
                    project_id: id(),
                    task_id: id(),
                    status: id(),
                    parent_run_id: text(),
                    previous_run_id: text(),
                    agent_type: text(),
                    process_ownership: text(),
                    cwd: text(),
                    prompt_path: text(),
                    output_path: text(),
                    stdout_path: text(),
                    stderr_path: text(),
                    commandline: text(),
                    error_summary: text(),
                    agent_version: text(),
                    pid,
                    pgid,
                    exit_code,
                    start_time,
                    end_time,
                }
            })
    }

    fn line() -> impl Strategy<Value = String> {
        let key = proptest::sample::select(&KEYS[..]);
        let value = prop_oneof![
            "[ -~]{0,8}",
            "-?[0-9]{1,3}",
            "[\"'][ -~]{0,4}[\"']",
            Just("2026-01-02T03:04:05Z".to_owned()),
            Just("2026-01-02T03:04:05.50+02:00".to_owned()),
            text(),
        ];
        (key, value).prop_map(|(key, value)| format!("{key}: {value}\n"))
    }

    fn written(info: &RunInfo, previous: Option<&[u8]>) -> Vec<u8> {
        write(info, previous).expect("it can be rewritten")
    }

    /// Reads as a program of today with a YAML library would.
    fn by_library(bytes: &[u8]) -> std::collections::BTreeMap<String, serde_yaml::Value> {
        serde_yaml::from_slice(bytes).expect("YAML")
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_record_comes_back_as_it_was_written(info in info()) {
            let written = written(&info, None);
            prop_assert_eq!(&read(&written, &task(), "f"), &Ok(info.clone()));
            prop_assert_eq!(read_any(&written).map(|it| it.finish(&task(), "f")), Ok(info.clone()));
            let found = by_library(&written);
            prop_assert_eq!(found["run_id"].as_str(), Some(info.run_id.as_str()));
            prop_assert_eq!(found["status"].as_str(), Some(info.status.as_str()));
            prop_assert_eq!(found["agent"].as_str(), Some(info.agent_type.as_str()));
            prop_assert_eq!(&found["agent_type"], &found["agent"]);
            prop_assert_eq!(found["pid"].as_i64(), Some(info.pid));
            let summary = found.get("error_summary").map_or(Some(""), |it| it.as_str());
            prop_assert_eq!(summary, Some(info.error_summary.as_str()));
        }

        #[test]
        fn what_is_read_line_by_line_the_yaml_reader_reads_to_the_same(lines in vec(line(), 0..5)) {
            let mut lines = lines;
            lines.sort_by_key(|line| KEYS.iter().position(|key| line.starts_with(&format!("{key}:"))));
            let text = lines.concat();
            if let Some(fields) = read_own(text.as_bytes()) {
                prop_assert_eq!(Ok(fields), read_any(text.as_bytes()));
            }
        }

        #[test]
        fn a_rewrite_keeps_the_keys_of_others(first in info(), second in info(), value in text()) {
            let mut foreign = "restart_count: 007 # so\nlabels:\n  - 1000000000000000000000000000000\nnote:".to_owned();
            scalar::write_value(&value, &mut foreign);
            let before = [written(&first, None), foreign.clone().into_bytes()].concat();
            prop_assert_eq!(read(&before, &task(), "f"), Ok(first));
            let after = written(&second, Some(&before));
            prop_assert_eq!(&after, &[written(&second, None), foreign.into_bytes()].concat());
            prop_assert_eq!(&written(&second, Some(&after)), &after);
            prop_assert_eq!(read(&after, &task(), "f"), Ok(second));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..60), lines in vec(line(), 0..4)) {
            let _ = read(&bytes, &task(), "f");
            let text = [lines.concat().into_bytes(), bytes].concat();
            let _ = read(&text, &task(), "f");
            let _ = write(&RunInfo::unknown(&task(), "f"), Some(&text));
        }
    }

    #[test]
    fn what_we_write_is_read_line_by_line() {
        let written = "version: 1\nrun_id: 20260102-0304050000-12-1\nproject_id: \"123\"\ntask_id: t\n\
                       agent: claude\npid: 12\npgid: -1\nstart_time: 2026-01-02T03:04:05.6789Z\n\
                       end_time: 0001-01-01T00:00:00Z\nexit_code: -1\nstatus: running\n\
                       cwd: /x/é y\nerror_summary: 'a: b'\nagent_version: \"\"\nagent_type: claude\n";
        let fields = read_own(written.as_bytes()).expect("it is ours");
        assert_eq!(Ok(&fields), read_any(written.as_bytes()).as_ref());
        assert_eq!(write(&fields.finish(&task(), "f"), None), Ok(written.into()));
    }

    #[test]
    fn the_newer_name_of_the_agent_wins_unless_it_is_empty() {
        let agent = |text: &str| read(text.as_bytes(), &task(), "f").expect("YAML").agent_type;
        assert_eq!(agent("agent_type: a\nagent: b\n"), "b");
        assert_eq!(agent("agent_type: a\nagent: \"\"\n"), "a");
        assert_eq!(agent("agent_type: a\n"), "a");
    }

    #[test]
    fn a_version_above_ours_is_kept() {
        let info = RunInfo::unknown(&task(), "f");
        for (version, kept) in [("99", "99"), ("0", "1"), ("1", "1"), ("-5", "1"), ("null", "1")] {
            let written = written(&info, Some(format!("version: {version}\n").as_bytes()));
            let expected = format!("version: {kept}\nrun_id: f\n");
            assert!(written.starts_with(expected.as_bytes()), "{version}");
        }
    }

    #[test]
    fn a_rewrite_keeps_comments_and_further_documents() {
        let info = RunInfo::unknown(&task(), "f");
        let plain = String::from_utf8_lossy(&written(&info, None)).into_owned();
        let previous = "# head\n---\nstatus: x\n# of x\nx: 1\n---\nmore: [\n";
        let expected = format!("# head\n{plain}# of x\nx: 1\n---\nmore: [\n");
        assert_eq!(written(&info, Some(previous.as_bytes())), expected.as_bytes());
        write(&info, Some(b"{status: x, due: 2026-01-02}")).expect_err("damage");
    }

    #[test]
    fn the_damage_names_its_place() {
        for (text, expected) in [
            ("run_id: a\nstart_time: soon\n", "`start_time` is no time in line 2"),
            ("pid: 1.5\n", "`pid` is no whole number in line 1"),
            ("version: x\n", "`version` is no whole number in line 1"),
            ("a: 1\nstatus: []\n", "`status` is no text in line 2"),
        ] {
            let damage = read(text.as_bytes(), &task(), "f").expect_err("damage");
            assert_eq!(damage.to_string(), expected);
        }
    }
}
