//! PDF and EPS: that files hang together, that JPEG goes in as it is, that pictures lie the right way up.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use formwork_plugin_image::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Outcome};
use std::path::{Path, PathBuf};

/// A picture in the internal format: one frame of 8 or 16 bits, channels by index.
fn raster(size: (u32, u32), channels: u32, frames: u32, sample: impl Fn(usize) -> u8) -> Vec<u8> {
    let count = [1, 2, 3, 4, 4][channels as usize] * (size.0 * size.1) as usize;
    let mut bytes = b"FWRASTER".to_vec();
    let sequence = if frames > 1 { 2 } else { 0 };
    [1, sequence, 0, 1].iter().for_each(|number: &u32| bytes.extend(number.to_le_bytes()));
    bytes.extend([0; 16]);
    [u32::MAX, u32::MAX, u32::MAX, 0, frames].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    for _ in 0..frames {
        [size.0, size.1, channels, 1, 0].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend((0..count).map(&sample));
    }
    bytes
}

fn convert(bytes: &[u8], from: &str, to: &str, options: &[(&str, f64)]) -> Outcome {
    let mut job = Job::new("convert").input("a", from, bytes).target(to);
    for (name, value) in options {
        job = job.option(name, *value);
    }
    job.run(entry)
}

/// Checks the table of a PDF: every object starts where it says. Returns the file as text.
fn check_pdf(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let raw = |at: usize| String::from_utf8_lossy(&bytes[at..(at + 20).min(bytes.len())]).into_owned();
    let start: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
    assert!(raw(start).starts_with("xref"), "{}", raw(start));
    let table = String::from_utf8_lossy(&bytes[start..]).into_owned();
    let offsets =
        table.lines().filter(|line| line.ends_with(" n ")).map(|line| line[..10].parse::<usize>().unwrap());
    for (index, offset) in offsets.enumerate() {
        assert!(raw(offset).starts_with(&format!("{} 0 obj", index + 1)), "{}", raw(offset));
    }
    text
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn corpus(name: &str) -> Option<Vec<u8>> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus");
    let path = std::env::var_os("FORMWORK_CORPUS").map_or(default, PathBuf::from).join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: no {}", path.display());
    }
    bytes
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let picture = raster((width, height), 2, 1, |i| (i * 7) as u8);
    convert(&picture, "raster", "jpg", &[]).expect_one().to_vec()
}

#[test]
fn pages_have_the_size_of_their_picture() {
    let text = check_pdf(convert(&raster((96, 48), 2, 1, |i| i as u8), "raster", "pdf", &[]).expect_one());
    assert!(text.contains("/MediaBox [0 0 72 36]"), "{text}");
    let dense = convert(&raster((96, 48), 2, 1, |i| i as u8), "raster", "pdf", &[("density", 300.0)]);
    assert!(check_pdf(dense.expect_one()).contains("/MediaBox [0 0 23.04 11.52]"));
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    let picture = raster((40, 30), 3, 1, |i| (i * i) as u8);
    for target in ["pdf", "eps"] {
        let make = || convert(&picture, "raster", target, &[]).expect_one().to_vec();
        assert_eq!(make(), make());
    }
}

#[test]
fn alpha_becomes_a_mask() {
    for (channels, space) in [(1, "/DeviceGray"), (3, "/DeviceRGB")] {
        let outcome = convert(&raster((9, 7), channels, 1, |i| i as u8), "raster", "pdf", &[]);
        assert!(outcome.losses.is_empty(), "{:?}", outcome.losses);
        let text = check_pdf(outcome.expect_one());
        assert!(text.contains("/SMask") && text.contains(space), "{text}");
    }
}

#[test]
fn inks_stay_inks() {
    let picture = raster((9, 7), 4, 1, |i| i as u8);
    assert!(check_pdf(convert(&picture, "raster", "pdf", &[]).expect_one()).contains("/DeviceCMYK"));
    let eps = convert(&picture, "raster", "eps", &[]);
    assert!(holds(eps.expect_one(), b"/DeviceCMYK setcolorspace"));
}

