//! What a PDF is, from its header, catalogue and first page.

use crate::document::Document;
use crate::{document, library, packed, plain};
use formwork_sdk::{Error, Feature, Result, Step, Value, json};
use std::ffi::c_int;

/// Texts of the document's description (ISO 32000-2, table 349) that are told, and their names here.
const DESCRIPTION: &[(&str, &str)] = &[
    ("Title", "title"),
    ("Author", "author"),
    ("Subject", "subject"),
    ("Keywords", "keywords"),
    ("Creator", "creator"),
    ("Producer", "producer"),
    ("CreationDate", "created"),
    ("ModDate", "modified"),
];
/// Kinds of forms (fpdf_formfill.h): the last two are XFA.
const FORMS: [Option<&str>; 4] = [None, Some("fields"), Some("xfa"), Some("xfa")];

/// Reports what the first input is.
pub(crate) fn probe(step: &Step<'_>) -> Result<()> {
    let facts = match library::get() {
        Ok(library) => match document::open(step, library) {
            Ok(document) => facts(step, &document)?,
            Err(error) => locked(error)?,
        },
        Err(_) => match plain::open(step) {
            Ok(pdf) => json!({ "pages": pdf.pages().len() }),
            Err(error) => locked(error)?,
        },
    };
    step.report(&facts);
    Ok(())
}

/// A document that asks for a password is known to be that, and nothing else.
fn locked(error: Error) -> Result<Value> {
    match error.kind {
        formwork_sdk::ErrorKind::PasswordRequired => Ok(json!({ "encrypted": true })),
        _ => Err(error),
    }
}

fn facts(step: &Step<'_>, document: &Document<'_>) -> Result<Value> {
    let pdfium = &document.pdfium;
    let pages = document.page_count();
    // SAFETY: the document is open for all of these, and each only asks.
    let (security, form, scripts, attachments, tagged) = unsafe {
        (
            pdfium.FPDF_GetSecurityHandlerRevision(document.handle),
            pdfium.FPDF_GetFormType(document.handle),
            pdfium.FPDFDoc_GetJavaScriptActionCount(document.handle),
            pdfium.FPDFDoc_GetAttachmentCount(document.handle),
            pdfium.FPDFCatalog_IsTagged(document.handle),
        )
    };
    let names = [&b"/JavaScript"[..], b"/Launch"];
    let packed = packed::mentions(step, document.bytes(), names)?;
    let [is_scripted, launches] = std::array::from_fn(|kind| {
        packed.get(kind) == Some(&true) || names.get(kind).is_some_and(|name| document.mentions(name))
    });
    let mut facts = json!({
        "pages": pages,
        "encrypted": security >= 0,
        "tagged": tagged != 0,
        "javascript": scripts > 0 || is_scripted,
        "launch_actions": launches,
        "attachments": attachments.max(0),
    });
    let mut add = |name: &str, value: Option<Value>| {
        if let (Some(members), Some(value)) = (facts.as_object_mut(), value) {
            members.insert(name.to_owned(), value);
        }
    };
    let points = |side: f64| Value::from((side * 100.0).round() / 100.0);
    let size = document.page_size(0);
    add("page_width", size.map(|(width, _)| points(width)));
    add("page_height", size.map(|(_, height)| points(height)));
    add("form", usize::try_from(form).ok().and_then(|kind| *FORMS.get(kind)?).map(Value::from));
    add("version", version(document).map(Value::from));
    let mut described = false;
    for (key, name) in DESCRIPTION {
        let text = document.description(key);
        described |= text.is_some();
        add(name, text.map(Value::from));
    }
    add("features", Some(features(pages, security >= 0, described)));
    Ok(facts)
}

fn features(pages: usize, encrypted: bool, described: bool) -> Value {
    // Which of these two a page really has is not known before it is read.
    let mut features = vec![Feature::Text, Feature::Vector];
    features.extend((pages > 1).then_some(Feature::Pages));
    features.extend(encrypted.then_some(Feature::Encryption));
    features.extend(described.then_some(Feature::Metadata));
    features.into_iter().map(|feature| Value::from(feature.word())).collect()
}

/// As in `1.7`.
fn version(document: &Document<'_>) -> Option<String> {
    let mut version: c_int = 0;
    // SAFETY: the document is open and the number lives for the call.
    let told = unsafe { document.pdfium.FPDF_GetFileVersion(document.handle, &mut version) };
    (told != 0 && version > 0).then(|| format!("{}.{}", version / 10, version % 10))
}
