//! Whom a client speaks for: the project, the task and the run of its calls.

use crate::Error;
use crate::v1::Message;

/// The project, the task and the run that calls are about. An empty task means the project's
/// own bus, an empty run none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) project: String,
    pub(crate) task: String,
    pub(crate) run: String,
}

impl Place {
    /// Fills what is not given from the environment. The environment's task belongs to the
    /// environment's project: with another project given, it is not meant.
    pub(crate) fn resolve(
        project: Option<String>,
        task: Option<String>,
        run: Option<String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let variable = |name| environment(name).unwrap_or_default();
        let surrounding = variable("JRUN_PROJECT_ID");
        let project = project.unwrap_or_else(|| surrounding.clone());
        let task = task.unwrap_or_else(|| match project == surrounding {
            true => variable("JRUN_TASK_ID"),
            false => String::new(),
        });
        Self { project, task, run: run.unwrap_or_else(|| variable("JRUN_ID")) }
    }

    /// Returns the ids of the project and of the task.
    ///
    /// # Errors
    /// Without a project.
    pub(crate) fn bus(&self) -> Result<(String, String), Error> {
        Ok((self.project()?, self.task.clone()))
    }

    /// Returns the project's id.
    ///
    /// # Errors
    /// Without a project.
    pub(crate) fn project(&self) -> Result<String, Error> {
        if self.project.is_empty() {
            return Err(Error::usage("no project: give one to the client, or set JRUN_PROJECT_ID"));
        }
        Ok(self.project.clone())
    }

    /// Returns the ids of the project, of the task and of the run. Without a task the run is
    /// found by its id alone.
    ///
    /// # Errors
    /// Without a run.
    pub(crate) fn run(&self) -> Result<(String, String, String), Error> {
        if self.run.is_empty() {
            return Err(Error::usage("no run: give one to the client, or set JRUN_ID"));
        }
        let (project, task) = match self.task.as_str() {
            "" => (String::new(), String::new()),
            task => (self.project.clone(), task.to_owned()),
        };
        Ok((project, task, self.run.clone()))
    }

    /// Fills in what a message does not say itself.
    pub(crate) fn fill(&self, message: &mut Message) -> Result<(), Error> {
        if message.project_id.is_empty() {
            message.project_id = self.project()?;
        }
        if message.task_id.is_empty() && message.project_id == self.project {
            message.task_id.clone_from(&self.task);
        }
        if message.run_id.is_empty() {
            message.run_id.clone_from(&self.run);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(project: Option<&str>, task: Option<&str>) -> Place {
        let environment = |name: &str| {
            Some(match name {
                "JRUN_PROJECT_ID" => "here".to_owned(),
                "JRUN_TASK_ID" => "task".to_owned(),
                _ => "run".to_owned(),
            })
        };
        Place::resolve(project.map(str::to_owned), task.map(str::to_owned), None, environment)
    }

    fn place(project: &str, task: &str) -> Place {
        Place { project: project.into(), task: task.into(), run: "run".into() }
    }

    #[test]
    fn the_environment_says_what_is_not_given() {
        assert_eq!(resolve(None, None), place("here", "task"));
        assert_eq!(resolve(None, Some("")), place("here", ""));
        assert_eq!(resolve(Some("here"), None), place("here", "task"));
    }

    #[test]
    fn another_project_is_not_the_one_of_the_environments_task() {
        assert_eq!(resolve(Some("there"), None), place("there", ""));
        assert_eq!(resolve(Some("there"), Some("t")), place("there", "t"));
    }

    #[test]
    fn without_a_project_no_call_can_be_made() {
        let none = Place::resolve(None, Some("t".into()), None, |_| None);
        let error = none.bus().expect_err("there is no project");
        assert!(error.message().contains("JRUN_PROJECT_ID"), "{error}");
    }

    #[test]
    fn a_run_is_named_within_its_task_or_alone() {
        let ids = |project: &str, task: &str| (project.into(), task.into(), "run".into());
        assert_eq!(place("p", "t").run().expect("a run"), ids("p", "t"));
        assert_eq!(place("p", "").run().expect("a run"), ids("", ""));
        assert!(Place::default().run().is_err());
    }

    #[test]
    fn a_message_speaks_for_the_client_where_it_says_nothing_itself() {
        let filled = |message: Message| {
            let mut message = message;
            place("here", "task").fill(&mut message).expect("there is a project");
            (message.project_id, message.task_id, message.run_id)
        };
        let ids = |project: &str, task: &str, run: &str| (project.into(), task.into(), run.into());
        assert_eq!(filled(Message::new("FACT", "")), ids("here", "task", "run"));
        let elsewhere = Message { project_id: "there".into(), ..Message::new("FACT", "") };
        assert_eq!(filled(elsewhere), ids("there", "", "run"));
        let other_task = Message { task_id: "other".into(), ..Message::new("FACT", "") };
        assert_eq!(filled(other_task), ids("here", "other", "run"));
    }
}
