//! What the plugin says of itself.

use crate::font;
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionSpec, option};

/// What to do when there is no SoundFont.
pub(crate) const REMEDY: &str = "apt install timgm6mb-soundfont";
/// Samples a second unless asked otherwise.
pub(crate) const RATE: i64 = 44_100;
/// Bits a sample unless asked otherwise.
pub(crate) const DEPTH: i64 = 16;
/// Channels unless asked otherwise.
pub(crate) const CHANNELS: i64 = 2;

/// Says what the plugin can do on this machine.
pub(crate) fn describe() -> Description {
    let bank = font::find();
    let mut libraries = vec![library("rustysynth", "1.3.8", "MIT"), library("midly", "0.5.3", "Unlicense")];
    // The instruments decide how the result sounds, so the receipt names them.
    libraries.extend(bank.as_deref().map(|path| library(&font::name(path), "", font::licence(path))));
    Description {
        id: "audio.midi".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Plays MIDI files with the instruments of a SoundFont".into(),
        licence: "MIT OR Apache-2.0".into(),
        libraries,
        memory_safe: true,
        touches: "files".into(),
        fuzzed: true,
        probes: vec!["mid".into()],
        capabilities: vec![Capability {
            from: vec!["mid".into()],
            to: vec!["wav".into()],
            options: options(),
            keeps: [Feature::Metadata, Feature::Quality].map(|feature| feature.word().into()).into(),
            // A minute of music with 16 notes at a time: about 10 KiB, 2 to 3 seconds.
            cost: Cost { fixed_ms: 20.0, per_mib_ms: 250_000.0, memory_ratio: 2.0 },
            unavailable: bank.is_none().then(|| REMEDY.into()),
            ..Capability::default()
        }],
        ..Description::default()
    }
}

fn library(name: &str, version: &str, licence: &str) -> Library {
    Library { name: name.into(), version: version.into(), licence: licence.into() }
}

fn options() -> Vec<OptionSpec> {
    vec![
        option("sample_rate")
            .with_range(8_000, 96_000)
            .with_default(RATE)
            .with_summary("Samples a second, 8000 to 96000."),
        option("channels")
            .with_range(1, 2)
            .with_default(CHANNELS)
            .with_summary("Channels: 1 mono, 2 stereo."),
        option("color_depth")
            .with_range(16, 24)
            .with_default(DEPTH)
            .with_summary("Bits a sample: 16, or 24 for anything above."),
        option("strip_metadata").with_default(false).with_summary("Leaves out title, artist and comments."),
    ]
}
