//! Files of the user's that a command writes: wherever they are to be, whole or not at
//! all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// How many names are tried for the temporary file.
const NAMES_MAX: u32 = 100;
/// How many symlinks to something that is not there yet are followed.
const SYMLINKS_MAX: u32 = 40;
/// What of a file's mode its successor gets: what others may do with it.
const MODE: u32 = 0o777;
/// The mode of a file that nobody had before, of which the umask takes its part.
const MODE_DEFAULT: u32 = 0o666;

/// A file of the user's that is being written, under a temporary name beside its own.
/// Dropped unfinished, it leaves nothing.
#[derive(Debug)]
pub struct Output {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Output {
    /// Begins to write a file. A symlink is followed, and stays, also when nothing is there
    /// yet. A file that is replaced hands its mode on.
    ///
    /// # Errors
    /// What the system says; also when the path is there and no regular file.
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = behind_symlinks(path)?;
        let found = fs::metadata(&path).ok();
        if found.as_ref().is_some_and(|found| !found.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        let mode = found.map(|found| found.permissions().mode() & MODE);
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it names no file"));
        };
        for number in 0..NAMES_MAX {
            let mut temporary = std::ffi::OsString::from(".");
            temporary.push(name);
            temporary.push(format!(".{}-{number}.part", std::process::id()));
            let temporary = path.with_file_name(temporary);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(mode.unwrap_or(MODE_DEFAULT));
            match options.open(&temporary) {
                Ok(file) => {
                    let output = Self { file, temporary, path };
                    return output.with_mode(mode);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Gives it a mode that the umask may have cut.
    fn with_mode(self, mode: Option<u32>) -> io::Result<Self> {
        if let Some(mode) = mode {
            self.file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(self)
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

/// Returns the path that a symlink points to in the end, whether or not something is there.
fn behind_symlinks(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..SYMLINKS_MAX {
        let error = match fs::canonicalize(&path) {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Ok(path);
        }
        if error.kind() != io::ErrorKind::NotFound {
            return Err(error);
        }
        let target = fs::read_link(&path)?;
        path.pop();
        path.push(target);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many symlinks"))
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
    fn a_file_that_is_replaced_hands_its_mode_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        fs::write(&path, "old").expect("a file");
        for mode in [0o600, 0o775] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
            Output::create(&path).expect("a file to write").finish().expect("a rename");
            let found = fs::metadata(&path).expect("the file").permissions().mode();
            assert_eq!(found & 0o777, mode);
        }
    }

    #[test]
    fn a_symlink_to_nothing_stays_and_what_it_points_to_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let link_to = |target: &str, name: &str| {
            let link = folder.path().join(name);
            std::os::unix::fs::symlink(target, &link).expect("a symlink");
            link
        };
        fs::create_dir(folder.path().join("sub")).expect("a folder");
        link_to("sub/target", "second");
        let first = link_to("second", "first");
        let mut output = Output::create(&first).expect("a file to write");
        output.write_all(b"new").expect("a write");
        output.finish().expect("a rename");
        assert_eq!(fs::read(folder.path().join("sub/target")).expect("the target"), b"new");
        for name in ["first", "second"] {
            let found = fs::symlink_metadata(folder.path().join(name)).expect("the link");
            assert!(found.is_symlink(), "{name}");
        }
        Output::create(&link_to("circle", "circle")).expect_err("a circle");
        Output::create(&link_to("none/file", "far")).expect_err("no folder");
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
