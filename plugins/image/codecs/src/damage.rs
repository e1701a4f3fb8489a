//! What to do with files that are damaged in the middle: deliver what is there and say so.

use formwork_sdk::{Error, Result, Step};
use std::fmt::Display;

/// Accepts a picture of which some rows could be read, with a warning.
///
/// # Errors
///
/// `corrupt_input` when there are none.
pub(crate) fn accept_rows(step: &Step<'_>, done: u64, all: u64, error: impl Display) -> Result<()> {
    accept(step, done, all, "rows", error)
}

/// Accepts a picture of which some frames could be read, with a warning.
///
/// # Errors
///
/// `corrupt_input` when there are none.
pub(crate) fn accept_frames(step: &Step<'_>, done: u64, all: u64, error: impl Display) -> Result<()> {
    accept(step, done, all, "frames", error)
}

fn accept(step: &Step<'_>, done: u64, all: u64, what: &str, error: impl Display) -> Result<()> {
    if done == 0 {
        return Err(Error::corrupt(error.to_string()));
    }
    step.warn(format!("the input is damaged: {done} of {all} {what} could be read ({error})"));
    Ok(())
}
