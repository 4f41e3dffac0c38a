//! Facts: files of a project or a task, one for each.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::disk::{Expected, Renamed, Replaced};
use crate::domain::{Fact, FactId, FactScope, FactText, RequestId, TreePath};
use crate::error::{Error, Result};
use crate::layout::{fact_file, fact_names, paths};
use crate::limits::NAME_BYTES_MAX;
use crate::store::{Created, NewFact};

use super::Tree;
use super::create::Creatable;
use super::look::is_absent;
use super::made_up_names::{random_word, slug};

impl Creatable for NewFact {
    fn content(&self) -> Vec<Cow<'_, str>> {
        vec![
            "fact".into(),
            self.scope.project().as_str().into(),
            self.scope.task().map_or("", |task| task.as_str()).into(),
            (&self.name).into(),
            (&self.title).into(),
            (&self.run_id).into(),
            (&self.body).into(),
        ]
    }

    fn name(&self) -> Option<&str> {
        None
    }

    fn make_up_name(&self, tree: &Tree, _: usize) -> Result<String> {
        let name = match (self.name.is_empty(), slug(&self.title)) {
            (false, _) => self.name.clone(),
            (true, slug) if slug.is_empty() => random_word(),
            (true, slug) => slug,
        };
        Ok(fact_names::new(&self.scope, &tree.stamp(), &name))
    }

    fn record(&self, name: &str) -> TreePath {
        fact_names::file(&self.scope, name)
    }

    fn commits_in(&self, _: &str) -> TreePath {
        paths::facts_folder(&self.scope)
    }

    fn make(&self, tree: &Tree, name: &str) -> Result<Renamed> {
        tree.demand_scope(&self.scope)?;
        tree.synced_folders.sync_names(&*tree.disk, &paths::facts_folder(&self.scope))?;
        let text = FactText {
            created_at: Some(tree.clock.now()),
            name: self.name.clone(),
            run_id: self.run_id.clone(),
            title: self.title.clone(),
            body: self.body.clone(),
        };
        let bytes = fact_file::write(&self.scope, &text);
        Ok(match tree.replace(&self.record(name), &bytes, Some(Expected::Absent))? {
            Replaced::Done(_) => Renamed::Done,
            Replaced::Changed => Renamed::Exists,
        })
    }

    fn taken(&self, name: &str) -> Error {
        Error::Bug(format!("the made-up name {name} is taken"))
    }
}

impl Tree {
    /// Writes a fact down.
    pub(in crate::files) fn append_fact(
        &self,
        new: &NewFact,
        request_id: Option<&RequestId>,
    ) -> Result<Created<Fact>> {
        self.demand_scope(&new.scope)?;
        let made = self.create(new, request_id)?;
        let id = FactId::parse(&made.name)?;
        self.changes.touch_fact(&new.scope, &id);
        let mut fact = match self.read_fact(&new.scope, &id) {
            Ok(fact) => fact,
            // Removed meanwhile, perhaps with what it is about.
            Err(error) => return Err(self.demand_scope(&new.scope).err().unwrap_or(error)),
        };
        fact.text.body.clear();
        Ok(Created { item: fact, duplicate: made.duplicate })
    }

    /// Returns a fact with its body.
    pub(in crate::files) fn fact(&self, scope: &FactScope, id: &FactId) -> Result<Fact> {
        self.demand_scope(scope)?;
        self.read_fact(scope, id)
    }

    /// Reads a fact about something that exists.
    pub(super) fn read_fact(&self, scope: &FactScope, id: &FactId) -> Result<Fact> {
        let path = fact_names::file(scope, id.as_str());
        // With its ending a name may be longer than any file's.
        let is_fact = path.name().len() <= NAME_BYTES_MAX
            && fact_names::fact_of_file(scope, path.name()).is_some();
        let document = if is_fact { self.read_document(&path)? } else { None };
        let Some(document) = document else {
            return Err(Error::FactNotFound { scope: scope.to_string(), fact_id: id.to_string() });
        };
        let text =
            fact_file::read(&document.bytes).map_err(|damage| Error::corrupt(&path, &damage))?;
        let named = FactText { name: fact_names::name_in(scope, id).unwrap_or(text.name), ..text };
        let text = FactText { created_at: self.created_at(scope, id, named.created_at), ..named };
        let etag = Some(document.etag);
        Ok(Fact { scope: scope.clone(), id: id.clone(), text, etag, problem: None })
    }

    /// Returns a fact as a list shows it, without its body, also a damaged one.
    ///
    /// # Errors
    /// FACT_NOT_FOUND.
    pub(super) fn show_fact(&self, scope: &FactScope, id: &FactId) -> Result<Fact> {
        let error = match self.read_fact(scope, id) {
            Ok(mut fact) => {
                fact.text.body = String::new();
                return Ok(fact);
            }
            Err(error) if is_absent(&error) => return Err(error),
            Err(error) => error,
        };
        let text = FactText {
            created_at: self.created_at(scope, id, None),
            name: fact_names::name_in(scope, id).unwrap_or_default(),
            ..FactText::default()
        };
        let problem = Some(error.to_string());
        Ok(Fact { scope: scope.clone(), id: id.clone(), text, etag: None, problem })
    }

    /// When a fact was written down: as it says, else as its name says, else as its file
    /// does.
    fn created_at(
        &self,
        scope: &FactScope,
        id: &FactId,
        said: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let modified = || {
            let status = self.disk.status(&fact_names::file(scope, id.as_str())).ok().flatten();
            status.map(|status| status.modified)
        };
        said.or_else(|| fact_names::time_in(scope, id)).or_else(modified)
    }

    /// Refuses what does not exist.
    pub(super) fn demand_scope(&self, scope: &FactScope) -> Result<()> {
        match scope {
            FactScope::Project(project) => self.demand_project(project),
            FactScope::Task(task) => self.demand_task(task),
        }
    }
}
