//! Photos made here, as DNG: colours, levels, orientation, previews, limits, and broken files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

mod dng;

use dng::{Dng, SENSOR};
use formwork_image_pixels::{Channels, Orientation, Picture, Samples, raster};
use formwork_plugin_image_raw::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Outcome, describe};
use formwork_sdk::{Feature, Limits};

fn job(bytes: &[u8]) -> Job {
    Job::new("convert").input("a.dng", "dng", bytes).target("raster").threads(2)
}

fn picture(outcome: &Outcome) -> Picture {
    raster::read(outcome.expect_one(), &Limits::default()).unwrap()
}

/// The samples of one pixel.
fn pixel(picture: &Picture, x: u32, y: u32) -> Vec<u16> {
    let frame = &picture.frames[0];
    let (count, place) = (frame.channels.count(), (y * frame.width + x) as usize);
    let Samples::U16(samples) = &frame.samples else { panic!("not 16 bits") };
    samples[place * count..(place + 1) * count].to_vec()
}

#[test]
fn colours_are_those_of_the_scene() {
    for filter in ["RGGB", "BGGR", "GRBG", "GBRG"] {
        let outcome = job(&Dng { filter, ..Dng::default() }.file()).run(entry);
        assert_eq!((&outcome.error, &outcome.warnings), (&None, &Vec::new()), "{filter}");
        let picture = picture(&outcome);
        assert_eq!(picture.frames[0].size(), SENSOR, "{filter}");
        assert_eq!(picture.frames[0].channels, Channels::Rgb);
        // The scene: grey, red, green and blue from left to right.
        for (x, bright) in [(12, [true, true, true]), (36, [true, false, false])] {
            let found = pixel(&picture, x, 20);
            let greatest = f64::from(*found.iter().max().unwrap());
            for (sample, bright) in found.iter().zip(bright) {
                assert_eq!(f64::from(*sample) > 0.9 * greatest, bright, "{filter} {x}: {found:?}");
            }
        }
        assert!(pixel(&picture, 60, 20)[1] > 2 * pixel(&picture, 60, 20)[0], "{filter}");
        assert!(pixel(&picture, 84, 20)[2] > 2 * pixel(&picture, 84, 20)[0], "{filter}");
    }
}

#[test]
fn bands_leave_no_seams() {
    let outcome = job(&Dng { even: true, size: (64, 400), ..Dng::default() }.file()).run(entry);
    let picture = picture(&outcome);
    let first = pixel(&picture, 30, 0);
    for y in 0..400 {
        let found = pixel(&picture, 30, y);
        assert!(found.iter().zip(&first).all(|(a, b)| a.abs_diff(*b) < 8), "{y}: {found:?} {first:?}");
    }
}

#[test]
fn fujis_filter_of_six_by_six_is_developed() {
    let filter = "GBGGRGRGRBGBGBGGRGGRGGBGBGBRGRGRGGBG";
    let outcome = job(&Dng { filter, even: true, size: (96, 240), ..Dng::default() }.file()).run(entry);
    let picture = picture(&outcome);
    for (x, y) in [(0, 0), (48, 95), (48, 96), (95, 239)] {
        let found = pixel(&picture, x, y);
        assert!(found.iter().all(|sample| sample.abs_diff(found[0]) < 64), "{x} {y}: {found:?}");
    }
}

#[test]
fn what_the_file_says_is_kept_and_probed() {
    let file = Dng { orientation: 6, ..Dng::default() }.file();
    let picture = picture(&job(&file).run(entry));
    assert_eq!(picture.metadata.orientation, Orientation::Turned90);
    let exif = picture.metadata.exif.unwrap();
    assert_eq!(formwork_image_pixels::exif::orientation(&exif), Orientation::Turned90);
    assert!(exif.windows(9).any(|window| window == b"Formwork\0"));
    let facts = job(&file).probe(entry).facts;
    assert_eq!((facts["width"].as_u64(), facts["height"].as_u64()), (Some(48), Some(96)));
    assert_eq!((facts["make"].as_str(), facts["model"].as_str()), (Some("Formwork"), Some("Test")));
    assert_eq!(facts["bit_depth"].as_u64(), Some(16));
    for word in facts["features"].as_array().unwrap() {
        assert!(Feature::from_word(word.as_str().unwrap()).is_some(), "{word}");
    }
}

