//! How a command fails: the sentence, the hint and the exit code a person or a
//! script sees. This is the only place that knows exit codes.

use std::error::Error as _;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use callboard_client::{Address, Error, ErrorKind};
use tonic::{Code, Status};
use tonic_types::{ErrorInfo, StatusExt as _};

use super::connection::CALL_TIMEOUT;
use super::escape;

/// The domain of the error details that a Callboard server sends.
const ERROR_DOMAIN: &str = "callboard";

/// What to do about a body that is too large.
pub(super) const LONG_TEXT: &str =
    "put long text into a file of the task's folder and name it with --attachment";

/// What to do about a step's output that is too large.
pub(super) const LONG_OUTPUT: &str =
    "keep what is long as an artifact: callboard artifact put FILE, and name it with --artifact";

/// Why a command ended without doing its work.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    kind: Kind,
    sentence: String,
    reason: Option<String>,
    hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The reader of stdout went away, as in `| head`. Nobody is told.
    PipeClosed,
    /// The server, or the system, refused.
    Refused,
    /// The command line does not say what to do.
    Usage,
    /// The server cannot be reached.
    Unreachable,
    /// It took too long.
    TimedOut,
}

impl Kind {
    fn exit_code(self) -> u8 {
        match self {
            Self::PipeClosed => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::TimedOut => 4,
        }
    }
}

impl Failure {
    fn new(kind: Kind, sentence: impl Into<String>) -> Self {
        Self { kind, sentence: sentence.into(), reason: None, hint: None }
    }

    /// Something that the command line leaves out or contradicts.
    pub(super) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Kind::Usage, sentence)
    }

    /// A refusal by this program, before the server was asked.
    pub(super) fn refused(sentence: impl Into<String>, reason: crate::error::Reason) -> Self {
        Self {
            reason: Some(reason.as_str().to_owned()),
            hint: hint(reason.as_str()).map(str::to_owned),
            ..Self::new(Kind::Refused, sentence)
        }
    }

    /// Something wrong that was looked for and found.
    pub(super) fn found(sentence: impl Into<String>) -> Self {
        Self::new(Kind::Refused, sentence)
    }

    /// Something that this program itself could not do.
    pub(super) fn own(action: &str, source: &dyn Display) -> Self {
        Self::new(Kind::Refused, format!("cannot {action}: {source}"))
    }

    /// What was waited for did not happen in time.
    pub(super) fn timed_out(sentence: impl Into<String>) -> Self {
        Self::new(Kind::TimedOut, sentence)
    }

    /// No connection to the server.
    pub(super) fn unreachable(address: &Address, detail: &str) -> Self {
        Self {
            hint: Some(detail.to_owned()),
            ..Self::new(
                Kind::Unreachable,
                format!("cannot reach the server at {address}; start one with: callboard serve"),
            )
        }
    }

    /// An error status, as the server sent it or as the connection broke.
    pub(super) fn of_status(address: &Address, status: &Status) -> Self {
        if is_broken_connection(status) {
            let sentence =
                format!("lost the connection to the server at {address} before it answered");
            return Self { hint: Some(detail(status)), ..Self::new(Kind::Unreachable, sentence) };
        }
        let info = info(status);
        let special = info.as_ref().and_then(|info| special_hint(info, status.message()));
        let reason = info.map(|info| info.reason);
        let kind = match (status.code(), reason.as_deref()) {
            (_, Some("SHUTTING_DOWN")) => Kind::Unreachable,
            (Code::DeadlineExceeded, _) => Kind::TimedOut,
            _ => Kind::Refused,
        };
        let hint = match reason.as_deref() {
            Some(reason) => special.or_else(|| hint(reason).map(str::to_owned)),
            None if status.code() == Code::Unimplemented => {
                Some(format!("is the server at {address} a callboard of this version?"))
            }
            None => None,
        };
        let sentence = match status.message() {
            "" => format!("the server answered {}", status.code().description()),
            message => message.to_owned(),
        };
        Self { reason, hint, ..Self::new(kind, sentence) }
    }

    /// A server that is there, and does not answer.
    pub(super) fn no_answer(address: &Address) -> Self {
        let seconds = CALL_TIMEOUT.as_secs();
        Self::timed_out(format!("the server at {address} did not answer within {seconds} s"))
    }

    /// An error of the client.
    pub(super) fn of_error(address: &Address, error: &Error) -> Self {
        if error.kind() == ErrorKind::Deadline && error.reason().is_empty() {
            return Self::no_answer(address);
        }
        if let Some(status) = error.status() {
            return Self::of_status(address, status);
        }
        let reason = Some(error.reason()).filter(|reason| !reason.is_empty());
        let kind = match error.kind() {
            ErrorKind::Usage => Kind::Usage,
            _ => Kind::Refused,
        };
        Self {
            hint: reason.and_then(hint).map(str::to_owned),
            reason: reason.map(str::to_owned),
            ..Self::new(kind, error.message())
        }
    }

    /// Replaces the hint by one that fits better here.
    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Whether it is not known if the server did what it was asked for.
    pub(super) fn is_of_lost_answer(&self) -> bool {
        matches!(self.kind, Kind::Unreachable | Kind::TimedOut) && self.reason.is_none()
    }

    /// Says what to look at first, when the answer to something that is not safe to repeat
    /// was lost.
    pub(super) fn look_first(self, command: &str) -> Self {
        if !self.is_of_lost_answer() {
            return self;
        }
        let detail = self.hint.as_ref().map(|detail| format!("{detail}; ")).unwrap_or_default();
        let advice = format!("it may have been done all the same: look with {command} first");
        self.with_hint(format!("{detail}{advice}"))
    }

    /// Returns what happened, without what to do about it.
    pub(super) fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Tells the person on stderr, and returns the exit code.
    pub(super) fn report(&self) -> ExitCode {
        if self.kind != Kind::PipeClosed {
            // There is nobody left to tell when stderr is closed.
            let _ = io::stderr().write_all(self.text().as_bytes());
        }
        ExitCode::from(self.kind.exit_code())
    }

    fn text(&self) -> String {
        let mut text = format!("callboard: {}", escape::line(&self.sentence));
        if let Some(reason) = &self.reason {
            text.push_str(&format!(" [{}]", escape::line(reason)));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("\n  {}", escape::line(hint)));
        }
        text.push('\n');
        text
    }
}

