//! All that the services say about a tree, in a form that can be compared: what was made up
//! from the time, the process and a counter is masked. Neighbours are told from others by
//! the bytes of their files.

mod buses;
mod masked;

use std::collections::BTreeMap;
use std::fmt::Debug;

use callboard::domain::{
    Artifact, Cursor, FactScope, JsonObject, Message, ProjectId, Reach, RunFile, RunKey, Task,
    TaskKey,
};
use callboard::error::Result;
use callboard::files::Files;
use callboard::store::{
    ArtifactQuery, ArtifactRange, Artifacts as _, FactQuery, Facts as _, FileStart, LogQuery, Part,
    Projects as _, RunFileQuery, RunFiles as _, RunMetas as _, RunQuery, Runs as _, TaskLogs as _,
    TaskQuery, Tasks as _, TreeNode, TreeRoot,
};
use tokio_stream::StreamExt as _;

pub(super) use self::masked::masked;
use super::super::Simulated;

/// More than any list here has.
const ALL: usize = 1000;
/// A project that no mutation is about.
const NEIGHBOUR: &str = "other";

/// What a mutation is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum About {
    /// Projects, tasks and runs.
    #[default]
    Tree,
    Buses,
}

/// What the services say, place by place.
#[derive(Debug, Clone, Default)]
pub(super) struct Dump {
    pub(super) said: BTreeMap<String, String>,
    about: About,
    /// The messages of each bus, as they were read.
    pub(super) messages: BTreeMap<String, Vec<Message>>,
    /// A cursor of each bus before its first message and after each of them.
    pub(super) cursors: BTreeMap<String, Vec<Cursor>>,
    /// Buses of which nobody knows what is durable, until they are opened anew.
    pub(super) closed: Vec<String>,
}

impl Dump {
    /// Asks a backend for everything of the one kind; the rest has the bytes it has.
    pub(super) async fn of(files: &Files, disk: &Simulated, about: About) -> Self {
        let mut dump = Self { about, ..Self::default() };
        dump.add_neighbours(disk);
        dump.add_projects(files).await;
        match about {
            About::Tree => dump.add_runs(files).await,
            About::Buses => dump.add_buses(files).await,
        }
        dump
    }

    /// Notes what is said of a place; of several whose names are masked, each by itself.
    fn say(&mut self, place: String, said: &str) {
        let mut place = place;
        while place.contains('#') && self.said.contains_key(&place) {
            place.push('#');
        }
        self.said.insert(place, masked(said));
    }

    fn say_answer<T: Debug>(&mut self, place: String, answer: &Result<T>) {
        self.say(place, &told(answer));
    }

    fn add_neighbours(&mut self, disk: &Simulated) {
        for path in disk.paths() {
            let is_of_bus = path.contains("-MESSAGE-BUS.md");
            let is_asked_for = is_of_bus == (self.about == About::Buses);
            let is_ours = path.starts_with('.') || path.contains("/.") || path.ends_with(".lock");
            if is_ours || is_asked_for && !path.starts_with(NEIGHBOUR) {
                continue;
            }
            let bytes = disk.read(&path).unwrap_or_default();
            self.say(masked(&format!("neighbour {path}")), &String::from_utf8_lossy(&bytes));
        }
    }

    async fn add_projects(&mut self, files: &Files) {
        let projects = match files.list_projects(Reach::All, None, ALL).await {
            Ok(page) => page.items,
            refused => return self.say_answer("projects".to_owned(), &refused),
        };
        for listed in projects {
            let place = format!("project {}", listed.id);
            let read = files.project(listed.id.clone()).await;
            self.say_answer(place.clone(), &read);
            self.compare(&place, &listed, read.ok().as_ref());
            if listed.id.as_str() == NEIGHBOUR || self.about == About::Buses {
                continue;
            }
            self.add_facts(files, FactScope::Project(listed.id.clone())).await;
            self.add_tasks(files, &listed.id).await;
        }
    }

    /// Notes where a list says something else than the thing itself.
    fn compare<T: Debug + PartialEq>(&mut self, place: &str, listed: &T, read: Option<&T>) {
        if read != Some(listed) {
            self.say(format!("{place}, in the list"), &format!("{listed:?}"));
        }
    }

    async fn add_tasks(&mut self, files: &Files, project: &ProjectId) {
        let query =
            TaskQuery { project: project.clone(), statuses: Vec::new(), after: None, limit: ALL };
        let tasks = match files.list_tasks(query).await {
            Ok(page) => page.items,
            refused => return self.say_answer(format!("tasks {project}"), &refused),
        };
        for listed in tasks {
            let key = listed.key.clone();
            // Documents of their own.
            let read = files.task(key.clone()).await.map(|task| {
                self.say(format!("prompt {key}"), &format!("{:?}", task.prompt));
                self.say(format!("needs {key}"), &format!("{:?}", task.depends_on));
                Task { prompt: None, depends_on: Vec::new(), ..task }
            });
            self.say_answer(format!("task {key}"), &read);
            if let Some(problem) = listed.problem {
                self.say(format!("task {key}, in the list"), &problem);
            }
            self.say_answer(format!("state {key}"), &files.task_state(key.clone()).await);
            self.add_log(files, &key).await;
            self.add_artifacts(files, &key).await;
            self.add_facts(files, FactScope::Task(key)).await;
        }
    }

