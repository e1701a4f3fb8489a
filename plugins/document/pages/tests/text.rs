//! Text of pages, through the plugin's border.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up should stop"
)]

#[allow(dead_code, reason = "each test uses a part of it")]
mod pdf;

use formwork_plugin_pdf_pages::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Outcome};
use pdf::{Pdf, line};
use std::fmt::Write;

fn run(pdf: &Pdf, target: &str) -> Outcome {
    Job::new("convert").input("made.pdf", "pdf", pdf.bytes()).target(target).run(entry)
}

fn text(pdf: &Pdf, target: &str) -> String {
    String::from_utf8(run(pdf, target).expect_one().to_vec()).unwrap()
}

/// Lines below each other from a height down.
fn lines(x: f32, mut y: f32, all: &[&str]) -> String {
    all.iter().fold(String::new(), |content, text| {
        y -= 12.0;
        content + &line('F', 10.0, x, y + 12.0, text)
    })
}

#[test]
fn columns_are_read_one_after_the_other() {
    let left = [
        "the left column has lines",
        "that are long enough to be",
        "running text for a reader",
        "who reads it from the top",
    ];
    let right = [
        "the right column has them",
        "too and is read when the",
        "left one is at its end so",
        "that all makes some sense",
    ];
    let mut content = line('B', 16.0, 100.0, 700.0, "A title above both of the columns");
    content += &(lines(50.0, 650.0, &left) + &lines(220.0, 650.0, &right));
    let read = text(&Pdf::default().page(400.0, 800.0, &content), "txt");
    let place = |words: &str| read.find(words).unwrap_or_else(|| panic!("{words} in {read}"));
    assert!(place("A title above") < place("the left column"), "{read}");
    assert!(place("from the top") < place("the right column"), "{read}");
}

#[test]
fn pages_end_with_a_form_feed_and_spaces_are_right() {
    // Words are set apart by distance alone, letters by none.
    let pdf = Pdf::default()
        .page(300.0, 100.0, "BT /F 10 Tf 20 50 Td [(two) -300 (wo) -20 (rds)] TJ ET")
        .page(300.0, 100.0, &line('F', 10.0, 20.0, 50.0, "next"));
    assert_eq!(text(&pdf, "txt"), "two words\n\u{0C}next\n");
    let second = Job::new("convert").input("made.pdf", "pdf", pdf.bytes()).target("txt").option("pages", "2");
    assert_eq!(second.run(entry).expect_one(), b"next\n");
}

#[test]
fn headings_lists_and_hyphens_in_markdown() {
    let mut content = line('B', 20.0, 50.0, 700.0, "A heading");
    content += &lines(
        50.0,
        660.0,
        &["This paragraph has a word that is hyphen-", "ated at the end of its first line."],
    );
    content += &lines(50.0, 600.0, &["\\225 first", "\\225 second"]);
    let read = text(&Pdf::default().page(300.0, 800.0, &content), "md");
    assert_eq!(
        read,
        "# A heading\n\nThis paragraph has a word that is hyphenated at the end of its first line.\n\n- first\n- second\n"
    );
}

/// A table of two columns and three rows, ruled or not.
fn table(ruled: bool) -> Pdf {
    Pdf::default().page(400.0, 800.0, &rows(ruled))
}

fn rows(ruled: bool) -> String {
    let mut content = String::new();
    for (row, (name, value)) in [("Name", "Value"), ("one", "1"), ("two, or", "2.5")].into_iter().enumerate()
    {
        let y = 600.0 - row as f32 * 20.0;
        content += &line('F', 10.0, 55.0, y + 6.0, name);
        content += &line('F', 10.0, 205.0, y + 6.0, value);
    }
    if ruled {
        for y in [560.0, 580.0, 600.0, 620.0] {
            let _ = writeln!(content, "50 {y} m 300 {y} l S");
        }
        for x in [50.0, 200.0, 300.0] {
            let _ = writeln!(content, "{x} 560 m {x} 620 l S");
        }
    }
    content
}

const NAMES: [&str; 6] = ["the first cell fills all of", "b", "c", "d", "e", "f"];

