//! Puts results in place: whole or not at all, never over something that is there, and checked first.

mod canonical;
mod check;
mod copy;
mod folder;
mod ledger;
pub(crate) mod names;
mod place;
mod receipt;
mod record;
mod series;
mod staging;
mod system;
mod verify;

pub use canonical::canonical;
pub(crate) use check::check;
pub(crate) use copy::copy_bytes;
pub(crate) use folder::{HeldFolder, TIDY, bytes_in, sweep};
pub(crate) use ledger::{Ledger, Standing};
pub use names::checked_name;
pub(crate) use place::place_noted;
pub use place::{Placement, place};
pub use receipt::{Loss, Receipt};
pub(crate) use receipt::{note_plugin, note_plugins};
pub(crate) use record::hash_blocks;
pub use record::{FileRecord, hash};
pub(crate) use staging::finish;
pub use staging::{Staging, StagingAreas};
pub(crate) use system::{is_read_only, read_only, spool_file};
pub use verify::{FileState, Verified, verify};
