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
        summary: "Draws EPS, PostScript and Illustrator files through an installed Ghostscript".into(),
        licence: "MIT OR Apache-2.0".into(),
        libraries: vec![Library {
            name: "ghostscript (separate program)".into(),
            version: program.as_deref().and_then(program::version).unwrap_or_default(),
            licence: "AGPL-3.0-or-later".into(),
        }],
        memory_safe: false,
        touches: "programs".into(),
        fuzzed: false,
        probes: vec!["eps".into()],
        capabilities: vec![Capability {
            from: vec!["eps".into(), "ps".into(), "ai".into()],
            to: vec!["raster".into()],
            options: options(),
            keeps: [Feature::Alpha, Feature::Colours, Feature::Pages, Feature::Quality]
                .map(|feature| feature.word().into())
                .into(),
            cost: Cost { fixed_ms: 150.0, per_mib_ms: 600.0, memory_ratio: 40.0 },
            unavailable: program.is_none().then(|| REMEDY.into()),
            ..Capability::default()
        }],
        ..Description::default()
    }
}

fn options() -> Vec<OptionSpec> {
    let mut options = drawing_options("EPS");
    options.push(option("density").with_default(run::DENSITY));
    options
}
