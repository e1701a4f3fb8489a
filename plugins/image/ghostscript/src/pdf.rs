//! A document's way to PDF: an Illustrator file has one inside; of PostScript, Ghostscript makes one that keeps text and
//! shapes.

use crate::document::Document;
use crate::run::{QUIET, as_eps, boxes, complaint, failure, ghostscript, measure};
use formwork_program::Program;
use formwork_sdk::{Result, Step};
use std::io::Write;
use std::path::Path;

/// What is told beside [`QUIET`]: the same document becomes the same bytes, whenever it is converted.
const PLAIN: [&str; 4] = ["-sDEVICE=pdfwrite", "-dOmitInfoDate=true", "-dOmitID=true", "-dOmitXMP=true"];

/// A document without a page becomes a PDF with an empty one, which has fewer bytes than this (776 by version 10.0).
const NO_PAGE_BYTES: usize = 2_000;

/// Writes the document as PDF.
pub(crate) fn write(step: &Step<'_>, program: &Path, document: &Document<'_>) -> Result<()> {
    let mut output = step.create_output()?;
    if document.is_pdf {
        output.write_all(document.body)?;
    } else {
        output.write_all(&made(step, program, document)?)?;
    }
    output.close()
}

/// The PDF that Ghostscript makes of PostScript.
fn made(step: &Step<'_>, program: &Path, document: &Document<'_>) -> Result<Vec<u8>> {
    let mut arguments: Vec<&str> = QUIET.into_iter().chain(PLAIN).collect();
    let text = if step.input()?.format() == "ps" {
        document.body.to_vec()
    } else {
        let area = document.bounding_box.map_or_else(|| measure(step, program, document), Ok)?;
        arguments.push("-dEPSCrop");
        as_eps(document, area)
    };
    arguments.push("-");
    // It collects streams and references in files of its own until all pages are known.
    let folder = std::env::temp_dir();
    let folder = folder.to_string_lossy();
    let environment = [("TMPDIR", folder.as_ref())];
    let program =
        Program { environment: &environment, own_files: step.limits().memory, ..ghostscript(program) };
    let outcome = program.run(step, &arguments, &text, |_| Ok(false))?;
    if !outcome.output.starts_with(b"%PDF-") || !outcome.output.trim_ascii_end().ends_with(b"%%EOF") {
        return Err(failure(&outcome));
    }
    if outcome.output.len() < NO_PAGE_BYTES && boxes(step, program.path, &text)?.0.is_empty() {
        return Err(failure(&outcome));
    }
    if !outcome.success {
        step.warn(format!("the document stopped with an error after its pages ({})", complaint(&outcome)));
    }
    Ok(outcome.output)
}
