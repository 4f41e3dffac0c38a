//! The driver of the conformance suite: does with the client what it is told on stdin, one JSON
//! object a line, and answers each on stdout. `tests/conformance/README.md` says what there is.

mod arguments;
mod call;
mod fault;
mod json;

use std::collections::HashMap;
use std::time::Duration;

use callboard_client::v1::{BusPosition, Message};
use callboard_client::{Client, Follow, Log, Run, RunFile, RunOutput};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::{Instant, timeout_at};

use arguments::{With, content, new_message, set};
use fault::{Fault, error_value, failure};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut driver = Driver { clients: HashMap::new(), open: HashMap::new() };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let told: Value = serde_json::from_str(&line)?;
        let action = told["do"].as_str().unwrap_or_default();
        let answer = match driver.act(action, With(&told["with"])).await {
            Ok(value) => json!({ "ok": value }),
            Err(fault) => fault.answer(),
        };
        println!("{answer}");
    }
    Ok(())
}

/// What goes on, by its name.
enum Open {
    Follow(Box<Follow>),
    Log(Box<Log>),
    RunFile(Box<RunFile>, Vec<u8>),
    Run(Box<Run>),
}

struct Driver {
    clients: HashMap<String, Client>,
    open: HashMap<String, Open>,
}

impl Driver {
    async fn act(&mut self, action: &str, with: With<'_>) -> Result<Value, Fault> {
        match action {
            "connect" => self.connect(with)?,
            "close" => drop(self.clients.remove(with.text("client").unwrap_or("main"))),
            "defaults" => {
                let at = self.client(with)?;
                let (project, task, run) = (at.project_id(), at.task_id(), at.run_id());
                return Ok(json!({ "project": project, "task": task, "run": run }));
            }
            "append" => {
                let append = self.at_run(with)?.append(new_message(with)?);
                set!(append:
                    request_id(with.text("request_id")),
                    expected_last_msg_id(with.text("expected_last_msg_id")));
                return json::write(&append.send().await?);
            }
            "append_many" => {
                // Every message names its place itself.
                let client = self.client(with)?.with_task("");
                let append = client.append_many(self.messages(with)?);
                set!(append:
                    request_id(with.text("request_id")),
                    expected_last_msg_id(with.text("expected_last_msg_id")));
                return json::write(&append.send().await?);
            }
            "append_stream" => return self.append_stream(with).await,
            "read" => {
                let read = self.at(with)?.read().types(with.texts("types"));
                set!(read: since_id(with.text("since_id")), cursor(with.text("cursor")),
                    since_time(with.time("since_time")), tail(with.small("tail")),
                    limit(with.small("limit")), of_run(with.text("run")));
                return Ok(json!({ "messages": json::write_all(&read.all().await?)? }));
            }
            "get" => return json::write(&self.at(with)?.get(with.required("msg_id")?).await?),
            "poll" => {
                let poll = self.at(with)?.poll().types(with.texts("types"));
                set!(poll: since_id(with.text("since_id")), cursor(with.text("cursor")),
                    wait(with.duration("timeout")), limit(with.small("limit")),
                    of_run(with.text("run")));
                return json::write(&poll.send().await?);
            }
            "follow" => self.follow(with).await?,
            "next" => return self.next(with).await,
            "next_bytes" => return self.next_bytes(with).await,
            "positions" => {
                let Open::Follow(follow) = self.opened(with)? else { return Err(failure("what?")) };
                let (positions, cursor) = (follow.positions(), follow.cursor().unwrap_or_default());
                let cursor = cursor.to_owned();
                return Ok(json!({ "positions": json::write_all(&positions)?, "cursor": cursor }));
            }
            "stop" => drop(self.open.remove(with.required("name")?)),
            "call" => return call::call(&self.client(with)?, with).await,
            "put_artifact" => {
                let put = self.at(with)?.put_artifact(content(with).await?);
                set!(put: name(with.text("name")), request_id(with.text("request_id")));
                let put = if with.is_set("versioned") { put.versioned() } else { put };
                let put = if with.is_set("attachment") { put.attachment() } else { put };
                return json::write(&put.send().await?.artifact);
            }
            "get_artifact" => return self.get_artifact(with).await,
            "append_log" => {
                let append = self.at(with)?.append_log(with.list("entries").map(|entry| entry.0));
                set!(append: request_id(with.text("request_id")));
                return json::write(&append.send().await?);
            }
            "read_log" | "follow_log" => {
                let read = self.at(with)?.read_log();
                set!(read: offset(with.number("offset")), tail(with.small("tail")));
                if action == "follow_log" {
                    self.begin(with, Open::Log(Box::new(read.follow().open()?)))?;
                    return Ok(json!({}));
                }
                let (mut log, mut items) = (read.open()?, Vec::new());
                while let Some(entry) = log.next().await {
                    items.push(json::write(&entry?)?);
                }
                return Ok(json!({ "items": items }));
            }
            "put_run_file" => {
                let content = content(with).await?;
                let client = self.at_run(with)?;
                let size = client.put_run_file(with.required("file")?, content).await?;
                return Ok(json!({ "size": size }));
            }
            "get_run_file" | "follow_run_file" => {
                let get = self.at_run(with)?.get_run_file(with.required("file")?);
                set!(get: offset(with.number("offset")), tail_lines(with.small("tail_lines")));
                if action == "follow_run_file" {
                    let file = Open::RunFile(Box::new(get.follow().open()?), Vec::new());
                    self.begin(with, file)?;
                    return Ok(json!({}));
                }
                let mut bytes = Vec::new();
                match with.text("to") {
                    Some(path) => {
                        get.save(path).await?;
                        bytes = std::fs::read(path).map_err(failure)?;
                    }
                    None => drop(get.write_to(&mut bytes).await?),
                }
                return Ok(json!({ "size": bytes.len(), "sha256": sha256(&bytes) }));
            }
            "run_begin" => {
                let start = self.at(with)?.run(with.required("agent_type")?);
                set!(start: run_id(with.text("run_id")), prompt(with.text("prompt")),
                    commandline(with.text("commandline")),
                    parent_run_id(with.text("parent_run_id")),
                    previous_run_id(with.text("previous_run_id")));
                let run = start.start().await?;
                let info = json::write(run.info())?;
                self.begin(with, Open::Run(Box::new(run)))?;
                return Ok(info);
            }
            "run_write" => {
                let mut output = self.output(with)?;
                output.write_all(with.required("text")?.as_bytes()).await.map_err(failure)?;
            }
            "run_event" => {
                let run = self.run(with)?;
                run.event(with.required("event")?, &with.0["data"]).await?;
            }
            "run_append" => {
                let message = Message::new(with.required("type")?, with.required("body")?);
                let answer = self.run(with)?.append(message).await?;
                return json::write(&answer);
            }
            "run_end" => self.take_run(with)?.end(with.small("exit_code").unwrap_or(0)).await?,
            "run_fail" => self.take_run(with)?.fail(with.required("message")?).await?,
            _ => return Err(failure(format!("no action {action}"))),
        }
        Ok(json!({}))
    }

