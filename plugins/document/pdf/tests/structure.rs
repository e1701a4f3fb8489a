//! Pages taken out, put together and turned; protection; broken files. Through the plugin's border.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod made;

use formwork_sdk::json;
use lopdf::{Document, LoadOptions, Object};
use made::{below, book, bookmarks, contents, file, opened, pages, run};

#[test]
fn pages_come_in_the_order_asked_for_with_what_they_inherit() {
    let outcome = run("pdf/extract-pages", &[&book(5, "page")], &[("pages", json!("4,1-2,4"))]);
    let doc = opened(outcome.expect_one());
    let shown = contents(&doc);
    for (text, number) in shown.iter().zip([4, 1, 2, 4]) {
        assert!(text.contains(&format!("(page {number})")), "{text}");
    }
    assert_eq!(shown.len(), 4);
    for id in pages(&doc) {
        let page = doc.get_dictionary(id).unwrap();
        assert_eq!(page.get(b"Rotate").unwrap(), &Object::Integer(90));
        assert!(page.has(b"MediaBox") && page.has(b"Resources"));
    }
    assert_eq!(bookmarks(&doc), ["Part 1", "Part 2", "Part 4", "Part 4"]);
    assert!(below(&doc, &[b"Names", b"EmbeddedFiles"]).is_some());
}

#[test]
fn what_is_not_taken_is_not_in_the_file() {
    let whole = book(5, "secret");
    let outcome = run("pdf/extract-pages", &[&whole], &[("pages", json!("2"))]);
    let doc = opened(outcome.expect_one());
    let streams = doc.objects.values().filter_map(|object| object.as_stream().ok());
    let all: Vec<u8> = streams.flat_map(|stream| stream.get_plain_content().unwrap_or_default()).collect();
    let text = String::from_utf8_lossy(&all).into_owned();
    assert!(text.contains("secret 2") && !text.contains("secret 1") && !text.contains("secret 3"));
    assert!(below(&doc, &[b"AcroForm"]).is_none(), "the field is on the first page");
    assert_eq!(bookmarks(&doc), ["Part 2"]);
}

#[test]
fn a_split_names_and_fills_its_parts() {
    let whole = book(5, "page");
    for (options, counts) in [
        (vec![("ranges", json!("1-3,5"))], vec![3, 1]),
        (vec![("ranges", json!("1,5;2"))], vec![2, 1]),
        (vec![("every", json!(2))], vec![2, 2, 1]),
        (vec![("ranges", json!("bookmarks"))], vec![1, 1, 1, 1, 1]),
        (vec![], vec![1, 1, 1, 1, 1]),
    ] {
        let outcome = run("pdf/split", &[&whole], &options);
        assert_eq!(outcome.error, None);
        let names: Vec<&str> = outcome.outputs.iter().map(|output| output.name.as_str()).collect();
        assert_eq!(names.first(), Some(&"in0-001.pdf"));
        let found: Vec<usize> =
            outcome.outputs.iter().map(|output| pages(&opened(&output.bytes)).len()).collect();
        assert_eq!(found, counts);
    }
    let outcome = run("pdf/split", &[&whole], &[("ranges", json!("9"))]);
    assert!(outcome.error.unwrap().message.contains("5 pages"));
}

#[test]
fn merging_keeps_bookmarks_fields_and_destinations_apart() {
    let outcome = run("pdf/merge", &[&book(2, "one"), &book(3, "two")], &[]);
    let doc = opened(outcome.expect_one());
    assert_eq!(contents(&doc).len(), 5);
    assert_eq!(bookmarks(&doc).len(), 5);
    let fields = below(&doc, &[b"AcroForm"]).unwrap().get(b"Fields").unwrap().as_array().unwrap().clone();
    let names: Vec<Vec<u8>> = fields
        .iter()
        .map(|field| doc.get_dictionary(field.as_reference().unwrap()).unwrap())
        .map(|field| field.get(b"T").unwrap().as_str().unwrap().to_vec())
        .collect();
    assert_eq!(names, [b"name".to_vec(), b"name-2".to_vec()]);
    let dests = below(&doc, &[b"Names", b"Dests"]).unwrap().get(b"Names").unwrap().as_array().unwrap();
    assert_eq!(dests.len(), 2 * 5);
    let labels = below(&doc, &[b"PageLabels"]).unwrap().get(b"Nums").unwrap().as_array().unwrap();
    assert_eq!(labels.iter().filter_map(|label| label.as_i64().ok()).collect::<Vec<_>>(), [0, 2]);
    let files = below(&doc, &[b"Names", b"EmbeddedFiles"]).unwrap();
    assert_eq!(files.get(b"Names").unwrap().as_array().unwrap().len(), 4);
}

#[test]
fn turning_adds_to_the_turn_a_page_has() {
    let outcome = run("pdf/rotate", &[&book(3, "page")], &[("angle", json!(-90)), ("pages", json!("2,2"))]);
    let doc = opened(outcome.expect_one());
    let turns: Vec<i64> = pages(&doc)
        .iter()
        .map(|id| doc.get_dictionary(*id).unwrap().get(b"Rotate").unwrap().as_i64().unwrap())
        .collect();
    assert_eq!(turns, [90, 0, 90]);
    let outcome = run("pdf/rotate", &[&book(1, "page")], &[("angle", json!(45))]);
    assert_eq!(outcome.failure(), Some(("invalid_request", "")));
}

