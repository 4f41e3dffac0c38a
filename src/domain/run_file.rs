//! The files of a run that agents and runners write.

use std::fmt;

use crate::error::{Error, Result};
use crate::limits;

use super::check_new_name;

/// Names a file of a run: its prompt, its result, what it printed, or a further log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RunFile {
    /// What the run was told to do.
    Prompt,
    /// Its result.
    Output,
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
    /// What happened to it; only Callboard's own calls append to it.
    Events,
    /// A file in its folder of logs, by name.
    Log(String),
}

impl RunFile {
    /// Takes a name to read: `prompt`, `output`, `stdout`, `stderr`, `events` or
    /// `logs/<name>`.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_FIELD or PATH_TRAVERSAL.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "" => Err(Error::RequiredField { field: "file" }),
            "prompt" => Ok(Self::Prompt),
            "output" => Ok(Self::Output),
            "stdout" => Ok(Self::Stdout),
            "stderr" => Ok(Self::Stderr),
            "events" => Ok(Self::Events),
            _ => Self::parse_log(text),
        }
    }

    fn parse_log(text: &str) -> Result<Self> {
        let Some(name) = text.strip_prefix("logs/") else {
            if text.starts_with('/') || text.split('/').any(|part| part == "..") {
                return Err(Error::traversal("file", text));
            }
            return Err(invalid(
                "it is none of prompt, output, stdout, stderr, events and logs/<name>",
            ));
        };
        if name == "." || name == ".." || name.contains('/') {
            return Err(Error::traversal("file", text));
        }
        let is_plain = !name.is_empty()
            && name.len() <= limits::NAME_BYTES_MAX
            && !name.starts_with('.')
            && !name.chars().any(char::is_control);
        if is_plain { Ok(Self::Log(name.to_owned())) } else { Err(invalid("it names no log")) }
    }

    /// Checks that a caller may create a file of this name.
    ///
    /// # Errors
    /// INVALID_ID, or INVALID_FIELD for the events.
    pub fn check_creatable(&self) -> Result<()> {
        match self {
            Self::Log(name) => check_new_name("file", name),
            Self::Events => Err(invalid("AppendRunEvent writes the events")),
            Self::Prompt | Self::Output | Self::Stdout | Self::Stderr => Ok(()),
        }
    }
}

fn invalid(problem: &str) -> Error {
    Error::InvalidField { field: "file", problem: problem.into() }
}

impl fmt::Display for RunFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt => f.write_str("prompt"),
            Self::Output => f.write_str("output"),
            Self::Stdout => f.write_str("stdout"),
            Self::Stderr => f.write_str("stderr"),
            Self::Events => f.write_str("events"),
            Self::Log(name) => write!(f, "logs/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_shown_alike_and_none_leaves_the_run() {
        for name in ["prompt", "output", "stdout", "stderr", "events", "logs/setup.log", "logs/a b"]
        {
            assert_eq!(RunFile::parse(name).expect(name).to_string(), name);
        }
        for name in ["../x", "logs/../x", "logs/..", "/etc/passwd", "logs/a/b"] {
            let refused = RunFile::parse(name).expect_err(name);
            assert_eq!(refused.reason(), crate::error::Reason::PathTraversal, "{name}");
        }
        for name in ["", "run-info.yaml", "logs/", "logs/.x", "logs/a\0", "Prompt"] {
            assert!(RunFile::parse(name).is_err(), "{name}");
        }
    }
}
