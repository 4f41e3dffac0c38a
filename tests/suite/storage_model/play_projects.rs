//! Plays calls about projects, and compares the answers with the model.

use callboard::domain::{HomeFolders, Project, ProjectId};
use callboard::error::Reason;
use callboard::store::{NewProject, ProjectChange, Storage};

use super::model::{KeptProject, New};
use super::operation::EtagUse;
use super::play::{Player, parsed, set};

impl<S: Storage> Player<S> {
    pub(super) async fn create_project(
        &mut self,
        new: NewProject,
        request_id: Option<&'static str>,
    ) {
        let answer = self.store.create_project(new.clone(), parsed(request_id)).await;
        let Some((item, repeated)) = self.created(&New::Project(new.clone()), request_id, answer)
        else {
            return;
        };
        if repeated.is_none() {
            let project = Project {
                id: new.id.clone(),
                home_folders: new.home_folders.clone(),
                etag: item.etag.clone(),
                problem: None,
            };
            let kept =
                KeptProject { project, facts: Default::default(), tasks: Default::default() };
            self.model.projects.insert(new.id.clone(), kept);
            self.remember(request_id, New::Project(new.clone()), new.id.as_str());
        }
        assert_eq!(item, self.model.projects[&new.id].project, "{}", self.said);
    }

    pub(super) async fn project(&mut self, id: ProjectId) {
        let answer = self.store.project(id.clone()).await;
        let expected = self.model.project(&id).map(|kept| kept.project.clone());
        if let Some(project) = self.unless_refused(answer, expected, false) {
            assert_eq!(project, self.model.projects[&id].project, "{}", self.said);
        }
    }

    pub(super) async fn list_projects(&mut self, limit: usize) {
        let mut listed: Vec<Project> = Vec::new();
        loop {
            let after = listed.last().map(|project| project.id.clone());
            let page = self.answered(
                self.store.list_projects(callboard::domain::Reach::All, after, limit).await,
            );
            self.check_page(page.items.len(), limit, page.more);
            listed.extend(page.items);
            if !page.more {
                break;
            }
        }
        let expected = self.model.projects.values().map(|kept| kept.project.clone());
        assert_eq!(listed, expected.collect::<Vec<_>>(), "{}", self.said);
    }

    pub(super) async fn update_project(
        &mut self,
        id: ProjectId,
        change: ProjectChange,
        etag: EtagUse,
    ) {
        let current = self.model.project(&id).ok().and_then(|it| it.project.etag.clone());
        let (etag, is_stale) = self.etag(etag, current.as_ref());
        let answer = self.store.update_project(id.clone(), change.clone(), etag).await;
        if let Some(answered) = self.unless_refused(
            answer,
            self.model.projects.get(&id).map(|_| ()).ok_or(Reason::ProjectNotFound),
            is_stale,
        ) {
            let kept = self.model.project(&id).expect("it was found");
            let HomeFolders { project_root, source_folders, additional_folders } =
                &mut kept.project.home_folders;
            let before = (project_root.clone(), source_folders.clone(), additional_folders.clone());
            set(project_root, change.project_root);
            set(source_folders, change.source_folders);
            set(additional_folders, change.additional_folders);
            let same = before
                == (project_root.clone(), source_folders.clone(), additional_folders.clone());
            kept.project.etag.clone_from(&answered.etag);
            assert_eq!(answered, kept.project, "{}", self.said);
            self.etag_moved(current, answered.etag.as_ref(), same);
        }
    }

    pub(super) async fn delete_project(&mut self, id: ProjectId, force: bool) {
        let holds_something =
            self.model.project(&id).map(|kept| !kept.tasks.is_empty() || !kept.facts.is_empty());
        let answer = self.store.delete_project(id.clone(), force).await;
        let expected = match holds_something {
            Ok(true) if !force => Err(Reason::NotEmpty),
            other => other.map(|_| ()),
        };
        if self.unless_refused(answer, expected, false).is_some() {
            self.model.projects.remove(&id);
        }
    }

    /// Returns a project of the model, which something was just created in.
    pub(super) fn adopt_project(&mut self, id: &ProjectId) -> &mut KeptProject {
        self.model.projects.entry(id.clone()).or_insert_with(|| {
            let home_folders = HomeFolders::default();
            let project = Project { id: id.clone(), home_folders, etag: None, problem: None };
            KeptProject { project, facts: Default::default(), tasks: Default::default() }
        })
    }
}
