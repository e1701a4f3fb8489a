//! Compression, watermarks, metadata, taking out, flattening and PDF/A, through the plugin's border.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod made;

use formwork_sdk::json;
use formwork_sdk::testing::Job;
use lopdf::{Document, Object, Stream, dictionary};
use made::{below, book, contents, file, opened, pages, run, stream};

/// A page that shows an image of `side` pixels, 2 inches wide, and the same image under another number.
fn with_images(side: i64, samples: Vec<u8>) -> Vec<u8> {
    let mut doc = Document::load_mem(&book(1, "page")).unwrap();
    let image = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => side, "Height" => side,
        "ColorSpace" => "DeviceRGB", "BitsPerComponent" => 8,
    };
    let one = doc.add_object(Stream::new(image.clone(), samples.clone()));
    let two = doc.add_object(Stream::new(image, samples));
    let content = doc.add_object(Stream::new(
        dictionary! {},
        b"q 144 0 0 144 0 0 cm /A Do Q q 144 0 0 144 0 150 cm /B Do Q".to_vec(),
    ));
    let page = pages(&doc)[0];
    let page = doc.get_object_mut(page).unwrap().as_dict_mut().unwrap();
    page.set("Contents", content);
    page.set("Resources", dictionary! { "XObject" => dictionary! { "A" => one, "B" => two } });
    let mut bytes = Vec::new();
    doc.save_to(&mut bytes).unwrap();
    bytes
}

fn images(doc: &Document) -> Vec<&Stream> {
    let streams = doc.objects.values().filter_map(|object| object.as_stream().ok());
    streams
        .filter(|stream| stream.dict.get(b"Subtype").is_ok_and(|kind| kind == &Object::from("Image")))
        .collect()
}

/// Something like a photograph: waves, and noise that is always the same.
fn photograph(side: u32) -> Vec<u8> {
    let mut noise = 1u32;
    let mut samples = Vec::new();
    for place in 0..side * side * 3 {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let wave = (f64::from(place) / 700.0).sin() * 90.0 + 120.0;
        samples.push((wave as u32 + (noise >> 28)) as u8);
    }
    samples
}

#[test]
fn images_become_as_fine_as_they_are_seen_and_are_kept_once() {
    let before = with_images(900, photograph(900));
    let outcome = run("pdf/compress", &[&before], &[("density", json!(150))]);
    let doc = opened(outcome.expect_one());
    let left = images(&doc);
    assert_eq!(left.len(), 1, "both are the same");
    assert_eq!(left[0].dict.get(b"Width").unwrap(), &Object::Integer(300));
    assert_eq!(left[0].filters().unwrap(), [b"DCTDecode"]);
    assert!(outcome.lost("quality"));
    assert!(outcome.expect_one().len() * 20 < before.len());

    let exact = run("pdf/compress", &[&before], &[("lossless", json!(true))]);
    let doc = opened(exact.expect_one());
    assert_eq!(images(&doc)[0].get_plain_content().unwrap(), photograph(900));
    assert!(!exact.lost("quality"));
}

#[test]
fn compressing_never_makes_larger_and_meets_a_size() {
    let small = run("optimize", &[&book(1, "page")], &[]).expect_one().to_vec();
    let again = run("optimize", &[&small], &[]);
    assert_eq!(again.expect_one(), small);
    assert!(again.warnings.iter().any(|warning| warning.contains("as it was")));

    // A damaged one is not handed on as it was, though what is written for it is no smaller.
    let table = small.windows(9).rposition(|nine| nine == b"startxref").unwrap();
    let damaged = [&small[..table], b"startxrof", &small[table + 9..]].concat();
    let mended = run("optimize", &[&damaged], &[]);
    assert_ne!(mended.expect_one(), damaged);
    assert!(mended.warnings.iter().any(|warning| warning.contains("was damaged")));

    let before = with_images(600, photograph(600));
    let usual = run("pdf/compress", &[&before], &[]).expect_one().len();
    let tight = run("pdf/compress", &[&before], &[("max_bytes", json!(usual as u64 * 2 / 3))]);
    assert!(tight.expect_one().len() <= usual * 2 / 3);
    let never = run("pdf/compress", &[&before], &[("max_bytes", json!(100))]);
    assert_eq!(never.failure(), Some(("invalid_request", "")));
}

