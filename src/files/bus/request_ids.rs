//! The request ids of a bus, remembered for at least an hour or ten thousand
//! messages, whichever reaches further back. They stand in the records' headers;
//! this is only the way to find them without reading the file.

use std::collections::{BTreeMap, HashMap, VecDeque};
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
    /// How many messages the batch had.
    batch_size: u32,
    content: u64,
}

/// The request ids of one bus.
pub(super) struct RequestIds {
    /// Random per process, so that nobody can choose ids that collide.
    hasher: RandomState,
    /// The messages of each request by their places in the batch, from 1, with their numbers
    /// in the bus.
    requests: HashMap<u64, BTreeMap<u32, (u64, Remembered)>>,
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
        let (place, batch_size) = batch.unwrap_or((1, 1));
        let remembered = Remembered {
            msg_id: message.msg_id.clone(),
            ts,
            offset,
            batch_size,
            content: self.content_of_message(message),
        };
        self.insert(&message.request_id, place, remembered);
    }

    /// Takes in a message that is being appended.
    pub(super) fn note_new(
        &mut self,
        request_id: Option<&RequestId>,
        message: &NewMessage,
        (place, batch_size): (u32, u32),
        msg_id: &str,
        ts: Timestamp,
        offset: u64,
    ) {
        self.messages += 1;
        let Some(request_id) = request_id else { return };
        let content = self.content_of_new(message);
        let msg_id = msg_id.to_owned();
        let remembered = Remembered { msg_id, ts, offset, batch_size, content };
        self.insert(request_id.as_str(), place, remembered);
    }

    fn insert(&mut self, request_id: &str, place: u32, remembered: Remembered) {
        let key = self.hasher.hash_one(request_id);
        self.order.push_back((self.messages, remembered.ts, key));
        // One that is there already is of the same request, made before it was forgotten.
        self.requests.entry(key).or_default().insert(place, (self.messages, remembered));
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
                request.retain(|_, (own, _)| *own > number);
                if request.is_empty() {
                    self.requests.remove(&key);
                }
            }
        }
    }

    /// Returns the messages of a request that are in the bus, by their places in the batch.
    /// Some of them are missing when the machine lost its power while it was appended: the
    /// last ones, or those of blocks that were not written yet.
    ///
    /// # Errors
    /// REQUEST_ID_REUSED when it came with another content.
    pub(super) fn find(
        &self,
        bus: &BusId,
        request_id: &RequestId,
        messages: &[NewMessage],
    ) -> Result<BTreeMap<u32, Remembered>> {
        let key = self.hasher.hash_one(request_id.as_str());
        let Some(found) = self.requests.get(&key) else {
            return Ok(BTreeMap::new());
        };
        let is_same = |place: u32, one: &Remembered| {
            let new = messages.get((place as usize).wrapping_sub(1));
            one.batch_size as usize == messages.len()
                && new.is_some_and(|new| one.content == self.content_of_new(new))
        };
        if !found.iter().all(|(place, (_, one))| is_same(*place, one)) {
            return Err(Error::RequestIdReused {
                place: format!("bus {bus}"),
                request_id: request_id.as_str().to_owned(),
            });
        }
        Ok(found.iter().map(|(place, (_, one))| (*place, one.clone())).collect())
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
