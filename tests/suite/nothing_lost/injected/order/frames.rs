//! Which writes to a socket are answers: those with a frame of headers or of data (RFC 9113).

use std::collections::BTreeMap;

use super::super::strace::Call;

/// The bytes of the header of a frame.
const HEADER_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;

/// How far the frames of each connection were looked at.
#[derive(Default)]
pub(super) struct Frames {
    /// What is left of a frame that an earlier write did not send to its end.
    rest: BTreeMap<String, usize>,
}

impl Frames {
    /// Whether a write to a socket sends some of an answer. It begins between two frames, when
    /// it is the first of its connection.
    pub(super) fn is_answer(&mut self, call: &Call) -> bool {
        let descriptors = call.descriptors();
        let Some(socket) = descriptors.first().filter(|path| path.starts_with("socket:")) else {
            return false;
        };
        let mut bytes: Vec<u8> = call.strings().concat();
        let Ok(sent) = call.result.trim().parse::<usize>() else {
            return false;
        };
        bytes.truncate(sent);
        let rest = self.rest.entry(socket.clone()).or_default();
        // What goes on was an answer when it began, and counted then.
        let mut at = *rest;
        let mut is_answer = false;
        while at + HEADER_BYTES <= bytes.len() {
            let header = &bytes[at..at + HEADER_BYTES];
            let length = header[..3].iter().fold(0, |all, &byte| all << 8 | usize::from(byte));
            is_answer |= matches!(header[3], DATA | HEADERS);
            at += HEADER_BYTES + length;
        }
        *rest = at.saturating_sub(bytes.len());
        is_answer
    }
}
