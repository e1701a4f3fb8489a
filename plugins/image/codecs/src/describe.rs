//! What the plugin says of itself, derived from [`CODECS`](crate::CODECS).

use crate::codec::{Codec, Encoder};
use crate::{CODECS, optimise, raster};
use formwork_image_pixels::{Depth, Target, common_options, crop_options, mark_options};
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionSpec, options::option};

/// Operations that can be done before another one in the same pass; of `convert` only the size.
const FUSES: [&str; 4] = ["crop", "thumbnail", "watermark", "convert:width,height,fit,background"];
/// What a thumbnail can keep: it is one picture.
const STILL: [Feature; 6] = [
    Feature::Alpha,
    Feature::BitDepth,
    Feature::ColourProfile,
    Feature::Colours,
    Feature::Inks,
    Feature::Metadata,
];

/// What a target takes only in part, and what is not promised therefore: GIF knows no half transparent pixels, PDF has a
/// place for XMP, but none for EXIF.
const IN_PART: [(&str, Feature); 2] = [("gif", Feature::Alpha), ("pdf", Feature::Metadata)];
/// Formats of floating-point samples, which no whole numbers can hold.
const FLOATING: [&str; 2] = ["exr", "hdr"];

pub(crate) fn describe() -> Description {
    let readable: Vec<String> = ids(|codec| codec.read.is_some());
    let mut capabilities: Vec<Capability> = CODECS
        .iter()
        .filter_map(|codec| Some(convert(codec.id, codec.write.as_ref()?, &readable)))
        .flatten()
        .collect();
    capabilities.push(changing("crop", &readable, Target::ANY.keeps, crop_options()));
    capabilities.extend(optimise::FORMATS.map(optimising));
    capabilities.push(changing("thumbnail", &readable, &STILL, thumbnail_options()));
    capabilities.push(Capability {
        companions: vec![raster::ID.into()],
        ..changing("watermark", &readable, Target::ANY.keeps, watermark_options())
    });
    Description {
        id: "image".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Reads and writes the everyday raster formats".into(),
        licence: "(MIT OR Apache-2.0) AND BSD-3-Clause AND IJG AND MIT AND Zlib".into(),
        libraries: libraries(),
        memory_safe: false,
        fuzzed: true,
        // Fonts, for the text of watermarks.
        touches: "files".into(),
        probes: ids(|codec| codec.read.is_some() && codec.id != raster::ID),
        capabilities,
        ..Description::default()
    }
}

fn ids(which: fn(&Codec) -> bool) -> Vec<String> {
    CODECS.iter().filter(|codec| which(codec)).map(|codec| codec.id.to_owned()).collect()
}

/// From everything to one format.
fn convert(id: &str, encoder: &Encoder, readable: &[String]) -> Vec<Capability> {
    let rounds = encoder.target.keeps(Feature::BitDepth) && !encoder.target.depths.contains(&Depth::F32);
    let mut all = convert_all(id, encoder, readable);
    if !rounds {
        return vec![all];
    }
    let (floating, whole) = all.from.iter().cloned().partition(|from| FLOATING.contains(&from.as_str()));
    all.from = whole;
    let mut rounded = Capability { from: floating, ..all.clone() };
    rounded.keeps.retain(|word| word != Feature::BitDepth.word());
    vec![all, rounded]
}

fn convert_all(id: &str, encoder: &Encoder, readable: &[String]) -> Capability {
    let internal = id == raster::ID;
    let in_part = |feature: &Feature| IN_PART.contains(&(id, *feature));
    let promised: Vec<Feature> =
        encoder.target.keeps.iter().copied().filter(|feature| !in_part(feature)).collect();
    let mut options = (encoder.options)();
    if !internal {
        options.extend(common_options());
    }
    Capability {
        from: readable.iter().filter(|from| !internal || *from != id).cloned().collect(),
        to: vec![id.to_owned()],
        options,
        keeps: words(&promised),
        cost: Cost { fixed_ms: 0.5, per_mib_ms: if internal { 20.0 } else { 60.0 }, memory_ratio: 20.0 },
        fuses: if internal { Vec::new() } else { FUSES.map(String::from).to_vec() },
        ..Capability::default()
    }
}

