//! An open document and its pages, in safe terms.

use crate::library::{Held, Library};
use crate::text::Place;
use formwork_sdk::{Error, Result, Step};
use pdfium_render::prelude::{
    FPDF_DOCUMENT, FPDF_FORMFILLINFO, FPDF_FORMHANDLE, FPDF_PAGE, FS_RECTF, FS_SIZEF,
};
use std::borrow::Cow;
use std::ffi::{c_int, c_ulong, c_void};

/// Reasons of `FPDF_GetLastError` (fpdfview.h).
const WRONG_PASSWORD: c_ulong = 4;
const UNKNOWN_SECURITY: c_ulong = 5;
/// Version of the form's callbacks that needs none of them.
const FORM_VERSION: c_int = 1;
/// What is drawn into a page, and the answer when that was done (fpdf_flatten.h).
const FLATTEN_AS_SHOWN: c_int = 0;
const FLATTENED: c_int = 1;
/// Bytes of one text of the document's own description.
const LONGEST_TEXT: usize = 4_096;

/// An open document. Fields are dropped in this order: the library's lock goes last.
pub(crate) struct Document<'b> {
    pub(crate) handle: FPDF_DOCUMENT,
    form: Option<Form>,
    /// What the library reads as long as the document is open.
    bytes: Cow<'b, [u8]>,
    pub(crate) pdfium: Held,
}

/// What fields are drawn with.
struct Form {
    handle: FPDF_FORMHANDLE,
    _callbacks: Box<FPDF_FORMFILLINFO>,
}

/// An open page.
pub(crate) struct Page<'d, 'b> {
    pub(crate) document: &'d Document<'b>,
    pub(crate) handle: FPDF_PAGE,
    index: usize,
}

/// Opens the first input, with the step's password when there is one.
///
/// # Errors
///
/// `password_required`; `corrupt_input`; `limit_exceeded`.
pub(crate) fn open<'b>(step: &'b Step<'b>, library: &'static Library) -> Result<Document<'b>> {
    let password = step.options().text("password");
    Document::open(step.input()?.bytes()?, password, library)
}

