//! Files of the user's that a command is given: wherever they are, only to be read.

use std::fs::File;
use std::io::{self, Read};
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
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
