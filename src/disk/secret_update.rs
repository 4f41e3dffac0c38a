//! Changing a file of secrets, wherever it is.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::secret_file::{ROOT, SecretFileError, read_secret};

/// Replaces a file by what `change` makes of its bytes, of none when there is no file: as a
/// whole or not at all, for its owner alone (mode 0600), and synced. Those who change it
/// together do so one after the other, by the lock of a file beside it (`<name>.lock`), which
/// stays. Missing folders are made, for their owner alone. When root changes a file, its owner,
/// group and mode stay as they are: a server that is in its group goes on reading it.
///
/// # Errors
/// What `change` refuses, what [`read_secret`] refuses, when the system does, and when this is
/// root and the folder another user's.
pub fn update_secret<E: From<SecretFileError>>(
    path: &Path,
    change: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<(), E> {
    let failed = |source| SecretFileError::Io { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let owner = fs::metadata(folder).map_err(failed)?.uid();
    if rustix::process::geteuid().is_root() && owner != ROOT {
        return Err(SecretFileError::Folder { path: folder.to_owned(), owner }.into());
    }
    let _lock = lock(path).map_err(failed)?;
    let before = match read_secret(path) {
        Err(error) if error.is_not_found() => Vec::new(),
        read => read?,
    };
    let after = change(&before)?;
    replace(path, folder, &after).map_err(failed)?;
    Ok(())
}

/// Waits for the lock, which is held as long as the file is open.
fn lock(path: &Path) -> io::Result<File> {
    let lock = beside(path, ".lock");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(lock)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

fn replace(path: &Path, folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let next = beside(path, ".tmp");
    // Left by somebody who died: whoever has the lock may take it away.
    let _ = fs::remove_file(&next);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
    match fs::metadata(path) {
        Ok(before) => belong_as(&file, &before)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    File::open(folder)?.sync_all()
}

/// Gives a new file the owner, group and mode of the one that it replaces. Only root can.
fn belong_as(file: &File, before: &Metadata) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    fchown(file, Some(before.uid()), Some(before.gid()))?;
    file.set_permissions(Permissions::from_mode(before.mode() & 0o777))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn changes_come_one_after_the_other_and_the_file_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/tokens");
        let (path, start) = (&path, &Barrier::new(8));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(move || {
                    start.wait();
                    for _ in 0..20 {
                        let longer = |before: &[u8]| Ok([before, b"x"].concat());
                        update_secret::<SecretFileError>(path, longer).expect("changed");
                    }
                });
            }
        });
        assert_eq!(fs::read(path).expect("the file"), b"x".repeat(160));
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(path), 0o600);
        assert_eq!(mode(path.parent().expect("a folder")), 0o700);
    }

    #[test]
    fn what_is_refused_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens");
        update_secret::<SecretFileError>(&path, |_| Ok(b"a".to_vec())).expect("made");
        let refusal = || SecretFileError::NotRegular { path: path.clone() };
        assert!(update_secret(&path, |_| Err(refusal())).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("opened to all");
        let changed = update_secret::<SecretFileError>(&path, |_| Ok(b"b".to_vec()));
        assert!(changed.expect_err("others read it").to_string().contains("chmod 600"));
        assert_eq!(fs::read(&path).expect("the file"), b"a");
    }
}
