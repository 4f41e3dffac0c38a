//! Page tokens: the place in a list after which to go on. To clients they are
//! opaque; each method takes only its own.

use jiff::Timestamp;

use crate::domain::{
    ArtifactId, BusId, FactId, FactScope, ProjectId, RunFile, RunId, TaskId, TaskKey,
};
use crate::error::{Error, Result};
use crate::store::{FactPosition, Part, RunPosition, TaskPosition};

use super::fields::task_key;

const PROJECTS: &str = "p1.";
const TASKS: &str = "t1.";
const RUNS: &str = "r1.";
const RUN_FILES: &str = "f1.";
const ARTIFACTS: &str = "a1.";
const FACTS: &str = "k1.";
const BUSES: &str = "b1.";
/// Stands before the names of artifacts, to tell them from attachments.
const ARTIFACT_FOLDER: &str = "artifacts/";
/// Stands for a time that is not known.
const NO_TIME: &str = "-";

/// Takes a page token of ListProjects.
///
/// # Errors
/// INVALID_PAGE_TOKEN for any other text.
pub fn project(token: &str) -> Result<Option<ProjectId>> {
    parse(PROJECTS, token, |place| ProjectId::parse(place).ok())
}

/// Makes the token that goes on after a project.
pub fn project_out(project: &ProjectId) -> String {
    format!("{PROJECTS}{project}")
}

/// Takes a page token of ListTasks.
///
/// # Errors
/// INVALID_PAGE_TOKEN for any other text.
pub fn task(token: &str) -> Result<Option<TaskPosition>> {
    parse(TASKS, token, |place| {
        let (created_at, task) = timed(place)?;
        Some(TaskPosition { created_at, task: TaskId::parse(task).ok()? })
    })
}

/// Makes the token that goes on after a task.
pub fn task_out(created_at: Option<Timestamp>, task: &TaskId) -> String {
    format!("{TASKS}{}", timed_out(created_at, task.as_str()))
}

/// Takes a page token of ListRuns, which must lie in the part that is listed.
///
/// # Errors
/// INVALID_PAGE_TOKEN for any other text.
pub fn run(token: &str, part: &Part) -> Result<Option<RunPosition>> {
    parse(RUNS, token, |place| {
        let (project, rest) = place.split_once('/')?;
        let (task, folder) = rest.split_once('/')?;
        let task = task_key(project, task).ok()?;
        let is_inside = match part {
            Part::All(reach) => reach.covers(&task.project),
            Part::Project(project) => *project == task.project,
            Part::Task(only) => *only == task,
        };
        let folder = RunId::parse(folder).ok()?.to_string();
        is_inside.then_some(RunPosition { task, folder })
    })
}

/// Makes the token that goes on after a run.
pub fn run_out(position: &RunPosition) -> String {
    format!("{RUNS}{}/{}", position.task, position.folder)
}

/// Takes a page token of ListRunFiles.
///
/// # Errors
/// INVALID_PAGE_TOKEN for any other text.
pub fn run_file(token: &str) -> Result<Option<RunFile>> {
    parse(RUN_FILES, token, |place| RunFile::parse(place).ok())
}

/// Makes the token that goes on after a file.
pub fn run_file_out(file: &RunFile) -> String {
    format!("{RUN_FILES}{file}")
}

/// Takes a page token of ListArtifacts, which must be one of the task that is listed. It
/// is only compared with names, so it may be any name that a program may have given.
///
/// # Errors
/// INVALID_PAGE_TOKEN for any other text.
pub fn artifact(token: &str, task: &TaskKey) -> Result<Option<ArtifactId>> {
    parse(ARTIFACTS, token, |place| {
        let place = inside(&task.to_string(), place)?;
        let Some(name) = place.strip_prefix(ARTIFACT_FOLDER) else {
            return ArtifactId::is_attachment(place)
                .then(|| ArtifactId::Attachment(place.to_owned()));
        };
        let is_inside = !name.split('/').any(|part| matches!(part, "" | "." | ".."));
        is_inside.then(|| ArtifactId::Artifact(name.to_owned()))
    })
}

/// Makes the token that goes on after an artifact.
pub fn artifact_out(task: &TaskKey, artifact: &ArtifactId) -> String {
    format!("{ARTIFACTS}{task}/{}", artifact.path())
}

