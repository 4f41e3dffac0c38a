//! A driver: the program of one language that does what it is told with that language's
//! client, one line after the other.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::stage::Stage;

/// How long a driver may take for one thing: more than its client tries for.
const ANSWER_DEADLINE: Duration = Duration::from_secs(90);
/// What is kept of what it says on stderr.
const STDERR_LINES_MAX: usize = 60;

/// A running driver. It is killed when it is dropped.
pub(crate) struct Driver {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

/// What came of something that a driver was told to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// It was done.
    Ok(Value),
    /// The client raised its error.
    Error { error: Value, answers: Value },
    /// The client refused the arguments.
    Misuse(String),
    /// The language's runtime cannot do it.
    Unsupported,
}

impl Driver {
    /// Starts it, before a stage.
    pub(crate) fn start(mut command: Command, stage: &Stage) -> Result<Self, String> {
        stage.prepare(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.for_each(|line| drop(sender.send(line)));
        });
        let stderr: Arc<Mutex<VecDeque<String>>> = Arc::default();
        let (kept, from) = (Arc::clone(&stderr), child.stderr.take().ok_or("no stderr")?);
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                let mut kept = kept.lock().expect("the lines");
                kept.push_back(line);
                if kept.len() > STDERR_LINES_MAX {
                    kept.pop_front();
                }
            }
        });
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, answers, stderr })
    }

    /// Has it do something, and waits until it has.
    pub(crate) fn tell(&mut self, what: &str, with: &Value) -> Result<Answer, String> {
        let stdin = self.stdin.as_mut().ok_or("its stdin is closed")?;
        let line = json!({"do": what, "with": with}).to_string();
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .map_err(|error| error.to_string())?;
        let answer = self.answers.recv_timeout(ANSWER_DEADLINE).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => format!("no answer within {ANSWER_DEADLINE:?}"),
            mpsc::RecvTimeoutError::Disconnected => "the driver has ended".to_owned(),
        })?;
        read(&answer)
    }

    /// Returns what it said on stderr lately.
    pub(crate) fn stderr(&self) -> String {
        let lines = self.stderr.lock().expect("the lines");
        lines.iter().map(|line| format!("    {line}\n")).collect()
    }

    /// Ends it as it should end, at the end of its stdin.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        drop(self.stdin.take());
        // Its stdout ends with it.
        match self.answers.recv_timeout(ANSWER_DEADLINE) {
            Err(mpsc::RecvTimeoutError::Disconnected) => {}
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err("it does not end at the end of its stdin".to_owned());
            }
            Ok(line) => return Err(format!("an answer that nobody asked for: {line}")),
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(line: &str) -> Result<Answer, String> {
    let answer: Value =
        serde_json::from_str(line).map_err(|error| format!("no answer: {error}: {line:.300}"))?;
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    if let Some(value) = answer.get("ok") {
        Ok(Answer::Ok(value.clone()))
    } else if let Some(error) = answer.get("error") {
        let answers = answer.get("answers").cloned().unwrap_or(Value::Null);
        Ok(Answer::Error { error: error.clone(), answers })
    } else if let Some(problem) = answer.get("misuse") {
        Ok(Answer::Misuse(text(problem)))
    } else if answer.get("unsupported").is_some() {
        Ok(Answer::Unsupported)
    } else {
        Err(format!("the driver failed: {}", answer.get("failure").map_or(line.to_owned(), text)))
    }
}
