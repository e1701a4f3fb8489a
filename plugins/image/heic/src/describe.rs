//! What this plugin says of itself.

use crate::write;
use formwork_image_pixels::common_options;
use formwork_sdk::{Capability, Cost, Description, Feature, Library, option};

/// Features of a HEIC file's primary picture that a raster keeps.
const READ_KEEPS: &[Feature] = &[
    Feature::Alpha,
    Feature::BitDepth,
    Feature::ColourProfile,
    Feature::Colours,
    Feature::Metadata,
    Feature::Quality,
];

pub(crate) fn describe() -> Description {
    Description {
        id: "image.heic".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Reads and writes HEIC, the pictures of phones".into(),
        licence: "MIT OR Apache-2.0".into(),
        libraries: vec![Library {
            name: "heifer".into(),
            version: "0.3.22".into(),
            licence: "MIT OR Apache-2.0".into(),
        }],
        memory_safe: true,
        fuzzed: true,
        probes: vec!["heic".into()],
        capabilities: vec![reader(), writer()],
        ..Description::default()
    }
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}

fn reader() -> Capability {
    Capability {
        from: vec!["heic".into()],
        to: vec!["raster".into()],
        keeps: words(READ_KEEPS),
        // 12 megapixels: 1.5 to 4 MiB, about a second.
        cost: Cost { fixed_ms: 2.0, per_mib_ms: 400.0, memory_ratio: 40.0 },
        parallel: true,
        ..Capability::default()
    }
}

fn writer() -> Capability {
    let mut options = vec![
        option("quality").with_default(write::QUALITY),
        option("color_depth").with_range(8, 10).with_summary("Bits a sample: 8, or 10 for smooth gradients."),
    ];
    options.extend(common_options());
    Capability {
        from: vec!["raster".into()],
        to: vec!["heic".into()],
        options,
        keeps: words(write::KEEPS),
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 800.0, memory_ratio: 3.0 },
        fuses: vec!["crop".into(), "thumbnail".into()],
        parallel: true,
        ..Capability::default()
    }
}