/// Takes a page token of ListFacts, which must be one of what is listed.
///
/// # Errors
/// INVALID_PAGE_TOKEN for any other text.
pub fn fact(token: &str, scope: &FactScope) -> Result<Option<FactPosition>> {
    parse(FACTS, token, |place| {
        let (created_at, fact) = timed(inside(&scope_name(scope), place)?)?;
        Some(FactPosition { created_at, id: FactId::parse(fact).ok()? })
    })
}

/// Makes the token that goes on after a fact.
pub fn fact_out(scope: &FactScope, created_at: Option<Timestamp>, fact: &FactId) -> String {
    format!("{FACTS}{}/{}", scope_name(scope), timed_out(created_at, fact.as_str()))
}

/// Takes a page token of ListBuses.
///
/// # Errors
/// INVALID_PAGE_TOKEN for any other text.
pub fn bus(token: &str) -> Result<Option<BusId>> {
    parse(BUSES, token, |place| {
        let (project, task) = place.split_once('/')?;
        BusId::parse(project, task).ok()
    })
}

/// Makes the token that goes on after a bus.
pub fn bus_out(bus: &BusId) -> String {
    format!("{BUSES}{}/{}", bus.project, bus.task_str())
}

/// Returns what tells a scope from all others; of a project there is no task.
fn scope_name(scope: &FactScope) -> String {
    let task = scope.task().map(ToString::to_string).unwrap_or_default();
    format!("{}/{task}", scope.project())
}

/// Returns what stands behind the name of what is listed, if it is that.
fn inside<'a>(name: &str, place: &'a str) -> Option<&'a str> {
    place.strip_prefix(name)?.strip_prefix('/')
}

/// Takes a time, which may not be known, and what stands behind it.
fn timed(place: &str) -> Option<(Option<Timestamp>, &str)> {
    let (time, rest) = place.split_once('.')?;
    let time = match time {
        NO_TIME => None,
        nanoseconds => Some(Timestamp::from_nanosecond(nanoseconds.parse().ok()?).ok()?),
    };
    Some((time, rest))
}

fn timed_out(time: Option<Timestamp>, rest: &str) -> String {
    match time {
        Some(time) => format!("{}.{rest}", time.as_nanosecond()),
        None => format!("{NO_TIME}.{rest}"),
    }
}

