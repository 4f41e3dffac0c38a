//! A recorder of every frame of a subscription, and what must hold of what it recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use callboard::grpc::pb;
use pb::message_bus_client::MessageBusClient;
use pb::subscribe_request::Start;
use pb::subscribe_response::{Delivery, Frame};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tonic::transport::Endpoint;

use super::tally::Tally;
use crate::client::{Client, read_of};
use crate::server::DEADLINE;

/// How long the recorder waits before it asks a server again that was not there.
const RETRY: Duration = Duration::from_millis(20);
/// From so many cursors of a bus a read goes on at most.
const READ_AGAIN: usize = 5000;
/// How many cursors of a bus are gone on from with a subscription.
const SUBSCRIBED_AGAIN: usize = 10;

/// A bus: its project and its task, which is empty for the project's own.
pub(crate) type Bus = (String, String);

/// What was recorded, in its order.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "nearly all are frames")]
pub(crate) enum Recorded {
    /// A frame of the server.
    Frame(Frame),
    /// The stream broke off or could not be opened; the next frames are of another stream.
    Broken(String),
}

/// Follows as a monitor does: from the beginning, and after each break from where it was.
/// It records all that it is sent.
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    messages: watch::Receiver<usize>,
    stop: watch::Sender<bool>,
    following: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    recorded: Mutex<Vec<Recorded>>,
    break_off: Notify,
}

impl Shared {
    fn recorded(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.recorded.lock().expect("what was recorded")
    }
}

impl Recorder {
    /// Follows what a request with a scope names, on whatever server listens at an address by then. The
    /// request's start is that of the first stream; the further ones go on after the last
    /// message of each bus.
    pub(crate) fn start(addr: &str, request: pb::SubscribeRequest) -> Self {
        Self::start_slow(addr, request, Duration::ZERO)
    }

    /// Follows like [`Recorder::start`], and takes so long over each frame.
    pub(crate) fn start_slow(addr: &str, request: pb::SubscribeRequest, pause: Duration) -> Self {
        let shared = Arc::new(Shared::default());
        let (count, messages) = watch::channel(0);
        let (stop, stopped) = watch::channel(false);
        let following = Following {
            addr: addr.to_owned(),
            request,
            pause,
            shared: Arc::clone(&shared),
            count,
            positions: BTreeMap::new(),
        };
        let following = tokio::spawn(following.run(stopped));
        Self { shared, messages, stop, following }
    }

    /// Breaks the stream off; the recorder opens another one and goes on.
    pub(crate) fn break_off(&self) {
        self.shared.break_off.notify_one();
    }

    /// Returns how many messages are recorded.
    pub(crate) fn count(&self) -> usize {
        *self.messages.borrow()
    }

    /// Returns how much is recorded: frames of all kinds, and breaks.
    pub(crate) fn length(&self) -> usize {
        self.shared.recorded().len()
    }

    /// Waits until so many messages are recorded, as long as there are further ones now and
    /// then.
    pub(crate) async fn reaches(&mut self, count: usize) {
        loop {
            if *self.messages.borrow_and_update() >= count {
                return;
            }
            let more = tokio::time::timeout(DEADLINE, self.messages.changed()).await;
            let Ok(more) = more else {
                let recorded = self.shared.recorded();
                let last: Vec<_> = recorded.iter().rev().take(5).collect();
                panic!("{} messages recorded of {count}; the last: {last:?}", self.count());
            };
            more.expect("the recorder goes on");
        }
    }

    /// Ends it, and returns what it has recorded.
    pub(crate) async fn stop(self) -> Recording {
        self.stop.send_replace(true);
        self.following.await.expect("the recorder ends when it is told to");
        Recording(std::mem::take(&mut *self.shared.recorded()))
    }
}

/// The task that follows.
struct Following {
    addr: String,
    request: pb::SubscribeRequest,
    pause: Duration,
    shared: Arc<Shared>,
    count: watch::Sender<usize>,
    /// How far each bus was told of.
    positions: BTreeMap<Bus, String>,
}

