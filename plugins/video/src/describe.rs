//! What the plugin says of itself, derived from the tables of `formwork_media` and the library at hand.

use crate::RASTER;
use formwork_media::{CodecKind, Container, Subtitles, TAGS, library, readable};
use formwork_sdk::{Capability, Cost, Description, Feature, OptionSpec, option};

/// Pictures that move, which are read as films.
const PICTURES: [&str; 2] = ["gif", "apng"];

/// Operations that can be done before another one in the same pass; of `convert` only the geometry.
const FUSES: [&str; 4] =
    ["trim", "crop", "watermark", "convert:width,height,fit,resolution,background,angle"];

pub(crate) fn describe() -> Description {
    library::prepare();
    let mut readable = readable::video();
    readable.push("gif".into());
    // What other pictures are turned into on their way: unlike a GIF it has all colours.
    let and_pictures: Vec<String> = readable.iter().cloned().chain(["apng".into()]).collect();
    let containers =
        || Container::TABLE.iter().filter(|container| !container.video.is_empty() && container.writable());
    let mut capabilities: Vec<Capability> =
        containers().map(|container| convert(container, &and_pictures)).collect();
    capabilities.push(frame(&readable));
    capabilities.push(thumbnail(&readable));
    for (operation, options) in [("trim", times()), ("crop", crop()), ("watermark", watermark())] {
        capabilities
            .extend(containers().map(|container| changing(operation, container, &readable, options.clone())));
    }
    capabilities.extend(
        containers().filter(|container| container.id != "gif").map(|container| merge(container, &readable)),
    );
    capabilities.extend(containers().filter(|container| container.tags).map(metadata));
    capabilities.extend(containers().filter(|container| container.id != "gif").map(optimize));
    Description {
        id: "video".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Reads and writes video".into(),
        licence: library::licence(),
        libraries: library::libraries(),
        memory_safe: false,
        fuzzed: true,
        touches: "files".into(),
        probes: readable::video(),
        capabilities,
        ..Description::default()
    }
}

/// From every film to one format.
fn convert(container: &Container, readable: &[String]) -> Capability {
    let gif = container.id == "gif";
    Capability {
        from: readable.iter().filter(|from| !gif || !PICTURES.contains(&from.as_str())).cloned().collect(),
        to: vec![container.id.to_owned()],
        options: options(container),
        keeps: words(&keeps(container)),
        cost: Cost { fixed_ms: 30.0, per_mib_ms: 2_000.0, memory_ratio: 20.0 },
        fuses: FUSES.map(String::from).to_vec(),
        streams: true,
        parallel: true,
        ..Capability::default()
    }
}

/// One frame of a film.
fn frame(readable: &[String]) -> Capability {
    Capability {
        from: readable.iter().filter(|from| *from != "gif").cloned().collect(),
        to: vec![RASTER.into()],
        options: vec![option("start_time").with_summary("Time of the frame: seconds or HH:MM:SS.")],
        keeps: words(&[Feature::Colours, Feature::Alpha, Feature::BitDepth, Feature::Quality]),
        // So dear that a thumbnail is always taken by the operation below, which looks for a frame worth it.
        cost: Cost { fixed_ms: 60.0, per_mib_ms: 300.0, memory_ratio: 2.0 },
        parallel: true,
        ..Capability::default()
    }
}

fn thumbnail(readable: &[String]) -> Capability {
    let frame = frame(readable);
    Capability {
        operation: "thumbnail".into(),
        options: vec![
            option("start_time")
                .with_summary("Time of the frame; without one, a frame that shows something is chosen."),
            option("count").with_summary("How many frames, spread evenly over the film.").with_default(1),
            option("width"),
            option("height"),
            option("fit").with_default("max"),
        ],
        cost: Cost { fixed_ms: 30.0, per_mib_ms: 1.0, memory_ratio: 2.0 },
        many_outputs: true,
        ..frame
    }
}

/// From a format to itself or another, changed on the way.
fn changing(
    operation: &str,
    container: &Container,
    readable: &[String],
    mut own: Vec<OptionSpec>,
) -> Capability {
    let general = options(container);
    let fresh = |option: &OptionSpec| own.iter().all(|known| known.name != option.name);
    let general: Vec<OptionSpec> =
        general.into_iter().filter(|option| fresh(option) && !is_geometry(&option.name)).collect();
    own.extend(general);
    // Fused into another step, a watermark brings its picture along by what it says here.
    let companions = if operation == "watermark" { vec![RASTER.into()] } else { Vec::new() };
    Capability { operation: operation.into(), options: own, companions, ..convert(container, readable) }
}

