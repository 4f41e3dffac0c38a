//! Processes of their own that count in one run's record: clients of the service, and
//! programs that write the file themselves, under its lock, as the layout asks.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use callboard::domain::{ProjectId, TaskId, TaskKey};
use callboard::grpc::pb;
use callboard::layout::run_info_file;
use fs4::fs_std::FileExt as Lock;

use crate::client::reason;
use crate::storage_client::StorageClient;

const ROLE: &str = "CALLBOARD_TEST_COUNTER_ROLE";
const PLACE: &str = "CALLBOARD_TEST_COUNTER_PLACE";
const COUNT: &str = "CALLBOARD_TEST_COUNTER_COUNT";

/// How a process writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Through the service, at an address.
    Service,
    /// The file at a path, itself.
    Direct,
}

/// Starts a process that counts up so many times.
pub(super) fn spawn(role: Role, place: &str, count: usize) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "storage_concurrency::processes::a_process_of_its_own", "--nocapture"])
        .env(ROLE, format!("{role:?}"))
        .env(PLACE, place)
        .env(COUNT, count.to_string())
        .stdout(Stdio::null())
        .spawn()
        .expect("a process")
}

/// Waits until all have ended, and well.
pub(super) fn wait(children: Vec<Child>) {
    for child in children {
        let output = child.wait_with_output().expect("it is ours to wait for");
        assert!(output.status.success(), "{output:?}");
    }
}

/// The body of the process that [`spawn`] starts; nothing when it is run as a test.
#[tokio::test]
async fn a_process_of_its_own() {
    let (Ok(role), Ok(place), Ok(count)) =
        (std::env::var(ROLE), std::env::var(PLACE), std::env::var(COUNT))
    else {
        return;
    };
    let count: usize = count.parse().expect("a count");
    if role == "Direct" {
        (0..count).for_each(|_| count_up_directly(Path::new(&place)));
        return;
    }
    let mut client = StorageClient::connect_to(&place).await;
    for _ in 0..count {
        count_up(&mut client).await;
    }
}

fn next(count: &str) -> String {
    (count.parse::<usize>().unwrap_or(0) + 1).to_string()
}

/// Counts up with an etag, until nobody comes between.
async fn count_up(client: &mut StorageClient) {
    loop {
        let run = client.run("r").await;
        let request = pb::UpdateRunRequest {
            run_id: "r".into(),
            error_summary: next(&run.error_summary),
            etag: run.etag,
            ..Default::default()
        };
        match client.update_run(request).await {
            Ok(_) => return,
            Err(refused) => assert_eq!(reason(&refused), "ETAG_MISMATCH", "{refused:?}"),
        }
    }
}

/// The file that is locked while a document is changed.
pub(super) fn lock_file(document: &Path) -> PathBuf {
    let name = document.file_name().expect("a name").to_str().expect("text");
    document.with_file_name(format!("{name}.lock"))
}

/// Takes the lock of a document.
pub(crate) fn lock(document: &Path) -> File {
    let path = lock_file(document);
    loop {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).read(true).open(&path).expect("the lock file");
        Lock::lock_exclusive(&file).expect("the lock");
        let inode = file.metadata().expect("its status").ino();
        if fs::metadata(&path).is_ok_and(|named| named.ino() == inode) {
            return file;
        }
    }
}

/// Replaces a document as the layout says: a temporary file, synced, and renamed.
pub(super) fn replace(document: &Path, content: &[u8]) {
    let folder = document.parent().expect("a folder");
    let temporary = folder.join(format!(".run-info.{}.tmp", std::process::id()));
    let mut file = File::create(&temporary).expect("a temporary file");
    file.write_all(content).expect("written");
    file.sync_all().expect("synced");
    fs::rename(&temporary, document).expect("renamed");
    File::open(folder).expect("the folder").sync_all().expect("synced");
}

fn count_up_directly(record: &Path) {
    let lock = lock(record);
    let bytes = fs::read(record).expect("the record");
    let task = TaskKey {
        project: ProjectId::parse("p").expect("an id"),
        task: TaskId::parse("t").expect("an id"),
    };
    let mut info = run_info_file::read(&bytes, &task, "r").expect("a whole record");
    info.error_summary = next(&info.error_summary);
    replace(record, &run_info_file::write(&info, Some(&bytes)).expect("it can be rewritten"));
    Lock::unlock(&lock).expect("unlocked");
}
