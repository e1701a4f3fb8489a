//! Pictures that are made here, through every codec and back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::{convert, decode, difference, encode, made, probe, run};
use formwork_image_pixels::{Channels, Frame, Metadata, Picture, Samples, Sequence};
use formwork_sdk::json;

const ALL: [Channels; 5] =
    [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk];

fn still(channels: Channels, depth: usize) -> Picture {
    Picture::still(made(61, 47, channels, depth))
}

fn survives(picture: &Picture, format: &str, options: &[(&str, formwork_sdk::Value)]) {
    let outcome = encode(picture, format, options);
    let bytes = outcome.expect_one();
    assert!(outcome.losses.is_empty(), "{format}: {:?}", outcome.losses);
    let back = decode(bytes, format);
    assert_eq!(back.frames.len(), picture.frames.len(), "{format}");
    for (before, after) in picture.frames.iter().zip(&back.frames) {
        assert!(before == after, "{format}: {:?} changed", before.channels);
    }
    let facts = probe(bytes, format).facts;
    for fact in ["width", "height", "frames"] {
        assert_eq!(facts.get(fact), outcome.facts.get(fact), "{format} {fact}");
    }
}

#[test]
fn lossless_formats_keep_every_sample() {
    for channels in ALL {
        for depth in [1, 2, 4] {
            survives(&still(channels, depth), "tiff", &[]);
            survives(&still(channels, depth), "tiff", &[("codec", json!("lzw"))]);
            survives(&still(channels, depth), "tiff", &[("codec", json!("none"))]);
        }
    }
    for channels in [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba] {
        for depth in [1, 2] {
            survives(&still(channels, depth), "png", &[]);
            survives(&still(channels, depth), "png", &[("effort", json!(0))]);
        }
    }
    survives(&still(Channels::Rgba, 1), "webp", &[("lossless", json!(true))]);
    survives(&still(Channels::Rgb, 1), "webp", &[("lossless", json!(true)), ("effort", json!(9))]);
    survives(&still(Channels::Rgba, 1), "qoi", &[]);
    survives(&still(Channels::Rgb, 1), "bmp", &[]);
    survives(&still(Channels::Rgb, 1), "tga", &[]);
    survives(&still(Channels::Rgb, 1), "pnm", &[]);
    survives(&still(Channels::Rgb, 2), "pnm", &[]);
}

#[test]
fn lossy_formats_come_close_and_say_so() {
    let picture = still(Channels::Rgb, 1);
    for (format, limit) in [("jpg", 12.0), ("webp", 20.0)] {
        let outcome = encode(&picture, format, &[("quality", json!(90))]);
        assert!(outcome.lost("quality"), "{format}");
        let back = decode(outcome.expect_one(), format);
        let error = difference(&picture.frames[0], &back.frames[0]);
        assert!(error < limit, "{format}: {error}");
    }
}

/// Four frames of few colours: a square that wanders over a ground, and leaves holes when `holes`.
fn animation(holes: bool) -> Picture {
    let frames = (0..4u32).map(|index| {
        let mut samples = Vec::new();
        for y in 0..24u32 {
            for x in 0..32u32 {
                let inside = (index * 6..index * 6 + 8).contains(&x) && (8..16).contains(&y);
                samples.extend(match (inside, holes) {
                    (true, _) => [250, 40 * index as u8, 10, 255],
                    (false, true) => [0, 0, 0, 0],
                    (false, false) => [20, 120, 200, 255],
                });
            }
        }
        let frame = Frame::new(32, 24, Channels::Rgba, Samples::U8(samples)).unwrap();
        Frame { delay_ms: 100 + index * 50, ..frame }
    });
    Picture { frames: frames.collect(), sequence: Sequence::Animation { loops: 3 }, ..Picture::default() }
}

