//! What happens to runs.

use crate::error::Result;
use crate::grpc::pb;
use crate::limits;
use crate::store::{LinesAppended, NewRunEvent};

use super::fields::{invalid, json_object, label, optional_time, required_label};
use super::values::size_out;

/// Takes an event. The run and the request id stand beside that.
pub(in crate::grpc) fn new(request: pb::AppendRunEventRequest) -> Result<NewRunEvent> {
    let event = required_label("event", request.event)?;
    if event.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(invalid("event", "it is one word, without white space and control characters"));
    }
    let limit = limits::EVENT_DATA_BYTES_MAX;
    Ok(NewRunEvent {
        event,
        data: match request.data_json.as_str() {
            "" => None,
            data => Some(json_object("data_json", "EVENT_DATA_BYTES_MAX", limit, data)?),
        },
        timestamp: optional_time("timestamp", request.timestamp)?,
        repo_id: label("repo_id", request.repo_id)?,
    })
}

/// Gives out what was appended.
pub(in crate::grpc) fn appended(appended: LinesAppended) -> pb::AppendRunEventResponse {
    pb::AppendRunEventResponse {
        offset: size_out(appended.offset),
        next_offset: size_out(appended.next_offset),
        duplicate: appended.duplicate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn an_event(event: &str, data: &str) -> Result<NewRunEvent> {
        new(pb::AppendRunEventRequest {
            event: event.into(),
            data_json: data.into(),
            ..Default::default()
        })
    }

    #[test]
    fn an_event_is_one_word_of_128_bytes() {
        for word in ["pushed", "step.done/2", "готово", &"x".repeat(128)] {
            assert_eq!(an_event(word, "").expect(word).event, word);
        }
        for (word, reason) in [
            ("", Reason::RequiredField),
            ("a b", Reason::InvalidField),
            ("a\n", Reason::InvalidField),
            ("a\0", Reason::InvalidField),
            (&"x".repeat(129), Reason::TooLarge),
        ] {
            let refused = an_event(word, "").expect_err(word);
            assert_eq!((refused.field(), refused.reason()), (Some("event"), reason), "{word:?}");
        }
    }

    #[test]
    fn data_is_an_object_or_nothing() {
        assert_eq!(an_event("pushed", "").expect("an event").data, None);
        let data = an_event("pushed", "{\"n\": 1e400}").expect("an event").data;
        assert_eq!(data.expect("an object").as_str(), "{\"n\": 1e400}");
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat((60 << 10) - 7));
        for (text, reason) in [
            ("1", Reason::InvalidField),
            (" ", Reason::InvalidField),
            (large.as_str(), Reason::TooLarge),
        ] {
            let refused = an_event("pushed", text).expect_err("refused");
            assert_eq!((refused.field(), refused.reason()), (Some("data_json"), reason));
        }
    }
}
