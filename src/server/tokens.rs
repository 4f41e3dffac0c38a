//! The tokens that a server knows: those of a file, as it is now.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::access::{self, Grants, TokenFileError};
use crate::disk::{self, FileVersion, SecretFileError};
use crate::limits;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum TokensError {
    #[error("{0}")]
    File(#[from] SecretFileError),
    #[error("the tokens in {} cannot be read: {source}", path.display())]
    Content { path: PathBuf, source: TokenFileError },
}

impl TokensError {
    /// Whether it says nothing of the file itself.
    fn may_pass(&self) -> bool {
        matches!(self, Self::File(SecretFileError::Io { .. }))
    }
}

/// The tokens of a file.
pub(super) struct Tokens {
    path: PathBuf,
    known: RwLock<Known>,
    /// Told when they changed.
    changed: watch::Sender<()>,
}

#[derive(Clone)]
struct Known {
    /// The version of the file that was looked at last; none when there was none.
    version: Option<FileVersion>,
    grants: Arc<Grants>,
    /// Why a later version could not be read for the moment, while it cannot.
    failed: Option<String>,
}

impl Tokens {
    /// Reads a file, which need not exist.
    ///
    /// # Errors
    /// When it is not ours alone, or not understood.
    pub(super) fn open(path: &Path) -> Result<Self, TokensError> {
        let known = RwLock::new(read(path)?);
        Ok(Self { path: path.to_owned(), known, changed: watch::Sender::new(()) })
    }

    /// Returns what holds now: what changed in the file does so at once, for which the system is
    /// asked each time. A file that cannot be used changes nothing, and is logged; one that is
    /// gone lets nobody in.
    pub(super) fn current(&self) -> Arc<Grants> {
        let version = disk::version_of(&self.path);
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if known.version == version && known.failed.is_none() {
                return Arc::clone(&known.grants);
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been here meanwhile.
        if known.version == version {
            // Whatever fails next is said again.
            known.failed = None;
        } else {
            match read(&self.path) {
                Ok(read) => {
                    tracing::info!(tokens = read.grants.0.len(), "read the tokens again");
                    *known = read;
                    // Nobody is woken for what failed: they would look again at once.
                    self.changed.send_replace(());
                }
                Err(error) => {
                    let failed = Some(error.to_string());
                    if known.failed != failed {
                        tracing::error!(%error, "the tokens stay as they were");
                    }
                    if error.may_pass() {
                        // What the system could not do for the moment is tried again with the
                        // next call, and said once.
                        known.failed = failed;
                    } else {
                        known.version = version;
                        known.failed = None;
                    }
                }
            }
        }
        Arc::clone(&known.grants)
    }

    /// Returns what held when the file was looked at last: after a change, half a second later
    /// at most.
    pub(super) fn known(&self) -> Arc<Grants> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).grants)
    }

    /// Waits for changes.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Looks for changes again and again, so that streams that nobody calls for meanwhile end
    /// as well.
    pub(super) async fn look_after(&self) {
        let mut looks = tokio::time::interval(limits::TOKENS_LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.current();
        }
    }
}

fn read(path: &Path) -> Result<Known, TokensError> {
    // Before it is read: what changes meanwhile is read again.
    let version = disk::version_of(path);
    let bytes = match disk::read_secret(path) {
        Ok(bytes) => bytes,
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let grants = access::read(&bytes)
        .map_err(|source| TokensError::Content { path: path.to_owned(), source })?;
    Ok(Known { version, grants: Arc::new(grants), failed: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Grant, Holder, Permission, Token};
    use crate::clock::{Clock as _, SystemClock};
    use crate::domain::ProjectPattern;

    fn write(path: &Path, text: &[u8]) {
        let written = disk::update_secret::<SecretFileError>(path, |_| Ok(text.to_vec()));
        written.expect("written");
    }

    fn one(name: &str) -> Vec<u8> {
        let token = Token::new([1; 4], [1; 32]);
        let grants = Grants(vec![Grant {
            name: name.to_owned(),
            holder: Holder::Token { id: token.id().to_owned(), hash: token.hash() },
            projects: vec![ProjectPattern::parse("*").expect("a pattern")],
            permissions: [Permission::Read].into_iter().collect(),
            created_at: SystemClock.now(),
            expires_at: None,
            revoked_at: None,
        }]);
        access::write(&grants).expect("bytes")
    }

    #[test]
    fn what_changes_in_the_file_holds_at_once_and_what_is_broken_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens");
        let tokens = Tokens::open(&path).expect("no file is no tokens");
        let changes = tokens.changes();
        let names = || -> Vec<String> {
            tokens.current().0.iter().map(|grant| grant.name.clone()).collect()
        };
        assert!(names().is_empty() && !changes.has_changed().expect("open"));
        write(&path, &one("a"));
        assert_eq!(names(), ["a"]);
        assert!(changes.has_changed().expect("open"));
        write(&path, b"version: 9");
        assert_eq!(names(), ["a"], "it is not understood");
        write(&path, &one("b"));
        assert_eq!(names(), ["b"]);
        drop(folder);
        assert!(names().is_empty(), "nobody is let in");
    }

    #[test]
    fn what_cannot_be_read_for_the_moment_wakes_nobody_and_is_read_when_it_can_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, kept) = (folder.path().join("tokens"), folder.path().join("kept"));
        let rename = |from: &Path, to: &Path| {
            let from = tempfile::TempPath::try_from_path(from).expect("a path");
            from.persist(to).expect("renamed");
        };
        write(&path, &one("a"));
        let tokens = Tokens::open(&path).expect("a token");
        let changes = tokens.changes();
        let name = || tokens.current().0[0].name.clone();
        let has_failed = || tokens.known.read().expect("known").failed.is_some();
        rename(&path, &kept);
        // Root reads whatever there is; but nobody gets through a link to itself.
        std::os::unix::fs::symlink(&path, &path).expect("a link");
        assert!(read(&path).err().expect("unreadable").may_pass());
        assert_eq!([name(), name()], ["a", "a"]);
        assert!(!changes.has_changed().expect("open"), "whoever is woken looks again at once");
        assert!(has_failed());
        rename(&kept, &path);
        assert_eq!(name(), "a");
        // A rename makes another version of it; the next look finds that nothing failed since.
        assert!(!has_failed());
        write(&path, &one("b"));
        assert_eq!(name(), "b");
        assert!(changes.has_changed().expect("open"));
    }

    #[test]
    fn a_server_does_not_begin_with_a_file_that_it_does_not_understand() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens");
        write(&path, b"tokens: [");
        let error = Tokens::open(&path).err().expect("refused").to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
