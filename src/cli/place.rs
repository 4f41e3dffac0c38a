//! Which project, task and run a command means: flags first, then the environment
//! a runner sets, then the working directory when it lies inside the root.

use std::path::{Component, Path, PathBuf};

use clap::Args;

use crate::domain::BusId;

use super::failure::Failure;
use super::root;

/// The flags that say which bus is meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct PlaceFlags {
    /// The project [default: $JRUN_PROJECT_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which bus")]
    pub(super) project: Option<String>,
    /// The task; '' means the project's own bus [default: $JRUN_TASK_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which bus")]
    pub(super) task: Option<String>,
    /// The root, to find project and task from the working directory [default: ~/run-agent]
    #[arg(
        long,
        value_name = "DIR",
        env = "CALLBOARD_ROOT",
        hide_env_values = true,
        help_heading = "Which bus"
    )]
    root: Option<PathBuf>,
}

/// What flags and surroundings say together. Empty text means none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The project's id.
    pub(super) project: String,
    /// The task's id; empty means the project's own bus.
    pub(super) task: String,
    /// The run that this process belongs to.
    pub(super) run: String,
}

/// One source of ids: the environment, or the working directory.
#[derive(Debug, Clone, Default)]
struct Source {
    project: Option<String>,
    task: Option<String>,
    run: Option<String>,
}

impl PlaceFlags {
    /// Resolves flags and surroundings; the project may stay unknown.
    pub(super) fn resolve(&self) -> Place {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let environment = Source {
            project: variable("JRUN_PROJECT_ID"),
            task: variable("JRUN_TASK_ID"),
            run: variable("JRUN_ID"),
        };
        self.combine(&[environment, self.working_directory().unwrap_or_default()])
    }

    /// Resolves flags and surroundings to a bus.
    pub(super) fn resolve_bus(&self) -> Result<Place, Failure> {
        let place = self.resolve();
        if place.project.is_empty() {
            return Err(Failure::usage("which project? give --project ID")
                .with_hint("or set JRUN_PROJECT_ID, or work in a folder below the root"));
        }
        Ok(place)
    }

    fn combine(&self, sources: &[Source]) -> Place {
        let project = self
            .project
            .clone()
            .or_else(|| sources.iter().find_map(|source| source.project.clone()))
            .unwrap_or_default();
        // A task belongs to its project: one source's task is never combined with
        // the project of another.
        let fits = |source: &&Source| source.project.as_ref().is_none_or(|named| *named == project);
        let task = self
            .task
            .clone()
            .or_else(|| sources.iter().filter(fits).find_map(|source| source.task.clone()))
            .unwrap_or_default();
        // The run is who speaks, whichever bus it speaks to.
        let run = sources.iter().find_map(|source| source.run.clone()).unwrap_or_default();
        Place { project, task, run }
    }

    fn working_directory(&self) -> Option<Source> {
        let root = root::resolve(self.root.clone()).ok()?;
        let directory = std::env::current_dir().ok()?;
        // The working directory is always reported without symlinks, the root as
        // it was given. A root that does not exist has nobody working in it.
        let root = root.canonicalize().ok()?;
        below_root(&root, &directory)
    }
}

/// Takes `<root>/<project>/<task>/runs/<run>/…` apart, as far as it goes.
fn below_root(root: &Path, directory: &Path) -> Option<Source> {
    let mut names = directory
        .strip_prefix(root)
        .ok()?
        .components()
        .map_while(|part| match part {
            // Names with a leading dot are never projects, tasks or runs.
            Component::Normal(name) => {
                name.to_str().filter(|name| !name.starts_with('.')).map(str::to_owned)
            }
            _ => None,
        })
        .fuse();
    let project = names.next();
    let task = names.next();
    let run = names.next().filter(|name| name == "runs").and_then(|_| names.next());
    Some(Source { project, task, run })
}

impl Place {
    /// Returns how the bus is called in messages for people.
    pub(super) fn bus_label(&self) -> String {
        bus_label(&self.project, &self.task)
    }
}

/// Returns how a bus is called in messages for people, as [`BusId`] shows itself.
pub(super) fn bus_label(project_id: &str, task_id: &str) -> String {
    BusId::parse(project_id, task_id)
        .map_or_else(|_| format!("{project_id}/{task_id}"), |bus| bus.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(project: &str, task: &str, run: &str) -> Source {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Source { project: given(project), task: given(task), run: given(run) }
    }

    fn flags(project: Option<&str>, task: Option<&str>) -> PlaceFlags {
        PlaceFlags { project: project.map(Into::into), task: task.map(Into::into), root: None }
    }

    fn place(project: &str, task: &str, run: &str) -> Place {
        Place { project: project.into(), task: task.into(), run: run.into() }
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_directory() {
        let sources = [source("env", "env-task", "env-run"), source("dir", "dir-task", "dir-run")];
        assert_eq!(flags(None, None).combine(&sources), place("env", "env-task", "env-run"));
        assert_eq!(flags(Some("p"), Some("t")).combine(&sources), place("p", "t", "env-run"));
        assert_eq!(flags(None, Some("t")).combine(&sources), place("env", "t", "env-run"));
        assert_eq!(flags(None, None).combine(&sources[1..]), place("dir", "dir-task", "dir-run"));
        assert_eq!(flags(None, None).combine(&[]), Place::default());
    }

    #[test]
    fn a_project_is_never_combined_with_the_task_of_another() {
        let sources = [source("env", "env-task", ""), source("dir", "dir-task", "")];
        assert_eq!(flags(Some("other"), None).combine(&sources), place("other", "", ""));
        assert_eq!(flags(Some("env"), None).combine(&sources), place("env", "env-task", ""));
        assert_eq!(flags(Some("dir"), None).combine(&sources), place("dir", "dir-task", ""));
        let only_project = [source("env", "", ""), source("dir", "dir-task", "")];
        assert_eq!(flags(None, None).combine(&only_project), place("env", "", ""));
    }

    #[test]
    fn an_empty_task_flag_means_the_projects_own_bus() {
        let sources = [source("env", "env-task", "")];
        assert_eq!(flags(None, Some("")).combine(&sources), place("env", "", ""));
    }

    #[test]
    fn the_working_directory_tells_as_much_as_it_is_deep() {
        let below = |path: &str| {
            below_root(Path::new("/tree"), Path::new(path))
                .map(|source| flags(None, None).combine(&[source]))
        };
        assert_eq!(below("/tree/p/t/runs/r/logs"), Some(place("p", "t", "r")));
        assert_eq!(below("/tree/p/t/artifacts/x"), Some(place("p", "t", "")));
        assert_eq!(below("/tree/p"), Some(place("p", "", "")));
        assert_eq!(below("/tree"), Some(Place::default()));
        assert_eq!(below("/tree/.callboard/staging"), Some(Place::default()));
        assert_eq!(below("/elsewhere/p/t"), None);
        assert_eq!(below("/treeed/p"), None);
    }

    #[test]
    fn a_bus_is_called_by_project_and_task() {
        assert_eq!(bus_label("p", ""), "p");
        assert_eq!(bus_label("p", "t"), "p/t");
        assert_eq!(bus_label("", ""), "/");
    }
}