/// Takes a token of one kind; empty means the first page.
fn parse<T>(kind: &str, token: &str, place: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    if token.is_empty() {
        return Ok(None);
    }
    token.strip_prefix(kind).and_then(place).map(Some).ok_or(Error::InvalidPageToken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Reach;

    fn key() -> TaskKey {
        task_key("demo", "task-a.b").expect("a task")
    }

    #[test]
    fn what_is_given_out_is_taken_again() {
        let id = ProjectId::parse("demo").expect("a project");
        assert_eq!(project(&project_out(&id)).expect("a token"), Some(id));
        for nanoseconds in [None, Some(1_767_225_600_123_456_789), Some(-1)] {
            let created_at =
                nanoseconds.map(|time| Timestamp::from_nanosecond(time).expect("a time"));
            let token = task_out(created_at, &key().task);
            let place = TaskPosition { created_at, task: key().task };
            assert_eq!(task(&token).expect("a token"), Some(place), "{token}");
            let id = FactId::parse("FACT-20260101-x.1").expect("a fact");
            for scope in scopes() {
                let token = fact_out(&scope, created_at, &id);
                let place = FactPosition { created_at, id: id.clone() };
                assert_eq!(fact(&token, &scope).expect("a token"), Some(place), "{token}");
            }
        }
        let attachment = ArtifactId::Attachment("ATTACH-1-plan.md".into());
        for id in ["a", "sdd/spec.1.md", "odd\n name/x", "x/".repeat(600).trim_end_matches('/')] {
            let id = ArtifactId::Artifact(id.to_owned());
            assert_eq!(artifact(&artifact_out(&key(), &id), &key()).expect("a token"), Some(id));
        }
        let token = artifact_out(&key(), &attachment);
        assert_eq!(artifact(&token, &key()).expect("a token"), Some(attachment));
        let place = RunPosition { task: key(), folder: "run 1.x".into() };
        for part in [Part::All(Reach::All), Part::Project(key().project), Part::Task(key())] {
            assert_eq!(run(&run_out(&place), &part).expect("a token"), Some(place.clone()));
        }
        let file = RunFile::parse("logs/a b.log").expect("a file");
        assert_eq!(run_file(&run_file_out(&file)).expect("a token"), Some(file));
        assert_eq!(project("").expect("no token"), None);
    }

    fn scopes() -> [FactScope; 2] {
        [FactScope::Project(key().project), FactScope::Task(key())]
    }

    #[test]
    fn a_token_of_another_list_is_not_taken_for_a_place_among_the_buses() {
        let bus_of = |project: &str, task| BusId::parse(project, task).expect("a bus");
        for place in [bus_of("demo", ""), bus_of("demo", "task-a"), bus_of("f1.logs", "x")] {
            assert_eq!(bus(&bus_out(&place)).expect("a token"), Some(place));
        }
        let log = RunFile::parse("logs/x").expect("a file");
        assert!(matches!(bus(&run_file_out(&log)), Err(Error::InvalidPageToken)));
        assert!(matches!(
            run_file(&bus_out(&bus_of("f1.logs", "x"))),
            Err(Error::InvalidPageToken)
        ));
        for token in ["b1.", "b1.demo", "b1./t", "b1.demo/../x", "demo/t", "demo/"] {
            assert!(matches!(bus(token), Err(Error::InvalidPageToken)), "{token}");
        }
        assert_eq!(bus("").expect("no token"), None);
    }

    #[test]
    fn a_token_goes_on_in_what_it_was_given_out_for() {
        let other = task_key("demo", "task-a").expect("a task");
        let id = ArtifactId::Artifact("b/artifacts/x".into());
        assert!(artifact(&artifact_out(&key(), &id), &other).is_err());
        assert!(artifact(&artifact_out(&other, &id), &key()).is_err());
        let id = FactId::parse("FACT-1").expect("a fact");
        let [project, task] = scopes();
        assert!(fact(&fact_out(&project, None, &id), &task).is_err());
        assert!(fact(&fact_out(&task, None, &id), &project).is_err());
        assert!(fact(&fact_out(&task, None, &id), &FactScope::Task(other)).is_err());
    }

    #[test]
    fn everything_else_is_refused() {
        for token in ["demo", "p1.", "p1.a/b", "p1...", "t1.-.x", "P1.demo"] {
            assert!(matches!(project(token), Err(Error::InvalidPageToken)), "{token}");
        }
        for token in ["t1.", "t1.x", "t1..x", "t1.1.", "t1.1x.y", "t1.1.a/b", "p1.demo"] {
            assert!(matches!(task(token), Err(Error::InvalidPageToken)), "{token}");
        }
        for place in ["", "artifacts", "artifacts/", "artifacts/../x", "x", "-.x"] {
            for token in [format!("a1.demo/task-a.b/{place}"), format!("a1.{place}")] {
                assert!(
                    matches!(artifact(&token, &key()), Err(Error::InvalidPageToken)),
                    "{token}"
                );
            }
        }
        let [project_scope, _] = scopes();
        for token in
            ["k1.", "k1.1.x", "k1.demo//x", "k1.demo//1.", "k1.demo//1.a/b", "t1.demo//1.x"]
        {
            let refused = fact(token, &project_scope);
            assert!(matches!(refused, Err(Error::InvalidPageToken)), "{token}");
        }
        let elsewhere = Part::Task(task_key("demo", "other").expect("a task"));
        let project = Part::Project(ProjectId::parse("dem").expect("a project"));
        for token in ["r1.a/b", "r1.a/b/", "r1.a/b/..", "r1.a/b/c/d", "r1.//c", "f1.prompt"] {
            assert!(
                matches!(run(token, &Part::All(Reach::All)), Err(Error::InvalidPageToken)),
                "{token}"
            );
        }
        for part in [elsewhere, project] {
            assert!(run("r1.demo/task-a.b/x", &part).is_err(), "{part:?}");
        }
        for token in ["f1.", "f1.logs/../x", "f1.run-info.yaml", "prompt"] {
            assert!(matches!(run_file(token), Err(Error::InvalidPageToken)), "{token}");
        }
    }
}
