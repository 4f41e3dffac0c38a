//! What is kept of runs' worktrees and tools.

use pb::run_meta as out;

use crate::domain::{RunArchive, RunFlags, RunMeta, RunSetup};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{
    RunArchiveChange, RunFlagsChange, RunMetaChange, RunSetupChange, RunSetupFields,
};

use super::answer_size::{Item, cut, fitting};
use super::fields::{invalid, label, number, optional_time, path, text, timestamp};
use super::mask::{Mask, nothing_to_change};
use super::values::{etag_out, number_out, timestamp_out};

/// What an update may name: all that is not output only, and whole groups.
const FIELDS: [&str; 32] = [
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
    "flags.setup_failed",
    "flags.tmux_failed",
    "flags.needs_attention",
    "flags.needs_attention_reason",
    "flags.abandoned",
    "setup",
    "setup.command",
    "setup.exit_code",
    "setup.duration_ms",
    "setup.timed_out",
    "setup.log_path",
    "setup.output_ok",
    "setup.output_summary",
    "pr_number",
    "pr_url",
    "last_push_at",
    "last_verify_at",
    "last_report_sync_at",
    "last_report_hash",
    "archive",
    "archive.archived_at",
    "archive.merged_at",
];

/// Takes what is to be kept of a new run.
pub(super) fn new(meta: pb::RunMeta) -> Result<RunMeta> {
    let flags = meta.flags.unwrap_or_default();
    let archive = meta.archive.unwrap_or_default();
    Ok(RunMeta {
        repo_id: label("meta.repo_id", meta.repo_id)?,
        title: text("meta.title", meta.title)?,
        runner: label("meta.runner", meta.runner)?,
        runner_cmd: text("meta.runner_cmd", meta.runner_cmd)?,
        parent_branch: path("meta.parent_branch", meta.parent_branch)?,
        branch: path("meta.branch", meta.branch)?,
        worktree_path: worktree("meta.worktree_path", meta.worktree_path)?,
        created_at: optional_time("meta.created_at", meta.created_at)?,
        tmux_session_name: label("meta.tmux_session_name", meta.tmux_session_name)?,
        flags: RunFlags {
            setup_failed: flags.setup_failed,
            tmux_failed: flags.tmux_failed,
            needs_attention: flags.needs_attention,
            needs_attention_reason: text(
                "meta.flags.needs_attention_reason",
                flags.needs_attention_reason,
            )?,
            abandoned: flags.abandoned,
        },
        setup: meta.setup.map(setup).transpose()?,
        pr_number: number("meta.pr_number", meta.pr_number)?,
        pr_url: path("meta.pr_url", meta.pr_url)?,
        last_push_at: optional_time("meta.last_push_at", meta.last_push_at)?,
        last_verify_at: optional_time("meta.last_verify_at", meta.last_verify_at)?,
        last_report_sync_at: optional_time("meta.last_report_sync_at", meta.last_report_sync_at)?,
        last_report_hash: label("meta.last_report_hash", meta.last_report_hash)?,
        archive: RunArchive {
            archived_at: optional_time("meta.archive.archived_at", archive.archived_at)?,
            merged_at: optional_time("meta.archive.merged_at", archive.merged_at)?,
        },
        ..RunMeta::default()
    })
}

fn worktree(field: &'static str, worktree: String) -> Result<String> {
    if worktree.is_empty() {
        return Err(Error::RequiredField { field });
    }
    if !worktree.starts_with('/') {
        return Err(invalid(field, "it must be an absolute path"));
    }
    path(field, worktree)
}