    async fn add_log(&mut self, files: &Files, task: &TaskKey) {
        let query = LogQuery { task: task.clone(), start: FileStart::Offset(0), follow: false };
        let mut text = String::new();
        let mut damaged = 0;
        match files.read_task_log(query).await {
            Ok(mut lines) => {
                while let Some(part) = lines.next().await {
                    match part {
                        Ok(part) => {
                            for line in part.lines {
                                if line.damaged {
                                    damaged += 1;
                                } else {
                                    text += &format!("{}\n", line.text);
                                }
                            }
                        }
                        refused => text += &told(&refused),
                    }
                }
            }
            Err(error) => text = format!("refused: {error}"),
        }
        self.say(format!("log {task}"), &text);
        if damaged > 0 {
            self.say(format!("damaged log {task}"), &damaged.to_string());
        }
    }

    async fn add_artifacts(&mut self, files: &Files, task: &TaskKey) {
        let query =
            ArtifactQuery { task: task.clone(), with_sha256: true, after: None, limit: ALL };
        let listed = match files.list_artifacts(query).await {
            Ok(page) => page.items,
            refused => return self.say_answer(format!("artifacts {task}"), &refused),
        };
        for artifact in listed {
            let place = format!("artifact {task} {}", artifact.id.path());
            let range = ArtifactRange { offset: 0, length: None };
            let mut content = Vec::new();
            let mut problem = String::new();
            match files.artifact(task.clone(), artifact.id.clone(), range).await {
                Ok(mut read) => {
                    while let Some(chunk) = read.chunks.next().await {
                        match chunk {
                            Ok(chunk) => content.extend(chunk.bytes),
                            refused => problem = told(&refused),
                        }
                    }
                }
                Err(error) => problem = error.to_string(),
            }
            let listed = Artifact { modified_at: None, ..artifact };
            let content = String::from_utf8_lossy(&content).into_owned();
            self.say(masked(&place), &format!("{listed:?} {content:?} {problem}"));
        }
    }

    async fn add_facts(&mut self, files: &Files, scope: FactScope) {
        let query = FactQuery {
            scope: scope.clone(),
            run_id: String::new(),
            since: None,
            until: None,
            with_bodies: true,
            after: None,
            limit: ALL,
        };
        let listed = match files.list_facts(query).await {
            Ok(page) => page.items,
            refused => return self.say_answer(format!("facts {scope}"), &refused),
        };
        for fact in listed {
            let place = masked(&format!("fact {scope} {}", fact.id));
            let read = files.fact(scope.clone(), fact.id.clone()).await;
            self.say_answer(place.clone(), &read);
            self.compare(&place, &fact, read.ok().as_ref());
        }
    }

    async fn add_runs(&mut self, files: &Files) {
        let query = RunQuery {
            part: Part::All(Reach::All),
            statuses: Vec::new(),
            after: None,
            limit: ALL,
            with_meta: true,
        };
        let runs = match files.list_runs(query).await {
            Ok(page) => page.runs,
            refused => return self.say_answer("runs".to_owned(), &refused),
        };
        let mut tasks: Vec<TaskKey> = runs.iter().map(|run| run.task.clone()).collect();
        tasks.retain(|task| task.project.as_str() != NEIGHBOUR);
        tasks.dedup();
        for run in runs {
            let place = masked(&format!("{}/{}", run.task, run.folder));
            self.say(format!("run {place}"), &format!("{run:?}"));
            if run.task.project.as_str() == NEIGHBOUR {
                continue;
            }
            let Ok(id) = callboard::domain::RunId::parse(&run.info.run_id) else {
                self.say(format!("run {place}, its id"), &run.info.run_id);
                continue;
            };
            let key = RunKey { task: Some(run.task.clone()), run: id };
            let read = files.run(key.clone()).await;
            if read.as_ref().ok().map(|read| &read.info) != Some(&run.info) {
                self.say_answer(format!("run {place}, by its id"), &read);
            }
            self.say_answer(format!("meta {place}"), &files.run_meta(key.clone()).await);
            self.add_run_files(files, &place, &key).await;
        }
        for task in tasks {
            let tree = files.run_tree(TreeRoot::Task(task.clone()), Reach::All).await;
            let tree = match tree {
                Ok(nodes) => {
                    let node = |node: TreeNode| format!("{} {}\n", node.depth, node.run_id);
                    nodes.into_iter().map(node).collect()
                }
                Err(error) => format!("refused: {:?}", error.reason()),
            };
            self.say(format!("tree {task}"), &tree);
        }
    }

    async fn add_run_files(&mut self, files: &Files, place: &str, key: &RunKey) {
        let listed = match files.list_run_files(key.clone(), None, ALL).await {
            Ok(page) => page.items,
            refused => return self.say_answer(format!("files {place}"), &refused),
        };
        for summary in listed {
            let query = RunFileQuery {
                run: key.clone(),
                file: summary.file.clone(),
                start: FileStart::Offset(0),
                follow: false,
            };
            let mut content = Vec::new();
            let mut problem = String::new();
            match files.read_run_file(query).await {
                Ok(mut chunks) => {
                    while let Some(chunk) = chunks.next().await {
                        match chunk {
                            Ok(chunk) => content.extend(chunk.bytes),
                            refused => problem = told(&refused),
                        }
                    }
                }
                Err(error) => problem = error.to_string(),
            }
            let content = String::from_utf8_lossy(&content).into_owned();
            let place = format!("file {place}/{}", summary.file);
            if summary.file == RunFile::Events {
                // Lines; what was cut off is one that is none.
                let is_whole = |line: &&str| JsonObject::parse(line).is_ok();
                let whole: Vec<&str> = content.lines().filter(is_whole).collect();
                self.say(place, &format!("{}{problem}", whole.join("\n")));
                continue;
            }
            self.say(place, &format!("{} bytes {content:?} {problem}", summary.size));
        }
    }
}

/// What an answer says: all of it, or the reason.
pub(super) fn told<T: Debug>(answer: &Result<T>) -> String {
    match answer {
        Ok(item) => format!("{item:?}"),
        Err(error) => format!("refused: {:?}", error.reason()),
    }
}
