//! A bus through several mutations after each other, with a fault in any of them: it gets
//! over a failed sync by a rotation, over a full disk by space, over the rest by itself.

use callboard::error::{Error, Reason};
use callboard::files::Files;
use callboard::store::{Archives as _, Filter, MessageBus as _, ReadQuery, ReadStart, Start};

use super::super::{Fault, Simulated, Survives};
use super::contract::{Breach, Complaint};
use super::ground::{batch_of, block_on, common, idle, open, request};
use super::report::{Case, Report};
use crate::nothing_lost::tally::rounds;

/// How many ways to lose what was not synced are tried of each case in a full run.
const SEEDS_FULL: usize = 20;

/// What was acknowledged of a story, and all that was tried, in order.
#[derive(Debug, Default)]
struct Story {
    tried: Vec<(&'static str, bool)>,
    /// What was refused, and why.
    refused: Vec<Error>,
}

impl Story {
    /// Appends and rotates; goes on whatever fails.
    async fn of(files: &Files) -> Self {
        let mut story = Self::default();
        story.append(files, &["three"], "").await;
        story.append(files, &["four"], "4").await;
        story.rotate(files).await;
        story.append(files, &["five", "six"], "56").await;
        story.append(files, &["seven"], "").await;
        story.rotate(files).await;
        story.append(files, &["eight"], "").await;
        story
    }

