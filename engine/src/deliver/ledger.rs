//! What is known of places where results go.

use crate::Result;
use crate::run::Item;
use std::path::{Path, PathBuf};

/// What is at a place where a result is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing.
    Free,
    /// This very result, put there by the same job before.
    Same,
    /// Another result that the same job put there before, and nobody touched since.
    Own,
    /// What is not this job's.
    Foreign,
}

/// Knows what a job put in place before, and hears of what it is about to put there.
pub(crate) trait Ledger {
    /// What is at the place for an item.
    fn standing(&self, path: &Path, item: &Item) -> Result<Standing>;

    /// Hears which items are about to be put where.
    fn claim(&self, targets: &[(PathBuf, &Item)]) -> Result<()>;

    /// Whether the job put anything at a place, or was about to.
    fn knows(&self, path: &Path) -> bool;
}

/// Knows nothing.
impl Ledger for () {
    fn standing(&self, path: &Path, _item: &Item) -> Result<Standing> {
        Ok(if path.symlink_metadata().is_ok() { Standing::Foreign } else { Standing::Free })
    }

    fn claim(&self, _targets: &[(PathBuf, &Item)]) -> Result<()> {
        Ok(())
    }

    fn knows(&self, _path: &Path) -> bool {
        false
    }
}
