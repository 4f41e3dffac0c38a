//! Plays calls about logs, what is kept of runs, and their events.

use callboard::clock::Clock as _;
use callboard::domain::{JsonObject, Run, RunFile, RunKey, RunMeta, TaskKey};
use callboard::error::Reason;
use callboard::store::{
    FileStart, LinesAppended, LogLine, LogQuery, NewRunEvent, RunMetaChange, RunSetupChange,
    Storage,
};
use tokio_stream::StreamExt as _;

use super::kept::{Kept, WORKTREE};
use super::model::{New, Request};
use super::operation::EtagUse;
use super::play::{Player, parsed, set};

impl<S: Storage> Player<S> {
    pub(super) async fn play_kept(&mut self, kept: Kept) {
        match kept {
            Kept::Transition(key, to, etag) => self.transition(key, to, etag).await,
            Kept::SaveStep(key, checkpoint, etag) => self.save_step(key, *checkpoint, etag).await,
            Kept::AppendLog(key, entries, id) => self.append_log(key, entries, id).await,
            Kept::ReadLog(key, line, is_tail) => self.read_log(key, line, is_tail).await,
            Kept::SaveArtifact(new, sending, id) => self.save_artifact(new, sending, id).await,
            Kept::Artifact(key, which, offset, length) => {
                self.artifact(key, which, offset, length).await;
            }
            Kept::ListArtifacts(key, hashes, limit) => {
                self.list_artifacts(key, hashes, limit).await;
            }
            Kept::DeleteArtifact(key, which) => self.delete_artifact(key, which).await,
            Kept::AppendFact(new, id) => self.append_fact(new, id).await,
            Kept::Fact(scope, which) => self.fact(scope, which).await,
            Kept::ListFacts(scope, filter, limit) => self.list_facts(scope, filter, limit).await,
            Kept::Meta(key) => self.meta(key).await,
            Kept::UpdateMeta(key, change, etag) => self.update_meta(key, *change, etag).await,
            Kept::AppendEvent(key, event, id) => self.append_event(key, event, id).await,
        }
    }

    async fn append_log(
        &mut self,
        key: TaskKey,
        entries: Vec<JsonObject>,
        request_id: Option<&'static str>,
    ) {
        let new = New::Log(key.clone(), entries.clone());
        let answer =
            self.store.append_task_log(key.clone(), entries.clone(), parsed(request_id)).await;
        let found = self.model.task(&key).map(|kept| kept.log.len());
        let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
        if self.appended_lines(new, request_id, found, lines.len(), answer) {
            self.model.task(&key).expect("it was found").log.push_str(&lines);
        }
    }

    /// Compares an answer with what appending so many bytes must come to. Returns whether
    /// they are new.
    fn appended_lines(
        &mut self,
        new: New,
        request_id: Option<&'static str>,
        length: Result<usize, Reason>,
        count: usize,
        answer: callboard::error::Result<LinesAppended>,
    ) -> bool {
        let known = request_id.and_then(|id| self.model.requests.get(id));
        let mut reasons: Vec<Reason> = length.err().into_iter().collect();
        reasons.extend(known.filter(|known| known.new != new).map(|_| Reason::RequestIdReused));
        let known = known.map(|known| known.name.clone());
        let Some(appended) = self.unless_refused_with(answer, reasons, false) else { return false };
        let shown = |offset: u64| format!("{offset} {}", offset + count as u64);
        let name = format!("{} {}", appended.offset, appended.next_offset);
        assert_eq!(appended.duplicate, known.is_some(), "{}: {appended:?}", self.said);
        let expected = known.clone().unwrap_or_else(|| shown(length.expect("not refused") as u64));
        assert_eq!(name, expected, "{}", self.said);
        if known.is_none()
            && let Some(id) = request_id
        {
            self.model.requests.insert(id, Request { new, name, removed: false });
        }
        known.is_none()
    }

