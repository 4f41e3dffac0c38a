//! The Storage traits over the tree: each call takes its turn where it changes
//! something, and runs where blocking is no harm.

use std::sync::Arc;

use crate::domain::{
    Artifact, ArtifactId, Etag, Fact, FactId, FactScope, JsonObject, Project, ProjectId, Reach,
    RequestId, Run, RunFile, RunKey, RunMeta, Task, TaskKey, TaskState, TreePath,
};
use crate::error::Result;
use crate::layout::paths;
use crate::store::{
    ArtifactContent, ArtifactQuery, ArtifactRange, Artifacts, ChangeStream, Checkpoint,
    ChunkStream, CleanUp, CleanedUp, ContentStream, Created, FactQuery, Facts, LinesAppended,
    LogQuery, LogStream, NewArtifact, NewFact, NewProject, NewRun, NewRunEvent, NewStatus, NewTask,
    OutputAppended, Page, Part, ProjectChange, Projects, Reconciled, RunChange, RunEnd,
    RunFileQuery, RunFileSummary, RunFiles, RunMetaChange, RunMetas, RunPage, RunQuery, Runs,
    SavedArtifact, TaskChange, TaskLogs, TaskQuery, Tasks, TreeNode, TreeRoot, Upkeep, Watch,
    Watching,
};

use super::Files;
use super::blocking::blocking;
use super::tree::{RunPlace, Tree, Turn};

impl Files {
    /// Runs a call that changes nothing.
    async fn look<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Tree) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let tree = Arc::clone(&self.tree);
        blocking(move || call(&tree)).await
    }

    /// Runs a call that changes what is at a path, when it is its turn there.
    async fn change<T: Send + 'static>(
        &self,
        path: &TreePath,
        call: impl FnOnce(&Tree, &Turn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = self.tree.turn(path).await?;
        self.look(move |tree| call(tree, &turn)).await
    }

    /// Finds a run, and runs a call that changes a file of it.
    async fn change_run<T: Send + 'static>(
        &self,
        key: RunKey,
        path: impl FnOnce(&RunPlace) -> TreePath,
        call: impl FnOnce(&Tree, &RunPlace, &Turn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = self.look(move |tree| tree.find_run(&key)).await?;
        self.change(&path(&place), move |tree, turn| call(tree, &place, turn)).await
    }

    /// Runs a call that creates something: repetitions wait for each other.
    async fn create<T: Send + 'static>(
        &self,
        request_id: Option<RequestId>,
        call: impl FnOnce(&Tree, Option<&RequestId>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = match &request_id {
            Some(request_id) => Some(self.tree.turn_of_request(request_id).await?),
            None => None,
        };
        self.look(move |tree| {
            let _turn = turn;
            call(tree, request_id.as_ref())
        })
        .await
    }

    /// Takes something out of the tree, and removes it when nobody waits for it any
    /// more.
    async fn discard(
        &self,
        path: &TreePath,
        call: impl FnOnce(&Tree) -> Result<TreePath> + Send + 'static,
    ) -> Result<()> {
        let discarded = self.change(path, move |tree, _| call(tree)).await?;
        let tree = Arc::clone(&self.tree);
        // Not waited for: it is out of the tree, and a restart removes what is left.
        drop(tokio::task::spawn_blocking(move || tree.empty_trash(&[discarded])));
        Ok(())
    }
}

impl Projects for Files {
    async fn create_project(
        &self,
        new: NewProject,
        request_id: Option<RequestId>,
    ) -> Result<Created<Project>> {
        self.create(request_id, move |tree, request_id| tree.create_project(&new, request_id)).await
    }

    async fn project(&self, id: ProjectId) -> Result<Project> {
        self.look(move |tree| tree.project(&id)).await
    }

    async fn list_projects(
        &self,
        reach: Reach,
        after: Option<ProjectId>,
        limit: usize,
    ) -> Result<Page<Project>> {
        self.look(move |tree| tree.list_projects(&reach, after.as_ref(), limit)).await
    }

    async fn update_project(
        &self,
        id: ProjectId,
        change: ProjectChange,
        etag: Option<Etag>,
    ) -> Result<Project> {
        let path = paths::project_folder(&id);
        self.change(&path, move |tree, turn| {
            tree.update_project(&id, &change, etag.as_ref(), turn.deadline)
        })
        .await
    }

    async fn delete_project(&self, id: ProjectId, force: bool) -> Result<()> {
        let path = paths::project_folder(&id);
        self.discard(&path, move |tree| tree.delete_project(&id, force)).await
    }
}

