//! Plays calls about runs, their files and their upkeep.

use std::collections::BTreeMap;

use callboard::clock::Clock as _;
use callboard::domain::{Liveness, Run, RunFile, RunInfo, RunKey};
use callboard::error::Reason;
use callboard::store::{
    CleanUp, EndStatus, FileStart, NewRun, Part, RunChange, RunEnd, RunFileQuery, RunQuery,
    Storage, TreeRoot,
};
use jiff::Timestamp;
use tokio_stream::StreamExt as _;

use super::model::{KeptRun, New, Node, liveness};
use super::operation::{EtagUse, Operation};
use super::play::{Player, parsed, set};

/// Whether a run's process is there.
pub(super) fn is_alive(run: &Run) -> bool {
    run.liveness == Liveness::Alive
}

impl<S: Storage> Player<S> {
    pub(super) async fn play_run(&mut self, operation: Operation) {
        match operation {
            Operation::CreateRun(new, request_id) => self.create_run(new, request_id).await,
            Operation::Run(key) => self.run(key).await,
            Operation::ListRuns(part, statuses, limit, with_meta) => {
                self.list_runs(part, statuses, limit, with_meta).await;
            }
            Operation::EndRun(key, end, etag) => self.end_run(key, end, etag).await,
            Operation::UpdateRun(key, change, etag) => self.update_run(key, change, etag).await,
            Operation::DeleteRun(key, force) => self.delete_run(key, force).await,
            Operation::RunTree(root) => self.run_tree(root).await,
            Operation::WriteRunFile(key, file, data) => {
                let found = self.model.run(&key).map(|_| ());
                let answer =
                    self.store.write_run_file(key.clone(), file.clone(), data.clone()).await;
                if let Some(size) = self.unless_refused(answer, found, false) {
                    assert_eq!(size, data.len() as u64, "{}", self.said);
                    self.model.run(&key).expect("it was found").files.insert(file, data);
                }
            }
            Operation::AppendRunOutput(key, file, offset, chunk) => {
                let kept = self.model.run(&key).ok().and_then(|kept| kept.files.get(&file));
                let size = kept.map_or(0, Vec::len) as u64;
                let offset = offset.map(|offset| size.saturating_add_signed(offset));
                self.append(key, file, offset, chunk).await;
            }
            Operation::AppendAgain => {
                if let Some((key, file, offset, chunk)) = self.appended.clone() {
                    self.append(key, file, offset, chunk).await;
                }
            }
            Operation::ReadRunFile(key, file, start) => self.read_run_file(key, file, start).await,
            Operation::ListRunFiles(key, limit) => self.list_run_files(key, limit).await,
            Operation::ReconcileRuns(part, dry_run) => self.reconcile(part, dry_run).await,
            Operation::CleanUpRuns(part, older_than, only_if_free_below, dry_run) => {
                self.clean_up(CleanUp { part, older_than, only_if_free_below, dry_run }).await;
            }
            other => panic!("{other:?} is played elsewhere"),
        }
    }