/// The pixels, with nothing where nothing is seen.
fn visible(frame: &Frame) -> Vec<[u8; 4]> {
    let Samples::U8(samples) = &frame.samples else { panic!("not 8 bits") };
    samples.as_chunks::<4>().0.iter().map(|pixel| if pixel[3] == 0 { [0; 4] } else { *pixel }).collect()
}

#[test]
fn animations_keep_frames_times_and_holes() {
    for holes in [false, true] {
        let picture = animation(holes);
        for (format, options) in
            [("gif", vec![]), ("apng", vec![]), ("webp", vec![("lossless", json!(true))])]
        {
            let outcome = encode(&picture, format, &options);
            assert!(outcome.losses.is_empty(), "{format}: {:?}", outcome.losses);
            let mut back = decode(outcome.expect_one(), format);
            assert_eq!(back.sequence, picture.sequence, "{format}");
            for (before, after) in picture.frames.iter().zip(&mut back.frames) {
                formwork_image_pixels::set_channels(after, Channels::Rgba);
                assert_eq!(before.delay_ms, after.delay_ms, "{format}");
                assert!(visible(before) == visible(after), "{format}, holes {holes}");
            }
            assert_eq!(back.frames.len(), 4);
        }
    }
}

#[test]
fn an_animation_becomes_pages_or_its_first_frame() {
    let outcome = encode(&animation(false), "tiff", &[]);
    assert!(outcome.lost("animation"));
    assert_eq!(decode(outcome.expect_one(), "tiff").sequence, Sequence::Pages);
    let outcome = encode(&animation(false), "png", &[]);
    assert!(outcome.lost("animation") && outcome.facts["frames"] == 1);
    let gif = encode(&animation(false), "gif", &[]);
    let outcome = convert(gif.expect_one(), "gif", "jpg", &[]);
    assert!(outcome.lost("animation") && outcome.facts["frames"] == 1);
    let outcome = run("thumbnail", gif.expect_one(), "gif", "webp", &[("width", json!(16))]);
    assert_eq!((&outcome.facts["width"], &outcome.facts["frames"]), (&json!(16), &json!(1)));
}

#[test]
fn alpha_is_filled_with_the_background_and_said() {
    let frame = Frame::new(2, 1, Channels::Rgba, Samples::U8(vec![0, 0, 0, 0, 0, 0, 255, 255])).unwrap();
    let picture = Picture::still(frame);
    let outcome = encode(&picture, "bmp", &[("background", json!("#ff0000ff"))]);
    let back = decode(outcome.expect_one(), "bmp");
    if back.frames[0].channels == Channels::Rgb {
        assert!(outcome.lost("alpha"));
        assert_eq!(back.frames[0].samples, Samples::U8(vec![255, 0, 0, 0, 0, 255]));
    }
    let outcome = encode(&picture, "jpg", &[]);
    assert!(outcome.lost("alpha"));
    let opaque = Frame::new(1, 1, Channels::Rgba, Samples::U8(vec![9, 9, 9, 255])).unwrap();
    assert!(!encode(&Picture::still(opaque), "jpg", &[]).lost("alpha"));
}

#[test]
fn inks_stay_in_jpeg_and_tiff_and_become_colours_elsewhere() {
    let picture = still(Channels::Cmyk, 1);
    let jpg = encode(&picture, "jpg", &[("quality", json!(95))]);
    assert!(!jpg.lost("inks"));
    let back = decode(jpg.expect_one(), "jpg");
    assert!(difference(&picture.frames[0], &back.frames[0]) < 12.0);
    let png = encode(&picture, "png", &[]);
    assert!(png.lost("inks"));
    let Samples::U8(samples) = &decode(png.expect_one(), "png").frames[0].samples.clone() else { panic!() };
    // At the upper left there is no ink but black.
    assert_eq!(samples[..3], [0, 0, 0]);
}

