//! Facts.

use crate::domain::{Fact, FactScope, ProjectId, check_new_name};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{FactQuery, NewFact, Page};

use super::answer_size::{self, Item, cut_beside, fitting, note};
use super::fields::{check_size, invalid, optional_time, other_run, page_size, task_key};
use super::page_tokens;
use super::values::{etag_out, timestamp_out};

/// Takes what a fact is about; no task means the project.
pub(in crate::grpc) fn scope(project_id: &str, task_id: &str) -> Result<FactScope> {
    Ok(match task_id {
        "" => FactScope::Project(ProjectId::parse(project_id)?),
        task => FactScope::Task(task_key(project_id, task)?),
    })
}

/// Takes a fact to write down.
pub(in crate::grpc) fn new(request: pb::AppendFactRequest) -> Result<NewFact> {
    let scope = scope(&request.project_id, &request.task_id)?;
    if !request.name.is_empty() {
        check_new_name("name", &request.name)?;
    }
    let limit = limits::FACT_BODY_BYTES_MAX;
    check_size("body", "FACT_BODY_BYTES_MAX", request.body.len(), limit)?;
    Ok(NewFact {
        scope,
        name: request.name,
        title: title(request.title)?,
        run_id: other_run("run_id", request.run_id)?,
        body: request.body,
    })
}

fn title(title: String) -> Result<String> {
    const FIELD: &str = "title";
    if title.trim().is_empty() {
        return Err(Error::RequiredField { field: FIELD });
    }
    check_size(FIELD, "FACT_TITLE_BYTES_MAX", title.len(), limits::FACT_TITLE_BYTES_MAX)?;
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if title.contains(breaks) {
        return Err(invalid(FIELD, "it is one line, without control characters"));
    }
    Ok(title)
}

/// Takes which facts to list.
pub(in crate::grpc) fn query(request: pb::ListFactsRequest) -> Result<FactQuery> {
    let scope = scope(&request.project_id, &request.task_id)?;
    Ok(FactQuery {
        after: page_tokens::fact(&request.page_token, &scope)?,
        scope,
        run_id: other_run("run_id", request.run_id)?,
        since: optional_time("since_time", request.since_time)?,
        until: optional_time("until_time", request.until_time)?,
        with_bodies: request.with_bodies,
        limit: page_size(request.page_size)?,
    })
}

/// Gives out a page of facts.
pub(in crate::grpc) fn page(page: Page<Fact>) -> pb::ListFactsResponse {
    let token = |fact: &Fact| page_tokens::fact_out(&fact.scope, fact.text.created_at, &fact.id);
    let (facts, next_page_token) = answer_size::page(page, token, fact);
    pb::ListFactsResponse { facts, next_page_token }
}

impl Item for pb::Fact {
    fn bare(self, problem: String) -> Self {
        Self {
            project_id: self.project_id,
            task_id: self.task_id,
            fact_id: self.fact_id,
            created_at: self.created_at,
            etag: self.etag,
            problem,
            ..Self::default()
        }
    }
}

/// Gives out a fact.
pub(in crate::grpc) fn fact(fact: Fact) -> pb::Fact {
    let mut body = fact.text.body;
    let mut answer = fitting(pb::Fact {
        project_id: fact.scope.project().to_string(),
        task_id: fact.scope.task().map(ToString::to_string).unwrap_or_default(),
        fact_id: fact.id.to_string(),
        name: fact.text.name,
        title: fact.text.title,
        run_id: fact.text.run_id,
        created_at: fact.text.created_at.map(timestamp_out),
        body: String::new(),
        etag: etag_out(fact.etag),
        problem: fact.problem.unwrap_or_default(),
    });
    let said = cut_beside(&answer, "body", &mut body);
    note(&mut answer.problem, said);
    pb::Fact { body, ..answer }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::domain::{FactId, FactText};
    use crate::error::Reason;

    fn a_fact() -> pb::AppendFactRequest {
        pb::AppendFactRequest {
            project_id: "demo".into(),
            title: "the build needs protoc".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_fact_is_about_a_project_or_a_task() {
        assert_eq!(new(a_fact()).expect("a fact").scope.task(), None);
        let of_task = pb::AppendFactRequest { task_id: "task-a".into(), ..a_fact() };
        let scope = new(of_task).expect("a fact").scope;
        assert_eq!(scope.task().map(ToString::to_string), Some("task-a".into()));
        let refused = new(pb::AppendFactRequest::default()).expect_err("no project");
        assert_eq!(refused.field(), Some("project_id"));
    }

    #[test]
    fn a_title_is_one_line() {
        for text in ["x", "Ö: \"q\" # 'y'", &"x".repeat(1024)] {
            assert!(title(text.to_owned()).is_ok(), "{text}");
        }
        for (text, reason) in [
            ("", Reason::RequiredField),
            (" \t", Reason::RequiredField),
            ("a\nb", Reason::InvalidField),
            ("a\rb", Reason::InvalidField),
            ("a\0", Reason::InvalidField),
            ("a\u{85}b", Reason::InvalidField),
            ("a\u{2028}b", Reason::InvalidField),
            (&"x".repeat(1025), Reason::TooLarge),
        ] {
            let refused = title(text.to_owned()).expect_err(text);
            assert_eq!((refused.field(), refused.reason()), (Some("title"), reason), "{text:?}");
        }
    }

    #[test]
    fn name_run_and_body_are_checked() {
        let wrong = [
            (pb::AppendFactRequest { name: "a/b".into(), ..a_fact() }, "name", Reason::InvalidId),
            (pb::AppendFactRequest { name: ".a".into(), ..a_fact() }, "name", Reason::InvalidId),
            (
                pb::AppendFactRequest { run_id: "../x".into(), ..a_fact() },
                "run_id",
                Reason::PathTraversal,
            ),
            (
                pb::AppendFactRequest { body: "x".repeat((1 << 20) + 1), ..a_fact() },
                "body",
                Reason::TooLarge,
            ),
        ];
        for (request, field, reason) in wrong {
            let refused = new(request).expect_err(field);
            assert_eq!((refused.field(), refused.reason()), (Some(field), reason));
        }
        assert!(new(pb::AppendFactRequest { body: "x\0".repeat(1 << 19), ..a_fact() }).is_ok());
    }

    fn stored(id: &str, body_size: usize) -> Fact {
        Fact {
            scope: scope("demo", "").expect("a project"),
            id: FactId::parse(id).expect("a fact"),
            text: FactText { body: "x".repeat(body_size), ..FactText::default() },
            etag: None,
            problem: None,
        }
    }

    #[test]
    fn a_body_that_fits_no_answer_is_cut() {
        let whole = fact(stored("FACT-1", 1 << 20));
        assert_eq!((whole.body.len(), whole.problem.as_str()), (1 << 20, ""));
        let cut = fact(stored("FACT-1", 4 << 20));
        assert!(cut.encoded_len() <= limits::ANSWER_BYTES_MAX);
        assert!(cut.problem.starts_with("its body is too large to send"), "{}", cut.problem);
    }

    #[test]
    fn a_page_with_bodies_ends_where_the_answer_is_full() {
        let items = ["FACT-4", "FACT-3", "FACT-2"].map(|id| stored(id, 1 << 20)).to_vec();
        let answer = page(Page { items, more: false });
        assert_eq!(answer.facts.len(), 2);
        let scope = scope("demo", "").expect("a project");
        let after = page_tokens::fact(&answer.next_page_token, &scope);
        let after = after.expect("a token").expect("a place");
        assert_eq!(after.id.as_str(), "FACT-3");
    }
}
