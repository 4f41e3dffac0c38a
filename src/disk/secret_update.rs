//! Changing a file of secrets, wherever it is.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::own_folder::{ROOT, folder_of};
use super::secret_file::{SecretFileError, read_secret_file};

/// Replaces a file by what `change` makes of its bytes, of none when there is no file: as a
/// whole or not at all, for its owner alone (mode 0600), and synced. Those who change it
/// together do so one after the other, by the lock of a file beside it (`<name>.lock`), which
/// stays. Missing folders are made, for their owner alone. When root changes a file, its owner,
/// group and mode stay as they are: a server that is in its group goes on reading it.
///
/// # Errors
/// What `change` refuses, what [`read_secret`](super::read_secret) refuses, when the system does,
/// and when this is root and the folder another user's.
pub fn update_secret<E: From<SecretFileError>>(
    path: &Path,
    change: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<(), E> {
    let failed = |source| SecretFileError::Io { path: path.to_owned(), source };
    let folder = folder_of(path);
    check_owner(folder)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let _lock = lock(path).map_err(failed)?;
    let (before, found) = match read_secret_file(path) {
        Err(error) if error.is_not_found() => (Vec::new(), None),
        read => read.map(|(bytes, found)| (bytes, Some(found)))?,
    };
    let after = change(&before)?;
    replace(path, folder, &after, found.as_ref()).map_err(failed)?;
    Ok(())
}

/// Keeps root from making what the owner of the folder could not use: the folder, or what
/// stands above it as far as that is there.
fn check_owner(folder: &Path) -> Result<(), SecretFileError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let there = folder.ancestors().find_map(|path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Some((path, fs::metadata(path).ok()?))
    });
    match there {
        Some((path, found)) if found.uid() != ROOT => {
            Err(SecretFileError::Folder { path: path.to_owned(), owner: found.uid() })
        }
        _ => Ok(()),
    }
}

/// Waits for the lock, which is held as long as the file is open.
fn lock(path: &Path) -> io::Result<File> {
    let lock = beside(path, ".lock");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(lock)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

fn replace(path: &Path, folder: &Path, bytes: &[u8], before: Option<&Metadata>) -> io::Result<()> {
    let next = beside(path, ".tmp");
    // Left by somebody who died: whoever has the lock may take it away.
    let _ = fs::remove_file(&next);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
    before.map_or(Ok(()), |before| belong_as(&file, before))?;
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
    let made = file.metadata()?;
    if (made.uid(), made.gid()) != (before.uid(), before.gid()) {
        fchown(file, Some(before.uid()), Some(before.gid()))?;
    }
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