#[test]
fn protection_goes_on_and_off() {
    let whole = book(2, "page");
    let options = [
        ("password", json!("pässword")),
        ("owner_password", json!("boss")),
        ("permissions", json!("filling")),
    ];
    let locked = run("pdf/encrypt", &[&whole], &options).expect_one().to_vec();
    assert!(!locked.windows(6).any(|bytes| bytes == b"page 1"));
    let open = Document::load_mem_with_options(&locked, LoadOptions::with_password("boss")).unwrap();
    let state = open.encryption_state.as_ref().unwrap();
    assert_eq!((state.revision(), state.version()), (6, 5));
    assert!(state.permissions().contains(lopdf::Permissions::FILLABLE));
    assert!(!state.permissions().contains(lopdf::Permissions::PRINTABLE));

    for wrong in [vec![], vec![("password", json!("other"))]] {
        let outcome = run("pdf/decrypt", &[&locked], &wrong);
        assert_eq!(outcome.failure(), Some(("password_required", "")));
    }
    for password in ["pässword", "boss"] {
        let outcome = run("pdf/decrypt", &[&locked], &[("password", json!(password))]);
        let doc = opened(outcome.expect_one());
        assert!(!doc.was_encrypted() && contents(&doc)[1].contains("page 2"));
        assert!(outcome.lost("encryption"));
    }
    let twice = run("pdf/encrypt", &[&locked], &[("password", json!("x"))]);
    assert!(twice.error.unwrap().message.contains("protected already"));
}

#[test]
fn broken_trees_end_and_are_mended() {
    let circle = file(&[
        "<< /Type /Catalog /Pages 2 0 R >>".into(),
        "<< /Type /Pages /Kids [2 0 R 3 0 R 4 0 R 4 0 R 9 0 R] >>".into(),
        "<< /Type /Pages /Kids [2 0 R 4 0 R] >>".into(),
        "<< /Type /Page >>".into(),
    ]);
    let outcome = run("pdf/rotate", &[&circle], &[("angle", json!(90))]);
    let doc = opened(outcome.expect_one());
    assert_eq!(pages(&doc).len(), 3, "a page that stands there three times is three pages");
    assert!(outcome.warnings.iter().any(|warning| warning.contains("circle")));

    let lost = file(&["<< /Type /Catalog >>".into(), "<< /Type /Page /MediaBox [0 0 9 9] >>".into()]);
    let outcome = run("pdf/rotate", &[&lost], &[("angle", json!(90))]);
    assert_eq!(pages(&opened(outcome.expect_one())).len(), 1);

    let mut cut = book(3, "page");
    cut.truncate(cut.len() - 60);
    let outcome = run("pdf/extract-pages", &[&cut], &[("pages", json!("3"))]);
    assert!(contents(&opened(outcome.expect_one()))[0].contains("page 3"));

    for nothing in [&b"%PDF-1.4\n"[..], b"", b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer << /Root 1 0 R >>"] {
        let outcome = run("pdf/decrypt", &[nothing], &[]);
        assert_eq!(outcome.failure(), Some(("corrupt_input", "")), "{nothing:?}");
    }
}

#[test]
fn the_same_work_gives_the_same_bytes() {
    let whole = book(70, "page");
    let once = || run("pdf/merge", &[&whole, &whole], &[]).expect_one().to_vec();
    assert_eq!(once(), once());
    assert_eq!(pages(&opened(&once())).len(), 140);
}

/// Damages bytes in a way that is always the same: some changed, a part dropped, a part doubled.
fn damaged(bytes: &[u8], seed: u32) -> Vec<u8> {
    let mut dice = seed.wrapping_mul(2_654_435_761) | 1;
    let mut roll = |below: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 17;
        dice ^= dice << 5;
        dice as usize % below.max(1)
    };
    let mut bytes = bytes.to_vec();
    for _ in 0..=roll(8) {
        let (at, length) = (roll(bytes.len()), roll(40));
        match roll(4) {
            0 => drop(bytes.drain(at..(at + length).min(bytes.len()))),
            1 => {
                let part = bytes[at..(at + length).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
            2 => bytes[at] = roll(256) as u8,
            // Numbers are what leads a reader astray.
            _ => {
                let digits = (at..bytes.len()).filter(|place| bytes[*place].is_ascii_digit());
                if let Some(place) = digits.take(50).last() {
                    bytes[place] = b'0' + roll(10) as u8;
                }
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn damage_is_never_the_plugins_fault() {
    let operations: [(&str, Vec<(&str, formwork_sdk::Value)>); 7] = [
        ("pdf/split", vec![]),
        ("pdf/extract-pages", vec![("pages", json!("1-,1"))]),
        ("pdf/compress", vec![]),
        ("pdf/flatten", vec![]),
        ("pdf/to-pdfa", vec![]),
        ("pdf/extract-images", vec![]),
        ("metadata", vec![("title", json!("x"))]),
    ];
    let mut files = vec![book(4, "page")];
    files.push(run("pdf/merge", &[&files[0]], &[]).expect_one().to_vec());
    // `FORMWORK_DAMAGE=/folder` damages real files as well.
    let folder = std::env::var_os("FORMWORK_DAMAGE").and_then(|folder| std::fs::read_dir(folder).ok());
    let real = folder.into_iter().flatten().flatten().filter_map(|entry| std::fs::read(entry.path()).ok());
    files.extend(real.filter(|bytes| bytes.len() < 200_000));
    for (number, whole) in files.iter().enumerate() {
        for seed in 0..if number < 2 { 60 } else { 4 } {
            let bytes = damaged(whole, seed * 131 + number as u32);
            let (operation, options) = &operations[(seed as usize + number) % operations.len()];
            let outcome = run(operation, &[&bytes], options);
            let kind = outcome.error.as_ref().map(|error| error.kind.word());
            assert_ne!(kind, Some("plugin_fault"), "{operation}, {number}, {seed}: {:?}", outcome.error);
        }
    }
}
