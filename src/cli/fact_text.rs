//! A fact as people read it.

use crate::grpc::pb::Fact;

use super::block::Block;
use super::escape;
use super::message_text::time;

/// Returns the fact as a block of lines.
pub(super) fn block(fact: &Fact) -> Block {
    let created = fact.created_at.as_ref().map(|ts| time(Some(ts))).unwrap_or_default();
    let scope = match fact.task_id.as_str() {
        "" => fact.project_id.clone(),
        task => format!("{}/{task}", fact.project_id),
    };
    Block::default()
        .field("fact", fact.fact_id.clone())
        .field("about", scope)
        .field("title", fact.title.clone())
        .field("name", fact.name.clone())
        .field("run", fact.run_id.clone())
        .field("created", created)
        .field("problem", fact.problem.clone())
        .field("etag", fact.etag.clone())
        .text("text", &fact.body)
}

/// Returns the fact with its text as one of several: a header line that begins in the
/// first column, and the text indented, so that no text can pass for a header.
pub(super) fn entry(fact: &Fact, terminal: bool) -> String {
    let mut text = time(fact.created_at.as_ref());
    let run = match fact.run_id.as_str() {
        "" => String::new(),
        run => format!("run={run}"),
    };
    for word in [&fact.title, &run, &fact.fact_id] {
        if !word.is_empty() {
            text.push_str(&format!("  {}", escape::line(word)));
        }
    }
    text.push('\n');
    if !fact.problem.is_empty() {
        text.push_str(&format!("  problem: {}\n", escape::line(&fact.problem)));
    }
    for line in fact.body.lines() {
        let safe = if terminal { escape::lines(line) } else { line.into() };
        text.push_str(format!("    {safe}").trim_end_matches(' '));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_pass_for_another_fact() {
        let fact = Fact {
            fact_id: "FACT-1-a".into(),
            title: "two\nlines".into(),
            run_id: "r".into(),
            created_at: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            body: "first\n\n\x1b[1m\n".into(),
            ..Fact::default()
        };
        assert_eq!(
            entry(&fact, true),
            "1970-01-01T00:00:00.000Z  two\\nlines  run=r  FACT-1-a\n    first\n\n    \\x1b[1m\n"
        );
        let damaged = Fact { problem: "line 2".into(), ..Fact::default() };
        assert_eq!(entry(&damaged, false), "-\n  problem: line 2\n");
    }
}
