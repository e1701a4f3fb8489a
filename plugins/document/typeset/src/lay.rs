//! Laying out and writing.

use crate::fonts::Fonts;
use crate::set;
use crate::settings::Settings;
use crate::tree::Document;
use crate::world::Desk;
use formwork_sdk::{Error, ErrorKind, Result, Step};
use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandards};

/// Layout is recursive; this is enough for the depth typst allows.
const STACK: usize = 64 << 20;
/// Problems that one error names.
const MOST_NAMED: usize = 5;

/// Runs work on threads whose stacks are made for it.
///
/// # Errors
///
/// `internal` when there are no threads to be had.
pub(crate) fn deeply<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build();
    let pool =
        pool.map_err(|error| Error::new(ErrorKind::Internal, format!("no thread to work on: {error}")))?;
    Ok(pool.install(work))
}

/// Lays a document out and returns the PDF, and how many pages it has.
pub(crate) fn out(
    step: &Step<'_>,
    document: Document,
    fonts: Fonts,
    settings: &Settings,
) -> Result<(Vec<u8>, usize)> {
    let ready = set::set(&document, &fonts, settings);
    step.tick(2, 4)?;
    let desk = Desk::new(&ready, &document.meta, fonts);
    drop((ready, document));
    let laid = typst::compile::<PagedDocument>(&desk).output.map_err(|errors| failed(settings, &errors));
    let written = laid.and_then(|laid| {
        step.tick(3, 4)?;
        let bytes = typst_pdf::pdf(&laid, &options(settings)?).map_err(|errors| failed(settings, &errors))?;
        Ok((bytes, laid.pages().len()))
    });
    // What typst keeps for the next time would never be needed again.
    typst::comemo::evict(0);
    written
}

fn options(settings: &Settings) -> Result<PdfOptions> {
    let standards: Vec<_> = settings.standard.iter().map(|(_, standard)| *standard).collect();
    let standards = PdfStandards::new(&standards).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("the standard is not known: {}", error.message()))
    })?;
    Ok(PdfOptions {
        creator: Smart::Custom(Some("Formwork".into())),
        tagged: settings.tagged,
        standards,
        ..PdfOptions::default()
    })
}

/// Typst's own words: what the document has that a standard forbids, or what could not be laid out.
fn failed(settings: &Settings, errors: &[SourceDiagnostic]) -> Error {
    let mut named: Vec<String> = errors.iter().map(|error| error.message.to_string()).collect();
    named.dedup();
    let more = named.len().saturating_sub(MOST_NAMED);
    named.truncate(MOST_NAMED);
    let mut named = named.join("; ");
    if more > 0 {
        named.push_str(&format!("; and {more} more"));
    }
    match settings.standard {
        Some((name, _)) => Error::unsupported(format!(
            "the document cannot be made {name}: {named}; leave out the option conforms"
        )),
        None => Error::corrupt(format!("the document cannot be laid out: {named}")),
    }
}
