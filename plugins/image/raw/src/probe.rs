//! What a camera raw file is, from its directories.

use crate::header;
use formwork_sdk::{Error, Feature, Input, Result, Step, Value, json};
use std::borrow::Cow;

/// How much of a file is looked at: directories come first, and previews soon after.
const HEAD: usize = 4 << 20;

/// Reads the directories and tells what the file holds.
///
/// # Errors
///
/// `corrupt_input` when it holds no photo; `io`.
pub(crate) fn probe(step: &Step<'_>) -> Result<()> {
    let bytes = head(&step.input()?)?;
    let (header, jpegs) = header::of(&bytes);
    let Some((mut width, mut height)) = header.size else {
        return Err(Error::corrupt("the file does not say how large its photo is"));
    };
    if header.orientation.swaps_sides() {
        (width, height) = (height, width);
    }
    let mut features = vec![Feature::Colours.word(), Feature::Quality.word()];
    features.extend((header.bits != Some(8)).then_some(Feature::BitDepth.word()));
    features.extend((header.exif.is_some() || header.xmp.is_some()).then_some(Feature::Metadata.word()));
    let previews = jpegs.iter().filter(|jpeg| !jpeg.lossless).count() + header.plain.len();
    let mut facts = json!({
        "width": width, "height": height, "frames": 1, "orientation": header.orientation as u8,
        "previews": previews, "features": features,
    });
    if let Some(facts) = facts.as_object_mut() {
        facts.extend(header.bits.map(|bits| ("bit_depth".to_owned(), Value::from(bits))));
        facts.extend(header.make.map(|make| ("make".to_owned(), Value::from(make))));
        facts.extend(header.model.map(|model| ("model".to_owned(), Value::from(model))));
    }
    step.report(&facts);
    Ok(())
}

/// The start of the file; all of it when it lies in memory.
fn head<'a>(input: &Input<'a>) -> Result<Cow<'a, [u8]>> {
    match input.memory() {
        Some(memory) => Ok(Cow::Borrowed(memory)),
        None => input.head(HEAD),
    }
}
