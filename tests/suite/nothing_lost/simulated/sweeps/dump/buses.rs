//! What the message bus says of its buses: what is in them, and where cursors lead.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use callboard::domain::{BusId, Message, MsgId, ProjectId};
use callboard::error::{Reason, Result};
use callboard::files::Files;
use callboard::store::{
    Filter, Frame, MessageBus as _, ReadPage, ReadQuery, ReadStart, Scope, Start, Subscription,
};
use tokio_stream::StreamExt as _;

use super::masked::masked;
use super::{ALL, Dump, NEIGHBOUR};

/// What a bus says until it is rotated. It is no part of what is in it.
const POISONED: &str = "takes no appends since a sync of it failed";

impl Dump {
    pub(super) async fn add_buses(&mut self, files: &Files) {
        let buses = match files
            .list(callboard::store::Scope::All(callboard::domain::Reach::All), None, ALL)
            .await
        {
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
                Ok(Frame::Message(told)) => {
                    let bus = told.bus.to_string();
                    followed.entry(bus.clone()).or_default().push(told.message.clone());
                    self.cursors.entry(bus).or_default().push(told.cursor.clone());
                }
                Ok(Frame::Gap { bus, reason, .. }) => self.say(format!("gap {bus}"), reason),
                Ok(_) => {}
                Err(error) => self.say("followed".to_owned(), &error.to_string()),
            }
        }
    }

    /// Goes on from cursors that were given out before: what comes after each is what came
    /// after it then, and what is new. Returns what is not so.
    pub(in super::super) async fn check_cursors(
        &self,
        before: &Self,
        files: &Files,
    ) -> Vec<String> {
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
fn bus_of(name: &str) -> BusId {
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