impl<'b> Document<'b> {
    /// Opens a document.
    ///
    /// # Errors
    ///
    /// `password_required` when it is missing or wrong; `corrupt_input`.
    pub(crate) fn open(
        bytes: Cow<'b, [u8]>,
        password: Option<&str>,
        library: &'static Library,
    ) -> Result<Document<'b>> {
        let pdfium = library.hold();
        // A password cannot hold a NUL, so one with it is wrong.
        let password = password.filter(|text| !text.contains('\0'));
        // SAFETY: the bytes stay where they are until the document is closed: a `Cow` that moves keeps its heap.
        let handle = unsafe { pdfium.FPDF_LoadMemDocument64(&bytes, password) };
        if handle.is_null() {
            // SAFETY: asks for a number.
            let reason = unsafe { pdfium.FPDF_GetLastError() };
            return Err(refusal(reason, password.is_some()));
        }
        Ok(Document { handle, form: None, bytes, pdfium })
    }

    /// Lets fields of a form be drawn. Needed before pages are opened.
    pub(crate) fn with_form(mut self) -> Self {
        // SAFETY: all callbacks absent is a valid value.
        let mut callbacks: Box<FPDF_FORMFILLINFO> = Box::new(unsafe { std::mem::zeroed() });
        callbacks.version = FORM_VERSION;
        // SAFETY: the struct lives as long as the form.
        let handle = unsafe { self.pdfium.FPDFDOC_InitFormFillEnvironment(self.handle, &mut *callbacks) };
        if !handle.is_null() {
            self.form = Some(Form { handle, _callbacks: callbacks });
        }
        self
    }

    /// The document as a file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a name of PDF stands somewhere in the file as it is: in objects that are not packed.
    pub(crate) fn mentions(&self, name: &[u8]) -> bool {
        memchr::memmem::find(&self.bytes, name).is_some()
    }

    /// Number of pages.
    pub(crate) fn page_count(&self) -> usize {
        // SAFETY: the document is open.
        let count = unsafe { self.pdfium.FPDF_GetPageCount(self.handle) };
        usize::try_from(count).unwrap_or(0)
    }

    /// Width and height of a page in points, turned as it is shown. Does not open the page.
    pub(crate) fn page_size(&self, index: usize) -> Option<(f64, f64)> {
        let index = c_int::try_from(index).ok()?;
        let mut size = FS_SIZEF { width: 0.0, height: 0.0 };
        // SAFETY: the document is open and the struct lives for the call.
        let told = unsafe { self.pdfium.FPDF_GetPageSizeByIndexF(self.handle, index, &mut size) };
        (told != 0).then(|| (f64::from(size.width), f64::from(size.height)))
    }

    /// Opens a page, counted from 0.
    ///
    /// # Errors
    ///
    /// `corrupt_input`.
    pub(crate) fn page(&self, index: usize) -> Result<Page<'_, 'b>> {
        let broken = || Error::corrupt(format!("page {} cannot be opened", index + 1));
        let number = c_int::try_from(index).map_err(|_| broken())?;
        // SAFETY: the document is open.
        let handle = unsafe { self.pdfium.FPDF_LoadPage(self.handle, number) };
        if handle.is_null() {
            return Err(broken());
        }
        if let Some(form) = &self.form {
            // SAFETY: page and form are of this document and open. No action of the page is run by this.
            unsafe { self.pdfium.FORM_OnAfterLoadPage(handle, form.handle) };
        }
        Ok(Page { document: self, handle, index })
    }

    pub(crate) fn form(&self) -> Option<FPDF_FORMHANDLE> {
        self.form.as_ref().map(|form| form.handle)
    }

    /// The language it says it is in.
    pub(crate) fn language(&self) -> Option<String> {
        let text = wide_text(|buffer, length| {
            // SAFETY: the document is open, and no more than the buffer's length is written.
            unsafe { self.pdfium.FPDFCatalog_GetLanguage(self.handle, buffer.cast(), length) }
        })?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A text of the document's own description, as `Title`.
    pub(crate) fn description(&self, key: &str) -> Option<String> {
        let text = wide_text(|buffer, length| {
            // SAFETY: the document is open, and no more than the buffer's length is written.
            unsafe { self.pdfium.FPDF_GetMetaText(self.handle, key, buffer, length) }
        })?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// Reads text that the library writes as UTF-16 in little endian with a NUL at its end; its function tells the
/// length in bytes and writes nothing to a buffer that is too short.
pub(crate) fn wide_text(ask: impl Fn(*mut c_void, c_ulong) -> c_ulong) -> Option<String> {
    let length = usize::try_from(ask(std::ptr::null_mut(), 0)).ok()?;
    if length <= 2 || length > LONGEST_TEXT {
        return None;
    }
    let mut buffer = vec![0_u8; length];
    let written = usize::try_from(ask(buffer.as_mut_ptr().cast(), length as c_ulong)).ok()?;
    let units: Vec<u16> =
        buffer.get(..written)?.as_chunks::<2>().0.iter().map(|two| u16::from_le_bytes(*two)).collect();
    Some(String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned())
}

/// Reads text that the library writes as bytes with a NUL at its end, in the same way.
pub(crate) fn text_of(mut ask: impl FnMut(*mut c_void, c_ulong) -> c_ulong) -> Option<String> {
    let mut buffer = vec![0_u8; LONGEST_TEXT];
    let length = usize::try_from(ask(buffer.as_mut_ptr().cast(), LONGEST_TEXT as c_ulong)).ok()?;
    let text = buffer.get(..length)?.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(text).into_owned())
}

fn refusal(reason: c_ulong, had_password: bool) -> Error {
    match reason {
        WRONG_PASSWORD if had_password => {
            Error::password("the password does not open this PDF; check the option `password`")
        }
        WRONG_PASSWORD => Error::password("this PDF asks for a password: give it with the option `password`"),
        UNKNOWN_SECURITY => {
            Error::unsupported("this PDF is protected in a way that is not known here, as by a certificate")
        }
        _ => Error::corrupt("this is no PDF that can be read: its structure is broken"),
    }
}

impl Page<'_, '_> {
    /// Width and height in points, turned as it is shown.
    pub(crate) fn size(&self) -> (f64, f64) {
        let pdfium = &self.document.pdfium;
        // SAFETY: the page is open.
        let (width, height) =
            unsafe { (pdfium.FPDF_GetPageWidthF(self.handle), pdfium.FPDF_GetPageHeightF(self.handle)) };
        (f64::from(width), f64::from(height))
    }
}

impl<'d, 'b> Page<'d, 'b> {
    /// The page with its fields and notes drawn into it, when it has such; the file is not changed.
    ///
    /// # Errors
    ///
    /// `corrupt_input`.
    pub(crate) fn flattened(self) -> Result<Option<Page<'d, 'b>>> {
        let pdfium = &self.document.pdfium;
        // SAFETY: the page is open.
        let changed = unsafe {
            pdfium.FPDFPage_GetAnnotCount(self.handle) > 0
                && pdfium.FPDFPage_Flatten(self.handle, FLATTEN_AS_SHOWN) == FLATTENED
        };
        let (document, index) = (self.document, self.index);
        if !changed {
            return Ok(None);
        }
        drop(self);
        document.page(index).map(Some)
    }

    /// Where its own coordinates lie on the page as it is shown.
    pub(crate) fn place(&self) -> Place {
        let pdfium = &self.document.pdfium;
        let mut area = FS_RECTF { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 };
        // SAFETY: the page is open and the rectangle lives for the call.
        let turns = unsafe {
            pdfium.FPDF_GetPageBoundingBox(self.handle, &mut area);
            pdfium.FPDFPage_GetRotation(self.handle)
        };
        Place::new(area.left, area.bottom, area.right, area.top, turns.rem_euclid(4) as u8)
    }
}

impl Drop for Page<'_, '_> {
    fn drop(&mut self) {
        let pdfium = &self.document.pdfium;
        // SAFETY: the page is open, and nothing of it is used after this.
        unsafe {
            if let Some(form) = &self.document.form {
                pdfium.FORM_OnBeforeClosePage(self.handle, form.handle);
            }
            pdfium.FPDF_ClosePage(self.handle);
        }
    }
}

impl Drop for Document<'_> {
    fn drop(&mut self) {
        // SAFETY: all pages are closed, for they borrow the document; the form goes before it.
        unsafe {
            if let Some(form) = self.form.take() {
                self.pdfium.FPDFDOC_ExitFormFillEnvironment(form.handle);
            }
            self.pdfium.FPDF_CloseDocument(self.handle);
        }
    }
}
