//! All that the services say about a tree, in a form that can be compared: what was made up
//! from the time, the process and a counter is masked. Neighbours are told from others by
//! the bytes of their files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use callboard::domain::{
    Artifact, BusId, Cursor, FactScope, JsonObject, Message, MsgId, ProjectId, RunFile, RunKey,
    Task, TaskKey,
};
use callboard::error::{Reason, Result};
use callboard::files::Files;
use callboard::store::{
    ArtifactQuery, ArtifactRange, Artifacts as _, FactQuery, Facts as _, FileStart, Filter, Frame,
    LogQuery, MessageBus as _, Part, Projects as _, ReadPage, ReadQuery, ReadStart, RunFileQuery,
    RunFiles as _, RunMetas as _, RunQuery, Runs as _, Scope, Start, Subscription, TaskLogs as _,
    TaskQuery, Tasks as _, TreeNode, TreeRoot,
};
use tokio_stream::StreamExt as _;

use super::super::Simulated;

/// More than any list here has.
const ALL: usize = 1000;
/// A project that no mutation is about.
const NEIGHBOUR: &str = "other";
/// What a bus says until it is rotated. It is no part of what is in it.
const POISONED: &str = "takes no appends since a sync of it failed";

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
        let projects = match files.list_projects(None, ALL).await {
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
            part: Part::All,
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
            let tree = files.run_tree(TreeRoot::Task(task.clone())).await;
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

    async fn add_buses(&mut self, files: &Files) {
        let buses = match files.list(None, None, ALL).await {
            Ok(page) => page.buses,
            refused => return self.say_answer("buses".to_owned(), &refused),
        };
        let mut projects = BTreeSet::new();
        for summary in buses {
            let place = summary.bus.to_string();
            let problem = summary.problem.filter(|problem| !problem.contains(POISONED));
            let problem = problem.unwrap_or_default();
            self.say(
                format!("bus {place}"),
                &format!("{} archives {problem}", summary.archive_count),
            );
            self.say(format!("damaged {place}"), &summary.damage_count.to_string());
            if summary.bus.project.as_str() == NEIGHBOUR {
                continue;
            }
            projects.insert(summary.bus.project.clone());
            match read_from(files, &summary.bus, Start::Earliest).await {
                Ok(page) => {
                    self.say(format!("messages {place}"), &lines(&page.messages));
                    if let Some(disorder) = disorder(&page.messages) {
                        self.say(format!("order {place}"), &disorder);
                    }
                    self.messages.insert(place, page.messages);
                }
                refused => {
                    if refused.as_ref().is_err_and(|error| error.reason() == Reason::BusPoisoned) {
                        self.closed.push(place.clone());
                    }
                    let refused = refused.map(|page| page.messages.len());
                    self.say_answer(format!("messages {place}"), &refused);
                }
            }
        }
        let mut followed: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        for project in projects {
            self.follow_buses(files, project, &mut followed).await;
        }
        if followed != self.messages {
            let followed: BTreeMap<_, _> =
                followed.iter().map(|(bus, messages)| (bus, lines(messages))).collect();
            self.say("followed".to_owned(), &format!("{followed:?}"));
        }
    }

    /// Follows the buses of a project to their ends: what is delivered is what is read.
    async fn follow_buses(
        &mut self,
        files: &Files,
        project: ProjectId,
        followed: &mut BTreeMap<String, Vec<Message>>,
    ) {
        let subscription = Subscription {
            scope: Scope::Project(project),
            start: Start::Earliest,
            positions: Vec::new(),
            filter: Filter::default(),
            stop_at_tail: true,
            limit: None,
            heartbeat_interval: Duration::from_secs(3600),
        };
        let mut frames = match files.subscribe(subscription).await {
            Ok(frames) => frames,
            Err(error) => return self.say("followed".to_owned(), &error.to_string()),
        };
        while let Some(frame) = frames.next().await {
            match frame {
                Ok(Frame::Opened { bus, cursor }) => {
                    followed.entry(bus.to_string()).or_default();
                    self.cursors.entry(bus.to_string()).or_default().push(cursor);
                }
                Ok(Frame::Message { bus, message, cursor }) => {
                    followed.entry(bus.to_string()).or_default().push(*message);
                    self.cursors.entry(bus.to_string()).or_default().push(cursor);
                }
                Ok(Frame::Gap { bus, reason, .. }) => self.say(format!("gap {bus}"), reason),
                Ok(_) => {}
                Err(error) => self.say("followed".to_owned(), &error.to_string()),
            }
        }
    }

    /// Goes on from cursors that were given out before: what comes after each is what came
    /// after it then, and what is new. Returns what is not so.
    pub(super) async fn check_cursors(&self, before: &Self, files: &Files) -> Vec<String> {
        let mut wrong = Vec::new();
        for (bus, cursors) in &before.cursors {
            if bus.starts_with(NEIGHBOUR) {
                continue;
            }
            let id = bus_of(bus);
            let Some(now) = self.messages.get(bus) else { continue };
            let there = before.messages.get(bus).map_or(&[][..], Vec::as_slice);
            if !now.starts_with(there) {
                // Trimmed: its cursors are no longer honoured.
                continue;
            }
            for (count, cursor) in cursors.iter().enumerate() {
                match read_from(files, &id, Start::Cursor(cursor.clone())).await {
                    Ok(page) if now.get(count..) == Some(&page.messages[..]) => {}
                    other => wrong.push(format!(
                        "from {cursor} of {bus} on, {} messages in: {:?}",
                        count,
                        other.map(|page| lines(&page.messages))
                    )),
                }
            }
            for message in now {
                let Ok(msg_id) = MsgId::parse("msg_id", &message.msg_id) else { continue };
                if files.get(id.clone(), msg_id).await.ok().map(|(found, _)| found).as_ref()
                    != Some(message)
                {
                    wrong.push(format!("{} of {bus} is not found by its id", message.msg_id));
                }
            }
        }
        wrong
    }
}

