//! Opens a PDF: password, repair, limits, and the page tree laid flat.

use crate::{cipher, tree};
use formwork_sdk::{Error, Input, Result, Step};
use lopdf::xref::XrefRecovery;
use lopdf::{DecompressError, Document, LoadOptions, Object, ObjectId};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The most that one object stream may unpack to.
pub(crate) const MOST_UNPACKED: u64 = 256 << 20;

/// Objects are added to a document; one whose numbers leave no room for them is numbered anew.
const HIGHEST_NUMBER: u32 = 1 << 30;

/// Bytes at the end of a file in which readers look for the place of its table of objects.
const END_OF_FILE: usize = 1024;

/// Bytes of the words an object begins with, as in `12 0 obj`.
const LONGEST_HEAD: usize = 24;

/// An open document.
pub(crate) struct Pdf {
    pub(crate) doc: Document,
    /// Its pages in order: dictionaries that hold all they inherit, each once.
    pub(crate) pages: Vec<ObjectId>,
    /// It was protected by a password or by permissions.
    pub(crate) was_encrypted: bool,
    /// What was wrong with it and was mended.
    pub(crate) mended: Vec<String>,
}

/// Opens an input with the step's password.
///
/// # Errors
///
/// `password_required`, `corrupt_input`, `limit_exceeded`.
pub(crate) fn open(step: &Step<'_>, input: Input<'_>) -> Result<Pdf> {
    let name = input.name().into_owned();
    open_bytes(step, &input.bytes()?, step.options().text("password")).map_err(|mut error| {
        if step.input_count() > 1 && !name.is_empty() {
            error.message = format!("{name}: {}", error.message);
        }
        error
    })
}

/// Opens a document in memory.
///
/// # Errors
///
/// As [`open`].
pub(crate) fn open_bytes(step: &Step<'_>, bytes: &[u8], password: Option<&str>) -> Result<Pdf> {
    step.tick(0, 0)?;
    let (bytes, was_preceded) = without_what_precedes(bytes);
    let mut pdf = loaded_and_prepared(step, bytes, password)?;
    if was_preceded {
        pdf.mended.push("what stood before it in the file is left out".into());
    }
    Ok(pdf)
}

/// A document without another one that was written before it into the same file: the table of its objects is where its
/// end says it is only when places are counted from its own head.
fn without_what_precedes(bytes: &[u8]) -> (&[u8], bool) {
    let tail = bytes.get(bytes.len().saturating_sub(END_OF_FILE)..).unwrap_or(bytes);
    let digits =
        rfind(tail, b"startxref").and_then(|place| tail.get(place + 9..)).map(<[u8]>::trim_ascii_start);
    let digits = digits.map(|rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).take(12));
    let digits: Vec<u8> = digits.into_iter().flatten().copied().collect();
    let Some(start) = std::str::from_utf8(&digits).ok().and_then(|text| text.parse::<usize>().ok()) else {
        return (bytes, false);
    };
    let has_table = |bytes: &[u8]| {
        let found = bytes.get(start..).unwrap_or_default().trim_ascii_start();
        let is_object = found.first().is_some_and(u8::is_ascii_digit)
            && found.get(..LONGEST_HEAD).is_some_and(|head| head.windows(4).any(|word| word == b" obj"));
        found.starts_with(b"xref") || is_object
    };
    if has_table(bytes) {
        return (bytes, false);
    }
    let last = rfind(bytes, b"%PDF-").and_then(|head| bytes.get(head..));
    last.filter(|last| last.len() < bytes.len() && has_table(last))
        .map_or((bytes, false), |last| (last, true))
}

fn rfind(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).rposition(|window| window == word)
}

fn loaded_and_prepared(step: &Step<'_>, bytes: &[u8], password: Option<&str>) -> Result<Pdf> {
    let limit = usize::try_from(step.limits().memory.min(MOST_UNPACKED)).unwrap_or(usize::MAX);
    let options = LoadOptions {
        password: password.map(str::to_owned),
        max_decompressed_size: Some(limit),
        ..LoadOptions::default()
    };
    let loaded = |options: LoadOptions| {
        load(bytes, options).map_err(|error| refusal(error, password.is_some(), limit))
    };
    let doc = loaded(options.clone())?;
    let was_rebuilt = doc.xref_recovery == Some(XrefRecovery::Reconstructed);
    let pdf = prepared(step, doc, bytes)?;
    if pdf.mended.is_empty() || was_rebuilt {
        return Ok(pdf);
    }
    // Some of it is missing: a search through the whole file may find more.
    let searched = loaded(LoadOptions { force_reconstruct: true, ..options });
    let found = searched.and_then(|doc| prepared(step, doc, bytes)).ok();
    Ok(found.filter(|found| found.pages.len() > pdf.pages.len()).unwrap_or(pdf))
}

