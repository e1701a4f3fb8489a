//! PDF to OpenDocument text: text that flows (OpenDocument 1.3 part 3).

mod body;
mod parts;

use crate::model;
use crate::package::Package;
use formwork_sdk::{Result, Step};

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let model = model::read(step, true)?;
    let body = body::write(step, &model)?;
    let meta = parts::meta(&model);
    let manifest = parts::manifest(&body.media);
    let mut package = Package::of(parts::MIME);
    for (name, text) in [
        ("content.xml", body.content.as_str()),
        ("styles.xml", parts::STYLES),
        ("meta.xml", meta.as_str()),
        ("META-INF/manifest.xml", manifest.as_str()),
    ] {
        package.add(name, text.as_bytes());
    }
    for (name, picture) in &body.media.files {
        package.add(format!("{}{name}", parts::PICTURES), &picture.file);
    }
    step.write_output(&package.packed()?)
}
