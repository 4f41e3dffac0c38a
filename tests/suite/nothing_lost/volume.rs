//! File systems of a test's own: mounted in its temporary folder, and gone with it. What a
//! test does to one of them happens to nobody else.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::server::{Lines, wait_with_deadline};
use crate::skip::skip;

/// Makes a file system unusable, as FS_IOC_GOINGDOWN does: it is given the folder it is
/// mounted on, waits for a line with the flags, and obeys.
const GOING_DOWN: &str = r#"
import fcntl, os, struct, sys
folder = os.open(sys.argv[1], os.O_RDONLY)
print("armed", flush=True)
flags = struct.pack("I", int(sys.stdin.readline()))
fcntl.ioctl(folder, 0x8004587D, flags)
"#;

/// What still reaches the disk when the power is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// All that was written, as if the power had gone when nothing was under way.
    Everything,
    /// What is in the journal, synced or not.
    Journal,
    /// What is there already.
    Nothing,
}

/// A mounted file system. It is unmounted when it is dropped.
pub(crate) struct Volume {
    // In this order: what is dropped first is unmounted first.
    mount: Mount,
    kind: Kind,
}

enum Kind {
    /// In memory, of so many bytes.
    Memory(u64),
    /// In a file, which is in memory itself: then nobody waits for the disk of this machine.
    Image { file: PathBuf, _memory: Box<Volume> },
}

/// Where something is mounted, as long as it is.
struct Mount {
    folder: TempDir,
    mounted: bool,
}

impl Volume {
    /// Makes an ext4 of so many bytes, as further arguments of `mkfs.ext4` say; none, and the
    /// test is skipped, where that cannot be.
    pub(crate) fn ext4(bytes: u64, arguments: &[&str]) -> Option<Self> {
        Self::image("mkfs.ext4", bytes, arguments)
    }

    /// Makes an XFS of so many bytes, at least 300 MiB.
    pub(crate) fn xfs(bytes: u64) -> Option<Self> {
        Self::image("mkfs.xfs", bytes, &[])
    }

    /// Makes a tmpfs of so many bytes.
    pub(crate) fn tmpfs(bytes: u64) -> Option<Self> {
        Self::of(Kind::Memory(bytes))
    }

    fn image(mkfs: &str, bytes: u64, arguments: &[&str]) -> Option<Self> {
        let memory = Box::new(Self::tmpfs(2 * bytes)?);
        let image = memory.path().join("image");
        let file = File::create(&image).expect("a file for the image");
        file.set_len(bytes).expect("a sparse file");
        let made = Command::new(mkfs).arg("-q").args(arguments).arg(&image).output();
        match made {
            Err(error) => {
                skip(&format!("{mkfs} cannot be started: {error}"));
                return None;
            }
            Ok(made) => assert!(made.status.success(), "{mkfs} {arguments:?}: {made:?}"),
        }
        Self::of(Kind::Image { file: image, _memory: memory })
    }

    /// Mounts it for the first time, unless this machine does not let us.
    fn of(kind: Kind) -> Option<Self> {
        if !geteuid().is_root() {
            skip("only root may mount a file system");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("volume")).expect("a folder to mount on");
        let mut volume = Self { mount: Mount { folder, mounted: false }, kind };
        if let Err(problem) = volume.mount() {
            skip(&format!("cannot mount: {problem}"));
            return None;
        }
        Some(volume)
    }

    fn mount(&mut self) -> Result<(), String> {
        let mut command = Command::new("mount");
        match &self.kind {
            Kind::Memory(bytes) => {
                command.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "callboard-test"]);
            }
            Kind::Image { file, .. } => {
                command.args(["-o", "loop"]).arg(file);
            }
        }
        let mounted = command.arg(self.path()).output().map_err(|error| error.to_string())?;
        if !mounted.status.success() {
            return Err(String::from_utf8_lossy(&mounted.stderr).into_owned());
        }
        self.mount.mounted = true;
        Ok(())
    }

    /// Returns the folder it is mounted on.
    pub(crate) fn path(&self) -> PathBuf {
        self.mount.path()
    }

    /// Returns the folder for a root in it.
    pub(crate) fn root(&self) -> PathBuf {
        self.path().join("root")
    }

    /// Unmounts it and mounts it again: what the journal holds is replayed. Nobody has a
    /// file of it open.
    pub(crate) fn mount_again(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).output().expect("umount starts");
        assert!(unmounted.status.success(), "{unmounted:?}");
        self.mount.mounted = false;
        self.mount().expect("it can be mounted again");
    }
}

impl Mount {
    fn path(&self) -> PathBuf {
        self.folder.path().join("volume")
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily if somebody is still in it: the loop device goes with the last of them.
        for arguments in [&[][..], &["--lazy"]] {
            if self.mounted {
                let unmounted = Command::new("umount").args(arguments).arg(self.path()).output();
                self.mounted = !unmounted.is_ok_and(|unmounted| unmounted.status.success());
            }
        }
    }
}

/// A power cut that waits for its moment.
pub(crate) struct Armed(Child);

impl Armed {
    /// Prepares to cut a volume off; none, and the test is skipped, where that cannot be.
    pub(crate) fn on(volume: &Volume) -> Option<Self> {
        let started = Command::new("python3")
            .args(["-c", GOING_DOWN])
            .arg(volume.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                skip(&format!("python3 cannot be started: {error}"));
                return None;
            }
        };
        Lines::of(child.stdout.take().expect("stdout is piped")).until("armed");
        Some(Self(child))
    }

    /// Cuts it off, and returns when that is done.
    ///
    /// What is answered meanwhile proves nothing: a sync that is under way when an ext4 is cut
    /// off may succeed though nothing is on the disk. With the power gone, nobody would hear
    /// of that.
    pub(crate) fn cut(mut self, cut: Cut) {
        let flags = match cut {
            Cut::Everything => 0,
            Cut::Journal => 1,
            Cut::Nothing => 2,
        };
        let mut stdin = self.0.stdin.take().expect("stdin is piped");
        writeln!(stdin, "{flags}").expect("it reads");
        drop(stdin);
        assert!(wait_with_deadline(&mut self.0).success(), "the file system can be cut off");
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
