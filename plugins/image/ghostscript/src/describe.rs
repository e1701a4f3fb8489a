//! What the plugin says of itself.

use crate::{program, run};
use formwork_image_pixels::drawing_options;
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionSpec, option};

/// What to do when Ghostscript is missing.
pub(crate) const REMEDY: &str = "apt install ghostscript";

/// Says what the plugin can do on this machine.
pub(crate) fn describe() -> Description {
    let program = program::find();
    Description {
        id: "image.ghostscript".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Draws EPS, PostScript and Illustrator files, and makes PDF of them, through an installed Ghostscript"
            .into(),
        licence: "MIT OR Apache-2.0".into(),
        libraries: vec![Library {
            name: "ghostscript (separate program)".into(),
            version: program.as_deref().and_then(program::version).unwrap_or_default(),
            licence: "AGPL-3.0-or-later".into(),
        }],
        memory_safe: false,
        touches: "programs".into(),
        fuzzed: false,
        probes: vec!["eps".into(), "ps".into(), "ai".into()],
        capabilities: vec![drawing(program.is_some()), printing(program.is_some())],
        ..Description::default()
    }
}

fn drawing(is_installed: bool) -> Capability {
    Capability {
        from: vec!["eps".into(), "ps".into(), "ai".into()],
        to: vec!["raster".into()],
        options: options(),
        keeps: words(&[Feature::Alpha, Feature::Colours, Feature::Pages, Feature::Quality]),
        cost: Cost { fixed_ms: 150.0, per_mib_ms: 600.0, memory_ratio: 40.0 },
        unavailable: (!is_installed).then(|| REMEDY.into()),
        ..Capability::default()
    }
}

/// To PDF, with text and shapes.
fn printing(is_installed: bool) -> Capability {
    let kept =
        [Feature::Alpha, Feature::Colours, Feature::Fonts, Feature::Inks, Feature::Pages, Feature::Quality];
    Capability {
        to: vec!["pdf".into()],
        options: Vec::new(),
        keeps: words(&[&kept[..], &[Feature::Text, Feature::Vector]].concat()),
        cost: Cost { fixed_ms: 250.0, per_mib_ms: 600.0, memory_ratio: 40.0 },
        ..drawing(is_installed)
    }
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().into()).collect()
}

fn options() -> Vec<OptionSpec> {
    let mut options = drawing_options("EPS");
    options.push(option("density").with_default(run::DENSITY));
    options
}