/// Several films, one after the other.
fn merge(container: &Container, readable: &[String]) -> Capability {
    let lost = [Feature::Subtitles, Feature::Chapters, Feature::Tracks].map(|feature| feature.word());
    let whole = convert(container, readable);
    let left = |option: &OptionSpec| {
        !matches!(
            option.name.as_str(),
            "start_time" | "end_time" | "duration" | "max_bytes" | "two_pass" | "subtitles"
        )
    };
    Capability {
        operation: "merge".into(),
        options: whole.options.into_iter().filter(left).collect(),
        keeps: whole.keeps.into_iter().filter(|word| !lost.contains(&word.as_str())).collect(),
        many_inputs: true,
        fuses: Vec::new(),
        ..whole
    }
}

/// The same film with other tags.
fn metadata(container: &Container) -> Capability {
    let mut options = vec![option("strip_metadata").with_default(false)];
    options.extend(TAGS.iter().map(|name| option(name)));
    let mut keeps = words(&keeps(container));
    keeps.push(Feature::Quality.word().into());
    Capability {
        operation: "metadata".into(),
        from: vec![container.id.to_owned()],
        to: vec![container.id.to_owned()],
        options,
        keeps,
        cost: Cost { fixed_ms: 30.0, per_mib_ms: 2.0, memory_ratio: 1.0 },
        streams: true,
        ..Capability::default()
    }
}

/// The same film in fewer bytes.
fn optimize(container: &Container) -> Capability {
    let whole = convert(container, &[container.id.to_owned()]);
    let codec = |option: &OptionSpec| !matches!(option.name.as_str(), "copy" | "lossless");
    Capability {
        operation: "optimize".into(),
        options: whole.options.into_iter().filter(codec).collect(),
        ..whole
    }
}

/// Options that say something else in the operations that have them too.
fn is_geometry(name: &str) -> bool {
    matches!(name, "width" | "height" | "fit" | "resolution" | "angle" | "background")
}

fn options(container: &Container) -> Vec<OptionSpec> {
    let video = container.encodable(CodecKind::Video);
    let audio = container.encodable(CodecKind::Audio);
    let mut options = vec![
        option("quality").with_summary(
            "Quality of the pictures: 1 to 100, or low, medium, high, highest; 75 when not given.",
        ),
        option("resolution"),
        option("width"),
        option("height"),
        option("fit").with_default("max"),
        option("background").with_default("#000000").with_summary("Colour of borders, as in #000000."),
        option("angle").with_summary("Clockwise turn: 90, 180 or 270 degrees."),
        option("fps"),
    ];
    if container.id == "gif" {
        options.push(option("loop"));
        options.push(burnt_subtitles());
        options.extend(times());
        return options;
    }
    options.extend([
        option("codec").with_choices(&video).with_summary("Codec of the pictures."),
        option("bitrate"),
        option("preset"),
        option("two_pass"),
        option("max_bytes"),
        option("lossless"),
        option("copy").with_default("auto"),
        option("no_audio"),
        option("strip_metadata").with_default(false),
    ]);
    if !audio.is_empty() {
        options.extend([
            option("audio_codec").with_choices(&audio).with_summary("Codec of the sound."),
            option("audio_bitrate"),
            option("sample_rate"),
            option("channels"),
        ]);
    }
    if container.subtitles != Subtitles::None {
        options.push(option("subtitles").with_default("keep"));
    } else {
        options.push(burnt_subtitles());
    }
    options.extend(times());
    options.extend(TAGS.iter().map(|name| option(name)));
    options
}

/// Where there are no tracks of subtitles, they can only be drawn.
fn burnt_subtitles() -> OptionSpec {
    option("subtitles").with_choices(&["burn", "drop"])
}

fn times() -> Vec<OptionSpec> {
    ["start_time", "end_time", "duration"].map(option).to_vec()
}

fn crop() -> Vec<OptionSpec> {
    ["x", "y", "width", "height"].map(option).to_vec()
}

fn watermark() -> Vec<OptionSpec> {
    vec![
        option("text").with_summary("Text to draw; without it the picture given as second input."),
        option("position").with_default("bottom-right"),
        option("margin").with_default(10),
        option("opacity"),
        option("font_size"),
        option("color"),
        option("width").with_summary("Width of the watermark's picture in pixels."),
    ]
}

/// What arrives in a container.
fn keeps(container: &Container) -> Vec<Feature> {
    let mut keeps = vec![Feature::Animation];
    let mut add = |holds: bool, feature| keeps.extend(holds.then_some(feature));
    let gif = container.id == "gif";
    add(!gif, Feature::Colours);
    add(container.many_tracks, Feature::Tracks);
    add(container.subtitles != Subtitles::None, Feature::Subtitles);
    add(container.chapters, Feature::Chapters);
    add(container.tags, Feature::Metadata);
    add(container.cover, Feature::Cover);
    keeps
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}