#[test]
fn a_text_is_embedded_and_numbers_pages() {
    let outcome = run(
        "watermark",
        &[&book(3, "page")],
        &[("text", json!("{page} of {pages}")), ("pages", json!("2-3")), ("position", json!("bottom-right"))],
    );
    if outcome.error.as_ref().is_some_and(|error| error.kind.word() == "backend_missing") {
        eprintln!("skipped: there are no fonts here");
        return;
    }
    let doc = opened(outcome.expect_one());
    let marked: Vec<bool> = contents(&doc).iter().map(|content| content.contains("/Mark0 Do")).collect();
    assert_eq!(marked, [false, true, true]);
    let fonts = doc.objects.values().filter_map(|object| object.as_dict().ok());
    let embedded: Vec<_> = fonts.filter(|font| font.has(b"FontFile2") || font.has(b"FontFile3")).collect();
    assert_eq!(embedded.len(), 1, "one font for all pages");
}

#[test]
fn a_page_of_another_document_lies_below() {
    let outcome = run(
        "pdf/watermark",
        &[&book(2, "page"), &book(1, "stamp")],
        &[("layer", json!("below")), ("width", json!(50))],
    );
    let doc = opened(outcome.expect_one());
    for content in contents(&doc) {
        assert!(content.find("/Mark0 Do") < content.find("Tj"), "{content}");
    }
    let outcome = run("pdf/watermark", &[&book(2, "page")], &[]);
    assert_eq!(outcome.failure(), Some(("invalid_request", "")));
}

#[test]
fn tags_are_written_in_both_forms_and_removed_from_both() {
    let outcome =
        run("metadata", &[&book(1, "page")], &[("title", json!("Über <uns>")), ("artist", json!("A"))]);
    let doc = opened(outcome.expect_one());
    let info = doc.trailer.get(b"Info").unwrap().as_reference().unwrap();
    let title = doc.get_dictionary(info).unwrap().get(b"Title").unwrap();
    assert_eq!(lopdf::decode_text_string(title).unwrap(), "Über <uns>");
    let packet = doc.catalog().unwrap().get(b"Metadata").unwrap().as_reference().unwrap();
    let packet = doc.get_object(packet).unwrap().as_stream().unwrap();
    assert!(String::from_utf8_lossy(&packet.content).contains("Über &lt;uns&gt;"));

    let outcome = run("metadata", &[outcome.expect_one()], &[("strip_metadata", json!(true))]);
    let doc = opened(outcome.expect_one());
    assert!(!doc.trailer.has(b"Info") && !doc.catalog().unwrap().has(b"Metadata"));
}

#[test]
fn images_and_attachments_are_taken_out() {
    let run = |operation: &str, bytes: Vec<u8>| {
        Job::new(operation).input("in.pdf", "pdf", bytes).run(formwork_plugin_pdf::formwork_plugin_entry_v1)
    };
    let outcome = run("pdf/extract-attachments", book(1, "page"));
    assert_eq!(outcome.named("note.txt").unwrap().bytes, b"a note");

    let outcome = run("pdf/extract-images", with_images(4, vec![7; 48]));
    assert_eq!(outcome.outputs.len(), 2);
    let png = &outcome.named("image-001.png").unwrap().bytes;
    assert!(png.starts_with(b"\x89PNG") && png[16..24] == [0, 0, 0, 4, 0, 0, 0, 4]);
    let outcome = run("pdf/extract-images", book(1, "page"));
    assert_eq!(outcome.failure(), Some(("invalid_request", "")));
}