    async fn create_run(&mut self, new: NewRun, request_id: Option<&'static str>) {
        let answer = self.store.create_run(new.clone(), parsed(request_id)).await;
        let Some((item, repeated)) = self.created(&New::Run(new.clone()), request_id, answer)
        else {
            return;
        };
        let name = item.folder.clone();
        assert_eq!(item.task, new.task, "{}", self.said);
        if let Some(repeated) = repeated {
            assert_eq!(name, repeated, "{}", self.said);
        } else {
            let is_named = new.run.as_ref().is_none_or(|run| run.as_str() == name);
            let RunInfo { prompt_path, output_path, stdout_path, stderr_path, .. } = &item.info;
            let has_prompt_path = prompt_path.is_empty() == new.prompt.is_empty();
            assert!(is_named && has_prompt_path && item.etag.is_some(), "{}: {item:?}", self.said);
            let is_here = new.host.is_empty();
            let info = RunInfo {
                parent_run_id: new.parent_run_id.clone(),
                previous_run_id: new.previous_run_id.clone(),
                agent_type: new.agent_type.clone(),
                process_ownership: new.process_ownership.clone(),
                pid: if is_here { new.pid } else { 0 },
                pgid: if is_here { new.pgid } else { 0 },
                start_time: Some(self.clock.now()),
                status: "running".into(),
                cwd: new.cwd.clone(),
                commandline: new.commandline.clone(),
                agent_version: new.agent_version.clone(),
                prompt_path: prompt_path.clone(),
                output_path: output_path.clone(),
                stdout_path: stdout_path.clone(),
                stderr_path: stderr_path.clone(),
                ..RunInfo::unknown(&new.task, &name)
            };
            let run = Run {
                task: new.task.clone(),
                folder: name.clone(),
                path: item.path.clone(),
                liveness: liveness(&info),
                info,
                etag: item.etag.clone(),
                problem: None,
                meta: None,
            };
            let meta = new.meta.clone().map(|meta| self.filled(&run, meta, item.meta.as_deref()));
            let mut files = BTreeMap::new();
            if !new.prompt.is_empty() {
                files.insert(RunFile::Prompt, new.prompt.clone().into_bytes());
            }
            let kept = KeptRun { run, files, meta };
            let before = self.adopt_task(&new.task).runs.insert(name.clone(), kept);
            assert!(before.is_none(), "{}: {name} was there", self.said);
            self.remember(request_id, New::Run(new.clone()), &name);
        }
        let kept = &self.model.task(&new.task).expect("the task").runs[&name];
        let meta = kept.meta.clone().filter(|_| new.meta.is_some()).map(Box::new);
        assert_eq!(item, Run { meta, ..kept.run.clone() }, "{}", self.said);
    }

    pub(super) async fn run(&mut self, key: RunKey) {
        let expected = self.model.run(&key).map(|kept| kept.run.clone());
        let answer = self.store.run(key).await;
        if let Some(run) = self.unless_refused(answer, expected.clone(), false) {
            assert_eq!(Ok(run), expected, "{}", self.said);
        }
    }

