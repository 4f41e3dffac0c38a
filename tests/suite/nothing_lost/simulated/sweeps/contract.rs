//! What must hold after a mutation that was cut off or refused: acknowledged is there, once;
//! not acknowledged is there whole or not at all; everything else is as it was.

use std::collections::BTreeSet;

use callboard::domain::Integrity;
use callboard::error::{Error, Reason};
use callboard::layout::message_file::{Tail, scan_all};

use crate::original_reader;

use super::super::Simulated;
use super::dump::{About, Dump};
use super::ground::{idle, open};
use super::mutation::{Again, Allowed, Form, Mutation};

/// A mutation, and what is seen before and after it when nothing fails.
pub(super) struct Contract {
    pub(super) mutation: Mutation,
    pub(super) ground: Simulated,
    pub(super) before: Dump,
    pub(super) after: Dump,
    /// How many operations it takes.
    pub(super) operations: usize,
}

/// What became of a call.
pub(super) type Outcome = Result<String, Error>;

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Breach {
    Lost,
    Duplicated,
    Torn,
}

/// A breach of the contract, with what was seen.
pub(super) type Complaint = (Breach, String);

impl Contract {
    /// Does the mutation where nothing fails, and looks at what is seen of it, also by
    /// another backend, and after the power was cut.
    pub(super) async fn of(mutation: Mutation, common: &Simulated) -> Self {
        let (name, about) = (mutation.name, mutation.about());
        let ground = super::ground::of(&mutation, common).await;
        let disk = ground.fork();
        let files = open(&disk).expect("the root is free");
        mutation.begin(&files).await;
        let before = Dump::of(&files, &disk, about).await;
        drop(files);

        let disk = ground.fork();
        let files = open(&disk).expect("the root is free");
        mutation.begin(&files).await;
        disk.arm(super::super::Fault::None, 0);
        (mutation.call)(&files).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        idle().await;
        let operations = disk.disarm().operations;
        let after = Dump::of(&files, &disk, about).await;
        drop(files);
        assert_ne!(before.said, after.said, "{name}: it changes something");
        assert!(operations > 0, "{name}: it writes something");
        let contract = Self { mutation, ground, before, after, operations };
        let again = open(&disk).expect("the root is free");
        assert_eq!(
            Dump::of(&again, &disk, about).await.said,
            contract.after.said,
            "{name}: and a restart"
        );
        contract
    }

    /// Compares what is seen with what may be.
    pub(super) fn compare(
        &self,
        acknowledged: bool,
        now: &Dump,
        tells_damage: bool,
    ) -> Option<Complaint> {
        let places: BTreeSet<&String> = self
            .before
            .said
            .keys()
            .chain(self.after.said.keys())
            .chain(now.said.keys())
            .filter(|place| tells_damage || !place.starts_with("damaged "))
            .filter(|place| acknowledged || !is_of_closed(place, now))
            .collect();
        let seen = |place: &String| Seen {
            before: self.before.said.get(place).map(String::as_str),
            after: self.after.said.get(place).map(String::as_str),
            now: now.said.get(place).map(String::as_str),
        };
        let mut old = Vec::new();
        let mut new = Vec::new();
        for place in places {
            let seen = seen(place);
            let is_stream = self.mutation.any_order && place.starts_with("messages ");
            if is_stream && sorted(seen.now) == sorted(seen.after) {
                continue;
            }
            let wrong = |breach| Some((breach, format!("{place}: {}", seen.told())));
            if seen.now == seen.after {
                if seen.now != seen.before && !self.is_by_itself(place) {
                    new.push(place.as_str());
                }
                continue;
            }
            if acknowledged {
                return wrong(Breach::Lost);
            }
            if seen.now == seen.before {
                if !self.is_by_itself(place) {
                    old.push(place.as_str());
                }
                continue;
            }
            if !self.mutation.allowed.iter().any(|allowed| allowed.allows(place, seen)) {
                return wrong(Breach::Torn);
            }
        }
        let mixed = !old.is_empty() && !new.is_empty();
        // What is begun may be there before the rest is.
        let may_be_begun = |place: &&str| {
            self.mutation
                .allowed
                .iter()
                .any(|allowed| matches!(allowed.form, Form::Begun(_)) && allowed.covers(place))
        };
        new.retain(|place| !may_be_begun(place));
        (mixed && !new.is_empty())
            .then(|| (Breach::Torn, format!("{old:?} are old, and {new:?} are new")))
    }

    fn is_by_itself(&self, place: &str) -> bool {
        let is =
            |allowed: &Allowed| matches!(allowed.form, Form::ByItself) && allowed.covers(place);
        self.mutation.allowed.iter().any(is)
    }

