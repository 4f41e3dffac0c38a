//! A log of lines that stands outside the root, for people and their tools.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::Identity;

/// Users who are neither the owner nor of the group.
const OTHERS: u32 = 0o007;

/// A file that lines are appended to. Whoever rotates it renames it: the next lines go into a
/// new one.
#[derive(Debug)]
pub struct LineLog {
    path: PathBuf,
    file: File,
    /// Which file is open.
    identity: Identity,
    /// Whether the last write failed: it may have left a part of a line.
    is_torn: bool,
}

impl LineLog {
    /// Opens a file, or makes it for its owner alone (mode 0600).
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn open(path: &Path) -> io::Result<Self> {
        // NONBLOCK: opening a pipe must not hang.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        let options = options.append(true).create(true).mode(0o600).custom_flags(flags);
        let file = options.open(path)?;
        let found = file.metadata()?;
        let refused = |problem| Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        if !found.is_file() {
            return refused("it is no regular file".to_owned());
        }
        if found.mode() & OTHERS != 0 {
            let shown = path.display();
            return refused(format!("others may read or write it; type: chmod o-rwx {shown}"));
        }
        let identity = Identity::of(&found);
        Ok(Self { path: path.to_owned(), file, identity, is_torn: false })
    }

    /// Appends whole lines with one write. They are the system's then, and survive the end of
    /// this process; they are not synced.
    ///
    /// # Errors
    /// When the file cannot be written, or not be made again after it was renamed.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let is_there =
            std::fs::metadata(&self.path).is_ok_and(|found| Identity::of(&found) == self.identity);
        if !is_there {
            *self = Self::open(&self.path)?;
        }
        // Only once is there half a line.
        let written = match self.is_torn {
            false => self.file.write_all(lines),
            true => self.file.write_all(&[b"\n", lines].concat()),
        };
        self.is_torn = written.is_err();
        written
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn lines_go_into_a_new_file_when_the_old_one_was_renamed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut log = LineLog::open(&path).expect("a log");
        log.append(b"a\n").expect("a line");
        let renamed = folder.path().join("log.1");
        fs::rename(&path, &renamed).expect("rotated");
        log.append(b"b\n").expect("a line");
        assert_eq!(fs::read(&renamed).expect("the old one"), b"a\n");
        assert_eq!(fs::read(&path).expect("the new one"), b"b\n");
        let mode = fs::metadata(&path).expect("the new one").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(log);
        let mut again = LineLog::open(&path).expect("a log");
        again.append(b"c\n").expect("a line");
        assert_eq!(fs::read(&path).expect("the new one"), b"b\nc\n");
    }
}
