//! AppendStream: many appends in flight, answered in order.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use crate::audit::{Audit, Entry};
use crate::config::ServiceLimits;
use crate::error::{Error, Result};
use crate::store::{AppendTicket, Appended, MessageBus};

use super::convert;
use super::gate::Entrance;
use super::pb;
use super::request_room::RequestRoom;
use super::status::{oversize, status_with};

/// The answers of one stream.
pub(super) type Answers = ReceiverStream<Result<pb::AppendStreamResponse, Status>>;

/// What a stream is run with.
pub(super) struct Stream {
    /// Whom it comes from.
    pub(super) entrance: Entrance,
    /// The room of the request that is carried out.
    pub(super) room: RequestRoom,
    /// How much it may take.
    pub(super) limits: ServiceLimits,
    /// Ends the taking in.
    pub(super) shutdown: CancellationToken,
}

/// An append that was taken in, with the line of its change when they are noted.
type Taken = (AppendTicket, Option<(Audit, Entry)>);

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
    stream: Stream,
) -> Answers {
    let Stream { entrance, room, limits, shutdown } = stream;
    let (ticket_in, mut tickets) =
        mpsc::channel::<Result<Taken, Stop>>(limits.append_stream_in_flight);
    let (answer_in, answers) = mpsc::channel(limits.append_stream_in_flight);
    let reached = entrance.clone();
    tokio::spawn(async move {
        loop {
            let request = tokio::select! {
                request = requests.next() => request,
                // Nobody takes answers any more, and a caller may be silent for ever.
                () = ticket_in.closed() => break,
                () = shutdown.cancelled() => {
                    let _ = ticket_in.send(Err(Stop::Refused(Error::ShuttingDown))).await;
                    break;
                }
            };
            let ticket = match request {
                None => break,
                Some(Ok(request)) => take(&*bus, &entrance, &limits, request).await,
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
        loop {
            let ticket = tokio::select! {
                ticket = tickets.recv() => ticket,
                () = answer_in.closed() => break,
            };
            let Some(ticket) = ticket else { break };
            let appended = match ticket {
                Ok((ticket, entry)) => {
                    let answer = ticket.await.and_then(|appended| response(&appended));
                    if let Some((audit, entry)) = entry {
                        let made = answer.as_ref().map(|answer| answer.msg_id.clone());
                        audit.note(entry.ended(made)).await;
                    }
                    answer.map_err(|error| Stop::Refused(reached.within_reach(error)))
                }
                Err(stop) => Err(stop),
            };
            let refused = appended.is_err();
            let answer = appended.map_err(|stop| match stop {
                Stop::Refused(error) => status_with(&error, &[("index", index.to_string())]),
                Stop::Broken(status) => status,
            });
            if answer_in.send(answer).await.is_err() || refused {
                break;
            }
            index += 1;
        }
        // Closing the tickets ends the other task as well. What was taken in is appended, and
        // noted, though nobody is told.
        tickets.close();
        while let Some(left) = tickets.recv().await {
            if let Ok((ticket, Some((audit, entry)))) = left {
                let made = ticket.await.and_then(|appended| response(&appended));
                audit.note(entry.ended(made.as_ref().map(|made| made.msg_id.clone()))).await;
            }
        }
    });
    ReceiverStream::new(answers)
}

/// Takes an append in.
async fn take<B: MessageBus>(
    bus: &B,
    entrance: &Entrance,
    limits: &ServiceLimits,
    request: pb::AppendStreamRequest,
) -> Result<Taken, Stop> {
    let entry = entrance.entry(&request);
    let submit = async {
        entrance.admit(&request, "").await?;
        let body_bytes_max = limits.message_body_bytes_max;
        let batch = convert::single(request.message, &request.request_id, "", body_bytes_max)?;
        bus.submit(batch).await
    };
    match (submit.await, entry) {
        (Ok(ticket), entry) => Ok((ticket, entry)),
        (Err(error), entry) => {
            if let Some((audit, entry)) = entry {
                audit.note(entry.ended(Err(&error))).await;
            }
            Err(Stop::Refused(entrance.within_reach(error)))
        }
    }
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