#[test]
fn the_preview_is_taken_when_asked_and_when_needed() {
    let file = Dng { thumbnail: true, ..Dng::default() }.file();
    let asked = job(&file).option("preview", true).run(entry);
    assert_eq!(asked.warnings.len(), 1, "{:?}", asked.warnings);
    let Samples::U8(samples) = &picture(&asked).frames[0].samples else { panic!("not 8 bits") };
    assert_eq!((picture(&asked).frames[0].size(), samples[..3].to_vec()), ((8, 4), vec![1, 2, 3]));
    assert!(asked.lost("bit_depth") && asked.lost("quality"));
    assert_eq!(picture(&job(&file).run(entry)).frames[0].size(), SENSOR);
    // The sensor's data comes last.
    let cut = job(&file[..file.len() - 100]).run(entry);
    assert_eq!(picture(&cut).frames[0].size(), (8, 4));
    assert!(cut.warnings[0].contains("cannot be developed"), "{:?}", cut.warnings);
    let none = job(&Dng::default().file()).option("preview", true).run(entry);
    assert_eq!(picture(&none).frames[0].size(), SENSOR);
    assert!(none.warnings[0].contains("no preview"), "{:?}", none.warnings);
}

#[test]
fn limits_are_named() {
    let file = Dng::default().file();
    let named = |job: Job| job.run(entry).failure().map(|(_, limit)| limit.to_owned());
    assert_eq!(named(job(&file).limit(|limits| limits.side = 95)).as_deref(), Some("side"));
    assert_eq!(named(job(&file).limit(|limits| limits.pixels = 96 * 48 - 1)).as_deref(), Some("pixels"));
    assert_eq!(named(job(&file).limit(|limits| limits.memory = 30_000)).as_deref(), Some("memory"));
    assert_eq!(named(job(&file).limit(|limits| limits.metadata = 40)).as_deref(), Some("metadata"));
    let huge = Dng { stated: Some((60_000, 60_000)), ..Dng::default() }.file();
    assert_eq!(named(job(&huge)).as_deref(), Some("pixels"));
}

/// Why a file that holds no preview cannot be read; every way to read it ends.
fn refusal(format: &str, bytes: &[u8]) -> String {
    let job = || Job::new("convert").input("a", format, bytes).target("raster");
    let _ = job().probe(entry);
    let error = job().run(entry).error.unwrap();
    assert_eq!(error.kind, formwork_sdk::ErrorKind::CorruptInput, "{error:?}");
    error.message
}

