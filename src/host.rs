//! This host: its name, whether a run's process is there, and whose a socket is. Reads `/proc`, where
//! there is one, and nothing else of the file system.
//!
//! A number alone says little: numbers are reused, and a process that ended stays
//! in the table until its parent asks for it.

mod socket_owner;

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process, test_kill_process_group};

pub use socket_owner::{is_loopback, known_user, socket_owner};

/// How much later than its run a process may seem to have started: the clock may
/// have been set since, and the system tells whole seconds.
const START_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// Returns the name of this host.
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Tells whether a run's process, or another of its process group, is there.
///
/// A process that ended and waits for its parent is not there, nor is one that
/// began later than `started_by`: it has only got the same number. Where the system
/// does not tell when a process began, it counts as ours.
pub fn process_is_there(pid: i64, pgid: i64, started_by: Option<Timestamp>) -> bool {
    leader_is_there(pid, started_by)
        // A leader that began later leads another group.
        || as_pid(pgid).is_some_and(|pgid| has_members(pgid) && !is_later(pgid, started_by))
}

/// Tells whether a run's own process is there, whatever has become of its process group:
/// this looks at no other process, however many there are.
pub fn leader_is_there(pid: i64, started_by: Option<Timestamp>) -> bool {
    as_pid(pid).is_some_and(|pid| is_living(pid) && !is_later(pid, started_by))
}

/// Returns the process group in the foreground of the terminal that this process
/// belongs to. Any program finds that terminal as `/dev/tty`, also when none of its
/// streams is the terminal. None without a terminal, or where the system does not tell.
pub fn foreground_group() -> Option<Pid> {
    let group = Stat::of(rustix::process::getpid())?.foreground_group;
    if group > 0 { Pid::from_raw(group) } else { None }
}

/// Returns the signals that this process ignores, signal n as bit n - 1; none where the
/// system does not tell.
pub fn ignored_signals() -> Option<u64> {
    ignored_in(&fs::read_to_string("/proc/self/status").ok()?)
}

/// Returns when this process began, to a second; none where the system does not tell.
pub fn process_start() -> Option<Timestamp> {
    Stat::of(rustix::process::getpid())?.began()
}

/// Returns how many descriptors this process has open; none where the system does not tell.
pub fn open_descriptors() -> Option<usize> {
    // The folder itself is open while it is listed.
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

fn ignored_in(status: &str) -> Option<u64> {
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(set.trim(), 16).ok()
}

/// What a process has used of this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The time that processors worked for it.
    pub cpu: Duration,
    /// How much memory it has, in bytes.
    pub resident_bytes: u64,
    /// How much it had at most.
    pub resident_bytes_peak: u64,
}

/// Returns what a process has used; none when it is not there, or where the system does not
/// tell.
pub fn usage(pid: i64) -> Option<Usage> {
    let pid = as_pid(pid)?;
    let ticks = Stat::of(pid)?.cpu_ticks;
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid())).ok()?;
    let kibibytes = |key| status.lines().find_map(|line| line.strip_prefix(key)).and_then(number);
    Some(Usage {
        cpu: Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64),
        resident_bytes: kibibytes("VmRSS:")? * 1024,
        resident_bytes_peak: kibibytes("VmHWM:")? * 1024,
    })
}

/// Reads `   4711 kB`.
fn number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

fn as_pid(number: i64) -> Option<Pid> {
    // `from_raw` takes no 0, and panics below.
    i32::try_from(number).ok().filter(|number| *number > 0).and_then(Pid::from_raw)
}

fn is_living(pid: Pid) -> bool {
    exists(test_kill_process(pid)) && Stat::of(pid).is_none_or(|stat| !stat.is_ended())
}

fn has_members(pgid: Pid) -> bool {
    // As a group, 1 would mean every process there is.
    let seen = pgid == Pid::INIT || exists(test_kill_process_group(pgid));
    // The system counts those that ended; where they can be looked at, look.
    seen && living_members(pgid).unwrap_or(pgid != Pid::INIT)
}

/// Tells whether a signal would find somebody. Not being allowed to send it is an
/// answer as well.
fn exists(answer: rustix::io::Result<()>) -> bool {
    matches!(answer, Ok(()) | Err(Errno::PERM))
}

/// Looks for a process of a group that has not ended; none when no process of it is
/// shown.
fn living_members(pgid: Pid) -> Option<bool> {
    let processes = fs::read_dir("/proc").ok()?;
    let mut answer = None;
    let pids = processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().and_then(as_pid));
    for stat in pids.filter_map(Stat::of).filter(|stat| stat.pgid == pgid.as_raw_pid()) {
        if !stat.is_ended() {
            return Some(true);
        }
        answer = Some(false);
    }
    answer
}

