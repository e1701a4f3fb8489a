//! What this plugin says of itself.

use crate::{library, settings, write};
use formwork_image_pixels::common_options;
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionSpec};

/// Features of an AVIF file that a raster keeps.
const READ_KEEPS: &[Feature] = write::KEEPS;

/// Features of a JPEG that arrive when it goes straight to AVIF.
const JPEG_KEEPS: &[Feature] =
    &[Feature::ColourProfile, Feature::Colours, Feature::Metadata, Feature::Quality];

pub(crate) fn describe() -> Description {
    let mut libraries = library::versions();
    libraries.push(("libjpeg-turbo", "3.1.0".into(), "IJG AND BSD-3-Clause AND Zlib"));
    libraries.push(("heifer-isobmff", "0.3.22".into(), "MIT OR Apache-2.0"));
    Description {
        id: "image.avif".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Reads and writes AVIF".into(),
        licence: "(MIT OR Apache-2.0) AND BSD-2-Clause AND BSD-3-Clause AND IJG AND Zlib".into(),
        libraries: libraries
            .into_iter()
            .map(|(name, version, licence)| Library { name: name.into(), version, licence: licence.into() })
            .collect(),
        memory_safe: false,
        fuzzed: true,
        probes: vec!["avif".into()],
        capabilities: vec![reader(), writer(), from_jpeg()],
        ..Description::default()
    }
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}

fn options() -> Vec<OptionSpec> {
    let mut options = settings::options();
    options.extend(common_options());
    options
}

fn fuses() -> Vec<String> {
    vec!["crop".into(), "thumbnail".into()]
}

fn reader() -> Capability {
    Capability {
        from: vec!["avif".into()],
        to: vec!["raster".into()],
        keeps: words(READ_KEEPS),
        // 12 megapixels in half a MiB: about half a second.
        cost: Cost { fixed_ms: 2.0, per_mib_ms: 800.0, memory_ratio: 150.0 },
        parallel: true,
        ..Capability::default()
    }
}

fn writer() -> Capability {
    Capability {
        from: vec!["raster".into()],
        to: vec!["avif".into()],
        options: options(),
        keeps: words(write::KEEPS),
        // 12 megapixels in 36 MiB: about four seconds.
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 110.0, memory_ratio: 7.0 },
        fuses: fuses(),
        parallel: true,
        ..Capability::default()
    }
}

fn from_jpeg() -> Capability {
    Capability {
        from: vec!["jpg".into()],
        to: vec!["avif".into()],
        options: options(),
        keeps: words(JPEG_KEEPS),
        // 12 megapixels in 2 MiB: about three and a half seconds.
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 1700.0, memory_ratio: 120.0 },
        fuses: fuses(),
        parallel: true,
        ..Capability::default()
    }
}