    pub(super) async fn read_log(&mut self, key: TaskKey, line: usize, is_tail: bool) {
        let found = self.model.task(&key).map(|kept| kept.log.clone());
        let mut lines: Vec<LogLine> = Vec::new();
        let mut offset = 0;
        for text in found.clone().unwrap_or_default().lines() {
            let text = text.to_owned();
            let length = text.len() as u64 + 1;
            lines.push(LogLine { text, offset, damaged: false });
            offset += length;
        }
        let first = if is_tail { lines.len().saturating_sub(line) } else { line };
        let start = match lines.get(first) {
            _ if is_tail => FileStart::TailLines(line as u64),
            Some(line) => FileStart::Offset(line.offset),
            // One behind the end, when the number is behind all lines by more than one.
            None => FileStart::Offset(offset + u64::from(first > lines.len())),
        };
        let is_behind = start == FileStart::Offset(offset + 1);
        let expected = match found {
            Ok(_) if is_behind => Err(Reason::OffsetMismatch),
            other => other.map(drop),
        };
        let query = LogQuery { task: key, start, follow: false };
        let answer = self.store.read_task_log(query).await.map(Lines);
        let Some(Lines(mut stream)) = self.unless_refused(answer, expected, false) else { return };
        let mut read = Vec::new();
        while let Some(part) = stream.next().await {
            let part = self.answered(part);
            assert!(!part.restarted && !part.lines.is_empty(), "{}: {part:?}", self.said);
            read.extend(part.lines);
            let end = read.last().map(|line| line.offset + line.text.len() as u64 + 1);
            assert_eq!(Some(part.next_offset), end, "{}", self.said);
        }
        assert_eq!(read, lines[first.min(lines.len())..], "{}", self.said);
    }

    /// Says what is kept of a run when it is begun, in the answer's version.
    pub(super) fn filled(&self, run: &Run, meta: RunMeta, answered: Option<&RunMeta>) -> RunMeta {
        let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
        RunMeta {
            run_id: run.folder.clone(),
            repo_id: or(meta.repo_id, run.task.project.as_str()),
            title: or(meta.title, &run.folder),
            runner: or(meta.runner, &run.info.agent_type),
            runner_cmd: or(meta.runner_cmd, &run.info.commandline),
            created_at: meta.created_at.or_else(|| Some(self.clock.now())),
            schema_version: "1.0".to_owned(),
            etag: answered.and_then(|answered| answered.etag.clone()),
            ..meta
        }
    }

    pub(super) async fn meta(&mut self, key: RunKey) {
        let found = self.model.run(&key).and_then(|kept| {
            // A run of which nothing is kept is not found, either.
            kept.meta.clone().ok_or(Reason::RunNotFound)
        });
        let answer = self.store.run_meta(key).await;
        if let Some(meta) = self.unless_refused(answer, found.clone(), false) {
            assert_eq!(Ok(meta), found, "{}", self.said);
        }
    }

    async fn update_meta(&mut self, key: RunKey, change: RunMetaChange, etag: EtagUse) {
        let found = self.model.run(&key).map(|kept| (kept.run.clone(), kept.meta.clone()));
        let before = found.as_ref().ok().and_then(|(_, meta)| meta.clone());
        let current = before.as_ref().and_then(|meta| meta.etag.clone());
        let (etag, is_stale) = self.etag(etag, current.as_ref());
        let answer = self.store.update_run_meta(key.clone(), change.clone(), etag).await;
        let is_elsewhere = !change.host.is_empty();
        let mut meta = before.clone().unwrap_or_default();
        apply(&mut meta, change);
        let mut reasons = Vec::new();
        match &found {
            Err(reason) => reasons.push(*reason),
            Ok((_, Some(_))) => {}
            Ok(_) if meta.worktree_path.is_empty() => reasons.push(Reason::RequiredField),
            Ok(_) => {
                let is_there = is_elsewhere || meta.worktree_path == WORKTREE;
                reasons.extend((!is_there).then_some(Reason::WorktreeMissing));
            }
        }
        let Some(answered) = self.unless_refused_with(answer, reasons, is_stale) else { return };
        if before.is_none() {
            let (run, _) = found.expect("not refused");
            meta = self.filled(&run, meta, Some(&answered));
        }
        let is_same = before.as_ref() == Some(&meta);
        meta.etag.clone_from(&answered.etag);
        assert_eq!(answered, meta, "{}", self.said);
        self.etag_moved(current, answered.etag.as_ref(), is_same);
        self.model.run(&key).expect("it was found").meta = Some(meta);
    }

