//! What holds of any text that is given as a page token.

use callboard::domain::{FactScope, ProjectId};
use callboard::error::{Error, Result};
use callboard::grpc::page_tokens;
use callboard::store::Part;

use super::task;

/// Checks the bytes as a token of every method: it is taken or refused with the right
/// reason; what is taken is given out as a token that means the same; and no two methods
/// take one token.
pub(crate) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let taken: Vec<&str> = METHODS
        .iter()
        .filter_map(|&(method, again)| {
            let canonical = again(&text)?;
            assert_eq!(again(&canonical).as_ref(), Some(&canonical), "{method}: {text:?}");
            Some(method)
        })
        .collect();
    assert!(taken.len() <= 1, "{text:?} is taken by {taken:?}");
    check_made(&text);
}

/// A method, and what gives a token out again that it takes.
type Method = (&'static str, fn(&str) -> Option<String>);

const METHODS: [Method; 7] = [
    ("ListProjects", |text| {
        let project = taken(page_tokens::project(text))?;
        Some(page_tokens::project_out(&project))
    }),
    ("ListTasks", |text| {
        let place = taken(page_tokens::task(text))?;
        Some(page_tokens::task_out(place.created_at, &place.task))
    }),
    ("ListRuns", |text| {
        let place = taken(page_tokens::run(text, &Part::All(callboard::domain::Reach::All)))?;
        let inside = page_tokens::run(text, &Part::Task(place.task.clone()));
        assert_eq!(taken(inside).as_ref(), Some(&place));
        let elsewhere = ProjectId::parse("elsewhere").expect("a project");
        if place.task.project != elsewhere {
            assert_eq!(taken(page_tokens::run(text, &Part::Project(elsewhere))), None);
        }
        Some(page_tokens::run_out(&place))
    }),
    ("ListRunFiles", |text| {
        let file = taken(page_tokens::run_file(text))?;
        Some(page_tokens::run_file_out(&file))
    }),
    ("ListArtifacts", |text| {
        let artifact = taken(page_tokens::artifact(text, &task()))?;
        Some(page_tokens::artifact_out(&task(), &artifact))
    }),
    ("ListFacts", |text| {
        let scopes = [FactScope::Project(task().project), FactScope::Task(task())];
        let mut found = scopes.iter().filter_map(|scope| {
            let place = taken(page_tokens::fact(text, scope))?;
            Some(page_tokens::fact_out(scope, place.created_at, &place.id))
        });
        let token = found.next();
        assert_eq!(found.next(), None, "{text:?} is of two lists");
        token
    }),
    ("ListBuses", |text| {
        let bus = taken(page_tokens::bus(text))?;
        Some(page_tokens::bus_out(&bus))
    }),
];

/// Returns what a token means; none when it is refused, or is none.
fn taken<T>(answer: Result<Option<T>>) -> Option<T> {
    match answer {
        Ok(place) => place,
        Err(Error::InvalidPageToken) => None,
        Err(other) => panic!("refused for another reason: {other}"),
    }
}

/// Makes tokens of whatever the text may name, which are taken again.
fn check_made(text: &str) {
    let (first, second) = text.split_once('\n').unwrap_or((text, "t"));
    if let Ok(project) = ProjectId::parse(first) {
        let token = page_tokens::project_out(&project);
        assert_eq!(page_tokens::project(&token).ok().flatten(), Some(project), "{token}");
    }
    if let Ok(bus) = callboard::domain::BusId::parse(first, second) {
        let token = page_tokens::bus_out(&bus);
        assert_eq!(page_tokens::bus(&token).ok().flatten(), Some(bus), "{token}");
    }
    if let Ok(file) = callboard::domain::RunFile::parse(first) {
        let token = page_tokens::run_file_out(&file);
        assert_eq!(page_tokens::run_file(&token).ok().flatten(), Some(file), "{token}");
    }
    if let Ok(id) = callboard::domain::FactId::parse(first) {
        let scope = FactScope::Task(task());
        let token = page_tokens::fact_out(&scope, None, &id);
        let place = page_tokens::fact(&token, &scope).ok().flatten();
        assert_eq!(place.map(|place| place.id), Some(id), "{token}");
    }
}