impl Following {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let broken = tokio::select! {
                broken = self.stream() => broken,
                _ = stopped.changed() => return,
            };
            self.shared.recorded().push(Recorded::Broken(broken));
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                _ = stopped.changed() => return,
            }
        }
    }

    /// Records one stream to its end; returns how it ended.
    async fn stream(&mut self) -> String {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.addr)).expect("an address");
        // A connection of its own for each stream: a break is one of the connection, too.
        let channel = match endpoint.connect().await {
            Ok(channel) => channel,
            Err(error) => return error.to_string(),
        };
        let mut client = MessageBusClient::new(channel).max_decoding_message_size(usize::MAX);
        let mut frames = match client.subscribe(self.resuming()).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return status.to_string(),
        };
        loop {
            let frame = tokio::select! {
                frame = frames.message() => frame,
                () = self.shared.break_off.notified() => return "broken off".into(),
            };
            match frame {
                Ok(Some(frame)) => self.record(frame.frame.expect("a frame says something")),
                Ok(None) => return "ended".into(),
                Err(status) => return status.to_string(),
            }
            if !self.pause.is_zero() {
                tokio::time::sleep(self.pause).await;
            }
        }
    }

    /// Returns the request of the next stream.
    fn resuming(&self) -> pb::SubscribeRequest {
        let mut request = self.request.clone();
        if request.scope == i32::from(pb::SubscribeScope::Bus) {
            if let Some(cursor) = self.positions.values().next() {
                request.start = Some(Start::Cursor(cursor.clone()));
            }
        } else if !self.positions.is_empty() {
            request.start = None;
            request.positions = self
                .positions
                .iter()
                .map(|((project_id, task_id), cursor)| pb::BusPosition {
                    project_id: project_id.clone(),
                    task_id: task_id.clone(),
                    cursor: cursor.clone(),
                })
                .collect();
        }
        request
    }

    fn record(&mut self, frame: Frame) {
        let place = match &frame {
            Frame::Message(told) => Some((&told.project_id, &told.task_id, &told.cursor)),
            Frame::Opened(told) => Some((&told.project_id, &told.task_id, &told.cursor)),
            _ => None,
        };
        if let Some((project, task, cursor)) = place {
            self.positions.insert((project.clone(), task.clone()), cursor.clone());
        }
        let is_message = matches!(frame, Frame::Message(_));
        self.shared.recorded().push(Recorded::Frame(frame));
        if is_message {
            self.count.send_modify(|count| *count += 1);
        }
    }
}

/// All that a recorder was sent.
#[derive(Debug)]
pub(crate) struct Recording(pub(crate) Vec<Recorded>);

impl Recording {
    /// Returns the messages of each bus, in the order in which they came.
    pub(crate) fn messages(&self) -> BTreeMap<Bus, Vec<&Delivery>> {
        let mut messages = BTreeMap::<Bus, Vec<&Delivery>>::new();
        for recorded in &self.0 {
            if let Recorded::Frame(Frame::Message(told)) = recorded {
                let bus = (told.project_id.clone(), told.task_id.clone());
                messages.entry(bus).or_default().push(told);
            }
        }
        messages
    }

    /// Returns how often a stream broke off, or could not be opened.
    pub(crate) fn breaks(&self) -> usize {
        self.0.iter().filter(|recorded| matches!(recorded, Recorded::Broken(_))).count()
    }

    /// Compares what was recorded of some buses from their beginning with what they hold: no
    /// gap, nothing twice, the same order, the same bodies, and each cursor goes on with the
    /// message after its own. All that was to be recorded has been waited for.
    ///
    /// Counts as a case each recording of a bus; as lost what is in a bus and was not
    /// recorded; as torn what was recorded with another content than it has.
    pub(crate) async fn validate(&self, addr: &str, buses: &[(&str, &str)]) -> Tally {
        let tally = self.compare(addr, buses).await;
        if tally.lost + tally.duplicated + tally.torn == 0 {
            let mut client = Client::connect_to(addr).await;
            let messages = self.messages();
            for &(project, task) in buses {
                let told = messages.get(&(project.to_owned(), task.to_owned()));
                let told = told.map(Vec::as_slice).unwrap_or_default();
                go_on_from_each(&mut client, project, task, told).await;
            }
        }
        tally
    }

