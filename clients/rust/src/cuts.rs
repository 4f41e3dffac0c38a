//! A file that is read on after a break, and may have become shorter meanwhile.

use crate::Error;

/// What is remembered of a file that is read, to begin anew when it was cut during a break.
#[derive(Debug, Default)]
pub(crate) struct Cuts {
    /// Whether something has come, so that the offset is one that was there.
    has_come: bool,
    began_anew: bool,
}

impl Cuts {
    /// Takes note of a part that has come, and says in it whether the file began anew.
    pub(crate) fn note_part(&mut self, restarted: &mut bool) {
        *restarted |= std::mem::take(&mut self.began_anew);
        self.has_come = true;
    }

    /// Goes to the beginning when what the server refuses is an offset that was there before:
    /// the file has become shorter during a break. Returns whether it did.
    pub(crate) fn recover(&mut self, offset: &mut i64, error: &Error) -> bool {
        let was_cut = self.has_come && *offset > 0;
        let recovers = was_cut && error.reason() == "OFFSET_MISMATCH";
        if recovers {
            *offset = 0;
            self.began_anew = true;
        }
        recovers
    }
}
