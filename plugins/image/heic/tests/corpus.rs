//! Every HEIC file of the corpus: size, turn, profile, metadata, and what is said to be lost.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests end the test")]

use formwork_image_pixels::{Channels, Orientation, Picture, Samples, raster};
use formwork_plugin_image_heic::formwork_plugin_entry_v1 as entry;
use formwork_sdk::Limits;
use formwork_sdk::testing::{Job, Outcome};
use std::path::PathBuf;

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("FORMWORK_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/corpus")),
        PathBuf::from,
    );
    let found = folder.join("image").is_dir();
    if !found {
        println!("skipped: no corpus at {}", folder.display());
    }
    found.then_some(folder)
}

fn file(name: &str) -> Option<Vec<u8>> {
    std::fs::read(corpus()?.join("image").join(name)).ok()
}

fn decode(bytes: &[u8]) -> Outcome {
    Job::new("convert").input("a.heic", "heic", bytes).target("raster").threads(2).run(entry)
}

fn picture(outcome: &Outcome) -> Picture {
    raster::read(outcome.expect_one(), &Limits::default()).unwrap()
}

struct Expected {
    name: &'static str,
    stored: (u32, u32),
    shown: (u64, u64),
    orientation: Orientation,
    icc: Option<usize>,
    exif: bool,
    losses: &'static [&'static str],
    /// Mean red, green and blue of the whole picture, as libheif decodes it.
    mean: [f64; 3],
}

const FILES: &[Expected] = &[
    Expected {
        name: "file-type--fixture-heic.heic",
        stored: (4032, 3024),
        shown: (3024, 4032),
        orientation: Orientation::Turned90,
        icc: Some(548),
        exif: true,
        losses: &[],
        mean: MEANS[0],
    },
    Expected {
        name: "file-type--fixture-mif1.heic",
        stored: (1440, 960),
        shown: (1440, 960),
        orientation: Orientation::Upright,
        icc: None,
        exif: false,
        losses: &[],
        mean: MEANS[1],
    },
    Expected {
        name: "media--sample_MP.heic",
        stored: (1080, 1920),
        shown: (1080, 1920),
        orientation: Orientation::Upright,
        icc: None,
        exif: true,
        losses: &["animation"],
        mean: MEANS[2],
    },
    Expected {
        name: "media--sample_still_photo.heic",
        stored: (1080, 1920),
        shown: (1080, 1920),
        orientation: Orientation::Upright,
        icc: None,
        exif: true,
        losses: &[],
        mean: MEANS[3],
    },
    Expected {
        name: "tika--IMG_1034.heic",
        stored: (4032, 3024),
        shown: (4032, 3024),
        orientation: Orientation::Upright,
        icc: Some(548),
        exif: true,
        losses: &[],
        mean: MEANS[4],
    },
    Expected {
        name: "tika--testHEIF.heic",
        stored: (800, 544),
        shown: (800, 544),
        orientation: Orientation::Upright,
        icc: Some(3048),
        exif: true,
        losses: &[],
        mean: MEANS[5],
    },
];

fn mean(picture: &Picture) -> [f64; 3] {
    let Samples::U8(samples) = &picture.frames[0].samples else { panic!("not 8 bits") };
    let mut sums = [0u64; 3];
    for pixel in samples.as_chunks::<3>().0 {
        for (sum, sample) in sums.iter_mut().zip(pixel) {
            *sum += u64::from(*sample);
        }
    }
    sums.map(|sum| sum as f64 / (samples.len() / 3) as f64)
}

#[test]
fn every_file_decodes_as_libheif_does() {
    for expected in FILES {
        let Some(bytes) = file(expected.name) else { return };
        let outcome = decode(&bytes);
        let picture = picture(&outcome);
        let frame = &picture.frames[0];
        let name = expected.name;
        assert_eq!(((frame.width, frame.height), frame.channels), (expected.stored, Channels::Rgb), "{name}");
        assert_eq!(picture.metadata.orientation, expected.orientation, "{name}");
        assert_eq!(picture.metadata.icc.as_ref().map(Vec::len), expected.icc, "{name}");
        assert_eq!(picture.metadata.exif.is_some(), expected.exif, "{name}");
        let exif = picture.metadata.exif.as_deref().unwrap_or_default();
        assert_eq!(formwork_image_pixels::exif::orientation(exif), Orientation::Upright, "{name}");
        let losses: Vec<&str> = outcome.losses.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(losses, expected.losses, "{name}");
        for (ours, theirs) in mean(&picture).iter().zip(expected.mean) {
            assert!((ours - theirs).abs() < 1.0, "{name}: {ours} where libheif has {theirs}");
        }
    }
}

