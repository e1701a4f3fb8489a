//! Writes a damaged document as a whole one.

use crate::open::open;
use crate::save::{Manner, save};
use formwork_sdk::{Result, Step, json};

/// Writes what could be read.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let pdf = open(step, step.input()?)?;
    pdf.tell(step);
    crate::tell_encryption(step, &pdf);
    if pdf.mended.is_empty() {
        step.warn("no damage to the PDF's structure was found");
    }
    let mended = pdf.mended.clone();
    save(step, pdf.doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len(), "mended": mended }));
    Ok(())
}
