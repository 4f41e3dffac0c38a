//! How far a transfer has come, as a person sees it: one line on stderr, drawn in place.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use super::{duration, escape, size, table, terminal};

/// How long a drawing stands at least. What takes no longer is not drawn at all.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);
/// How many characters the bar has.
const BAR_CHARS: u64 = 20;

/// A transfer in progress. Its line is gone when it is dropped.
pub(super) struct Transfer {
    label: String,
    /// How many bytes there are, if that is known.
    total: Option<u64>,
    done: u64,
    started: Instant,
    drawn: Instant,
    /// How wide the terminal is; none means that nobody looks.
    width: Option<usize>,
    visible: bool,
}

impl Transfer {
    /// Begins a transfer.
    pub(super) fn begin(label: &str, total: Option<u64>) -> Self {
        let now = Instant::now();
        Self {
            label: label.to_owned(),
            total,
            done: 0,
            started: now,
            drawn: now,
            width: terminal::stderr_width(),
            visible: false,
        }
    }

    /// Draws nothing: what is transferred goes to the same terminal.
    pub(super) fn hidden(mut self) -> Self {
        self.width = None;
        self
    }

    /// Notes that so many bytes more are transferred.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.done = self.done.saturating_add(bytes as u64);
        let Some(width) = self.width else { return };
        if self.drawn.elapsed() < REDRAW_INTERVAL {
            return;
        }
        // The last column stays empty: some terminals go on to the next line there.
        let width = width.saturating_sub(1);
        let line = line(&self.label, self.done, self.total, self.started.elapsed(), width);
        // There is nobody left to tell when stderr is closed.
        let _ = write!(io::stderr(), "\r{line}\x1b[K");
        self.drawn = Instant::now();
        self.visible = true;
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if self.visible {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// Returns the line: what, how much of how much, how fast, and how long it still takes.
/// Where it does not fit, the bar goes first; what remains to the last is the percentage.
fn line(label: &str, done: u64, total: Option<u64>, elapsed: Duration, width: usize) -> String {
    let label = escape::line(label);
    let total = total.filter(|&total| total > 0);
    let share = |of: u64, total: u64| {
        u64::try_from(u128::from(done.min(total)) * u128::from(of) / u128::from(total)).unwrap_or(0)
    };
    let percent = total.map(|total| format!(" {:3} %", share(100, total))).unwrap_or_default();
    let bar = total.map(|total| bar(share(BAR_CHARS, total))).unwrap_or_default();
    let of = total.map(|total| format!(" of {}", shown(total))).unwrap_or_default();
    let (done, speed) = (shown(done), speed(done, total, elapsed));
    let lines = [
        format!("{label}  {done}{of}{bar}{percent}{speed}"),
        format!("{label}  {done}{of}{percent}{speed}"),
        format!("{label}  {done}{of}{percent}"),
    ];
    let fits = |line: &String| line.chars().count() <= width;
    lines.into_iter().find(fits).unwrap_or_else(|| {
        let last = if percent.is_empty() { format!("  {done}") } else { percent };
        table::cut(&label, width.saturating_sub(last.len())) + &last
    })
}

fn shown(bytes: u64) -> String {
    size::text(i64::try_from(bytes).unwrap_or(i64::MAX))
}

fn bar(filled: u64) -> String {
    let (filled, width) = (usize::try_from(filled).unwrap_or(0), BAR_CHARS as usize);
    format!("  [{:width$}]", "=".repeat(filled))
}

/// Returns how fast it goes, and how long it still takes.
fn speed(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let millis = elapsed.as_millis().max(1);
    let rate = u64::try_from(u128::from(done) * 1000 / millis).unwrap_or(u64::MAX);
    let mut text = format!("  {}/s", shown(rate));
    if let Some(left) = total.and_then(|total| total.checked_sub(done)).filter(|_| rate > 0) {
        let left = u128::from(left) * 1000 / u128::from(rate);
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX));
        text.push_str(&format!("  {} left", duration::short(left)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_how_fast_and_how_long() {
        let second = Duration::from_secs(1);
        assert_eq!(
            line("a\x1b", 1 << 20, Some(4 << 20), second, 80),
            "a\\x1b  1.0 MiB of 4.0 MiB  [=====               ]  25 %  1.0 MiB/s  3.0s left"
        );
        assert_eq!(line("a", 2048, None, second * 2, 80), "a  2.0 KiB  1.0 KiB/s");
        assert_eq!(line("a", 0, Some(0), Duration::ZERO, 80), "a  0 B  0 B/s");
        // A file that grows meanwhile is not more than whole.
        let more = line("a", 9, Some(3), second, 80);
        assert!(more.contains("[====================] 100 %"), "{more}");
    }

    #[test]
    fn where_there_is_little_room_the_bar_goes_first_and_the_percentage_never() {
        let of = |width| line("dump.sql", 1 << 20, Some(4 << 20), Duration::from_secs(1), width);
        assert_eq!(of(58), "dump.sql  1.0 MiB of 4.0 MiB  25 %  1.0 MiB/s  3.0s left");
        assert_eq!(of(35), "dump.sql  1.0 MiB of 4.0 MiB  25 %");
        assert_eq!(of(29), "dump.sql  25 %");
        assert_eq!(of(12), "dump.…  25 %");
        assert_eq!(line("dump.sql", 1 << 20, None, Duration::from_secs(1), 16), "dump.s…  1.0 MiB");
    }
}
