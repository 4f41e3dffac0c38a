//! Plays calls that keep the tree in order.

use std::time::Duration;

use callboard::clock::Clock as _;
use callboard::domain::{Liveness, Run, RunInfo, RunKey};
use callboard::store::{CleanUp, Part, Storage};
use jiff::{SignedDuration, Timestamp};

use super::play::Player;

impl<S: Storage> Player<S> {
    pub(super) async fn reconcile(&mut self, part: Part, dry_run: bool) {
        let lost = self.model.runs_of(&part).map(|runs| {
            let lost = runs.into_iter().filter(|run| run.liveness == Liveness::Lost);
            lost.cloned().collect::<Vec<_>>()
        });
        let answer = self.store.reconcile_runs(part, dry_run).await;
        let Some(answered) = self.unless_refused(answer, lost.clone(), false) else { return };
        assert!(answered.problems.is_empty(), "{}: {:?}", self.said, answered.problems);
        let lost = lost.expect("not refused");
        assert_eq!(answered.runs.len(), lost.len(), "{}", self.said);
        let now = self.clock.now();
        for (run, answered) in lost.into_iter().zip(answered.runs) {
            let is_done = self.model.task(&run.task).expect("the task").task.done;
            let end_time = run.info.start_time.max(Some(now));
            let (status, exit_code) = if is_done { ("completed", 0) } else { ("failed", -1) };
            let mut info =
                RunInfo { end_time, status: status.into(), exit_code, ..run.info.clone() };
            if !is_done && info.error_summary.is_empty() {
                // In words of its own.
                info.error_summary.clone_from(&answered.info.error_summary);
                assert!(!info.error_summary.is_empty(), "{}", self.said);
            }
            if dry_run {
                let expected = Run { info, liveness: Liveness::Ended, ..run };
                assert_eq!(answered, expected, "{}", self.said);
            } else {
                let key = RunKey {
                    task: Some(run.task),
                    run: callboard::domain::RunId::parse(&run.folder).expect("an id"),
                };
                self.changed(&key, &answered, info);
            }
        }
    }

    pub(super) async fn clean_up(&mut self, wanted: CleanUp) {
        let now = self.clock.now();
        let found = self.model.runs_of(&wanted.part).map(|runs| {
            let mut old: Vec<(Timestamp, Run)> = runs
                .into_iter()
                .filter_map(|run| Some((run.info.end_time?, run.clone())))
                .filter(|(end, _)| is_older(*end, now, wanted.older_than))
                .collect();
            old.sort_by_key(|(end, _)| *end);
            old.into_iter().map(|(_, run)| run).collect::<Vec<_>>()
        });
        let answer = self.store.clean_up_runs(wanted.clone()).await;
        let is_enough = wanted.only_if_free_below == Some(0);
        if is_enough && answer.is_ok() {
            let cleaned = self.answered(answer);
            assert!(
                cleaned.runs.is_empty() && cleaned.size_bytes == 0,
                "{}: {cleaned:?}",
                self.said
            );
            return;
        }
        let Some(cleaned) = self.unless_refused(answer, found.clone(), false) else { return };
        let old = found.expect("not refused");
        assert!(!is_enough && cleaned.problems.is_empty(), "{}: {cleaned:?}", self.said);
        assert_eq!(cleaned.runs, old, "{}", self.said);
        let files = |run: &Run| {
            let kept =
                self.model.projects[&run.task.project].tasks[&run.task.task].runs.get(&run.folder);
            kept.expect("the run").files.values().map(|file| file.len() as u64).sum::<u64>()
        };
        let size: u64 = old.iter().map(files).sum();
        assert!(cleaned.size_bytes >= size && cleaned.free_bytes > 0, "{}: {cleaned:?}", self.said);
        if !wanted.dry_run {
            for run in &old {
                self.remove(run);
            }
        }
    }
}

fn is_older(end: Timestamp, now: Timestamp, age: Duration) -> bool {
    let age = SignedDuration::try_from(age).expect("a duration");
    now.duration_since(end) > age
}
