//! What the plugin says of itself, derived from the tables of `formwork_media` and the library at hand.

use formwork_media::{Codec, CodecKind, Container, library, readable};
use formwork_sdk::{Capability, Cost, Description, Feature, OptionSpec, option};

/// Id of the internal format of decoded pictures.
const RASTER: &str = "raster";

pub(crate) fn describe() -> Description {
    library::prepare();
    let containers =
        || Container::TABLE.iter().filter(|container| container.video.is_empty() && container.writable());
    let readable = readable::sounding();
    let mut capabilities: Vec<Capability> =
        containers().map(|container| convert(container, &readable)).collect();
    let own = || containers().filter(|container| readable.iter().any(|id| id == container.id));
    capabilities.extend(containers().map(|container| trim(container, &readable)));
    capabilities.extend(containers().map(|container| merge(container, &readable)));
    capabilities.extend(own().filter(|container| container.tags).map(metadata));
    capabilities.extend(own().map(optimize));
    capabilities.push(thumbnail(&readable::audio()));
    Description {
        id: "audio".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Reads and writes sound".into(),
        licence: library::licence(),
        libraries: library::libraries(),
        memory_safe: false,
        fuzzed: true,
        probes: readable::audio(),
        capabilities,
        ..Description::default()
    }
}

/// From everything with sound to one format.
fn convert(container: &Container, readable: &[String]) -> Capability {
    Capability {
        from: readable.to_vec(),
        to: vec![container.id.to_owned()],
        options: options(container),
        keeps: words(&keeps(container)),
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 120.0, memory_ratio: 2.0 },
        fuses: vec!["trim".into()],
        streams: true,
        ..Capability::default()
    }
}

/// A part of a file, in its own format or another.
fn trim(container: &Container, readable: &[String]) -> Capability {
    Capability { operation: "trim".into(), ..convert(container, readable) }
}

/// Several files, one after the other.
fn merge(container: &Container, readable: &[String]) -> Capability {
    let whole = convert(container, readable);
    let cuts = |option: &OptionSpec| {
        !matches!(option.name.as_str(), "start_time" | "end_time" | "duration" | "max_bytes")
    };
    let tracks = Feature::Tracks.word();
    Capability {
        operation: "merge".into(),
        options: whole.options.into_iter().filter(cuts).collect(),
        keeps: whole.keeps.into_iter().filter(|word| word != tracks).collect(),
        many_inputs: true,
        fuses: Vec::new(),
        ..whole
    }
}

/// The same sound with other tags.
fn metadata(container: &Container) -> Capability {
    let mut options = vec![option("strip_metadata").with_default(false)];
    options.extend(formwork_media::TAGS.iter().map(|name| option(name)));
    let mut keeps = keeps(container);
    if !keeps.contains(&Feature::Quality) {
        keeps.push(Feature::Quality);
    }
    Capability {
        operation: "metadata".into(),
        from: vec![container.id.to_owned()],
        to: vec![container.id.to_owned()],
        options,
        keeps: words(&keeps),
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 2.0, memory_ratio: 1.0 },
        streams: true,
        ..Capability::default()
    }
}

/// The same sound in fewer bytes.
fn optimize(container: &Container) -> Capability {
    let whole = convert(container, &[container.id.to_owned()]);
    let changes = |option: &OptionSpec| !matches!(option.name.as_str(), "copy" | "codec" | "bit_depth");
    Capability {
        operation: "optimize".into(),
        options: whole.options.into_iter().filter(changes).collect(),
        cost: Cost { per_mib_ms: 240.0, ..whole.cost },
        ..whole
    }
}

/// Cover art, or the waveform.
fn thumbnail(readable: &[String]) -> Capability {
    Capability {
        operation: "thumbnail".into(),
        from: readable.to_vec(),
        to: vec![RASTER.into()],
        options: vec![
            option("width").with_summary("Width of a waveform in pixels; 800 when not given."),
            option("height").with_summary("Height of a waveform in pixels; 200 when not given."),
            option("color").with_summary("Colour of a waveform, as in #3060a0."),
            option("background").with_summary("Colour behind a waveform; white when not given."),
        ],
        keeps: words(&[Feature::Colours, Feature::Alpha]),
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 40.0, memory_ratio: 1.0 },
        streams: true,
        ..Capability::default()
    }
}

fn options(container: &Container) -> Vec<OptionSpec> {
    let able = container.encodable(CodecKind::Audio);
    let mut options = vec![
        option("quality").with_summary(
            "Quality of the sound: 1 to 100, or low, medium, high, highest; sets the bit rate.",
        ),
        option("codec").with_choices(&able).with_summary("Codec of the sound."),
        option("bitrate").with_summary("Bits a second, as in 128k."),
        option("sample_rate"),
        option("channels"),
        option("max_bytes"),
        option("copy").with_default("auto"),
        option("strip_metadata").with_default(false),
    ];
    if able.iter().any(|word| Codec::named(word).is_some_and(|codec| codec.lossless)) {
        options.push(option("bit_depth"));
    }
    if able.contains(&"mp3") {
        options.push(option("parallel"));
    }
    options.extend(times());
    options.extend(formwork_media::TAGS.iter().map(|name| option(name)));
    options
}

fn times() -> Vec<OptionSpec> {
    ["start_time", "end_time", "duration"].map(option).to_vec()
}

/// What arrives in a container.
fn keeps(container: &Container) -> Vec<Feature> {
    let mut keeps = Vec::new();
    let mut add = |holds: bool, feature| keeps.extend(holds.then_some(feature));
    let exact = container.encodable(CodecKind::Audio).first().and_then(|word| Codec::named(word));
    add(exact.is_some_and(|codec| codec.lossless), Feature::Quality);
    add(container.tags, Feature::Metadata);
    add(container.cover, Feature::Cover);
    add(container.chapters, Feature::Chapters);
    add(container.many_tracks, Feature::Tracks);
    keeps
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}
