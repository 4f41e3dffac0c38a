//! The live table: drawn in place, as large as the terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::table::{self, Row, Table};
use crate::cli::{escape, run_text, terminal};
use crate::domain::run_status;
use crate::grpc::pb::watch_response::Frame;
use crate::grpc::pb::{Run, Task};

use super::board::Board;

/// How long a drawing stands at least.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);
/// How often durations are drawn anew.
const TICK: Duration = Duration::from_secs(1);
/// For a terminal that does not say its size.
const SIZE_DEFAULT: (usize, usize) = (80, 24);

/// What stands on the terminal.
#[derive(Debug)]
pub(super) struct Screen {
    /// What is watched.
    label: String,
    /// How many characters each line has that was drawn last.
    drawn: Vec<usize>,
    drawn_at: Option<Instant>,
    /// Whether something changed since.
    stale: bool,
    /// Whether the stream is broken.
    broken: bool,
    /// Whether everything there is has been named once.
    synced: bool,
}

impl Screen {
    /// Begins with nothing drawn.
    pub(super) fn new(label: String) -> Self {
        Self {
            label,
            drawn: Vec::new(),
            drawn_at: None,
            stale: false,
            broken: false,
            synced: false,
        }
    }

    /// Notes that the board changes by this frame.
    pub(super) fn note_change(&mut self, frame: &Frame) {
        self.synced |= matches!(frame, Frame::Synced(_));
        self.stale |= self.broken || !matches!(frame, Frame::Heartbeat(_));
        self.broken = false;
    }

    /// Notes that the stream broke.
    pub(super) fn note_break(&mut self) {
        self.broken = true;
        self.stale = true;
    }

    /// Waits until the table is to be drawn.
    pub(super) async fn due(&self, board: &Board) {
        let ticks = board.runs().any(is_running);
        let wait = match (self.synced, self.stale) {
            (true, true) => REDRAW_INTERVAL,
            (true, false) if ticks => TICK,
            // A part of the state at the beginning would only flicker.
            _ => return std::future::pending().await,
        };
        if let Some(drawn_at) = self.drawn_at {
            tokio::time::sleep_until(drawn_at + wait).await;
        }
    }

    /// Draws the table where it stood before.
    pub(super) fn draw(
        &mut self,
        output: &mut Output,
        board: &Board,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let (width, height) = terminal::size().unwrap_or(SIZE_DEFAULT);
        let mut lines = lines(board, now, width, height.saturating_sub(2));
        lines.insert(0, table::cut(&summary(&self.label, board, self.broken), width));
        output.print_bytes(erase(&self.drawn, width).as_bytes())?;
        for line in &lines {
            output.print_text(line)?;
        }
        output.flush()?;
        self.drawn = lines.iter().map(|line| line.chars().count()).collect();
        self.drawn_at = Some(Instant::now());
        self.stale = false;
        Ok(())
    }
}

/// Returns what is said above the table.
fn summary(label: &str, board: &Board, broken: bool) -> String {
    let running = board.runs().filter(|run| is_running(run)).count();
    let (tasks, runs) = (board.tasks().count(), board.runs().count());
    let label = escape::line(label);
    let mut summary = format!("{label}  tasks: {tasks}  runs: {runs}  running: {running}");
    if broken {
        summary.push_str("  (the connection is lost; connecting again)");
    }
    summary
}

/// Returns what takes lines away that were drawn: up, and clear to the end. Lines that
/// are longer than the terminal is wide by now take several rows.
fn erase(drawn: &[usize], width: usize) -> String {
    let rows: usize = drawn.iter().map(|chars| chars.div_ceil(width.max(1)).max(1)).sum();
    match rows {
        0 => String::new(),
        rows => format!("\r\x1b[{rows}A\x1b[J"),
    }
}

/// A task with its runs.
#[derive(Default)]
struct Group<'a> {
    task: Option<&'a Task>,
    runs: Vec<&'a Run>,
}

impl Group<'_> {
    /// Those with running runs come first, then those where something happened last.
    fn rank(&self) -> (bool, Option<(i64, i32)>) {
        let instant = |ts: &prost_types::Timestamp| (ts.seconds, ts.nanos);
        let of_runs = self.runs.iter().flat_map(|run| [&run.start_time, &run.end_time]);
        let of_task = self.task.into_iter().flat_map(|task| [&task.created_at, &task.updated_at]);
        let last = of_runs.chain(of_task).flatten().map(instant).max();
        (self.runs.iter().any(|run| is_running(run)), last)
    }
}

