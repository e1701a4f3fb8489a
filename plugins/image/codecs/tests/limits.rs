//! Limits, cancelling, threads, and broken files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::{decode, encode, files, made, probe, run};
use formwork_image_pixels::{Channels, Picture};
use formwork_plugin_image::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::Job;

/// Formats made pictures are written to here.
const WRITTEN: [&str; 11] = ["jpg", "png", "apng", "gif", "webp", "bmp", "tiff", "tga", "hdr", "pnm", "qoi"];

fn made_file(format: &str) -> Vec<u8> {
    encode(&Picture::still(made(40, 30, Channels::Rgb, 1)), format, &[]).expect_one().to_vec()
}

#[test]
fn limits_are_named() {
    for format in WRITTEN {
        let bytes = made_file(format);
        for (name, change) in [
            ("pixels", (|limits| limits.pixels = 1199) as fn(&mut formwork_sdk::Limits)),
            ("side", |limits| limits.side = 39),
            ("memory", |limits| limits.memory = 1100),
        ] {
            let job = Job::new("convert").input("a", format, bytes.clone()).target("png").limit(change);
            let outcome = job.run(entry);
            assert_eq!(outcome.failure(), Some(("limit_exceeded", name)), "{format}: {:?}", outcome.error);
            assert!(outcome.outputs.is_empty());
        }
    }
}

#[test]
fn cancelling_ends_the_job() {
    for format in WRITTEN {
        let job = Job::new("convert").input("a", format, made_file(format)).target("webp").cancel_after(1);
        assert_eq!(job.run(entry).failure(), Some(("cancelled", "")), "{format}");
    }
    let bytes = encode(&Picture::still(made(900, 700, Channels::Rgb, 1)), "png", &[]);
    for ticks in 1..40 {
        let job =
            Job::new("convert").input("a", "png", bytes.expect_one()).target("webp").cancel_after(ticks);
        let outcome = job.run(entry);
        assert_eq!(outcome.failure(), Some(("cancelled", "")), "{ticks} of {}", outcome.ticks);
    }
}

#[test]
fn threads_and_reading_change_no_byte() {
    let bytes = made_file("png");
    for target in WRITTEN {
        let one = Job::new("convert").input("a", "png", bytes.clone()).target(target).threads(1).run(entry);
        let four = Job::new("convert")
            .input("a", "png", bytes.clone())
            .target(target)
            .threads(4)
            .streamed()
            .run(entry);
        assert!(one.expect_one() == four.expect_one(), "{target}");
    }
}

/// Every format, cut short at many lengths and with bytes turned over: an answer, never a panic.
#[test]
fn broken_files_get_an_answer() {
    let made = WRITTEN.iter().map(|format| ("made".to_owned(), (*format).to_owned(), made_file(format)));
    let real = files("image/").into_iter().filter(|(_, _, bytes)| bytes.len() < 30_000);
    for (path, format, bytes) in made.chain(real) {
        let cuts = (0..bytes.len()).step_by(bytes.len() / 25 + 1);
        for length in cuts {
            answer(&path, &format, &bytes[..length]);
        }
        for turn in 0..40usize {
            let mut broken = bytes.clone();
            let place = turn * 7_919 % broken.len().min(400);
            broken[place] = !broken[place];
            let place = turn * 104_729 % broken.len();
            broken[place] ^= 0x55;
            answer(&path, &format, &broken);
        }
    }
}

fn answer(path: &str, format: &str, bytes: &[u8]) {
    let small = |job: Job| job.limit(|limits| limits.pixels = 4_000_000);
    let job = small(Job::new("convert").input("a", format, bytes).target("qoi"));
    for (word, outcome) in [("convert", job.run(entry)), ("probe", probe(bytes, format))] {
        let kind = outcome.failure().map(|(kind, _)| kind);
        let fine = matches!(
            kind,
            None | Some("corrupt_input" | "limit_exceeded" | "unsupported_conversion" | "invalid_request")
        );
        assert!(fine, "{word} {path} as {format}: {:?}", outcome.error);
    }
}

#[test]
fn a_cut_picture_is_delivered_with_a_warning() {
    let picture = Picture::still(made(300, 300, Channels::Rgb, 1));
    for format in ["jpg", "png", "webp", "gif", "tiff"] {
        let whole = encode(&picture, format, &[]);
        let bytes = whole.expect_one();
        // A TIFF's directory lies at its end.
        if format == "tiff" {
            continue;
        }
        let outcome = run("convert", &bytes[..bytes.len() * 3 / 4], format, "png", &[]);
        assert!(outcome.error.is_none() && !outcome.warnings.is_empty(), "{format}: {:?}", outcome.error);
        assert_eq!(decode(outcome.expect_one(), "png").frames[0].size(), (300, 300));
    }
}