    pub(super) async fn list_runs(
        &mut self,
        part: Part,
        statuses: Vec<String>,
        limit: usize,
        with_meta: bool,
    ) {
        let mut listed: Vec<Run> = Vec::new();
        let mut after = None;
        loop {
            let (part, statuses) = (part.clone(), statuses.clone());
            let query = RunQuery { part, statuses, after: after.clone(), limit, with_meta };
            let page = self.answered(self.store.list_runs(query).await);
            assert!(page.runs.len() <= limit, "{}: a page of {}", self.said, page.runs.len());
            assert!(page.next.is_none() || page.next > after, "{}: {:?}", self.said, page.next);
            listed.extend(page.runs);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let tasks = self.model.tasks_of(&part).unwrap_or_default();
        let kept = tasks.into_iter().flat_map(|task| task.runs.values());
        let mut expected: Vec<Run> = kept
            .map(|kept| {
                let meta = kept.meta.clone().filter(|_| with_meta).map(Box::new);
                Run { meta, ..kept.run.clone() }
            })
            .collect();
        expected.retain(|run| statuses.is_empty() || statuses.contains(&run.info.status));
        assert_eq!(listed, expected, "{}", self.said);
    }

    /// Takes a changed run into the model.
    pub(super) fn changed(&mut self, key: &RunKey, answered: &Run, info: RunInfo) {
        let kept = &mut self.model.run(key).expect("it was found").run;
        let (before, same) = (kept.etag.clone(), kept.info == info);
        kept.liveness = liveness(&info);
        kept.info = info;
        kept.etag.clone_from(&answered.etag);
        let (kept, etag) = (kept.clone(), answered.etag.clone());
        assert_eq!(*answered, kept, "{}", self.said);
        assert!(!same || before == etag, "{}: the etag moved", self.said);
        self.etag_moved(before, etag.as_ref(), same);
    }

    async fn end_run(&mut self, key: RunKey, end: RunEnd, etag: EtagUse) {
        let found = self.model.run(&key).map(|kept| kept.run.clone());
        let current = found.as_ref().ok().and_then(|run| run.etag.clone());
        let (etag, is_stale) = self.etag(etag, current.as_ref());
        let now = self.clock.now();
        let expected = found.and_then(|run| ended(&run.info, &end, now));
        let answer = self.store.end_run(key.clone(), end, etag).await;
        if let Some(answered) = self.unless_refused(answer, expected.clone(), is_stale) {
            self.changed(&key, &answered, expected.expect("not refused"));
        }
    }

    async fn update_run(&mut self, key: RunKey, change: RunChange, etag: EtagUse) {
        let found = self.model.run(&key).map(|kept| kept.run.clone());
        let current = found.as_ref().ok().and_then(|run| run.etag.clone());
        let (etag, is_stale) = self.etag(etag, current.as_ref());
        let answer = self.store.update_run(key.clone(), change.clone(), etag).await;
        if let Some(answered) = self.unless_refused(answer, found.clone(), is_stale) {
            let mut info = found.expect("not refused").info;
            let here =
                |number: Option<i64>| number.map(|it| if change.host.is_empty() { it } else { 0 });
            set(&mut info.pid, here(change.pid));
            set(&mut info.pgid, here(change.pgid));
            set(&mut info.commandline, change.commandline);
            set(&mut info.agent_version, change.agent_version);
            set(&mut info.error_summary, change.error_summary);
            set(&mut info.parent_run_id, change.parent_run_id);
            set(&mut info.previous_run_id, change.previous_run_id);
            self.changed(&key, &answered, info);
        }
    }

    async fn delete_run(&mut self, key: RunKey, force: bool) {
        let found = self.model.run(&key).map(|kept| kept.run.clone());
        let expected = match &found {
            Ok(run) if is_alive(run) && !force => Err(Reason::RunActive),
            other => other.as_ref().map(|_| ()).map_err(|reason| *reason),
        };
        let answer = self.store.delete_run(key, force).await;
        if self.unless_refused(answer, expected, false).is_some() {
            self.remove(&found.expect("not refused"));
        }
    }

    pub(super) fn remove(&mut self, run: &Run) {
        self.model.task(&run.task).expect("the task").runs.remove(&run.folder);
    }

    async fn run_tree(&mut self, root: TreeRoot) {
        let is_unique = self.model.run_ids_are_unique();
        let expected = self.model.tree(&root);
        let answer = self.store.run_tree(root, callboard::domain::Reach::All).await;
        let Some(nodes) = self.unless_refused(answer, expected.clone(), false) else { return };
        let mut groups: Vec<Vec<Node>> = Vec::new();
        for node in nodes {
            if let Some(run) = &node.run {
                let key = RunKey {
                    task: Some(run.task.clone()),
                    run: callboard::domain::RunId::parse(&node.run_id).expect("an id"),
                };
                let kept = self.model.run(&key).map(|kept| kept.run.clone());
                assert_eq!(Ok(run), kept.as_ref(), "{}", self.said);
            }
            let (exists, id) = (node.run.is_some(), node.run_id);
            let (depth, relation, is_loop) = (node.depth, node.relation, node.is_loop);
            if depth == 0 {
                groups.push(Vec::new());
            }
            let group = groups.last_mut().expect("the first stands at the top");
            group.push(Node { id, exists, depth, relation, is_loop });
        }
        // What an id in two places stands for is not said.
        if is_unique {
            let mut expected = expected.expect("not refused");
            for groups in [&mut groups, &mut expected] {
                groups.sort_by(|one, other| one[0].id.cmp(&other[0].id));
            }
            assert_eq!(groups, expected, "{}", self.said);
        }
    }

    async fn append(&mut self, key: RunKey, file: RunFile, offset: Option<u64>, chunk: Vec<u8>) {
        let found = self.model.run(&key).map(|kept| kept.files.get(&file).cloned());
        let there = found.clone().ok().flatten().unwrap_or_default();
        let start = offset.map_or(there.len(), |offset| usize::try_from(offset).expect("small"));
        // As much of the chunk as the file may hold already.
        let held = there.get(start..).map(|rest| &rest[..rest.len().min(chunk.len())]);
        let expected = match (found, held) {
            (Err(reason), _) => Err(reason),
            (Ok(_), Some(held)) if chunk.starts_with(held) => Ok(held.len()),
            _ => Err(Reason::OffsetMismatch),
        };
        let call = (key.clone(), file.clone(), offset, chunk.clone());
        let answer =
            self.store.append_run_output(key.clone(), file.clone(), offset, chunk.clone()).await;
        self.appended = Some(call);
        if let Some(appended) = self.unless_refused(answer, expected, false) {
            let held = expected.expect("not refused");
            let is_duplicate = held == chunk.len() && !chunk.is_empty();
            assert_eq!(appended.duplicate, is_duplicate, "{}", self.said);
            assert_eq!(appended.next_offset, (start + chunk.len()) as u64, "{}", self.said);
            let kept = self.model.run(&key).expect("it was found");
            kept.files.entry(file).or_default().extend_from_slice(&chunk[held..]);
        }
    }

    pub(super) async fn read_run_file(&mut self, key: RunKey, file: RunFile, start: FileStart) {
        let found = self.model.run(&key).map(|kept| kept.files.get(&file).cloned());
        let query = RunFileQuery { run: key, file, start, follow: false };
        let answer = self.store.read_run_file(query).await.map(Stream);
        let (content, first) = match found {
            Err(reason) => return self.refused(answer, &[reason]),
            Ok(None) if matches!(start, FileStart::Offset(1..)) => {
                return self.refused(answer, &[Reason::RunFileNotFound, Reason::OffsetMismatch]);
            }
            Ok(None) => return self.refused(answer, &[Reason::RunFileNotFound]),
            Ok(Some(content)) => match start {
                FileStart::Offset(offset) if offset > content.len() as u64 => {
                    return self.refused(answer, &[Reason::OffsetMismatch]);
                }
                FileStart::Offset(offset) => (content, usize::try_from(offset).expect("small")),
                FileStart::TailLines(lines) => {
                    let first = tail(&content, usize::try_from(lines).expect("small"));
                    (content, first)
                }
            },
        };
        let Stream(mut chunks) = self.answered(answer);
        let mut read = Vec::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = self.answered(chunk);
            assert_eq!(chunk.offset, (first + read.len()) as u64, "{}", self.said);
            assert!(!chunk.restarted && !chunk.bytes.is_empty(), "{}", self.said);
            read.extend(chunk.bytes);
        }
        assert_eq!(read, content[first..], "{}", self.said);
    }

