//! Which damage was counted already: a file is opened, renamed and scanned again and again.

use std::collections::HashMap;

/// Files of which it is remembered how many damaged places were counted. When there are more
/// that have any, all are forgotten, and counted once more when they are opened again.
const DAMAGED_FILES_MAX: usize = 10_000;

/// How many damaged places are known of which file, by its device and inode.
#[derive(Default)]
pub(super) struct KnownDamage(HashMap<(u64, u64), usize>);

impl KnownDamage {
    /// Learns of so many places in a file; returns how many of them are new.
    pub(super) fn learn(&mut self, file: (u64, u64), places: usize) -> usize {
        if self.0.len() >= DAMAGED_FILES_MAX && !self.0.contains_key(&file) {
            self.0.clear();
        }
        let known = self.0.entry(file).or_default();
        let new = places.saturating_sub(*known);
        *known += new;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_once_however_often_its_file_is_scanned() {
        let mut known = KnownDamage::default();
        assert_eq!(known.learn((1, 1), 2), 2);
        assert_eq!(known.learn((1, 1), 2), 0);
        // First the end of a large file is scanned again, then all of it.
        assert_eq!(known.learn((1, 1), 1), 0);
        assert_eq!(known.learn((1, 1), 5), 3);
        assert_eq!(known.learn((1, 2), 5), 5, "another file");
        assert_eq!(known.learn((1, 2), 0), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut known = KnownDamage::default();
        for inode in 0..DAMAGED_FILES_MAX as u64 + 1 {
            assert_eq!(known.learn((0, inode), 1), 1);
            assert!(known.0.len() <= DAMAGED_FILES_MAX);
        }
    }
}
