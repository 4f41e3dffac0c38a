//! What a command prints: data on stdout, as text or as JSON; notes on stderr.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use clap::Args;

use super::escape;
use super::failure::Failure;
use super::json::{self, Described};

/// The flag that chooses the form of the output.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Form {
    /// Print JSON, one object a line; what comes from the server has the names of the API
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// The standard output of a command.
pub(super) struct Output {
    json: bool,
    terminal: bool,
    stdout: BufWriter<Stdout>,
}

impl Form {
    /// Takes standard output in this form.
    pub(super) fn open(self) -> Output {
        let stdout = io::stdout();
        Output { json: self.json, terminal: stdout.is_terminal(), stdout: BufWriter::new(stdout) }
    }
}

/// Takes standard output for plain text.
pub(super) fn plain() -> Output {
    Form { json: false }.open()
}

impl Output {
    /// Whether JSON was asked for.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person looks at stdout directly: control characters in stored
    /// text must be escaped.
    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Prints a message of the API: as JSON, or as what `text` makes of it.
    pub(super) fn print<M: Described>(
        &mut self,
        message: &M,
        text: impl FnOnce(&M) -> String,
    ) -> Result<(), Failure> {
        if self.json { self.print_json(message) } else { self.print_text(&text(message)) }
    }

    /// Prints a message of the API as a line of JSON.
    fn print_json<M: Described>(&mut self, message: &M) -> Result<(), Failure> {
        let line = json::line(message).map_err(|error| Failure::own("write JSON", &error))?;
        self.print_json_line(&line)
    }

    fn print_json_line(&mut self, line: &str) -> Result<(), Failure> {
        if self.terminal { self.print_text(&escape::json(line)) } else { self.print_text(line) }
    }

    /// Prints a message of the API when JSON was asked for: as text it says nothing
    /// that the notes do not say.
    pub(super) fn print_json_only<M: Described>(&mut self, message: &M) -> Result<(), Failure> {
        if self.json { self.print_json(message) } else { Ok(()) }
    }

    /// Prints a line of JSON that is no message of the API.
    pub(super) fn print_value(&mut self, value: &serde_json::Value) -> Result<(), Failure> {
        self.print_json_line(&value.to_string())
    }

    /// Prints bytes as they are.
    pub(super) fn print_bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.stdout.write_all(bytes)?)
    }

    /// Prints text, with a line break at its end.
    pub(super) fn print_text(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            self.stdout.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Hands everything printed so far to the reader.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }
}

/// Tells a person something on stderr that is neither data nor an error.
pub(super) fn note(text: &str) {
    // There is nobody left to tell when stderr is closed.
    let _ = writeln!(io::stderr(), "callboard: {}", escape::line(text));
}

/// As [`note`], when a person is looking; scripts are spared.
pub(super) fn note_to_person(text: &str) {
    if io::stderr().is_terminal() {
        note(text);
    }
}

/// Tells what could not be done with some of many things.
pub(super) fn note_problems(problems: &[String]) {
    problems.iter().for_each(|problem| note(problem));
}

/// Tells that a create with a request id of the caller's was a repetition.
pub(super) fn note_repeated() {
    note("this request id was used before: nothing was created again");
}

/// Tells what a command removed.
pub(super) fn note_removed(kind: &str, name: &str, existed: bool) {
    if existed {
        note(&format!("removed {kind} {name}"));
    } else {
        note(&format!("there was no {kind} {name}"));
    }
}
