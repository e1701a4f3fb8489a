//! What the plugin says of itself.

use formwork_image_pixels::drawing_options;
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionSpec, option};

/// Says what the plugin can do.
pub(crate) fn describe() -> Description {
    Description {
        id: "image.vector".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Draws SVG, and puts or traces pictures into SVG".into(),
        licence: "MIT OR Apache-2.0".into(),
        libraries: vec![
            library("resvg", "0.49", "Apache-2.0 OR MIT"),
            library("fontdb", "0.24", "MIT"),
            library("visioncortex", "0.9.3", "MIT OR Apache-2.0"),
            library("png", "0.18.1", "MIT OR Apache-2.0"),
        ],
        memory_safe: true,
        touches: "files".into(),
        fuzzed: true,
        probes: vec!["svg".into(), "svgz".into()],
        capabilities: vec![draw(), repack("svg", "svgz"), repack("svgz", "svg"), write()],
        ..Description::default()
    }
}

fn library(name: &str, version: &str, licence: &str) -> Library {
    Library { name: name.into(), version: version.into(), licence: licence.into() }
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}

/// `svg` and `svgz` to pixels.
fn draw() -> Capability {
    Capability {
        from: vec!["svg".into(), "svgz".into()],
        to: vec!["raster".into()],
        options: draw_options(),
        keeps: words(&[Feature::Alpha, Feature::Colours, Feature::Quality]),
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 400.0, memory_ratio: 30.0 },
        ..Capability::default()
    }
}

fn draw_options() -> Vec<OptionSpec> {
    let mut options = drawing_options("a drawing");
    options.extend([
        option("density")
            .with_default(super::svg::CSS_DENSITY)
            .with_summary("Pixels for one inch of the drawing; 96 gives one for each of its own pixels."),
        option("background").with_summary("Colour drawn below the picture, as in #ffffff."),
    ]);
    options
}

/// Gzip around the same text, on or off.
fn repack(from: &str, to: &str) -> Capability {
    Capability {
        from: vec![from.into()],
        to: vec![to.into()],
        keeps: Feature::ALL.iter().map(|(_, word)| (*word).to_owned()).collect(),
        cost: Cost { fixed_ms: 0.5, per_mib_ms: 30.0, memory_ratio: 2.0 },
        rank: 90,
        ..Capability::default()
    }
}

/// Pixels to `svg` and `svgz`.
fn write() -> Capability {
    Capability {
        from: vec!["raster".into()],
        to: vec!["svg".into(), "svgz".into()],
        options: write_options(),
        keeps: words(&[
            Feature::Alpha,
            Feature::BitDepth,
            Feature::ColourProfile,
            Feature::Colours,
            Feature::Quality,
        ]),
        cost: Cost { fixed_ms: 2.0, per_mib_ms: 25.0, memory_ratio: 3.0 },
        ..Capability::default()
    }
}

fn write_options() -> Vec<OptionSpec> {
    let mut options = vec![option("mode").with_default("embed").with_summary(
        "How pixels become a drawing: embed puts the exact picture inside, trace draws shapes that scale, \
         for logos and line art.",
    )];
    options.extend(formwork_image_pixels::common_options());
    options
}
