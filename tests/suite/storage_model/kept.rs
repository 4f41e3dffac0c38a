//! The calls about checkpoints, logs, artifacts, facts, and what is kept of runs.

use callboard::domain::{
    ArtifactName, FactScope, JsonObject, RunArchive, RunFlags, RunKey, RunMeta, RunSetup, Step,
    StepResult, TaskKey,
};
use callboard::store::{
    Checkpoint, NewArtifact, NewFact, NewRunEvent, NewStatus, RunArchiveChange, RunFlagsChange,
    RunMetaChange, RunSetupChange, RunSetupFields, Storing,
};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;

use super::operation::{EtagUse, etag, host, page, project, request_id, run, task, text};

/// Such a call. Numbers choose among what is there; one behind it names what is not.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    Transition(TaskKey, NewStatus, EtagUse),
    SaveStep(TaskKey, Box<Checkpoint>, EtagUse),
    AppendLog(TaskKey, Vec<JsonObject>, Option<&'static str>),
    /// From the line of this number on, or so many lines before the end.
    ReadLog(TaskKey, usize, bool),
    SaveArtifact(NewArtifact, Sending, Option<&'static str>),
    Artifact(TaskKey, usize, u64, Option<u64>),
    ListArtifacts(TaskKey, bool, usize),
    DeleteArtifact(TaskKey, usize),
    AppendFact(NewFact, Option<&'static str>),
    Fact(FactScope, usize),
    ListFacts(FactScope, FactFilter, usize),
    Meta(RunKey),
    UpdateMeta(RunKey, Box<RunMetaChange>, EtagUse),
    AppendEvent(RunKey, NewRunEvent, Option<&'static str>),
}

/// What comes of an artifact.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sending {
    pub(crate) chunks: Vec<Vec<u8>>,
    /// Whether it is broken off after these.
    pub(crate) is_broken_off: bool,
    /// Whether its hash is given, and right.
    pub(crate) hash: Option<bool>,
    /// The same of its size.
    pub(crate) size: Option<bool>,
}

/// Which facts are listed.
#[derive(Debug, Clone)]
pub(crate) struct FactFilter {
    pub(crate) run_id: String,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) with_bodies: bool,
}

/// A folder that is always there.
pub(super) const WORKTREE: &str = "/usr";

pub(super) fn kept() -> BoxedStrategy<Kept> {
    prop_oneof![5 => of_tasks(), 4 => of_artifacts(), 3 => of_facts(), 3 => of_runs()].boxed()
}

fn of_tasks() -> BoxedStrategy<Kept> {
    prop_oneof![
        4 => (task(), new_status(), etag()).prop_map(|(key, to, etag)| Kept::Transition(key, to, etag)),
        5 => (task(), checkpoint(), etag())
            .prop_map(|(key, checkpoint, etag)| Kept::SaveStep(key, Box::new(checkpoint), etag)),
        4 => (task(), vec(object(), 1..4), request_id())
            .prop_map(|(key, entries, id)| Kept::AppendLog(key, entries, id)),
        2 => (task(), 0..8_usize, any::<bool>())
            .prop_map(|(key, line, tail)| Kept::ReadLog(key, line.max(usize::from(tail)), tail)),
    ]
    .boxed()
}

fn of_artifacts() -> BoxedStrategy<Kept> {
    let range = (0..12_u64, of(0..12_u64));
    prop_oneof![
        6 => (new_artifact(), sending(), request_id())
            .prop_map(|(new, sending, id)| Kept::SaveArtifact(new, sending, id)),
        2 => (task(), 0..6_usize, range)
            .prop_map(|(key, which, (offset, length))| Kept::Artifact(key, which, offset, length)),
        2 => (task(), any::<bool>(), page())
            .prop_map(|(key, hashes, page)| Kept::ListArtifacts(key, hashes, page)),
        1 => (task(), 0..6_usize).prop_map(|(key, which)| Kept::DeleteArtifact(key, which)),
    ]
    .boxed()
}

fn of_facts() -> BoxedStrategy<Kept> {
    prop_oneof![
        4 => (new_fact(), request_id()).prop_map(|(new, id)| Kept::AppendFact(new, id)),
        1 => (scope(), 0..6_usize).prop_map(|(scope, which)| Kept::Fact(scope, which)),
        2 => (scope(), fact_filter(), page())
            .prop_map(|(scope, filter, page)| Kept::ListFacts(scope, filter, page)),
    ]
    .boxed()
}

fn of_runs() -> BoxedStrategy<Kept> {
    prop_oneof![
        1 => run().prop_map(Kept::Meta),
        4 => (run(), meta_change(), etag())
            .prop_map(|(key, change, etag)| Kept::UpdateMeta(key, Box::new(change), etag)),
        3 => (run(), new_event(), request_id())
            .prop_map(|(key, event, id)| Kept::AppendEvent(key, event, id)),
    ]
    .boxed()
}

pub(super) fn object() -> impl Strategy<Value = JsonObject> {
    let objects =
        ["{}", "{\"a\":1}", "{\"n\":9007199254740993, \"é\": [1.10]}", "{\"b\":{\"c\":null}}"];
    select(objects.to_vec()).prop_map(|text| JsonObject::parse(text).expect("an object"))
}

/// Changes of further data: a null removes.
pub(super) fn metadata_change() -> impl Strategy<Value = JsonObject> {
    let removing =
        select(vec!["{\"a\":null}", "{\"a\":null,\"b\":\"x\"}", "{\"b\":null,\"n\":null}"])
            .prop_map(|text| JsonObject::parse(text).expect("an object"));
    prop_oneof![object(), removing]
}

pub(super) fn status() -> impl Strategy<Value = String> {
    let likely = ["running", "validating", "interrupted", "awaiting_approval", "completed"];
    let others = ["pending", "abandoned", "ci_failed", "rejected", "no-status", ""];
    prop_oneof![6 => select(likely.to_vec()), 1 => select(others.to_vec())].prop_map(str::to_owned)
}

fn new_status() -> impl Strategy<Value = NewStatus> {
    (status(), text()).prop_map(|(status, reason)| NewStatus { status, reason })
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = select(vec!["build", "test", "a: b"]).prop_map(str::to_owned);
    let step = (name, text(), vec(text(), 0..2), select(vec![0, 60_i64])).prop_map(
        |(name, prompt, commands, timeout_seconds)| Step {
            name,
            kind: "ai".to_owned(),
            prompt,
            commands,
            timeout_seconds,
            ..Step::default()
        },
    );
    vec(step, 0..4)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    select(vec!["2099-12-31T23:59:59.5Z", "2100-01-01T00:10:00Z", "2100-01-02T00:00:00Z"])
        .prop_map(|time| time.parse().expect("a time"))
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    let result = (
        0..4_i64,
        select(vec!["completed", "failed", "running"]),
        (weighted(0.2, moment()), weighted(0.2, moment()), select(vec![0, 1500_i64])),
        [text(), text(), text()],
        weighted(0.3, object()),
    );
    let result = result.prop_map(
        |(step_index, status, (started_at, completed_at, duration_ms), texts, metadata)| {
            let [output, error, session_id] = texts;
            StepResult {
                step_index,
                status: status.to_owned(),
                started_at,
                completed_at,
                duration_ms,
                files_changed: if output.is_empty() { Vec::new() } else { vec![output.clone()] },
                output,
                error,
                session_id,
                metadata,
                ..StepResult::default()
            }
        },
    );
    (result, weighted(0.4, 0..4_i64), weighted(0.3, new_status()))
        .prop_map(|(result, current_step, to)| Checkpoint { result, current_step, to })
}

fn new_artifact() -> impl Strategy<Value = NewArtifact> {
    let names = vec!["r.txt", "r.txt", "r.3.txt", "sub/s", "sub/deep/r.txt", ".env"];
    let storing = select(vec![Storing::Plain, Storing::Versioned, Storing::Attachment]);
    (task(), select(names), storing).prop_map(|(task, name, storing)| {
        // An attachment's name is single.
        let name = if storing == Storing::Attachment { "r.txt" } else { name };
        let name = ArtifactName::parse(name).expect("a name");
        NewArtifact { task, name, storing, sha256: None, size: None }
    })
}

fn sending() -> impl Strategy<Value = Sending> {
    let chunk = select(vec![&b""[..], b"one", b"two\n", b"\xff\0"]).prop_map(<[u8]>::to_vec);
    let right = || select(vec![None, None, None, Some(true), Some(true), Some(false)]);
    (vec(chunk, 0..3), prop::bool::weighted(0.1), right(), right()).prop_map(
        |(chunks, is_broken_off, hash, size)| Sending { chunks, is_broken_off, hash, size },
    )
}

fn scope() -> impl Strategy<Value = FactScope> {
    prop_oneof![project().prop_map(FactScope::Project), task().prop_map(FactScope::Task)]
}

fn new_fact() -> impl Strategy<Value = NewFact> {
    let name = select(vec!["", "", "named", "x.y"]).prop_map(str::to_owned);
    let title = select(vec!["The title", "007", "a: b # 'c'", "é", "~"]).prop_map(str::to_owned);
    let run_id = select(vec!["", "r1", "r2"]).prop_map(str::to_owned);
    (scope(), name, title, run_id, text()).prop_map(|(scope, name, title, run_id, body)| NewFact {
        scope,
        name,
        title,
        run_id,
        body,
    })
}

fn fact_filter() -> impl Strategy<Value = FactFilter> {
    let run_id = select(vec!["", "", "r1"]).prop_map(str::to_owned);
    let time = || weighted(0.3, moment());
    (run_id, time(), time(), any::<bool>()).prop_map(|(run_id, since, until, with_bodies)| {
        FactFilter { run_id, since, until, with_bodies }
    })
}

fn worktree() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(WORKTREE), 1 => Just("/no/such/folder/here")].prop_map(str::to_owned)
}

