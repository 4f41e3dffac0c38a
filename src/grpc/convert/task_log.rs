//! Logs of tasks.

use crate::domain::{JsonObject, TaskKey};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{FileStart, LinesAppended, LogLine, LogLines, LogQuery};

use super::fields::{bytes, check_size, count, invalid, task_key};
use super::values::size_out;

/// A task, and what to append to its log.
pub(in crate::grpc) type Addition = (TaskKey, Vec<JsonObject>);

/// Takes what to append to a log.
pub(in crate::grpc) fn addition(request: pb::AppendTaskLogRequest) -> Result<Addition> {
    const FIELD: &str = "entries";
    let key = task_key(&request.project_id, &request.task_id)?;
    let texts = request.entries;
    if texts.is_empty() {
        return Err(Error::RequiredField { field: FIELD });
    }
    check_size(FIELD, "LOG_ENTRIES_MAX", texts.len(), limits::LOG_ENTRIES_MAX)?;
    let mut entries = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let entry = JsonObject::parse(text)
            .map_err(|problem| invalid(FIELD, format!("entry {index}: {problem}")))?;
        let limit = limits::LOG_ENTRY_BYTES_MAX;
        check_size(FIELD, "LOG_ENTRY_BYTES_MAX", entry.as_str().len(), limit)?;
        entries.push(entry);
    }
    let size = entries.iter().map(|entry| entry.as_str().len()).sum();
    check_size(FIELD, "LOG_BATCH_BYTES_MAX", size, limits::LOG_BATCH_BYTES_MAX)?;
    Ok((key, entries))
}

/// Gives out what was appended.
pub(in crate::grpc) fn addition_out(appended: LinesAppended) -> pb::AppendTaskLogResponse {
    pb::AppendTaskLogResponse {
        offset: size_out(appended.offset),
        next_offset: size_out(appended.next_offset),
        duplicate: appended.duplicate,
    }
}

/// Takes what to read of a log.
pub(in crate::grpc) fn query(request: &pb::ReadTaskLogRequest) -> Result<LogQuery> {
    let offset = bytes("offset", request.offset)?;
    let tail = count("tail_entries", request.tail_entries)?;
    check_size("tail_entries", "TAIL_LINES_MAX", tail, limits::TAIL_LINES_MAX)?;
    if offset > 0 && tail > 0 {
        let problem = "it is another place to begin than `offset`: give one";
        return Err(invalid("tail_entries", problem));
    }
    Ok(LogQuery {
        task: task_key(&request.project_id, &request.task_id)?,
        start: match tail {
            0 => FileStart::Offset(offset),
            entries => FileStart::TailLines(entries as u64),
        },
        follow: request.follow,
    })
}

/// Gives out lines of a log.
pub(in crate::grpc) fn lines(lines: LogLines) -> pb::ReadTaskLogResponse {
    pb::ReadTaskLogResponse {
        entries: lines.lines.into_iter().map(line).collect(),
        next_offset: size_out(lines.next_offset),
        restarted: lines.restarted,
    }
}

fn line(line: LogLine) -> pb::TaskLogEntry {
    pb::TaskLogEntry { entry: line.text, offset: size_out(line.offset), damaged: line.damaged }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn append(entries: Vec<String>) -> Result<Addition> {
        addition(pb::AppendTaskLogRequest {
            project_id: "demo".into(),
            task_id: "task-a".into(),
            entries,
            request_id: String::new(),
        })
    }

    fn entry(size: usize) -> String {
        format!("{{\"a\":\"{}\"}}", "x".repeat(size - 8))
    }

    #[test]
    fn entries_are_objects_of_less_than_64_kib() {
        let (_, entries) = append(vec![format!("\t{} \n", entry((64 << 10) - 1))]).expect("fits");
        assert_eq!(entries[0].as_str().len(), (64 << 10) - 1);
        let refused = append(vec!["{}".into(), entry(64 << 10)]).expect_err("too large");
        assert_eq!((refused.field(), refused.reason()), (Some("entries"), Reason::TooLarge));
        for text in ["", "1", "[]", "{", "{}{}", "null", "\u{feff}{}"] {
            let refused = append(vec!["{}".into(), text.into()]).expect_err(text);
            assert_eq!(
                (refused.field(), refused.reason()),
                (Some("entries"), Reason::InvalidField)
            );
            assert!(refused.to_string().contains("entry 1: "), "{refused}");
        }
    }

    #[test]
    fn a_batch_has_1_to_1000_entries_of_3_mib_together() {
        assert_eq!(append(vec!["{}".into(); 1000]).expect("a batch").1.len(), 1000);
        let refused = append(vec!["{}".into(); 1001]).expect_err("too many");
        assert!(refused.to_string().contains("LOG_ENTRIES_MAX"), "{refused}");
        let refused = append(Vec::new()).expect_err("none");
        assert!(matches!(refused, Error::RequiredField { field: "entries" }), "{refused}");
        assert!(append(vec![entry(48 << 10); 64]).is_ok());
        let mut over = vec![entry(48 << 10); 64];
        over.push("{}".into());
        let refused = append(over).expect_err("too large");
        assert!(refused.to_string().contains("LOG_BATCH_BYTES_MAX"), "{refused}");
    }

    #[test]
    fn a_log_is_read_from_an_offset_or_from_its_last_entries() {
        let read = |offset, tail_entries| {
            query(&pb::ReadTaskLogRequest {
                project_id: "demo".into(),
                task_id: "task-a".into(),
                offset,
                tail_entries,
                follow: true,
            })
        };
        assert_eq!(read(7, 0).expect("a query").start, FileStart::Offset(7));
        assert_eq!(read(0, 7).expect("a query").start, FileStart::TailLines(7));
        for (offset, tail, field) in [
            (-1, 0, "offset"),
            (0, -1, "tail_entries"),
            (1, 1, "tail_entries"),
            (0, 100_001, "tail_entries"),
        ] {
            assert_eq!(read(offset, tail).expect_err(field).field(), Some(field));
        }
    }
}
