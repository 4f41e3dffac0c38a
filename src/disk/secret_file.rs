//! Files of the operator's, wherever they are: certificates, private keys and tokens. Only
//! read, by way of symlinks as well, since that is how those who renew them put them in place.
//! What is secret is never taken from a file that others can read.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::limits;

use super::Identity;
use super::own_folder::ROOT;

/// What a secret may let nobody do who is not its owner.
const OTHERS: u32 = 0o077;
/// The same when root owns it: its group may read it, to which a server then belongs.
const OTHERS_OF_ROOT: u32 = 0o037;

/// Why such a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum SecretFileError {
    #[error("cannot read {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is no regular file", path.display())]
    NotRegular { path: PathBuf },
    #[error("{} is over {limit} bytes, too long for what it should be", path.display())]
    TooLarge { path: PathBuf, limit: usize },
    #[error(
        "others than its owner may use {0}, which has the mode {mode:04o}; \
         type: chmod {needed:o} {0}", path.display()
    )]
    Mode { path: PathBuf, mode: u32, needed: u32 },
    #[error(
        "{0} belongs to the user {owner}, and neither to the user {user}, who runs this, nor to \
         root; type: chown {user} {0}", path.display()
    )]
    Owner { path: PathBuf, owner: u32, user: u32 },
    #[error(
        "{} belongs to the user {owner}, who could not use what root makes there; run this as \
         that user: sudo -u '#{owner}' …, or choose a folder of root's", path.display()
    )]
    Folder { path: PathBuf, owner: u32 },
}

impl SecretFileError {
    /// Whether there is no such file.
    pub fn is_not_found(&self) -> bool {
        // Nothing can be there either below what is no folder.
        let missing = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
        matches!(self, Self::Io { source, .. } if missing.contains(&source.kind()))
    }
}

/// Reads a file that nobody else may read: it is owned by the user who runs this, and closed
/// to group and others; or it is owned by root, and its group may read it at most.
///
/// # Errors
/// When it cannot be read, is no regular file, is over
/// [`SECRET_FILE_BYTES_MAX`](limits::SECRET_FILE_BYTES_MAX), or others may use it.
pub fn read_secret(path: &Path) -> Result<Vec<u8>, SecretFileError> {
    Ok(read_secret_file(path)?.0)
}

/// As [`read_secret`], with what is known of the file that was read.
pub(super) fn read_secret_file(path: &Path) -> Result<(Vec<u8>, Metadata), SecretFileError> {
    let user = rustix::process::geteuid().as_raw();
    read(path, |owner, mode| check(path, owner, mode, user))
}

/// Reads a file that anybody may read.
///
/// # Errors
/// As [`read_secret`], whoever owns it and may read it.
pub fn read_public(path: &Path) -> Result<Vec<u8>, SecretFileError> {
    Ok(read(path, |_, _| Ok(()))?.0)
}

/// Which content a file had: another one whenever it was replaced or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileVersion {
    identity: Identity,
    length: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Looks at which content a file has, without reading it; none when that cannot be seen.
