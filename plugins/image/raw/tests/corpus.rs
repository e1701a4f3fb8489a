//! Every camera raw file of the corpus: developed or shown as the camera did, size, turn, colours.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

use formwork_image_pixels::{Orientation, Picture, Samples, raster};
use formwork_plugin_image_raw::formwork_plugin_entry_v1 as entry;
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

fn job(name: &str) -> Option<Job> {
    let bytes = std::fs::read(corpus()?.join("image").join(name)).ok()?;
    let format = name.rsplit('.').next().unwrap_or("").to_lowercase();
    Some(Job::new("convert").input(name, &format, bytes).target("raster").threads(2))
}

fn picture(outcome: &Outcome) -> Picture {
    raster::read(outcome.expect_one(), &Limits::default()).unwrap()
}

/// Mean red, green and blue of the whole picture, from 0 to 255.
fn mean(picture: &Picture) -> [f64; 3] {
    let pixels: Vec<[f64; 3]> = match &picture.frames[0].samples {
        Samples::U8(samples) => samples.as_chunks::<3>().0.iter().map(|pixel| pixel.map(f64::from)).collect(),
        Samples::U16(samples) => samples
            .as_chunks::<3>()
            .0
            .iter()
            .map(|pixel| pixel.map(|value| f64::from(value) / 257.0))
            .collect(),
        Samples::F32(_) => panic!("no floats here"),
    };
    let sum = |channel: usize| pixels.iter().map(|pixel| pixel[channel]).sum::<f64>();
    [0, 1, 2].map(|channel| sum(channel) / pixels.len() as f64)
}

#[test]
fn whole_files_are_developed() {
    // Means of what dcraw_emu 0.20.2 writes with -w -g 2.4 12.92, which is sRGB's curve.
    for (name, size, expected) in [
        ("libraw-rs--RAW_NIKON_D1.NEF", (2000, 1312), MEANS[0]),
        ("rawpy--RAW_KODAK_DC50_e.KDC", (756, 504), MEANS[1]),
        ("made-bayer16.dng", (480, 270), MEANS[2]),
        ("made-bayer16-blackzero.dng", (480, 270), MEANS[3]),
    ] {
        let Some(job) = job(name) else { return };
        let outcome = job.run(entry);
        let picture = picture(&outcome);
        assert_eq!((picture.frames[0].size(), &outcome.warnings), (size, &Vec::new()), "{name}");
        assert_eq!(picture.frames[0].samples.width(), 2, "{name}");
        let found = mean(&picture);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 7.0, "{name}: {found:?} {expected:?}");
        }
    }
}

#[test]
fn cut_files_show_their_preview() {
    for (name, size, orientation, shown) in [
        ("file-type--fixture.cr3", (160, 120), Orientation::Turned90, (4480, 6720)),
        ("file-type--fixture-sony-zv-e10.arw", (160, 120), Orientation::Turned90, (4000, 6000)),
        ("file-type--fixture-Leica-M10.dng", (160, 120), Orientation::Turned90, (3984, 5976)),
        ("tika--testDNG_bigtiff.dng", (64, 48), Orientation::Upright, (8, 8)),
        ("tika--testNEF_dup.nef", (64, 48), Orientation::Upright, (64, 48)),
    ] {
        let Some(run) = job(name) else { return };
        let outcome = run.run(entry);
        let picture = picture(&outcome);
        assert_eq!((picture.frames[0].size(), picture.metadata.orientation), (size, orientation), "{name}");
        assert!(picture.metadata.exif.is_some(), "{name}");
        assert!(outcome.warnings[0].contains("preview was taken"), "{name}: {:?}", outcome.warnings);
        assert!(outcome.lost("bit_depth"), "{name}");
        let facts = job(name).unwrap().probe(entry).facts;
        assert_eq!(
            (facts["width"].as_u64(), facts["height"].as_u64()),
            (Some(shown.0), Some(shown.1)),
            "{name}"
        );
    }
}

#[test]
fn files_without_any_picture_are_refused() {
    for (name, model) in
        [("exiftool--CanonRaw.cr2", "Canon EOS 350D DIGITAL"), ("exiftool--CanonRaw.cr3", "Canon EOS M50")]
    {
        let Some(run) = job(name) else { return };
        let outcome = run.run(entry);
        assert_eq!(outcome.failure(), Some(("corrupt_input", "")), "{name}");
        assert_eq!(job(name).unwrap().probe(entry).facts["model"].as_str(), Some(model));
    }
}

#[test]
fn the_preview_option_is_the_fast_lane() {
    for (name, size) in
        [("libraw-rs--RAW_NIKON_D1.NEF", (160, 120)), ("rawpy--RAW_KODAK_DC50_e.KDC", (96, 64))]
    {
        let Some(job) = job(name) else { return };
        let outcome = job.option("preview", true).run(entry);
        assert_eq!(picture(&outcome).frames[0].size(), size, "{name}");
        assert!(outcome.warnings[0].contains("as asked"), "{:?}", outcome.warnings);
    }
}

#[test]
fn limits_cancelling_and_threads() {
    let name = "libraw-rs--RAW_NIKON_D1.NEF";
    let Some(two) = job(name) else { return };
    let one = job(name).unwrap().threads(1).run(entry);
    assert!(two.run(entry).expect_one() == one.expect_one());
    let pixels = job(name).unwrap().limit(|limits| limits.pixels = 2_000_000).run(entry);
    assert_eq!(pixels.failure(), Some(("limit_exceeded", "pixels")));
    let cancelled = job(name).unwrap().cancel_after(4).run(entry);
    assert_eq!(cancelled.failure(), Some(("cancelled", "")));
}

#[test]
fn broken_files_end_in_an_error_or_a_picture() {
    // A small generator of our own, so that the flips are the same everywhere.
    let mut state = 7u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for name in ["rawpy--RAW_KODAK_DC50_e.KDC", "file-type--fixture.cr3", "exiftool--CanonRaw.cr2"] {
        let Some(folder) = corpus() else { return };
        let Ok(bytes) = std::fs::read(folder.join("image").join(name)) else { return };
        let format = name.rsplit('.').next().unwrap_or("").to_lowercase();
        for round in 0..60 {
            let mut mutant = bytes.clone();
            if round % 3 == 0 {
                mutant.truncate(next(bytes.len()));
            }
            // Most rounds break the directories, which come first.
            let range = if round % 4 == 0 { mutant.len() } else { 4_000.min(mutant.len()) };
            for _ in 0..=next(6) {
                if let Some(byte) = mutant.get_mut(next(range.max(1))) {
                    *byte = next(256) as u8;
                }
            }
            let run = Job::new("convert").input(name, &format, mutant).target("raster").threads(2);
            if let Some((kind, _)) = run.limit(|limits| limits.memory = 512 << 20).run(entry).failure() {
                let clean = ["corrupt_input", "unsupported_conversion", "limit_exceeded"].contains(&kind);
                assert!(clean, "{name} {round}: {kind}");
            }
        }
    }
}

/// Measured once with ImageMagick on what dcraw_emu writes.
const MEANS: [[f64; 3]; 4] =
    [[101.87, 108.43, 99.09], [168.59, 161.27, 150.04], [129.00, 126.90, 73.36], [129.02, 126.91, 73.39]];
