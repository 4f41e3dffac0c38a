//! A file that is there as a whole, or not at all.

use std::path::{Path, PathBuf};

use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use crate::{Error, random};

/// A file under a temporary name beside its own. It is removed when it is dropped unfinished.
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
        let Some(name) = path.file_name() else {
            return Err(failed(std::io::ErrorKind::IsADirectory.into()));
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", random::request_id()));
        let temporary = path.with_file_name(hidden);
        let file = File::create_new(&temporary).await.map_err(failed)?;
        Ok(Self { file, temporary: Temporary(temporary), path: path.to_owned() })
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

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = NewFile::create(&folder.path().join("no/report.txt")).await.err();
        assert!(error.expect("no folder").message().contains("report.txt"));
    }
}
