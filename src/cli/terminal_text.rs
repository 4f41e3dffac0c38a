//! Makes a stream of bytes safe to show on a terminal, chunk by chunk: what a program
//! printed may hold anything, and only its colours are meant for us.

use super::escape;

/// The longest colour sequence that is let through. A longer one says nothing.
const SEQUENCE_BYTES_MAX: usize = 64;
/// Ends all colours.
const RESET: &str = "\x1b[0m";

/// What was not decided at the end of the last chunk.
#[derive(Debug, Default)]
pub(super) struct TerminalText {
    /// The beginning of a colour sequence, or a carriage return, that the next chunk
    /// completes.
    pending: String,
    coloured: bool,
}

impl TerminalText {
    /// Returns the chunk with everything made visible that a terminal would act on, but
    /// for line breaks, tabs and colours. Bytes that are no UTF-8 are shown as `\xff`.
    pub(super) fn take(&mut self, chunk: &[u8]) -> String {
        let mut text = std::mem::take(&mut self.pending);
        for part in chunk.utf8_chunks() {
            text.push_str(part.valid());
            for byte in part.invalid() {
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        let mut safe = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['\x1b', '\r']) {
            safe.push_str(&escape::lines(&rest[..at]));
            rest = &rest[at..];
            match control(rest) {
                Control::Shown(length) => {
                    self.coloured |= rest.starts_with('\x1b');
                    safe.push_str(&rest[..length]);
                    rest = &rest[length..];
                }
                Control::Undecided => {
                    self.pending = rest.to_owned();
                    return safe;
                }
                Control::Hidden => {
                    safe.push_str(&escape::lines(&rest[..1]));
                    rest = &rest[1..];
                }
            }
        }
        safe.push_str(&escape::lines(rest));
        safe
    }

    /// Returns what is left at the end, and what gives the terminal its own colours back.
    pub(super) fn end(&mut self) -> String {
        let mut end = escape::lines(&std::mem::take(&mut self.pending)).into_owned();
        if std::mem::take(&mut self.coloured) {
            end.push_str(RESET);
        }
        end
    }
}

/// What text that begins with an escape character or a carriage return begins with.
enum Control {
    /// Something of this length that a terminal may see.
    Shown(usize),
    /// Something that must be made visible.
    Hidden,
    /// That depends on what follows.
    Undecided,
}

fn control(text: &str) -> Control {
    let bytes = text.as_bytes();
    if bytes[0] == b'\r' {
        return match bytes.get(1) {
            Some(b'\n') => Control::Shown(2),
            Some(_) => Control::Hidden,
            None => Control::Undecided,
        };
    }
    match bytes.get(1) {
        Some(b'[') => {}
        Some(_) => return Control::Hidden,
        None => return Control::Undecided,
    }
    // Select Graphic Rendition: ESC [ numbers m.
    let is_parameter = |byte: &&u8| matches!(**byte, b'0'..=b'9' | b';' | b':');
    let length = 2 + bytes[2..].iter().take_while(is_parameter).count();
    match bytes.get(length) {
        _ if length > SEQUENCE_BYTES_MAX => Control::Hidden,
        Some(b'm') => Control::Shown(length + 1),
        Some(_) => Control::Hidden,
        None => Control::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of chunks.
    fn shown(chunks: &[&[u8]]) -> String {
        let mut text = TerminalText::default();
        let mut shown: String = chunks.iter().map(|chunk| text.take(chunk)).collect();
        shown.push_str(&text.end());
        shown
    }

    #[test]
    fn colours_pass_and_other_sequences_become_visible() {
        assert_eq!(
            shown(&[b"\x1b[1;31mred\x1b[m\ta\r\nb\n"]),
            "\x1b[1;31mred\x1b[m\ta\r\nb\n\x1b[0m"
        );
        assert_eq!(shown(&[b"\x1b[2Ja\x1b]0;title\x07"]), "\\x1b[2Ja\\x1b]0;title\\x07");
        assert_eq!(shown(&[b"50%\r60%"]), "50%\\r60%");
        assert_eq!(shown(&["\u{9b}2J \u{202e} grüße".as_bytes()]), "\\x9b2J \\u{202e} grüße");
        assert_eq!(shown(&[b"a\xff\xc3"]), "a\\xff\\xc3");
    }

    #[test]
    fn it_makes_no_difference_where_chunks_end() {
        let text = b"a\x1b[38;5;9mb\x1b[0m\r\n\rc\x1b[Kd\x1b";
        let whole = shown(&[text]);
        for cut in 0..text.len() {
            let (one, two) = text.split_at(cut);
            assert_eq!(shown(&[one, two]), whole, "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_sequence_is_not_waited_for() {
        let long = [b"\x1b[".as_slice(), &[b'1'; 100]].concat();
        assert!(TerminalText::default().take(&long).starts_with("\\x1b[111"));
    }
}
