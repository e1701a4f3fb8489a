//! What a file is, as facts for `probe`.

use crate::dictionary::Dictionary;
use crate::{Codec, Demuxer, Kind, Need, Track, library};
use formwork_sdk::{Feature, Result, Step, Value, json};
use serde_json::Map;

/// Reads the header of the step's first input and reports what it says.
///
/// # Errors
///
/// As for [`Demuxer::open`].
pub fn probe(step: &Step<'_>) -> Result<()> {
    let demuxer = Demuxer::open(step, step.input()?, Need::Header)?;
    step.report(&facts(&demuxer));
    Ok(())
}

/// The facts of an open file.
pub fn facts(demuxer: &Demuxer<'_>) -> Value {
    let mut facts = Map::new();
    if let Some(video) = demuxer.best(Kind::Video) {
        let (width, height) = video.shown_size();
        facts.insert("width".into(), json!(width));
        facts.insert("height".into(), json!(height));
        if video.frame_rate.is_positive() {
            facts.insert("fps".into(), json!(rounded(video.frame_rate.value())));
        }
    }
    if let Some(duration) = demuxer.duration() {
        facts.insert("duration".into(), json!(rounded(duration)));
    }
    if demuxer.bit_rate() > 0 {
        facts.insert("bitrate".into(), json!(demuxer.bit_rate()));
    }
    facts.insert("streams".into(), demuxer.tracks().iter().map(stream).collect());
    let tags = tags(&demuxer.all_tags());
    if !tags.is_empty() {
        facts.insert("tags".into(), Value::Object(tags));
    }
    let chapters: Vec<Value> = demuxer.chapters().iter().map(chapter).collect();
    if !chapters.is_empty() {
        facts.insert("chapters".into(), Value::Array(chapters));
    }
    let features: Vec<&str> = features(demuxer).into_iter().map(Feature::word).collect();
    facts.insert("features".into(), json!(features));
    Value::Object(facts)
}

/// The features a file really has.
pub fn features(demuxer: &Demuxer<'_>) -> Vec<Feature> {
    let of_kind = |kind| demuxer.tracks().iter().filter(move |track| track.kind == kind).count();
    let depth = |track: &Track| track.parameters.pixel_format().and_then(library::pixel_format_facts);
    let mut features = Vec::new();
    let mut add = |holds: bool, feature| features.extend(holds.then_some(feature));
    add(of_kind(Kind::Video) > 0, Feature::Animation);
    add(of_kind(Kind::Video) > 0, Feature::Colours);
    add(
        demuxer.tracks().iter().any(|track| depth(track).is_some_and(|(_, bits)| bits > 8)),
        Feature::BitDepth,
    );
    add(
        demuxer.tracks().iter().any(|track| track.parameters.pixel_format().is_some_and(library::has_alpha)),
        Feature::Alpha,
    );
    add(of_kind(Kind::Video) + of_kind(Kind::Audio) > 1, Feature::Tracks);
    add(of_kind(Kind::Subtitle) > 0, Feature::Subtitles);
    add(!demuxer.chapters().is_empty(), Feature::Chapters);
    let described = demuxer.all_tags().entries().iter().any(|(name, _)| !is_technical(name));
    add(described, Feature::Metadata);
    add(of_kind(Kind::Cover) > 0, Feature::Cover);
    features
}

fn stream(track: &Track) -> Value {
    let parameters = &track.parameters;
    let kind = match track.kind {
        Kind::Video => "video",
        Kind::Audio => "audio",
        Kind::Subtitle => "subtitle",
        Kind::Cover => "cover",
        Kind::Other => "data",
    };
    let word = Codec::of(track.codec()).map_or(track.codec_name(), |codec| codec.word);
    let mut facts = Map::new();
    let mut put = |name: &str, value: Value| drop(facts.insert(name.into(), value));
    put("kind", json!(kind));
    put("codec", json!(word));
    match track.kind {
        Kind::Video | Kind::Cover => {
            put("width", json!(parameters.width()));
            put("height", json!(parameters.height()));
            if track.frame_rate.is_positive() && track.kind == Kind::Video {
                put("fps", json!(rounded(track.frame_rate.value())));
            }
            if let Some((name, _)) = parameters.pixel_format().and_then(library::pixel_format_facts) {
                put("pixel_format", json!(name));
            }
            if track.rotation != 0 {
                put("rotation", json!(track.rotation));
            }
        }
        Kind::Audio => {
            put("sample_rate", json!(parameters.sample_rate()));
            put("channels", json!(parameters.channels()));
        }
        Kind::Subtitle | Kind::Other => {}
    }
    if let Ok(rate @ 1..) = u64::try_from(parameters.raw().bit_rate) {
        put("bitrate", json!(rate));
    }
    if let Some(duration) = track.duration {
        put("duration", json!(rounded(duration)));
    }
    for name in ["language", "title"] {
        if let Some(value) = track.tags.get(name).filter(|value| value != "und") {
            put(name, json!(value));
        }
    }
    Value::Object(facts)
}

fn chapter(chapter: &(f64, f64, Dictionary)) -> Value {
    let (start, end, tags) = chapter;
    json!({ "start": rounded(*start), "end": rounded(*end), "title": tags.get("title").unwrap_or_default() })
}

/// Tags that say something about the content, with names in lower case.
pub fn tags(dictionary: &Dictionary) -> Map<String, Value> {
    let wanted =
        dictionary.entries().into_iter().filter(|(name, value)| !is_technical(name) && !value.is_empty());
    wanted.map(|(name, value)| (name.to_lowercase(), Value::String(value))).collect()
}

/// Tags that containers write about themselves.
pub fn is_technical(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "major_brand",
        "minor_version",
        "compatible_brands",
        "encoder",
        "handler_name",
        "vendor_id",
        "creation_time",
        "isvbr",
        "wm/encodingtime",
        "deviceconformancetemplate",
        "wmfsdkversion",
        "wmfsdkneeded",
        "duration",
    ];
    NAMES.contains(&name.to_lowercase().as_str())
}

/// Three digits behind the point.
pub fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
