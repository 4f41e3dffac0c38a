//! The calls that are played: made up from few ids, so that they meet each other.

use std::time::Duration;

use callboard::domain::{
    HomeFolders, ProjectId, Reach, RunFile, RunId, RunKey, TaskId, TaskKey, TaskState,
};
use callboard::store::{
    EndStatus, FileStart, NewProject, NewRun, NewTask, Part, ProjectChange, RunChange, RunEnd,
    TaskChange, TreeRoot,
};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;

use super::kept::{self, Kept};

/// Which etag goes with a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EtagUse {
    /// None.
    Without,
    /// That of the document as it is.
    Current,
    /// That of a document as it was, or never was.
    Stale,
}

/// A call, or what happens in between.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there are few of them at a time")]
pub(crate) enum Operation {
    CreateProject(NewProject, Option<&'static str>),
    Project(ProjectId),
    ListProjects(usize),
    UpdateProject(ProjectId, ProjectChange, EtagUse),
    DeleteProject(ProjectId, bool),
    CreateTask(NewTask, Option<&'static str>),
    Task(TaskKey),
    ListTasks(ProjectId, Vec<String>, usize),
    UpdateTask(TaskKey, TaskChange, EtagUse),
    DeleteTask(TaskKey, bool),
    TaskState(TaskKey),
    SetTaskState(TaskKey, TaskState, EtagUse),
    SetTaskDone(TaskKey, bool),
    CreateRun(NewRun, Option<&'static str>),
    Run(RunKey),
    /// With what is kept of them, when it is true.
    ListRuns(Part, Vec<String>, usize, bool),
    EndRun(RunKey, RunEnd, EtagUse),
    UpdateRun(RunKey, RunChange, EtagUse),
    DeleteRun(RunKey, bool),
    RunTree(TreeRoot),
    WriteRunFile(RunKey, RunFile, Vec<u8>),
    /// The offset counts from the end of the file as it is.
    AppendRunOutput(RunKey, RunFile, Option<i64>, Vec<u8>),
    /// As the call before it that appended, word for word.
    AppendAgain,
    ReadRunFile(RunKey, RunFile, FileStart),
    ListRunFiles(RunKey, usize),
    ReconcileRuns(Part, bool),
    CleanUpRuns(Part, Duration, Option<u64>, bool),
    Kept(Kept),
    /// A creation with a request id once more; with other content when it is true.
    Again(usize, bool),
    /// The clock is set, by so many seconds.
    Step(i64),
    /// The backend is closed and opened.
    Reopen,
}

/// A jump of the clock after which no request id is remembered. All steps of a case
/// together are far below the 24 hours for which one is.
pub(crate) const JUMP_SECONDS: i64 = 72 * 3600;

const REQUEST_IDS: [&str; 3] = ["q1", "q2", "q3"];

/// Makes up a sequence of calls.
pub(crate) fn operations(count: usize) -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), count / 2..=count * 3 / 2)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        2 => of_projects(),
        4 => of_tasks(),
        6 => of_runs(),
        3 => of_files(),
        9 => kept::kept().prop_map(Operation::Kept),
        2 => others(),
    ]
}

fn of_projects() -> BoxedStrategy<Operation> {
    prop_oneof![
        3 => (new_project(), request_id()).prop_map(|(new, id)| Operation::CreateProject(new, id)),
        1 => project().prop_map(Operation::Project),
        1 => page().prop_map(Operation::ListProjects),
        2 => (project(), project_change(), etag())
            .prop_map(|(id, change, etag)| Operation::UpdateProject(id, change, etag)),
        1 => (project(), weighted_force()).prop_map(|(id, force)| Operation::DeleteProject(id, force)),
    ]
    .boxed()
}

fn of_tasks() -> BoxedStrategy<Operation> {
    prop_oneof![
        5 => (new_task(), request_id()).prop_map(|(new, id)| Operation::CreateTask(new, id)),
        1 => task().prop_map(Operation::Task),
        2 => (project(), statuses(&["pending", "running", "", "other"]), page())
            .prop_map(|(id, statuses, page)| Operation::ListTasks(id, statuses, page)),
        3 => (task(), task_change(), etag())
            .prop_map(|(key, change, etag)| Operation::UpdateTask(key, change, etag)),
        1 => (task(), any::<bool>()).prop_map(|(key, force)| Operation::DeleteTask(key, force)),
        1 => task().prop_map(Operation::TaskState),
        2 => (task(), state(), etag())
            .prop_map(|(key, state, etag)| Operation::SetTaskState(key, state, etag)),
        2 => (task(), any::<bool>()).prop_map(|(key, done)| Operation::SetTaskDone(key, done)),
    ]
    .boxed()
}