/// Tells whether a process is known to have begun after its run.
fn is_later(pid: Pid, started_by: Option<Timestamp>) -> bool {
    let latest = started_by.and_then(|start| start.checked_add(START_TOLERANCE).ok());
    latest.is_some_and(|latest| {
        Stat::of(pid).and_then(|stat| stat.began()).is_some_and(|began| began > latest)
    })
}

/// What the system tells of a process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    pgid: i32,
    /// Of the terminal; -1 without one.
    foreground_group: i32,
    /// For which processors worked for it, also in the system.
    cpu_ticks: u64,
    /// Since the system was started.
    start_ticks: u64,
}

impl Stat {
    /// Reads `/proc/<pid>/stat`; none when there is no such process, or no such
    /// file system.
    fn of(pid: Pid) -> Option<Self> {
        Self::parse(&fs::read(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?)
    }

    /// Reads `4711 (name) S 1 4711 …`, see proc_pid_stat(5). The name is whatever
    /// the program calls itself, parentheses, spaces and line ends included; what
    /// follows its last parenthesis are plain words.
    fn parse(line: &[u8]) -> Option<Self> {
        let name_end = line.iter().rposition(|byte| *byte == b')')?;
        let mut words = std::str::from_utf8(&line[name_end + 1..]).ok()?.split_whitespace();
        // The fields 3, 5, 8, 14, 15 and 22.
        let state = words.next()?.chars().next()?;
        let pgid = words.nth(1)?.parse().ok()?;
        let foreground_group = words.nth(2)?.parse().ok()?;
        let user_ticks: u64 = words.nth(5)?.parse().ok()?;
        let system_ticks: u64 = words.next()?.parse().ok()?;
        let cpu_ticks = user_ticks.saturating_add(system_ticks);
        let start_ticks = words.nth(6)?.parse().ok()?;
        Some(Self { state, pgid, foreground_group, cpu_ticks, start_ticks })
    }

    /// Tells whether it ended, and only its parent has not asked for it yet.
    fn is_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }

    fn began(&self) -> Option<Timestamp> {
        let booted = fs::read_to_string("/proc/stat").ok()?;
        let booted = booted.lines().find_map(|line| line.strip_prefix("btime "))?;
        let seconds = self.start_ticks.checked_div(rustix::param::clock_ticks_per_second())?;
        let began = booted.trim().parse::<i64>().ok()?.checked_add_unsigned(seconds)?;
        Timestamp::from_second(began).ok()
    }
}

/// Returns the number that the kernel gives for users whom a process has no number for.
fn overflow_user() -> Option<u32> {
    fs::read_to_string("/proc/sys/kernel/overflowuid").ok()?.trim().parse().ok()
}

