//! Describes one plugin file, in a process of its own.

use crate::{exit, show};
use formwork::Result;
use std::path::Path;

/// Prints the description.
pub(crate) fn run(path: &Path) -> Result<u8> {
    match formwork::load::describe_here(path) {
        Ok(json) => {
            show::line(&json);
            Ok(exit::OK)
        }
        Err(error) => {
            show::aside(&error.message);
            Ok(exit::code(&error))
        }
    }
}