    async fn append(&mut self, files: &Files, bodies: &[&'static str], id: &str) {
        let mut appended = files.append(batch_of("p", "", bodies, request(id))).await;
        if appended.as_ref().is_err_and(|error| error.reason() == Reason::BusPoisoned) {
            // As the error says: the bus is rotated, and then it takes appends again.
            self.rotate(files).await;
            appended = files.append(batch_of("p", "", bodies, request(id))).await;
        }
        let acknowledged = appended.is_ok();
        self.refused.extend(appended.err());
        self.tried.extend(bodies.iter().map(|body| (*body, acknowledged)));
    }

    async fn rotate(&mut self, files: &Files) {
        let rotated = files.rotate(batch_of("p", "", &[], None).bus).await;
        self.refused.extend(rotated.err());
    }

    /// Compares what was acknowledged with what is there.
    fn compare(&self, there: &[String]) -> Option<Complaint> {
        let wrong = |breach, what: &str| Some((breach, format!("{what}: {there:?}, {self:?}")));
        let mut rest = there.iter();
        let before = ["one", "two"].map(|body| (body, true));
        for (body, acknowledged) in before.iter().chain(&self.tried) {
            let count = there.iter().filter(|other| other == body).count();
            if count > 1 {
                return wrong(Breach::Duplicated, body);
            }
            if *acknowledged && count == 0 {
                return wrong(Breach::Lost, body);
            }
            if count == 1 && !rest.any(|other| other == body) {
                return wrong(Breach::Torn, "out of order");
            }
        }
        let is_known = |one: &String| before.iter().chain(&self.tried).any(|(body, _)| body == one);
        if !there.iter().all(is_known) {
            return wrong(Breach::Torn, "nobody appended that");
        }
        None
    }
}

async fn bodies(files: &Files) -> Result<Vec<String>, Error> {
    let query = ReadQuery {
        bus: batch_of("p", "", &[], None).bus,
        start: ReadStart::From(Start::Earliest),
        limit: 100,
        filter: Filter::default(),
    };
    let page = files.read(query).await?;
    let body = |body: Vec<u8>| String::from_utf8_lossy(&body).into_owned();
    Ok(page.messages.into_iter().map(|message| body(message.body)).collect())
}

/// Looks at what is there as a new server, and appends one more.
async fn check(story: &Story, disk: &Simulated) -> Option<Complaint> {
    let looked = async {
        let files = open(disk)?;
        let there = bodies(&files).await?;
        files.append(batch_of("p", "", &["last"], None)).await?;
        Ok::<_, Error>((there, bodies(&files).await?))
    };
    match looked.await {
        Err(error) => Some((Breach::Lost, format!("a new server: {error}, {story:?}"))),
        Ok((mut there, then)) => story.compare(&there).or_else(|| {
            there.push("last".to_owned());
            (then != there).then(|| (Breach::Lost, format!("one more: {then:?}")))
        }),
    }
}

#[test]
fn a_bus_goes_on_after_a_fault_in_any_of_several_mutations() {
    const FAULTS: [Fault; 7] = [
        Fault::PowerOff,
        Fault::Eio,
        Fault::Enospc,
        Fault::FullFromThere,
        Fault::ShortWrite,
        Fault::Eintr,
        Fault::SyncFails,
    ];
    block_on(async {
        let ground = common().await;
        let disk = ground.fork();
        let files = open(&disk).expect("the root is free");
        disk.arm(Fault::None, 0);
        let whole = Story::of(&files).await;
        assert!(whole.refused.is_empty(), "{whole:?}");
        let operations = disk.disarm().operations;
        drop(files);
        let mut report = Report::default();
        for fault in FAULTS {
            for at in 0..operations {
                if report.wants("story", fault, at) {
                    tell(&ground, fault, at, &mut report).await;
                }
            }
        }
        report.settle(
            "each of these faults at every disk operation of seven mutations of a bus in a row",
            "nothing_lost::simulated::sweeps::sequences::\
             a_bus_goes_on_after_a_fault_in_any_of_several_mutations",
        );
    });
}

async fn tell(ground: &Simulated, fault: Fault, at: usize, report: &mut Report) {
    let disk = ground.fork();
    let files = open(&disk).expect("the root is free");
    disk.arm(fault, at);
    let mut story = Story::of(&files).await;
    idle().await;
    let trace = disk.trace();
    if !disk.disarm().hit {
        return;
    }
    if fault != Fault::PowerOff {
        // The cause is gone: what follows works, after a rotation if a sync had failed.
        story.append(&files, &["nine"], "9").await;
    }
    let outcome = match story.tried.last() {
        Some((_, true)) => Ok(String::new()),
        _ => Err(story.refused.last().cloned().expect("it was refused")),
    };
    let case = |then: String| Case {
        mutation: "story",
        fault,
        at,
        then,
        trace: &trace,
        outcome: &outcome,
    };
    if fault != Fault::PowerOff {
        let stuck = outcome.is_err().then(|| (Breach::Lost, format!("it is stuck: {story:?}")));
        let seen = match bodies(&files).await {
            Ok(there) => story.compare(&there),
            Err(error) => Some((Breach::Lost, format!("it cannot be read: {error}"))),
        };
        report.add(case("at once".to_owned()), stuck.or(seen));
        let restarted = disk.fork();
        report.add(case("a restart".to_owned()), check(&story, &restarted).await);
    }
    let seeds = (0..rounds(SEEDS_FULL) as u64).map(|seed| seed * 1000 + at as u64);
    let seeds = seeds.flat_map(|seed| [Survives::Ordered(seed), Survives::Subset(seed)]);
    for survives in [Survives::SyncedOnly].into_iter().chain(seeds) {
        let after = disk.fork().crash(survives);
        report.add(case(format!("{survives:?}")), check(&story, &after).await);
    }
}

#[test]
fn an_archive_whose_sync_fails_hides_none_of_its_messages() {
    block_on(async {
        let ground = common().await;
        let all = ["one", "two"];
        let rotated = ground.fork();
        let files = open(&rotated).expect("the root is free");
        files.rotate(batch_of("p", "", &[], None).bus).await.expect("rotated");
        drop(files);
        let mut refused = 0;
        // Of one that became an archive just now, and of one that nobody has looked at.
        for (disk, rotates) in [(&ground, true), (&rotated, false)] {
            for at in 0.. {
                let disk = disk.fork();
                let files = open(&disk).expect("the root is free");
                disk.arm(Fault::SyncFails, at);
                let rotate = || files.rotate(batch_of("p", "", &[], None).bus);
                let first = if rotates { rotate().await.map(drop) } else { Ok(()) };
                let first = first.and(bodies(&files).await);
                let armed = disk.disarm();
                if at >= armed.operations {
                    assert_eq!(first.expect("nothing failed"), all);
                    break;
                }
                // Never an answer that leaves them out.
                for looked in [first, bodies(&files).await] {
                    match looked {
                        Ok(there) => assert_eq!(there, all, "{rotates} {at}: {:?}", disk.trace()),
                        Err(_) => refused += 1,
                    }
                }
                if bodies(&files).await.is_err() {
                    let _ = rotate().await;
                }
                assert_eq!(bodies(&files).await.expect("it was rotated"), all);
                files.append(batch_of("p", "", &["three"], None)).await.expect("it takes appends");
            }
        }
        assert!(refused > 0, "some of it was refused");
    });
}