    fn connect(&mut self, with: With<'_>) -> Result<(), Fault> {
        let builder = Client::builder();
        set!(builder: address(with.text("addr")), token(with.text("token")),
            ca_file(with.text("ca_file")), cert_file(with.text("cert_file")),
            key_file(with.text("key_file")), project(with.text("project")),
            task(with.text("task")), run(with.text("run")), timeout(with.duration("timeout")));
        let name = with.text("client").unwrap_or("main");
        self.clients.insert(name.to_owned(), builder.build()?);
        Ok(())
    }

    fn client(&self, with: With<'_>) -> Result<Client, Fault> {
        let name = with.text("client").unwrap_or("main");
        let client = self.clients.get(name).ok_or_else(|| failure(format!("no client {name}")))?;
        Ok(match with.duration("timeout") {
            Some(timeout) => client.with_timeout(timeout),
            None => client.clone(),
        })
    }

    /// Returns the client for the project and the task that are named.
    fn at(&self, with: With<'_>) -> Result<Client, Fault> {
        let client = self.client(with)?;
        set!(client: with_project(with.text("project")), with_task(with.text("task")));
        Ok(client)
    }

    fn at_run(&self, with: With<'_>) -> Result<Client, Fault> {
        let client = self.at(with)?;
        set!(client: with_run(with.text("run")));
        Ok(client)
    }

    /// Makes messages, each for the place that it names.
    fn messages(&self, with: With<'_>) -> Result<Vec<Message>, Fault> {
        let client = self.client(with)?;
        with.list("messages")
            .map(|one| {
                let at = client.clone();
                set!(at: with_project(one.text("project")), with_task(one.text("task")),
                    with_run(one.text("run")));
                let mut message = new_message(one)?;
                message.project_id = at.project_id().to_owned();
                message.task_id = at.task_id().to_owned();
                message.run_id = at.run_id().to_owned();
                Ok(message)
            })
            .collect()
    }

    async fn append_stream(&self, with: With<'_>) -> Result<Value, Fault> {
        let client = self.client(with)?.with_task("");
        let messages = futures_util::stream::iter(self.messages(with)?);
        let append = client.append_stream(messages);
        set!(append: request_id(with.text("request_id")));
        let (mut appended, mut answers) = (append.open(), Vec::new());
        while let Some(answer) = appended.next().await {
            match answer {
                Ok(answer) => answers.push(json::write(&answer)?),
                Err(error) => {
                    return Err(Fault::Client(Box::new(error), json!({ "answers": answers })));
                }
            }
        }
        Ok(json!({ "answers": answers }))
    }