fn of_runs() -> BoxedStrategy<Operation> {
    prop_oneof![
        6 => (new_run(), request_id()).prop_map(|(new, id)| Operation::CreateRun(new, id)),
        2 => run().prop_map(Operation::Run),
        2 => (part(), statuses(&["running", "completed", "failed"]), page(), any::<bool>())
            .prop_map(|(part, statuses, page, with_meta)| {
                Operation::ListRuns(part, statuses, page, with_meta)
            }),
        4 => (run(), end(), etag()).prop_map(|(key, end, etag)| Operation::EndRun(key, end, etag)),
        3 => (run(), run_change(), etag())
            .prop_map(|(key, change, etag)| Operation::UpdateRun(key, change, etag)),
        1 => (run(), any::<bool>()).prop_map(|(key, force)| Operation::DeleteRun(key, force)),
        2 => prop_oneof![task().prop_map(TreeRoot::Task), run().prop_map(TreeRoot::Run)]
            .prop_map(Operation::RunTree),
    ]
    .boxed()
}

fn of_files() -> BoxedStrategy<Operation> {
    let start = prop_oneof![
        3 => (0..12_u64).prop_map(FileStart::Offset),
        1 => (1..4_u64).prop_map(FileStart::TailLines),
    ];
    prop_oneof![
        1 => (run(), file(), bytes())
            .prop_map(|(key, file, data)| Operation::WriteRunFile(key, file, data)),
        4 => (run(), file(), of(prop_oneof![3 => Just(0), 1 => -6..6_i64]), bytes())
            .prop_map(|(key, file, offset, data)| Operation::AppendRunOutput(key, file, offset, data)),
        2 => Just(Operation::AppendAgain),
        3 => (run(), read_file(), start)
            .prop_map(|(key, file, start)| Operation::ReadRunFile(key, file, start)),
        1 => (run(), page()).prop_map(|(key, page)| Operation::ListRunFiles(key, page)),
    ]
    .boxed()
}

fn others() -> BoxedStrategy<Operation> {
    let age = select(&[0, 60, 1800, 100_000_u64][..]).prop_map(Duration::from_secs);
    let free = select(&[None, None, Some(0), Some(u64::MAX)][..]);
    prop_oneof![
        3 => (0..3_usize, prop_oneof![3 => Just(false), 1 => Just(true)])
            .prop_map(|(which, other)| Operation::Again(which, other)),
        2 => (-1200..1200_i64).prop_map(Operation::Step),
        1 => Just(Operation::Step(JUMP_SECONDS)),
        3 => Just(Operation::Reopen),
        1 => (part(), any::<bool>()).prop_map(|(part, dry)| Operation::ReconcileRuns(part, dry)),
        2 => (part(), age, free, any::<bool>())
            .prop_map(|(part, age, free, dry)| Operation::CleanUpRuns(part, age, free, dry)),
    ]
    .boxed()
}

pub(super) fn project() -> impl Strategy<Value = ProjectId> {
    prop_oneof![6 => Just("alpha"), 3 => Just("beta-2"), 1 => Just("Not_New")]
        .prop_map(|name| ProjectId::parse(name).expect("a name"))
}

pub(super) fn task() -> impl Strategy<Value = TaskKey> {
    (project(), task_id()).prop_map(|(project, task)| TaskKey { project, task })
}

fn task_id() -> impl Strategy<Value = TaskId> {
    prop_oneof![6 => Just("one"), 3 => Just("task-20260102-030405-x"), 1 => Just("_no")]
        .prop_map(|name| TaskId::parse(name).expect("a name"))
}

fn run_id() -> impl Strategy<Value = RunId> {
    prop_oneof![8 => select(&["r1", "r2", "r3"][..]), 1 => Just("r.lock")]
        .prop_map(|name| RunId::parse(name).expect("a name"))
}

pub(super) fn run() -> impl Strategy<Value = RunKey> {
    (of(task()), run_id()).prop_map(|(task, run)| RunKey { task, run })
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        Just(Part::All(Reach::All)),
        project().prop_map(Part::Project),
        task().prop_map(Part::Task)
    ]
}

fn file() -> impl Strategy<Value = RunFile> {
    select(&["stdout", "stdout", "output", "prompt", "stderr", "logs/a.log", "logs/b"][..])
        .prop_map(|name| RunFile::parse(name).expect("a file"))
}

/// A file to read: one that only calls of its own write, too.
fn read_file() -> impl Strategy<Value = RunFile> {
    prop_oneof![6 => file(), 1 => Just(RunFile::Events)]
}

pub(super) fn request_id() -> impl Strategy<Value = Option<&'static str>> {
    weighted(0.4, select(&REQUEST_IDS[..]))
}

pub(super) fn etag() -> impl Strategy<Value = EtagUse> {
    select(&[EtagUse::Without, EtagUse::Without, EtagUse::Current, EtagUse::Stale][..])
}

pub(super) fn page() -> impl Strategy<Value = usize> {
    prop_oneof![1..4_usize, Just(1000)]
}

