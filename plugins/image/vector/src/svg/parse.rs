//! From text to a tree of shapes, with nothing fetched from outside.

use super::fonts::{self, Missing};
use super::{decode, entities, survey};
use formwork_sdk::{Error, Limits, Result};
use resvg::usvg::{self, ImageHrefResolver, ImageKind, Options, Tree};
use roxmltree::{Document, ParsingOptions};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// XML nodes of one document.
const MOST_NODES: u32 = 4_000_000;

/// What reading a document found out beside its shapes. Shared with the documents inside it.
pub(super) struct Findings {
    limits: Limits,
    /// Bytes of memory the trees read so far may take together.
    weight: AtomicU64,
    /// A limit was passed inside a resolver, which cannot return an error.
    failure: Mutex<Option<Error>>,
    /// References that lead outside the document.
    outside: Mutex<BTreeSet<String>>,
    /// Fonts that were not there.
    pub(super) missing: Arc<Missing>,
    /// Text was met and there was no font to draw it with.
    fontless: AtomicU64,
}

impl Findings {
    /// Starts with nothing found.
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Findings {
            limits,
            weight: AtomicU64::new(0),
            failure: Mutex::default(),
            outside: Mutex::default(),
            missing: Arc::default(),
            fontless: AtomicU64::new(0),
        })
    }

    /// The limits that hold.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What was referred to outside the document, and left out.
    pub(super) fn outside(&self) -> BTreeSet<String> {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there was text but no font at all.
    pub(super) fn fontless(&self) -> bool {
        self.fontless.load(Ordering::Relaxed) > 0
    }

    fn fail(&self, error: Error) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// A document as shapes.
pub(super) struct Parsed {
    pub(super) tree: Tree,
    /// It had text, which is shapes now.
    pub(super) text: bool,
}

/// Reads a document. `within` counts the documents it is inside of.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`, `depth`, `side`, `pixels`, `work`).
pub(super) fn parse(text: &str, findings: &Arc<Findings>, within: u64) -> Result<Parsed> {
    entities::check(text, decode::most(&findings.limits))?;
    let document = document(text)?;
    let survey = survey::survey(&document, &findings.limits)?;
    charge(text.len() as u64, findings)?;
    let options = options(findings, survey.text, within);
    let tree = Tree::from_xmltree(&document, &options).map_err(|problem| match error(problem) {
        endless if survey.circles && endless.limit.is_some() => survey::circles(),
        error => error,
    })?;
    match findings.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(failure) => Err(failure),
        None => Ok(Parsed { tree, text: survey.text }),
    }
}

/// Reads the XML alone.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded`.
pub(super) fn document(text: &str) -> Result<Document<'_>> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|problem| error(usvg::Error::ParsingFailed(problem)))
}

/// Documents inside documents share one budget of text.
fn charge(bytes: u64, findings: &Findings) -> Result<()> {
    let total = findings.weight.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
    let most = decode::most(&findings.limits);
    if total > most { Err(Error::limit("memory", total, most)) } else { Ok(()) }
}

pub(super) fn error(problem: usvg::Error) -> Error {
    use roxmltree::Error as Xml;
    match problem {
        usvg::Error::ParsingFailed(Xml::NodesLimitReached) | usvg::Error::ElementsLimitReached => {
            Error::limit("memory", "more elements", "1000000 elements")
        }
        usvg::Error::ParsingFailed(Xml::EntityReferenceLoop(_)) => {
            Error::limit("depth", "entities within more entities", "10 entities within each other")
        }
        problem => Error::corrupt(format!("the drawing cannot be read: {problem}")),
    }
}

fn options(findings: &Arc<Findings>, text: bool, within: u64) -> Options<'static> {
    let fontdb = if text { formwork_fonts::installed() } else { Arc::default() };
    if text && fontdb.is_empty() {
        findings.fontless.fetch_add(1, Ordering::Relaxed);
    }
    let (inside, outside) = (findings.clone(), findings.clone());
    Options {
        font_family: "sans-serif".into(),
        font_resolver: fonts::resolver(findings.missing.clone()),
        fontdb,
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(move |mime, data, _| inner(mime, data, &inside, within)),
            resolve_string: Box::new(move |reference, _| {
                let mut references = outside.outside.lock().unwrap_or_else(PoisonError::into_inner);
                references.insert(clean(reference));
                None
            }),
        },
        ..Options::default()
    }
}

/// Reads what a `data:` address holds: a picture whose size is checked, or another document.
fn inner(mime: &str, data: Arc<Vec<u8>>, findings: &Arc<Findings>, within: u64) -> Option<ImageKind> {
    let picture = match data.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => ImageKind::PNG(data),
        [0xff, 0xd8, ..] => ImageKind::JPEG(data),
        [b'G', b'I', b'F', ..] => ImageKind::GIF(data),
        [b'R', b'I', b'F', b'F', ..] => ImageKind::WEBP(data),
        _ if matches!(mime, "image/svg+xml" | "text/plain" | "text/xml") => {
            return inner_document(&data, findings, within);
        }
        _ => return None,
    };
    match check_picture(&picture, &findings.limits) {
        Ok(()) => Some(picture),
        Err(error) => {
            findings.fail(error);
            None
        }
    }
}

fn inner_document(data: &[u8], findings: &Arc<Findings>, within: u64) -> Option<ImageKind> {
    let limits = &findings.limits;
    if within >= limits.depth {
        findings.fail(Error::limit("depth", within + 1, limits.depth));
        return None;
    }
    match decode::text(data, limits).and_then(|text| parse(&text, findings, within + 1)) {
        Ok(parsed) => Some(ImageKind::SVG(parsed.tree)),
        Err(error) => {
            if error.limit.is_some() {
                findings.fail(error);
            }
            None
        }
    }
}

/// Size of a picture inside a drawing, as its header tells.
pub(super) fn picture_size(picture: &ImageKind) -> Option<(u64, u64)> {
    let data = match picture {
        ImageKind::PNG(data) | ImageKind::JPEG(data) | ImageKind::GIF(data) | ImageKind::WEBP(data) => data,
        ImageKind::SVG(_) => return None,
    };
    imagesize::blob_size(data).ok().map(|size| (size.width as u64, size.height as u64))
}

fn check_picture(picture: &ImageKind, limits: &Limits) -> Result<()> {
    let Some((width, height)) = picture_size(picture) else { return Ok(()) };
    super::size::check(width, height, limits)
}

/// Shortens a name that comes from a file and takes out what a terminal would act on.
pub(super) fn clean(name: &str) -> String {
    let mut clean: String = name.chars().filter(|letter| !letter.is_control()).take(60).collect();
    if name.chars().count() > 60 {
        clean.push('…');
    }
    clean
}
