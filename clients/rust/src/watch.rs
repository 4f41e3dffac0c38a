//! Watching projects, tasks, runs and what they keep, through breaks and restarts of the server.

use std::future::poll_fn;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::resuming::{Event, Opening, Resuming, Source, silence_max};
use crate::v1::watch_response::Frame;
use crate::v1::{WatchRequest, WatchResponse};
use crate::{Client, Error};

impl Client {
    /// Watches what the request says, whatever place the client speaks for: first all of the
    /// present state, then every change.
    pub fn watch(&self, request: WatchRequest) -> Watch {
        let silence_max = silence_max(request.heartbeat_interval);
        Watch(Resuming::new(self.clone(), Watching { request, silence_max }, None))
    }
}

/// The frames of a Watch call, across breaks. Dropping it ends the call.
#[must_use = "nothing is watched before next"]
pub struct Watch(Resuming<Watching>);

/// What happens to a watcher.
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchEvent {
    /// The server sent this.
    Frame(Box<Frame>),
    /// The stream broke, and is being opened again.
    Broken,
    /// It is open again, and begins with all of the present state: what is not in it up to
    /// `Synced` is gone.
    OpenedAgain,
}

impl Watch {
    /// Waits for the next event; none only after an error. While the server cannot be reached it
    /// is tried again, for ever.
    ///
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<WatchEvent, Error>> {
        let event = poll_fn(|cx| self.0.poll_event(cx)).await?;
        Some(event.map(|event| match event {
            Event::Frame(response) => {
                // A frame of a kind that is not known yet says nothing.
                let frame = response.frame.unwrap_or(Frame::Heartbeat(Default::default()));
                WatchEvent::Frame(Box::new(frame))
            }
            Event::Broken => WatchEvent::Broken,
            Event::OpenedAgain => WatchEvent::OpenedAgain,
        }))
    }
}

/// A Watch call, again and again.
struct Watching {
    request: WatchRequest,
    silence_max: Duration,
}

impl Source for Watching {
    type Frame = WatchResponse;

    fn open(&mut self, client: &Client) -> Opening<WatchResponse> {
        let (mut storage, request) = (client.storage(), self.request.clone());
        async move { storage.watch(request).await }.boxed()
    }

    fn end_is_break(&self) -> bool {
        true
    }

    fn silence_max(&self) -> Option<Duration> {
        Some(self.silence_max)
    }
}
