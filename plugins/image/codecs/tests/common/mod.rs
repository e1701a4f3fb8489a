//! What the tests of this plugin share.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use formwork_image_pixels::{Channels, Frame, Picture, Samples, raster};
use formwork_plugin_image::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Limits, Outcome};
use std::path::PathBuf;

/// Converts bytes.
pub(crate) fn convert(
    bytes: &[u8],
    from: &str,
    to: &str,
    options: &[(&str, formwork_sdk::Value)],
) -> Outcome {
    run("convert", bytes, from, to, options)
}

/// Does any operation.
pub(crate) fn run(
    operation: &str,
    bytes: &[u8],
    from: &str,
    to: &str,
    options: &[(&str, formwork_sdk::Value)],
) -> Outcome {
    let job = Job::new(operation).input("input", from, bytes).target(to);
    options.iter().fold(job, |job, (name, value)| job.option(name, value.clone())).run(entry)
}

/// Asks what bytes are.
pub(crate) fn probe(bytes: &[u8], format: &str) -> Outcome {
    Job::new("probe").input("input", format, bytes).probe(entry)
}

/// Decodes bytes to a picture.
pub(crate) fn decode(bytes: &[u8], format: &str) -> Picture {
    let outcome = convert(bytes, format, "raster", &[]);
    raster::read(outcome.expect_one(), &Limits::default()).unwrap()
}

/// Encodes a picture.
pub(crate) fn encode(picture: &Picture, format: &str, options: &[(&str, formwork_sdk::Value)]) -> Outcome {
    convert(&as_raster(picture), "raster", format, options)
}

/// A picture as the bytes of the internal format.
pub(crate) fn as_raster(picture: &Picture) -> Vec<u8> {
    // Spelled out after the format's documentation: its writer needs a step.
    let mut bytes = b"FWRASTER".to_vec();
    let mut number = |value: u32| bytes.extend(value.to_le_bytes());
    number(1);
    let (kind, loops) = match picture.sequence {
        formwork_image_pixels::Sequence::Still => (0, 0),
        formwork_image_pixels::Sequence::Animation { loops } => (1, loops),
        formwork_image_pixels::Sequence::Pages => (2, 0),
    };
    number(kind);
    number(loops);
    number(picture.metadata.orientation as u32);
    let density = picture.metadata.density.unwrap_or((0.0, 0.0));
    bytes.extend(density.0.to_le_bytes());
    bytes.extend(density.1.to_le_bytes());
    for block in [&picture.metadata.icc, &picture.metadata.exif, &picture.metadata.xmp] {
        bytes.extend(block.as_ref().map_or(u32::MAX, |block| block.len() as u32).to_le_bytes());
        bytes.extend(block.as_deref().unwrap_or(&[]));
    }
    bytes.extend(0u32.to_le_bytes());
    bytes.extend((picture.frames.len() as u32).to_le_bytes());
    for frame in &picture.frames {
        let channels = match frame.channels {
            Channels::Grey => 0u32,
            Channels::GreyAlpha => 1,
            Channels::Rgb => 2,
            Channels::Rgba => 3,
            Channels::Cmyk => 4,
        };
        for value in [frame.width, frame.height, channels, frame.samples.width() as u32, frame.delay_ms] {
            bytes.extend(value.to_le_bytes());
        }
        match &frame.samples {
            Samples::U8(samples) => bytes.extend(samples),
            Samples::U16(samples) => bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
            Samples::F32(samples) => bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
        }
    }
    bytes
}

/// A smooth made picture, different in every channel.
pub(crate) fn made(width: u32, height: u32, channels: Channels, depth: usize) -> Frame {
    let count = channels.count();
    let value = |index: usize| {
        let (pixel, channel) = (index / count, index % count);
        let (x, y) = (pixel % width as usize, pixel / width as usize);
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        match channel {
            0 => x,
            1 => y,
            2 => (x + y) / 2.0,
            _ => 1.0 - x * y,
        }
    };
    let all = 0..width as usize * height as usize * count;
    let samples = match depth {
        1 => Samples::U8(all.map(|index| (value(index) * 255.0) as u8).collect()),
        2 => Samples::U16(all.map(|index| (value(index) * 65_535.0) as u16).collect()),
        _ => Samples::F32(all.map(value).collect()),
    };
    Frame::new(width, height, channels, samples).unwrap()
}

/// The mean squared difference of two frames of 8 bits.
pub(crate) fn difference(a: &Frame, b: &Frame) -> f64 {
    let (Samples::U8(x), Samples::U8(y)) = (&a.samples, &b.samples) else { panic!("not 8 bits") };
    assert_eq!((a.size(), a.channels), (b.size(), b.channels));
    x.iter().zip(y).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum::<f64>() / x.len() as f64
}

/// The folder of real files, when it is there.
pub(crate) fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("FORMWORK_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        eprintln!("skipped: there is no corpus at {}", folder.display());
        return None;
    }
    Some(folder)
}

/// The files of a folder of the corpus that this plugin should read: path, format, bytes.
pub(crate) fn files(folder: &str) -> Vec<(String, String, Vec<u8>)> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let manifest = std::fs::read_to_string(corpus.join("MANIFEST.tsv")).unwrap();
    let rows = manifest.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row[0].starts_with(folder) && OURS.contains(&row[1]))
        .map(|row| (row[0].to_owned(), row[1].to_owned(), std::fs::read(corpus.join(row[0])).unwrap()))
        .collect()
}

/// The formats of the everyday codecs.
pub(crate) const OURS: &[&str] =
    &["jpg", "png", "apng", "gif", "webp", "bmp", "tiff", "ico", "tga", "hdr", "pnm", "qoi"];
