//! `callboard post`: appends one message.

use std::io::{self, IsTerminal as _, Read as _};
use std::time::{Duration, Instant};

use clap::Args;

use crate::error::Reason;
use crate::grpc::pb::{AppendMessageRequest, AppendMessageResponse, Link, Message, Parent};
use crate::limits::MESSAGE_BODY_BYTES_MAX;

use super::backoff::Backoff;
use super::connection::Connection;
use super::failure::{self, Failure};
use super::output::{self, Form};
use super::place::{Place, PlaceFlags};
use super::request_id;

/// How long an append is repeated while the server cannot take it for the moment.
const RETRY_FOR: Duration = Duration::from_secs(5);

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
            None => body_from_stdin()?,
        };
        // An empty id is none: without one, trying again would append twice.
        self.request_id = self.request_id.filter(|id| !id.is_empty());
        let named_by_caller = self.request_id.is_some();
        let request = self.request(place, body)?;
        let answer = self.append(request).await?;
        if answer.duplicate && named_by_caller {
            output::note("this request id was used before: nothing was appended again");
        }
        let mut output = self.form.open();
        output.print(&answer, |answer| answer.msg_id.clone())?;
        output.flush()
    }

    fn request(&self, place: Place, body: String) -> Result<AppendMessageRequest, Failure> {
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
            request_id: self.request_id.clone().unwrap_or_else(request_id::generate),
            expected_last_msg_id: self.expect_last.clone().unwrap_or_default(),
        })
    }

    /// Appends, and tries again for a while when the server was there and cannot
    /// take the message for the moment. The request id makes that safe.
    async fn append(
        &self,
        request: AppendMessageRequest,
    ) -> Result<AppendMessageResponse, Failure> {
        let started = Instant::now();
        let mut backoff = Backoff::new();
        let mut client = self.connection.message_bus().await?;
        loop {
            let status =
                match self.connection.try_answer(client.append_message(request.clone())).await? {
                    Ok(answer) => return Ok(answer),
                    Err(status) => status,
                };
            let delay = backoff.next_delay();
            if !failure::is_passing(&status) || started.elapsed() + delay > RETRY_FOR {
                return Err(Failure::of_status(self.connection.address(), &status));
            }
            tokio::time::sleep(delay).await;
        }
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

fn body_from_stdin() -> Result<String, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::usage(
            "there is no body: give --body TEXT, or pipe the text into stdin",
        )
        .with_hint("as in: echo hello | callboard post --type INFO"));
    }
    read_body(stdin.lock())
}

/// Reads a body, and at most one byte more than it may have.
fn read_body(input: impl io::Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MESSAGE_BODY_BYTES_MAX + 1).unwrap_or(u64::MAX);
    input
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|source| Failure::own("read stdin", &source))?;
    if bytes.len() > MESSAGE_BODY_BYTES_MAX {
        let sentence = format!(
            "body is too large: stdin holds more than MESSAGE_BODY_BYTES_MAX = {MESSAGE_BODY_BYTES_MAX} bytes"
        );
        return Err(Failure::refused(sentence, Reason::TooLarge).with_hint(failure::LONG_TEXT));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Failure::refused(
            format!("the body is not UTF-8 text: stdin holds other bytes at offset {offset}"),
            Reason::InvalidField,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_taken_byte_for_byte_up_to_its_limit() {
        assert_eq!(read_body(&b"a\r\n\n"[..]), Ok("a\r\n\n".into()));
        let longest = vec![b'x'; MESSAGE_BODY_BYTES_MAX];
        assert!(read_body(&longest[..]).is_ok());
    }

    #[test]
    fn an_endless_body_is_refused_after_its_limit() {
        assert!(read_body(io::repeat(b'x')).is_err());
    }

    #[test]
    fn a_body_that_is_no_text_is_refused() {
        assert!(read_body(&b"a\xff"[..]).is_err());
    }

    #[test]
    fn meta_splits_at_the_first_equals_sign() {
        assert_eq!(key_and_value("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(key_and_value("a="), Ok(("a".into(), String::new())));
        assert!(key_and_value("=a").is_err());
        assert!(key_and_value("a").is_err());
    }
}