impl Tasks for Files {
    async fn create_task(
        &self,
        new: NewTask,
        request_id: Option<RequestId>,
    ) -> Result<Created<Task>> {
        // Two that take over one folder must not mix their files.
        let turn = match &new.task {
            Some(task) => {
                let key = TaskKey { project: new.project.clone(), task: task.clone() };
                Some(self.tree.turn(&paths::task_record_file(&paths::task_folder(&key))).await?)
            }
            None => None,
        };
        self.create(request_id, move |tree, request_id| {
            let _turn = turn;
            tree.create_task(&new, request_id)
        })
        .await
    }

    async fn task(&self, key: TaskKey) -> Result<Task> {
        self.look(move |tree| tree.task(&key)).await
    }

    async fn list_tasks(&self, query: TaskQuery) -> Result<Page<Task>> {
        self.look(move |tree| tree.list_tasks(&query)).await
    }

    async fn update_task(
        &self,
        key: TaskKey,
        change: TaskChange,
        etag: Option<Etag>,
    ) -> Result<Task> {
        let path = paths::task_record_file(&paths::task_folder(&key));
        self.change(&path, move |tree, turn| {
            tree.update_task(&key, &change, etag.as_ref(), turn.deadline)
        })
        .await
    }

    async fn transition_task(
        &self,
        key: TaskKey,
        to: NewStatus,
        etag: Option<Etag>,
    ) -> Result<Task> {
        let path = paths::task_record_file(&paths::task_folder(&key));
        self.change(&path, move |tree, turn| {
            tree.transition_task(&key, &to, etag.as_ref(), turn.deadline)
        })
        .await
    }

    async fn save_step_result(
        &self,
        key: TaskKey,
        checkpoint: Checkpoint,
        etag: Option<Etag>,
    ) -> Result<Task> {
        let path = paths::task_record_file(&paths::task_folder(&key));
        self.change(&path, move |tree, turn| {
            tree.save_step_result(&key, &checkpoint, etag.as_ref(), turn.deadline)
        })
        .await
    }

    async fn delete_task(&self, key: TaskKey, force: bool) -> Result<()> {
        let path = paths::task_folder(&key);
        self.discard(&path, move |tree| tree.delete_task(&key, force)).await
    }

    async fn task_state(&self, key: TaskKey) -> Result<Option<(TaskState, Etag)>> {
        self.look(move |tree| tree.task_state(&key)).await
    }

    async fn set_task_state(
        &self,
        key: TaskKey,
        state: TaskState,
        etag: Option<Etag>,
    ) -> Result<Etag> {
        let path = paths::task_state_file(&paths::task_folder(&key));
        self.change(&path, move |tree, turn| {
            tree.set_task_state(&key, &state, etag.as_ref(), turn.deadline)
        })
        .await
    }

    async fn set_task_done(&self, key: TaskKey, done: bool) -> Result<bool> {
        let path = paths::task_done_file(&paths::task_folder(&key));
        self.change(&path, move |tree, _| tree.set_task_done(&key, done)).await
    }
}

impl TaskLogs for Files {
    async fn append_task_log(
        &self,
        key: TaskKey,
        entries: Vec<JsonObject>,
        request_id: Option<RequestId>,
    ) -> Result<LinesAppended> {
        let path = paths::task_log_file(&paths::task_folder(&key));
        let turn = self.tree.turn(&path).await?;
        self.create(request_id, move |tree, request_id| {
            tree.append_task_log(&key, &entries, request_id, turn.deadline)
        })
        .await
    }

    async fn read_task_log(&self, query: LogQuery) -> Result<LogStream> {
        self.tree.read_task_log(query).await
    }
}

impl Artifacts for Files {
    async fn save_artifact(
        &self,
        new: NewArtifact,
        content: ContentStream,
        request_id: Option<RequestId>,
    ) -> Result<SavedArtifact> {
        self.tree.save_artifact(new, content, request_id).await
    }

    async fn artifact(
        &self,
        task: TaskKey,
        id: ArtifactId,
        range: ArtifactRange,
    ) -> Result<ArtifactContent> {
        self.look(move |tree| tree.read_artifact(&task, &id, range)).await
    }

    async fn list_artifacts(&self, query: ArtifactQuery) -> Result<Page<Artifact>> {
        self.look(move |tree| tree.list_artifacts(&query)).await
    }

    async fn delete_artifact(&self, task: TaskKey, id: ArtifactId) -> Result<()> {
        let path = paths::artifact_file(&paths::task_folder(&task), &id);
        self.change(&path, move |tree, _| tree.delete_artifact(&task, &id)).await
    }
}

impl Facts for Files {
    async fn append_fact(
        &self,
        new: NewFact,
        request_id: Option<RequestId>,
    ) -> Result<Created<Fact>> {
        self.create(request_id, move |tree, request_id| tree.append_fact(&new, request_id)).await
    }

    async fn fact(&self, scope: FactScope, id: FactId) -> Result<Fact> {
        self.look(move |tree| tree.fact(&scope, &id)).await
    }

