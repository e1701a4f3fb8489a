//! What this plugin says of itself.

use crate::PREVIEW;
use formwork_sdk::options::{OptionKind, OptionSpec};
use formwork_sdk::{Capability, Cost, Description, Feature, Library};

/// The formats that are read. Sigma's x3f is not among them: its size is known only while it is unpacked.
pub(crate) const FORMATS: &[&str] = &[
    "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "iiq", "kdc", "mrw", "nef", "orf", "pef", "raf",
    "raw", "rw2", "srw",
];

/// Features of a photo that a raster keeps.
const KEEPS: &[Feature] =
    &[Feature::BitDepth, Feature::ColourProfile, Feature::Colours, Feature::Metadata, Feature::Quality];

pub(crate) fn describe() -> Description {
    let library = |name: &str, version: &str, licence: &str| Library {
        name: name.into(),
        version: version.into(),
        licence: licence.into(),
    };
    let formats: Vec<String> = FORMATS.iter().map(|format| (*format).to_owned()).collect();
    Description {
        id: "image.raw".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Develops camera raw files, or takes the preview they embed".into(),
        licence: "LGPL-2.1-only".into(),
        libraries: vec![
            library("rawler", "0.8.0", "LGPL-2.1-only"),
            library("zune-jpeg", "0.5", "MIT OR Apache-2.0 OR Zlib"),
        ],
        // `rawler` reads pixels through raw pointers in a few places.
        memory_safe: false,
        fuzzed: true,
        probes: formats.clone(),
        capabilities: vec![Capability {
            from: formats,
            to: vec!["raster".into()],
            options: vec![preview()],
            keeps: KEEPS.iter().map(|feature| feature.word().to_owned()).collect(),
            cost: Cost { fixed_ms: 100.0, per_mib_ms: 200.0, memory_ratio: 16.0 },
            parallel: true,
            ..Capability::default()
        }],
        ..Description::default()
    }
}

fn preview() -> OptionSpec {
    OptionSpec::new(
        PREVIEW,
        OptionKind::Boolean,
        "Take the preview the camera embedded instead of developing the photo: fast, 8 bits.",
    )
    .with_default(false)
}
