//! Puts results in place: whole or not at all, never over something that is there, and checked first.

mod check;
pub(crate) mod names;
mod place;
mod receipt;
mod staging;

pub(crate) use check::check;
pub use place::{Placement, place};
pub use receipt::{FileRecord, Loss, Receipt, hash};
pub(crate) use staging::unnamed_file;
pub use staging::{Staging, StagingAreas};