#[test]
fn probe_tells_the_shown_size() {
    for expected in FILES {
        let Some(bytes) = file(expected.name) else { return };
        let outcome = Job::new("convert").input("a.heic", "heic", bytes).streamed().probe(entry);
        assert_eq!(outcome.error, None, "{}", expected.name);
        assert_eq!(outcome.facts["width"].as_u64(), Some(expected.shown.0), "{}", expected.name);
        assert_eq!(outcome.facts["height"].as_u64(), Some(expected.shown.1), "{}", expected.name);
        let features = outcome.facts["features"].to_string();
        assert_eq!(features.contains("colour_profile"), expected.icc.is_some(), "{}", expected.name);
    }
}

#[test]
fn the_container_turns_and_exif_does_not() {
    let Some(mut bytes) = file("file-type--fixture-heic.heic") else { return };
    let place = bytes.windows(4).position(|window| window == b"irot").unwrap() + 4;
    for (quarters, orientation) in [
        (0, Orientation::Upright),
        (1, Orientation::Turned270),
        (2, Orientation::Turned180),
        (3, Orientation::Turned90),
    ] {
        bytes[place] = quarters;
        assert_eq!(picture(&decode(&bytes)).metadata.orientation, orientation);
    }
}

#[test]
fn every_cut_and_many_flips_end_in_an_error_or_a_picture() {
    for name in ["tika--testHEIF.heic", "media--sample_still_photo.heic"] {
        let Some(bytes) = file(name) else { return };
        for length in (0..bytes.len()).step_by(bytes.len() / 60 + 1) {
            let outcome = decode(&bytes[..length]);
            assert_eq!(outcome.failure(), Some(("corrupt_input", "")), "{name} cut to {length}");
        }
        // A small generator of our own, so that the flips are the same everywhere.
        let mut state = 7u32;
        let mut next = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        for round in 0..60 {
            let mut mutant = bytes.clone();
            // Half of the rounds break the directory, which comes first.
            let range = if round % 2 == 0 { 600.min(mutant.len()) } else { mutant.len() };
            for _ in 0..=next(6) {
                let place = next(range);
                mutant[place] = next(256) as u8;
            }
            let outcome = decode(&mutant);
            if let Some((kind, _)) = outcome.failure() {
                assert!(
                    matches!(kind, "corrupt_input" | "limit_exceeded"),
                    "{name} {round}: {:?}",
                    outcome.error
                );
            }
        }
    }
}

#[test]
fn limits_are_named() {
    let Some(bytes) = file("tika--testHEIF.heic") else { return };
    let job = || Job::new("convert").input("a.heic", "heic", bytes.as_slice()).target("raster");
    let named = |outcome: Outcome| outcome.error.map(|error| error.limit);
    assert_eq!(named(job().limit(|limits| limits.side = 799).run(entry)).as_deref(), Some("side"));
    assert_eq!(named(job().limit(|limits| limits.pixels = 800 * 543).run(entry)).as_deref(), Some("pixels"));
    assert_eq!(named(job().limit(|limits| limits.memory = 1_000_000).run(entry)).as_deref(), Some("memory"));
    assert_eq!(named(job().limit(|limits| limits.metadata = 4_000).run(entry)).as_deref(), Some("metadata"));
}

#[test]
fn cancelling_stops_between_tiles() {
    let Some(bytes) = file("tika--IMG_1034.heic") else { return };
    let outcome =
        Job::new("convert").input("a.heic", "heic", bytes).target("raster").cancel_after(3).run(entry);
    assert_eq!(outcome.failure(), Some(("cancelled", "")));
    assert!(outcome.ticks < 8, "{} ticks", outcome.ticks);
}

/// Measured once on libheif 1.15 with `heif-convert` and ImageMagick's `%[fx:mean]`.
const MEANS: [[f64; 3]; 6] = [
    [90.66, 69.17, 63.85],
    [93.42, 60.11, 19.68],
    [206.32, 199.30, 192.49],
    [192.71, 186.55, 180.61],
    [110.58, 109.81, 92.09],
    [83.58, 113.08, 127.64],
];
