//! Works on the structure of PDF files (ISO 32000-2): pages are taken out, put together and turned, protection is put
//! on and taken off, what is too large is made smaller.
//!
//! ```text
//! open (password, repair, limits) ─► tree (pages freed from what they inherit) ─► operation ─► save
//!                                                      └ assembly: a new document of pages of others
//! ```
//!
//! The parser is `lopdf`. Nothing in a file is run: scripts and actions are data that is copied or dropped.

mod assembly;
mod bilevel;
mod cipher;
mod compress;
mod content;
mod describe;
mod draw;
mod graph;
mod lazy;
mod mark;
mod open;
mod operation;
mod pages;
mod pdfa;
mod png;
mod redact;
mod save;
mod table;
mod tree;
mod xmp;

use formwork_sdk::{Description, Error, Feature, Plugin, Result, Step, export_plugin};
use graph::{catalog, dict_at};
use lopdf::Document;

/// The plugin.
pub struct Pdf;

impl Plugin for Pdf {
    fn describe() -> Description {
        describe::describe()
    }

    fn run(step: &Step<'_>) -> Result<()> {
        match step.operation() {
            "pdf/split" => operation::cut::split(step),
            "pdf/extract-pages" => operation::cut::extract(step),
            "pdf/rotate" => operation::rotate::run(step),
            "pdf/merge" | "merge" => operation::merge::run(step),
            "pdf/encrypt" => operation::protect::encrypt(step),
            "pdf/decrypt" => operation::protect::decrypt(step),
            "pdf/compress" | "optimize" => compress::run(step),
            "pdf/watermark" | "watermark" => mark::run(step),
            "metadata" => operation::metadata::run(step),
            "pdf/extract-images" => operation::images::run(step),
            "pdf/extract-attachments" => operation::attachments::run(step),
            "pdf/flatten" => operation::flatten::run(step),
            "pdf/redact" => redact::run(step),
            "pdf/repair" => operation::repair::run(step),
            "pdf/to-pdfa" => pdfa::run(step),
            other => Err(Error::unsupported(format!("this plugin does not do `{other}`"))),
        }
    }
}

export_plugin!(Pdf);

/// Says what a document has that does not go into a copy of its pages.
fn tell_what_copies_lose(step: &Step<'_>, doc: &Document) {
    let Some(catalog) = catalog(doc) else { return };
    if catalog.has(b"StructTreeRoot") {
        step.warn("the tags that tell screen readers the order of the text are not kept");
    }
    let form = dict_at(doc, catalog, b"AcroForm");
    if form.is_some_and(|form| form.has(b"XFA")) {
        step.warn("the form's second description in XFA is not kept; its fields are");
    }
    if form.is_some_and(|form| form.has(b"SigFlags")) {
        step.warn("signatures hold for the file as it was, and no longer for this one");
    }
    if dict_at(doc, catalog, b"Names").is_some_and(|names| names.has(b"JavaScript")) {
        step.lose(Feature::Macros, "scripts of the document are not kept");
    }
}

/// Says that protection is gone, where an operation reads protected files and writes open ones.
fn tell_encryption(step: &Step<'_>, pdf: &open::Pdf) {
    if pdf.was_encrypted {
        step.lose(Feature::Encryption, "the result is not protected: protect it with pdf/encrypt");
    }
}
