//! `TASK_STATE.md`: how a task stands, in its agents' words. The first line is
//! `status: <word>`; Markdown follows.

use std::borrow::Cow;

use crate::domain::TaskState;
use crate::limits;

/// The status of a file that names none.
const UNKNOWN: &str = "unknown";

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRead {
    /// The status and the Markdown. Of a corrupt file the Markdown is its whole text.
    pub state: TaskState,
    /// Whether it is not UTF-8, or its first line is no status.
    pub corrupt: bool,
}

/// Reads a state; one that is corrupt has the status `unknown`.
pub fn read(bytes: &[u8]) -> StateRead {
    let text = String::from_utf8_lossy(bytes);
    let parts = match &text {
        Cow::Borrowed(text) => split(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Cow::Owned(_) => None,
    };
    match parts {
        Some((status, markdown)) => StateRead {
            state: TaskState { status: status.to_owned(), markdown: markdown.to_owned() },
            corrupt: false,
        },
        None => StateRead {
            state: TaskState { status: UNKNOWN.to_owned(), markdown: text.into_owned() },
            corrupt: true,
        },
    }
}

/// Writes a state.
pub fn write(state: &TaskState) -> Vec<u8> {
    let mut out = format!("status: {}\n", state.status);
    if !state.markdown.is_empty() {
        out.push('\n');
        out.push_str(&state.markdown);
        out.push('\n');
    }
    out.into_bytes()
}

/// Checks a status that is to be written: one word.
///
/// # Errors
/// What is wrong with it, in a lowercase sentence.
pub fn check_status(word: &str) -> Result<(), String> {
    let bytes_max = limits::STATE_STATUS_BYTES_MAX;
    if word.is_empty() {
        return Err("the status is empty".to_owned());
    }
    if word.len() > bytes_max {
        return Err(format!("the status has {} bytes, more than {bytes_max}", word.len()));
    }
    if word.contains(|it: char| it.is_whitespace() || it.is_control()) {
        return Err("the status is not one word".to_owned());
    }
    Ok(())
}

/// Splits a text into its status and its Markdown.
fn split(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (key, word) = first.split_once(':')?;
    let word = word.trim();
    if !key.trim().eq_ignore_ascii_case("status") || check_status(word).is_err() {
        return None;
    }
    // Only a file with such line ends has them at its end for no more than that.
    let line_ends = if first.ends_with('\r') { ["\r\n", "\n"] } else { ["\n"; 2] };
    let after_blank = line_ends.iter().find_map(|line_end| rest.strip_prefix(line_end));
    let markdown = after_blank.unwrap_or(rest);
    let ended = line_ends.iter().find_map(|line_end| markdown.strip_suffix(line_end));
    Some((word, ended.unwrap_or(markdown)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state(status: &str, markdown: &str) -> TaskState {
        TaskState { status: status.to_owned(), markdown: markdown.to_owned() }
    }

    #[test]
    fn a_status_line_is_read_leniently() {
        for (text, status, markdown) in [
            ("status: done", "done", ""),
            ("status: done\n", "done", ""),
            ("Status :done \n- a\n- b\n", "done", "- a\n- b"),
            ("status: wip\n\n- a", "wip", "- a"),
            ("status: wip\n\n\n- a\n\n", "wip", "\n- a\n"),
            ("\u{feff} STATUS: wip\r\n\r\n- a\r\n- b\r\n", "wip", "- a\r\n- b"),
            ("status: a:b\n", "a:b", ""),
        ] {
            let expected = StateRead { state: state(status, markdown), corrupt: false };
            assert_eq!(read(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn what_has_no_status_is_corrupt_and_loses_nothing() {
        for text in ["", "\nstatus: a", "status\n", "status:\n", "status: two words\n", "# Hi\n"] {
            let expected = StateRead { state: state(UNKNOWN, text), corrupt: true };
            assert_eq!(read(text.as_bytes()), expected, "{text:?}");
        }
        let expected = StateRead { state: state(UNKNOWN, "status: a\n\u{fffd}"), corrupt: true };
        assert_eq!(read(b"status: a\n\xff"), expected);
    }

    #[test]
    fn a_status_is_one_word() {
        assert_eq!(check_status("in-progress"), Ok(()));
        assert_eq!(check_status(&"é".repeat(32)), Ok(()));
        for word in ["", "a b", "a\n", "a\u{a0}b", "a\u{1}", &"é".repeat(33)] {
            check_status(word).expect_err(word);
        }
    }

    proptest! {
        #[test]
        fn a_state_comes_back_as_it_was_written(
            status in "[^\\s\\p{Cc}]{1,16}",
            markdown in prop_oneof![any::<String>(), "[\r\n a]{0,6}"],
        ) {
            let state = state(&status, &markdown);
            prop_assert_eq!(read(&write(&state)), StateRead { state, corrupt: false });
        }
    }
}
