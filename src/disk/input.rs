//! Files of the user's that a command is given: wherever they are, only to be read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// A file of the user's.
#[derive(Debug)]
pub struct Input(File);

impl Input {
    /// Opens a file, as any program would: symlinks are followed.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    /// Returns its length, if it is a regular file: one that can be read twice.
    ///
    /// # Errors
    /// What the system says; also for a folder.
    pub fn regular_length(&self) -> io::Result<Option<u64>> {
        let found = self.0.metadata()?;
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(found.is_file().then_some(found.len()))
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
