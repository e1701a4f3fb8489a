//! What tells whether a file has changed without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// The state of a file: device, inode, size, time of the last change of its bytes, and of anything about it. Nobody can
/// set the last one to a time of his choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Clocks of file systems are coarse: two changes within one tick look like one. A file that was changed less than this
/// before it was looked at is not known by its stamp.
const UNSETTLED: Duration = Duration::from_secs(2);

impl Stamp {
    pub(super) fn of(about: &Metadata) -> Stamp {
        Stamp {
            device: about.dev(),
            inode: about.ino(),
            bytes: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        }
    }

    /// Whether a change since then would show.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let before =
            now.checked_sub(UNSETTLED).and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let last = self.modified.max(self.changed);
        before.is_some_and(|before| {
            let before = (i64::try_from(before.as_secs()).unwrap_or(0), i64::from(before.subsec_nanos()));
            last < before
        })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let numbers = [self.device, self.inode, self.bytes];
        let times = [self.modified.0, self.modified.1, self.changed.0, self.changed.1];
        let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
        numbers.chain(times.iter().flat_map(|number| number.to_le_bytes())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_a_moment_ago_is_not_settled() {
        let stamp =
            |seconds: i64| Stamp { device: 1, inode: 2, bytes: 3, modified: (10, 0), changed: (seconds, 5) };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        assert!(stamp(97).is_settled(now));
        assert!(!stamp(98).is_settled(now), "the clock may not have ticked since");
        assert!(!stamp(200).is_settled(now), "a time that is still to come says nothing");
        assert_ne!(stamp(1).bytes(), stamp(2).bytes());
    }
}
