//! How many bytes each project has and how many are free, as far as it is known, and who may
//! write for that. Whoever wants to write is answered from memory; only [`look`] asks the disk.

mod look;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::RoomSettings;
use crate::disk::Disk;
use crate::domain::ProjectId;
use crate::error::{Error, Result};
use crate::limits::{PROJECTS_COUNTED_MAX, USAGE_WANTED};

/// Stands for space that nobody has looked at.
const UNKNOWN: u64 = u64::MAX;

/// What is known of a root.
pub(super) struct Usage {
    settings: RoomSettings,
    disk: Arc<dyn Disk>,
    /// How many bytes were free at the last look, or [`UNKNOWN`].
    free_bytes: AtomicU64,
    counts: Mutex<Counts>,
    /// Held during a look at the projects: each corrects what was counted before it.
    looking: Mutex<()>,
    /// Told when somebody asks for what is known.
    asked: Notify,
    shutdown: CancellationToken,
}

/// The bytes of all projects.
#[derive(Default)]
struct Counts {
    by_project: HashMap<ProjectId, Count>,
    /// What the projects share for which there is no place of their own.
    shared: Count,
    /// When somebody last asked for what is known.
    asked: Option<Instant>,
}

/// The bytes of a project.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    /// What the last look found; none when it found no such project.
    found: Option<u64>,
    /// What was admitted since that look began.
    admitted: u64,
}

impl Count {
    fn bytes(self) -> u64 {
        self.found.unwrap_or(0).saturating_add(self.admitted)
    }

    /// Takes in what a look found that began when `admitted_before` was admitted. What was
    /// admitted since may have come too late for it.
    fn correct(&mut self, found: Option<u64>, admitted_before: u64) {
        self.found = found;
        self.admitted = self.admitted.saturating_sub(admitted_before);
    }
}

impl Counts {
    /// Returns a project's count. Names that nobody made a project of take places too, until
    /// the next look.
    fn of(&mut self, project: &ProjectId) -> &mut Count {
        let has_place = self.by_project.len() < PROJECTS_COUNTED_MAX;
        if !has_place && !self.by_project.contains_key(project) {
            return &mut self.shared;
        }
        self.by_project.entry(project.clone()).or_default()
    }

    /// Returns what was admitted of a project by itself.
    fn admitted(&self, project: &ProjectId) -> u64 {
        self.by_project.get(project).map_or(0, |count| count.admitted)
    }

    /// Takes in what a look found of a project; forgets one of which there is nothing.
    fn correct(&mut self, project: ProjectId, found: Option<u64>, admitted_before: u64) {
        let mut count = self.by_project.remove(&project).unwrap_or_default();
        count.correct(found, admitted_before);
        if count != Count::default() {
            self.by_project.insert(project, count);
        }
    }
}

impl Usage {
    /// Prepares it; asks the disk for its space when some is to stay free.
    ///
    /// # Errors
    /// IO when the disk does not tell.
    pub(super) fn open(disk: Arc<dyn Disk>, settings: RoomSettings) -> Result<Self> {
        let usage = Self {
            settings,
            disk,
            free_bytes: AtomicU64::new(UNKNOWN),
            counts: Mutex::default(),
            looking: Mutex::default(),
            asked: Notify::new(),
            shutdown: CancellationToken::new(),
        };
        if usage.settings.free_bytes_min > 0 {
            usage.look_at_free_space()?;
        }
        Ok(usage)
    }

    /// Admits what is to be written to a project, or refuses it.
    pub(super) fn admit(&self, project: &ProjectId, bytes: u64) -> Result<()> {
        self.check_space()?;
        let Some(quota_bytes) = self.settings.quota_of(project) else { return Ok(()) };
        let mut counts = self.lock();
        let count = counts.of(project);
        let used_bytes = count.bytes();
        if used_bytes.saturating_add(bytes) > quota_bytes {
            let project = project.to_string();
            return Err(Error::QuotaExceeded { project, quota_bytes, used_bytes });
        }
        count.admitted += bytes;
        Ok(())
    }

    /// Refuses whatever is to be written while too little is free.
    pub(super) fn check_space(&self) -> Result<()> {
        let free_bytes = self.free_bytes.load(Ordering::Relaxed);
        let free_bytes_min = self.settings.free_bytes_min;
        if free_bytes < free_bytes_min {
            return Err(Error::LowSpace { free_bytes, free_bytes_min });
        }
        Ok(())
    }

    /// Whether any project has a quota.
    pub(super) fn has_quotas(&self) -> bool {
        !self.settings.quotas.is_empty()
    }

    /// Returns what the last look found, and makes another one worth its while.
    pub(super) fn bytes_by_project(&self) -> Vec<(ProjectId, u64)> {
        self.note_asked();
        let found = |(project, count): (&ProjectId, &Count)| Some((project.clone(), count.found?));
        let mut all: Vec<_> = self.lock().by_project.iter().filter_map(found).collect();
        all.sort();
        all
    }

    /// Returns what was free at the last look, and makes another one worth its while.
    pub(super) fn free_bytes_known(&self) -> Option<u64> {
        self.note_asked();
        let known = self.free_bytes.load(Ordering::Relaxed);
        (known != UNKNOWN).then_some(known)
    }

    /// Ends what looks from time to time, and a look that is under way.
    pub(super) fn shut_down(&self) {
        self.shutdown.cancel();
    }

    fn note_asked(&self) {
        self.lock().asked = Some(Instant::now());
        self.asked.notify_one();
    }

    /// Whether anybody needs to know what projects have.
    fn is_wanted(&self) -> bool {
        let asked = self.lock().asked;
        self.has_quotas() || asked.is_some_and(|at| at.elapsed() < USAGE_WANTED)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(id: &str) -> ProjectId {
        ProjectId::parse(id).expect("a project")
    }

    #[test]
    fn what_is_admitted_while_a_look_is_under_way_counts_beside_what_it_finds() {
        let mut counts = Counts::default();
        let p = project("p");
        counts.of(&p).admitted = 5;
        let before = counts.admitted(&p);
        counts.of(&p).admitted += 3;
        counts.correct(p.clone(), Some(10), before);
        assert_eq!(counts.of(&p).bytes(), 13);
        counts.correct(p.clone(), Some(12), 3);
        assert_eq!(counts.of(&p).bytes(), 12);
    }

    #[test]
    fn a_name_of_which_there_is_nothing_takes_a_place_until_the_next_look() {
        let mut counts = Counts::default();
        let p = project("p");
        counts.of(&p).admitted = 5;
        counts.correct(p.clone(), None, 4);
        assert_eq!(counts.of(&p).bytes(), 1, "what was admitted meanwhile");
        counts.correct(p, None, 1);
        assert_eq!(counts.by_project.len(), 0);
    }

    #[test]
    fn names_beyond_those_that_have_places_share_one_count() {
        let mut counts = Counts::default();
        for number in 0..PROJECTS_COUNTED_MAX {
            counts.of(&project(&format!("p{number}"))).admitted = 1;
        }
        counts.of(&project("one")).admitted += 2;
        counts.of(&project("other")).admitted += 3;
        assert_eq!(counts.by_project.len(), PROJECTS_COUNTED_MAX);
        assert_eq!(counts.of(&project("one")).bytes(), 5);
        assert_eq!(counts.of(&project("p0")).bytes(), 1);
    }
}
