//! The names of the files of facts: `FACT-<stamp>-<name>.md` of a project,
//! `TASK-FACTS-<stamp>.md` of a task.

use jiff::Timestamp;

use crate::domain::{FactId, FactScope, TreePath};

use super::{paths, stamp};

const ENDING: &str = ".md";

fn beginning(scope: &FactScope) -> &'static str {
    match scope {
        FactScope::Project(_) => "FACT-",
        FactScope::Task(_) => "TASK-FACTS-",
    }
}

/// Makes the name of a new fact's file, without its ending: its id.
pub fn new(scope: &FactScope, stamp: &str, name: &str) -> String {
    let beginning = beginning(scope);
    match scope {
        FactScope::Project(_) => format!("{beginning}{stamp}-{name}"),
        FactScope::Task(_) => format!("{beginning}{stamp}"),
    }
}

/// The file of a fact, by the text of its id.
///
/// # Panics
/// When that is no path component: it comes from a [`FactId`] or from [`new`].
pub fn file(scope: &FactScope, id: &str) -> TreePath {
    paths::facts_folder(scope).join(&format!("{id}{ENDING}"))
}

/// Reads the name of a file as a fact about what its folder is; none for other files.
pub fn fact_of_file(scope: &FactScope, name: &str) -> Option<FactId> {
    let id = name.strip_suffix(ENDING)?;
    let rest = id.strip_prefix(beginning(scope))?;
    // The beginning alone names nothing.
    if rest.is_empty() { None } else { FactId::parse(id).ok() }
}

/// Reads the time in an id.
pub fn time_in(scope: &FactScope, id: &FactId) -> Option<Timestamp> {
    stamp::time_at_beginning(id.as_str().strip_prefix(beginning(scope))?)
}

/// Reads the name in the id of a fact about a project: what follows the stamp.
pub fn name_in(scope: &FactScope, id: &FactId) -> Option<String> {
    let FactScope::Project(_) = scope else { return None };
    let rest = id.as_str().strip_prefix(beginning(scope))?;
    // Each of the four parts of a stamp is a number; a foreign one may have fewer.
    let parts = rest.split('-').take_while(|part| part.bytes().all(|c| c.is_ascii_digit()));
    let stamp_bytes: usize = parts.take(4).map(|part| part.len() + 1).sum();
    Some(rest.get(stamp_bytes..).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ProjectId;

    #[test]
    fn name_and_time_are_read_from_the_id_of_a_fact() {
        let scope = FactScope::Project(ProjectId::parse("p").expect("a name"));
        for (id, name, time) in [
            ("FACT-20260223-2048581234-66789-12-the-api", "the-api", Some("2026-02-23T20:48:58Z")),
            ("FACT-20260223-2048581234-66789-12-2-ways", "2-ways", Some("2026-02-23T20:48:58Z")),
            ("FACT-20260101-120000-x", "x", Some("2026-01-01T12:00:00Z")),
            ("FACT-plain", "plain", None),
            ("FACT-20260101-120000", "", Some("2026-01-01T12:00:00Z")),
        ] {
            let file = format!("{id}.md");
            let id = fact_of_file(&scope, &file).expect("a fact");
            assert_eq!(name_in(&scope, &id).as_deref(), Some(name), "{id}");
            let time = time.map(|time| time.parse().expect("a time"));
            assert_eq!(time_in(&scope, &id), time, "{id}");
        }
        for name in ["FACT-.md", "FACT-x.txt", "TASK-FACTS-20260101-120000.md", "x.md"] {
            assert_eq!(fact_of_file(&scope, name), None, "{name}");
        }
    }
}
