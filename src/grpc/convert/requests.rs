//! Requests of MessageBus into the domain: they are checked here, once.

use std::time::Duration;

use crate::domain::{BusId, Cursor, Link, MsgId, NewMessage, Parent, ProjectId, Reach, RequestId};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{AppendBatch, Filter, ReadQuery, ReadStart, Scope, Start, Subscription};

use super::fields::{check_size, count, duration, heartbeat_interval, invalid, timestamp};

/// Takes a batch for one bus.
pub(in crate::grpc) fn batch(
    messages: Vec<pb::Message>,
    request_id: &str,
    expected_last: &str,
    body_bytes_max: usize,
) -> Result<AppendBatch> {
    check_size("messages", "BATCH_MESSAGES_MAX", messages.len(), limits::BATCH_MESSAGES_MAX)?;
    let bytes = messages.iter().map(|message| message.body.len()).sum();
    // One message alone is bounded by its body's own limit.
    if messages.len() > 1 {
        check_size("messages", "BATCH_BYTES_MAX", bytes, limits::BATCH_BYTES_MAX)?;
    }
    let mut bus: Option<BusId> = None;
    let mut new_messages = Vec::with_capacity(messages.len());
    for (index, message) in messages.into_iter().enumerate() {
        check_size("body", "MESSAGE_BODY_BYTES_MAX", message.body.len(), body_bytes_max)?;
        let own = BusId::parse(&message.project_id, &message.task_id)?;
        match &bus {
            None => bus = Some(own),
            Some(first) if *first != own => {
                return Err(Error::MixedBuses {
                    first: first.to_string(),
                    other: own.to_string(),
                    index,
                });
            }
            Some(_) => {}
        }
        let message = new_message(message);
        message.check()?;
        new_messages.push(message);
    }
    Ok(AppendBatch {
        bus: bus.ok_or(Error::RequiredField { field: "messages" })?,
        messages: new_messages,
        request_id: RequestId::parse(request_id)?,
        expected_last: optional_id("expected_last_msg_id", expected_last)?,
    })
}

/// Takes the one message of a request.
pub(in crate::grpc) fn single(
    message: Option<pb::Message>,
    request_id: &str,
    expected_last: &str,
    body_bytes_max: usize,
) -> Result<AppendBatch> {
    let message = message.ok_or(Error::RequiredField { field: "message" })?;
    batch(vec![message], request_id, expected_last, body_bytes_max)
}

fn new_message(message: pb::Message) -> NewMessage {
    NewMessage {
        kind: message.r#type,
        run_id: message.run_id,
        issue_id: message.issue_id,
        parents: message
            .parents
            .into_iter()
            .map(|parent| Parent {
                msg_id: parent.msg_id,
                kind: parent.kind,
                meta: parent.meta.into_iter().collect(),
            })
            .collect(),
        links: message
            .links
            .into_iter()
            .map(|link| Link { url: link.url, label: link.label, kind: link.kind })
            .collect(),
        meta: message.meta.into_iter().collect(),
        attachment_path: message.attachment_path,
        body: message.body,
    }
}

/// Takes a read.
pub(in crate::grpc) fn read_query(request: pb::ReadMessagesRequest) -> Result<ReadQuery> {
    use pb::read_messages_request::Start as From;
    let start = match request.start {
        None => ReadStart::From(Start::Earliest),
        Some(From::SinceId(id)) => ReadStart::From(Start::SinceId(MsgId::parse("since_id", &id)?)),
        Some(From::Cursor(cursor)) => ReadStart::From(Start::Cursor(Cursor::parse(&cursor)?)),
        Some(From::SinceTime(time)) => {
            ReadStart::From(Start::SinceTime(timestamp("since_time", time)?))
        }
        Some(From::Tail(tail)) => {
            let tail = count("tail", tail)?;
            check_size("tail", "READ_LIMIT_MAX", tail, limits::READ_LIMIT_MAX)?;
            if tail == 0 {
                return Err(invalid("tail", "it must be at least 1"));
            }
            ReadStart::Tail(tail)
        }
    };
    let limit = match (&start, request.limit) {
        (ReadStart::Tail(tail), 0) => *tail,
        (_, limit) => read_limit(limit)?,
    };
    Ok(ReadQuery {
        bus: BusId::parse(&request.project_id, &request.task_id)?,
        start,
        limit,
        filter: filter(request.types, request.run_id)?,
    })
}

