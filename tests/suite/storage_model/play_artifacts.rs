//! Plays calls about artifacts and attachments.

use callboard::domain::{Artifact, ArtifactId, TaskKey};
use callboard::error::{Error, Reason};
use callboard::store::{
    ArtifactContent, ArtifactQuery, ArtifactRange, ContentStream, NewArtifact, Storage, Storing,
};
use tokio_stream::StreamExt as _;

use super::kept::Sending;
use super::model::{Creation, New};
use super::play::{Player, parsed};
use crate::storage_client::sha256;

impl<S: Storage> Player<S> {
    pub(super) async fn save_artifact(
        &mut self,
        new: NewArtifact,
        sending: Sending,
        request_id: Option<&'static str>,
    ) {
        let content = sending.chunks.concat();
        let given = sending.hash.map(|is_right| sha256(if is_right { &content } else { b"other" }));
        let size = sending.size.map(|is_right| content.len() as u64 + u64::from(!is_right));
        let request = NewArtifact { sha256: given, size, ..new.clone() };
        let answer =
            self.store.save_artifact(request, stream_of(&sending), parsed(request_id)).await.map(
                |saved| callboard::store::Created {
                    item: saved.artifact,
                    duplicate: saved.duplicate,
                },
            );
        let mut reasons: Vec<Reason> = self.model.task(&new.task).err().into_iter().collect();
        reasons.extend(sending.is_broken_off.then_some(Reason::ShuttingDown));
        reasons.extend((sending.hash == Some(false)).then_some(Reason::ChecksumMismatch));
        reasons.extend((sending.size == Some(false)).then_some(Reason::ChecksumMismatch));
        let asked = New::Artifact(new.clone(), content.clone());
        if !reasons.is_empty() {
            if let Creation::Refused(more) = self.model.creation(&asked, request_id) {
                reasons.extend(more);
            }
            return self.refused(answer, &reasons);
        }
        let Some((artifact, repeated)) = self.created(&asked, request_id, answer) else { return };
        // A repetition is told what is there now.
        let there = self.model.task(&new.task).expect("the task").artifacts.get(&artifact.id);
        let content = repeated.as_ref().and_then(|_| there.cloned()).unwrap_or(content);
        assert_eq!(artifact.sha256, Some(sha256(&content)), "{}", self.said);
        let shown = shown(&new.task, &artifact.id, &content);
        let told = Artifact { sha256: None, modified_at: None, ..artifact.clone() };
        assert!(artifact.modified_at.is_some() && told == shown, "{}: {artifact:?}", self.said);
        if let Some(name) = repeated {
            assert_eq!(artifact.id.name(), name, "{}", self.said);
            return;
        }
        self.model.note_replacement(&new.task, artifact.id.name());
        let there = &self.model.task(&new.task).expect("the task").artifacts;
        match (new.storing, &artifact.id) {
            (Storing::Attachment, ArtifactId::Attachment(name)) => {
                let ending = format!("-{}", new.name.as_str());
                let is_new = !there.contains_key(&artifact.id);
                assert!(is_new && name.ends_with(&ending), "{}: {name}", self.said);
            }
            (storing, ArtifactId::Artifact(name)) => {
                let expected = match storing {
                    Storing::Plain => new.name.as_str().to_owned(),
                    _ => numbered(new.name.as_str(), highest(new.name.as_str(), there.keys()) + 1),
                };
                assert_eq!(*name, expected, "{}", self.said);
            }
            (_, id) => panic!("{}: {id:?}", self.said),
        }
        let name = artifact.id.name().to_owned();
        let kept = self.model.task(&new.task).expect("the task");
        kept.artifacts.insert(artifact.id, content);
        self.remember(request_id, asked, &name);
    }

    /// Returns the artifact of a number; one that is not there for a number behind all.
    fn chosen(&mut self, key: &TaskKey, which: usize) -> ArtifactId {
        let missing = ArtifactId::of_name("missing.txt").expect("a name");
        let Ok(kept) = self.model.task(key) else { return missing };
        kept.artifacts.keys().nth(which % (kept.artifacts.len() + 1)).cloned().unwrap_or(missing)
    }

    fn kept_artifact(&mut self, key: &TaskKey, id: &ArtifactId) -> Result<Vec<u8>, Reason> {
        self.model.task(key)?.artifacts.get(id).cloned().ok_or(Reason::ArtifactNotFound)
    }

