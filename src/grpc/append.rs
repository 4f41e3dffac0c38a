//! AppendStream: many appends in flight, answered in order.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use crate::error::{Error, Result};
use crate::limits::APPEND_STREAM_IN_FLIGHT;
use crate::store::{AppendTicket, Appended, MessageBus};

use super::convert;
use super::pb;
use super::request_room::RequestRoom;
use super::status::{oversize, status_with};

/// The answers of one stream.
pub(super) type Answers = ReceiverStream<Result<pb::AppendStreamResponse, Status>>;

/// Why the taking in ended before the caller's end.
enum Stop {
    /// A message was refused, or the server stops.
    Refused(Error),
    /// The call broke.
    Broken(Status),
}

/// Appends what comes in, and answers each as it becomes durable, in order: also the
/// refusal that ends it. What was taken in is appended also when the caller goes away.
/// The shutdown ends the taking in; what was taken in is still answered.
pub(super) fn run<B: MessageBus>(
    bus: Arc<B>,
    mut requests: Streaming<pb::AppendStreamRequest>,
    room: RequestRoom,
    shutdown: CancellationToken,
) -> Answers {
    let (ticket_in, mut tickets) =
        mpsc::channel::<Result<AppendTicket, Stop>>(APPEND_STREAM_IN_FLIGHT);
    let (answer_in, answers) = mpsc::channel(APPEND_STREAM_IN_FLIGHT);
    tokio::spawn(async move {
        loop {
            let request = tokio::select! {
                request = requests.next() => request,
                () = shutdown.cancelled() => {
                    let _ = ticket_in.send(Err(Stop::Refused(Error::ShuttingDown))).await;
                    break;
                }
            };
            let ticket = match request {
                None => break,
                Some(Ok(request)) => {
                    match convert::single(request.message, &request.request_id, "") {
                        Ok(batch) => bus.submit(batch).await.map_err(Stop::Refused),
                        Err(error) => Err(Stop::Refused(error)),
                    }
                }
                Some(Err(status)) => Err(match oversize(&status) {
                    Some(error) => Stop::Refused(error),
                    None => Stop::Broken(status),
                }),
            };
            // It is in the queue of its bus, also while nobody takes the answers.
            room.give_back();
            let refused = ticket.is_err();
            if ticket_in.send(ticket).await.is_err() || refused {
                break;
            }
        }
    });
    tokio::spawn(async move {
        let mut index = 0_u64;
        while let Some(ticket) = tickets.recv().await {
            let appended = match ticket {
                Ok(ticket) => {
                    let appended = ticket.await;
                    appended.and_then(|appended| response(&appended)).map_err(Stop::Refused)
                }
                Err(stop) => Err(stop),
            };
            let refused = appended.is_err();
            let answer = appended.map_err(|stop| match stop {
                Stop::Refused(error) => status_with(&error, &[("index", index.to_string())]),
                Stop::Broken(status) => status,
            });
            // Dropping the tickets ends the other task as well.
            if answer_in.send(answer).await.is_err() || refused {
                break;
            }
            index += 1;
        }
    });
    ReceiverStream::new(answers)
}

fn response(appended: &Appended) -> Result<pb::AppendStreamResponse> {
    let (msg_id, ts) = first(appended)?;
    Ok(pb::AppendStreamResponse {
        msg_id,
        ts: Some(ts),
        cursor: appended.cursor.to_string(),
        duplicate: appended.duplicate,
    })
}

/// Id and time of the one message that was appended.
pub(super) fn first(appended: &Appended) -> Result<(String, prost_types::Timestamp)> {
    let (msg_id, ts) = appended
        .messages
        .first()
        .ok_or_else(|| Error::Bug("an append without a message".into()))?;
    Ok((msg_id.clone(), convert::timestamp_out(*ts)))
}
