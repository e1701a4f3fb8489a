//! Readers: a file to the tree.

mod csv;
mod html;
mod md;
mod picture;
mod txt;

use crate::encoding::Decoded;
use crate::tree::Document;
use formwork_sdk::{Error, Result, Step};

/// Text of a document that is set at one go: laying it out takes some 280 times as much memory.
const LONGEST: u64 = 12 << 20;

/// Reads the input, whatever it is.
pub(crate) fn read(step: &Step<'_>) -> Result<Document> {
    let input = step.input()?;
    if let Some(length) = input.length() {
        step.within("memory", length, LONGEST)?;
    }
    let bytes = input.bytes()?;
    step.within("memory", bytes.len() as u64, LONGEST)?;
    match input.format() {
        "txt" => txt::read(step, &bytes),
        "md" => md::read(step, &bytes),
        "csv" => csv::read(step, &bytes, &input.name()),
        "html" => html::read(step, &bytes),
        other => Err(Error::unsupported(format!("typeset does not read {other}"))),
    }
}

/// Says what was guessed and what was broken.
fn tell_encoding(step: &Step<'_>, decoded: &Decoded) {
    if let Some(name) = decoded.guessed {
        step.warn(format!("the file does not say how its letters are coded; it was read as {name}"));
    }
    if decoded.damaged {
        step.warn("some bytes are no letters in the file's encoding; they stand as �");
    }
}
