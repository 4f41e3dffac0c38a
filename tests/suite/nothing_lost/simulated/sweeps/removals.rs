//! What was made with a request id, and then removed or replaced by somebody else.

use callboard::domain::ArtifactId;
use callboard::error::{Error, Reason};
use callboard::files::Files;
use callboard::store::{Artifacts as _, NewArtifact, Runs as _, Storing, Tasks as _};

use super::super::Survives;
use super::dump::{About, Dump};
use super::ground::{
    artifact, block_on, common, content, idle, new_run, new_task, open, request, run, task, task_of,
};
use super::mutation::Call;

/// A call, and a later one that takes away what it made.
type Pair = (&'static str, Call, Call, Reason);

const PAIRS: [Pair; 5] = [
    (
        "task",
        |files| {
            Box::pin(async move {
                let made = files.create_task(new_task("p", "new"), request("one")).await?;
                Ok(made.duplicate.to_string())
            })
        },
        |files| {
            Box::pin(async move {
                files.delete_task(task_of("p", "new"), false).await.map(|()| String::new())
            })
        },
        Reason::RequestIdReused,
    ),
    (
        "run",
        |files| {
            Box::pin(async move {
                let made = files.create_run(new_run("t", "new"), request("one")).await?;
                Ok(made.duplicate.to_string())
            })
        },
        |files| {
            Box::pin(
                async move { files.delete_run(run("new"), true).await.map(|()| String::new()) },
            )
        },
        Reason::RequestIdReused,
    ),
    (
        "a version",
        |files| Box::pin(save(files, artifact("b.txt", Storing::Versioned), "first", "one")),
        |files| Box::pin(remove(files, "b.1.txt")),
        Reason::RequestIdReused,
    ),
    (
        "an artifact",
        |files| Box::pin(save(files, artifact("b.txt", Storing::Plain), "first", "one")),
        |files| Box::pin(remove(files, "b.txt")),
        Reason::RequestIdReused,
    ),
    (
        "what is replaced",
        |files| Box::pin(save(files, artifact("b.txt", Storing::Plain), "first", "one")),
        |files| Box::pin(save(files, artifact("b.txt", Storing::Plain), "second", "")),
        Reason::RequestIdReused,
    ),
];

async fn save(files: &Files, new: NewArtifact, text: &str, id: &str) -> Result<String, Error> {
    let saved = files.save_artifact(new, content(&[text]), request(id)).await?;
    Ok(saved.duplicate.to_string())
}

async fn remove(files: &Files, name: &str) -> Result<String, Error> {
    let id = ArtifactId::of_name(name)?;
    files.delete_artifact(task(), id).await.map(|()| String::new())
}

#[test]
fn what_was_removed_or_replaced_does_not_come_back_by_a_repetition_after_a_power_cut() {
    block_on(async {
        let ground = common().await;
        for (what, make, take_away, refused) in PAIRS {
            for survives in [Survives::SyncedOnly, Survives::Ordered(1), Survives::Subset(1)] {
                let disk = ground.fork();
                let files = open(&disk).expect("the root is free");
                assert_eq!(make(&files).await.expect(what), "false");
                take_away(&files).await.expect(what);
                idle().await;
                let expected = Dump::of(&files, &disk, About::Tree).await.said;
                drop(files);

                let disk = disk.crash(survives);
                let files = open(&disk).expect("the root is free");
                match make(&files).await {
                    // What is there is newer.
                    Ok(duplicate) => assert_eq!(duplicate, "true", "{what}: it came back"),
                    Err(error) => assert_eq!(error.reason(), refused, "{what}"),
                }
                assert_eq!(
                    Dump::of(&files, &disk, About::Tree).await.said,
                    expected,
                    "{what} {survives:?}"
                );
            }
        }
    });
}
