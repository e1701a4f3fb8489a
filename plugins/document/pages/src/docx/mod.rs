//! PDF to Word: text that flows (ECMA-376, WordprocessingML).

mod body;
mod parts;

use crate::package::Package;
use crate::{model, office};
use formwork_sdk::{Result, Step};

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let model = model::read(step, true)?;
    let body = body::write(step, &model)?;
    let core = office::core(model.title.as_deref());
    let mut package = Package::default();
    for (name, text) in [
        ("[Content_Types].xml", parts::CONTENT_TYPES),
        ("_rels/.rels", parts::PACKAGE),
        ("docProps/core.xml", core.as_str()),
        ("word/document.xml", body.document.as_str()),
        ("word/_rels/document.xml.rels", body.relations.as_str()),
        ("word/styles.xml", parts::STYLES),
        ("word/numbering.xml", parts::NUMBERING),
    ] {
        package.add(name, text.as_bytes());
    }
    for (name, picture) in &body.media.files {
        package.add(format!("word/media/{name}"), &picture.file);
    }
    step.write_output(&package.packed()?)
}
