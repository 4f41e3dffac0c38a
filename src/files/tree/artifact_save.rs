//! Saving artifacts: the content goes where nobody looks, and gets its place in one step
//! when all of it has come and is on disk.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use tokio_stream::StreamExt as _;

use crate::disk::{Renamed, Status};
use crate::domain::{Artifact, ArtifactId, RequestId, TreePath};
use crate::error::{Error, Result};
use crate::files::blocking::blocking;
use crate::files::seat::Seat;
use crate::layout::{artifact_names, paths};
use crate::limits::{ARTIFACT_BYTES_MAX, ARTIFACT_VERSIONS_MAX};
use crate::store::{ContentStream, NewArtifact, SavedArtifact, Storing};

use super::Tree;
use super::artifacts::artifact;
use super::create::Creatable;
use super::requests;
use super::staged_file::StagedFile;

/// An artifact whose content has come, and that gets a name of its own.
struct NamedAnew<'a> {
    new: &'a NewArtifact,
    staged: &'a StagedFile,
}

impl Tree {
    /// Saves an artifact.
    pub(in crate::files) async fn save_artifact(
        self: &Arc<Self>,
        new: NewArtifact,
        content: ContentStream,
        request_id: Option<RequestId>,
    ) -> Result<SavedArtifact> {
        let _seat = Seat::take(&self.streams)?;
        let staged = self.receive(&new, content).await?;
        // Those that look for the next number take turns.
        let turn = self.turn(&new.place()).await?;
        let turn_of_request = match &request_id {
            Some(request_id) => Some(self.turn_of_request(request_id).await?),
            None => None,
        };
        let tree = Arc::clone(self);
        blocking(move || {
            let _turns = (turn, turn_of_request);
            let saved = tree.place_artifact(&staged, &new, request_id.as_ref());
            staged.discard();
            saved
        })
        .await
    }

    /// Takes the content in, and makes it durable.
    async fn receive(
        self: &Arc<Self>,
        new: &NewArtifact,
        mut content: ContentStream,
    ) -> Result<StagedFile> {
        let tree = Arc::clone(self);
        let task = new.task.clone();
        let mut staged = blocking(move || {
            tree.demand_task(&task)?;
            tree.stage_file()
        })
        .await?;
        while let Some(chunk) = content.next().await {
            staged = blocking(move || {
                let written = chunk.and_then(|chunk| write(&mut staged, &chunk));
                staged.unless_failed(written)
            })
            .await?;
        }
        let new = new.clone();
        blocking(move || {
            let synced = new.check(&staged).and_then(|()| staged.sync());
            staged.unless_failed(synced)
        })
        .await
    }

    /// Gives an artifact its place.
    fn place_artifact(
        &self,
        staged: &StagedFile,
        new: &NewArtifact,
        request_id: Option<&RequestId>,
    ) -> Result<SavedArtifact> {
        let (id, duplicate) = match new.storing {
            Storing::Plain => {
                (new.id(new.name.as_str()), self.place_plain(staged, new, request_id)?)
            }
            Storing::Versioned | Storing::Attachment => {
                let made = self.create(&NamedAnew { new, staged }, request_id)?;
                (new.id(&made.name), made.duplicate)
            }
        };
        self.changes.touch_artifact(&new.task, &id);
        if duplicate {
            let there = self.or_task_gone(&new.task, self.show_artifact(&new.task, &id))?;
            let sha256 = self.hash_artifact(&new.path(id.name()))?.map(|(sha256, _)| sha256);
            return Ok(SavedArtifact { artifact: Artifact { sha256, ..there }, duplicate });
        }
        // What was saved, whatever became of it since.
        let saved = artifact(&new.task, &id, Some(&staged.status()?));
        let saved = Artifact { sha256: Some(staged.sha256()), ..saved };
        Ok(SavedArtifact { artifact: saved, duplicate })
    }

    /// Puts an artifact in the place of the one with its name, unless an earlier call with
    /// this request id did: then what is there may be newer. Returns whether one did.
    fn place_plain(
        &self,
        staged: &StagedFile,
        new: &NewArtifact,
        request_id: Option<&RequestId>,
    ) -> Result<bool> {
        let now = self.clock.now();
        let content = requests::hash(&NamedAnew { new, staged }.content());
        if let Some(request_id) = request_id {
            let known = self.requests.find(request_id, &content, now)?;
            if known.is_some_and(|known| known.done) {
                let path = new.place();
                return match self.disk.status(&path)? {
                    Some(_) => Ok(true),
                    None => Err(Error::CreatedAndRemoved {
                        path: path.to_string(),
                        request_id: request_id.as_str().to_owned(),
                    }),
                };
            }
            let name = (new.name.as_str(), "");
            self.requests.begin(&*self.disk, request_id, &content, name, now)?;
        }
        self.replace_plain(staged, new)?;
        if let Some(request_id) = request_id {
            self.requests.finish(request_id);
        }
        Ok(false)
    }

    fn replace_plain(&self, staged: &StagedFile, new: &NewArtifact) -> Result<()> {
        // The task is not removed meanwhile.
        let _creating = self.removals.read().unwrap_or_else(PoisonError::into_inner);
        let to = new.place();
        self.prepare_folder(new, &to)?;
        if self.disk.status(&to)?.is_some() {
            self.requests.settle(&*self.disk)?;
        }
        self.disk.rename_over(&staged.path, &to)?;
        self.disk.sync_folder(&to.folder())
    }

