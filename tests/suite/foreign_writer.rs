//! Another program that writes buses: `flock`, one write, in a process of its own.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fs4::fs_std::FileExt as Lock;

const BUS: &str = "CALLBOARD_TEST_FOREIGN_BUS";
const NAME: &str = "CALLBOARD_TEST_FOREIGN_NAME";
const COUNT: &str = "CALLBOARD_TEST_FOREIGN_COUNT";

/// A record as another program writes it.
pub(crate) fn record(msg_id: &str, body: &str) -> String {
    format!(
        "---\nmsg_id: {msg_id}\nts: 2026-03-04T05:06:07Z\ntype: FACT\nproject_id: demo\ntask_id: \"\"\nrun_id: r\n---\n{body}\n"
    )
}

/// Opens a bus file as the original does.
pub(crate) fn open(bus: &Path) -> File {
    OpenOptions::new().create(true).read(true).append(true).open(bus).expect("the bus file")
}

/// Appends a record under the lock, to whichever file has the name by then.
pub(crate) fn append(bus: &Path, text: &str) {
    loop {
        let mut file = open(bus);
        Lock::lock_exclusive(&file).expect("the lock");
        let there = std::fs::metadata(bus).map(|data| data.ino());
        if there.is_ok_and(|inode| inode == file.metadata().expect("its status").ino()) {
            let separator = if file.metadata().expect("its status").len() > 0 { "\n" } else { "" };
            file.write_all(format!("{separator}{text}").as_bytes()).expect("a write");
            Lock::unlock(&file).expect("unlocked");
            return;
        }
    }
}

/// Starts a process that appends `count` records named `<name>-<n>`.
pub(crate) fn spawn(bus: &Path, name: &str, count: usize) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "foreign_writer::a_process_of_its_own", "--nocapture"])
        .env(BUS, bus)
        .env(NAME, name)
        .env(COUNT, count.to_string())
        .stdout(Stdio::null())
        .spawn()
        .expect("a process")
}

/// The body of the process that [`spawn`] starts; nothing when it is run as a test.
#[test]
fn a_process_of_its_own() {
    let (Ok(bus), Ok(name), Ok(count)) =
        (std::env::var(BUS), std::env::var(NAME), std::env::var(COUNT))
    else {
        return;
    };
    for n in 0..count.parse::<usize>().expect("a count") {
        append(Path::new(&bus), &record(&format!("{name}-{n}"), &format!("{name}.{n}")));
    }
}