    /// Looks at what is on a disk as a new server does, and goes on working with it.
    pub(super) async fn check(
        &self,
        outcome: &Outcome,
        disk: &Simulated,
        tells_damage: bool,
    ) -> Option<Complaint> {
        let files = match open(disk) {
            Ok(files) => files,
            Err(error) => return Some((Breach::Lost, format!("a new server: {error}"))),
        };
        let now = Dump::of(&files, disk, self.mutation.about()).await;
        let acknowledged = outcome.is_ok();
        let mut complaint = self.compare(acknowledged, &now, tells_damage);
        let is_about_buses = self.mutation.about() == About::Buses;
        if complaint.is_none() && is_about_buses {
            complaint = wrong_cursors(&self.before, &now, &files).await;
        }
        if complaint.is_none() && is_about_buses {
            complaint = not_read_by_others(disk, &now);
        }
        if complaint.is_none() {
            complaint = self.repeat(outcome, (&files, disk), &now, tells_damage).await;
        }
        // What was left half-way is removed by now, or when this server has started.
        files.shut_down();
        files.follow_others().await;
        idle().await;
        drop(files);
        complaint.or_else(|| left_behind(disk))
    }

    /// Calls again, on a disk that works.
    pub(super) async fn repeat(
        &self,
        outcome: &Outcome,
        (files, disk): (&callboard::files::Files, &Simulated),
        now: &Dump,
        tells_damage: bool,
    ) -> Option<Complaint> {
        let is_done = is_same(&now.said, &self.after.said);
        let answer = (self.mutation.call)(files).await;
        idle().await;
        let then = Dump::of(files, disk, self.mutation.about()).await;
        let what = format!("a repetition: {answer:?}");
        match (self.mutation.again, &answer) {
            (Again::Same, Ok(answer)) => {
                if let Ok(first) = outcome
                    && first != answer
                {
                    return Some((Breach::Duplicated, format!("{what}, at first {first:?}")));
                }
            }
            (Again::Refused(reasons), Err(error)) if is_done => {
                if !reasons.contains(&error.reason()) {
                    return Some((Breach::Torn, what));
                }
            }
            (Again::Refused(_), Ok(_)) if is_done => return Some((Breach::Duplicated, what)),
            (Again::Adds, Ok(_)) if is_done => return self.compare_neighbours(&then, &what),
            (_, Ok(_)) => {}
            // What only some of it was done for is done by now, or is refused.
            (Again::Refused(reasons), Err(error)) if reasons.contains(&error.reason()) => {}
            (_, Err(_)) => return Some((Breach::Torn, what)),
        }
        if !is_done && matches!(self.mutation.again, Again::Adds) {
            // Some of it may have been there.
            return self.compare_neighbours(&then, &what);
        }
        let wrong = self.compare(true, &then, tells_damage)?;
        Some((Breach::Duplicated, format!("{what}: {}", wrong.1)))
    }

    /// Looks only at what the mutation is not about.
    fn compare_neighbours(&self, now: &Dump, what: &str) -> Option<Complaint> {
        for (place, before) in &self.before.said {
            let is_neighbour = self.after.said.get(place) == Some(before);
            if is_neighbour && now.said.get(place) != Some(before) && !place.starts_with("damaged")
            {
                let now = now.said.get(place);
                return Some((Breach::Lost, format!("{what}: {place} is {now:?}, not {before:?}")));
            }
        }
        None
    }
}

/// Whether a place is about a bus that says nothing until it is opened anew.
fn is_of_closed(place: &str, now: &Dump) -> bool {
    let is_about = |bus: &String| place.split_once(' ').is_some_and(|(_, of)| of == bus);
    now.closed.iter().any(is_about) || !now.closed.is_empty() && place == "followed"
}

fn sorted(lines: Option<&str>) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.unwrap_or_default().lines().collect();
    lines.sort_unstable();
    lines
}

/// Whether two say the same, but for damage.
fn is_same(
    one: &std::collections::BTreeMap<String, String>,
    other: &std::collections::BTreeMap<String, String>,
) -> bool {
    let without_damage = |said: &std::collections::BTreeMap<String, String>| {
        let said = said.iter().filter(|(place, _)| !place.starts_with("damaged "));
        said.map(|(place, said)| (place.clone(), said.clone())).collect::<Vec<_>>()
    };
    without_damage(one) == without_damage(other)
}

/// What is seen at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    before: Option<&'a str>,
    after: Option<&'a str>,
    now: Option<&'a str>,
}

