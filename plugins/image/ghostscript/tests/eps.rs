//! EPS of the corpus, made ones, and ones made to do harm.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use formwork_image_pixels::{Channels, Frame, Picture, Samples, raster};
use formwork_plugin_image_ghostscript::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Failure, Job, Limits, describe};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A red square of one inch with a black corner.
const SQUARE: &str = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 100 100 172 172\n\
                      1 0 0 setrgbcolor 100 100 72 72 rectfill 0 setgray 100 100 20 20 rectfill\n";

fn installed() -> bool {
    let found = describe(entry).capabilities[0].unavailable.is_none();
    if !found {
        eprintln!("skipped: no Ghostscript");
    }
    found
}

fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus");
    let path = std::env::var_os("FORMWORK_CORPUS").map_or(default, PathBuf::from);
    if !path.is_dir() {
        eprintln!("skipped: no corpus at {}", path.display());
        return None;
    }
    Some(path)
}

fn draw(bytes: &[u8], format: &str, options: &[(&str, i64)]) -> Result<Picture, Failure> {
    let mut job = Job::new("convert").input("a", format, bytes).target("raster");
    for (name, value) in options {
        job = job.option(name, *value);
    }
    let outcome = job.run(entry);
    match &outcome.error {
        Some(error) => Err(error.clone()),
        None => Ok(raster::read(outcome.expect_one(), &Limits::default()).unwrap()),
    }
}

fn at(frame: &Frame, x: u32, y: u32) -> [u8; 3] {
    let Samples::U8(samples) = &frame.samples else { panic!("8 bits") };
    let start = (y * frame.width + x) as usize * frame.channels.count();
    samples[start..start + 3].try_into().unwrap()
}

#[test]
fn the_bounding_box_is_drawn() {
    if !installed() {
        return;
    }
    let picture = draw(SQUARE.as_bytes(), "eps", &[]).unwrap();
    let frame = &picture.frames[0];
    assert_eq!((frame.width, frame.height, frame.channels), (150, 150, Channels::Rgb));
    assert_eq!((at(frame, 140, 10), at(frame, 10, 140)), ([255, 0, 0], [0, 0, 0]));
}

#[test]
fn sizes_follow_the_options() {
    if !installed() {
        return;
    }
    let size = |options: &[(&str, i64)]| draw(SQUARE.as_bytes(), "eps", options).unwrap().frames[0].size();
    assert_eq!(size(&[("density", 72)]), (72, 72));
    assert_eq!(size(&[("width", 333)]), (333, 333));
    assert_eq!(size(&[("width", 333), ("height", 100)]), (100, 100));
}

#[test]
fn boxes_that_are_missing_are_found() {
    if !installed() {
        return;
    }
    let text = SQUARE.replace("%%BoundingBox: 100 100 172 172\n", "");
    assert_eq!(draw(text.as_bytes(), "eps", &[]).unwrap().frames[0].size(), (150, 150));
}

#[test]
fn pages_become_pages() {
    if !installed() {
        return;
    }
    let text = "%!PS\n<</PageSize [72 144]>> setpagedevice 0 0 9 9 rectfill showpage\n\
                <</PageSize [36 36]>> setpagedevice 0 0 9 9 rectfill showpage\n";
    let picture = draw(text.as_bytes(), "ps", &[]).unwrap();
    let sizes: Vec<_> = picture.frames.iter().map(Frame::size).collect();
    assert_eq!(sizes, [(150, 300), (75, 75)]);
}

#[test]
fn every_eps_of_the_corpus() {
    let Some(corpus) = corpus().filter(|_| installed()) else { return };
    let mut drawn = 0;
    for entry in std::fs::read_dir(corpus.join("image")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "eps") {
            let picture = draw(&std::fs::read(&path).unwrap(), "eps", &[]);
            assert!(picture.is_ok(), "{}: {:?}", path.display(), picture.err());
            drawn += 1;
        }
    }
    println!("{drawn} files");
}

#[test]
fn hostile_documents_end_with_a_name() {
    let Some(corpus) = corpus().filter(|_| installed()) else { return };
    let start = Instant::now();
    let endless = std::fs::read(corpus.join("hostile/eps-endless-loop.eps")).unwrap();
    assert_eq!(draw(&endless, "eps", &[]).unwrap_err().limit, "time");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let curious = std::fs::read(corpus.join("hostile/eps-file-access.eps")).unwrap();
    let failure = draw(&curious, "eps", &[]).unwrap_err();
    assert!(failure.message.contains("may not"), "{failure:?}");
    let huge = SQUARE.replace("172 172", "9000000 9000000");
    assert_eq!(draw(huge.as_bytes(), "eps", &[]).unwrap_err().limit, "side");
    let greedy =
        SQUARE.replace("rectfill\n", "rectfill 40 { 65000 string pop } repeat { 60000000 string } loop\n");
    let failure = draw(greedy.as_bytes(), "eps", &[]).unwrap_err();
    assert!(["memory", "time", ""].contains(&failure.limit.as_str()), "{failure:?}");
}

#[test]
fn files_cannot_be_read_or_written() {
    if !installed() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("formwork-gs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let target = folder.join("written");
    for code in [
        format!("({}) (w) file (x) writestring", target.display()),
        "(/etc/hostname) (r) file 100 string readstring pop =".to_owned(),
        format!("(%pipe%touch {}) (w) file", target.display()),
        format!("<< /OutputFile ({}) >> setpagedevice", target.display()),
    ] {
        let text = format!("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{code}\nshowpage\n");
        let _ = draw(text.as_bytes(), "eps", &[]);
        assert!(!target.exists(), "{code}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn pages_become_a_pdf_and_no_page_an_error() {
    if !installed() {
        return;
    }
    let pdf = |text: &str| Job::new("convert").input("a.ps", "ps", text).target("pdf").run(entry);
    let blank = pdf("%!PS\nshowpage\n");
    assert!(blank.expect_one().starts_with(b"%PDF-"), "an empty page that is shown is a page");
    let broken = pdf("%!PS\n9 9 72 72 rectfill showpage\nfoo bar (");
    assert!(broken.expect_one().starts_with(b"%PDF-"));
    assert!(broken.warnings.iter().any(|one| one.contains("after its pages")), "{:?}", broken.warnings);
    for none in ["%!PS\nfoo bar (", "%!PS\n9 9 72 72 rectfill\n"] {
        let kind = pdf(none).failure().map(|(kind, _)| kind.to_owned());
        assert_eq!(kind.as_deref(), Some("corrupt_input"), "{none}");
    }
}

#[test]
fn cancelled_soon() {
    if !installed() {
        return;
    }
    let endless = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{ } loop\n";
    let start = Instant::now();
    let job = Job::new("convert").input("a.eps", "eps", endless).target("raster");
    assert_eq!(job.cancel_after(5).run(entry).failure(), Some(("cancelled", "")));
    assert!(start.elapsed() < Duration::from_millis(600), "{:?}", start.elapsed());
}

#[test]
fn probing_reads_comments_only() {
    let facts = Job::new("probe").input("a.eps", "eps", SQUARE).probe(entry).facts;
    assert_eq!((facts["width"].as_u64(), facts["height"].as_u64()), (Some(72), Some(72)));
}