#[test]
fn each_frame_becomes_a_page() {
    let outcome = convert(&raster((9, 7), 0, 3, |i| i as u8), "raster", "pdf", &[]);
    assert!(check_pdf(outcome.expect_one()).contains("/Count 3"));
    assert_eq!(outcome.facts["pages"], 3);
}

#[test]
fn pages_of_any_size_are_valid() {
    let outcome = convert(&raster((30_000, 1), 0, 1, |i| i as u8), "raster", "pdf", &[]);
    let text = check_pdf(outcome.expect_one());
    assert!(text.contains("/MediaBox [0 0 14400 3] /UserUnit 1.5625"), "{text}");
}

#[test]
fn jpeg_goes_in_as_it_is() {
    let jpeg = jpeg(64, 32);
    let outcome = convert(&jpeg, "jpg", "pdf", &[]);
    check_pdf(outcome.expect_one());
    assert!(holds(outcome.expect_one(), &jpeg) && outcome.losses.is_empty(), "{:?}", outcome.losses);
    let eps = convert(&jpeg, "jpg", "eps", &[]);
    assert!(holds(eps.expect_one(), b"/DCTDecode filter") && eps.losses.is_empty(), "{:?}", eps.losses);
    // Another size: decoded, and not quality lost a second time.
    let smaller = Job::new("convert").input("a", "jpg", jpeg).target("pdf").option("width", 20).run(entry);
    assert!(check_pdf(smaller.expect_one()).contains("/FlateDecode"));
}

#[test]
fn damaged_jpeg_does_not_go_in_as_it_is() {
    let jpeg = jpeg(640, 320);
    let cut = &jpeg[..jpeg.len() / 2];
    for target in ["pdf", "eps"] {
        let outcome = convert(cut, "jpg", target, &[]);
        assert!(!holds(outcome.expect_one(), b"/DCTDecode"), "{target}");
        assert!(!outcome.warnings.is_empty());
    }
}

#[test]
fn turned_jpeg_turns_the_page() {
    // EXIF with orientation 6: the first row is the right side.
    let exif = [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"[..]].concat();
    let mut jpeg = jpeg(96, 48);
    let segment = [&[0xFF, 0xE1, 0, 2 + 6 + exif.len() as u8], &b"Exif\0\0"[..], &exif].concat();
    jpeg.splice(2..2, segment);
    let outcome = convert(&jpeg, "jpg", "pdf", &[]);
    let text = check_pdf(outcome.expect_one());
    assert!(text.contains("/MediaBox [0 0 36 72]") && text.contains("q 0 -72 36 0 0 72 cm"), "{text}");
    let stripped = Job::new("convert").input("a", "jpg", jpeg).target("pdf").option("strip_metadata", true);
    let stripped = stripped.run(entry);
    assert!(!holds(stripped.expect_one(), b"Exif") && holds(stripped.expect_one(), b"/DCTDecode"));
    assert!(holds(stripped.expect_one(), b"q 0 -72 36 0 0 72 cm"));
}

#[test]
fn cmyk_of_adobe_is_inverted() {
    let picture = raster((16, 16), 4, 1, |i| i as u8);
    let jpeg = convert(&picture, "raster", "jpg", &[]).expect_one().to_vec();
    let pdf = convert(&jpeg, "jpg", "pdf", &[]);
    assert!(holds(pdf.expect_one(), b"/DCTDecode /Decode [1 0 1 0 1 0 1 0]"));
}

#[test]
fn eps_is_text_with_its_box() {
    let outcome = convert(&raster((97, 48), 2, 1, |i| (i * 31) as u8), "raster", "eps", &[]);
    let bytes = outcome.expect_one();
    assert!(bytes.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')));
    let text = String::from_utf8_lossy(bytes);
    assert!(text.contains("%%BoundingBox: 0 0 73 36\n%%HiResBoundingBox: 0 0 72.75 36\n"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 255));
}

#[test]
fn photographs_of_the_corpus_go_in_as_they_are() {
    let Some(bytes) = corpus("hostile/wrong-ext-jpg.mp4") else { return };
    let outcome = convert(&bytes, "jpg", "pdf", &[]);
    assert!(holds(outcome.expect_one(), &bytes));
}
