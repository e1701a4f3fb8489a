//! Pages as pictures, through the plugin's border.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up should stop"
)]

#[allow(dead_code, reason = "each test uses a part of it")]
mod pdf;

use formwork_image_pixels::{Channels, Picture, Samples, Sequence, raster};
use formwork_plugin_pdf_pages::formwork_plugin_entry_v1 as entry;
use formwork_sdk::Limits;
use formwork_sdk::testing::{Job, Outcome};
use pdf::Pdf;

/// A page of 100 by 50 points with a black field at its upper left corner.
const FIELD: &str = "0 g 0 30 20 20 re f";

fn job(pdf: &Pdf) -> Job {
    Job::new("convert").input("made.pdf", "pdf", pdf.bytes()).target("raster")
}

fn picture(outcome: &Outcome) -> Picture {
    raster::read(outcome.expect_one(), &Limits::default()).unwrap()
}

fn sample(picture: &Picture, x: usize, y: usize) -> &[u8] {
    let frame = &picture.frames[0];
    let Samples::U8(samples) = &frame.samples else { panic!("pages have 8 bits a sample") };
    let count = frame.channels.count();
    &samples[(y * frame.width as usize + x) * count..][..count]
}

#[test]
fn one_page_is_one_picture() {
    let pdf = Pdf::default().page(100.0, 50.0, FIELD);
    let drawn = picture(&job(&pdf).option("density", 72.0).run(entry));
    let frame = &drawn.frames[0];
    assert_eq!((frame.width, frame.height, frame.channels), (100, 50, Channels::Grey));
    assert_eq!((sample(&drawn, 5, 5), sample(&drawn, 50, 5)), (&[0][..], &[255][..]));
    assert_eq!(drawn.metadata.density, Some((72.0, 72.0)));
    // Without a word about it there are 150 dots in an inch.
    let drawn = picture(&job(&pdf).run(entry));
    assert_eq!((drawn.frames[0].width, drawn.frames[0].height), (209, 105));
}

#[test]
fn colour_turn_and_background() {
    let red = Pdf::default().page(100.0, 50.0, "1 0 0 rg 0 30 20 20 re f").with("/Rotate 90");
    let drawn = picture(&job(&red).option("density", 72.0).run(entry));
    let frame = &drawn.frames[0];
    assert_eq!((frame.width, frame.height, frame.channels), (50, 100, Channels::Rgb));
    assert_eq!(sample(&drawn, 45, 5), [255, 0, 0]);
    let clear = picture(&job(&red).option("background", "#00000000").run(entry));
    assert_eq!(clear.frames[0].channels, Channels::Rgba);
    assert_eq!(sample(&clear, 5, 150), [0, 0, 0, 0]);
    let blue = picture(&job(&red).option("background", "#0000ffff").run(entry));
    assert_eq!(sample(&blue, 5, 150), [0, 0, 255]);
}

/// The grey of a page with a word in a font that is not there, by how thick its stems are.
fn darkness(stem: u32) -> u64 {
    let font = format!(
        "<< /Type /Font /Subtype /TrueType /BaseFont /LucidaUnheard /Encoding /WinAnsiEncoding /FirstChar 72 \
         /LastChar 77 /Widths [700 700 700 700 700 700] /FontDescriptor << /Type /FontDescriptor \
         /FontName /LucidaUnheard /Flags 32 /StemV {stem} /Ascent 900 /Descent -200 /CapHeight 700 \
         /ItalicAngle 0 /FontBBox [0 -200 1000 900] >> >>"
    );
    let pdf =
        Pdf::default().object(199, &font).page(200.0, 50.0, &pdf::line('L', 24.0, 10.0, 15.0, "HIJKLM"));
    let drawn = picture(&job(&pdf).run(entry));
    let Samples::U8(samples) = &drawn.frames[0].samples else { panic!("pages have 8 bits a sample") };
    samples.iter().map(|sample| u64::from(255 - sample)).sum()
}