/// Takes a long poll: the read, and how long to wait.
pub(in crate::grpc) fn poll_query(request: pb::PollForNewRequest) -> Result<(ReadQuery, Duration)> {
    use pb::poll_for_new_request::Start as From;
    let start = match request.start {
        None => Start::Latest,
        Some(From::SinceId(id)) => Start::SinceId(MsgId::parse("since_id", &id)?),
        Some(From::Cursor(cursor)) => Start::Cursor(Cursor::parse(&cursor)?),
    };
    let timeout = match request.timeout {
        None => limits::POLL_TIMEOUT_DEFAULT,
        Some(timeout) => duration("timeout", timeout)?,
    };
    if timeout > limits::POLL_TIMEOUT_MAX {
        let problem =
            format!("it is over POLL_TIMEOUT_MAX = {} s", limits::POLL_TIMEOUT_MAX.as_secs());
        return Err(invalid("timeout", problem));
    }
    let query = ReadQuery {
        bus: BusId::parse(&request.project_id, &request.task_id)?,
        start: ReadStart::From(start),
        limit: read_limit(request.limit)?,
        filter: filter(request.types, request.run_id)?,
    };
    Ok((query, timeout))
}

/// Takes a subscription.
pub(in crate::grpc) fn subscription(
    request: pb::SubscribeRequest,
    reach: &Reach,
) -> Result<Subscription> {
    use pb::subscribe_request::Start as From;
    let scope = scope(&request, reach)?;
    let one_bus = matches!(scope, Scope::Bus(_));
    let start_given = request.start.is_some();
    let only_one =
        |field| invalid(field, "it names a place in one bus; use positions for a wide scope");
    let start = match request.start {
        None => Start::Latest,
        Some(From::SinceId(_)) if !one_bus => return Err(only_one("since_id")),
        Some(From::Cursor(_)) if !one_bus => return Err(only_one("cursor")),
        Some(From::SinceId(id)) => Start::SinceId(MsgId::parse("since_id", &id)?),
        Some(From::Cursor(cursor)) => Start::Cursor(Cursor::parse(&cursor)?),
        Some(From::SinceTime(time)) => Start::SinceTime(timestamp("since_time", time)?),
        Some(From::Position(position)) => match pb::StartPosition::try_from(position) {
            Ok(pb::StartPosition::Earliest) => Start::Earliest,
            Ok(pb::StartPosition::Latest | pb::StartPosition::Unspecified) => Start::Latest,
            Err(_) => return Err(invalid("position", "it is no StartPosition")),
        },
    };
    check_size("positions", "POSITIONS_MAX", request.positions.len(), limits::POSITIONS_MAX)?;
    if !request.positions.is_empty() && (one_bus || start_given) {
        return Err(invalid("positions", "they are for wide scopes, instead of another start"));
    }
    let positions = request
        .positions
        .into_iter()
        .map(|position| {
            let bus = BusId::parse(&position.project_id, &position.task_id)?;
            if !scope.covers(&bus) {
                return Err(invalid("positions", format!("bus {bus} is not in the scope")));
            }
            Ok((bus, Cursor::parse(&position.cursor)?))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Subscription {
        scope,
        start,
        positions,
        filter: filter(request.types, request.run_id)?,
        stop_at_tail: request.stop_at_tail,
        limit: match u64::try_from(request.limit) {
            Ok(0) => None,
            Ok(limit) => Some(limit),
            Err(_) => return Err(invalid("limit", "it must not be negative")),
        },
        heartbeat_interval: heartbeat_interval(request.heartbeat_interval)?,
    })
}

fn scope(request: &pb::SubscribeRequest, reach: &Reach) -> Result<Scope> {
    let nothing_named = request.project_id.is_empty() && request.task_id.is_empty();
    match pb::SubscribeScope::try_from(request.scope) {
        Ok(pb::SubscribeScope::Unspecified) if nothing_named => Ok(Scope::All(reach.clone())),
        Ok(pb::SubscribeScope::Unspecified | pb::SubscribeScope::Bus) => {
            Ok(Scope::Bus(BusId::parse(&request.project_id, &request.task_id)?))
        }
        Ok(pb::SubscribeScope::Project) if !request.task_id.is_empty() => {
            Err(invalid("task_id", "a project's scope covers all its tasks; leave it empty"))
        }
        Ok(pb::SubscribeScope::Project) => {
            Ok(Scope::Project(ProjectId::parse(&request.project_id)?))
        }
        Ok(pb::SubscribeScope::All) if !nothing_named => {
            Err(invalid("project_id", "the scope ALL covers everything; leave it empty"))
        }
        Ok(pb::SubscribeScope::All) => Ok(Scope::All(reach.clone())),
        Err(_) => Err(invalid("scope", "it is no SubscribeScope")),
    }
}

fn filter(types: Vec<String>, run_id: String) -> Result<Filter> {
    check_size("types", "FILTER_TYPES_MAX", types.len(), limits::FILTER_TYPES_MAX)?;
    Ok(Filter { kinds: types, run_id })
}

fn read_limit(limit: i32) -> Result<usize> {
    let limit = count("limit", limit)?;
    check_size("limit", "READ_LIMIT_MAX", limit, limits::READ_LIMIT_MAX)?;
    Ok(if limit == 0 { limits::READ_LIMIT_DEFAULT } else { limit })
}

fn optional_id(field: &'static str, id: &str) -> Result<Option<MsgId>> {
    if id.is_empty() { Ok(None) } else { MsgId::parse(field, id).map(Some) }
}
