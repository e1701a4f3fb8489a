//! Takes out the files that are attached to a document (ISO 32000-2, 7.11.4).

use crate::assembly::names;
use crate::draw::unpacked;
use crate::graph::{array_at, as_dict, dict_at, resolve, value};
use crate::open::open;
use formwork_sdk::{Error, OutputInfo, Result, Step, json};
use lopdf::{Dictionary, Document, Object, Stream, decode_text_string};
use std::collections::HashSet;

/// Writes each attached file under its name.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let pdf = open(step, step.input()?)?;
    pdf.tell(step);
    let specifications = specifications(&pdf.doc, &pdf.pages);
    let mut taken = HashSet::new();
    let mut count = 0u64;
    for (number, specification) in specifications.iter().enumerate() {
        step.tick(number as u64, specifications.len() as u64)?;
        step.within("entries", number as u64, step.limits().entries)?;
        let Some(stream) = content(&pdf.doc, specification) else { continue };
        let name = free(name(&pdf.doc, specification), &taken);
        taken.insert(name.clone());
        let Some(bytes) = unpacked(step, stream) else {
            step.warn_about(format!("attachment \"{name}\""), "it cannot be unpacked, and is left out");
            continue;
        };
        let mut output = step.create_named_output(&OutputInfo { name: &name, ..OutputInfo::default() })?;
        output.append(&bytes)?;
        output.close()?;
        count += 1;
    }
    if count == 0 {
        return Err(Error::invalid("no files are attached to the PDF"));
    }
    step.report(&json!({ "entries": count }));
    Ok(())
}

/// Descriptions of files: those of the document, and those pinned to its pages.
fn specifications<'d>(doc: &'d Document, pages: &[lopdf::ObjectId]) -> Vec<&'d Dictionary> {
    let mut found: Vec<&Dictionary> = names::of_catalog(doc, b"EmbeddedFiles")
        .into_values()
        .filter_map(|file| as_dict(resolve(doc, file)))
        .collect();
    for page in pages.iter().filter_map(|id| doc.objects.get(id).and_then(as_dict)) {
        for annotation in array_at(doc, page, b"Annots") {
            let dict = as_dict(resolve(doc, annotation));
            let pinned = dict
                .filter(|dict| value(doc, dict, b"Subtype").as_name().is_ok_and(|s| s == b"FileAttachment"));
            found.extend(pinned.and_then(|dict| dict_at(doc, dict, b"FS")));
        }
    }
    found
}

fn content<'d>(doc: &'d Document, specification: &'d Dictionary) -> Option<&'d Stream> {
    let files = dict_at(doc, specification, b"EF")?;
    let stream = [b"F".as_slice(), b"UF"].into_iter().map(|key| value(doc, files, key));
    stream.into_iter().find_map(|object| match object {
        Object::Stream(stream) => Some(stream),
        _ => None,
    })
}

/// The file's name without folders.
fn name(doc: &Document, specification: &Dictionary) -> String {
    let text = |key: &[u8]| decode_text_string(value(doc, specification, key)).ok();
    let whole = text(b"UF").or_else(|| text(b"F")).unwrap_or_default();
    let base = whole.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = base.chars().filter(|letter| !letter.is_control()).take(200).collect();
    match plain.trim().trim_matches('.') {
        "" => "attachment".into(),
        name => name.to_owned(),
    }
}

/// `name`, or with a number before its extension.
fn free(name: String, taken: &HashSet<String>) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name.as_str(), String::new()),
    };
    let numbered = (2..).map(|number| format!("{stem}-{number}{extension}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}
