//! Waiting for a message.

use crate::cli::failure::Failure;
use crate::cli::follow::{print_delivery, start, tell};
use crate::cli::place::bus_label;
use crate::cli::subscription::Subscription;
use crate::cli::{duration, output};
use crate::grpc::pb::subscribe_response::{Delivery, Frame};
use crate::grpc::pb::{SubscribeRequest, SubscribeScope};

use super::Wait;

impl Wait {
    /// Waits for the first message that fits, and prints it.
    pub(super) async fn message(&self) -> Result<(), Failure> {
        let place = self.place.resolve_bus()?;
        let label = place.bus_label();
        let only_look = self.timeout.is_zero();
        let request = SubscribeRequest {
            project_id: place.project,
            task_id: place.task,
            scope: SubscribeScope::Bus.into(),
            start: start(self.since.as_deref(), self.cursor.as_deref(), false),
            types: self.types.clone(),
            run_id: self.run.clone().unwrap_or_default(),
            stop_at_tail: only_look,
            limit: 1,
            ..Default::default()
        };
        let found = if only_look {
            self.first_message(request).await?
        } else {
            // No answer in time, whatever the cause, is a time out.
            tokio::time::timeout(self.timeout, self.first_message(request))
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

    async fn first_message(&self, request: SubscribeRequest) -> Result<Option<Delivery>, Failure> {
        let label = bus_label(&request.project_id, &request.task_id);
        let mut subscription = Subscription::open(&self.connection, request).await?;
        let mut live = false;
        while let Some(frame) = subscription.next().await? {
            match frame {
                Frame::Message(delivery) => return Ok(Some(delivery)),
                Frame::CaughtUp(_) if !live && !self.timeout.is_zero() => {
                    output::note(&format!("waiting for a message in bus {label}"));
                    live = true;
                }
                other => tell(&other),
            }
        }
        Ok(None)
    }
}