    /// Compares like [`Recording::validate`], but for the cursors.
    pub(crate) async fn compare(&self, addr: &str, buses: &[(&str, &str)]) -> Tally {
        let mut client = Client::connect_to(addr).await;
        let mut tally = Tally::default();
        let messages = self.messages();
        for &(project, task) in buses {
            let told = messages.get(&(project.to_owned(), task.to_owned()));
            let told = told.map(Vec::as_slice).unwrap_or_default();
            tally.add(compare(told, &client.read_all(project, task).await));
        }
        for recorded in &self.0 {
            if let Recorded::Frame(frame @ (Frame::Gap(_) | Frame::Damaged(_))) = recorded {
                panic!("nothing was lost or damaged, and yet: {frame:?}");
            }
        }
        tally
    }
}

/// Compares the messages that were told of a bus with those that it holds.
fn compare(told: &[&Delivery], held: &[pb::Message]) -> Tally {
    let mut tally = Tally { cases: 1, acknowledged: held.len(), ..Tally::default() };
    let mut places = BTreeMap::new();
    for (place, delivery) in told.iter().enumerate() {
        let message = delivery.message.as_ref().expect("a message");
        tally.duplicated += usize::from(places.insert(&message.msg_id, place).is_some());
    }
    let mut before = None;
    for message in held {
        let Some(&place) = places.get(&message.msg_id) else {
            tally.lost += 1;
            continue;
        };
        assert!(before < Some(place), "told in another order: {}", message.msg_id);
        before = Some(place);
        if told[place].message.as_ref() != Some(message) {
            eprintln!("torn: told {:?}, held {message:?}", told[place].message);
            tally.torn += 1;
        }
    }
    // Whatever was told and is not held was no message.
    let known = held.iter().filter(|message| places.contains_key(&message.msg_id)).count();
    tally.torn += places.len() - known;
    tally
}

/// Goes on from the cursor of each message, of very many from some: with a read, and from a few
/// with a subscription.
async fn go_on_from_each(client: &mut Client, project: &str, task: &str, told: &[&Delivery]) {
    let id = |delivery: &Delivery| delivery.message.as_ref().expect("a message").msg_id.clone();
    let step = told.len().div_ceil(READ_AGAIN).max(1);
    for (place, delivery) in told.iter().enumerate().step_by(step) {
        let start = pb::read_messages_request::Start::Cursor(delivery.cursor.clone());
        let request =
            pb::ReadMessagesRequest { start: Some(start), limit: 1, ..read_of(project, task) };
        let next = client.read(request).await.messages.first().map(|next| next.msg_id.clone());
        assert_eq!(next, told.get(place + 1).map(|next| id(next)), "after cursor {place}");
    }
    for nth in 0..SUBSCRIBED_AGAIN.min(told.len()) {
        let place = nth * told.len() / SUBSCRIBED_AGAIN.min(told.len());
        let request = pb::SubscribeRequest {
            project_id: project.into(),
            task_id: task.into(),
            start: Some(Start::Cursor(told[place].cursor.clone())),
            stop_at_tail: true,
            ..Default::default()
        };
        let mut subscription = client.subscribe(request).await;
        let mut rest = Vec::new();
        while let Some(frame) = subscription.try_frame().await.expect("the stream goes on") {
            if let Frame::Message(delivery) = frame {
                rest.push(id(&delivery));
            }
        }
        let expected: Vec<String> = told[place + 1..].iter().map(|next| id(next)).collect();
        assert_eq!(rest, expected, "a subscription after cursor {place}");
    }
}
