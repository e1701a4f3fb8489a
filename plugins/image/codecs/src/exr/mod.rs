//! OpenEXR (Academy Software Foundation, "OpenEXR File Layout"), through the `exr` crate: linear light.

mod colour;
mod part;
mod read;
mod write;

use crate::codec::Codec;
use formwork_sdk::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) const CODEC: Codec = Codec { id: "exr", read: Some(read::READER), write: Some(write::ENCODER) };

/// Puts an error of the `exr` crate in our words.
fn failure(error: exr::error::Error) -> Error {
    match error {
        exr::error::Error::NotSupported(what) => Error::unsupported(format!("OpenEXR with {what}")),
        exr::error::Error::Io(error) => error.into(),
        error => Error::corrupt(format!("the OpenEXR file is damaged: {error}")),
    }
}

/// Turns a fault inside the decoder into an error: it may meet damage it did not foresee.
fn guarded<T>(work: impl FnOnce() -> formwork_sdk::Result<T>) -> formwork_sdk::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::corrupt("the OpenEXR file is damaged")))
}
