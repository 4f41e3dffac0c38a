//! Cursors that were taken before a kill, and must be honoured after it.

use callboard::grpc::pb;
use pb::read_messages_request::Start;

use super::super::ledger::BUSES;
use crate::client::{Client, read_of};

/// A cursor right after a message.
struct Taken {
    bus: usize,
    msg_id: String,
    cursor: String,
}

/// Cursors, oldest first.
#[derive(Default)]
pub(super) struct Cursors(Vec<Taken>);

impl Cursors {
    /// Takes the cursor at the end of each bus.
    pub(super) async fn take(&mut self, addr: &str) {
        let mut client = Client::connect_to(addr).await;
        for (bus, (project, task)) in BUSES.into_iter().enumerate() {
            let tail =
                pb::ReadMessagesRequest { start: Some(Start::Tail(1)), ..read_of(project, task) };
            let page = client.read(tail).await;
            if let [last] = page.messages.as_slice() {
                self.0.push(Taken { bus, msg_id: last.msg_id.clone(), cursor: page.cursor });
            }
        }
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Goes on from the newest cursor of each bus, and compares with what follows the message
    /// that it is of.
    pub(super) async fn last_are_honoured(&self, addr: &str) {
        let mut client = Client::connect_to(addr).await;
        for taken in self.0.iter().rev().take(BUSES.len()) {
            let by_id = next(&mut client, taken.bus, Start::SinceId(taken.msg_id.clone())).await;
            let by_cursor = next(&mut client, taken.bus, Start::Cursor(taken.cursor.clone())).await;
            // The one was asked for later, and may be the first.
            assert!(by_id.is_none() || by_id == by_cursor, "{by_id:?}, {by_cursor:?}");
        }
    }

    /// Goes on from every cursor that was ever taken, and compares with what the buses hold.
    pub(super) async fn all_are_honoured(&self, addr: &str, held: &[Vec<pb::Message>]) {
        let mut client = Client::connect_to(addr).await;
        for taken in &self.0 {
            let messages = &held[taken.bus];
            let place = messages.iter().position(|message| message.msg_id == taken.msg_id);
            let place = place.expect("what a cursor was taken after is there");
            let expected = messages.get(place + 1).map(|message| message.msg_id.clone());
            let found = next(&mut client, taken.bus, Start::Cursor(taken.cursor.clone())).await;
            assert_eq!(found, expected, "after {}", taken.cursor);
        }
    }
}

/// Returns the id of the first message after a start.
async fn next(client: &mut Client, bus: usize, start: Start) -> Option<String> {
    let (project, task) = BUSES[bus];
    let request =
        pb::ReadMessagesRequest { start: Some(start), limit: 1, ..read_of(project, task) };
    client.read(request).await.messages.first().map(|message| message.msg_id.clone())
}
