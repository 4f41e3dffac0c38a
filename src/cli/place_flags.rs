//! The flags that say which bus, project, task, run or part of the tree is meant.

use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use super::place::{NO_PROJECT, OR_SURROUNDINGS, Place, Source, below_root};
use super::root;

/// The flag that says where the root is.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RootFlag {
    /// The root, to find ids from the working directory [default: ~/run-agent]
    #[arg(long, value_name = "DIR", env = "CALLBOARD_ROOT", hide_env_values = true)]
    root: Option<PathBuf>,
}

/// The flags that say which bus is meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct PlaceFlags {
    /// The project [default: $JRUN_PROJECT_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which bus")]
    pub(super) project: Option<String>,
    /// The task; '' means the project's own bus [default: $JRUN_TASK_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which bus")]
    pub(super) task: Option<String>,
    #[command(flatten, next_help_heading = "Which bus")]
    root: RootFlag,
}

/// The flags that say which project is meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ProjectFlags {
    /// The project [default: $JRUN_PROJECT_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which project")]
    pub(super) project: Option<String>,
    #[command(flatten, next_help_heading = "Which project")]
    root: RootFlag,
}

/// The flags that say which task is meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct TaskFlags {
    /// The project [default: $JRUN_PROJECT_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which task")]
    pub(super) project: Option<String>,
    /// The task [default: $JRUN_TASK_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which task")]
    pub(super) task: Option<String>,
    #[command(flatten, next_help_heading = "Which task")]
    root: RootFlag,
}

/// The flags that say what a fact is about.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SubjectFlags {
    /// The project [default: $JRUN_PROJECT_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "About what")]
    project: Option<String>,
    /// The task; '' means the project itself [default: $JRUN_TASK_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "About what")]
    task: Option<String>,
    #[command(flatten, next_help_heading = "About what")]
    root: RootFlag,
}

/// The flags that say which run is meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RunFlags {
    /// The run [default: $JRUN_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which run")]
    pub(super) run: Option<String>,
    /// The project; without it the run is found by its id alone [default with --task:
    /// $JRUN_PROJECT_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which run")]
    pub(super) project: Option<String>,
    /// The task [default with --project: $JRUN_TASK_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Which run")]
    pub(super) task: Option<String>,
    #[command(flatten, next_help_heading = "Which run")]
    root: RootFlag,
}

/// The flags that say which part of the tree is meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ScopeFlags {
    /// All projects, whatever the environment and the directory say
    #[arg(long, conflicts_with_all = ["project", "task"], help_heading = "Scope")]
    everything: bool,
    /// The project [default: $JRUN_PROJECT_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Scope")]
    project: Option<String>,
    /// The task; '' means all of the project [default: $JRUN_TASK_ID, or from the working directory]
    #[arg(long, value_name = "ID", help_heading = "Scope")]
    task: Option<String>,
    #[command(flatten, next_help_heading = "Scope")]
    root: RootFlag,
}

impl PlaceFlags {
    /// Resolves flags and surroundings; the project may stay unknown.
    pub(super) fn resolve(&self) -> Place {
        self.given().combine(&self.root.surroundings())
    }

    /// Resolves flags and surroundings to a bus.
    pub(super) fn resolve_bus(&self) -> Result<Place, Failure> {
        self.resolve().with_project()
    }

    /// Returns the flags that mean this run.
    pub(super) fn with_run(&self, run: &str) -> RunFlags {
        RunFlags {
            run: Some(run.to_owned()),
            project: self.project.clone(),
            task: self.task.clone(),
            root: self.root.clone(),
        }
    }

    fn given(&self) -> Source {
        Source { project: self.project.clone(), task: self.task.clone(), run: None }
    }
}

impl ProjectFlags {
    /// Resolves flags and surroundings to a project.
    pub(super) fn resolve(&self) -> Result<String, Failure> {
        let given = Source { project: self.project.clone(), ..Source::default() };
        let place = given.combine(&self.root.surroundings()).with_project()?;
        Ok(place.project)
    }
}

impl TaskFlags {
    /// Resolves flags and surroundings to a task; `run` is the run that this process
    /// belongs to.
    pub(super) fn resolve(&self) -> Result<Place, Failure> {
        let place = self.given().combine(&self.root.surroundings());
        place.with_project()?.with_task()
    }

