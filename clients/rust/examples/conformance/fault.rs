//! Why something was not done, and how that is answered.

use std::fmt::Display;

use callboard_client::{Error, ErrorKind, code_name};
use serde_json::{Value, json};

/// Why something was not done.
pub(crate) enum Fault {
    Client(Box<Error>, Value),
    Failure(String),
}

impl Fault {
    pub(crate) fn answer(self) -> Value {
        match self {
            Self::Client(error, beside) if error.code().is_some() => {
                let mut answer = json!({ "error": error_value(&error) });
                if let (Some(answer), Value::Object(beside)) = (answer.as_object_mut(), beside) {
                    answer.extend(beside);
                }
                answer
            }
            Self::Client(error, _) if error.kind() == ErrorKind::Usage => {
                json!({ "misuse": error.to_string() })
            }
            Self::Client(error, _) => json!({ "misuse": format!("i/o: {error}") }),
            Self::Failure(text) => json!({ "failure": text }),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Client(Box::new(error), Value::Null)
    }
}

pub(crate) fn failure(problem: impl Display) -> Fault {
    Fault::Failure(problem.to_string())
}

pub(crate) fn error_value(error: &Error) -> Value {
    json!({
        "family": format!("{:?}", error.kind()),
        "code": error.code().map(code_name),
        "reason": error.reason(),
        "metadata": error.metadata(),
        "message": error.message(),
        "request_id": (!error.request_id().is_empty()).then(|| error.request_id()),
        "retry_delay": error.retry_delay().map(|delay| delay.as_secs_f64()),
    })
}
