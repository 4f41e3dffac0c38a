//! `meta.json`: the worktree and the tools of a run, in agency's form. Keys of others
//! survive a rewrite, at every level.

use crate::domain::{RunArchive, RunFlags, RunMeta, RunSetup};

use super::Damage;
use super::json_document::Object;

const SCHEMA_VERSION: &str = "1.0";

/// The keys, in the order they are written in. The first ten are always there.
const KEYS: [&str; 20] = [
    "schema_version",
    "run_id",
    "repo_id",
    "title",
    "runner",
    "runner_cmd",
    "parent_branch",
    "branch",
    "worktree_path",
    "created_at",
    "tmux_session_name",
    "flags",
    "setup",
    "pr_number",
    "pr_url",
    "last_push_at",
    "last_verify_at",
    "last_report_sync_at",
    "last_report_hash",
    "archive",
];

const FLAG_KEYS: [&str; 5] =
    ["setup_failed", "tmux_failed", "needs_attention", "needs_attention_reason", "abandoned"];

const SETUP_KEYS: [&str; 7] =
    ["command", "exit_code", "duration_ms", "timed_out", "log_path", "output_ok", "output_summary"];

const ARCHIVE_KEYS: [&str; 2] = ["archived_at", "merged_at"];

/// Reads a run's metadata. The run's id is that of its folder, whatever the file says.
///
/// # Errors
/// When it is no JSON object, a value is not of its kind, or `schema_version` or
/// `created_at` is missing.
pub fn read(bytes: &[u8], run_id: &str) -> Result<RunMeta, Damage> {
    read_meta(&Object::read(bytes)?, run_id)
}

fn read_meta(object: &Object<'_>, run_id: &str) -> Result<RunMeta, Damage> {
    let missing = |key: &str| Damage::new(format!("`{key}` is missing"));
    let schema_version = object.text("schema_version")?;
    if schema_version.trim().is_empty() {
        return Err(missing("schema_version"));
    }
    let created_at = object.time("created_at")?.ok_or_else(|| missing("created_at"))?;
    let mut title = object.text("title")?;
    if title.is_empty() {
        title = object.text("name")?;
    }
    Ok(RunMeta {
        run_id: run_id.to_owned(),
        repo_id: object.text("repo_id")?,
        title,
        runner: object.text("runner")?,
        runner_cmd: object.text("runner_cmd")?,
        parent_branch: object.text("parent_branch")?,
        branch: object.text("branch")?,
        worktree_path: object.text("worktree_path")?,
        created_at: Some(created_at),
        tmux_session_name: object.text("tmux_session_name")?,
        flags: read_flags(&object.object("flags")?.unwrap_or_default())?,
        setup: object.object("setup")?.as_ref().map(read_setup).transpose()?,
        pr_number: object.integer("pr_number")?,
        pr_url: object.text("pr_url")?,
        last_push_at: object.time("last_push_at")?,
        last_verify_at: object.time("last_verify_at")?,
        last_report_sync_at: object.time("last_report_sync_at")?,
        last_report_hash: object.text("last_report_hash")?,
        archive: read_archive(&object.object("archive")?.unwrap_or_default())?,
        schema_version,
        etag: None,
        problem: None,
    })
}

fn read_flags(flags: &Object<'_>) -> Result<RunFlags, Damage> {
    let is_set = |key: &str| Ok(flags.boolean(key)?.unwrap_or_default());
    Ok(RunFlags {
        setup_failed: is_set("setup_failed")?,
        tmux_failed: is_set("tmux_failed")?,
        needs_attention: is_set("needs_attention")?,
        needs_attention_reason: flags.text("needs_attention_reason")?,
        abandoned: is_set("abandoned")?,
    })
}

fn read_setup(setup: &Object<'_>) -> Result<RunSetup, Damage> {
    Ok(RunSetup {
        command: setup.text("command")?,
        exit_code: setup.integer("exit_code")?,
        duration_ms: setup.integer("duration_ms")?,
        timed_out: setup.boolean("timed_out")?.unwrap_or_default(),
        log_path: setup.text("log_path")?,
        output_ok: setup.boolean("output_ok")?,
        output_summary: setup.text("output_summary")?,
    })
}