#[test]
fn cells_are_told_apart_by_their_colours() {
    // The second column is too near to be one by its place.
    let cells: String = (0..6)
        .map(|cell| (50 + cell % 2 * 100, 560 + cell / 2 * 20, 0.9 - f64::from(cell) * 0.05))
        .map(|(x, y, grey)| format!("{grey} g {x} {y} 100 20 re f\n"))
        .collect();
    let words: String = (0..6)
        .map(|cell| {
            line('F', 10.0, 55.0 + (cell % 2) as f32 * 97.0, 606.0 - (cell / 2) as f32 * 20.0, NAMES[cell])
        })
        .collect();
    let read = text(&Pdf::default().page(400.0, 800.0, &format!("{cells} 0 g {words}")), "csv");
    assert_eq!(read, "the first cell fills all of,b\r\nc,d\r\ne,f\r\n");
}

#[test]
fn tables_are_found_by_lines_and_by_places() {
    for ruled in [true, false] {
        assert_eq!(text(&table(ruled), "csv"), "Name,Value\r\none,1\r\n\"two, or\",2.5\r\n", "{ruled}");
        assert!(text(&table(ruled), "md").contains("| one | 1 |"));
        assert!(text(&table(ruled), "html").contains("<tr><td>one</td><td>1</td></tr>"));
    }
    let plain = Pdf::default().page(300.0, 100.0, &line('F', 10.0, 20.0, 50.0, "no table"));
    assert_eq!(run(&plain, "csv").failure(), Some(("unsupported_conversion", "")));
}

#[test]
fn office_files_are_packed_and_the_same_each_time() {
    for target in ["xlsx", "docx", "odt", "epub", "pptx"] {
        let (first, second) = (run(&table(true), target), run(&table(true), target));
        assert_eq!(first.expect_one(), second.expect_one(), "{target}");
        assert!(first.expect_one().starts_with(b"PK"), "{target}");
    }
}

#[test]
fn links_lead_to_the_web_only() {
    let annotation = |address: &str, y: u32| {
        format!(
            "<< /Type /Annot /Subtype /Link /Rect [40 {} 300 {}] /A << /S /URI /URI ({address}) >> >>",
            y - 3,
            y + 10
        )
    };
    let content = line('F', 10.0, 50.0, 60.0, "good") + &line('F', 10.0, 50.0, 20.0, "evil");
    let pdf = Pdf::default()
        .page(400.0, 100.0, &content)
        .with("/Annots [100 0 R 101 0 R]")
        .object(100, &annotation("https://example.org/", 60))
        .object(101, &annotation("javascript:alert\\(1\\)", 20));
    let read = text(&pdf, "html");
    assert!(read.contains("<a href=\"https://example.org/\">good</a>"), "{read}");
    assert!(!read.contains("javascript"), "{read}");
}

#[test]
fn what_fields_say_is_text() {
    let look = "BT /F 10 Tf 2 5 Td (filled in) Tj ET";
    let form = format!(
        "<< /Type /XObject /Subtype /Form /BBox [0 0 90 20] /Resources << /Font << /F 3 0 R >> >> /Length {} >>\nstream\n{look}\nendstream",
        look.len()
    );
    let pdf = Pdf::default()
        .page(200.0, 100.0, &line('F', 10.0, 20.0, 50.0, "Name:"))
        .with("/Annots [100 0 R]")
        .catalogue("/AcroForm << /Fields [100 0 R] >>")
        .object(100, "<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /F 4 /Rect [80 45 170 65] /AP << /N 101 0 R >> >>")
        .object(101, &form);
    assert_eq!(text(&pdf, "txt"), "Name: filled in\n");
}

#[test]
fn turned_text_and_turned_pages() {
    let upright =
        Pdf::default().page(200.0, 100.0, "BT /F 10 Tf 0 1 -1 0 50 20 Tm (runs up) Tj ET").with("/Rotate 90");
    assert_eq!(text(&upright, "txt"), "runs up\n");
    let turned = Pdf::default().page(200.0, 100.0, "BT /F 10 Tf 0 -1 1 0 50 80 Tm (runs down) Tj ET");
    assert_eq!(text(&turned, "txt"), "runs down\n");
    let twice =
        Pdf::default().page(200.0, 100.0, "BT /F -10 Tf 190 80 Td (on its head) Tj ET").with("/Rotate 180");
    assert_eq!(text(&twice, "txt"), "on its head\n");
}

