//! What the tests of this plugin share.
#![allow(dead_code, reason = "each test file uses its part")]

use formwork_image_pixels::{Channels, Picture, Samples, raster};
use formwork_plugin_image_vector::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Failure, Job, Limits, Outcome};
use std::path::{Path, PathBuf};

/// A drawing turned into pixels.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) picture: Picture,
    pub(crate) outcome: Outcome,
}

impl Drawn {
    /// All pixels of the first frame as RGBA.
    pub(crate) fn pixels(&self) -> impl Iterator<Item = [u8; 4]> + '_ {
        let frame = &self.picture.frames[0];
        let Samples::U8(samples) = &frame.samples else { panic!("8 bits are expected") };
        samples.chunks_exact(frame.channels.count()).map(move |pixel| match frame.channels {
            Channels::Rgb => [pixel[0], pixel[1], pixel[2], 255],
            Channels::Rgba => [pixel[0], pixel[1], pixel[2], pixel[3]],
            _ => panic!("colours are expected"),
        })
    }

    pub(crate) fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels().nth((y * self.picture.frames[0].width + x) as usize).unwrap()
    }
}

pub(crate) fn draw(
    bytes: &[u8],
    format: &str,
    options: &[(&str, serde_json::Value)],
) -> Result<Drawn, Failure> {
    let mut job = Job::new("convert").input("drawing", format, bytes).target("raster");
    for (name, value) in options {
        job = job.option(name, value.clone());
    }
    let outcome = job.run(entry);
    match &outcome.error {
        Some(error) => Err(error.clone()),
        None => {
            let picture = raster::read(outcome.expect_one(), &Limits::default()).unwrap();
            Ok(Drawn { picture, outcome })
        }
    }
}

/// The corpus folder, or `None` with a note when it is not there.
pub(crate) fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus");
    let path = std::env::var_os("FORMWORK_CORPUS").map_or(default, PathBuf::from);
    if !path.is_dir() {
        eprintln!("skipped: no corpus at {}", path.display());
        return None;
    }
    Some(path)
}

/// The corpus pictures with these extensions.
pub(crate) fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let wanted = |path: &PathBuf| {
        path.extension()
            .is_some_and(|found| extensions.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)))
    };
    let mut files: Vec<_> = std::fs::read_dir(corpus.join("image"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(wanted)
        .collect();
    files.sort();
    files
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A picture of one 8-bit frame without metadata, as the internal format.
pub(crate) fn raster_bytes(picture: &Picture) -> Vec<u8> {
    let frame = &picture.frames[0];
    let Samples::U8(samples) = &frame.samples else { panic!("8 bits are expected") };
    let channels = match frame.channels {
        Channels::Grey => 0,
        Channels::GreyAlpha => 1,
        Channels::Rgb => 2,
        Channels::Rgba => 3,
        Channels::Cmyk => 4,
    };
    let mut bytes = b"FWRASTER".to_vec();
    let numbers = |bytes: &mut Vec<u8>, numbers: &[u32]| {
        numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    };
    numbers(&mut bytes, &[1, 0, 0, 1]);
    bytes.extend([0; 16]);
    numbers(&mut bytes, &[u32::MAX, u32::MAX, u32::MAX, 0, 1]);
    numbers(&mut bytes, &[frame.width, frame.height, channels, 1, 0]);
    bytes.extend(samples);
    bytes
}