impl From<io::Error> for Failure {
    /// Errors of writing to stdout.
    fn from(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Kind::PipeClosed, ""),
            _ => Self::own("write to stdout", &source),
        }
    }
}

/// Returns the reason that a Callboard server gave, if one did.
fn reason(status: &Status) -> Option<String> {
    info(status).map(|info| info.reason)
}

fn info(status: &Status) -> Option<ErrorInfo> {
    status.get_details_error_info().filter(|info| info.domain == ERROR_DOMAIN)
}

/// What to do about a refusal where that depends on more than its reason.
fn special_hint(info: &ErrorInfo, message: &str) -> Option<String> {
    let said = |key: &str| info.metadata.get(key).map(String::as_str);
    match info.reason.as_str() {
        "TOO_LARGE" => match said("limit_name")? {
            "MESSAGE_BODY_BYTES_MAX" => Some(LONG_TEXT.to_owned()),
            "DOCUMENT_BYTES_MAX" => Some(LONG_OUTPUT.to_owned()),
            _ => None,
        },
        // The run is there, and only its file is not.
        "RUN_NOT_FOUND" if message.contains("has no meta.json") => {
            Some("callboard run meta --set worktree_path=DIR creates it".to_owned())
        }
        "OFFSET_MISMATCH" => Some(shows_length(said("path")?).to_owned()),
        // Only a task has moves to choose from.
        "INVALID_TRANSITION" => Some(match said("allowed")? {
            "" => "nothing follows that status; go on with a new task: callboard task create"
                .to_owned(),
            allowed => format!("allowed: {}", allowed.replace(' ', ", ")),
        }),
        _ => None,
    }
}

