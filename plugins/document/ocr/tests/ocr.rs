//! Reading pages, through the plugin's border. Without Tesseract there is nothing to test, which is said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up should stop"
)]

use formwork_plugin_pdf_ocr::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, describe};
use lopdf::{Dictionary, Document, Object, Stream, dictionary};

/// A file with a page for each content, which may use the font F.
fn made(pages: &[&str]) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    let root = document.new_object_id();
    let font = document
        .add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" });
    let resources = document.add_object(dictionary! { "Font" => dictionary! { "F" => font } });
    let kids: Vec<Object> = pages
        .iter()
        .map(|content| {
            let content = document.add_object(Stream::new(Dictionary::new(), content.as_bytes().to_vec()));
            let page = dictionary! { "Type" => "Page", "Parent" => root, "Contents" => content };
            Object::Reference(document.add_object(page))
        })
        .collect();
    let count = kids.len() as i64;
    let tree = dictionary! {
        "Type" => "Pages", "Kids" => kids, "Count" => count, "Resources" => resources,
        "MediaBox" => vec![0.into(), 0.into(), 400.into(), 100.into()],
    };
    document.objects.insert(root, tree.into());
    let catalogue = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalogue);
    let mut file = Vec::new();
    document.save_to(&mut file).unwrap();
    file
}

/// One run of letters, which is too little to be a page of text.
const SIGN: &str = "BT /F 36 Tf 20 40 Td (Searchable) Tj ET";

/// A page of text.
fn full() -> String {
    "BT /F 8 Tf 20 90 Td ".to_owned() + &"(some text) Tj 0 -8 Td ".repeat(12) + "ET"
}

fn job(pages: &[&str]) -> Job {
    Job::new("pdf/ocr").input("made.pdf", "pdf", made(pages)).target("pdf")
}

fn is_missing() -> bool {
    let missing = describe(entry).capabilities[0].unavailable.is_some();
    if missing {
        eprintln!("skipped: Tesseract is not installed");
    }
    missing
}

#[test]
fn what_is_seen_can_be_searched_and_the_page_stays() {
    if is_missing() {
        return;
    }
    let outcome = job(&[SIGN, SIGN]).option("pages", "2").threads(2).run(entry);
    let document = Document::load_mem(outcome.expect_one()).unwrap();
    let pages: Vec<_> = document.page_iter().collect();
    assert_eq!(document.get_page_content(pages[0]).trim_ascii(), SIGN.as_bytes());
    let content = String::from_utf8(document.get_page_content(pages[1])).unwrap();
    assert!(content.starts_with("q") && content.contains(SIGN), "{content}");
    assert!(content.trim_end().ends_with("/FormworkText Do Q"), "{content}");
    let text = document.objects.values().filter_map(|object| object.as_stream().ok());
    let text = text.filter_map(|stream| stream.decompressed_content().ok());
    let letters: String = "Searchable".chars().map(|letter| format!("{:04x}", letter as u32)).collect();
    let hidden = text.map(|content| String::from_utf8_lossy(&content).to_ascii_lowercase());
    assert!(hidden.into_iter().any(|content| content.contains("3 tr") && content.contains(&letters)));
}

#[test]
fn pages_with_text_are_left_alone() {
    if is_missing() {
        return;
    }
    let outcome = job(&[&full()]).run(entry);
    assert_eq!(outcome.expect_one(), made(&[&full()]));
    assert!(outcome.warnings[0].contains("has text already"), "{:?}", outcome.warnings);

    let lines =
        format!("BT /F 8 Tf 20 40 Td ({0}) Tj 0 -8 Td ({0}) Tj ET", "two lines are two runs of letters");
    assert_eq!(job(&[&lines]).run(entry).expect_one(), made(&[&lines]));
}

#[test]
fn what_cannot_be_is_said() {
    if is_missing() {
        return;
    }
    for (name, value, kind) in [
        ("language", "tlh", "invalid_request"),
        ("language", "-x", "invalid_request"),
        ("pages", "3", "invalid_request"),
    ] {
        let outcome = job(&[SIGN]).option(name, value).run(entry);
        assert_eq!(outcome.failure().map(|failure| failure.0), Some(kind), "{name} {value}");
    }
    let broken =
        Job::new("pdf/ocr").input("made.pdf", "pdf", b"%PDF-1.7".as_slice()).target("pdf").run(entry);
    assert_eq!(broken.failure(), Some(("corrupt_input", "")));
    let huge = job(&[SIGN]).option("density", 2400.0).limit(|limits| limits.pixels = 1_000_000).run(entry);
    assert_eq!(huge.failure(), Some(("limit_exceeded", "pixels")));
}

#[test]
fn a_damaged_file_is_not_handed_back_as_it_was() {
    if is_missing() {
        return;
    }
    let whole = made(&[&full()]);
    let end = whole.windows(9).rposition(|word| word == b"startxref").unwrap();
    let outcome = Job::new("pdf/ocr").input("cut.pdf", "pdf", &whole[..end]).target("pdf").run(entry);
    assert_eq!(Document::load_mem(outcome.expect_one()).unwrap().xref_recovery, None);
    assert!(outcome.warnings[0].contains("damaged"), "{:?}", outcome.warnings);
}
