//! Files of the user's that a command writes: wherever they are to be, whole or not at
//! all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many names are tried for the temporary file.
const NAMES_MAX: u32 = 100;

/// A file of the user's that is being written, under a temporary name beside its own.
/// Dropped unfinished, it leaves nothing.
#[derive(Debug)]
pub struct Output {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Output {
    /// Begins to write a file. A symlink is followed, and stays.
    ///
    /// # Errors
    /// What the system says; also when the path is there and no regular file.
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it names no file"));
        };
        for number in 0..NAMES_MAX {
            let mut temporary = std::ffi::OsString::from(".");
            temporary.push(name);
            temporary.push(format!(".{}-{number}.part", std::process::id()));
            let temporary = path.with_file_name(temporary);
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => return Ok(Self { file, temporary, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Syncs the content and gives the file its name, in place of the one that has it.
    ///
    /// # Errors
    /// What the system says; what was there is intact then.
    pub fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // Nothing is there when it was finished, and nothing can be done otherwise.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect()
    }

    #[test]
    fn a_finished_file_replaces_the_one_that_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        fs::write(&path, "old").expect("a file");
        let mut output = Output::create(&path).expect("a file to write");
        output.write_all(b"new").expect("a write");
        assert_eq!(fs::read(&path).expect("the old file"), b"old");
        output.finish().expect("a rename");
        assert_eq!(fs::read(&path).expect("the new file"), b"new");
        assert_eq!(names(folder.path()), ["f"]);
    }

    #[test]
    fn an_unfinished_file_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut output = Output::create(&folder.path().join("f")).expect("a file to write");
        output.write_all(b"half").expect("a write");
        assert_eq!(names(folder.path()).len(), 1);
        drop(output);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_symlink_stays_and_what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").expect("a file");
        std::os::unix::fs::symlink(&target, &link).expect("a symlink");
        let mut output = Output::create(&link).expect("a file to write");
        output.write_all(b"new").expect("a write");
        output.finish().expect("a rename");
        assert_eq!(fs::read(&target).expect("the target"), b"new");
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        Output::create(folder.path()).expect_err("a folder");
        Output::create(Path::new("/dev/null")).expect_err("a device");
    }
}
