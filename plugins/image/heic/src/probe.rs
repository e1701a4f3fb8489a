//! What a HEIC file is, from its directory.

use crate::container::Still;
use crate::{broken, container, header, read};
use formwork_sdk::{Feature, Result, Step, Value, json};

/// Reads the directory and tells what the file shows.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded`.
pub(crate) fn probe(step: &Step<'_>) -> Result<()> {
    let bytes = header::read(&step.input()?, step.limits())?;
    let file = container::parse(&bytes)?;
    let still = Still::primary(&file);
    let mut size = still.size()?;
    if let Some(geometry) = still.geometry()? {
        size = geometry.cut.map_or(size, |(_, _, width, height)| (width, height));
        if geometry.orientation.swaps_sides() {
            size = (size.1, size.0);
        }
    }
    let metadata = still.metadata(step)?;
    let depth = still.depth(still.id)?;
    let kind = file.item(still.id).map_err(broken)?.item_type.to_string();
    let mut features = vec![Feature::Colours];
    let mut add = |holds: bool, feature: Feature| features.extend(holds.then_some(feature));
    add(still.alpha()?.is_some(), Feature::Alpha);
    add(depth > 8, Feature::BitDepth);
    add(
        metadata.icc.is_some() || still.cicp()?.is_some_and(|cicp| cicp.profile().is_some()),
        Feature::ColourProfile,
    );
    add(metadata.exif.is_some() || metadata.xmp.is_some(), Feature::Metadata);
    add(read::has_film(&bytes), Feature::Animation);
    add(still.others() > 0, Feature::Pages);
    let features: Vec<&str> = features.into_iter().map(Feature::word).collect();
    let mut facts = json!({
        "width": size.0, "height": size.1, "frames": 1, "bit_depth": depth, "codec": "hevc",
        "layout": if kind == "grid" { "tiles" } else { "one picture" }, "features": features,
    });
    if let (Some(exif), Some(facts)) =
        (metadata.exif.as_deref().and_then(heifer::Exif::parse), facts.as_object_mut())
    {
        for (name, value) in [("make", exif.make()), ("model", exif.model())] {
            if let Some(value) = value {
                facts.insert(name.into(), Value::from(value));
            }
        }
    }
    step.report(&facts);
    Ok(())
}
