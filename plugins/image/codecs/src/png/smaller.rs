//! The same PNG in fewer bytes, through `oxipng`.

use formwork_sdk::{Error, Result, Step};
use oxipng::{Options, PngError, StripChunks};
use std::time::Duration;

/// Longest time spent on one picture; what is best by then is taken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Packs a file anew: same pixels, and unless `strip` asks otherwise the same metadata. `effort` 0 to 9.
pub(crate) fn smaller(step: &Step<'_>, bytes: &[u8], effort: i64, strip: bool) -> Result<Vec<u8>> {
    let mut options = Options::from_preset((effort * 6 / 9).clamp(0, 6) as u8);
    options.timeout = Some(PATIENCE);
    options.max_decompressed_size = usize::try_from(step.limits().memory).ok();
    if strip {
        options.strip = StripChunks::Safe;
    }
    oxipng::optimize_from_memory(bytes, &options).map_err(|error| match error {
        PngError::InflatedDataTooLong(length) => Error::limit("memory", length, step.limits().memory),
        error => Error::corrupt(format!("the PNG is damaged: {error}")),
    })
}