/// A font of usual letters, some of which mean something else.
const HELVETICA: &str = "/Subtype /Type1 /BaseFont /Helvetica";

#[test]
fn letters_beyond_the_first_plane_are_whole() {
    let pdf = Pdf::default().page(200.0, 100.0, "BT /L 10 Tf 20 50 Td (2A = 2A) Tj ET");
    assert_eq!(text(&pdf.font(HELVETICA, &[("41", "D835DF0B")]), "txt"), "2\u{1d70b} = 2\u{1d70b}\n");
}

#[test]
fn spaces_that_chinese_letters_cover_are_none() {
    // Each space is taken back before the next letter.
    let pdf = Pdf::default().page(200.0, 100.0, "BT /L 10 Tf 20 50 Td [(M ) 278 (W ) 278 (M a )] TJ ET");
    let chinese = pdf.font(HELVETICA, &[("4D", "7EA2"), ("57", "519B")]);
    assert_eq!(text(&chinese, "txt"), "\u{7ea2}\u{519b}\u{7ea2} a\n");
}

#[test]
fn nothing_to_read_is_said() {
    let outcome = run(&Pdf::default().page(100.0, 100.0, "0 g 0 0 50 50 re f"), "txt");
    assert_eq!(outcome.expect_one(), b"");
    assert!(outcome.warnings[0].contains("pdf/ocr"));
}

#[test]
fn pictures_go_along_as_they_are_shown() {
    // Two pixels, red and green, side by side; the page is turned, so that red comes to stand above green.
    let image = "<< /Type /XObject /Subtype /Image /Width 2 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8 \
                 /Filter /ASCIIHexDecode /Length 13 >>\nstream\nFF000000FF00>\nendstream";
    let pdf = Pdf::default()
        .page(200.0, 100.0, "q 40 0 0 20 10 10 cm /I Do Q")
        .with("/Rotate 90")
        .object(100, image);
    let read = text(&pdf, "html");
    assert!(read.contains("<img alt=\"\" width=\"27\" height=\"53\" src=\"data:image/png;base64,"), "{read}");
    assert!(!text(&pdf, "md").contains("img"));
    let document = run(&pdf, "docx");
    let holds =
        |name: &str| document.expect_one().windows(name.len()).any(|window| window == name.as_bytes());
    assert!(holds("word/media/image1.png"));
}

/// A file of a package, unpacked.
fn file(package: &Outcome, name: &str) -> String {
    let bytes = std::io::Cursor::new(package.expect_one());
    let mut zip = zip::ZipArchive::new(bytes).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut text).unwrap();
    text
}

#[test]
fn slides_have_text_where_it_stood_and_the_rest_behind_it() {
    let form = "<< /Type /XObject /Subtype /Form /BBox [0 0 200 100] /Resources << /Font << /F 3 0 R >> >> /Length 42 >>\n\
                stream\nBT /F 8 Tf 20 10 Td (within a form) Tj ET  \nendstream";
    let content = "1 0 0 rg BT /B 20 Tf 20 60 Td (Red & bold) Tj ET 0 0 1 rg 100 0 100 20 re f /I Do "
        .to_owned()
        + "BT 3 Tr /F 8 Tf 20 30 Td (found, not seen) Tj ET";
    let pdf = Pdf::default().page(200.0, 100.0, &content).object(100, form).page(100.0, 100.0, "");
    let slides = run(&pdf, "pptx");
    assert!(file(&slides, "ppt/presentation.xml").contains("<p:sldSz cx=\"2540000\" cy=\"1270000\"/>"));
    let slide = file(&slides, "ppt/slides/slide1.xml");
    let shapes: Vec<&str> = slide.split("<p:sp>").skip(1).collect();
    let shape =
        |text: &str| *shapes.iter().find(|shape| shape.contains(text)).unwrap_or_else(|| panic!("{slide}"));
    let red = shape("<a:t>Red &amp; bold</a:t>");
    assert!(
        red.contains("<a:off x=\"254000\"") && red.contains("sz=\"2000\" b=\"1\"") && red.contains("FF0000"),
        "{red}"
    );
    assert!(!red.contains("a:alpha"), "{red}");
    assert!(shape("<a:t>within a form</a:t>").contains("0000FF"));
    assert!(shape("<a:t>found, not seen</a:t>").contains("<a:alpha val=\"0\"/>"));
    // The blue rectangle alone is drawn behind the text: no red is left in it.
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(slides.expect_one())).unwrap();
    let picture = png::Decoder::new(std::io::BufReader::new(std::io::Cursor::new({
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut zip.by_name("ppt/media/page1.png").unwrap(), &mut bytes).unwrap();
        bytes
    })));
    let mut reader = picture.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let colours: std::collections::BTreeSet<&[u8]> = pixels.chunks(3).collect();
    assert!(colours.iter().all(|colour| colour[2] == 255 && colour[0] == colour[1]), "{colours:?}");
    // A page of another size lies in the middle, and one with nothing on it has no picture.
    assert!(!file(&slides, "ppt/slides/slide2.xml").contains("<p:bg>"));
}

