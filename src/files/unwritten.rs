//! What a power cut leaves at the end of a file of an append that was not synced. The file
//! may have its new length without all of its new content: what was not written is zeros.

use std::io;
use std::ops::Range;

use crate::disk::DiskFile;

/// What a disk writes as a whole or not at all.
const SECTOR_BYTES: u64 = 512;
const WINDOW_BYTES: u64 = 64 << 10;

/// Tells whether a file holds these bytes at an offset.
pub(super) fn holds(file: &dyn DiskFile, offset: u64, bytes: &[u8]) -> io::Result<bool> {
    let mut there = vec![0; bytes.len()];
    let count = file.read_at(offset, &mut there)?;
    Ok(count == bytes.len() && there == bytes)
}

/// Returns how many of these bytes, from the first on, stand at an offset of a file of this
/// size, when all that stands from there to its end can be left of an attempt to append them:
/// their beginning, or some of their sectors, and zeros in the place of others. `None` when
/// something else does.
pub(super) fn attempted(
    file: &dyn DiskFile,
    offset: u64,
    bytes: &[u8],
    size: u64,
) -> io::Result<Option<usize>> {
    let Some(length) = size.checked_sub(offset) else { return Ok(None) };
    let end = offset + bytes.len() as u64;
    if size > end && written_end(file, end..size)? > end {
        return Ok(None);
    }
    let mut there = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len())];
    let count = file.read_at(offset, &mut there)?;
    there.truncate(count);
    let same = there.iter().zip(bytes).take_while(|(one, other)| one == other).count();
    let written = there.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let mut begin = 0;
    while begin < written {
        let rest = SECTOR_BYTES - (offset + begin as u64) % SECTOR_BYTES;
        let sector = begin..written.min(begin + usize::try_from(rest).unwrap_or(usize::MAX));
        let found = &there[sector.clone()];
        if *found != bytes[sector.clone()] && found.iter().any(|&byte| byte != 0) {
            return Ok(None);
        }
        begin = sector.end;
    }
    Ok(Some(same))
}

/// Returns where the zeros begin that a range of a file ends with.
pub(super) fn written_end(file: &dyn DiskFile, range: Range<u64>) -> io::Result<u64> {
    let mut end = range.end;
    while end > range.start {
        // Mostly the first byte that is looked at is none.
        let wanted = if end == range.end { 1 } else { WINDOW_BYTES.min(end - range.start) };
        let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(0)];
        file.read_at(end - wanted, &mut bytes)?;
        if let Some(last) = bytes.iter().rposition(|&byte| byte != 0) {
            return Ok(end - wanted + last as u64 + 1);
        }
        end -= wanted;
    }
    Ok(range.start)
}

#[cfg(test)]
mod tests {
    use crate::disk::{Disk as _, OsDisk};
    use crate::domain::TreePath;

    use super::*;

    /// What is made of a file that holds these bytes behind 1000 others.
    fn look(there: &[u8], wanted: &[u8]) -> (Option<usize>, u64) {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = OsDisk::open_root(folder.path()).expect("the root");
        let before = [b'x'; 1000];
        let file = disk.create_append(&TreePath::root().join("file")).expect("a file");
        file.append(&[&before, there].concat()).expect("written");
        let size = 1000 + there.len() as u64;
        let attempted = attempted(&*file, 1000, wanted, size).expect("read");
        (attempted, written_end(&*file, 0..size).expect("read") - 1000)
    }

    #[test]
    fn sectors_that_were_not_written_are_told_from_what_others_wrote() {
        let wanted: Vec<u8> =
            (0..2000).map(|n| b'a' + u8::try_from(n % 7).expect("small")).collect();
        let with = |zeros: [Range<usize>; 2], length: usize| {
            let mut there = wanted.clone();
            there.resize(length, 0);
            for zeros in zeros {
                there[zeros].fill(0);
            }
            there
        };
        // 1000 is 24 bytes before the end of a sector.
        for (zeros, length, same) in [
            ([0..0, 0..0], 2000, 2000),
            ([0..0, 0..0], 2500, 2000),
            ([0..0, 0..0], 700, 700),
            ([0..0, 0..0], 0, 0),
            ([0..24, 0..0], 2000, 0),
            ([0..0, 24..536], 2000, 24),
            ([0..24, 536..1048], 1500, 0),
            ([1900..2000, 0..0], 2000, 1900),
            ([1900..2000, 0..0], 9000, 1900),
            ([0..2000, 0..0], 2000, 0),
            ([0..2000, 0..0], 90_000, 0),
        ] {
            assert_eq!(look(&with(zeros, length), &wanted).0, Some(same), "{length}: {same}");
        }
        for zeros in [0..23, 1..24, 24..535, 100..101, 1998..1999] {
            let there = with([zeros.clone(), 0..0], 2000);
            assert_eq!(look(&there, &wanted).0, None, "{zeros:?}");
        }
        let longer = [&with([0..0, 0..0], 90_000)[..], b"others"].concat();
        assert_eq!(look(&longer, &wanted), (None, 90_006));
        assert_eq!(look(b"others", &wanted), (None, 6));
        assert_eq!(look(&[0; 200_000], &wanted), (Some(0), 0));
        assert_eq!(look(b"", &wanted), (Some(0), 0));
    }
}
