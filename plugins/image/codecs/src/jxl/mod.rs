//! JPEG XL (ISO/IEC 18181): read through `jxl-oxide`, written without loss through `zune-jpegxl`.

mod boxes;
mod header;
mod open;
mod read;
mod write;

use crate::codec::Codec;
use formwork_sdk::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) const CODEC: Codec = Codec { id: "jxl", read: Some(read::READER), write: Some(write::ENCODER) };

/// Turns a fault inside the decoder into an error: it may meet damage it did not foresee.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    outcome.unwrap_or_else(|_| Err(Error::corrupt("the JPEG XL picture is damaged")))
}
