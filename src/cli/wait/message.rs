//! Waiting for a message.

use crate::cli::failure::Failure;
use crate::cli::follow::{print_delivery, start, tell};
use crate::cli::place::Place;
use crate::cli::{duration, output};
use crate::grpc::pb::subscribe_response::{Delivery, Frame};

use super::Wait;

impl Wait {
    /// Waits for the first message that fits, and prints it.
    pub(super) async fn message(&self) -> Result<(), Failure> {
        let place = self.place.resolve_bus()?;
        let label = place.bus_label();
        let found = if self.timeout.is_zero() {
            self.first_message(place).await?
        } else {
            // No answer in time, whatever the cause, is a time out.
            tokio::time::timeout(self.timeout, self.first_message(place))
                .await
                .unwrap_or(Ok(None))?
        };
        let Some(delivery) = found else {
            return Err(Failure::timed_out(format!(
                "no message that fits came to bus {label} within {}",
                duration::text(self.timeout)
            )));
        };
        let mut output = self.form.open();
        print_delivery(&mut output, &delivery, self.show_cursor)?;
        output.flush()
    }

    async fn first_message(&self, place: Place) -> Result<Option<Delivery>, Failure> {
        let label = place.bus_label();
        let only_look = self.timeout.is_zero();
        let subscribe = self.connection.client_at(place).await?.follow().limit(1);
        let subscribe = start(subscribe, self.since.as_deref(), self.cursor.as_deref());
        let subscribe = subscribe.types(&self.types).of_run(self.run.clone().unwrap_or_default());
        let subscribe = if only_look { subscribe.stop_at_tail() } else { subscribe };
        let failed = |error| self.connection.failure(&error);
        let mut frames = subscribe.open().await.map_err(failed)?;
        let mut live = false;
        while let Some(frame) = frames.next_frame().await {
            match frame.map_err(failed)? {
                Frame::Message(delivery) => return Ok(Some(delivery)),
                Frame::CaughtUp(_) if !live && !only_look => {
                    output::note(&format!("waiting for a message in bus {label}"));
                    live = true;
                }
                other => tell(&other),
            }
        }
        Ok(None)
    }
}