    async fn list_facts(&self, query: FactQuery) -> Result<Page<Fact>> {
        self.look(move |tree| tree.list_facts(&query)).await
    }
}

impl RunMetas for Files {
    async fn run_meta(&self, key: RunKey) -> Result<RunMeta> {
        self.look(move |tree| tree.run_meta(&tree.find_run(&key)?)).await
    }

    async fn update_run_meta(
        &self,
        key: RunKey,
        change: RunMetaChange,
        etag: Option<Etag>,
    ) -> Result<RunMeta> {
        self.change_run(key, RunPlace::meta, move |tree, place, turn| {
            tree.update_run_meta(place, &change, etag.as_ref(), turn.deadline)
        })
        .await
    }

    async fn append_run_event(
        &self,
        key: RunKey,
        event: NewRunEvent,
        request_id: Option<RequestId>,
    ) -> Result<LinesAppended> {
        let place = self.look(move |tree| tree.find_run(&key)).await?;
        let turn = self.tree.turn(&place.events()).await?;
        self.create(request_id, move |tree, request_id| {
            tree.append_run_event(&place, &event, request_id, turn.deadline)
        })
        .await
    }
}

impl Runs for Files {
    async fn create_run(&self, new: NewRun, request_id: Option<RequestId>) -> Result<Created<Run>> {
        self.create(request_id, move |tree, request_id| tree.create_run(&new, request_id)).await
    }

    async fn run(&self, key: RunKey) -> Result<Run> {
        // Almost always all of it is in memory, and the way to another thread and back takes
        // many times as long as reading it.
        if let Some(run) = self.tree.run_at_once(&key) {
            return Ok(run);
        }
        self.look(move |tree| tree.run(&key)).await
    }

    async fn list_runs(&self, query: RunQuery) -> Result<RunPage> {
        self.look(move |tree| tree.list_runs(&query)).await
    }

    async fn end_run(&self, key: RunKey, end: RunEnd, etag: Option<Etag>) -> Result<Run> {
        self.change_run(key, RunPlace::record, move |tree, place, turn| {
            tree.end_run(place, &end, etag.as_ref(), turn.deadline)
        })
        .await
    }

    async fn update_run(&self, key: RunKey, change: RunChange, etag: Option<Etag>) -> Result<Run> {
        self.change_run(key, RunPlace::record, move |tree, place, turn| {
            tree.update_run(place, &change, etag.as_ref(), turn.deadline)
        })
        .await
    }

    async fn delete_run(&self, key: RunKey, force: bool) -> Result<()> {
        let place = self.look(move |tree| tree.find_run(&key)).await?;
        self.discard(&place.record(), move |tree| tree.delete_run(&place, force)).await
    }

    async fn run_tree(&self, root: TreeRoot, reach: Reach) -> Result<Vec<TreeNode>> {
        self.look(move |tree| tree.run_tree(&root, &reach)).await
    }
}

impl RunFiles for Files {
    async fn write_run_file(&self, key: RunKey, file: RunFile, data: Vec<u8>) -> Result<u64> {
        let wanted = file.clone();
        self.change_run(
            key,
            |place| place.file(&wanted),
            move |tree, place, _| tree.write_run_file(place, &file, &data),
        )
        .await
    }

    async fn append_run_output(
        &self,
        key: RunKey,
        file: RunFile,
        offset: Option<u64>,
        chunk: Vec<u8>,
    ) -> Result<OutputAppended> {
        let wanted = file.clone();
        self.change_run(
            key,
            |place| place.file(&wanted),
            move |tree, place, _| tree.append_run_output(place, &file, offset, &chunk),
        )
        .await
    }

    async fn read_run_file(&self, query: RunFileQuery) -> Result<ChunkStream> {
        self.tree.read_run_file(query).await
    }

    async fn list_run_files(
        &self,
        key: RunKey,
        after: Option<RunFile>,
        limit: usize,
    ) -> Result<Page<RunFileSummary>> {
        self.look(move |tree| tree.list_run_files(&tree.find_run(&key)?, after.as_ref(), limit))
            .await
    }
}

impl Upkeep for Files {
    async fn reconcile_runs(&self, part: Part, dry_run: bool) -> Result<Reconciled> {
        self.look(move |tree| tree.reconcile_runs(&part, dry_run)).await
    }

    async fn clean_up_runs(&self, wanted: CleanUp) -> Result<CleanedUp> {
        self.look(move |tree| tree.clean_up_runs(&wanted)).await
    }

    async fn free_bytes(&self) -> Result<u64> {
        self.look(Tree::free_bytes).await
    }
}

impl Watching for Files {
    async fn watch(&self, watch: Watch) -> Result<ChangeStream> {
        self.tree.watch(watch)
    }
}