/// Returns the table, of at most `height` lines.
fn lines(board: &Board, now: Timestamp, width: usize, height: usize) -> Vec<String> {
    let mut groups: BTreeMap<(&str, &str), Group<'_>> = BTreeMap::new();
    for (key, frame) in board.things() {
        let place = (key.project.as_str(), key.task.as_str());
        match frame {
            Frame::Task(task) => groups.entry(place).or_default().task = Some(task),
            Frame::Run(run) => groups.entry(place).or_default().runs.push(run),
            _ => {}
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.rank()));
    let mut rows = Vec::new();
    for ((project, task), group) in &groups {
        rows.push(of_task(&format!("{project}/{task}"), group.task));
        rows.extend(group.runs.iter().rev().map(|run| of_run(run, now)));
    }
    let page = table().cut_at(Some(width)).page(&rows);
    let mut lines: Vec<String> = page.lines().map(|line| table::cut(line, width)).collect();
    if lines.len() > height {
        let shown = height.saturating_sub(1);
        let hidden = lines.len() - shown;
        lines.truncate(shown);
        lines.push(table::cut(&format!("… {hidden} more lines"), width));
    }
    lines
}

fn table() -> Table {
    Table::new(vec![
        table::text("TASK / RUN", 10),
        table::text("STATUS", 9),
        table::text("STATE", 6),
        table::text("AGENT", 6),
        table::number("DURATION", 8),
        table::text("DETAIL", 6),
    ])
}

fn of_task(name: &str, task: Option<&Task>) -> Row {
    let task = task.cloned().unwrap_or_default();
    let state = if task.done { "done".to_owned() } else { task.state_status };
    Row {
        cells: vec![
            name.to_owned(),
            task.status,
            state,
            String::new(),
            String::new(),
            task.description,
        ],
        problem: task.problem,
    }
}

fn of_run(run: &Run, now: Timestamp) -> Row {
    let exit = match run_text::exit_code(run) {
        code if code.is_empty() => run.error_summary.clone(),
        code => format!("exit {code}  {}", run.error_summary),
    };
    Row {
        cells: vec![
            format!("  {}", run.run_id),
            run.status.clone(),
            run_text::liveness(run).to_owned(),
            run.agent_type.clone(),
            run_text::took(run, now),
            exit.trim_end().to_owned(),
        ],
        problem: run.problem.clone(),
    }
}

fn is_running(run: &Run) -> bool {
    run.status == run_status::RUNNING
}

#[cfg(test)]
mod tests {
    use crate::cli::watch::board::tests::{run, task};

    use super::*;

    fn board() -> Board {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let mut board = Board::default();
        let old = Run { start_time: at(10), ..run("t", "r1", "running") };
        let ended =
            Run { start_time: at(5), end_time: at(7), exit_code: 3, ..run("t", "r0", "failed") };
        let newer = Task { created_at: at(50), description: "a\x1b".into(), ..task("p", "u") };
        for frame in
            [Frame::Task(task("p", "t")), Frame::Run(ended), Frame::Run(old), Frame::Task(newer)]
        {
            board.apply(frame);
        }
        board
    }

    fn now() -> Timestamp {
        Timestamp::from_second(70).expect("a time")
    }

    #[test]
    fn runs_stand_below_their_task_and_running_ones_come_first() {
        assert_eq!(
            lines(&board(), now(), 100, 20),
            [
                "TASK / RUN  STATUS     STATE   AGENT   DURATION  DETAIL",
                "p/t         -          -       -              -  -",
                "  r1        running    -       -          1m00s  -",
                "  r0        failed     -       -           2.0s  exit 3",
                "p/u         -          -       -              -  a\\x1b",
            ]
        );
    }

    #[test]
    fn it_is_never_larger_than_the_terminal() {
        for (width, height) in [(20, 4), (1, 1), (5, 3)] {
            let lines = lines(&board(), now(), width, height);
            assert!(lines.len() <= height, "{lines:?}");
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:?}");
        }
        let short = lines(&board(), now(), 40, 4);
        assert_eq!(short.last().map(String::as_str), Some("… 2 more lines"));
        assert_eq!(
            summary("p\x1b", &board(), true),
            "p\\x1b  tasks: 2  runs: 2  running: 1  (the connection is lost; connecting again)"
        );
    }

    #[test]
    fn lines_that_a_narrower_terminal_has_broken_are_taken_away_whole() {
        assert_eq!(erase(&[], 80), "");
        assert_eq!(erase(&[10, 0, 80], 80), "\r\x1b[3A\x1b[J");
        assert_eq!(erase(&[10, 0, 80], 40), "\r\x1b[4A\x1b[J");
    }
}
