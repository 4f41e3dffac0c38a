//! Lines of a window: `---` lines, blank lines, and what is cut off by its end.

use memchr::{memchr, memmem};

use crate::limits;

use super::GUARD;
use super::position::{Position, ends_with_blank_line};
use super::work;

/// The bytes from a position on, as far as they were read.
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    /// The bytes reach the end of what may be read.
    pub(super) at_end: bool,
    after_blank: bool,
    mid_line: bool,
}

/// A `---` line: where it starts, and where the next line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delimiter {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a search in a window comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<T> {
    Yes(T),
    No,
    /// The window ends before that can be said; it is about the line that starts here.
    Pending(usize),
}

impl<'a> Window<'a> {
    pub(super) fn new(position: &Position, bytes: &'a [u8], at_end: bool) -> Self {
        Self { bytes, at_end, after_blank: position.after_blank, mid_line: position.mid_line }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Tells whether the line that starts at `start` is `---` after trimming its end.
    pub(super) fn delimiter_at(&self, start: usize) -> Found<Delimiter> {
        let line = &self.bytes[start..];
        let known = line.len().min(3);
        if line[..known] != b"---"[..known] {
            return Found::No;
        }
        let returns = line[known..].iter().take_while(|&&byte| byte == b'\r').count();
        work::looked_at(known + returns);
        match line.get(known + returns) {
            Some(b'\n') => Found::Yes(Delimiter { start, end: start + known + returns + 1 }),
            Some(_) => Found::No,
            None if !self.at_end => Found::Pending(start),
            None if known == 3 => Found::Yes(Delimiter { start, end: self.len() }),
            None => Found::No,
        }
    }

    /// Finds the first `---` line at or after `from`, which is the start of a line.
    pub(super) fn next_delimiter(&self, from: usize) -> Found<Delimiter> {
        let mut start = from;
        loop {
            match self.delimiter_at(start) {
                Found::No => {}
                found => return found,
            }
            let found = memmem::find(&self.bytes[start..], b"\n---");
            work::looked_at(found.unwrap_or(self.len() - start));
            match found {
                Some(distance) => start += distance + 1,
                None if self.at_end => return Found::No,
                None => {
                    let last = self.line_start(self.len()).max(start);
                    return if last == start { Found::No } else { self.delimiter_at(last) };
                }
            }
        }
    }

    /// Returns the start of the last line that starts at or before `at`.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let start = memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |newline| newline + 1);
        work::looked_at(at - start);
        start
    }

    /// Returns the end of the line that `start` lies in, with its newline.
    pub(super) fn line_end(&self, start: usize) -> Option<usize> {
        let distance = memchr(b'\n', &self.bytes[start..]);
        work::looked_at(distance.unwrap_or(self.len() - start));
        distance.map(|distance| start + distance + 1)
    }

    /// Tells whether the line before the one that starts at `start` is blank.
    pub(super) fn after_blank(&self, start: usize) -> bool {
        match &self.bytes[..start] {
            [] => self.after_blank,
            [b'\n'] => !self.mid_line,
            before => ends_with_blank_line(before),
        }
    }

    /// Returns where the last line starts when it has no newline.
    pub(super) fn partial_line(&self) -> Option<usize> {
        let start = self.line_start(self.len());
        (start < self.len()).then_some(start)
    }

    /// The same, when later bytes may still make the line something else than text.
    pub(super) fn growing_line(&self) -> Option<usize> {
        self.partial_line().filter(|start| self.len() - start <= limits::HEADER_BYTES_MAX)
    }

    /// Returns where a half written opening starts, at the end of the bytes from `from` on:
    /// one to three dashes after a blank line, or a part of the guard's last line.
    pub(super) fn torn_opening(&self, from: usize) -> Option<usize> {
        let partial = self.partial_line().filter(|&start| start >= from)?;
        let line = &self.bytes[partial..];
        if b"---".starts_with(line) && self.after_blank(partial) {
            return Some(partial);
        }
        let (rule, comment) = GUARD[1..GUARD.len() - 1].split_at(b"---\n".len());
        let start = partial.checked_sub(rule.len()).filter(|&start| start >= from)?;
        // The newline that a guard begins with may lie before the window.
        let is_line = match start {
            0 => !self.mid_line,
            _ => start > from && self.bytes[start - 1] == b'\n',
        };
        (is_line && comment.starts_with(line) && self.bytes[start..].starts_with(rule))
            .then_some(start)
    }

    /// Returns how much of the file stays when everything from the line at `start` on is
    /// moved away together with what separates it from the text before.
    pub(super) fn keep_before(&self, start: usize) -> usize {
        let before = &self.bytes[..start];
        let blank = self.after_blank(start) && !before.is_empty();
        let kept = if blank || before == b"\n" { without_newline(before) } else { before };
        without_guards(kept).len()
    }
}

/// Cuts off the separator before another record, guards included, so that the newline
/// that ends the text stays.
pub(super) fn without_separator(region: &[u8]) -> &[u8] {
    let text = if ends_with_blank_line(region) { without_newline(region) } else { region };
    without_guards(if text.is_empty() { region } else { text })
}

/// Cuts off guards that no record followed.
pub(super) fn without_guards(mut text: &[u8]) -> &[u8] {
    while let Some(shorter) = text.strip_suffix(GUARD) {
        text = shorter;
    }
    text
}

/// Cuts off one newline, `\n` or `\r\n`.
pub(super) fn without_newline(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}
