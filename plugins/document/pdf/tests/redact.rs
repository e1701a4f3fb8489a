//! Redaction, through the plugin's border: what is taken out is in no part of the file any more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod made;

use formwork_sdk::json;
use lopdf::{Document, Object};
use made::{contents, file, opened, run, stream};

/// A document of one page that shows this, with more objects from number 5 on.
fn page(content: &str, entries: &str, catalogue: &str, more: &[String]) -> Vec<u8> {
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FirstChar 32 /Widths [".to_owned()
        + &"500 ".repeat(95)
        + "] >>";
    page_in(font, content, entries, catalogue, more)
}

fn page_in(font: String, content: &str, entries: &str, catalogue: &str, more: &[String]) -> Vec<u8> {
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R {catalogue} >>"),
        format!(
            "<< /Type /Pages /Count 1 /Kids [<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] /Contents 4 0 R \
             /Resources << /Font << /F 3 0 R >> /XObject << /X 5 0 R >> >> {entries} >>] >>"
        ),
        font,
        stream("", content),
    ];
    objects.extend_from_slice(more);
    file(&objects)
}

/// All that a document holds, unpacked, as letters; and its texts of two bytes a letter as well.
fn everything(doc: &Document) -> String {
    let mut doc = doc.clone();
    doc.decompress();
    let mut all = String::new();
    for object in doc.objects.values() {
        all.push_str(&format!("{object:?}"));
        if let Object::Stream(stream) = object {
            all.extend(stream.content.iter().map(|byte| char::from(*byte)));
        }
        texts(object, &mut all);
    }
    all
}

fn texts(object: &Object, all: &mut String) {
    match object {
        Object::String(bytes, _) => {
            all.extend(bytes.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)));
        }
        Object::Array(items) => items.iter().for_each(|item| texts(item, all)),
        Object::Dictionary(dict) => dict.iter().for_each(|(_, item)| texts(item, all)),
        _ => {}
    }
}

#[test]
fn words_go_from_all_parts_and_what_follows_stays_where_it_was() {
    let content = "BT /F 10 Tf 20 300 Td [(See Se) -30 (cret now)] TJ 0 -20 Td (S) Tj (ECRET) ' /X Do ET";
    let form = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 300 400] /Resources << /Font << /F 3 0 R >> >>",
        "BT /F 10 Tf 20 100 Td (a secret form) Tj ET",
    );
    let note = "<< /Type /Annot /Subtype /Text /Rect [1 1 9 9] /Contents <FEFF005300650063007200650074> >>";
    let outline = "<< /First 8 0 R /Last 8 0 R /Count 1 >>".to_owned();
    let mark = "<< /Title (The secret part) /Parent 7 0 R >>".to_owned();
    let attachment = stream("/Type /EmbeddedFile", "secret data");
    let catalogue =
        "/Outlines 7 0 R /Names << /EmbeddedFiles << /Names [(a) << /F (a) /EF << /F 9 0 R >> >>] >> >>";
    let bytes =
        page(content, "/Annots [6 0 R]", catalogue, &[form, note.to_owned(), outline, mark, attachment]);
    let outcome = run("pdf/redact", &[&bytes], &[("text", json!("secret"))]);
    let doc = opened(outcome.expect_one());
    let all = everything(&doc).to_lowercase();
    assert!(!all.contains("secret") && !all.contains("736563726574"), "{all}");
    assert!(all.contains("the  part"), "the rest of the bookmark stays: {all}");
    let content = &contents(&doc)[0];
    // Six letters of half their size and 30 less: what follows stays where it was.
    assert!(content.contains("[<53><65><65><20> -500.000  -500.000  -30 -500.000"), "{content}");
    assert!(content.contains("<20><6e><6f><77>] TJ"), "{content}");
    assert!(content.contains(" re f"), "a box is drawn: {content}");
    assert!(outcome.lost("entries"));
}

#[test]
fn areas_take_what_is_under_them_and_nothing_else() {
    // Text within and beside the area, a path drawn as letters may be, and a note.
    let content = "BT /F 10 Tf 20 300 Td (inside) Tj 100 0 Td (beside) Tj ET 20 300 5 5 re f 200 20 5 5 re f";
    let note = "<< /Type /Annot /Subtype /FreeText /Rect [22 300 40 310] /Contents (noted) >>".to_owned();
    let bytes = page(content, "/Annots [6 0 R]", "", &["null".into(), note]);
    let outcome =
        run("pdf/redact", &[&bytes], &[("areas", json!("1:15,88,60,16")), ("color", json!("#ff0000ff"))]);
    let doc = opened(outcome.expect_one());
    let content = &contents(&doc)[0];
    assert!(!content.contains("inside") && content.contains("(beside) Tj"), "{content}");
    assert!(!content.contains("<69>"), "{content}");
    assert!(content.contains("20 300 5 5 re\nn") && content.contains("200 20 5 5 re f"), "{content}");
    assert!(content.contains("1.0000 0.0000 0.0000 rg\n15.000 296.000 60.000 16.000 re f"), "{content}");
    assert!(!everything(&doc).contains("noted"));
}