    fn given(&self) -> Source {
        Source { project: self.project.clone(), task: self.task.clone(), run: None }
    }
}

impl SubjectFlags {
    /// Resolves flags and surroundings to a task, or to a project (the task is empty);
    /// `run` is the run that this process belongs to.
    pub(super) fn resolve(&self) -> Result<Place, Failure> {
        let given = Source { project: self.project.clone(), task: self.task.clone(), run: None };
        given.combine(&self.root.surroundings()).with_project()
    }

    /// Says in words what was narrowed to a task without a flag that asked for it.
    pub(super) fn narrowed(&self, place: &Place) -> Option<String> {
        if self.task.is_some() || place.task.is_empty() {
            return None;
        }
        let task = place.bus_label();
        Some(format!("only those about task {task}; --task '' shows those about the project"))
    }
}

impl RunFlags {
    /// Resolves flags and surroundings to a run. Project and task are both empty when
    /// it is to be found by its id alone.
    pub(super) fn resolve(&self) -> Result<Place, Failure> {
        let place = self.resolve_known();
        if place.run.is_empty() {
            return Err(Failure::usage("which run? give --run ID").with_hint(
                "or set JRUN_ID, or work in a run's folder; callboard runs lists them",
            ));
        }
        if place.project.is_empty() && place.task.is_empty() {
            return Ok(place);
        }
        place.with_project()?.with_task()
    }

    /// Resolves flags and surroundings to the task alone.
    pub(super) fn resolve_task(&self) -> Result<Place, Failure> {
        let given = Source { project: self.project.clone(), task: self.task.clone(), run: None };
        let place = given.combine(&self.root.surroundings());
        Place { run: String::new(), ..place }.with_project()?.with_task()
    }

    /// Resolves flags and surroundings, as far as they say something.
    pub(super) fn resolve_known(&self) -> Place {
        let given = Source {
            project: self.project.clone(),
            task: self.task.clone(),
            run: self.run.clone(),
        };
        given.combine_run(&self.root.surroundings())
    }
}

impl ScopeFlags {
    /// Resolves flags and surroundings to a task, a project (the task is empty) or
    /// everything (both are empty).
    pub(super) fn resolve(&self) -> Result<Place, Failure> {
        if self.everything {
            return Ok(Place::default());
        }
        let given = Source { project: self.project.clone(), task: self.task.clone(), run: None };
        let place = given.combine(&self.root.surroundings());
        if place.project.is_empty() && !place.task.is_empty() {
            return place.with_project();
        }
        Ok(place)
    }

    /// Returns what the flags alone say, whatever the surroundings are; none when they
    /// leave something to them.
    pub(super) fn named(&self) -> Option<Place> {
        if self.everything {
            return Some(Place::default());
        }
        let project = self.project.clone()?;
        let task = self.task.clone().unwrap_or_default();
        Some(Place { project, task, run: String::new() }).filter(|place| !place.project.is_empty())
    }

    /// As [`ScopeFlags::resolve`], for what must not happen to everything by chance.
    pub(super) fn resolve_deliberate(&self) -> Result<Place, Failure> {
        let place = self.resolve()?;
        if place.project.is_empty() && !self.everything {
            return Err(
                Failure::usage(format!("{NO_PROJECT}, or --everything")).with_hint(OR_SURROUNDINGS)
            );
        }
        Ok(place)
    }

    /// Says in words what a list was narrowed to without a flag that asked for it.
    pub(super) fn narrowed(&self, place: &Place) -> Option<String> {
        if self.project.is_some() || place.project.is_empty() {
            return None;
        }
        let wider = match (place.task.is_empty(), &self.task) {
            (false, None) => "--task '' shows the whole project, --everything all",
            _ => "--everything shows all",
        };
        let kind = if place.task.is_empty() { "project" } else { "task" };
        Some(format!("only those of {kind} {}; {wider}", place.bus_label()))
    }
}

impl RootFlag {
    /// Returns what the environment and the working directory say, in this order.
    fn surroundings(&self) -> [Source; 2] {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let environment = Source {
            project: variable("JRUN_PROJECT_ID"),
            task: variable("JRUN_TASK_ID"),
            run: variable("JRUN_ID"),
        };
        [environment, self.working_directory().unwrap_or_default()]
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
