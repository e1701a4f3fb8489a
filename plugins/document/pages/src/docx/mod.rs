//! PDF to Word: text that flows (ECMA-376, WordprocessingML).

mod body;
mod parts;

use crate::model;
use formwork_sdk::{Error, Result, Step};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let model = model::read(step, true)?;
    let body = body::write(step, &model)?;
    let core = parts::core(model.title.as_deref());
    let pictures = body.pictures.iter().map(|(name, picture)| (name.as_str(), picture.file.as_slice()));
    let files = [
        ("[Content_Types].xml", parts::CONTENT_TYPES),
        ("_rels/.rels", parts::PACKAGE),
        ("docProps/core.xml", core.as_str()),
        ("word/document.xml", body.document.as_str()),
        ("word/_rels/document.xml.rels", body.relations.as_str()),
        ("word/styles.xml", parts::STYLES),
        ("word/numbering.xml", parts::NUMBERING),
    ];
    let files = files.into_iter().map(|(name, text)| (name, text.as_bytes())).chain(pictures);
    step.write_output(&packed(files)?)
}

/// Files in a zip. Without times, so that the same text gives the same bytes.
fn packed<'f>(files: impl Iterator<Item = (&'f str, &'f [u8])>) -> Result<Vec<u8>> {
    let failed = |error: zip::result::ZipError| Error::from(std::io::Error::other(error));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        zip.start_file(name, options).map_err(failed)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner())
}
