//! What takes up the room of a volume, beside the root: a foreign program's large files.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use crate::nothing_lost::volume::Volume;

/// How large a block is, on all volumes of these tests.
pub(super) const BLOCK_BYTES: u64 = 4096;

/// What a volume runs out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scarce {
    Blocks,
    Inodes,
}

/// What takes up room.
pub(super) struct Ballast {
    folder: PathBuf,
    scarce: Scarce,
    /// How many files are there, where files are scarce.
    files: usize,
}

impl Ballast {
    pub(super) fn new(volume: &Volume, scarce: Scarce) -> Self {
        let folder = volume.path().join("ballast");
        fs::create_dir(&folder).expect("a folder for the ballast");
        Self { folder, scarce, files: 0 }
    }

    /// Takes up all room but so many blocks, or inodes. Returns how much it takes up then.
    pub(super) fn leave(&mut self, free: usize) -> usize {
        match self.scarce {
            Scarce::Blocks => self.leave_blocks(free as u64),
            Scarce::Inodes => self.leave_inodes(free),
        }
    }

    fn leave_blocks(&self, free: u64) -> usize {
        let path = self.folder.join("large");
        let file = OpenOptions::new().create(true).append(true).open(path).expect("the ballast");
        for bytes in [64 << 10, BLOCK_BYTES] {
            let content = vec![b'b'; usize::try_from(bytes).expect("a size")];
            // What is written is on the disk at once, so that nothing is promised twice.
            while fills(&file, &content) {}
        }
        let length = file.metadata().expect("its length").len();
        let blocks = (length.div_ceil(BLOCK_BYTES)).saturating_sub(free);
        file.set_len(blocks * BLOCK_BYTES).expect("it is cut");
        file.sync_all().expect("synced");
        usize::try_from(blocks).expect("a number")
    }

    fn leave_inodes(&mut self, free: usize) -> usize {
        let name = |number: usize| self.folder.join(number.to_string());
        let mut files = self.files;
        loop {
            match File::create_new(name(files)) {
                Ok(_) => files += 1,
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
        let left = files.saturating_sub(free);
        for number in left..files {
            fs::remove_file(name(number)).expect("it is removed");
        }
        self.files = left;
        left
    }

    /// Gives all room back.
    pub(super) fn remove(&mut self) {
        for entry in fs::read_dir(&self.folder).expect("the ballast") {
            fs::remove_file(entry.expect("an entry").path()).expect("it is removed");
        }
        self.files = 0;
    }
}

/// Appends to a file; returns whether there was room.
fn fills(mut file: &File, content: &[u8]) -> bool {
    let written = file.write_all(content).and_then(|()| file.sync_data());
    match written {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::StorageFull => false,
        Err(error) => panic!("{error}"),
    }
}
