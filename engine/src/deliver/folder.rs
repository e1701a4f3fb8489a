//! Folders that tell by a lock whether their owner lives, so that the next one can clear away what a killed
//! process left.

use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Most folders in use beside each other.
const MOST: u32 = 100_000;
/// The word `formwork-worker` is started with to look after a folder.
pub(crate) const TIDY: &str = "tidy";

/// A folder of this process. It vanishes with all that is in it when this is dropped; when this process is
/// killed, by its keeper or by the next that makes one beside it.
#[derive(Debug)]
pub(crate) struct HeldFolder {
    path: PathBuf,
    lock: Option<File>,
    keeper: Option<Child>,
}

impl HeldFolder {
    /// Makes one in `parent`, and removes those whose owners died. `worker` is the program that looks after
    /// it from outside.
    pub(crate) fn create(parent: &Path, worker: Option<&Path>) -> io::Result<HeldFolder> {
        for number in 0..MOST {
            let path = numbered(parent, number);
            match std::fs::create_dir(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if !remove_if_abandoned(&path) || std::fs::create_dir(&path).is_err() {
                        continue;
                    }
                }
                Err(error) => return Err(error),
            }
            let lock = match claim(&path)? {
                Claim::Held(lock) => Some(lock),
                Claim::Unlocked => None,
                Claim::Lost => continue,
            };
            sweep(parent, number + 1);
            let keeper = worker.and_then(|worker| keeper(worker, &path).ok());
            return Ok(HeldFolder { path, lock, keeper });
        }
        Err(io::Error::other(format!("{MOST} unfinished results lie there already")))
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Deepest folder that is looked into.
const DEEPEST: u32 = 64;
/// What an entry takes at least, so that empty files count too.
const ENTRY: u64 = 4_096;

/// Disk space of all that is in a folder, in bytes; what is nested too deep counts as endless, what cannot be
/// looked at as nothing.
pub(crate) fn bytes_in(folder: &Path) -> u64 {
    let mut open = vec![(folder.to_owned(), 0)];
    let mut bytes = 0_u64;
    while let Some((folder, depth)) = open.pop() {
        if depth > DEEPEST {
            return u64::MAX;
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        for (entry, about) in entries.filter_map(|entry| entry.metadata().ok().map(|about| (entry, about))) {
            bytes = bytes.saturating_add(about.len().max(ENTRY));
            if about.is_dir() {
                open.push((entry.path(), depth + 1));
            }
        }
    }
    bytes
}

impl Drop for HeldFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
        drop(self.lock.take());
        if let Some(mut keeper) = self.keeper.take() {
            // Its input ends, so it does; what could not be removed here, it tries once more.
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}

fn numbered(parent: &Path, number: u32) -> PathBuf {
    parent.join(format!(".formwork-{number}"))
}

/// Removes abandoned folders from this number on, up to the first number that is free.
fn sweep(parent: &Path, from: u32) {
    for number in from..MOST {
        let path = numbered(parent, number);
        if path.symlink_metadata().is_err() {
            return;
        }
        remove_if_abandoned(&path);
    }
}

/// What became of a folder just made.
enum Claim {
    /// Ours, and locked.
    Held(File),
    /// Ours on a file system without locks, where nobody takes a folder for abandoned either.
    Unlocked,
    /// Somebody took it for abandoned in between.
    Lost,
}

fn claim(path: &Path) -> io::Result<Claim> {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Claim::Lost),
        Err(error) => {
            let _ = std::fs::remove_dir(path);
            return Err(error);
        }
    };
    Ok(match file.try_lock() {
        Ok(()) if is_still(path, &file) => Claim::Held(file),
        Ok(()) | Err(std::fs::TryLockError::WouldBlock) => Claim::Lost,
        Err(std::fs::TryLockError::Error(_)) => Claim::Unlocked,
    })
}

/// Removes a folder of ours whose owner is gone. Whether it did.
pub(crate) fn remove_if_abandoned(path: &Path) -> bool {
    let Ok(file) = open(path) else { return false };
    // SAFETY: asks for a number.
    let own = unsafe { libc::geteuid() };
    let ours = file.metadata().is_ok_and(|about| about.uid() == own);
    ours && file.try_lock().is_ok() && is_still(path, &file) && std::fs::remove_dir_all(path).is_ok()
}

fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).open(path)
}

/// Whether the open folder is the one that is there now.
fn is_still(path: &Path, file: &File) -> bool {
    let (Ok(there), Ok(here)) = (path.symlink_metadata(), file.metadata()) else { return false };
    (there.dev(), there.ino()) == (here.dev(), here.ino())
}

/// Starts a process that removes the folder when this one is killed. It is no child of the terminal's group,
/// so that what kills this one spares it.
fn keeper(worker: &Path, path: &Path) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(worker);
    command.arg(TIDY).arg(path).env_clear().process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}
