//! A file that is there as a whole, or not at all.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use crate::{Error, random};

/// A file under a temporary name beside its own. It is removed when it is dropped unfinished.
/// Where a file is replaced, the new one has its permissions; a symlink stays one.
pub(crate) struct NewFile {
    file: File,
    temporary: Temporary,
    path: PathBuf,
}

/// A name that is removed when it is dropped.
struct Temporary(PathBuf);

impl NewFile {
    /// Begins with nothing in it.
    pub(crate) async fn create(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::io(&format!("create {}", path.display()), source);
        let real = fs::canonicalize(path).await.unwrap_or_else(|_| path.to_owned());
        let found = fs::metadata(&real).await.ok();
        if found.as_ref().is_some_and(|found| !found.is_file()) || real.file_name().is_none() {
            let text = "it is no regular file";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, text)));
        }
        // Its own name may be as long as names can be.
        let temporary = real.with_file_name(format!(".{}.part", random::request_id()));
        let temporary = Temporary(temporary);
        let file = File::create_new(&temporary.0).await.map_err(failed)?;
        if let Some(found) = found {
            file.set_permissions(found.permissions()).await.map_err(failed)?;
        }
        Ok(Self { file, temporary, path: real })
    }

    /// Writes more.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all(bytes).await;
        written.map_err(|source| Error::io(&format!("write {}", self.path.display()), source))
    }

    /// Gives it its own name, once all of it is on disk.
    pub(crate) async fn finish(mut self) -> Result<(), Error> {
        let finished = async {
            self.file.flush().await?;
            self.file.sync_all().await?;
            fs::rename(&self.temporary.0, &self.path).await
        };
        finished
            .await
            .map_err(|source| Error::io(&format!("write {}", self.path.display()), source))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Once it has its own name there is nothing to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_there_when_it_is_finished_and_nothing_of_it_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.txt");
        let names = || std::fs::read_dir(folder.path()).expect("readable").count();
        let mut file = NewFile::create(&path).await.expect("created");
        file.write(b"half").await.expect("written");
        assert!(!path.exists());
        drop(file);
        assert_eq!(names(), 0);
        let mut file = NewFile::create(&path).await.expect("created");
        file.write(b"all").await.expect("written");
        file.finish().await.expect("finished");
        assert_eq!((std::fs::read(&path).expect("readable"), names()), (b"all".to_vec(), 1));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_replaced_keeps_its_permissions_and_its_symlink_and_no_device_is() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().expect("a folder");
        let name = "n".repeat(255);
        let (path, link) = (folder.path().join(name), folder.path().join("link"));
        std::fs::write(&path, "secret").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
        symlink(&path, &link).expect("linked");
        let mut file = NewFile::create(&link).await.expect("created");
        file.write(b"new").await.expect("written");
        file.finish().await.expect("finished");
        assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(std::fs::read(&path).expect("readable"), b"new");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let device = NewFile::create(Path::new("/dev/null")).await.err();
        assert!(device.expect("refused").message().contains("no regular file"));
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = NewFile::create(&folder.path().join("no/report.txt")).await.err();
        assert!(error.expect("no folder").message().contains("report.txt"));
    }
}
