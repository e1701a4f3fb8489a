//! Looking after staging folders from outside: what `formwork-worker tidy PARENT` does.

use super::cage;
use crate::deliver::sweep;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Times abandoned folders are looked for.
const TRIES: u32 = 200;
/// The same, when it is not known that there is one.
const TRIES_IN_DOUBT: u32 = 20;
/// Pause between tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until standard input ends, which it does when the engine is done with its folder or was killed, and
/// removes the folders in `parent` that nobody owns any more. What came in names the engine's folder; nothing
/// came when it was killed before it could say. Returns the exit code.
pub(super) fn tidy(parent: &Path) -> u8 {
    cage::prepare();
    let mut name = Vec::new();
    // What was read before an error is what there is.
    let _ = std::io::stdin().read_to_end(&mut name);
    let folder = Some(PathBuf::from(OsString::from_vec(name))).filter(|name| !name.as_os_str().is_empty());
    let gone = || folder.as_ref().is_some_and(|folder| folder.symlink_metadata().is_err());
    // A process that is killed closes its descriptors one after the other: the lock may outlive the input.
    for _ in 0..if folder.is_some() { TRIES } else { TRIES_IN_DOUBT } {
        if gone() {
            return 0;
        }
        sweep(parent, 0);
        if !gone() {
            std::thread::sleep(PAUSE);
        }
    }
    0
}
