//! Texts and pictures laid over pictures.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::{as_raster, decode, encode, files};
use formwork_image_pixels::{Channels, Frame, Picture, Samples, Sequence};
use formwork_plugin_image::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Outcome};
use formwork_sdk::{Value, json};

type Setting<'s> = (&'s str, Value);

/// Noise that no scaling and no coding leaves as it is.
fn noise(width: u32, height: u32, channels: Channels) -> Vec<u8> {
    let count = width as usize * height as usize * channels.count();
    let mut state = 7u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(next).collect()
}

fn picture(width: u32, height: u32, channels: Channels, samples: Samples) -> Picture {
    Picture::still(Frame::new(width, height, channels, samples).unwrap())
}

fn logo() -> Vec<u8> {
    as_raster(&picture(40, 20, Channels::Rgba, Samples::U8(noise(40, 20, Channels::Rgba))))
}

fn step(
    operation: &str,
    bytes: &[u8],
    (from, to): (&str, &str),
    settings: &[Setting<'_>],
    mark: Option<&[u8]>,
) -> Outcome {
    let job = Job::new(operation).input("input", from, bytes).target(to);
    let job = mark.into_iter().fold(job, |job, mark| job.input("mark", "raster", mark));
    settings.iter().fold(job, |job, (name, value)| job.option(name, value.clone())).run(entry)
}

/// The places of pixels that differ, by frame.
fn changed(before: &Picture, after: &Picture) -> Vec<Vec<(u32, u32)>> {
    let bytes = |frame: &Frame| match &frame.samples {
        Samples::U8(samples) => samples.clone(),
        _ => panic!("depth"),
    };
    let frames = before.frames.iter().zip(&after.frames);
    frames
        .map(|(before, after)| {
            assert_eq!((before.size(), before.channels), (after.size(), after.channels));
            let count = before.channels.count();
            let (old, new) = (bytes(before), bytes(after));
            let pixels = old.chunks(count).zip(new.chunks(count)).enumerate();
            let differ = pixels.filter(|(_, (old, new))| old != new);
            differ.map(|(at, _)| (at as u32 % before.width, at as u32 / before.width)).collect()
        })
        .collect()
}

#[test]
fn one_pass_gives_what_the_chain_gives() {
    let deep = noise(300, 200, Channels::Rgb).iter().map(|value| u16::from(*value) * 200 + 3).collect();
    for samples in [Samples::U8(noise(300, 200, Channels::Rgb)), Samples::U16(deep)] {
        let source = encode(&picture(300, 200, Channels::Rgb, samples), "png", &[]);
        let (size, look) = ([("width", json!(170))], [("opacity", json!(0.6)), ("angle", json!(20))]);
        let cut = [("x", json!(5)), ("width", json!(280))];
        let part = step("crop", source.expect_one(), ("png", "png"), &cut, None);
        let small = step("convert", part.expect_one(), ("png", "png"), &size, None);
        let marked = step("watermark", small.expect_one(), ("png", "png"), &look, Some(&logo()));
        let apart = step("convert", marked.expect_one(), ("png", "tiff"), &[], None);
        let fused = Job::new("convert")
            .before("crop", &cut)
            .before("convert", &size)
            .before("watermark", &look)
            .input("input", "png", source.expect_one())
            .input("mark", "raster", logo())
            .target("tiff")
            .run(entry);
        assert!(fused.expect_one() == apart.expect_one());
        let turned = Job::new("convert")
            .before("crop", &cut)
            .before("watermark", &look)
            .before("convert", &size)
            .input("input", "png", source.expect_one())
            .input("mark", "raster", logo())
            .target("tiff")
            .run(entry);
        assert!(fused.expect_one() != turned.expect_one(), "the order of tasks is lost");
    }
}

#[test]
fn only_what_lies_under_the_mark_changes() {
    let before = picture(200, 120, Channels::Rgb, Samples::U8(noise(200, 120, Channels::Rgb)));
    let source = encode(&before, "png", &[]);
    let settings = [("position", json!("top-left")), ("margin", json!(12))];
    let outcome = step("watermark", source.expect_one(), ("png", "bmp"), &settings, Some(&logo()));
    let places = &changed(&before, &decode(outcome.expect_one(), "bmp"))[0];
    assert!(places.len() > 700, "{}", places.len());
    assert!(places.iter().all(|(x, y)| (12..52).contains(x) && (12..32).contains(y)));
}

#[test]
fn every_frame_of_an_animation_is_marked() {
    let frame = |level: u8| {
        let samples = Samples::U8([level, 0, 0].repeat(100 * 60));
        Frame { delay_ms: 100, ..Frame::new(100, 60, Channels::Rgb, samples).unwrap() }
    };
    let sequence = Sequence::Animation { loops: 0 };
    let film = Picture { frames: [10, 90, 170].map(frame).to_vec(), sequence, ..Picture::default() };
    let source = encode(&film, "gif", &[]);
    for target in ["gif", "apng"] {
        let settings = [("text", json!("Mark")), ("font_size", json!(16))];
        let outcome = step("watermark", source.expect_one(), ("gif", target), &settings, None);
        let after = decode(outcome.expect_one(), target);
        assert_eq!(after.frames.len(), 3);
        let mut flat = after;
        flat.frames.iter_mut().for_each(|frame| formwork_image_pixels::set_channels(frame, Channels::Rgb));
        let places = changed(&film, &flat);
        assert!(places.iter().all(|places| places.len() > 100 && places.len() < 100 * 25), "{target}");
    }
}

#[test]
fn texts_of_all_directions_are_drawn_and_nothing_is_refused() {
    let before = picture(400, 100, Channels::Grey, Samples::U8(vec![128; 40_000]));
    let source = encode(&before, "png", &[]);
    let run = |text: &str| {
        let settings = [("text", json!(text)), ("font_size", json!(30))];
        step("watermark", source.expect_one(), ("png", "png"), &settings, None)
    };
    for text in ["Formwork", "two\nlines", "שלום", "مرحبا", "mixed עברית end", &"long ".repeat(300)]
    {
        let outcome = run(text);
        let places = &changed(&before, &decode(outcome.expect_one(), "png"))[0];
        assert!(places.len() > 60, "{text}: {}", places.len());
    }
    for text in ["", " \n ", &"x".repeat(5000)] {
        assert_eq!(run(text).failure().map(|(kind, _)| kind), Some("invalid_request"), "{text:?}");
    }
    let nothing = step("watermark", source.expect_one(), ("png", "png"), &[], None);
    assert_eq!(nothing.failure().map(|(kind, _)| kind), Some("invalid_request"));
}

#[test]
fn every_file_takes_a_mark() {
    let mut failures = Vec::new();
    for (path, format, bytes) in &files("image/") {
        for target in ["png", "jpg", "webp", "gif"] {
            let settings = [("text", json!("Formwork")), ("opacity", json!(0.5))];
            let outcome = step("watermark", bytes, (format, target), &settings, None);
            if let Some(error) = &outcome.error {
                failures.push(format!("{path} to {target}: {}", error.message));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
