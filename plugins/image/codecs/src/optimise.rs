//! The operation `optimize`: the same picture in fewer bytes, or with `quality` a slightly different one in
//! far fewer.

use crate::{jpg, png};
use formwork_sdk::{Input, OptionSpec, Result, Step, options::option};
use std::borrow::Cow;

/// Formats it is offered for.
pub(crate) const FORMATS: [&str; 3] = ["apng", "jpg", "png"];
const EFFORT: i64 = 4;

/// Its options.
pub(crate) fn options() -> Vec<OptionSpec> {
    vec![
        option("effort").with_default(EFFORT),
        option("quality").with_summary("Encodes a JPEG anew at this quality; without it no sample changes."),
        option("strip_metadata").with_default(false),
    ]
}

/// Whether the step can be done without decoding to samples and encoding them anew.
pub(crate) fn applies(step: &Step<'_>, input: &Input<'_>, target: &str) -> bool {
    step.operation() == "optimize"
        && step.operations().count() == 1
        && target == input.format()
        && FORMATS.contains(&target)
        && step.options().integer("quality").is_none()
}

/// Does it. A file that does not get smaller stays as it is.
pub(crate) fn run(step: &Step<'_>, input: &Input<'_>) -> Result<()> {
    let bytes = input.bytes()?;
    let strip = step.options().flag("strip_metadata");
    step.tick(0, 2)?;
    let packed = match input.format() {
        "jpg" => jpg::smaller(step, &bytes, strip)?,
        _ => png::smaller(step, &bytes, step.options().integer("effort").unwrap_or(EFFORT), strip)?,
    };
    step.tick(1, 2)?;
    let best = if packed.len() < bytes.len() || strip { Cow::Owned(packed) } else { bytes };
    step.write_output(&best)
}