/// Returns what shows how long a file of the tree is.
fn shows_length(path: &str) -> &'static str {
    let mut within_task = path.split('/').skip(2);
    match within_task.next() {
        Some("runs") => "callboard run files shows how long the file is",
        Some("task.log") => "callboard task log prints offsets of entries; 0 is the first one's",
        _ => "callboard artifacts shows how long it is",
    }
}

/// Whether this is the connection's end and not an answer of the server.
pub(super) fn is_broken_connection(status: &Status) -> bool {
    // Only what the transport itself reports has a source.
    reason(status).is_none() && (status.source().is_some() || status.code() == Code::Unavailable)
}

/// Whether the same call may work in a moment.
pub(super) fn is_passing(status: &Status) -> bool {
    is_broken_connection(status)
        || status.code() == Code::Unavailable
        || matches!(reason(status).as_deref(), Some("SUBSCRIBER_LIMIT" | "UPLOAD_STALLED"))
}

/// Returns the innermost cause, which names the actual trouble.
pub(super) fn detail(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Returns in a few words why a stream ended.
pub(super) fn short(status: &Status) -> String {
    reason(status).unwrap_or_else(|| detail(status))
}

/// As [`short`], of an error of the client.
pub(super) fn short_of_error(error: &Error) -> String {
    match error.status() {
        Some(status) if status.source().is_some() => short(status),
        _ if !error.reason().is_empty() => error.reason().to_owned(),
        _ => error.message().to_owned(),
    }
}

/// What a person can do about a refusal, where that is not plain from its sentence.
fn hint(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "PROJECT_NOT_FOUND" => "callboard projects lists what there is",
        "TASK_NOT_FOUND" => "callboard tasks lists what the project has",
        "RUN_NOT_FOUND" => "callboard runs --everything lists what there is",
        "RUN_FILE_NOT_FOUND" => "callboard run files lists what the run has",
        "ARTIFACT_NOT_FOUND" => "callboard artifacts lists what the task has",
        "FACT_NOT_FOUND" => "callboard facts lists what there is; --task '' those of the project",
        "RUN_AMBIGUOUS" => "say which one with --project and --task",
        "PROJECT_EXISTS" => "use another --project, or this one as it is",
        "TASK_EXISTS" | "RUN_EXISTS" => "use another id, or none: then one is made",
        "NOT_EMPTY" => "--force removes it with everything in it",
        "RUN_ACTIVE" => "end its process first; --force removes it all the same",
        "INVALID_TRANSITION" => {
            "a run ends once; its restart is a new run: callboard run create --previous ID"
        }
        "ETAG_MISMATCH" => "somebody else changed it: look at it anew, and use the etag it has now",
        "FOREIGN_WRITE" => "another program keeps writing this file; try again in a moment",
        "CORRUPT_DOCUMENT" => "mend the file in an editor, or move it out of the way",
        "WORKTREE_MISSING" => "make the worktree first, then record it",
        "CHECKSUM_MISMATCH" => {
            "nothing was saved: check the file and its sha256, and send it again"
        }
        "TOO_MANY_VERSIONS" => {
            "remove old versions with callboard artifact delete, or use another name"
        }
        "MESSAGE_NOT_FOUND" => "the id must stand in this bus: check --project and --task",
        "BUS_MOVED" => "read what is new, then post with the id of the last message",
        "REQUEST_ID_REUSED" => "use a new --request-id for something else",
        "CURSOR_EXPIRED" | "CURSOR_AHEAD" | "CURSOR_UNKNOWN" => {
            "--all starts at the oldest message there is"
        }
        "LOCK_TIMEOUT" => "another program holds the file; find it with: fuser -v <file>",
        "BUS_POISONED" => "check the disk, then: callboard rotate",
        "DISK_FULL" => {
            "free space; callboard gc removes old runs, callboard trim old archives, callboard \
             artifact delete an artifact"
        }
        "UPLOAD_STALLED" => "send it again; an empty chunk tells the server that more may come",
        "SUBSCRIBER_LIMIT" => "end other followers and watchers first",
        "TOKEN_REQUIRED" => {
            "whose server it is makes one: callboard token create --name NAME --allow read,write"
        }
        "TOKEN_INVALID" => "whose server it is sees what became of it: callboard token list",
        "NOT_ALLOWED" => "callboard status tells what you may do, and in which projects",
        "QUOTA_EXCEEDED" => {
            "callboard gc removes old runs, callboard trim old archives, callboard artifact delete \
             an artifact"
        }
        "BUG" => "the server's log says more; please report it",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn address() -> Address {
        "127.0.0.1:50051".parse().expect("address")
    }

    fn answered(code: Code, reason: &str) -> Status {
        let details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, []);
        Status::with_error_details(code, "what happened", details)
    }

    #[test]
    fn a_refusal_shows_its_reason_and_what_to_do() {
        let failure = Failure::of_status(&address(), &answered(Code::Aborted, "BUS_MOVED"));
        assert_eq!(
            failure.text(),
            "callboard: what happened [BUS_MOVED]\n  read what is new, then post with the id of the last message\n"
        );
        assert_eq!(failure.kind.exit_code(), 1);
    }

    #[test]
    fn a_server_that_is_not_there_has_its_own_exit_code_and_says_how_to_start_one() {
        let failure = Failure::unreachable(&address(), "connection refused");
        assert!(failure.text().starts_with(
            "callboard: cannot reach the server at 127.0.0.1:50051; start one with: callboard serve\n"
        ));
        assert_eq!(failure.kind.exit_code(), 3);
        let leaving = answered(Code::Unavailable, "SHUTTING_DOWN");
        assert_eq!(Failure::of_status(&address(), &leaving).kind.exit_code(), 3);
        let gone = Status::unavailable("tcp connect error");
        assert_eq!(Failure::of_status(&address(), &gone).kind.exit_code(), 3);
    }

    #[test]
    fn errors_of_the_client_fail_as_what_they_come_from() {
        let failure = |error: Error| Failure::of_error(&address(), &error);
        let moved = answered(Code::Aborted, "BUS_MOVED");
        assert_eq!(failure(moved.clone().into()), Failure::of_status(&address(), &moved));
        let silent = failure(Status::deadline_exceeded("no answer").into());
        assert_eq!(silent.kind.exit_code(), 4);
        assert!(silent.text().contains("127.0.0.1:50051 did not answer within 60 s"));
        let own = failure(io::Error::from(io::ErrorKind::NotFound).into());
        assert_eq!((own.kind.exit_code(), own.reason.as_deref()), (1, None));
        let wrong = "ftp://x:1".parse::<Address>().expect_err("no address");
        assert_eq!(failure(wrong).kind.exit_code(), 2);
    }

    #[test]
    fn why_a_stream_broke_is_said_in_a_few_words() {
        let short = |status: Status| short_of_error(&status.into());
        assert_eq!(short(answered(Code::Unavailable, "SHUTTING_DOWN")), "SHUTTING_DOWN");
        assert_eq!(short(Status::unavailable("silent for 45 s")), "silent for 45 s");
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let text = reset.to_string();
        assert_eq!(short(Status::from_error(Box::new(reset))), text);
    }

    #[test]
    fn answers_are_told_from_broken_connections() {
        let locked = answered(Code::Unavailable, "LOCK_TIMEOUT");
        assert!(is_passing(&locked) && !is_broken_connection(&locked));
        assert_eq!(Failure::of_status(&address(), &locked).kind.exit_code(), 1);
        let broken = Status::from_error(Box::new(io::Error::from(io::ErrorKind::ConnectionReset)));
        assert!(is_broken_connection(&broken));
        assert!(!is_passing(&answered(Code::OutOfRange, "CURSOR_EXPIRED")));
        assert!(!is_passing(&Status::internal("from some proxy")));
    }

    #[test]
    fn only_a_body_that_is_too_large_is_to_go_into_a_file() {
        let hint = |limit: &str| {
            let details = ErrorDetails::with_error_info(
                "TOO_LARGE",
                ERROR_DOMAIN,
                [("limit_name".to_owned(), limit.to_owned())],
            );
            let status = Status::with_error_details(Code::InvalidArgument, "too large", details);
            Failure::of_status(&address(), &status).hint
        };
        assert_eq!(hint("MESSAGE_BODY_BYTES_MAX").as_deref(), Some(LONG_TEXT));
        assert_eq!(hint("LINKS_MAX"), None);
    }

    #[test]
    fn a_move_that_is_refused_says_which_ones_are_allowed() {
        let hint = |metadata: &[(&str, &str)]| {
            let metadata = metadata.iter().map(|(key, value)| ((*key).into(), (*value).into()));
            let details = ErrorDetails::with_error_info(
                "INVALID_TRANSITION",
                ERROR_DOMAIN,
                metadata.collect::<std::collections::HashMap<String, String>>(),
            );
            let status = Status::with_error_details(Code::FailedPrecondition, "no", details);
            Failure::of_status(&address(), &status).hint.expect("a hint")
        };
        assert_eq!(hint(&[("allowed", "running abandoned")]), "allowed: running, abandoned");
        assert!(hint(&[("allowed", "")]).contains("callboard task create"));
        assert!(hint(&[]).starts_with("a run ends once"));
    }

    fn hint_of(reason: &str, message: &str, metadata: &[(&str, &str)]) -> String {
        let metadata = metadata.iter().map(|(key, value)| ((*key).into(), (*value).into()));
        let details = ErrorDetails::with_error_info(
            reason,
            ERROR_DOMAIN,
            metadata.collect::<std::collections::HashMap<String, String>>(),
        );
        let status = Status::with_error_details(Code::NotFound, message, details);
        Failure::of_status(&address(), &status).hint.expect("a hint")
    }

    #[test]
    fn an_offset_that_is_not_there_names_what_shows_the_length_of_that_file() {
        for (path, command) in [
            ("p/t/runs/r/events.jsonl", "callboard run files"),
            ("p/t/task.log", "callboard task log"),
            ("p/t/artifacts/runs/x", "callboard artifacts"),
            ("p/t/ATTACH-1-x", "callboard artifacts"),
        ] {
            let hint = hint_of("OFFSET_MISMATCH", "too far", &[("path", path)]);
            assert!(hint.starts_with(command), "{path}: {hint}");
        }
    }

    #[test]
    fn a_run_without_meta_json_is_told_how_to_get_one() {
        let hint =
            hint_of("RUN_NOT_FOUND", "run p/t/r has no meta.json; an update creates it", &[]);
        assert!(hint.starts_with("callboard run meta --set worktree_path="), "{hint}");
        let hint = hint_of("RUN_NOT_FOUND", "run r does not exist", &[]);
        assert!(hint.starts_with("callboard runs"), "{hint}");
    }

    #[test]
    fn a_document_that_grew_too_large_is_to_keep_less_in_it() {
        let metadata = [("limit_name", "DOCUMENT_BYTES_MAX"), ("path", "p/t/task.json")];
        assert_eq!(hint_of("TOO_LARGE", "too large", &metadata), LONG_OUTPUT);
    }

    #[test]
    fn only_a_lost_answer_is_to_be_looked_after() {
        let broken = Status::from_error(Box::new(io::Error::from(io::ErrorKind::ConnectionReset)));
        let look = |status: &Status| {
            Failure::of_status(&address(), status).look_first("callboard task show").text()
        };
        assert!(look(&broken).ends_with("look with callboard task show first\n"));
        for refusal in [answered(Code::Unavailable, "SHUTTING_DOWN"), Status::internal("bug")] {
            assert!(!look(&refusal).contains("look with"));
        }
        let silent = Failure::timed_out("no answer").look_first("callboard task show");
        assert!(silent.hint.is_some_and(|hint| hint.starts_with("it may have been done")));
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.kind.exit_code(), 0);
    }

    #[test]
    fn stored_text_in_an_error_cannot_act_on_the_terminal() {
        let failure = Failure::of_status(&address(), &Status::internal("a\x1b[2J\nb"));
        assert_eq!(failure.text(), "callboard: a\\x1b[2J\\nb\n");
    }
}
