//! Which project, task and run a command means: flags first, then the environment
//! a runner sets, then the working directory when it lies inside the root.

use std::path::{Component, Path};

use crate::domain::BusId;

use super::failure::Failure;

/// What to say when no source names a project.
pub(super) const NO_PROJECT: &str = "which project? give --project ID";
/// And what else to do then.
pub(super) const OR_SURROUNDINGS: &str =
    "or set JRUN_PROJECT_ID, or work in a folder below the root";

/// What flags and surroundings say together. Empty text means none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The project's id.
    pub(super) project: String,
    /// The task's id; empty means the project's own bus.
    pub(super) task: String,
    /// The run that is meant, or that this process belongs to.
    pub(super) run: String,
}

/// One source of ids: the flags, the environment, or the working directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    pub(super) project: Option<String>,
    pub(super) task: Option<String>,
    pub(super) run: Option<String>,
}

impl Source {
    /// Adds to what the flags say what the other sources say.
    pub(super) fn combine(&self, sources: &[Self]) -> Place {
        let project = self
            .project
            .clone()
            .or_else(|| sources.iter().find_map(|source| source.project.clone()))
            .unwrap_or_default();
        // A task belongs to its project: one source's task is never combined with
        // the project of another.
        let fits = |source: &&Self| source.project.as_ref().is_none_or(|named| *named == project);
        let task = self
            .task
            .clone()
            .or_else(|| sources.iter().filter(fits).find_map(|source| source.task.clone()))
            .unwrap_or_default();
        // The run is who speaks, whichever bus it speaks to.
        let run = sources.iter().find_map(|source| source.run.clone()).unwrap_or_default();
        Place { project, task, run }
    }

    /// As [`Source::combine`], where the run is what is meant and not who speaks: it
    /// belongs to its task, and its id alone is enough.
    pub(super) fn combine_run(&self, sources: &[Self]) -> Place {
        let named = self.project.is_some() || self.task.is_some();
        let place = self.combine(sources);
        if let Some(run) = self.run.clone() {
            return if named { Place { run, ..place } } else { Place { run, ..Place::default() } };
        }
        let fits = |source: &&Self| {
            source.run.is_some()
                && source.project.as_ref().is_none_or(|project| *project == place.project)
                && source.task.as_ref().is_none_or(|task| *task == place.task)
        };
        match sources.iter().find(fits) {
            Some(Self { project, task, run: Some(run) })
                if named || (project.is_some() && task.is_some()) =>
            {
                Place { run: run.clone(), ..place }
            }
            Some(Self { run: Some(run), .. }) => Place { run: run.clone(), ..Place::default() },
            _ => Place { run: String::new(), ..place },
        }
    }
}

/// Takes `<root>/<project>/<task>/runs/<run>/…` apart, as far as it goes.
pub(super) fn below_root(root: &Path, directory: &Path) -> Option<Source> {
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
    /// Insists on a project.
    pub(super) fn with_project(self) -> Result<Self, Failure> {
        if self.project.is_empty() {
            return Err(Failure::usage(NO_PROJECT).with_hint(OR_SURROUNDINGS));
        }
        Ok(self)
    }

    /// Insists on a task.
    pub(super) fn with_task(self) -> Result<Self, Failure> {
        if self.task.is_empty() {
            return Err(Failure::usage("which task? give --task ID").with_hint(
                "or set JRUN_TASK_ID, or work in a task's folder; callboard tasks lists them",
            ));
        }
        Ok(self)
    }

    /// Returns how this part of the tree is called in messages for people.
    pub(super) fn scope_label(&self) -> String {
        if self.project.is_empty() { "everything".to_owned() } else { self.bus_label() }
    }

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

    fn flags(project: Option<&str>, task: Option<&str>) -> Source {
        Source { project: project.map(Into::into), task: task.map(Into::into), run: None }
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
    fn a_run_flag_alone_means_that_run_wherever_it_is() {
        let sources = [source("env", "env-task", "env-run")];
        let run = |project: Option<&str>, task: Option<&str>| Source {
            run: Some("r".into()),
            ..flags(project, task)
        };
        assert_eq!(run(None, None).combine_run(&sources), place("", "", "r"));
        assert_eq!(run(None, Some("t")).combine_run(&sources), place("env", "t", "r"));
        assert_eq!(run(Some("env"), None).combine_run(&sources), place("env", "env-task", "r"));
        assert_eq!(run(Some("p"), None).combine_run(&sources), place("p", "", "r"));
    }

    #[test]
    fn a_run_of_the_surroundings_is_meant_only_with_its_own_task() {
        let sources = [source("env", "env-task", "env-run")];
        let none = flags(None, None);
        assert_eq!(none.combine_run(&sources), place("env", "env-task", "env-run"));
        assert_eq!(flags(None, Some("t")).combine_run(&sources), place("env", "t", ""));
        assert_eq!(flags(Some("p"), None).combine_run(&sources), place("p", "", ""));
        let only_run = [source("", "", "env-run"), source("dir", "dir-task", "dir-run")];
        assert_eq!(none.combine_run(&only_run), place("", "", "env-run"));
        let elsewhere = [source("env", "env-task", ""), source("dir", "dir-task", "dir-run")];
        assert_eq!(none.combine_run(&elsewhere), place("env", "env-task", ""));
        let deeper = [source("dir", "dir-task", ""), source("dir", "dir-task", "dir-run")];
        assert_eq!(none.combine_run(&deeper), place("dir", "dir-task", "dir-run"));
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