/// Makes a check that refuses what is empty as well: what a mask names without a value.
fn not_empty(
    check: impl Fn(&'static str, String) -> Result<String>,
) -> impl Fn(&'static str, String) -> Result<String> {
    move |field, value| match value.as_str() {
        "" => Err(invalid(field, "it cannot be empty")),
        _ => check(field, value),
    }
}

fn setup(setup: out::Setup) -> Result<RunSetup> {
    Ok(RunSetup {
        command: text("meta.setup.command", setup.command)?,
        exit_code: setup.exit_code.into(),
        duration_ms: number("meta.setup.duration_ms", setup.duration_ms)?,
        timed_out: setup.timed_out,
        log_path: path("meta.setup.log_path", setup.log_path)?,
        output_ok: setup.output_ok,
        output_summary: text("meta.setup.output_summary", setup.output_summary)?,
    })
}

/// Takes what to change of what is kept of a run. Its ids and its etag stand beside
/// that.
pub(in crate::grpc) fn change(request: pb::UpdateRunMetaRequest) -> Result<RunMetaChange> {
    let mask = Mask::within("meta.", request.update_mask, &FIELDS)?;
    let meta = request.meta.unwrap_or_default();
    let synced_at = meta.last_report_sync_at;
    let change = RunMetaChange {
        host: String::new(),
        repo_id: mask.choose("meta.repo_id", meta.repo_id, not_empty(label))?,
        title: mask.choose("meta.title", meta.title, not_empty(text))?,
        runner: mask.choose("meta.runner", meta.runner, not_empty(label))?,
        runner_cmd: mask.choose("meta.runner_cmd", meta.runner_cmd, not_empty(text))?,
        parent_branch: mask.choose("meta.parent_branch", meta.parent_branch, path)?,
        branch: mask.choose("meta.branch", meta.branch, path)?,
        worktree_path: mask.choose("meta.worktree_path", meta.worktree_path, worktree)?,
        created_at: mask.choose("meta.created_at", meta.created_at, |field, time| match time {
            Some(time) => timestamp(field, time),
            None => Err(invalid(field, "it cannot be removed: give a time")),
        })?,
        tmux_session_name: mask.choose("meta.tmux_session_name", meta.tmux_session_name, label)?,
        flags: flags_change(&mask, meta.flags.unwrap_or_default())?,
        setup: setup_change(&mask, meta.setup)?,
        pr_number: mask.choose("meta.pr_number", meta.pr_number, number)?,
        pr_url: mask.choose("meta.pr_url", meta.pr_url, path)?,
        last_push_at: mask.choose("meta.last_push_at", meta.last_push_at, optional_time)?,
        last_verify_at: mask.choose("meta.last_verify_at", meta.last_verify_at, optional_time)?,
        last_report_sync_at: mask.choose("meta.last_report_sync_at", synced_at, optional_time)?,
        last_report_hash: mask.choose("meta.last_report_hash", meta.last_report_hash, label)?,
        archive: archive_change(&mask, meta.archive.unwrap_or_default())?,
    };
    if change == RunMetaChange::default() {
        return Err(nothing_to_change());
    }
    Ok(RunMetaChange { host: label("host", request.host)?, ..change })
}

/// Takes a value that cannot be wrong.
fn any<T>(_: &'static str, value: T) -> Result<T> {
    Ok(value)
}

fn flags_change(mask: &Mask, flags: out::Flags) -> Result<RunFlagsChange> {
    let reason = flags.needs_attention_reason;
    Ok(RunFlagsChange {
        setup_failed: mask.choose("meta.flags.setup_failed", flags.setup_failed, any)?,
        tmux_failed: mask.choose("meta.flags.tmux_failed", flags.tmux_failed, any)?,
        needs_attention: mask.choose("meta.flags.needs_attention", flags.needs_attention, any)?,
        needs_attention_reason: mask.choose("meta.flags.needs_attention_reason", reason, text)?,
        abandoned: mask.choose("meta.flags.abandoned", flags.abandoned, any)?,
    })
}

fn archive_change(mask: &Mask, archive: out::Archive) -> Result<RunArchiveChange> {
    let (archived_at, merged_at) = (archive.archived_at, archive.merged_at);
    Ok(RunArchiveChange {
        archived_at: mask.choose("meta.archive.archived_at", archived_at, optional_time)?,
        merged_at: mask.choose("meta.archive.merged_at", merged_at, optional_time)?,
    })
}

fn setup_change(mask: &Mask, given: Option<out::Setup>) -> Result<RunSetupChange> {
    if mask.names("meta.setup") {
        return Ok(match given.map(setup).transpose()? {
            Some(setup) => RunSetupChange::Replace(setup),
            None => RunSetupChange::Remove,
        });
    }
    let given = given.unwrap_or_default();
    let fields = RunSetupFields {
        command: mask.choose("meta.setup.command", given.command, text)?,
        exit_code: mask
            .choose("meta.setup.exit_code", given.exit_code, |_, code| Ok(code.into()))?,
        duration_ms: mask.choose("meta.setup.duration_ms", given.duration_ms, number)?,
        timed_out: mask.choose("meta.setup.timed_out", given.timed_out, any)?,
        log_path: mask.choose("meta.setup.log_path", given.log_path, path)?,
        output_ok: mask.choose("meta.setup.output_ok", given.output_ok, any)?,
        output_summary: mask.choose("meta.setup.output_summary", given.output_summary, text)?,
    };
    Ok(if fields == RunSetupFields::default() {
        RunSetupChange::Keep
    } else {
        RunSetupChange::Change(fields)
    })
}

impl Item for pb::RunMeta {
    fn bare(mut self, problem: String) -> Self {
        let _ = cut(&mut self.schema_version, limits::LABEL_BYTES_MAX);
        let _ = cut(&mut self.run_id, limits::NAME_BYTES_MAX);
        Self {
            schema_version: self.schema_version,
            run_id: self.run_id,
            created_at: self.created_at,
            pr_number: self.pr_number,
            last_push_at: self.last_push_at,
            last_verify_at: self.last_verify_at,
            last_report_sync_at: self.last_report_sync_at,
            archive: self.archive,
            etag: self.etag,
            problem,
            ..Self::default()
        }
    }
}

/// Gives out what is kept of a run.
pub(in crate::grpc) fn meta(meta: RunMeta) -> pb::RunMeta {
    fitting(pb::RunMeta {
        schema_version: meta.schema_version,
        run_id: meta.run_id,
        repo_id: meta.repo_id,
        title: meta.title,
        runner: meta.runner,
        runner_cmd: meta.runner_cmd,
        parent_branch: meta.parent_branch,
        branch: meta.branch,
        worktree_path: meta.worktree_path,
        created_at: meta.created_at.map(timestamp_out),
        tmux_session_name: meta.tmux_session_name,
        flags: flags_out(meta.flags),
        setup: meta.setup.map(setup_out),
        pr_number: number_out(meta.pr_number),
        pr_url: meta.pr_url,
        last_push_at: meta.last_push_at.map(timestamp_out),
        last_verify_at: meta.last_verify_at.map(timestamp_out),
        last_report_sync_at: meta.last_report_sync_at.map(timestamp_out),
        last_report_hash: meta.last_report_hash,
        archive: archive_out(&meta.archive),
        etag: etag_out(meta.etag),
        problem: meta.problem.unwrap_or_default(),
    })
}

fn flags_out(flags: RunFlags) -> Option<out::Flags> {
    (flags != RunFlags::default()).then_some(out::Flags {
        setup_failed: flags.setup_failed,
        tmux_failed: flags.tmux_failed,
        needs_attention: flags.needs_attention,
        needs_attention_reason: flags.needs_attention_reason,
        abandoned: flags.abandoned,
    })
}

fn setup_out(setup: RunSetup) -> out::Setup {
    out::Setup {
        command: setup.command,
        exit_code: number_out(setup.exit_code),
        duration_ms: setup.duration_ms,
        timed_out: setup.timed_out,
        log_path: setup.log_path,
        output_ok: setup.output_ok,
        output_summary: setup.output_summary,
    }
}

fn archive_out(archive: &RunArchive) -> Option<out::Archive> {
    (*archive != RunArchive::default()).then_some(out::Archive {
        archived_at: archive.archived_at.map(timestamp_out),
        merged_at: archive.merged_at.map(timestamp_out),
    })
}

#[cfg(test)]
mod tests {
    use prost_types::FieldMask;

    use super::*;
    use crate::error::Reason;

    fn update(meta: pb::RunMeta, paths: Option<&[&str]>) -> Result<RunMetaChange> {
        let update_mask = paths.map(|paths| FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        });
        let meta = Some(meta);
        change(pb::UpdateRunMetaRequest { meta, update_mask, ..Default::default() })
    }

    fn a_meta() -> pb::RunMeta {
        pb::RunMeta { worktree_path: "/src/demo".into(), ..pb::RunMeta::default() }
    }

    #[test]
    fn what_is_kept_of_a_new_run_names_its_worktree() {
        let taken = new(a_meta()).expect("a meta");
        let only = RunMeta { worktree_path: "/src/demo".into(), ..RunMeta::default() };
        assert_eq!(taken, only);
        let refused = new(pb::RunMeta::default()).expect_err("no worktree");
        assert_eq!(refused.field(), Some("meta.worktree_path"));
        assert_eq!(refused.reason(), Reason::RequiredField);
    }

    #[test]
    fn what_is_output_only_is_not_taken() {
        let given = pb::RunMeta {
            schema_version: "9".into(),
            run_id: "other".into(),
            etag: "x".into(),
            problem: "x".into(),
            ..a_meta()
        };
        assert_eq!(new(given.clone()).expect("a meta"), new(a_meta()).expect("a meta"));
        for path in ["schema_version", "run_id", "etag", "problem", "flags.x", "", "meta.title"] {
            let refused = update(given.clone(), Some(&[path])).expect_err(path);
            assert_eq!(refused.field(), Some("update_mask"), "{path:?}");
        }
    }

    #[test]
    fn each_limit_is_that_of_its_kind() {
        type Change = fn(&mut pb::RunMeta);
        let wrong: [(Change, &str, Reason); 7] = [
            (|meta| meta.runner = "x".repeat(129), "meta.runner", Reason::TooLarge),
            (|meta| meta.branch = "x".repeat(4097), "meta.branch", Reason::TooLarge),
            (|meta| meta.title = "x".repeat((64 << 10) + 1), "meta.title", Reason::TooLarge),
            (|meta| meta.runner_cmd = "a\0".into(), "meta.runner_cmd", Reason::InvalidField),
            (|meta| meta.pr_number = -1, "meta.pr_number", Reason::InvalidField),
            (
                |meta| {
                    let nanos = -1;
                    meta.created_at = Some(prost_types::Timestamp { seconds: i64::MAX, nanos });
                },
                "meta.created_at",
                Reason::InvalidField,
            ),
            (
                |meta| {
                    meta.setup = Some(out::Setup { duration_ms: -1, ..out::Setup::default() });
                },
                "meta.setup.duration_ms",
                Reason::InvalidField,
            ),
        ];
        for (spoil, field, reason) in wrong {
            let mut meta = a_meta();
            spoil(&mut meta);
            for refused in
                [new(meta.clone()).expect_err(field), update(meta, None).expect_err(field)]
            {
                assert_eq!((refused.field(), refused.reason()), (Some(field), reason));
            }
        }
    }

    #[test]
    fn without_a_mask_what_is_set_changes() {
        let refused = update(pb::RunMeta::default(), None).expect_err("nothing");
        assert_eq!(refused.field(), Some("update_mask"));
        let flags = out::Flags { abandoned: true, ..out::Flags::default() };
        let setup = out::Setup { exit_code: 3, output_ok: Some(false), ..out::Setup::default() };
        let of = |setup| {
            let (flags, setup) = (Some(flags.clone()), Some(setup));
            update(pb::RunMeta { flags, setup, ..pb::RunMeta::default() }, None)
        };
        let changed = of(setup);
        let flags_only = of(out::Setup::default()).expect("a change");
        assert_eq!(flags_only.setup, RunSetupChange::Keep);
        let flags = RunFlagsChange { abandoned: Some(true), ..RunFlagsChange::default() };
        let setup = RunSetupChange::Change(RunSetupFields {
            exit_code: Some(3),
            output_ok: Some(Some(false)),
            ..RunSetupFields::default()
        });
        let only = RunMetaChange { flags, setup, ..RunMetaChange::default() };
        assert_eq!(changed.expect("a change"), only);
    }

    #[test]
    fn a_mask_names_fields_of_groups_or_whole_groups() {
        let setup = out::Setup { exit_code: 3, command: "make".into(), ..out::Setup::default() };
        let meta = pb::RunMeta { setup: Some(setup), ..pb::RunMeta::default() };
        let of = |meta: &pb::RunMeta, paths: &[&str]| {
            update(meta.clone(), Some(paths)).expect("a change")
        };
        let code = RunSetupFields { exit_code: Some(3), ..RunSetupFields::default() };
        assert_eq!(of(&meta, &["setup.exit_code"]).setup, RunSetupChange::Change(code));
        let ok = RunSetupFields { output_ok: Some(None), ..RunSetupFields::default() };
        assert_eq!(of(&meta, &["setup.output_ok"]).setup, RunSetupChange::Change(ok));
        let whole = RunSetup { exit_code: 3, command: "make".into(), ..RunSetup::default() };
        assert_eq!(of(&meta, &["setup"]).setup, RunSetupChange::Replace(whole));
        assert_eq!(of(&a_meta(), &["setup"]).setup, RunSetupChange::Remove);
        assert_eq!(of(&meta, &["branch"]).setup, RunSetupChange::Keep);
        let lowered = of(&meta, &["flags.needs_attention"]).flags;
        let only = RunFlagsChange { needs_attention: Some(false), ..RunFlagsChange::default() };
        assert_eq!(lowered, only);
        assert_eq!(of(&meta, &["flags"]).flags.abandoned, Some(false));
        let archive = of(&meta, &["archive.merged_at"]).archive;
        assert_eq!((archive.archived_at, archive.merged_at), (None, Some(None)));
        assert_eq!(of(&meta, &["archive"]).archive.archived_at, Some(None));
    }

    #[test]
    fn what_every_run_has_cannot_be_removed() {
        for path in ["worktree_path", "created_at", "repo_id", "title", "runner", "runner_cmd"] {
            let refused = update(pb::RunMeta::default(), Some(&[path])).expect_err(path);
            assert_eq!(refused.field(), Some(format!("meta.{path}").as_str()));
        }
    }

    #[test]
    fn a_worktree_is_an_absolute_path() {
        let relative = pb::RunMeta { worktree_path: "src/demo".into(), ..a_meta() };
        for refused in [
            new(relative.clone()).expect_err("new"),
            update(relative, None).expect_err("an update"),
        ] {
            let expected = (Some("meta.worktree_path"), Reason::InvalidField);
            assert_eq!((refused.field(), refused.reason()), expected);
        }
    }

    #[test]
    fn what_is_given_out_is_taken_again() {
        let time = jiff::Timestamp::new(1_767_225_600, 5).ok();
        let kept = RunMeta {
            repo_id: "demo".into(),
            title: "a title".into(),
            worktree_path: "/src/demo".into(),
            created_at: time,
            flags: RunFlags { needs_attention: true, ..RunFlags::default() },
            setup: Some(RunSetup { output_ok: Some(false), ..RunSetup::default() }),
            pr_number: 7,
            archive: RunArchive { archived_at: None, merged_at: time },
            ..RunMeta::default()
        };
        let given = meta(kept.clone());
        assert_eq!(new(given).expect("a meta"), kept);
        let plain = meta(RunMeta::default());
        assert_eq!((plain.flags, plain.setup, plain.archive), (None, None, None));
    }
}
