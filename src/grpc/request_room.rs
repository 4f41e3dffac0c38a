//! The room that the long message of a request takes, among all that are carried out.

use std::sync::{Arc, Mutex};

use tokio::sync::OwnedSemaphorePermit;

/// The room of one request, which is among the extensions of a stream of them. It is given
/// back at the latest when nobody has it any more.
#[derive(Debug, Clone, Default)]
pub struct RequestRoom(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl RequestRoom {
    /// Holds room for a message.
    pub fn hold(&self, room: Option<OwnedSemaphorePermit>) {
        *self.0.lock().expect("nothing panics with the room") = room;
    }

    /// Gives it back: the message was carried out, or is counted by others.
    pub fn give_back(&self) {
        self.hold(None);
    }
}