pub fn version_of(path: &Path) -> Option<FileVersion> {
    let found = fs::metadata(path).ok()?;
    Some(FileVersion {
        identity: Identity::of(&found),
        length: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

fn read(
    path: &Path,
    may_be_used: impl FnOnce(u32, u32) -> Result<(), SecretFileError>,
) -> Result<(Vec<u8>, Metadata), SecretFileError> {
    let failed = |source| SecretFileError::Io { path: path.to_owned(), source };
    // NONBLOCK: opening a pipe must not hang.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| failed(e.into()))?;
    let file = File::from(opened);
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(SecretFileError::NotRegular { path: path.to_owned() });
    }
    may_be_used(found.uid(), found.mode() & 0o7777)?;
    let limit = limits::SECRET_FILE_BYTES_MAX;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(SecretFileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok((bytes, found))
}

/// Checks that a secret of this owner, with this mode, may be used by a user.
fn check(path: &Path, owner: u32, mode: u32, user: u32) -> Result<(), SecretFileError> {
    let path = || path.to_owned();
    let (open_to, needed) = match owner {
        ROOT => (OTHERS_OF_ROOT, if user == ROOT { 0o600 } else { 0o640 }),
        _ if owner == user => (OTHERS, 0o600),
        _ => return Err(SecretFileError::Owner { path: path(), owner, user }),
    };
    if mode & open_to != 0 {
        return Err(SecretFileError::Mode { path: path(), mode, needed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const USER: u32 = 1000;

    fn refused(owner: u32, mode: u32, user: u32) -> Option<String> {
        check(Path::new("/etc/key.pem"), owner, mode, user).err().map(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_closed_to_all_but_its_owner_and_the_group_that_root_gave_it() {
        for mode in [0o600, 0o400, 0o700] {
            assert_eq!(refused(USER, mode, USER), None);
        }
        for mode in [0o640, 0o604, 0o610, 0o622] {
            let said = refused(USER, mode, USER).expect("open to others");
            assert!(said.ends_with("type: chmod 600 /etc/key.pem"), "{said}");
        }
        assert_eq!(refused(ROOT, 0o640, USER), None);
        assert_eq!(refused(ROOT, 0o640, ROOT), None);
        for mode in [0o644, 0o660, 0o650] {
            let said = refused(ROOT, mode, USER).expect("open to others");
            assert!(said.ends_with("type: chmod 640 /etc/key.pem"), "{said}");
        }
        let said = refused(ROOT, 0o644, ROOT).expect("open to others");
        assert!(said.contains("mode 0644") && said.ends_with("chmod 600 /etc/key.pem"), "{said}");
        for user in [USER, ROOT] {
            let said = refused(2000, 0o600, user).expect("somebody else's");
            assert!(said.ends_with(&format!("type: chown {user} /etc/key.pem")), "{said}");
        }
    }

    #[test]
    fn a_secret_is_read_where_a_symlink_leads_and_only_while_others_cannot() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("key-1.pem"), folder.path().join("key.pem"));
        fs::write(&file, "secret").expect("written");
        symlink(&file, &link).expect("a link");
        let allow = |mode| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("a mode");
        };
        allow(0o600);
        assert_eq!(read_secret(&link).expect("ours"), b"secret");
        allow(0o644);
        assert!(matches!(read_secret(&link), Err(SecretFileError::Mode { mode: 0o644, .. })));
        assert_eq!(read_public(&link).expect("for everybody"), b"secret");
    }

    #[test]
    fn what_is_no_file_or_too_long_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let refused = |path: &Path| read_public(path).expect_err("refused").to_string();
        let said = refused(&path("missing.pem"));
        assert!(said.contains("missing.pem: No such file"), "{said}");
        let said = refused(folder.path());
        assert!(said.ends_with("is no regular file"), "{said}");
        let pipe = path("pipe");
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0)
            .expect("a pipe");
        assert!(refused(&pipe).ends_with("is no regular file"), "nobody writes to it");
        fs::write(path("long"), vec![b'x'; limits::SECRET_FILE_BYTES_MAX + 1]).expect("written");
        assert!(refused(&path("long")).contains("long is over 1048576 bytes"));
        fs::write(path("fits"), vec![b'x'; limits::SECRET_FILE_BYTES_MAX]).expect("written");
        assert!(read_public(&path("fits")).is_ok());
    }

    #[test]
    fn whatever_is_done_to_a_file_makes_another_version_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, new) = (folder.path().join("cert.pem"), folder.path().join("cert.pem.new"));
        assert_eq!(version_of(&file), None);
        fs::write(&file, "one").expect("written");
        let first = version_of(&file);
        assert!(first.is_some());
        assert_eq!(version_of(&file), first, "nothing was done");
        fs::write(&new, "two").expect("written");
        fs::rename(&new, &file).expect("renamed");
        let second = version_of(&file);
        assert_ne!(second, first);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("a mode");
        assert_ne!(version_of(&file), second);
    }
}
