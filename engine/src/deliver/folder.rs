//! Folders that tell by a lock whether their owner lives, so that the next one can clear away what a killed
//! process left.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
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
    keeper: Option<Keeper>,
}

impl HeldFolder {
    /// Makes one in `parent`, and removes those whose owners died. `worker` is the program that looks after
    /// it from outside.
    pub(crate) fn create(parent: &Path, worker: Option<&Path>) -> io::Result<HeldFolder> {
        // Before there is anything to keep, so that there is no moment without it.
        let mut keeper = worker.and_then(|worker| Keeper::start(worker, parent).ok());
        let held = hold(parent);
        match (&mut keeper, &held) {
            (Some(keeper), Ok((path, _))) => keeper.tell(path),
            (Some(keeper), Err(_)) => keeper.dismiss(),
            (None, _) => {}
        }
        held.map(|(path, lock)| HeldFolder { path, lock, keeper })
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
        // What could not be removed here, the keeper tries once more.
        drop(self.keeper.take());
    }
}

/// Makes a folder and locks it, where the file system has locks.
fn hold(parent: &Path) -> io::Result<(PathBuf, Option<File>)> {
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
        return Ok((path, lock));
    }
    Err(io::Error::other(format!("{MOST} unfinished results lie there already")))
}

fn numbered(parent: &Path, number: u32) -> PathBuf {
    parent.join(format!(".formwork-{number}"))
}

/// Free numbers in a row after which no folder is expected.
const GAP: u32 = 64;

/// Removes abandoned folders from this number on.
pub(crate) fn sweep(parent: &Path, from: u32) {
    let mut free = 0;
    for path in (from..MOST).map(|number| numbered(parent, number)) {
        if path.symlink_metadata().is_ok() {
            remove_if_abandoned(&path);
            free = 0;
        } else {
            free += 1;
        }
        if free == GAP {
            return;
        }
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
fn remove_if_abandoned(path: &Path) -> bool {
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

/// A process that removes folders when this one is killed. It is no child of the terminal's group, so that what
/// kills this one spares it. Dropping this lets it end.
#[derive(Debug)]
struct Keeper {
    process: Child,
    /// Its input. A socket, as writing to a pipe that nobody reads any more ends programs that do not know better.
    input: Option<UnixStream>,
}

impl Keeper {
    fn start(worker: &Path, parent: &Path) -> io::Result<Keeper> {
        let (input, theirs) = UnixStream::pair()?;
        let mut command = Command::new(worker);
        command.arg(TIDY).arg(parent).env_clear().process_group(0);
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Keeper { process: command.spawn()?, input: Some(input) })
    }

    /// Says which folder it is to look after.
    fn tell(&mut self, path: &Path) {
        if let Some(input) = &mut self.input {
            // One that is gone looks after nothing; the next job in this place will.
            let _ = input.write_all(path.as_os_str().as_encoded_bytes());
        }
    }

    /// Ends it: there is nothing to keep.
    fn dismiss(&mut self) {
        let _ = self.process.kill();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Its input ends, so it does.
        drop(self.input.take());
        let _ = self.process.wait();
    }
}
