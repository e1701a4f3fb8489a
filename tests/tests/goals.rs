//! What a result must be: bytes, likeness, what it conforms to. Reached and proven, or refused with what was reached.
#![allow(clippy::unwrap_used, reason = "tests stop at the first broken premise")]

use std::fs;
use std::process::Command;

use formwork_tests::place::{self, Scratch};
use formwork_tests::program::{self, Call};
use formwork_tests::random::Random;
use formwork_tests::run::Limits;

fn call(folder: &Scratch, words: &str) -> Call {
    let mut command = Command::new(place::program().unwrap());
    command.args(words.split(' ')).current_dir(folder.path());
    program::call_command(&mut command, &[], &Limits::default()).unwrap()
}

/// A picture with slopes, edges and some noise, as photographs have.
fn folder(width: usize, height: usize) -> Scratch {
    let folder = Scratch::new("goals").unwrap();
    let mut random = Random::new(5);
    let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
    for y in 0..height {
        for x in 0..width {
            let edge = if (x / 40 + y / 30) % 2 == 0 { 40 } else { 0 };
            let noise = random.below(17);
            bytes.extend(
                [x * 180 / width + edge + noise, y * 180 / height + edge + noise, 90 + edge + noise]
                    .map(|c| c as u8),
            );
        }
    }
    fs::write(folder.join("in.ppm"), bytes).unwrap();
    folder
}

fn size(folder: &Scratch, name: &str) -> u64 {
    fs::metadata(folder.join(name)).unwrap().len()
}

#[test]
fn a_result_fits_into_its_bytes_as_well_as_it_can() {
    let folder = folder(480, 360);
    let free = call(&folder, "convert in.ppm free.jpg --json");
    assert!(free.succeeded(), "{}", free.complaint());
    assert!(free.value("goals").is_none());
    for format in ["jpg", "webp"] {
        let most = size(&folder, "free.jpg") / 2;
        let fit = call(&folder, &format!("convert in.ppm fit.{format} --set max_bytes={most} --json"));
        assert!(fit.succeeded(), "{}", fit.complaint());
        let bytes = size(&folder, &format!("fit.{format}"));
        assert!(bytes <= most, "{bytes} are more than {most}");
        assert_eq!(fit.value("goals.max_bytes.reached").unwrap().as_u64(), Some(bytes));
        assert_eq!(fit.value("goals.max_bytes.asked").unwrap().as_u64(), Some(most));
        // The best that fits uses most of what it may, and its settings are those of the receipt.
        if format == "jpg" {
            assert!(bytes * 10 >= most * 8, "{bytes} of {most}");
            let quality = fit.value("route").unwrap()["steps"][0]["options"]["quality"].as_i64().unwrap();
            call(&folder, &format!("convert in.ppm again.jpg --set quality={quality}"));
            assert_eq!(
                fs::read(folder.join("again.jpg")).unwrap(),
                fs::read(folder.join("fit.jpg")).unwrap()
            );
        }
    }
}

#[test]
fn what_no_quality_fits_is_made_smaller_or_refused() {
    let folder = folder(480, 360);
    let small = call(&folder, "convert in.ppm small.jpg --set max_bytes=2k --json");
    assert!(small.succeeded(), "{}", small.complaint());
    assert!(size(&folder, "small.jpg") <= 2_000);
    let warnings = small.value("warnings").unwrap().to_string();
    assert!(warnings.contains("made smaller"), "{warnings}");
    // Without a loss there is nothing but the size to give.
    let png = call(&folder, "convert in.ppm small.png --set max_bytes=60k --json");
    assert!(png.succeeded() && size(&folder, "small.png") <= 60_000, "{}", png.complaint());
    for words in ["never.jpg --set max_bytes=100", "wide.jpg --set max_bytes=2k --set width=480"] {
        let refused = call(&folder, &format!("convert in.ppm {words} --json"));
        assert_eq!(refused.error_kind(), Some("limit_exceeded"), "{words}: {}", refused.complaint());
        assert_eq!(refused.text("error.limit"), Some("max_bytes"));
    }
    assert!(!folder.join("never.jpg").exists() && !folder.join("wide.jpg").exists());
}

#[test]
fn a_result_is_as_like_as_it_must_be_and_no_larger() {
    let folder = folder(320, 240);
    let mut bytes = Vec::new();
    for least in [70, 95] {
        let name = format!("q{least}.jpg");
        let done = call(&folder, &format!("convert in.ppm {name} --set min_quality={least} --json"));
        assert!(done.succeeded(), "{}", done.complaint());
        let reached = done.value("goals.min_quality.reached").unwrap().as_f64().unwrap();
        assert!(reached >= f64::from(least), "{reached} is less than {least}");
        bytes.push(size(&folder, &name));
    }
    assert!(bytes[0] < bytes[1], "more likeness takes more bytes: {bytes:?}");
    let png = call(&folder, "convert in.ppm same.png --set min_quality=100 --json");
    assert_eq!(png.value("goals.min_quality.reached").unwrap().as_f64(), Some(100.0), "{}", png.complaint());
    let both = call(&folder, "convert in.ppm no.jpg --set min_quality=99 --set max_bytes=9k --json");
    assert_eq!(both.text("error.limit"), Some("min_quality"), "{}", both.complaint());
    assert!(!folder.join("no.jpg").exists());
}

#[test]
fn names_of_what_a_result_conforms_to_are_proven() {
    let folder = folder(2_000, 1_500);
    let mail = call(&folder, "convert in.ppm mail.jpg --set conforms=email-image --json");
    assert!(mail.succeeded(), "{}", mail.complaint());
    assert!(size(&folder, "mail.jpg") <= 1_000_000);
    let probe = call(&folder, "probe mail.jpg --json");
    assert!(probe.value("facts.width").unwrap().as_u64().unwrap() <= 1_600);
    assert_eq!(mail.value("goals.conforms.reached").unwrap().as_bool(), Some(true));
    let film = call(&folder, "convert mail.jpg film.mp4 --set conforms=web-video --json");
    assert!(film.succeeded(), "{}", film.complaint());
    let probe = call(&folder, "probe film.mp4 --json");
    assert_eq!(probe.value("facts.streams").unwrap()[0]["codec"], "h264");
    if place::has_tool("ffprobe") {
        let words = ["-v", "error", "-of", "csv=p=0", "-show_entries", "stream=pix_fmt", "film.mp4"];
        let told = Command::new("ffprobe").args(words).current_dir(folder.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), "yuv420p");
    }
    let bytes = fs::read(folder.join("film.mp4")).unwrap();
    let place = |kind: &[u8]| bytes.windows(4).position(|four| four == kind).unwrap();
    assert!(place(b"moov") < place(b"mdat"));
    let wide = call(
        &folder,
        "convert in.ppm wide.jpg --set conforms=email-image --set width=1900 --set height=1900 --json",
    );
    assert_eq!(
        wide.error_kind(),
        Some("invalid_request"),
        "what contradicts is refused: {}",
        wide.complaint()
    );
    for words in
        ["x.jpg --set conforms=print", "x.png --set conforms=email-image", "x.mp4 --set min_quality=90"]
    {
        let refused = call(&folder, &format!("convert in.ppm {words} --json"));
        assert_eq!(refused.error_kind(), Some("invalid_request"), "{words}: {}", refused.complaint());
        assert!(refused.text("error.hint").is_some());
    }
    let options = call(&folder, "options png jpg --json");
    let text = String::from_utf8_lossy(&options.process.stdout).into_owned();
    assert!(["max_bytes", "min_quality", "email-image"].iter().all(|word| text.contains(word)), "{text}");
}
