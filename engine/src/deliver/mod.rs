//! Puts results in place: whole or not at all, never over something that is there, and checked first.

mod check;
mod folder;
pub(crate) mod names;
mod place;
mod receipt;
mod series;
mod staging;
mod system;

pub(crate) use check::check;
pub(crate) use folder::{HeldFolder, TIDY, bytes_in, sweep};
pub use place::{Placement, place};
pub use receipt::{FileRecord, Loss, Receipt, hash};
pub(crate) use staging::finish;
pub use staging::{Staging, StagingAreas};
pub(crate) use system::spool_file;