/// Returns the user as whom this process acts.
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command};
    use std::time::Instant;

    use crate::clock::{Clock as _, SystemClock};

    use super::*;

    /// A process that does nothing, killed and waited for in the end.
    struct Sleeper(Child);

    impl Sleeper {
        /// Starts one in a group; 0 for one of its own.
        fn start(pgid: i32) -> Self {
            let mut command = Command::new("sleep");
            Self(command.arg("600").process_group(pgid).spawn().expect("a process"))
        }

        fn pid(&self) -> i64 {
            i64::from(self.0.id())
        }

        fn began(&self) -> Timestamp {
            let stat = as_pid(self.pid()).and_then(Stat::of).expect("its line");
            stat.began().expect("a time")
        }

        /// Ends it, and leaves it to its parent, which is us.
        fn kill(&mut self) {
            self.0.kill().expect("a signal");
            let deadline = Instant::now() + std::time::Duration::from_secs(10);
            let ended = || as_pid(self.pid()).and_then(Stat::of).is_some_and(|it| it.is_ended());
            while !ended() {
                assert!(Instant::now() < deadline, "it does not end");
                std::thread::yield_now();
            }
        }

        fn wait(&mut self) {
            self.0.wait().expect("its end");
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn a_process_is_there_until_it_ends() {
        let mut sleeper = Sleeper::start(0);
        let (pid, now) = (sleeper.pid(), Some(SystemClock.now()));
        assert!(process_is_there(pid, pid, None));
        assert!(process_is_there(pid, 0, now));
        assert!(process_is_there(0, pid, now));
        sleeper.kill();
        sleeper.wait();
        assert!(!process_is_there(pid, pid, None));
        assert!(!process_is_there(pid, pid, now));
    }

    #[test]
    fn a_process_that_nobody_waited_for_is_not_there() {
        let mut sleeper = Sleeper::start(0);
        let pid = sleeper.pid();
        sleeper.kill();
        assert!(exists(test_kill_process(as_pid(pid).expect("a pid"))), "the number is taken");
        assert!(!process_is_there(pid, 0, None));
        assert!(!process_is_there(pid, pid, None), "nor is its group");
    }

    #[test]
    fn a_process_that_began_later_has_only_got_the_number() {
        let sleeper = Sleeper::start(0);
        let (pid, began) = (sleeper.pid(), sleeper.began());
        let by = |seconds| Some(began + SignedDuration::from_secs(seconds));
        assert!(!process_is_there(pid, pid, by(-3600)));
        assert!(!process_is_there(pid, 0, by(-61)));
        assert!(!process_is_there(0, pid, by(-61)), "its group is another one");
        assert!(process_is_there(pid, 0, by(-60)), "the clock may be a little off");
        assert!(process_is_there(pid, 0, by(3600)));
        let age = SystemClock.now().duration_since(began).abs();
        assert!(age < START_TOLERANCE, "it began {age:?} from now");
    }

    #[test]
    fn a_group_is_there_while_one_of_it_lives() {
        let mut leader = Sleeper::start(0);
        let pgid = leader.pid();
        let mut member = Sleeper::start(i32::try_from(pgid).expect("a pid"));
        leader.kill();
        assert!(!process_is_there(pgid, 0, None));
        assert!(process_is_there(pgid, pgid, None), "while nobody waited for the leader");
        leader.wait();
        assert!(process_is_there(pgid, pgid, None));
        let early = Some(member.began() - SignedDuration::from_hours(1));
        assert!(process_is_there(pgid, pgid, early), "a member may begin later");
        member.kill();
        assert!(!process_is_there(pgid, pgid, None), "all have ended");
        member.wait();
        assert!(!process_is_there(pgid, pgid, None));
    }

    #[test]
    fn numbers_that_no_process_has_are_never_there() {
        for number in [0, -1, i64::MIN, i64::from(i32::MAX) + 1, 1 << 32 | 1, i64::MAX] {
            assert!(!process_is_there(number, number, None), "{number}");
        }
        // No system gives numbers that high; the group 1 must not mean everybody.
        assert!(!process_is_there(i64::from(i32::MAX), i64::from(i32::MAX), None));
        assert_eq!(has_members(Pid::INIT), living_members(Pid::INIT) == Some(true));
    }

    #[test]
    fn a_name_with_parentheses_and_spaces_hides_nothing() {
        let rest = "S 1 4711 4711 34816 99 4194304 94 0 0 0 1 2 3 4 20 0 1 0 987654 2437120 243";
        let expected = Some(Stat {
            state: 'S',
            pgid: 4711,
            foreground_group: 99,
            cpu_ticks: 3,
            start_ticks: 987_654,
        });
        for name in ["sleep", "a) Z 9 9 (b", "two words", ")", "((", "line\nend"] {
            assert_eq!(Stat::parse(format!("12 ({name}) {rest}\n").as_bytes()), expected, "{name}");
        }
        assert_eq!(Stat::parse(&[b"12 (\xff\xfe) ", rest.as_bytes()].concat()), expected);
        for broken in ["", "12", "12 (x)", "12 (x) S 1", "12 (x) S 1 a"] {
            assert_eq!(Stat::parse(broken.as_bytes()), None, "{broken:?}");
        }
    }

    #[test]
    fn ignored_signals_are_read_from_what_the_system_tells() {
        assert_eq!(ignored_in("Name:\tx\nSigIgn:\t0000000000000003\n"), Some(3));
        assert_eq!(ignored_in("Name:\tx\n"), None);
        assert!(ignored_signals().is_some());
    }

    #[test]
    fn a_process_has_used_time_and_memory_and_one_that_is_not_there_none() {
        let begin = Instant::now();
        let mut sum = 0_u64;
        while begin.elapsed() < Duration::from_millis(50) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let used = usage(i64::from(std::process::id())).expect("what this process used");
        assert!(used.cpu > Duration::ZERO);
        assert!(used.resident_bytes > 1 << 20 && used.resident_bytes <= used.resident_bytes_peak);
        assert_eq!(usage(i64::from(i32::MAX)), None);
        assert_eq!(usage(0), None);
    }

    #[test]
    fn a_descriptor_that_is_opened_is_counted() {
        // Other tests open and close theirs meanwhile.
        let before = open_descriptors().expect("a count");
        let opened: Vec<_> = (0..250).map(|_| std::io::pipe().expect("a pipe")).collect();
        assert!(open_descriptors().expect("a count") > before + 250);
        drop(opened);
        assert!(open_descriptors().expect("a count") < before + 250);
    }

    #[test]
    fn this_process_began_a_while_ago() {
        let began = process_start().expect("a time");
        let age = SystemClock.now().duration_since(began);
        assert!(
            age > -SignedDuration::from_secs(2) && age < SignedDuration::from_hours(1),
            "{age}"
        );
    }

    #[test]
    fn the_host_has_a_name() {
        assert!(!name().is_empty());
    }
}