fn read_archive(archive: &Object<'_>) -> Result<RunArchive, Damage> {
    Ok(RunArchive {
        archived_at: archive.time("archived_at")?,
        merged_at: archive.time("merged_at")?,
    })
}

/// Writes a run's metadata, with all that the file it replaces says beside it. A version
/// and a run's id that are there are kept; a `name` that says what the title says goes
/// with it.
///
/// # Errors
/// When the one that it replaces cannot be read.
pub fn write(meta: &RunMeta, previous: Option<&[u8]>) -> Result<Vec<u8>, Damage> {
    let mut object = match previous {
        Some(bytes) => Object::read(bytes)?,
        None => Object::default(),
    }
    .ordered(&KEYS);
    if previous.is_some() {
        // What cannot be read is not to be written over.
        let before = read_meta(&object, "")?;
        if object.text("name").is_ok_and(|name| !name.is_empty() && name == before.title) {
            object.set("name", meta.title.as_str());
        }
    } else {
        object.set("schema_version", SCHEMA_VERSION);
    }
    // What is no text is no id of ours, and stays.
    if object.text("run_id").is_ok_and(|run_id| run_id.is_empty()) {
        object.set("run_id", meta.run_id.as_str());
    }
    object.set("repo_id", meta.repo_id.as_str());
    object.set("title", meta.title.as_str());
    object.set("runner", meta.runner.as_str());
    object.set("runner_cmd", meta.runner_cmd.as_str());
    object.set("parent_branch", meta.parent_branch.as_str());
    object.set("branch", meta.branch.as_str());
    object.set("worktree_path", meta.worktree_path.as_str());
    object.set_time("created_at", meta.created_at);
    object.set_text_or_remove("tmux_session_name", &meta.tmux_session_name);
    let flags = write_flags(&meta.flags, object.object("flags")?.unwrap_or_default());
    object.set_object_or_remove("flags", Some(flags));
    let before = object.object("setup")?.unwrap_or_default();
    let setup = meta.setup.as_ref().map(|setup| write_setup(setup, before));
    object.set_object_or_remove("setup", setup);
    object.set_integer_or_remove("pr_number", meta.pr_number);
    object.set_text_or_remove("pr_url", &meta.pr_url);
    object.set_time_or_remove("last_push_at", meta.last_push_at);
    object.set_time_or_remove("last_verify_at", meta.last_verify_at);
    object.set_time_or_remove("last_report_sync_at", meta.last_report_sync_at);
    object.set_text_or_remove("last_report_hash", &meta.last_report_hash);
    let archive = write_archive(&meta.archive, object.object("archive")?.unwrap_or_default());
    object.set_object_or_remove("archive", Some(archive));
    Ok(object.write())
}

fn write_flags(flags: &RunFlags, before: Object<'_>) -> String {
    let mut object = before.ordered(&FLAG_KEYS);
    object.set_or_remove("setup_failed", flags.setup_failed.then_some(true));
    object.set_or_remove("tmux_failed", flags.tmux_failed.then_some(true));
    object.set_or_remove("needs_attention", flags.needs_attention.then_some(true));
    object.set_text_or_remove("needs_attention_reason", &flags.needs_attention_reason);
    object.set_or_remove("abandoned", flags.abandoned.then_some(true));
    object.write_compact()
}

fn write_setup(setup: &RunSetup, before: Object<'_>) -> String {
    let mut object = before.ordered(&SETUP_KEYS);
    object.set("command", setup.command.as_str());
    object.set("exit_code", setup.exit_code);
    object.set("duration_ms", setup.duration_ms);
    object.set_or_remove("timed_out", setup.timed_out.then_some(true));
    object.set_text_or_remove("log_path", &setup.log_path);
    object.set_or_remove("output_ok", setup.output_ok);
    object.set_text_or_remove("output_summary", &setup.output_summary);
    object.write_compact()
}