    pub(super) async fn list_run_files(&mut self, key: RunKey, limit: usize) {
        let found = self.model.run(&key).map(|kept| kept.files.clone());
        let mut listed: Vec<(RunFile, u64)> = Vec::new();
        loop {
            let after = listed.last().map(|(file, _)| file.clone());
            let answer = self.store.list_run_files(key.clone(), after, limit).await;
            let Some(page) = self.unless_refused(answer, found.clone(), false) else { return };
            self.check_page(page.items.len(), limit, page.more);
            listed.extend(page.items.into_iter().map(|summary| (summary.file, summary.size)));
            if !page.more {
                break;
            }
        }
        let files = found.expect("not refused").into_iter();
        let expected: Vec<_> = files.map(|(file, content)| (file, content.len() as u64)).collect();
        assert_eq!(listed, expected, "{}", self.said);
    }
}

/// A stream that can be shown.
struct Stream(callboard::store::ChunkStream);

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stream")
    }
}

/// Where the last so many lines begin.
fn tail(content: &[u8], lines: usize) -> usize {
    let pieces = content.split_inclusive(|byte| *byte == b'\n');
    let lengths: Vec<usize> = pieces.map(<[u8]>::len).collect();
    content.len() - lengths.iter().rev().take(lines).sum::<usize>()
}

/// What a run's record says after its end.
fn ended(info: &RunInfo, end: &RunEnd, now: Timestamp) -> Result<RunInfo, Reason> {
    let status = match end.status {
        EndStatus::Running => "running",
        EndStatus::Completed => "completed",
        EndStatus::Failed => "failed",
    };
    if info.status == status {
        let same = end.exit_code.is_none_or(|code| status == "running" || code == info.exit_code);
        if same {
            return Ok(info.clone());
        }
    }
    // What was reconciled may be corrected by whoever knows better.
    let is_guess = info.status == "failed"
        && info.exit_code == -1
        && info.error_summary == "its process is gone";
    if info.status != "running" && (!is_guess || status == "running")
        || info.status == status && !is_guess
    {
        return Err(Reason::InvalidTransition);
    }
    let mut ended = info.clone();
    if is_guess {
        ended.error_summary.clear();
    }
    ended.status = status.into();
    ended.exit_code = end.exit_code.unwrap_or(if status == "completed" { 0 } else { -1 });
    // Never before its start.
    ended.end_time = info.start_time.max(Some(now));
    if !end.error_summary.is_empty() {
        ended.error_summary.clone_from(&end.error_summary);
    }
    Ok(ended)
}