/// From everything to everything, with the picture changed on the way.
fn changing(operation: &str, readable: &[String], keeps: &[Feature], options: Vec<OptionSpec>) -> Capability {
    Capability {
        operation: operation.to_owned(),
        from: readable.to_vec(),
        to: ids(|codec| codec.write.is_some() && codec.id != raster::ID),
        options,
        keeps: words(keeps),
        cost: Cost { fixed_ms: 0.5, per_mib_ms: 30.0, memory_ratio: 20.0 },
        fuses: FUSES.map(String::from).to_vec(),
        ..Capability::default()
    }
}

/// From a format to itself, smaller.
fn optimising(id: &str) -> Capability {
    let keeps = [
        Feature::Alpha,
        Feature::Animation,
        Feature::BitDepth,
        Feature::ColourProfile,
        Feature::Colours,
        Feature::Inks,
        Feature::Metadata,
        Feature::Quality,
    ];
    Capability {
        operation: "optimize".into(),
        from: vec![id.to_owned()],
        to: vec![id.to_owned()],
        options: optimise::options(),
        keeps: words(&keeps),
        cost: Cost { fixed_ms: 1.0, per_mib_ms: 1500.0, memory_ratio: 20.0 },
        fuses: FUSES.map(String::from).to_vec(),
        ..Capability::default()
    }
}

fn thumbnail_options() -> Vec<OptionSpec> {
    let mut options = common_options();
    options.push(option("quality").with_default(80));
    options
}

fn watermark_options() -> Vec<OptionSpec> {
    let mut options = mark_options();
    options.extend([
        option("quality"),
        option("background").with_default("#ffffff"),
        option("strip_metadata").with_default(false),
    ]);
    options
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}

fn libraries() -> Vec<Library> {
    LIBRARIES
        .iter()
        .map(|(name, version, licence)| Library {
            name: (*name).into(),
            version: (*version).into(),
            licence: (*licence).into(),
        })
        .collect()
}

/// Name, version and licence of what the plugin rests on.
const LIBRARIES: &[(&str, &str, &str)] = &[
    ("libjpeg-turbo", "3.1", "IJG AND BSD-3-Clause AND Zlib"),
    ("libwebp", "1.6", "BSD-3-Clause"),
    ("bcdec_rs", "0.2", "MIT"),
    ("exr", "1.74", "BSD-3-Clause"),
    ("fast_image_resize", "6.1", "MIT OR Apache-2.0"),
    ("fax", "0.3", "MIT"),
    ("fontdb", "0.24", "MIT"),
    ("gif", "0.14", "MIT OR Apache-2.0"),
    ("harfrust", "0.12", "MIT"),
    ("hayro-jpeg2000", "0.5", "MIT OR Apache-2.0"),
    ("image", "0.25", "MIT OR Apache-2.0"),
    ("jxl-oxide", "0.12", "MIT OR Apache-2.0"),
    ("moxcms", "0.8", "BSD-3-Clause OR Apache-2.0"),
    ("oxipng", "10.2", "MIT"),
    ("png", "0.18", "MIT OR Apache-2.0"),
    ("skrifa", "0.44", "MIT OR Apache-2.0"),
    ("tiny-skia", "0.12", "BSD-3-Clause"),
    ("unicode-bidi", "0.3", "MIT OR Apache-2.0"),
    ("weezl", "0.1", "MIT OR Apache-2.0"),
    ("zune-jpeg", "0.5", "MIT OR Apache-2.0 OR Zlib"),
    ("zune-jpegxl", "0.5", "MIT OR Apache-2.0 OR Zlib"),
];