/// A TIFF whose first directory holds a maker and what is given, and is followed by the one at `next`.
fn tiff(more: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((1 + more.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in [(0x010F, 2, 4, u32::from_le_bytes(*b"Mak\0"))].iter().chain(more) {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(next.to_le_bytes());
    file
}

#[test]
fn directories_that_go_round_are_refused() {
    let message = refusal("nef", &tiff(&[], 8));
    assert!(message.contains("circle"), "{message}");
}

#[test]
fn directories_that_name_the_same_bytes_again_and_again_are_refused() {
    // Each of many directories is the first one, and that names all bytes many times.
    let mut file = tiff(&[(0x014A, 4, 2_000, 50), (0x9999, 7, 8_000, 8)], 0);
    file.resize(50, 0);
    file.extend(8_u32.to_le_bytes().repeat(2_000));
    let message = refusal("nef", &file);
    assert!(message.contains("again and again"), "{message}");
}

#[test]
fn a_jpeg_that_ends_within_its_exif_is_refused() {
    for file in [b"\xFF\xD8\xFF\xE1\0".as_slice(), b"\xFF\xD8\xFF\xE1k\x10"] {
        let message = refusal("crw", file);
        assert!(message.contains("another kind"), "{message}");
    }
}

#[test]
fn directories_inside_minoltas_and_fujifilms_files_are_looked_at_too() {
    // A directory whose one value would take 32 GB.
    let mut inner = b"MM\0*\0\0\0\x08\0\x01\x01\x0F\0\x05\xF0\0\0\0".to_vec();
    inner.resize(64, 0);
    let block = |name: &[u8], content: &[u8]| [name, &(content.len() as u32).to_be_bytes(), content].concat();
    let blocks = block(b"\0TTW", &inner);
    assert!(refusal("mrw", &block(b"\0MRM", &blocks)).contains("longer"));
    // Without that block the library takes the file itself for the directory; a length of -8 it never passes.
    assert!(refusal("mrw", &block(b"\0MRM", &[0; 64])).contains("cannot be read"));
    let endless = [b"\0ABC\xFF\xFF\xFF\xF8".as_slice(), &[0; 64]].concat();
    assert!(refusal("mrw", &block(b"\0MRM", &endless)).contains("cannot be read"));
    let mut raf = [b"FUJIFILM".as_slice(), &[0; 120]].concat();
    raf[84..88].copy_from_slice(&(128_u32 - 12).to_be_bytes());
    raf.extend(&inner);
    assert!(refusal("raf", &raf).contains("longer"));
}

#[test]
fn boxes_that_lie_about_their_size_are_refused() {
    let named =
        |kind: &[u8], content: &[u8]| [&(8 + content.len() as u32).to_be_bytes(), kind, content].concat();
    let photo = |film: &[u8]| [named(b"ftyp", b"crx \0\0\0\x01crx "), named(b"moov", film)].concat();
    let endless =
        photo(&named(b"free", b"").repeat(2).into_iter().chain(*b"\0\0\0\0free").collect::<Vec<_>>());
    let long = photo(b"\x7F\xFF\xFF\xFFfree");
    let many = [b"\0\0\0\0", 0_u32.to_be_bytes().as_slice(), &u32::MAX.to_be_bytes()].concat();
    let counted = ["stsz", "stbl", "minf", "mdia", "trak"]
        .iter()
        .fold(many, |content, kind| named(kind.as_bytes(), &content));
    for file in [endless, long, photo(&counted)] {
        let message = refusal("cr3", &file);
        assert!(message.contains("boxes"), "{message}");
    }
    let elsewhere = [named(b"free", b""), photo(b"")].concat();
    assert!(refusal("nef", &elsewhere).contains("another kind"));
}

#[test]
fn cancelling_stops() {
    let outcome = job(&Dng::default().file()).cancel_after(1).run(entry);
    assert_eq!(outcome.failure(), Some(("cancelled", "")));
}

#[test]
fn every_cut_and_many_flips_end_in_an_error_or_a_picture() {
    let file = Dng { thumbnail: true, ..Dng::default() }.file();
    let fine = |outcome: &Outcome, what: &str| {
        if let Some((kind, _)) = outcome.failure() {
            let clean = ["corrupt_input", "unsupported_conversion", "limit_exceeded"].contains(&kind);
            assert!(clean, "{what}: {:?}", outcome.error);
        }
    };
    for length in (0..1_000).step_by(7).chain((1_000..file.len()).step_by(1_999)) {
        fine(&job(&file[..length]).run(entry), &format!("cut to {length}"));
        fine(&job(&file[..length]).probe(entry), &format!("cut to {length}, probed"));
    }
    // A small generator of our own, so that the flips are the same everywhere.
    let mut state = 7u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for round in 0..200 {
        let mut mutant = file.clone();
        for _ in 0..=next(4) {
            let place = next(600);
            mutant[place] = next(256) as u8;
        }
        let bounded = |job: Job| job.limit(|limits| limits.memory = 64 << 20);
        fine(&bounded(job(&mutant)).run(entry), &format!("flip {round}"));
        fine(&bounded(job(&mutant)).probe(entry), &format!("flip {round}, probed"));
    }
}

#[test]
fn it_says_what_it_is() {
    let description = describe(entry);
    assert_eq!((description.id.as_str(), description.licence.as_str()), ("image.raw", "LGPL-2.1-only"));
    for capability in &description.capabilities {
        assert!(capability.keeps.iter().all(|word| Feature::from_word(word).is_some()));
        assert!(capability.from.iter().all(|id| formwork_sdk::formats::by_id(id).is_some()));
    }
}

#[test]
fn other_targets_are_refused() {
    let outcome = Job::new("convert").input("a.dng", "dng", b"".as_slice()).target("png").run(entry);
    assert_eq!(outcome.failure(), Some(("unsupported_conversion", "")));
}
