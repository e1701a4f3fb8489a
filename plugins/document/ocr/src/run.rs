//! A document's way: pages without text are drawn and read, several at once, then all text is laid over them.

use crate::describe::REMEDY;
use crate::layer;
use crate::pages::{self, Drawn};
use crate::program::{self, DENSITY, LANGUAGE};
use crate::reading::Reading;
use formwork_sdk::{Error, ErrorKind, Feature, Result, Step, json};
use hayro::kurbo::Affine;
use lopdf::Document;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What was read of a page.
struct Text {
    index: usize,
    pdf: Vec<u8>,
    place: Affine,
}

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let program = program::find().ok_or_else(|| {
        Error::new(ErrorKind::BackendMissing, format!("Tesseract is not installed: {REMEDY}"))
    })?;
    let options = step.options();
    let language = options.text("language").unwrap_or(LANGUAGE);
    program::check(&program, language)?;
    let density = options.number("density").unwrap_or(DENSITY);
    let password = options.text("password").unwrap_or_default();
    let bytes = step.input()?.bytes()?;
    let pdf = formwork_pdf_plain::open(bytes.to_vec(), password)?;
    let count = pdf.pages().len();
    let wanted = formwork_pdf_plain::wanted(step, count)?;

    let reading = Reading { program: &program, language, density };
    let texts = read(step, &wanted, &reading, |index| {
        let page = pdf.pages().get(index).ok_or_else(|| Error::corrupt("a page is missing"))?;
        pages::draw(step, page, index, density)
    })?;
    let skipped = wanted.len() - texts.len();
    let document = layer::open(&bytes, password, step.limits())?;
    if texts.is_empty() && document.xref_recovery.is_none() {
        step.warn("every page has text already: nothing was read, the file is as it was");
        return step.write_output(&bytes);
    }
    if document.xref_recovery.is_some() {
        step.warn("the PDF was damaged: its cross-reference table was wrong and was rebuilt");
    }
    match skipped {
        0 => {}
        1 => step.warn("1 page has text already and was left as it is"),
        _ => step.warn(format!("{skipped} pages have text already and were left as they are")),
    }
    step.write_output(&with_texts(step, document, texts)?)?;
    step.report(&json!({ "pages": count }));
    Ok(())
}

/// The file with texts laid over its pages.
fn with_texts(step: &Step<'_>, mut document: Document, texts: Vec<Text>) -> Result<Vec<u8>> {
    if document.was_encrypted() {
        step.lose(Feature::Encryption, "the password was taken off; `pdf encrypt` puts one on again");
    }
    let ids: Vec<_> = document.page_iter().collect();
    for text in texts {
        step.tick(0, 0)?;
        let id = ids.get(text.index).ok_or_else(|| Error::corrupt("the pages cannot be counted"))?;
        layer::lay(&mut document, *id, &text.pdf, text.place, step.limits())?;
    }
    document.renumber_objects();
    let mut file = Vec::new();
    document.save_to(&mut file)?;
    Ok(file)
}

/// Draws and reads pages on as many threads as the step may use.
fn read(
    step: &Step<'_>,
    wanted: &[usize],
    reading: &Reading<'_>,
    draw: impl Fn(usize) -> Result<Option<Drawn>> + Sync,
) -> Result<Vec<Text>> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let texts: Mutex<Result<Vec<Text>>> = Mutex::new(Ok(Vec::new()));
    let work = || {
        while let Some(index) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let text = draw(*index).and_then(|drawn| {
                drawn
                    .map(|drawn| {
                        let pdf = reading.read(step, &drawn.picture)?;
                        Ok(Text { index: drawn.index, pdf, place: drawn.place })
                    })
                    .transpose()
            });
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            let text = text.and_then(|text| step.tick(done as u64, wanted.len() as u64).map(|()| text));
            let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
            match (&mut *texts, text) {
                (Ok(texts), Ok(text)) => texts.extend(text),
                (Ok(_), Err(error)) => *texts = Err(error),
                (Err(_), _) => {}
            }
            if texts.is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..step.threads().min(wanted.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut texts = texts.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    texts.sort_by_key(|text| text.index);
    Ok(texts)
}