fn write_archive(archive: &RunArchive, before: Object<'_>) -> String {
    let mut object = before.ordered(&ARCHIVE_KEYS);
    object.set_time_or_remove("archived_at", archive.archived_at);
    object.set_time_or_remove("merged_at", archive.merged_at);
    object.write_compact()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> Option<jiff::Timestamp> {
        Some(text.parse().expect("a time"))
    }

    fn least() -> RunMeta {
        RunMeta {
            run_id: "run-1".to_owned(),
            repo_id: "repo".to_owned(),
            title: "Fix \"it\"".to_owned(),
            runner: "claude".to_owned(),
            runner_cmd: "claude  --x 'y'".to_owned(),
            parent_branch: "main".to_owned(),
            branch: "agency/fix".to_owned(),
            worktree_path: "/w".to_owned(),
            created_at: time("2026-01-02T05:04:05.5+02:00"),
            schema_version: "1.0".to_owned(),
            ..RunMeta::default()
        }
    }

    fn full() -> RunMeta {
        RunMeta {
            tmux_session_name: "agency_1".to_owned(),
            flags: RunFlags {
                setup_failed: true,
                tmux_failed: true,
                needs_attention: true,
                needs_attention_reason: "stop".to_owned(),
                abandoned: true,
            },
            setup: Some(RunSetup {
                command: "make".to_owned(),
                exit_code: 2,
                duration_ms: 9_007_199_254_740_993,
                timed_out: true,
                log_path: "logs/setup.log".to_owned(),
                output_ok: Some(false),
                output_summary: "broken".to_owned(),
            }),
            pr_number: 7,
            pr_url: "https://x/7".to_owned(),
            last_push_at: time("2026-01-02T03:04:06Z"),
            last_verify_at: time("2026-01-02T03:04:07Z"),
            last_report_sync_at: time("2026-01-02T03:04:08Z"),
            last_report_hash: "abc".to_owned(),
            archive: RunArchive {
                archived_at: time("2026-01-02T03:04:09Z"),
                merged_at: time("2026-01-02T03:04:10Z"),
            },
            ..least()
        }
    }

    fn written(meta: &RunMeta, previous: Option<&str>) -> String {
        let bytes = write(meta, previous.map(str::as_bytes)).expect("it can be read");
        String::from_utf8(bytes).expect("text")
    }

    const LEAST: &str = r#"{
  "schema_version": "1.0",
  "run_id": "run-1",
  "repo_id": "repo",
  "title": "Fix \"it\"",
  "runner": "claude",
  "runner_cmd": "claude  --x 'y'",
  "parent_branch": "main",
  "branch": "agency/fix",
  "worktree_path": "/w",
  "created_at": "2026-01-02T03:04:05.5Z"
}
"#;

    const OPTIONAL: &str = r#"{
  "tmux_session_name": "agency_1",
  "flags": {
    "setup_failed": true,
    "tmux_failed": true,
    "needs_attention": true,
    "needs_attention_reason": "stop",
    "abandoned": true
  },
  "setup": {
    "command": "make",
    "exit_code": 2,
    "duration_ms": 9007199254740993,
    "timed_out": true,
    "log_path": "logs/setup.log",
    "output_ok": false,
    "output_summary": "broken"
  },
  "pr_number": 7,
  "pr_url": "https://x/7",
  "last_push_at": "2026-01-02T03:04:06Z",
  "last_verify_at": "2026-01-02T03:04:07Z",
  "last_report_sync_at": "2026-01-02T03:04:08Z",
  "last_report_hash": "abc",
  "archive": {
    "archived_at": "2026-01-02T03:04:09Z",
    "merged_at": "2026-01-02T03:04:10Z"
  }
}
"#;

    #[test]
    fn the_ten_required_keys_are_always_there_and_no_optional_one_when_empty() {
        assert_eq!(written(&least(), None), LEAST);
        assert_eq!(read(LEAST.as_bytes(), "run-1"), Ok(least()));
        let empty = RunMeta { created_at: least().created_at, ..RunMeta::default() };
        let text = written(&empty, None);
        let keys: Vec<_> = text.lines().filter_map(|line| line.split('"').nth(1)).collect();
        assert_eq!(keys, KEYS[..10]);
    }

    #[test]
    fn all_keys_stand_in_their_order_and_go_when_they_become_empty() {
        let all = format!("{},\n{}", LEAST.trim_end_matches("\n}\n"), &OPTIONAL[2..]);
        assert_eq!(written(&full(), None), all);
        assert_eq!(read(all.as_bytes(), "run-1"), Ok(full()));
        assert_eq!(written(&full(), Some(LEAST)), all);
        assert_eq!(written(&least(), Some(&all)), LEAST);
    }

    #[test]
    fn a_setup_always_says_its_command_exit_code_and_duration() {
        let meta = RunMeta { setup: Some(RunSetup::default()), ..least() };
        let text = written(&meta, None);
        let setup = "  \"setup\": {\n    \"command\": \"\",\n    \"exit_code\": 0,\n    \"duration_ms\": 0\n  }\n}\n";
        assert!(text.ends_with(setup), "{text}");
        assert_eq!(read(text.as_bytes(), "run-1"), Ok(meta));
    }

    #[test]
    fn what_others_have_put_in_stays_at_every_level() {
        let previous = r#"{"x":1.10,"schema_version":"1.1","created_at":"2026-01-01","run_id":"other",
            "flags":{"big":9007199254740993,"abandoned":true},"setup":{"command":"a","y":1e400},
            "archive":{"z":null,"merged_at":"2026-01-01T00:00:00Z"},"title":"t","name":"slug"}"#;
        let expected = r#"{
  "x": 1.10,
  "schema_version": "1.1",
  "created_at": "2026-01-02T03:04:05.5Z",
  "run_id": "other",
  "repo_id": "repo",
  "flags": {
    "big": 9007199254740993
  },
  "setup": {
    "command": "",
    "exit_code": 0,
    "duration_ms": 0,
    "y": 1e400
  },
  "archive": {
    "z": null
  },
  "title": "Fix \"it\"",
  "runner": "claude",
  "runner_cmd": "claude  --x 'y'",
  "parent_branch": "main",
  "branch": "agency/fix",
  "worktree_path": "/w",
  "name": "slug"
}
"#;
        let meta = RunMeta { setup: Some(RunSetup::default()), ..least() };
        let text = written(&meta, Some(previous));
        assert_eq!(text, expected);
        assert_eq!(written(&meta, Some(&text)), text);
        let found = read(text.as_bytes(), "run-1").expect("it can be read");
        assert_eq!(found, RunMeta { schema_version: "1.1".to_owned(), ..meta });
    }

    #[test]
    fn the_name_is_read_as_the_title_and_goes_with_it() {
        let older = LEAST.replace("\"title\"", "\"name\"");
        assert_eq!(read(older.as_bytes(), "run-1"), Ok(least()));
        let renamed = RunMeta { title: "new".to_owned(), ..least() };
        let text = written(&renamed, Some(&older));
        assert!(
            text.contains("\"title\": \"new\"") && text.contains("\"name\": \"new\""),
            "{text}"
        );
        let again = RunMeta { title: "newer".to_owned(), ..least() };
        assert!(written(&again, Some(&text)).contains("\"name\": \"newer\""));
        assert_eq!(read(text.as_bytes(), "run-1"), Ok(renamed));
    }

    #[test]
    fn the_run_is_that_of_the_folder_and_is_written_where_none_is() {
        assert_eq!(
            read(LEAST.as_bytes(), "folder").map(|meta| meta.run_id),
            Ok("folder".to_owned())
        );
        for without in ["\"run_id\": \"\"", "\"run_id\": null"] {
            let previous = LEAST.replace("\"run_id\": \"run-1\"", without);
            assert_eq!(written(&least(), Some(&previous)), LEAST);
        }
        let odd = LEAST.replace("\"run_id\": \"run-1\"", "\"run_id\": 5");
        assert_eq!(written(&least(), Some(&odd)), odd);
    }

    #[test]
    fn the_damage_names_its_place_and_is_not_written_over() {
        let least = r#"{"schema_version":"1.0","created_at":"2026-01-02T03:04:05Z","#;
        for (text, place) in [
            (String::new(), "line 1 column 0"),
            ("[]".to_owned(), "line 1 column"),
            ("{}".to_owned(), "`schema_version` is missing"),
            ("{\"schema_version\":\" \"}".to_owned(), "`schema_version` is missing"),
            ("{\"schema_version\":\"1.0\"}".to_owned(), "`created_at` is missing"),
            (
                "{\"schema_version\":\"1.0\",\"created_at\":\"0001-01-01T00:00:00Z\"}".to_owned(),
                "`created_at` is missing",
            ),
            (
                "{\"schema_version\":\"1.0\",\n\"created_at\":\"\"}".to_owned(),
                "`created_at` is no time at line 2 column 14",
            ),
            (
                "{\"schema_version\":1}".to_owned(),
                "`schema_version` is no text at line 1 column 19",
            ),
            (format!("{least}\n\"flags\":[]}}"), "`flags` is no object at line 2 column 9"),
            (
                format!("{least}\n\"flags\":{{\n\"abandoned\":1}}}}"),
                "`flags.abandoned` is neither true nor false at line 3 column 13",
            ),
            (
                format!("{least}\"setup\":{{\"exit_code\":\"0\"}}}}"),
                "`setup.exit_code` is no whole number at line 1",
            ),
        ] {
            let damage = read(text.as_bytes(), "r").expect_err(&text).to_string();
            assert!(damage.contains(place), "{damage}");
            let refused = write(&full(), Some(text.as_bytes())).expect_err(&text).to_string();
            assert_eq!(refused, damage);
        }
    }

    fn second() -> impl Strategy<Value = Option<jiff::Timestamp>> {
        proptest::option::of(
            (-62_135_596_799..253_402_207_200_i64)
                .prop_map(|second| jiff::Timestamp::from_second(second).expect("a time")),
        )
    }

    prop_compose! {
        fn setup()(
            texts in vec(any::<String>(), 3),
            numbers in vec(any::<i64>(), 2),
            timed_out in any::<bool>(),
            output_ok in any::<Option<bool>>(),
        ) -> RunSetup {
            RunSetup {
                command: texts[0].clone(),
                log_path: texts[1].clone(),
                output_summary: texts[2].clone(),
                exit_code: numbers[0],
                duration_ms: numbers[1],
                timed_out,
                output_ok,
            }
        }
    }

    prop_compose! {
        fn any_meta()(
            texts in vec("[^\0]{0,6}", 11),
            times in vec(second(), 5),
            created_at in second(),
            flags in vec(any::<bool>(), 4),
            setup in proptest::option::of(setup()),
            pr_number in any::<i64>(),
        ) -> RunMeta {
            RunMeta {
                run_id: "r".to_owned(),
                repo_id: texts[0].clone(),
                title: texts[1].clone(),
                runner: texts[2].clone(),
                runner_cmd: texts[3].clone(),
                parent_branch: texts[4].clone(),
                branch: texts[5].clone(),
                worktree_path: texts[6].clone(),
                created_at: created_at.or(time("2026-01-02T03:04:05Z")),
                tmux_session_name: texts[7].clone(),
                flags: RunFlags {
                    setup_failed: flags[0],
                    tmux_failed: flags[1],
                    needs_attention: flags[2],
                    needs_attention_reason: texts[8].clone(),
                    abandoned: flags[3],
                },
                setup,
                pr_number,
                pr_url: texts[9].clone(),
                last_push_at: times[0],
                last_verify_at: times[1],
                last_report_sync_at: times[2],
                last_report_hash: texts[10].clone(),
                archive: RunArchive { archived_at: times[3], merged_at: times[4] },
                schema_version: "1.0".to_owned(),
                etag: None,
                problem: None,
            }
        }
    }

    proptest! {
        #[test]
        fn metadata_comes_back_as_it_was_written(first in any_meta(), second in any_meta()) {
            let text = written(&first, None);
            prop_assert_eq!(read(text.as_bytes(), "r"), Ok(first));
            // Whatever was there before, it looks as if it were new.
            let again = written(&second, Some(&text));
            prop_assert_eq!(&again, &written(&second, None));
            prop_assert_eq!(read(again.as_bytes(), "r"), Ok(second));
        }

        #[test]
        fn no_bytes_make_it_panic(text in "[{}\\[\\]:,\" \n\\\\a1.e-]{0,40}", bytes in vec(any::<u8>(), 0..40)) {
            let inside = format!("{{\"schema_version\":\"1.0\",\"created_at\":\"2026-01-02\",\"setup\":{text}}}");
            for hostile in [text.as_bytes(), &bytes, inside.as_bytes()] {
                let _ = read(hostile, "r");
                let _ = write(&full(), Some(hostile));
            }
        }
    }
}
