//! Readers: a file to the tree.

mod csv;
mod html;
mod md;
mod picture;
mod txt;

use crate::tree::Document;
use formwork_sdk::{Error, Result, Step};

/// Bytes of memory that laying out one byte of text takes, as measured.
const BYTE: u64 = 290;

/// Bytes of memory that reading one byte takes at least, as decoded text and as a tree.
const READ: u64 = 16;

/// Reads the input, whatever it is, and sees that there is memory for what it says.
pub(crate) fn read(step: &Step<'_>) -> Result<Document> {
    let input = step.input()?;
    let fits =
        |length: u64, each: u64| step.within("memory", length.saturating_mul(each), step.limits().memory);
    if let Some(length) = input.length() {
        fits(length, READ)?;
    }
    let bytes = input.bytes()?;
    fits(bytes.len() as u64, READ)?;
    let document = match input.format() {
        "txt" => txt::read(step, &bytes)?,
        "md" => md::read(step, &bytes)?,
        // Cells take memory however little they say: they are counted while they are read.
        "csv" => return csv::read(step, &bytes, &input.name()),
        "html" => html::read(step, &bytes)?,
        other => return Err(Error::unsupported(format!("typeset does not read {other}"))),
    };
    let mut length = 0;
    document.each_text(&mut |text, _| length += text.len() as u64);
    fits(length, BYTE)?;
    Ok(document)
}