/// Makes a loaded document ready to be worked on.
fn prepared(step: &Step<'_>, doc: Document, bytes: &[u8]) -> Result<Pdf> {
    if doc.trailer.has(b"Encrypt") {
        return Err(Error::password("the PDF is protected: give its password with the option `password`"));
    }
    let mut pdf = Pdf { was_encrypted: doc.was_encrypted(), doc, pages: Vec::new(), mended: Vec::new() };
    if pdf.was_encrypted {
        cipher::check_opened(&pdf.doc)?;
    }
    if !pdf.was_encrypted && fill_streams(&mut pdf.doc, bytes) {
        pdf.mended.push("streams did not say how long they are".into());
    }
    if pdf.doc.xref_recovery.is_some() {
        pdf.mended.push("its cross-reference table was wrong and was rebuilt".into());
    }
    step.within("entries", pdf.doc.objects.len() as u64, step.limits().entries)?;
    if pdf.doc.max_id > HIGHEST_NUMBER {
        pdf.doc.renumber_objects();
    }
    tree::flatten(step, &mut pdf)?;
    Ok(pdf)
}

/// Loads a document. A library that gives up on a broken file is no reason to end.
fn load(bytes: &[u8], options: LoadOptions) -> lopdf::Result<Document> {
    let attempt = |options: LoadOptions| {
        catch_unwind(AssertUnwindSafe(|| Document::load_mem_with_options(bytes, options)))
            .unwrap_or_else(|_| Err(lopdf::Error::InvalidStream("it cannot be parsed".into())))
    };
    let retry = LoadOptions { force_reconstruct: true, ..options.clone() };
    match attempt(options) {
        Err(lopdf::Error::Parse(_) | lopdf::Error::Xref(_) | lopdf::Error::InvalidStream(_)) => {
            attempt(retry)
        }
        other => other,
    }
}

/// Reads streams whose length is missing up to the word that ends them; returns whether there were any.
fn fill_streams(doc: &mut Document, bytes: &[u8]) -> bool {
    let header = bytes.windows(5).position(|five| five == b"%PDF-").unwrap_or(0);
    let bytes = bytes.get(header..).unwrap_or(&[]);
    let mut any = false;
    for object in doc.objects.values_mut() {
        let Object::Stream(stream) = object else { continue };
        let Some(rest) = stream.start_position.and_then(|start| bytes.get(start..)) else { continue };
        if !stream.content.is_empty() {
            continue;
        }
        const END: &[u8] = b"endstream";
        if let Some(content) =
            rest.windows(END.len()).position(|word| word == END).and_then(|end| rest.get(..end))
        {
            let content = content.strip_suffix(b"\n").unwrap_or(content);
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            any |= !content.is_empty();
            stream.set_content(content.to_vec());
        }
    }
    any
}

fn refusal(error: lopdf::Error, given: bool, limit: usize) -> Error {
    use lopdf::encryption::DecryptionError;
    match error {
        lopdf::Error::InvalidPassword | lopdf::Error::Decryption(DecryptionError::IncorrectPassword) => {
            Error::password(if given {
                "the password does not open the PDF: give the right one with the option `password`"
            } else {
                "the PDF is protected: give its password with the option `password`"
            })
        }
        lopdf::Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => {
            Error::limit("memory", "more for one stream of objects", limit)
        }
        lopdf::Error::Decryption(
            DecryptionError::UnsupportedEncryption
            | DecryptionError::UnsupportedVersion
            | DecryptionError::UnsupportedRevision,
        ) => Error::corrupt(
            "the PDF is protected in a way that is not known here, as by a certificate: remove the protection with the program that made it",
        ),
        error => Error::corrupt(format!("the PDF cannot be read: {error}; ask for an intact copy")),
    }
}

/// Says what was wrong with a document and was mended.
pub(crate) fn tell_mended(step: &Step<'_>, mended: &[String]) {
    mended.iter().for_each(|what| step.warn(format!("the PDF was damaged: {what}")));
}

impl Pdf {
    /// Says what was mended.
    pub(crate) fn tell(&self, step: &Step<'_>) {
        tell_mended(step, &self.mended);
    }

    /// The information dictionary, made when there is none.
    pub(crate) fn info_id(&mut self) -> ObjectId {
        if let Ok(id) = self.doc.trailer.get(b"Info").and_then(Object::as_reference)
            && self.doc.objects.get(&id).is_some_and(|info| info.as_dict().is_ok())
        {
            return id;
        }
        let info = match self.doc.trailer.remove(b"Info") {
            Some(Object::Dictionary(direct)) => direct,
            _ => lopdf::Dictionary::new(),
        };
        let id = self.doc.add_object(info);
        self.doc.trailer.set("Info", id);
        id
    }
}
