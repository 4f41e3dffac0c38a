//! Files of lines: every line is a JSON object, and the last one is whole.

use serde::de::IgnoredAny;

use crate::disk::{DiskFile, Status};
use crate::domain::{JsonObject, TreePath};
use crate::error::Error;
use crate::limits::{FILE_CHUNK_BYTES, LOG_ENTRY_BYTES_MAX};

use super::finding::{Finding, Fix, Kind};
use super::look::Look;

/// Findings in one file beyond which the rest is only counted.
pub(super) const FINDINGS_MAX: usize = 1000;

/// A line of a file, as far as it is looked at.
struct Line<'b> {
    offset: u64,
    /// The whole of it; of one that is too long the beginning.
    bytes: &'b [u8],
    is_too_long: bool,
    has_end: bool,
}

impl Look<'_> {
    /// Looks at a log that everybody appends to.
    pub(super) fn look_at_log(&mut self, path: &TreePath) {
        let is_entry = |line: &[u8]| {
            str::from_utf8(line).is_ok_and(|text| JsonObject::of_another(text).is_ok())
        };
        self.look_at_lines_of(path, &is_entry, Some(&Fix::CloseLine));
    }

    /// Looks at a file of lines. `close` is how half a line at its end is put right; none
    /// where the next write drops it.
    pub(super) fn look_at_lines_of(
        &mut self,
        path: &TreePath,
        is_entry: &dyn Fn(&[u8]) -> bool,
        close: Option<&Fix>,
    ) {
        let file = match self.disk.open(path) {
            Ok(Some(file)) => file,
            Ok(None) => return,
            Err(error) => return self.report_error(path, &error),
        };
        self.seen.files += 1;
        let mut found = Vec::new();
        let mut more = 0_usize;
        let looked = file.status().and_then(|status| {
            each_line(&*file, &status, &mut |line| {
                let Some(finding) = problem(path, &line, &status, is_entry, close) else { return };
                if found.len() < FINDINGS_MAX { found.push(finding) } else { more += 1 }
            })
        });
        if more > 0
            && let Some(last) = found.last_mut()
        {
            last.message.push_str(&format!("; and {more} lines more"));
        }
        found.into_iter().for_each(|finding| self.report(finding));
        if let Err(source) = looked {
            self.report_error(path, &Error::io("read", path.as_str(), source));
        }
    }
}

fn problem(
    path: &TreePath,
    line: &Line<'_>,
    status: &Status,
    is_entry: &dyn Fn(&[u8]) -> bool,
    close: Option<&Fix>,
) -> Option<Finding> {
    let bytes = line.bytes.trim_ascii();
    if bytes.is_empty() || (!line.is_too_long && is_entry(bytes)) {
        return None;
    }
    let found = |kind, message: &str| Finding::new(path, kind, message).at(line.offset);
    if !line.has_end
        && let Some(fix) = close
    {
        let finding = found(Kind::TornLine, "the file ends within a line");
        return Some(finding.mended_by(fix.clone()).while_unchanged(vec![Some(*status)]));
    }
    let finding = if line.is_too_long {
        found(Kind::BadLine, "the line is too long to be an entry")
    } else if is_cut_off(bytes) || (!line.has_end && is_unwritten(bytes)) {
        found(Kind::CutLine, "the line was not written to its end")
    } else {
        found(Kind::BadLine, "the line is no entry: it is no JSON object of its form")
    };
    // The end of a file that grows is looked at too early.
    Some(match line.has_end {
        true => finding.while_in(status.identity),
        false => finding.while_unchanged(vec![Some(*status)]),
    })
}

/// Whether bytes are the beginning of a JSON object.
fn is_cut_off(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{")
        && serde_json::from_slice::<IgnoredAny>(bytes).is_err_and(|error| error.is_eof())
}

/// Whether bytes end in zeros, as a power cut leaves what was not written.
fn is_unwritten(bytes: &[u8]) -> bool {
    bytes.last() == Some(&0)
}

/// Visits the lines of a file, in bounded memory.
fn each_line(
    file: &dyn DiskFile,
    status: &Status,
    visit: &mut dyn FnMut(Line<'_>),
) -> std::io::Result<()> {
    let mut kept: Vec<u8> = Vec::new();
    let mut begin = 0;
    let mut offset = 0;
    let mut is_too_long = false;
    let mut buffer = vec![0; FILE_CHUNK_BYTES];
    while offset < status.length {
        let left = usize::try_from(status.length - offset).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let count = file.read_at(offset, &mut buffer[..wanted])?;
        if count == 0 {
            // Somebody cut it.
            break;
        }
        let mut rest = &buffer[..count];
        while let Some(length) = memchr::memchr(b'\n', rest) {
            keep(&mut kept, &rest[..length], &mut is_too_long);
            visit(Line { offset: begin, bytes: &kept, is_too_long, has_end: true });
            begin = offset + (count - rest.len() + length + 1) as u64;
            rest = &rest[length + 1..];
            kept.clear();
            is_too_long = false;
        }
        keep(&mut kept, rest, &mut is_too_long);
        offset += count as u64;
    }
    if !kept.is_empty() {
        visit(Line { offset: begin, bytes: &kept, is_too_long, has_end: false });
    }
    Ok(())
}

/// Adds to a line, unless it is too long already.
fn keep(line: &mut Vec<u8>, more: &[u8], is_too_long: &mut bool) {
    let room = LOG_ENTRY_BYTES_MAX + 1 - line.len().min(LOG_ENTRY_BYTES_MAX + 1);
    line.extend_from_slice(&more[..more.len().min(room)]);
    *is_too_long |= line.len() > LOG_ENTRY_BYTES_MAX;
}