#[test]
fn a_bold_font_that_is_not_there_is_drawn_bold() {
    let (usual, bold) = (darkness(80), darkness(144));
    assert!(usual > 0 && bold * 10 > usual * 18, "{usual} and {bold}");
}

#[test]
fn cyrillic_letters_of_usual_fonts_are_drawn() {
    if !std::path::Path::new("/usr/share/fonts/opentype/urw-base35").is_dir() {
        eprintln!("skipped: fonts-urw-base35 is not installed");
        return;
    }
    let font = "/Subtype /Type0 /BaseFont /Arial,Bold /Encoding /Identity-H \
                /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Arial,Bold /DW 900 /CIDSystemInfo \
                << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor << /Type /FontDescriptor \
                /FontName /Arial,Bold /Flags 32 /StemV 138 /Ascent 900 /Descent -200 /CapHeight 700 /ItalicAngle 0 \
                /FontBBox [0 -200 1000 900] >> >>]";
    let pdf = Pdf::default()
        .page(200.0, 50.0, "BT /L 24 Tf 10 15 Td <026102610261> Tj ET")
        .font(font, &[("0261", "0416")]);
    let drawn = picture(&job(&pdf).run(entry));
    let Samples::U8(samples) = &drawn.frames[0].samples else { panic!("pages have 8 bits a sample") };
    assert!(samples.iter().filter(|sample| **sample < 80).count() > 300, "the letters are not there");
}

#[test]
fn a_size_is_met() {
    let pdf = Pdf::default().page(100.0, 50.0, FIELD);
    for (options, size) in [
        (&[("width", 300)][..], (300, 150)),
        (&[("height", 300)], (600, 300)),
        (&[("width", 300), ("height", 300)], (300, 150)),
    ] {
        let job = options.iter().fold(job(&pdf), |job, (name, value)| job.option(name, *value));
        let drawn = picture(&job.run(entry));
        assert_eq!((drawn.frames[0].width, drawn.frames[0].height), size, "{options:?}");
    }
    let drawn =
        picture(&job(&pdf).option("width", 30).option("height", 30).option("fit", "scale").run(entry));
    assert_eq!((drawn.frames[0].width, drawn.frames[0].height), (30, 30));
}

fn many() -> Pdf {
    (0..5).fold(Pdf::default(), |pdf, page| pdf.page(50.0 + page as f32, 50.0, FIELD))
}

#[test]
fn many_pages_are_many_files_or_one() {
    let outcome = job(&many()).option("density", 72.0).option("pages", "2,4-").run(entry);
    let names: Vec<&str> = outcome.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["made-page-002", "made-page-004", "made-page-005"]);
    let third = raster::read(&outcome.outputs[1].bytes, &Limits::default()).unwrap();
    assert_eq!(third.frames[0].width, 53);
    let joined = picture(&job(&many()).option("join", true).run(entry));
    assert_eq!((joined.frames.len(), joined.sequence), (5, Sequence::Pages));
    let one = picture(&job(&many()).option("pages", "3").option("density", 72.0).run(entry));
    assert_eq!((one.frames[0].width, one.sequence), (52, Sequence::Still));
    let none = job(&many()).option("pages", "6").run(entry);
    assert_eq!(none.failure(), Some(("invalid_request", "")));
}

#[test]
fn parts_of_the_pages_are_drawn_and_all_are_counted() {
    let outcome = job(&many()).option("density", 72.0).option("pages", "2-").option("part", "1+2").run(entry);
    let names: Vec<&str> = outcome.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["made-page-003", "made-page-004"]);
    assert_eq!(outcome.facts["parts"], 4);
    let joined = job(&many()).option("join", true).option("part", "0+1").run(entry);
    assert_eq!(picture(&joined).frames.len(), 5, "one output cannot be made in parts");
    assert!(joined.facts.get("parts").is_none());
}

