//! The request ids of a bus, remembered for at least an hour or ten thousand
//! messages, whichever reaches further back. They stand in the records' headers;
//! this is only the way to find them without reading the file.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{BusId, Message, NewMessage, RequestId};
use crate::error::{Error, Result};
use crate::limits::{REQUEST_ID_AGE, REQUEST_ID_MESSAGES};

/// One message that was appended with a request id.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub(super) msg_id: String,
    pub(super) ts: Timestamp,
    pub(super) offset: u64,
    /// Its place in the batch, from 1, and how many messages the batch had.
    pub(super) batch: (u32, u32),
    content: u64,
    /// The number of the message in the bus.
    number: u64,
}

/// The request ids of one bus.
pub(super) struct RequestIds {
    /// Random per process, so that nobody can choose ids that collide.
    hasher: RandomState,
    /// The messages of each request in the order of their places in the batch.
    requests: HashMap<u64, Vec<Remembered>>,
    /// The order of arrival: message number, time and key.
    order: VecDeque<(u64, Timestamp, u64)>,
    messages: u64,
}

impl RequestIds {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            requests: HashMap::new(),
            order: VecDeque::new(),
            messages: 0,
        }
    }

    /// Returns from when on requests are remembered by their age.
    pub(super) fn remembered_since(now: Timestamp) -> Timestamp {
        SignedDuration::try_from(REQUEST_ID_AGE)
            .ok()
            .and_then(|age| now.checked_sub(age).ok())
            .unwrap_or(Timestamp::MIN)
    }

    /// Takes in a message that stands in the bus.
    pub(super) fn note_message(
        &mut self,
        message: &Message,
        batch: Option<(u32, u32)>,
        offset: u64,
    ) {
        self.messages += 1;
        let Some(ts) = message.ts.filter(|_| !message.request_id.is_empty()) else {
            return;
        };
        let remembered = Remembered {
            msg_id: message.msg_id.clone(),
            ts,
            offset,
            batch: batch.unwrap_or((1, 1)),
            content: self.content_of_message(message),
            number: self.messages,
        };
        self.insert(&message.request_id, remembered);
    }

    /// Takes in a message that is being appended.
    pub(super) fn note_new(
        &mut self,
        request_id: Option<&RequestId>,
        message: &NewMessage,
        batch: (u32, u32),
        msg_id: &str,
        ts: Timestamp,
        offset: u64,
    ) {
        self.messages += 1;
        let Some(request_id) = request_id else { return };
        let content = self.content_of_new(message);
        let msg_id = msg_id.to_owned();
        let number = self.messages;
        let remembered = Remembered { msg_id, ts, offset, batch, content, number };
        self.insert(request_id.as_str(), remembered);
    }

    fn insert(&mut self, request_id: &str, new: Remembered) {
        let key = self.hasher.hash_one(request_id);
        self.order.push_back((self.messages, new.ts, key));
        let request = self.requests.entry(key).or_default();
        // What does not fit to it is left of the same id's use before that is forgotten.
        request.retain(|one| one.batch.1 == new.batch.1 && one.batch.0 != new.batch.0);
        if request.is_empty() {
            // Most requests are of one message.
            request.reserve_exact(1);
        }
        let place = request.partition_point(|one| one.batch.0 < new.batch.0);
        request.insert(place, new);
    }

    /// Forgets what is older than both bounds.
    pub(super) fn forget_before(&mut self, now: Timestamp) {
        let since = Self::remembered_since(now);
        while let Some(&(number, ts, key)) = self.order.front() {
            if ts >= since || number + REQUEST_ID_MESSAGES > self.messages {
                break;
            }
            self.order.pop_front();
            if let Some(request) = self.requests.get_mut(&key) {
                request.retain(|one| one.number > number);
                if request.is_empty() {
                    self.requests.remove(&key);
                }
            }
        }
    }

    /// Returns the messages of a request that are in the bus, in the order of the batch. Some
    /// of them are missing when the machine lost its power while it was appended: the last
    /// ones, or those of blocks that were not written yet.
    ///
    /// # Errors
    /// REQUEST_ID_REUSED when it came with another content.
    pub(super) fn find(
        &self,
        bus: &BusId,
        request_id: &RequestId,
        messages: &[NewMessage],
    ) -> Result<Vec<Remembered>> {
        let key = self.hasher.hash_one(request_id.as_str());
        let found = self.requests.get(&key).map_or(&[][..], Vec::as_slice);
        let is_same = |one: &Remembered| {
            let new = messages.get((one.batch.0 as usize).wrapping_sub(1));
            one.batch.1 as usize == messages.len()
                && new.is_some_and(|new| one.content == self.content_of_new(new))
        };
        if !found.iter().all(is_same) {
            return Err(Error::RequestIdReused {
                place: format!("bus {bus}"),
                request_id: request_id.as_str().to_owned(),
            });
        }
        Ok(found.to_vec())
    }

    fn content_of_new(&self, message: &NewMessage) -> u64 {
        let NewMessage { kind, run_id, issue_id, parents, links, meta, attachment_path, body } =
            message;
        let mut hasher = self.hasher.build_hasher();
        (kind, run_id, issue_id, attachment_path, body, meta).hash(&mut hasher);
        (parents.len(), links.len()).hash(&mut hasher);
        for parent in parents {
            (&parent.msg_id, &parent.kind, &parent.meta).hash(&mut hasher);
        }
        for link in links {
            (&link.url, &link.label, &link.kind).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn content_of_message(&self, message: &Message) -> u64 {
        // An ISSUE without an issue id was given its own message id.
        let own_issue = message.kind == "ISSUE" && message.issue_id == message.msg_id;
        self.content_of_new(&NewMessage {
            kind: message.kind.clone(),
            run_id: message.run_id.clone(),
            issue_id: if own_issue { String::new() } else { message.issue_id.clone() },
            parents: message.parents.clone(),
            links: message.links.clone(),
            meta: message.meta.clone(),
            attachment_path: message.attachment_path.clone(),
            body: String::from_utf8_lossy(&message.body).into_owned(),
        })
    }
}