    pub(super) async fn artifact(
        &mut self,
        key: TaskKey,
        which: usize,
        offset: u64,
        length: Option<u64>,
    ) {
        let id = self.chosen(&key, which);
        let found = self.kept_artifact(&key, &id);
        let first = usize::try_from(offset).expect("small");
        let expected = match &found {
            Ok(content) if first > content.len() => Err(Reason::OffsetMismatch),
            other => other.as_ref().map(drop).map_err(|reason| *reason),
        };
        let range = ArtifactRange { offset, length };
        let answer = self.store.artifact(key.clone(), id.clone(), range).await.map(Content);
        let Some(Content(mut read)) = self.unless_refused(answer, expected, false) else { return };
        let content = found.expect("not refused");
        let told = Artifact { modified_at: None, ..read.artifact };
        assert_eq!(told, shown(&key, &id, &content), "{}", self.said);
        let wanted = &content[first..];
        let length = length.map_or(wanted.len(), |it| usize::try_from(it).expect("small"));
        let wanted = &wanted[..length.min(wanted.len())];
        let mut bytes = Vec::new();
        while let Some(chunk) = read.chunks.next().await {
            let chunk = self.answered(chunk);
            assert_eq!(chunk.offset, offset + bytes.len() as u64, "{}", self.said);
            assert!(!chunk.restarted && !chunk.bytes.is_empty(), "{}", self.said);
            bytes.extend(chunk.bytes);
        }
        assert_eq!(bytes, wanted, "{}", self.said);
    }

    pub(super) async fn list_artifacts(&mut self, key: TaskKey, with_sha256: bool, limit: usize) {
        let found = self.model.task(&key).map(|kept| kept.artifacts.clone());
        let mut listed: Vec<Artifact> = Vec::new();
        loop {
            let after = listed.last().map(|artifact| artifact.id.clone());
            let query = ArtifactQuery { task: key.clone(), with_sha256, after, limit };
            let answer = self.store.list_artifacts(query).await;
            let Some(page) = self.unless_refused(answer, found.clone(), false) else { return };
            self.check_page(page.items.len(), limit, page.more);
            listed.extend(page.items);
            if !page.more {
                break;
            }
        }
        for artifact in &mut listed {
            assert!(artifact.modified_at.take().is_some(), "{}: {artifact:?}", self.said);
        }
        let kept = found.expect("not refused").into_iter().map(|(id, content)| {
            let hash = with_sha256.then(|| sha256(&content));
            Artifact { sha256: hash, ..shown(&key, &id, &content) }
        });
        assert_eq!(listed, kept.collect::<Vec<_>>(), "{}", self.said);
    }

    pub(super) async fn delete_artifact(&mut self, key: TaskKey, which: usize) {
        let id = self.chosen(&key, which);
        let expected = self.kept_artifact(&key, &id);
        let answer = self.store.delete_artifact(key.clone(), id.clone()).await;
        if self.unless_refused(answer, expected, false).is_some() {
            self.model.task(&key).expect("it was found").artifacts.remove(&id);
        }
    }

    /// Compares all artifacts of a task, with their contents.
    pub(super) async fn compare_artifacts(&mut self, key: TaskKey) {
        self.list_artifacts(key.clone(), true, 2).await;
        for which in 0..self.model.task(&key).expect("the task").artifacts.len() {
            self.artifact(key.clone(), which, 0, None).await;
        }
    }
}

/// What is told of an artifact beside its hash and its time.
fn shown(task: &TaskKey, id: &ArtifactId, content: &[u8]) -> Artifact {
    let version = match id {
        ArtifactId::Attachment(_) => None,
        ArtifactId::Artifact(name) => number_in(name),
    };
    Artifact {
        task: task.clone(),
        id: id.clone(),
        version,
        size: content.len() as u64,
        modified_at: None,
        sha256: None,
        problem: None,
    }
}

/// The name of a version: the number comes before the last dot of the last part.
fn numbered(name: &str, number: u32) -> String {
    let (folder, file) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
    let slash = if folder.is_empty() { "" } else { "/" };
    match file.rsplit_once('.') {
        Some((stem, ending)) => format!("{folder}{slash}{stem}.{number}.{ending}"),
        None => format!("{folder}{slash}{file}.{number}"),
    }
}

/// The highest version of a name; 0 when there is none.
fn highest<'a>(name: &str, ids: impl Iterator<Item = &'a ArtifactId>) -> u32 {
    let mut ids = ids.filter(|id| matches!(id, ArtifactId::Artifact(_))).map(ArtifactId::name);
    let is_version = |id: &str, number: u32| id == numbered(name, number);
    let versions = ids.by_ref().filter_map(|id| (1..100).find(|number| is_version(id, *number)));
    versions.max().unwrap_or(0)
}

/// The number in a name, of those that the calls give.
fn number_in(name: &str) -> Option<u32> {
    let file = name.rsplit('/').next().expect("a part");
    let parts: Vec<&str> = file.split('.').collect();
    let number = if parts[0] == "s" { parts.get(1) } else { parts.iter().rev().nth(1) };
    number.and_then(|number| number.parse().ok())
}

fn stream_of(sending: &Sending) -> ContentStream {
    let mut parts: Vec<_> = sending.chunks.iter().cloned().map(Ok).collect();
    if sending.is_broken_off {
        parts.push(Err(Error::ShuttingDown));
    }
    Box::pin(tokio_stream::iter(parts))
}

/// An answer that can be shown.
struct Content(ArtifactContent);

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0.artifact)
    }
}
