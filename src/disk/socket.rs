//! The Unix socket of a server: a file as well.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::Identity;
use super::own_folder::{FolderError, check_closed_folder, folder_of};

/// Why a socket cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum SocketError {
    #[error("another server listens on {}", path.display())]
    InUse { path: PathBuf },
    #[error("{} exists and is no socket", path.display())]
    NoSocket { path: PathBuf },
    #[error(
        "others may write to {}, and so put a socket of theirs in the place of one there",
        folder.display()
    )]
    OpenFolder { folder: PathBuf },
    #[error("{source}")]
    Folder { source: FolderError },
    #[error("cannot listen on {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// A socket that is listened on; its file goes away with it.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    /// Which file it is, so that only our own is removed.
    identity: Identity,
}

impl Socket {
    /// Checks that nothing stands in the way of a socket at a path; makes nothing.
    ///
    /// # Errors
    /// When something else has the name, or others could put a socket of theirs in its place.
    pub fn check(path: &Path) -> Result<(), SocketError> {
        let folder = folder_of(path);
        // One that is missing will be made.
        if folder.exists() {
            check_closed_folder(folder).map_err(|problem| match problem {
                FolderError::Mode { path: folder, .. } => SocketError::OpenFolder { folder },
                source => SocketError::Folder { source },
            })?;
        }
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                Err(SocketError::NoSocket { path: path.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Listens on a socket that only its owner may use (mode 0600), in a folder that nobody else
    /// may write to, which is made when it is missing (mode 0700). The file of a server that died
    /// is taken over.
    ///
    /// # Errors
    /// When another server listens there, something else has the name, others could put a
    /// socket of theirs in its place, or the system refuses it.
    pub fn listen(path: &Path) -> Result<(Self, UnixListener), SocketError> {
        let failed = |source| SocketError::Io { path: path.to_owned(), source };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder_of(path)).map_err(failed)?;
        Self::check(path)?;
        match fs::symlink_metadata(path) {
            // Only a listener takes a connection.
            Ok(_) if UnixStream::connect(path).is_ok() => {
                return Err(SocketError::InUse { path: path.to_owned() });
            }
            Ok(_) => fs::remove_file(path).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        // Bound under another name and renamed when it has its mode: nobody else
        // can connect in between.
        let mut unready = path.as_os_str().to_owned();
        unready.push(format!(".{}", std::process::id()));
        let unready = PathBuf::from(unready);
        let _ = fs::remove_file(&unready);
        let listener = UnixListener::bind(&unready).map_err(failed)?;
        let ready = fs::set_permissions(&unready, fs::Permissions::from_mode(0o600))
            .and_then(|()| fs::symlink_metadata(&unready))
            .and_then(|found| fs::rename(&unready, path).map(|()| Identity::of(&found)));
        match ready {
            Ok(identity) => Ok((Self { path: path.to_owned(), identity }, listener)),
            Err(source) => {
                let _ = fs::remove_file(&unready);
                Err(failed(source))
            }
        }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| Identity::of(&found) == self.identity);
        if ours {
            let _ = fs::remove_file(&self.path);
        }
    }
}
