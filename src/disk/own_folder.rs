//! Folders that nobody else may put things into.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Who may write besides the owner, in the mode of a folder.
const OTHERS_MAY_WRITE: u32 = 0o022;
/// The user who may do everything anyway.
pub(super) const ROOT: u32 = 0;

/// Why a folder is not ours alone.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum FolderError {
    #[error("cannot look at {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{0} belongs to the user {owner}, and this runs as the user {user}; run it as that user, \
         or type: chown -R {user} {0}", path.display()
    )]
    Owner { path: PathBuf, owner: u32, user: u32 },
    #[error(
        "others than its owner may write to {0}, which has the mode {mode:04o}; \
         type: chmod go-w {0}", path.display()
    )]
    Mode { path: PathBuf, mode: u32 },
}

/// Checks that a folder is ours, and that nobody else may write to it: whoever may can put
/// anything in the place of what is in it.
///
/// # Errors
/// When it is not so, or cannot be looked at.
pub fn check_own_folder(path: &Path) -> Result<(), FolderError> {
    check(path, &[rustix::process::geteuid().as_raw()])
}

/// As [`check_own_folder`], for a folder that may as well be the system's.
///
/// # Errors
/// The same.
pub fn check_closed_folder(path: &Path) -> Result<(), FolderError> {
    check(path, &[rustix::process::geteuid().as_raw(), ROOT])
}

/// Returns the folder that a path is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn check(path: &Path, owners: &[u32]) -> Result<(), FolderError> {
    let shown = || path.to_owned();
    let found = fs::metadata(path).map_err(|source| FolderError::Io { path: shown(), source })?;
    let (owner, mode) = (found.uid(), found.mode() & 0o7777);
    if !owners.contains(&owner) {
        let user = owners.first().copied().unwrap_or(ROOT);
        return Err(FolderError::Owner { path: shown(), owner, user });
    }
    if mode & OTHERS_MAY_WRITE != 0 {
        return Err(FolderError::Mode { path: shown(), mode });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_that_others_may_write_to_or_own_is_refused_with_what_to_type() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        for (mode, fits) in
            [(0o700, true), (0o755, true), (0o775, false), (0o707, false), (0o1777, false)]
        {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
            assert_eq!(check_own_folder(path).is_ok(), fits, "{mode:o}");
        }
        let told = check_own_folder(path).expect_err("it has 1777").to_string();
        assert!(told.ends_with(&format!("type: chmod go-w {}", path.display())), "{told}");
        let told = check(path, &[4_000_000_000]).expect_err("another's").to_string();
        assert!(
            told.contains("belongs to the user") && told.contains("chown -R 4000000000"),
            "{told}"
        );
    }
}
