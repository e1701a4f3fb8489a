//! A document that is read.

use crate::document::{self, Document};
use crate::library;
use crate::names;
use crate::text::{self, Piece};
use formwork_sdk::{Error, ErrorKind, Result, Step};

/// What to do when PDFium is missing.
pub(crate) const REMEDY: &str = "./setup --families document (PDFium)";

/// An open document whose pages are read one after the other.
pub(crate) struct Reading<'s> {
    step: &'s Step<'s>,
    document: Document<'s>,
}

impl<'s> Reading<'s> {
    /// Opens the first input.
    ///
    /// # Errors
    ///
    /// `backend_missing` without PDFium; `password_required`; `corrupt_input`; `limit_exceeded`.
    pub(crate) fn open(step: &'s Step<'s>) -> Result<Reading<'s>> {
        let library = library::get().map_err(|why| {
            Error::new(ErrorKind::BackendMissing, format!("PDFium could not be loaded ({why}): {REMEDY}"))
        })?;
        let mut document = document::open(step, library)?;
        if let Some(mended) = names::mended(step, &document) {
            // The library is held by one document at a time.
            drop(document);
            document = Document::open(mended.into(), None, library)?;
        }
        Ok(Reading { step, document })
    }

    /// As [`Reading::open`], with its fields to be drawn.
    ///
    /// # Errors
    ///
    /// As [`Reading::open`].
    pub(crate) fn open_with_form(step: &'s Step<'s>) -> Result<Reading<'s>> {
        let Reading { step, document } = Reading::open(step)?;
        Ok(Reading { step, document: document.with_form() })
    }

    pub(crate) fn document(&self) -> &Document<'s> {
        &self.document
    }

    pub(crate) fn page_count(&self) -> usize {
        self.document.page_count()
    }

    /// Reads a page, counted from 0. A page that is broken is left out with a warning.
    ///
    /// # Errors
    ///
    /// `limit_exceeded`; `cancelled`; `timeout`.
    pub(crate) fn page(&self, index: usize, with_pictures: bool) -> Result<Vec<Piece>> {
        match self.document.page(index) {
            Ok(page) => text::read(self.step, page, with_pictures),
            Err(error) => {
                self.step.warn(format!("left out: {}", error.message));
                Ok(Vec::new())
            }
        }
    }

    /// Title of the document, when it has one.
    pub(crate) fn title(&self) -> Option<String> {
        self.document.description("Title")
    }
}