#[test]
fn images_are_painted_over_or_taken_out() {
    let samples = "ABCDEFGHIJKLMNOP";
    let image = |entries: &str| {
        stream(
            &format!("/Type /XObject /Subtype /Image /Width 4 /Height 4 /BitsPerComponent 8 {entries}"),
            samples,
        )
    };
    let content = "q 40 0 0 40 100 100 cm /X Do Q";
    let area = &[("areas", json!("1:100,260,20,20"))];
    let known = page(content, "", "", &[image("/ColorSpace /DeviceGray")]);
    let painted = everything(&opened(run("pdf/redact", &[&known], area).expect_one()));
    assert!(painted.contains("\0\0CD\0\0GHIJKLMNOP"), "the upper left quarter is black");
    let unknown = page(content, "", "", &[image("/ColorSpace [/Separation /Spot /DeviceGray 5 0 R]")]);
    let outcome = run("pdf/redact", &[&unknown], area);
    assert!(!everything(&opened(outcome.expect_one())).contains("MNOP"));
    assert!(outcome.warnings.iter().any(|warning| warning.contains("taken out")));
}

#[test]
fn words_are_found_however_they_are_drawn() {
    for content in [
        "BT /F 10 Tf 20 300 Td (S) Tj (e) Tj (c) Tj 20 0 Td ET BT /F 10 Tf 35 300 Td (ret) Tj ET",
        "BT /F 10 Tf 20 300 Td [(S) -900 (e) -900 (c) -900 (r) -900 (e) -900 (t)] TJ ET",
        "BT /F 10 Tf 20 300 Td (a sec-) Tj 0 -12 Td (ret thing) Tj ET",
        "BT /F 10 Tf 50 300 Td (ret) Tj -15 0 Td (sec) Tj ET",
        "BT 0 10 -10 0 20 100 Tm /F 1 Tf (se) Tj (cret) Tj ET",
        "BT /F 10 Tf 3 Tr 20 300 Td (secret) Tj ET",
    ] {
        let outcome =
            run("pdf/redact", &[&page(content, "", "", &["null".into()])], &[("text", json!("Secret"))]);
        let doc = opened(outcome.expect_one());
        let shown = contents(&doc)[0].to_lowercase();
        for code in ["<73>", "<53>", "<63>", "<72>"] {
            assert!(!shown.contains(code) && !shown.contains("ret"), "{content}: {shown}");
        }
    }
    let other = page("BT /F 10 Tf 20 300 Td (the sec return) Tj ET", "", "", &["null".into()]);
    let outcome = run("pdf/redact", &[&other], &[("text", json!("secret"))]);
    assert_eq!(
        outcome.failure().map(|(kind, _)| kind),
        Some("invalid_request"),
        "what is not found is not done"
    );
}

#[test]
fn what_others_may_read_in_another_way_is_refused() {
    let bytes = page("BT /F 10 Tf (never ends Tj ET", "", "", &["null".into()]);
    let outcome = run("pdf/redact", &[&bytes], &[("text", json!("secret"))]);
    assert_eq!(outcome.failure().map(|(kind, _)| kind), Some("corrupt_input"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let bytes = page("", "", "", &["null".into()]);
    for options in [
        vec![],
        vec![("text", json!("  "))],
        vec![("areas", json!("1:0,0,10"))],
        vec![("areas", json!("1:0,0,-5,10"))],
        vec![("areas", json!("7:0,0,5,10"))],
    ] {
        let outcome = run("pdf/redact", &[&bytes], &options);
        assert_eq!(outcome.failure().map(|(kind, _)| kind), Some("invalid_request"), "{options:?}");
    }
}

#[test]
fn a_font_that_says_two_things_is_read_in_both_ways() {
    let map = "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Own def\n/CMapType 2 def\n\
               1 begincodespacerange\n<00> <FF>\nendcodespacerange\n\
               3 beginbfchar\n<41> <0073>\n<42> <0065>\n<43> <0063>\nendbfchar\n\
               endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n";
    let font = |differences: &str| {
        format!(
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R \
             /Encoding << /Type /Encoding /Differences [65 {differences}] >> >>"
        )
    };
    let with = |differences: &str, text: &str| {
        let content = "BT /F 10 Tf 20 300 Td (xABCx) Tj ET";
        let bytes = page_in(font(differences), content, "", "", &["<< >>".into(), stream("", map)]);
        run("pdf/redact", &[&bytes], &[("text", json!(text))])
    };
    let gone = |outcome: formwork_sdk::testing::Outcome| {
        let content = contents(&opened(outcome.expect_one())).remove(0);
        !content.contains("41") && !content.contains("ABC") && content.contains("78")
    };
    assert!(gone(with("/f /g /h", "fgh")), "as it is seen");
    assert!(gone(with("/f /g /h", "sec")), "as it is copied");
    assert!(gone(with("/g12 /g13 /g14", "sec")), "glyphs that have no meaning of their own");
    assert_eq!(with("/f /g /h", "abc").failure(), Some(("invalid_request", "")));
}