#[test]
fn depth_is_kept_where_there_is_room_and_rounded_elsewhere() {
    let picture = still(Channels::Rgb, 2);
    assert!(encode(&picture, "webp", &[]).lost("bit_depth"));
    let light = still(Channels::Rgb, 4);
    let png = encode(&light, "png", &[]);
    assert!(png.lost("bit_depth"));
    assert_eq!(decode(png.expect_one(), "png").frames[0].samples.width(), 2);
    let eight = encode(&picture, "png", &[("color_depth", json!(8))]);
    assert!(eight.losses.is_empty());
    assert_eq!(decode(eight.expect_one(), "png").frames[0].samples.width(), 1);
}

fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x02\0".to_vec();
    block.extend([0x0F, 1, 2, 0, 4, 0, 0, 0, b'a', b'b', b'c', 0]);
    block.extend([0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    block.extend([0; 4]);
    block
}

#[test]
fn metadata_travels_and_orientation_is_applied_once() {
    let mut picture = still(Channels::Rgb, 1);
    picture.metadata = Metadata {
        exif: Some(exif(6)),
        xmp: Some(b"<x tiff:Orientation=\"6\"/>".to_vec()),
        orientation: formwork_image_pixels::Orientation::Turned90,
        density: Some((300.0, 300.0)),
        icc: None,
    };
    for format in ["jpg", "png", "webp", "tiff", "apng"] {
        let outcome = encode(&picture, format, &[]);
        assert_eq!((&outcome.facts["width"], &outcome.facts["height"]), (&json!(47), &json!(61)), "{format}");
        let back = decode(outcome.expect_one(), format);
        assert_eq!(back.frames[0].size(), (47, 61), "{format}");
        assert_eq!(back.metadata.orientation, formwork_image_pixels::Orientation::Upright, "{format}");
        let block = back.metadata.exif.unwrap_or_else(|| panic!("{format} lost EXIF"));
        assert!(block.windows(3).any(|window| window == b"abc"), "{format}");
        assert_eq!(back.metadata.xmp.as_deref(), Some(b"<x tiff:Orientation=\"1\"/>".as_slice()), "{format}");
        if let Some((x, _)) = back.metadata.density {
            assert!((x - 300.0).abs() < 0.1, "{format}: {x}");
        }
        let stripped = encode(&picture, format, &[("strip_metadata", json!(true))]);
        assert!(!stripped.lost("metadata"));
        let back = decode(stripped.expect_one(), format);
        assert!(back.metadata.xmp.is_none(), "{format}");
    }
    assert!(encode(&picture, "bmp", &[]).lost("metadata"));
}

#[test]
fn a_turned_jpeg_is_turned_on_both_ways_to_webp() {
    let mut picture = Picture::still(made(64, 48, Channels::Rgb, 1));
    let plain = encode(&picture, "jpg", &[("quality", json!(89))]);
    // Put the EXIF in by hand: the plugin itself writes upright pictures only.
    let mut turned = plain.expect_one()[..2].to_vec();
    let block = exif(6);
    turned.extend([0xFF, 0xE1]);
    turned.extend((block.len() as u16 + 8).to_be_bytes());
    turned.extend(b"Exif\0\0");
    turned.extend(block);
    turned.extend(&plain.expect_one()[2..]);
    picture.metadata.orientation = formwork_image_pixels::Orientation::Turned90;
    formwork_image_pixels::orient(&mut picture);
    // Without and with a detour over RGB.
    for options in [vec![("quality", json!(95))], vec![("quality", json!(95)), ("width", json!(4000))]] {
        let outcome = convert(&turned, "jpg", "webp", &options);
        let back = decode(outcome.expect_one(), "webp");
        let error = difference(&picture.frames[0], &back.frames[0]);
        assert!(error < 30.0, "{error}");
    }
}

#[test]
fn sizes_and_cuts() {
    let png = encode(&still(Channels::Rgba, 1), "png", &[]);
    let png = png.expect_one();
    for (options, size) in [
        (vec![("width", json!(30))], (30, 23)),
        (vec![("height", json!(94))], (61, 47)),
        (vec![("width", json!(20)), ("height", json!(20)), ("fit", json!("crop"))], (20, 20)),
        (vec![("width", json!(100)), ("height", json!(20)), ("fit", json!("pad"))], (100, 20)),
        (vec![("width", json!(100)), ("height", json!(20)), ("fit", json!("scale"))], (100, 20)),
    ] {
        let outcome = convert(png, "png", "webp", &options);
        let back = decode(outcome.expect_one(), "webp");
        assert_eq!(back.frames[0].size(), size, "{options:?}");
    }
    let cut = [("x", json!(10)), ("y", json!(5)), ("width", json!(20)), ("height", json!(1000))];
    let outcome = run("crop", png, "png", "png", &cut);
    assert_eq!(decode(outcome.expect_one(), "png").frames[0].size(), (20, 42));
    let outside = run("crop", png, "png", "png", &[("x", json!(61))]);
    assert_eq!(outside.failure(), Some(("invalid_request", "")));
}

#[test]
fn a_jpeg_is_shrunk_while_it_is_read_and_gets_the_same_size() {
    let picture = Picture::still(made(1001, 749, Channels::Rgb, 1));
    let jpg = encode(&picture, "jpg", &[("quality", json!(95))]);
    let png = encode(&picture, "png", &[]);
    for width in [60, 100, 250, 333, 500, 990] {
        let shrunk = convert(jpg.expect_one(), "jpg", "png", &[("width", json!(width))]);
        let full = convert(png.expect_one(), "png", "png", &[("width", json!(width))]);
        let (shrunk, full) = (decode(shrunk.expect_one(), "png"), decode(full.expect_one(), "png"));
        let error = difference(&shrunk.frames[0], &full.frames[0]);
        assert!(error < 4.0, "{width}: {error}");
    }
}

#[test]
fn optimising_changes_bytes_and_nothing_else() {
    let picture = still(Channels::Rgba, 1);
    let png = encode(&picture, "png", &[("effort", json!(0))]);
    let outcome = run("optimize", png.expect_one(), "png", "png", &[]);
    assert!(outcome.expect_one().len() <= png.expect_one().len());
    assert!(decode(outcome.expect_one(), "png").frames == picture.frames);
    let jpg = encode(&still(Channels::Rgb, 1), "jpg", &[("effort", json!(0))]);
    let outcome = run("optimize", jpg.expect_one(), "jpg", "jpg", &[]);
    assert!(outcome.expect_one().len() < jpg.expect_one().len());
    assert!(decode(outcome.expect_one(), "jpg") == decode(jpg.expect_one(), "jpg"));
}

#[test]
fn noise_of_16_bits_that_jxl_cannot_hold_is_refused_with_a_way_out() {
    // Each pixel is the opposite of its neighbours, and red the opposite of blue.
    let pixel =
        |at: u32| if (at % 120 + at / 120).is_multiple_of(2) { [u16::MAX, 0, 0] } else { [0, 0, u16::MAX] };
    let samples = (0..120 * 30).flat_map(pixel).collect();
    let picture = Picture::still(Frame::new(120, 30, Channels::Rgb, Samples::U16(samples)).unwrap());
    let refused = encode(&picture, "jxl", &[]);
    assert_eq!(refused.failure(), Some(("unsupported_conversion", "")), "{:?}", refused.error);
    assert!(refused.error.unwrap().message.contains("color_depth 8"));
    assert_eq!(encode(&picture, "jxl", &[("color_depth", 8.into())]).error, None);
}

#[test]
fn many_colours_become_few_in_gif() {
    let picture = Picture::still(made(200, 150, Channels::Rgb, 1));
    let outcome = encode(&picture, "gif", &[]);
    assert!(outcome.lost("colours"));
    let error = difference(&picture.frames[0], &decode(outcome.expect_one(), "gif").frames[0]);
    assert!(error < 60.0, "{error}");
    let few = encode(&picture, "gif", &[("color_depth", json!(2))]);
    assert!(few.expect_one().len() < outcome.expect_one().len());
}
