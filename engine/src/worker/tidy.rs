//! Looking after a staging folder from outside: what `formwork-worker tidy FOLDER` does.

use super::cage;
use crate::deliver::remove_if_abandoned;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// Tries to remove the folder.
const TRIES: u32 = 200;
/// Pause between tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until standard input ends, which it does when the engine is done with the folder or was killed, and
/// removes the folder when nobody owns it any more. Returns the exit code.
pub(super) fn tidy(folder: &Path) -> u8 {
    cage::prepare();
    let mut nothing = [0; 1];
    while std::io::stdin().read(&mut nothing).is_ok_and(|count| count > 0) {}
    // A process that is killed closes its descriptors one after the other: the lock may outlive the input.
    for _ in 0..TRIES {
        if remove_if_abandoned(folder) || folder.symlink_metadata().is_err() {
            return 0;
        }
        std::thread::sleep(PAUSE);
    }
    1
}
