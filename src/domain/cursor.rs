//! Cursors: positions in a bus, as clients keep them.

use std::fmt;

use crate::error::{Error, Result};
use crate::limits;

/// A position in a bus, strictly after a message or before all of them.
///
/// Its text names the record it stands after by offset and id, so it can be
/// verified when it is used and still be found when the file was renamed by a
/// rotation, restored from a copy, or edited. The text is `c1.<offset>.<msg_id>`,
/// or `c1.start` with `.<msg_id>` of the first message when there was one.
/// Whatever is not plain ASCII in an id is percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cursor {
    /// Before the first message.
    Start {
        /// The first message's id at that time; none when the bus was empty. It
        /// tells a beginning that is still there from one that was trimmed away.
        first_msg_id: Option<String>,
    },
    /// After a message.
    After {
        /// Where the message's record begins in its file, in bytes.
        offset: u64,
        /// The message's id.
        msg_id: String,
    },
}

impl Cursor {
    /// Reads a cursor's text.
    ///
    /// # Errors
    /// CURSOR_UNKNOWN for text that no Callboard ever gave out.
    pub fn parse(text: &str) -> Result<Self> {
        let unknown = || Error::CursorUnknown {
            cursor: text.chars().take(limits::CURSOR_BYTES_MAX).collect(),
            problem: "this is not a cursor of callboard".into(),
        };
        if text.len() > limits::CURSOR_BYTES_MAX {
            return Err(unknown());
        }
        let rest = text.strip_prefix("c1.").ok_or_else(unknown)?;
        if let Some(first) = rest.strip_prefix("start") {
            if first.is_empty() {
                return Ok(Self::Start { first_msg_id: None });
            }
            let id = first.strip_prefix('.').and_then(decode).ok_or_else(unknown)?;
            return Ok(Self::Start { first_msg_id: Some(id) });
        }
        let (offset, id) = rest.split_once('.').ok_or_else(unknown)?;
        let offset = offset.parse().map_err(|_| unknown())?;
        let msg_id = decode(id).filter(|id| !id.is_empty()).ok_or_else(unknown)?;
        Ok(Self::After { offset, msg_id })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { first_msg_id: None } => f.write_str("c1.start"),
            Self::Start { first_msg_id: Some(id) } => {
                f.write_str("c1.start.")?;
                encode(id, f)
            }
            Self::After { offset, msg_id } => {
                write!(f, "c1.{offset}.")?;
                encode(msg_id, f)
            }
        }
    }
}

fn encode(id: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    if id.bytes().all(is_plain) {
        return f.write_str(id);
    }
    for byte in id.bytes() {
        if is_plain(byte) {
            write!(f, "{}", char::from(byte))?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let hex = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    // Nobody gives out a longer one, and its cursor might not be taken again.
    String::from_utf8(bytes).ok().filter(|id| id.len() <= limits::MSG_ID_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_cursor_comes_back_from_its_text(offset: u64, id in ".{1,60}", start: bool) {
            let cursor = if start {
                Cursor::Start { first_msg_id: Some(id) }
            } else {
                Cursor::After { offset, msg_id: id }
            };
            prop_assert_eq!(Cursor::parse(&cursor.to_string()).expect("own text"), cursor);
        }

        #[test]
        fn no_text_makes_parsing_panic(text in ".{0,80}") {
            let _ = Cursor::parse(&text);
        }
    }

    #[test]
    fn an_id_that_is_too_long_once_it_is_written_out_makes_no_cursor() {
        let longest = "\u{fffd}".repeat(limits::MSG_ID_BYTES_MAX / 3);
        for start in ["c1.5.", "c1.start."] {
            let cursor = Cursor::parse(&format!("{start}{longest}")).expect("a cursor");
            assert_eq!(Cursor::parse(&cursor.to_string()).expect("the same"), cursor);
            Cursor::parse(&format!("{start}{longest}\u{fffd}")).expect_err("too long");
        }
    }

    #[test]
    fn other_text_is_no_cursor() {
        for text in [
            "",
            "x",
            "c1.",
            "c1.5",
            "c1.5.",
            "c1.-5.a",
            "c1.5.%",
            "c1.5.%zz",
            "c2.5.a",
            "c1.startx",
        ] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
    }
}