/// What is to be kept of a new run.
pub(super) fn meta() -> impl Strategy<Value = RunMeta> {
    let setup = of((text(), -1..3_i64)).prop_map(|setup| {
        setup.map(|(command, exit_code)| RunSetup { command, exit_code, ..RunSetup::default() })
    });
    (worktree(), [text(), text(), text(), text()], any::<bool>(), setup, of(moment())).prop_map(
        |(worktree_path, texts, abandoned, setup, merged_at)| {
            let [title, repo_id, runner_cmd, branch] = texts;
            RunMeta {
                worktree_path,
                title,
                repo_id,
                runner_cmd,
                branch,
                flags: RunFlags { abandoned, ..RunFlags::default() },
                setup,
                archive: RunArchive { merged_at, ..RunArchive::default() },
                ..RunMeta::default()
            }
        },
    )
}

fn meta_change() -> impl Strategy<Value = RunMetaChange> {
    let setup = prop_oneof![
        3 => Just(RunSetupChange::Keep),
        1 => Just(RunSetupChange::Remove),
        1 => text().prop_map(|command| {
            RunSetupChange::Replace(RunSetup { command, ..RunSetup::default() })
        }),
        1 => (of(-1..3_i64), of(of(any::<bool>()))).prop_map(|(exit_code, output_ok)| {
            RunSetupChange::Change(RunSetupFields {
                exit_code,
                output_ok,
                ..RunSetupFields::default()
            })
        }),
    ];
    let texts = [of(text()), of(text()), of(text())];
    let times = (weighted(0.3, of(moment())), weighted(0.2, moment()));
    let worktree = (host(), weighted(0.6, worktree()));
    (texts, worktree, of(any::<bool>()), setup, of(0..3_i64), times).prop_map(
        |(texts, (host, worktree_path), abandoned, setup, pr_number, times)| {
            let [title, repo_id, branch] = texts;
            let (last_push_at, created_at) = times;
            RunMetaChange {
                host,
                title,
                repo_id,
                branch,
                worktree_path,
                created_at,
                flags: RunFlagsChange { abandoned, ..RunFlagsChange::default() },
                setup,
                pr_number,
                last_push_at,
                archive: RunArchiveChange { archived_at: last_push_at, merged_at: None },
                ..RunMetaChange::default()
            }
        },
    )
}

fn new_event() -> impl Strategy<Value = NewRunEvent> {
    let repo_id = select(vec!["", "", "repo \"1\""]).prop_map(str::to_owned);
    (select(vec!["pushed", "é"]), of(object()), weighted(0.3, moment()), repo_id).prop_map(
        |(event, data, timestamp, repo_id)| NewRunEvent {
            event: event.to_owned(),
            data,
            timestamp,
            repo_id,
        },
    )
}