    async fn append_event(
        &mut self,
        key: RunKey,
        event: NewRunEvent,
        request_id: Option<&'static str>,
    ) {
        let now = self.clock.now();
        let answer =
            self.store.append_run_event(key.clone(), event.clone(), parsed(request_id)).await;
        let found = self.model.run(&key).map(|kept| {
            let repo = kept.meta.as_ref().map(|meta| meta.repo_id.clone());
            (kept.run.clone(), repo, kept.files.get(&RunFile::Events).map_or(0, Vec::len))
        });
        let (run, repo, length) = match found {
            Ok(found) => found,
            Err(reason) => return self.refused(answer, &[reason]),
        };
        let project = run.task.project.to_string();
        let repo = [event.repo_id.clone(), repo.unwrap_or_default(), project]
            .into_iter()
            .find(|repo| !repo.is_empty() && !repo.contains(char::is_control));
        let quoted = |text: &str| serde_json::to_string(text).expect("JSON");
        let data = event.data.as_ref().map(|data| format!(",\"data\":{data}")).unwrap_or_default();
        let line = format!(
            "{{\"schema_version\":\"1.0\",\"timestamp\":\"{}\",\"repo_id\":{},\"run_id\":{},\"event\":{}{data}}}\n",
            event.timestamp.unwrap_or(now),
            quoted(&repo.expect("the project's")),
            quoted(&run.folder),
            quoted(&event.event),
        );
        // What a repetition would write now may be longer or shorter than what it wrote.
        let known = request_id.and_then(|id| self.model.requests.get(id));
        let written = known.and_then(|known| {
            let (begin, end) = known.name.split_once(' ')?;
            Some(end.parse::<usize>().ok()? - begin.parse::<usize>().ok()?)
        });
        let new = New::Event(run.task.clone(), run.folder.clone(), event);
        let count = written.unwrap_or(line.len());
        if self.appended_lines(new, request_id, Ok(length), count, answer) {
            let files = &mut self.model.run(&key).expect("it was found").files;
            files.entry(RunFile::Events).or_default().extend_from_slice(line.as_bytes());
        }
    }
}

/// A stream that can be shown.
struct Lines(callboard::store::LogStream);

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stream")
    }
}

/// Changes what the calls that are played change.
fn apply(meta: &mut RunMeta, change: RunMetaChange) {
    set(&mut meta.title, change.title);
    set(&mut meta.repo_id, change.repo_id);
    set(&mut meta.branch, change.branch);
    set(&mut meta.worktree_path, change.worktree_path);
    set(&mut meta.flags.abandoned, change.flags.abandoned);
    set(&mut meta.pr_number, change.pr_number);
    set(&mut meta.last_push_at, change.last_push_at);
    set(&mut meta.archive.archived_at, change.archive.archived_at);
    if change.created_at.is_some() {
        meta.created_at = change.created_at;
    }
    match change.setup {
        RunSetupChange::Keep => {}
        RunSetupChange::Remove => meta.setup = None,
        RunSetupChange::Replace(setup) => meta.setup = Some(setup),
        RunSetupChange::Change(fields) => {
            let setup = meta.setup.get_or_insert_default();
            set(&mut setup.exit_code, fields.exit_code);
            set(&mut setup.output_ok, fields.output_ok);
        }
    }
}