fn weighted_force() -> impl Strategy<Value = bool> {
    prop_oneof![3 => Just(false), 1 => Just(true)]
}

fn statuses(among: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    vec(select(among).prop_map(str::to_owned), 0..3)
}

pub(super) fn text() -> impl Strategy<Value = String> {
    select(&["", "plain", "007", "a: b # c", "é \"'", " - x\n\ny\n", "~", "true"][..])
        .prop_map(str::to_owned)
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text().prop_filter("not blank", |text| !text.is_empty()), 0..3)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    select(vec![&b""[..], b"a\n", b"line\nline\n", b"no end", b"\xff\0", "é\n".as_bytes()])
        .prop_map(<[u8]>::to_vec)
}

fn above() -> impl Strategy<Value = String> {
    select(&["", "", "r1", "r2", "r3", "gone"][..]).prop_map(str::to_owned)
}

pub(super) fn host() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(""), 1 => Just("elsewhere.example")].prop_map(str::to_owned)
}

/// None; one that is there; one that never is.
fn pid() -> impl Strategy<Value = i64> {
    select(vec![0, i64::from(std::process::id()), i64::from(i32::MAX)])
}

fn new_project() -> impl Strategy<Value = NewProject> {
    (project(), text(), texts(), texts()).prop_map(
        |(id, project_root, source_folders, additional_folders)| NewProject {
            id,
            home_folders: HomeFolders { project_root, source_folders, additional_folders },
        },
    )
}

fn project_change() -> impl Strategy<Value = ProjectChange> {
    (of(text()), of(texts()), of(texts())).prop_map(
        |(project_root, source_folders, additional_folders)| ProjectChange {
            project_root,
            source_folders,
            additional_folders,
        },
    )
}

fn new_task() -> impl Strategy<Value = NewTask> {
    let id = weighted(0.85, task_id());
    let progress = (kept::steps(), weighted(0.3, kept::object()));
    (project(), id, [text(), text(), text(), text()], texts(), progress).prop_map(
        |(project, task, texts, depends_on, (steps, metadata))| {
            let [description, prompt, template, model] = texts;
            NewTask {
                project,
                task,
                description,
                prompt,
                template,
                model,
                depends_on,
                steps,
                metadata,
            }
        },
    )
}

fn task_change() -> impl Strategy<Value = TaskChange> {
    let progress = (
        weighted(0.3, kept::status()),
        weighted(0.3, -1..4_i64),
        weighted(0.3, kept::steps()),
        weighted(0.4, kept::metadata_change()),
    );
    ([of(text()), of(text()), of(text()), of(text())], of(texts()), progress).prop_map(
        |(texts, depends_on, (status, current_step, steps, metadata))| {
            let [description, prompt, template, model] = texts;
            TaskChange {
                description,
                prompt,
                template,
                model,
                depends_on,
                status,
                current_step,
                steps,
                metadata,
            }
        },
    )
}

fn state() -> impl Strategy<Value = TaskState> {
    (select(&["wip", "done", "in-progress"][..]), text())
        .prop_map(|(status, markdown)| TaskState { status: status.to_owned(), markdown })
}

fn new_run() -> impl Strategy<Value = NewRun> {
    let id = weighted(0.85, run_id());
    let place = (task(), id);
    let texts = [text(), text(), text(), text()];
    (place, host(), pid(), [above(), above()], texts, weighted(0.4, kept::meta())).prop_map(
        |((task, run), host, pid, above, texts, meta)| {
            let [parent_run_id, previous_run_id] = above;
            let [cwd, commandline, agent_version, prompt] = texts;
            NewRun {
                task,
                run,
                agent_type: "claude".to_owned(),
                parent_run_id,
                previous_run_id,
                host,
                pid,
                pgid: 0,
                process_ownership: "managed".to_owned(),
                cwd,
                commandline,
                agent_version,
                prompt,
                meta,
            }
        },
    )
}

fn run_change() -> impl Strategy<Value = RunChange> {
    (host(), of(pid()), [of(text()), of(text()), of(text())], [of(above()), of(above())]).prop_map(
        |(host, pid, texts, above)| {
            let [commandline, agent_version, error_summary] = texts;
            let [parent_run_id, previous_run_id] = above;
            RunChange {
                host,
                pid,
                commandline,
                agent_version,
                error_summary,
                parent_run_id,
                previous_run_id,
                ..RunChange::default()
            }
        },
    )
}

fn end() -> impl Strategy<Value = RunEnd> {
    let status = select(&[EndStatus::Running, EndStatus::Completed, EndStatus::Failed][..]);
    let code = select(&[None, Some(0), Some(-1), Some(3)][..]);
    (status, code, text()).prop_map(|(status, exit_code, error_summary)| RunEnd {
        status,
        exit_code,
        error_summary,
    })
}