#[test]
fn turned_text_is_turned_on_slides() {
    let pdf = Pdf::default().page(200.0, 100.0, "BT /F 10 Tf 0 1 -1 0 50 20 Tm (runs up) Tj ET");
    let slide = file(&run(&pdf, "pptx"), "ppt/slides/slide1.xml");
    assert!(slide.contains("<a:xfrm rot=\"16200000\">"), "{slide}");
}

#[test]
fn books_have_chapters_by_bookmarks() {
    let page = |title: &str| {
        line('B', 20.0, 50.0, 700.0, title)
            + &lines(50.0, 660.0, &["Some text of the chapter, long", "enough to be running text."])
    };
    let bookmark = |title: &str, page: usize, more: &str| {
        format!("<< /Title ({title}) /Parent 100 0 R /Dest [{page} 0 R /Fit] {more} >>")
    };
    let pdf = Pdf::default()
        .page(300.0, 800.0, &page("First"))
        .page(300.0, 800.0, &page("Second"))
        .catalogue("/Outlines 100 0 R /Lang (en-GB)")
        .object(100, "<< /Type /Outlines /First 101 0 R /Last 102 0 R /Count 2 >>")
        .object(101, &bookmark("First", 10, "/Next 102 0 R"))
        // A circle ends.
        .object(102, &bookmark("Second & last", 12, "/Next 101 0 R /Prev 101 0 R"));
    let book = run(&pdf, "epub");
    assert!(book.expect_one().get(30..).unwrap().starts_with(b"mimetypeapplication/epub+zip"));
    let contents = file(&book, "EPUB/contents.xhtml");
    assert!(contents.contains("<a href=\"chapter-002.xhtml\">Second &amp; last</a>"), "{contents}");
    let chapter = file(&book, "EPUB/chapter-002.xhtml");
    assert!(
        chapter.contains("<h1>Second</h1>")
            && !chapter.contains("First")
            && chapter.contains("lang=\"en-GB\"")
    );
    let package = file(&book, "EPUB/book.opf");
    assert!(
        package.contains("<dc:title>A made file</dc:title>")
            && package.contains("<dc:creator>Nobody</dc:creator>")
    );
    assert!(package.contains("properties=\"cover-image\""));
}

#[test]
fn open_documents_have_lists_tables_and_links() {
    let content = lines(50.0, 700.0, &["\\225 first & last", "\\225 second", "2. number"]);
    let document = run(&Pdf::default().page(300.0, 800.0, &content), "odt");
    let xml = file(&document, "content.xml");
    assert!(
        xml.contains("<text:list text:style-name=\"Bullets\"><text:list-item><text:p text:style-name=\"Text_20_body\">first &amp; last</text:p></text:list-item>"),
        "{xml}"
    );
    assert!(
        xml.contains("</text:list><text:p text:style-name=\"Numbered\">2.<text:tab/>number</text:p>"),
        "{xml}"
    );
    assert!(file(&run(&table(true), "odt"), "content.xml").contains("table:number-columns-repeated=\"2\""));
}
