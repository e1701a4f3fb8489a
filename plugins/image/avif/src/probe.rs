//! What an AVIF file is, from its directory.

use crate::{guard, payloads, read};
use formwork_sdk::{Feature, Result, Step, json};

/// Reads the directory and tells what the file shows.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded`.
pub(crate) fn probe(step: &Step<'_>) -> Result<()> {
    let bytes = step.input()?.bytes()?;
    guard::check(guard::without_trailer(&bytes))?;
    let gain_map = payloads::has_gain_map(&bytes);
    let decoder = read::open(step, bytes.into_owned())?;
    let frames = decoder.count().max(1);
    let alpha = decoder.has_alpha();
    let facts = decoder.with_image(|image| {
        let metadata = image.metadata();
        let mut size = image.cut().map_or(image.size(), |(_, _, width, height)| (width, height));
        if metadata.orientation.swaps_sides() {
            size = (size.1, size.0);
        }
        let mut features = vec![Feature::Colours.word()];
        let mut add = |holds: bool, feature: Feature| features.extend(holds.then(|| feature.word()));
        add(alpha, Feature::Alpha);
        add(frames > 1, Feature::Animation);
        add(image.depth() > 8 || gain_map, Feature::BitDepth);
        add(metadata.icc.is_some() || image.cicp().profile().is_some(), Feature::ColourProfile);
        add(metadata.exif.is_some() || metadata.xmp.is_some(), Feature::Metadata);
        json!({
            "width": size.0, "height": size.1, "frames": frames, "bit_depth": image.depth(),
            "codec": "av1", "features": features,
        })
    })?;
    step.report(&facts);
    Ok(())
}