    /// Makes the folder of an artifact.
    fn prepare_folder(&self, new: &NewArtifact, path: &TreePath) -> Result<()> {
        self.demand_task(&new.task)?;
        let folder = path.folder();
        if !self.is_folder(&folder)? {
            self.disk.create_folder(&folder)?;
        }
        self.synced_folders.sync_names(&*self.disk, &folder)
    }
}

/// Appends what has come, as far as there may be so much.
fn write(staged: &mut StagedFile, chunk: &[u8]) -> Result<()> {
    let size = usize::try_from(staged.size).unwrap_or(usize::MAX).saturating_add(chunk.len());
    if size > ARTIFACT_BYTES_MAX {
        return Err(Error::TooLarge {
            field: "chunk",
            limit_name: "ARTIFACT_BYTES_MAX",
            limit: ARTIFACT_BYTES_MAX,
            actual: size,
        });
    }
    staged.write(chunk)
}

impl NewArtifact {
    /// Refuses content that is not what was announced.
    fn check(&self, staged: &StagedFile) -> Result<()> {
        let name = || self.name.as_str().to_owned();
        if let Some(expected) = self.size
            && expected != staged.size
        {
            return Err(Error::SizeMismatch { name: name(), expected, actual: staged.size });
        }
        match (&self.sha256, staged.sha256()) {
            (Some(expected), actual) if *expected != actual => {
                Err(Error::ChecksumMismatch { name: name(), expected: expected.clone(), actual })
            }
            _ => Ok(()),
        }
    }

    /// Returns the path that its plain name has.
    fn place(&self) -> TreePath {
        self.path(self.name.as_str())
    }

    fn id(&self, name: &str) -> ArtifactId {
        match self.storing {
            Storing::Attachment => ArtifactId::Attachment(name.to_owned()),
            Storing::Plain | Storing::Versioned => ArtifactId::Artifact(name.to_owned()),
        }
    }

    fn path(&self, name: &str) -> TreePath {
        paths::artifact_file(&paths::task_folder(&self.task), &self.id(name))
    }
}

impl Creatable for NamedAnew<'_> {
    fn content(&self) -> Vec<Cow<'_, str>> {
        let NewArtifact { task, name, storing, sha256: _, size: _ } = self.new;
        vec![
            "artifact".into(),
            task.project.as_str().into(),
            task.task.as_str().into(),
            name.as_str().into(),
            format!("{storing:?}").into(),
            self.staged.sha256().into(),
        ]
    }

    fn name(&self) -> Option<&str> {
        None
    }

    fn make_up_name(&self, tree: &Tree, _: usize) -> Result<String> {
        let name = self.new.name.as_str();
        if self.new.storing == Storing::Attachment {
            return Ok(paths::new_attachment(&tree.stamp(), name));
        }
        let base = self.new.place();
        let entries = tree.disk.list(&base.folder())?.unwrap_or_default();
        let numbers =
            entries.iter().filter_map(|entry| artifact_names::version_of(base.name(), &entry.name));
        let next = numbers.max().unwrap_or(0).saturating_add(1);
        Ok(artifact_names::versioned(name, next))
    }

    fn record(&self, name: &str) -> TreePath {
        self.new.path(name)
    }

    fn commits_in(&self, name: &str) -> TreePath {
        self.record(name).folder()
    }

    fn make(&self, tree: &Tree, name: &str) -> Result<Renamed> {
        let base = self.new.place();
        let to = self.record(name);
        if let Some(number) = artifact_names::version_of(base.name(), to.name())
            && self.new.storing == Storing::Versioned
            && number as usize > ARTIFACT_VERSIONS_MAX
        {
            let name = self.new.name.as_str().to_owned();
            return Err(Error::TooManyVersions { name, limit: ARTIFACT_VERSIONS_MAX });
        }
        tree.prepare_folder(self.new, &to)?;
        tree.place(&self.staged.path, &to)
    }

    /// A number that a call was about to take may have gone to another since: the file
    /// itself tells whose it is.
    fn mark(&self) -> Result<String> {
        Ok(mark_of(&self.staged.status()?))
    }

    fn has_mark(&self, tree: &Tree, name: &str, mark: &str) -> Result<bool> {
        let there = tree.disk.status(&self.record(name))?;
        let is_same_file = there.is_some_and(|status| mark_of(&status) == mark);
        // Attachments have names that nobody else comes to.
        Ok(self.new.storing == Storing::Attachment || is_same_file)
    }

    /// Once its file is removed, that of another may get its identity.
    fn is_unmade(&self, tree: &Tree) -> bool {
        self.new.storing == Storing::Versioned
            && matches!(tree.disk.status(&self.staged.path), Ok(Some(_)))
    }

    fn taken(&self, name: &str) -> Error {
        Error::Bug(format!("the made-up name {name} is taken"))
    }
}

/// Tells a file from others, also from later ones that get its identity: which file it is,
/// how long, and when it was written.
fn mark_of(status: &Status) -> String {
    let Status { identity, length, modified, .. } = status;
    format!("{}-{}-{length}-{modified}", identity.device, identity.inode)
}