#[test]
fn a_thumbnail_is_the_first_page() {
    let outcome = Job::new("thumbnail").input("made.pdf", "pdf", many().bytes()).target("raster").run(entry);
    let drawn = picture(&outcome);
    assert_eq!((drawn.frames.len(), drawn.frames[0].width), (1, 256));
}

#[test]
fn fields_of_forms_are_drawn() {
    let look = "0 g 0 0 40 20 re f";
    let form = format!(
        "<< /Type /XObject /Subtype /Form /BBox [0 0 40 20] /Length {} >>\nstream\n{look}\nendstream",
        look.len()
    );
    let pdf = Pdf::default()
        .page(100.0, 50.0, "")
        .with("/Annots [100 0 R]")
        .catalogue("/AcroForm << /Fields [100 0 R] >>")
        .object(100, "<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /F 4 /Rect [10 10 50 30] /AP << /N 101 0 R >> >>")
        .object(101, &form);
    let drawn = picture(&job(&pdf).option("density", 72.0).run(entry));
    assert_eq!(sample(&drawn, 30, 30)[0], 0);
}

#[test]
fn limits_hold_before_anything_is_drawn() {
    let huge = Pdf::default().page(14_000_000.0, 10.0, FIELD);
    assert_eq!(job(&huge).run(entry).failure(), Some(("limit_exceeded", "side")));
    let pdf = Pdf::default().page(1000.0, 1000.0, FIELD);
    let small = job(&pdf).limit(|limits| limits.pixels = 1_000).run(entry);
    assert_eq!(small.failure(), Some(("limit_exceeded", "pixels")));
    let few = job(&many()).limit(|limits| limits.frames = 3).run(entry);
    assert_eq!(few.failure(), Some(("limit_exceeded", "frames")));
}

#[test]
fn broken_files_and_cancel_end_with_a_reason() {
    for bytes in [
        &b"%PDF-1.7"[..],
        b"",
        b"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 9 0 R >> endobj trailer << /Root 1 0 R >>",
    ] {
        let outcome = Job::new("convert").input("made.pdf", "pdf", bytes).target("raster").run(entry);
        assert_eq!(outcome.failure(), Some(("corrupt_input", "")), "{bytes:?}");
    }
    assert_eq!(job(&many()).cancel_after(3).run(entry).failure(), Some(("cancelled", "")));
}

#[test]
fn probe_tells_what_it_is() {
    let pdf = many()
        .catalogue("/MarkInfo << /Marked true >> /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>");
    let facts = Job::new("probe").input("made.pdf", "pdf", pdf.bytes()).probe(entry).facts;
    for (name, value) in [
        ("pages", "5"),
        ("title", "\"A made file\""),
        ("tagged", "true"),
        ("encrypted", "false"),
        ("version", "\"1.7\""),
        ("page_width", "50.0"),
    ] {
        assert_eq!(facts[name].to_string(), value, "{name}");
    }
}

#[test]
fn probe_tells_of_scripts() {
    let packed = |text: &str| {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packer, text.as_bytes()).unwrap();
        let content = packer.finish().unwrap();
        let head =
            format!("90 0 obj <</Type /ObjStm /Filter /FlateDecode /Length {}>> stream\n", content.len());
        [many().bytes(), head.into_bytes(), content, b"\nendstream endobj\n".to_vec()].concat()
    };
    let action = "<< /S /JavaScript /JS (app.alert\\(1\\)) >>";
    for (file, scripts, launches) in [
        (many().bytes(), "false", "false"),
        (many().catalogue(&format!("/OpenAction {action}")).bytes(), "true", "false"),
        (packed(&format!("1 0 {action}")), "true", "false"),
        (packed("1 0 << /S /Launch /F (calc.exe) >>"), "false", "true"),
        (packed("1 0 << /S /GoTo >>"), "false", "false"),
    ] {
        let facts = Job::new("probe").input("made.pdf", "pdf", file).probe(entry).facts;
        assert_eq!(facts["javascript"].to_string(), scripts);
        assert_eq!(facts["launch_actions"].to_string(), launches);
    }
}