/// Takes a bus's name apart.
pub(super) fn bus_of(name: &str) -> BusId {
    let (project, task) = name.split_once('/').unwrap_or((name, ""));
    BusId::parse(project, task).expect("a bus")
}

async fn read_from(files: &Files, bus: &BusId, start: Start) -> Result<ReadPage> {
    let query = ReadQuery {
        bus: bus.clone(),
        start: ReadStart::From(start),
        limit: ALL,
        filter: Filter::default(),
    };
    files.read(query).await
}

/// What an answer says: all of it, or the reason.
pub(super) fn told<T: Debug>(answer: &Result<T>) -> String {
    match answer {
        Ok(item) => format!("{item:?}"),
        Err(error) => format!("refused: {:?}", error.reason()),
    }
}

/// A line for each message, without its id and its time.
fn lines(messages: &[Message]) -> String {
    let mut lines = String::new();
    for message in messages {
        let anonymous = Message { msg_id: String::new(), ts: None, ..message.clone() };
        let body = String::from_utf8_lossy(&message.body).into_owned();
        let without_body = Message { body: Vec::new(), ..anonymous };
        lines += &format!("{body:?} {without_body:?}\n");
    }
    masked(&lines)
}

/// Says where ids do not increase.
fn disorder(messages: &[Message]) -> Option<String> {
    let pair = messages.windows(2).find(|pair| pair[0].msg_id >= pair[1].msg_id)?;
    Some(format!("{} comes before {}", pair[0].msg_id, pair[1].msg_id))
}

/// Masks stamps, ids of messages, and the etags of what holds a stamp.
pub(super) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    let mut has_stamp = false;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit() || c == 'M') {
        masked += &rest[..at];
        rest = &rest[at..];
        let made_up = message_id(rest).or_else(|| stamp(rest));
        let length = made_up.unwrap_or_else(|| {
            rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()).max(1)
        });
        if made_up.is_some() {
            has_stamp = true;
            masked.push('#');
        } else {
            masked += &rest[..length];
        }
        rest = &rest[length..];
    }
    masked += rest;
    if has_stamp { without_etags(&masked) } else { masked }
}

fn without_etags(text: &str) -> String {
    let mut parts = text.split("Etag(\"");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += "Etag(#";
        plain += part.split_once('"').map_or("", |(_, rest)| rest);
    }
    plain
}

/// The length of `MSG-YYYYMMDD-HHMMSS-NNNNNNNNN-PIDnnnnn-nnnn` at the beginning of a text.
fn message_id(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("MSG-")?;
    let is_of_id = |c: char| c.is_ascii_digit() || "-PID".contains(c);
    Some(text.len() - rest.trim_start_matches(is_of_id).len())
}

/// The length of `YYYYMMDD-HHMMSSffff-PID-SEQ` at the beginning of a text.
fn stamp(text: &str) -> Option<usize> {
    let mut length = 0;
    for (number, digits) in [8, 10, 0, 0].into_iter().enumerate() {
        let part = &text[length..];
        let part = if number == 0 { part } else { part.strip_prefix('-')? };
        let count = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        if count == 0 || digits != 0 && count != digits {
            return None;
        }
        length += count + usize::from(number > 0);
    }
    Some(length)
}