#[test]
fn fields_become_what_they_look_like() {
    let form = file(&[
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>".into(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".into(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Annots [4 0 R 6 0 R 7 0 R] >>".into(),
        "<< /Subtype /Widget /FT /Tx /T (a) /Rect [10 20 30 60] /AP << /N 5 0 R >> >>".into(),
        stream("/BBox [0 0 10 10]", "0 0 10 10 re f"),
        "<< /Subtype /Link /Rect [0 0 9 9] >>".into(),
        "<< /Subtype /Square /F 2 /Rect [0 0 9 9] /AP << /N 5 0 R >> >>".into(),
    ]);
    let outcome = run("pdf/flatten", &[&form], &[]);
    let doc = opened(outcome.expect_one());
    assert!(contents(&doc)[0].contains("q 2 0 0 4 10 20 cm /Mark0 Do Q"), "{}", contents(&doc)[0]);
    assert!(below(&doc, &[b"AcroForm"]).is_none());
    let page = doc.get_dictionary(pages(&doc)[0]).unwrap();
    assert_eq!(
        page.get(b"Annots").unwrap().as_array().unwrap().len(),
        1,
        "the link stays, what is hidden goes"
    );
}

#[test]
fn archives_say_what_they_are_or_are_refused() {
    let outcome = run("pdf/to-pdfa", &[&book(1, "page")], &[]);
    let error = outcome.error.unwrap();
    assert_eq!(error.kind.word(), "unsupported_conversion");
    assert!(error.message.contains("Helvetica is not embedded"), "{}", error.message);

    let plain = file(&[
        "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> /AA << >> >>"
            .into(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".into(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Annots [5 0 R] >>".into(),
        stream("", "1 0 0 rg 0 0 50 50 re f"),
        "<< /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (calc.exe) >> >>".into(),
    ]);
    for (name, part) in [("pdfa-1b", "1"), ("pdfa-2b", "2"), ("pdfa-3b", "3")] {
        let outcome = run("pdf/to-pdfa", &[&plain], &[("conforms", json!(name))]);
        let bytes = outcome.expect_one();
        let text = String::from_utf8_lossy(bytes);
        assert!(text.contains(&format!("<pdfaid:part>{part}</pdfaid:part>")) && text.contains("/ID"));
        assert_eq!(text.starts_with("%PDF-1.4"), part == "1");
        let doc = opened(bytes);
        assert!(doc.catalog().unwrap().has(b"OutputIntents") && !doc.catalog().unwrap().has(b"OpenAction"));
        assert!(doc.objects.values().all(|object| !format!("{object:?}").contains("Launch")));
        assert!(outcome.lost("macros") && outcome.warnings.iter().any(|said| said.contains("unvalidated")));
    }
    let cmyk = String::from_utf8(plain).unwrap().replace("1 0 0 rg 0 0 50 50", "1 0 0 0 k  0 0 9 9");
    let outcome = run("pdf/to-pdfa", &[cmyk.as_bytes()], &[]);
    assert!(outcome.error.unwrap().message.contains("CMYK"));
}

#[test]
fn too_much_and_too_deep_are_clear_errors() {
    let bytes = book(3, "page");
    let outcome = Job::new("pdf/rotate")
        .option("angle", 90)
        .target("pdf")
        .input("in.pdf", "pdf", bytes)
        .limit(|limits| limits.entries = 2)
        .run(formwork_plugin_pdf::formwork_plugin_entry_v1);
    assert_eq!(outcome.failure(), Some(("limit_exceeded", "entries")));

    let deep = file(&[
        "<< /Type /Catalog /Pages 2 0 R >>".into(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".into(),
        format!("<< /Type /Page /X {}{} >>", "[".repeat(50_000), "]".repeat(50_000)),
    ]);
    let outcome = run("pdf/repair", &[&deep], &[]);
    assert!(outcome.error.is_none_or(|error| error.kind.word() == "corrupt_input"));
}

/// A page of 300 by 400 points with a fax of 8 by 4 samples in its lower left corner: the right half is black.
fn with_fax() -> Vec<u8> {
    let mut doc = Document::load_mem(&book(1, "page")).unwrap();
    let parameters = dictionary! { "K" => -1, "Columns" => 8 };
    let image = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => 8, "Height" => 4, "ColorSpace" => "DeviceGray",
        "BitsPerComponent" => 1, "Filter" => "CCITTFaxDecode", "DecodeParms" => parameters,
    };
    // Four white and four black, then three rows like the one above (ITU-T T.6).
    let fax = doc.add_object(Stream::new(image, vec![0b0011_0110, 0b1111_1111]));
    let content = doc.add_object(Stream::new(dictionary! {}, b"q 100 0 0 100 0 0 cm /A Do Q".to_vec()));
    let page = pages(&doc)[0];
    let page = doc.get_object_mut(page).unwrap().as_dict_mut().unwrap();
    page.set("Contents", content);
    page.set("Rotate", 0);
    page.set("Resources", dictionary! { "XObject" => dictionary! { "A" => fax } });
    let mut bytes = Vec::new();
    doc.save_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_fax_is_taken_out_and_painted_over() {
    let outcome = Job::new("pdf/extract-images")
        .input("in.pdf", "pdf", with_fax())
        .run(formwork_plugin_pdf::formwork_plugin_entry_v1);
    let png = &outcome.named("image-001.png").unwrap().bytes;
    let data = png.windows(4).position(|word| word == b"IDAT").unwrap() + 4;
    let mut rows = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(&png[data..]), &mut rows).unwrap();
    assert_eq!(rows, [0, 0xf0].repeat(4));

    // The left quarter of it.
    let outcome = run("pdf/redact", &[&with_fax()], &[("areas", json!("1:0,300,25,100"))]);
    let doc = opened(outcome.expect_one());
    assert_eq!(images(&doc)[0].get_plain_content().unwrap(), [0x30; 4]);
}
