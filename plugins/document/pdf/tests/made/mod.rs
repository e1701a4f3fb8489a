//! PDF files that tests write themselves.
#![allow(dead_code, reason = "each test takes what it needs")]

use formwork_sdk::Value;
use formwork_sdk::testing::{Job, Outcome};
use lopdf::{Dictionary, Document, Object, ObjectId};

/// Puts objects, numbered from 1, into a file with a correct table.
pub(crate) fn file(objects: &[String]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (object, number) in objects.iter().zip(1..) {
        places.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let (start, size) = (bytes.len(), objects.len() + 1);
    bytes.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
    places.iter().for_each(|place| bytes.extend(format!("{place:010} 00000 n \n").bytes()));
    bytes.extend(format!("trailer\n<< /Root 1 0 R /Size {size} >>\nstartxref\n{start}\n%%EOF\n").bytes());
    bytes
}

pub(crate) fn stream(dict: &str, content: &str) -> String {
    format!("<< {dict} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// A document of `count` pages that say their number, with a bookmark and a named destination for each, a form field
/// `name` on the first, and an attachment. Box and font are inherited.
pub(crate) fn book(count: usize, label: &str) -> Vec<u8> {
    let page = |place: usize| 10 + 2 * place;
    let kids: Vec<String> = (0..count).map(|place| format!("{} 0 R", page(place))).collect();
    let dests: Vec<String> =
        (0..count).map(|place| format!("(p{place:03}) [{} 0 R /Fit]", page(place))).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R /Outlines 5 0 R /AcroForm 6 0 R /Names << /Dests 4 0 R \
         /EmbeddedFiles 8 0 R >> /PageLabels << /Nums [0 << /S /r >>] >> >>"
            .to_owned(),
        format!(
            "<< /Type /Pages /Count {count} /MediaBox [0 0 300 400] /Rotate 90 /Kids [{}] \
             /Resources << /Font << /F 3 0 R >> >> >>",
            kids.join(" ")
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".into(),
        format!("<< /Names [{}] >>", dests.join(" ")),
        format!("<< /First {} 0 R /Last {} 0 R /Count {count} >>", 10 + 2 * count, 9 + 3 * count),
        "<< /Fields [7 0 R] /DA (/Helv 12 Tf 0 g) /DR << /Font << /Helv 3 0 R >> >> >>".into(),
        "<< /FT /Tx /T (name) /Subtype /Widget /Rect [10 10 90 30] /P 10 0 R >>".into(),
        "<< /Names [(note.txt) << /Type /Filespec /F (note.txt) /EF << /F 9 0 R >> >>] >>".into(),
        stream("/Type /EmbeddedFile", "a note"),
    ];
    for place in 0..count {
        let annots = if place == 0 { "/Annots [7 0 R]" } else { "" };
        objects.push(format!("<< /Type /Page /Parent 2 0 R /Contents {} 0 R {annots} >>", page(place) + 1));
        objects.push(stream("", &format!("BT /F 24 Tf 20 200 Td ({label} {}) Tj ET", place + 1)));
    }
    for place in 0..count {
        let next = if place + 1 < count { format!("/Next {} 0 R", objects.len() + 2) } else { String::new() };
        objects.push(format!("<< /Title (Part {}) /Parent 5 0 R /Dest (p{place:03}) {next} >>", place + 1));
    }
    file(&objects)
}

/// Runs an operation on documents.
pub(crate) fn run(operation: &str, inputs: &[&[u8]], options: &[(&str, Value)]) -> Outcome {
    let mut job = Job::new(operation).target("pdf");
    for (number, bytes) in inputs.iter().enumerate() {
        job = job.input(&format!("in{number}.pdf"), "pdf", *bytes);
    }
    for (name, value) in options {
        job = job.option(name, value.clone());
    }
    job.run(formwork_plugin_pdf::formwork_plugin_entry_v1)
}

/// Opens a result.
pub(crate) fn opened(bytes: &[u8]) -> Document {
    Document::load_mem(bytes).unwrap()
}

/// The pages of a document in order.
pub(crate) fn pages(doc: &Document) -> Vec<ObjectId> {
    doc.get_pages().into_values().collect()
}

/// What each page shows, as its content says it.
pub(crate) fn contents(doc: &Document) -> Vec<String> {
    let of = |id: &ObjectId| String::from_utf8_lossy(&doc.get_page_content(*id)).into_owned();
    pages(doc).iter().map(of).collect()
}

/// A dictionary below the catalog, by its path.
pub(crate) fn below<'d>(doc: &'d Document, path: &[&[u8]]) -> Option<&'d Dictionary> {
    let mut dict = doc.catalog().ok()?;
    for key in path {
        dict = doc.dereference(dict.get(key).ok()?).ok()?.1.as_dict().ok()?;
    }
    Some(dict)
}

/// The titles of the bookmarks of the highest level.
pub(crate) fn bookmarks(doc: &Document) -> Vec<String> {
    let mut titles = Vec::new();
    let mut next = below(doc, &[b"Outlines"]).and_then(|root| root.get(b"First").ok()).cloned();
    while let Some(Object::Reference(id)) = next {
        let item = doc.get_dictionary(id).unwrap();
        titles.push(String::from_utf8_lossy(item.get(b"Title").unwrap().as_str().unwrap()).into_owned());
        next = item.get(b"Next").ok().cloned();
    }
    titles
}
