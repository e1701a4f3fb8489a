//! Writing SVG, and SVGZ both ways.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{corpus, draw, files};
use formwork_image_pixels::{Channels, Frame, Picture, Samples, raster};
use formwork_plugin_image_vector::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Limits, Outcome};

/// A red square in the middle of a transparent picture.
fn square(side: u32) -> Picture {
    let inside = |at: u32| (side / 4..side * 3 / 4).contains(&at);
    let pixels = (0..side * side)
        .map(|i| if inside(i % side) && inside(i / side) { [220, 10, 30, 255] } else { [0; 4] });
    let samples = Samples::U8(pixels.flatten().collect());
    Picture::still(Frame::new(side, side, Channels::Rgba, samples).unwrap())
}

/// A picture as the internal format, made by the plugin's own border.
fn bytes_of(picture: &Picture) -> Vec<u8> {
    common::raster_bytes(picture)
}

fn write(picture: &Picture, target: &str, mode: &str) -> Outcome {
    let job = Job::new("convert").input("a", "raster", bytes_of(picture)).target(target);
    job.option("mode", mode).run(entry)
}

#[test]
fn embedded_pixels_come_back_exactly() {
    let picture = square(40);
    for target in ["svg", "svgz"] {
        let outcome = write(&picture, target, "embed");
        assert!(outcome.losses.is_empty(), "{:?}", outcome.losses);
        let drawn = draw(outcome.expect_one(), target, &[]).unwrap();
        assert_eq!(drawn.picture.frames[0].samples, picture.frames[0].samples);
    }
}

#[test]
fn traced_shapes_scale() {
    let outcome = write(&square(40), "svg", "trace");
    assert!(outcome.lost("quality") && !outcome.lost("alpha"), "{:?}", outcome.losses);
    let text = String::from_utf8(outcome.expect_one().to_vec()).unwrap();
    assert_eq!(text.matches("<path").count(), 1, "{text}");
    let drawn = draw(text.as_bytes(), "svg", &[("width", 400.into())]).unwrap();
    assert_eq!(drawn.at(200, 200), [220, 10, 30, 255]);
    assert_eq!(drawn.at(20, 20)[3], 0);
    assert_eq!(drawn.at(380, 380)[3], 0);
}

#[test]
fn large_pictures_are_not_traced() {
    let samples = Samples::U8(vec![7; 3000 * 2000]);
    let picture = Picture::still(Frame::new(3000, 2000, Channels::Grey, samples).unwrap());
    assert_eq!(write(&picture, "svg", "trace").failure(), Some(("limit_exceeded", "pixels")));
}

#[test]
fn packing_is_undone_by_unpacking() {
    for path in files(&["svg"]) {
        let text = std::fs::read(&path).unwrap();
        let packed = convert("svg", &text, "svgz");
        let again = convert("svg", &text, "svgz");
        assert_eq!(packed.expect_one(), again.expect_one());
        assert_eq!(convert("svgz", packed.expect_one(), "svg").expect_one(), text);
    }
}

fn convert(from: &str, bytes: &[u8], to: &str) -> Outcome {
    Job::new("convert").input("a", from, bytes).target(to).run(entry)
}

#[test]
fn gzip_bombs_are_refused() {
    let text = format!("<svg xmlns='http://www.w3.org/2000/svg'>{}</svg>", " ".repeat(100 << 20));
    let packed = convert("svg", text.as_bytes(), "svgz");
    let small = |limits: &mut Limits| limits.memory = 64 << 20;
    let unpack = || Job::new("convert").input("a", "svgz", packed.expect_one());
    for target in ["svg", "raster"] {
        let outcome = unpack().target(target).limit(small).run(entry);
        assert_eq!(outcome.failure(), Some(("limit_exceeded", "memory")));
        let ratio = |limits: &mut Limits| limits.ratio = 100;
        let outcome = unpack().target(target).limit(ratio).run(entry);
        assert_eq!(outcome.failure(), Some(("limit_exceeded", "ratio")));
    }
}

#[test]
fn what_cannot_be_drawn_is_not_packed() {
    let Some(corpus) = corpus() else { return };
    let bytes = std::fs::read(corpus.join("hostile/svg-billion-laughs.svg")).unwrap();
    assert_eq!(convert("svg", &bytes, "svgz").failure(), Some(("limit_exceeded", "memory")));
    assert_eq!(convert("svg", b"<html/>", "svgz").failure(), Some(("corrupt_input", "")));
}

#[test]
fn round_trip_of_the_internal_format() {
    let picture = square(8);
    assert_eq!(raster::read(&bytes_of(&picture), &Default::default()).unwrap(), picture);
}
