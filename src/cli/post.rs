//! `callboard post`: appends one message.

use clap::Args;

use crate::grpc::pb::{AppendMessageRequest, Link, Message, Parent};
use crate::limits::MESSAGE_BODY_BYTES_MAX;

use super::connection::Connection;
use super::failure::{self, Failure};
use super::output::{self, Form};
use super::place::Place;
use super::place_flags::PlaceFlags;
use super::request_id;
use super::text_input::{self, Text};

/// The body, as errors call it.
const BODY: Text = Text {
    what: "body",
    bytes_max: MESSAGE_BODY_BYTES_MAX,
    limit_name: "MESSAGE_BODY_BYTES_MAX",
    too_large: failure::LONG_TEXT,
    no_text: text_input::KEEP_AS_ARTIFACT,
};

/// Append a message to a bus, and print its id once it is on disk
///
/// The body comes from --body or from stdin, and is kept byte for byte. The folders
/// of project and task are created when they are missing. Repeating the command
/// with the same --request-id appends nothing again and prints the first id.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Post {
    /// What kind of message it is: FACT, PROGRESS, DECISION, ERROR, QUESTION, INFO … or any word
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,
    /// The text [default: read from stdin]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    body: Option<String>,
    /// The run that speaks [default: $JRUN_ID, or from the working directory]
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// A key and its value; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    meta: Vec<(String, String)>,
    /// The id of a message that this one answers or follows; may be repeated
    #[arg(long, value_name = "ID")]
    parent: Vec<String>,
    /// A link; may be repeated
    #[arg(long, value_name = "URL")]
    link: Vec<String>,
    /// The issue it belongs to
    #[arg(long, value_name = "ID")]
    issue: Option<String>,
    /// A file that belongs to it, relative to the task's folder
    #[arg(long, value_name = "PATH")]
    attachment: Option<String>,
    /// Makes repeating the command safe: the same id appends once [default: a random one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Append only if this is the last message of the bus
    #[arg(long, value_name = "ID")]
    expect_last: Option<String>,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

/// What to do when there is no body.
const NO_BODY: &str = "give --body TEXT, or pipe the text into stdin";

const AFTER_HELP: &str = "\
Examples:
  callboard post --project demo --type INFO --body 'hello'
  git log -1 | callboard post --project demo --task task-1 --type FACT --meta branch=main
  callboard post --type ANSWER --parent \"$QUESTION_ID\" --body 'use port 8080'
  callboard post --type FACT --body done --request-id build-117   # safe to repeat";

impl Post {
    /// Appends the message.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let place = self.place.resolve_bus()?;
        let body = match self.body.take() {
            Some(body) => body,
            None => text_input::piped(&BODY, NO_BODY)?,
        };
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id.take());
        let request = self.request(place, body, request_id)?;
        let client = self.connection.client().await?;
        let answer = self.connection.call(&client, request).await?;
        if answer.duplicate && named_by_caller {
            output::note("this request id was used before: nothing was appended again");
        }
        let mut output = self.form.open();
        output.print(&answer, |answer| answer.msg_id.clone())?;
        output.flush()
    }

    fn request(
        &self,
        place: Place,
        body: String,
        request_id: String,
    ) -> Result<AppendMessageRequest, Failure> {
        let mut message = Message {
            r#type: self.kind.clone(),
            project_id: place.project,
            task_id: place.task,
            run_id: self.run.clone().unwrap_or(place.run),
            issue_id: self.issue.clone().unwrap_or_default(),
            attachment_path: self.attachment.clone().unwrap_or_default(),
            body,
            ..Default::default()
        };
        message.parents = self
            .parent
            .iter()
            .map(|id| Parent { msg_id: id.clone(), ..Default::default() })
            .collect();
        message.links =
            self.link.iter().map(|url| Link { url: url.clone(), ..Default::default() }).collect();
        for (key, value) in &self.meta {
            if message.meta.insert(key.clone(), value.clone()).is_some() {
                return Err(Failure::usage(format!("--meta {key} is given twice")));
            }
        }
        Ok(AppendMessageRequest {
            message: Some(message),
            request_id,
            expected_last_msg_id: self.expect_last.clone().unwrap_or_default(),
        })
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_splits_at_the_first_equals_sign() {
        assert_eq!(key_and_value("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(key_and_value("a="), Ok(("a".into(), String::new())));
        assert!(key_and_value("=a").is_err());
        assert!(key_and_value("a").is_err());
    }
}