impl Seen<'_> {
    /// Says it from where it differs on, and not much of it.
    fn told(&self) -> String {
        let all = [self.now, self.before, self.after].map(Option::unwrap_or_default);
        let is_same = |at: &usize| {
            all.iter().all(|one| one.as_bytes().get(*at) == all[0].as_bytes().get(*at))
        };
        let same = (0..all[0].len()).take_while(is_same).count().saturating_sub(60);
        let from = |said: Option<&str>| match said {
            None => "nothing".to_owned(),
            Some(said) => {
                let bytes = said.as_bytes().get(same..).unwrap_or_default();
                String::from_utf8_lossy(&bytes[..bytes.len().min(700)]).into_owned()
            }
        };
        let (now, before, after) = (from(self.now), from(self.before), from(self.after));
        format!("\n  now    {now}\n  before {before}\n  after  {after}")
    }
}

impl Allowed {
    fn allows(&self, place: &str, seen: Seen<'_>) -> bool {
        let Some(now) = seen.now else { return false };
        let before = seen.before.unwrap_or_default();
        self.covers(place)
            && match self.form {
                Form::ByItself => false,
                Form::Begun(says) => now.contains(says) && !now.contains("problem: Some"),
                Form::SomeLines => {
                    let known: Vec<&str> =
                        before.lines().chain(seen.after.unwrap_or_default().lines()).collect();
                    is_part_of(before, now) && now.lines().all(|line| known.contains(&line))
                        || is_part_of(now, before)
                            && is_part_of(seen.after.unwrap_or_default(), now)
                }
                Form::Longer => {
                    let text = |said: &str| {
                        let said = said.split_once('"').map_or("", |(_, rest)| rest);
                        said.rsplit_once('"').map_or("", |(text, _)| text).to_owned()
                    };
                    text(now).starts_with(&text(before))
                }
            }
    }
}

/// Whether the lines of one text are among those of another, in their order.
fn is_part_of(part: &str, whole: &str) -> bool {
    let mut lines = whole.lines();
    part.lines().all(|line| lines.any(|other| other == line))
}

async fn wrong_cursors(
    before: &Dump,
    now: &Dump,
    files: &callboard::files::Files,
) -> Option<Complaint> {
    let wrong = now.check_cursors(before, files).await;
    wrong.first().map(|wrong| (Breach::Lost, wrong.clone()))
}

/// Reads the buses as the original reader does: it gets every message of ours, at the latest
/// when the next append has moved away what is torn.
fn not_read_by_others(disk: &Simulated, now: &Dump) -> Option<Complaint> {
    for (bus, messages) in &now.messages {
        let folder = bus.as_str();
        let name = if bus.contains('/') { "TASK" } else { "PROJECT" };
        let live = format!("{folder}/{name}-MESSAGE-BUS.md");
        let archive = format!("{live}.");
        let mut read = Vec::new();
        for path in disk.paths() {
            if path == live || path.starts_with(&archive) && path.ends_with(".archived") {
                let mut bytes = disk.read(&path).unwrap_or_default();
                while let (_, Tail::Torn { keep }) = scan_all(&bytes) {
                    bytes.truncate(usize::try_from(keep).expect("an offset"));
                }
                read.extend(original_reader::read(&bytes));
            }
        }
        for message in messages.iter().filter(|one| one.integrity == Integrity::Verified) {
            // It does not take away what a body that looks like records was stuffed with.
            let found = read.iter().filter(|other| other.msg_id == message.msg_id).count();
            if found != 1 {
                let id = &message.msg_id;
                return Some((
                    Breach::Lost,
                    format!("the original reader gets {id} {found} times"),
                ));
            }
        }
    }
    None
}

/// What of a mutation that was cut off is left when a server has started since.
fn left_behind(disk: &Simulated) -> Option<Complaint> {
    let is_private = |path: &str| {
        ["staging/", "trash/"].iter().any(|folder| path.contains(&format!(".callboard/{folder}")))
    };
    let left: Vec<String> = disk.paths().into_iter().filter(|path| is_private(path)).collect();
    (!left.is_empty()).then(|| (Breach::Torn, format!("left behind: {left:?}")))
}

/// Whether an error says what went wrong.
pub(super) fn is_reason_of(fault: super::super::Fault, reason: Reason) -> bool {
    use super::super::Fault;
    match fault {
        Fault::Enospc | Fault::FullFromThere => {
            matches!(reason, Reason::DiskFull | Reason::Io | Reason::BusPoisoned)
        }
        _ => matches!(reason, Reason::Io | Reason::BusPoisoned),
    }
}
