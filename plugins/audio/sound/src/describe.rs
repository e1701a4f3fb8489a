//! What the plugin says of itself, derived from the tables of `formwork_media` and the library at hand.

use formwork_media::{Codec, CodecKind, Container, library, readable};
use formwork_sdk::{Capability, Cost, Description, Feature, OptionSpec, option};

pub(crate) fn describe() -> Description {
    library::prepare();
    let containers =
        || Container::TABLE.iter().filter(|container| container.video.is_empty() && container.writable());
    let readable: Vec<String> = readable::audio().into_iter().chain(readable::video()).collect();
    let mut capabilities: Vec<Capability> =
        containers().map(|container| convert(container, &readable)).collect();
    capabilities.push(trim(&readable));
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

/// A part of a file, in its own format.
fn trim(readable: &[String]) -> Capability {
    let to: Vec<String> = Container::TABLE
        .iter()
        .filter(|container| container.video.is_empty() && container.writable())
        .map(|container| container.id.to_owned())
        .collect();
    Capability {
        operation: "trim".into(),
        from: readable.iter().filter(|id| to.contains(id)).cloned().collect(),
        to,
        options: times(),
        keeps: words(&[Feature::Metadata, Feature::Chapters, Feature::Tracks, Feature::Quality]),
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 60.0, memory_ratio: 2.0 },
        fuses: vec!["trim".into()],
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
        option("copy").with_default("auto"),
        option("strip_metadata").with_default(false),
    ];
    if able.iter().any(|word| Codec::named(word).is_some_and(|codec| codec.lossless)) {
        options.push(option("bit_depth"));
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
    add(container.chapters, Feature::Chapters);
    add(container.many_tracks, Feature::Tracks);
    keeps
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}