    async fn follow(&mut self, with: With<'_>) -> Result<(), Fault> {
        let follow = self.at(with)?.follow().types(with.texts("types"));
        let follow = match with.text("scope") {
            Some("project") => follow.with_tasks(),
            Some("all") => follow.everything(),
            _ => follow,
        };
        let follow = match with.text("start") {
            Some("earliest") => follow.from_beginning(),
            Some(_) => follow.from_end(),
            None => follow,
        };
        let positions = with.0["positions"]
            .as_array()
            .map(|positions| positions.iter().map(json::read::<BusPosition>).collect());
        let positions: Option<Vec<BusPosition>> = positions.transpose()?;
        set!(follow: positions(positions), since_id(with.text("since_id")),
            cursor(with.text("cursor")), since_time(with.time("since_time")),
            of_run(with.text("run")), limit(with.number("limit")),
            heartbeat_interval(with.duration("heartbeat_interval")),
            retry_for(with.duration("retry_for")));
        let follow = if with.is_set("stop_at_tail") { follow.stop_at_tail() } else { follow };
        self.begin(with, Open::Follow(Box::new(follow.open().await?)))
    }

    async fn next(&mut self, with: With<'_>) -> Result<Value, Fault> {
        let count = with.number("count").and_then(|count| usize::try_from(count).ok());
        let deadline = Instant::now() + with.duration("timeout").unwrap_or(Duration::from_secs(30));
        let mut answer = json!({});
        let mut items = Vec::new();
        while items.len() < count.unwrap_or(usize::MAX) {
            let item = match self.opened(with)? {
                Open::Follow(follow) => match timeout_at(deadline, follow.next()).await {
                    Ok(message) => {
                        Ok(message.transpose().map(|one| one.map(|one| json::write(&one))))
                    }
                    Err(late) => Err(late),
                },
                Open::Log(log) => match timeout_at(deadline, log.next()).await {
                    Ok(entry) => Ok(entry.transpose().map(|one| one.map(|one| json::write(&one)))),
                    Err(late) => Err(late),
                },
                _ => return Err(failure("it has no items")),
            };
            match item {
                Ok(Ok(Some(item))) => items.push(item?),
                Ok(Ok(None)) => answer["ended"] = true.into(),
                Ok(Err(error)) => answer["error"] = error_value(&error),
                Err(_) => answer["timed_out"] = true.into(),
            }
            if answer.as_object().is_some_and(|answer| !answer.is_empty()) {
                break;
            }
        }
        answer["items"] = items.into();
        Ok(answer)
    }

    async fn next_bytes(&mut self, with: With<'_>) -> Result<Value, Fault> {
        let count = with.number("count").and_then(|count| usize::try_from(count).ok());
        let deadline = Instant::now() + with.duration("timeout").unwrap_or(Duration::from_secs(30));
        let Open::RunFile(file, bytes) = self.opened(with)? else {
            return Err(failure("it has no bytes"));
        };
        let mut answer = json!({});
        while bytes.len() < count.unwrap_or(usize::MAX) {
            match timeout_at(deadline, file.next()).await {
                Ok(Some(chunk)) => bytes.extend(chunk?),
                Ok(None) => answer["ended"] = true.into(),
                Err(_) => answer["timed_out"] = true.into(),
            }
            if answer.as_object().is_some_and(|answer| !answer.is_empty()) {
                break;
            }
        }
        answer["text"] = String::from_utf8(std::mem::take(bytes)).map_err(failure)?.into();
        Ok(answer)
    }

    async fn get_artifact(&self, with: With<'_>) -> Result<Value, Fault> {
        let client = self.at(with)?;
        let get = match with.text("path") {
            Some(path) => client.get_artifact_at(path),
            None => client.get_artifact(with.required("name")?),
        };
        let (artifact, bytes) = match with.text("to") {
            Some(path) => (get.save(path).await?, std::fs::read(path).map_err(failure)?),
            None => {
                let (mut reader, mut bytes) = (get.open().await?, Vec::new());
                while let Some(chunk) = reader.next().await {
                    bytes.extend(chunk?);
                }
                (reader.artifact().clone(), bytes)
            }
        };
        let artifact = json::write(&artifact)?;
        Ok(json!({ "artifact": artifact, "size": bytes.len(), "sha256": sha256(&bytes) }))
    }

    fn begin(&mut self, with: With<'_>, open: Open) -> Result<(), Fault> {
        self.open.insert(with.required("name")?.to_owned(), open);
        Ok(())
    }

    fn opened(&mut self, with: With<'_>) -> Result<&mut Open, Fault> {
        let name = with.required("name")?;
        self.open.get_mut(name).ok_or_else(|| failure(format!("nothing is called {name}")))
    }

    fn run(&mut self, with: With<'_>) -> Result<&Run, Fault> {
        match self.opened(with)? {
            Open::Run(run) => Ok(run),
            _ => Err(failure("it is no run")),
        }
    }

    fn take_run(&mut self, with: With<'_>) -> Result<Run, Fault> {
        match self.open.remove(with.required("name")?) {
            Some(Open::Run(run)) => Ok(*run),
            _ => Err(failure("it is no run")),
        }
    }

    fn output(&mut self, with: With<'_>) -> Result<RunOutput, Fault> {
        let run = self.run(with)?;
        match with.required("to")? {
            "stdout" => Ok(run.stdout()),
            "stderr" => Ok(run.stderr()),
            _ => Ok(run.output()),
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
