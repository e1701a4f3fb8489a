//! Laying invisible text over pages.

use formwork_sdk::{Error, Limits, Result};
use hayro::kurbo::Affine;
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, Stream, dictionary};
use std::collections::BTreeMap;

/// What the layer is called among a page's resources; a number follows when it is taken.
const NAME: &str = "FormworkText";
/// Parents of a page that are asked for what it inherits.
const DEEPEST: usize = 64;

/// An error of the library about a file.
fn broken(error: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("the structure of the PDF is broken: {error}"))
}

/// Opens a document to be changed. Protection is taken off.
///
/// # Errors
///
/// `corrupt_input`.
pub(crate) fn open(bytes: &[u8], password: &str, limits: &Limits) -> Result<Document> {
    let mut options = LoadOptions::with_password(password);
    options.max_decompressed_size = Some(usize::try_from(limits.memory).unwrap_or(usize::MAX));
    Document::load_mem_with_options(bytes, options).map_err(broken)
}

/// Lays the text of one PDF, which has one page, over a page of another.
///
/// # Errors
///
/// `corrupt_input`.
pub(crate) fn lay(
    document: &mut Document,
    page: ObjectId,
    text: &[u8],
    place: Affine,
    limits: &Limits,
) -> Result<()> {
    let text = open(text, "", limits)?;
    let source = text.page_iter().next().ok_or_else(|| broken("no text"))?;
    let most = usize::try_from(limits.memory).unwrap_or(usize::MAX);
    let content = text.get_page_content_with_limit(source, most).map_err(broken)?;
    let resources =
        text.get_dictionary(source).and_then(|page| page.get(b"Resources")).map_err(broken)?.clone();
    let mut copied = BTreeMap::new();
    let resources = copy(&text, document, &resources, &mut copied, 0);
    let area = text.get_dictionary(source).and_then(|page| page.get(b"MediaBox")).map_err(broken)?.clone();
    let matrix: Vec<Object> = place.as_coeffs().iter().map(|value| Object::Real(*value as f32)).collect();
    let mut form = Stream::new(
        dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => area, "Matrix" => matrix, "Resources" => resources,
        },
        content,
    );
    form.compress().map_err(broken)?;
    let form = document.add_object(form);
    let name = add_resource(document, page, form)?;
    let before = document.add_object(Stream::new(Dictionary::new(), b"q\n".to_vec()));
    let after = format!("\nQ\nq /{name} Do Q\n").into_bytes();
    let after = document.add_object(Stream::new(Dictionary::new(), after));
    let dictionary = document.get_dictionary_mut(page).map_err(broken)?;
    let old = dictionary.get(b"Contents").ok().cloned();
    let mut contents = vec![Object::Reference(before)];
    contents.extend(parts(document, old));
    contents.push(Object::Reference(after));
    document.get_dictionary_mut(page).map_err(broken)?.set("Contents", contents);
    Ok(())
}

/// The streams of a page's content, one or a list.
fn parts(document: &Document, contents: Option<Object>) -> Vec<Object> {
    match contents {
        Some(Object::Array(parts)) => parts,
        Some(Object::Reference(id)) => match document.get_object(id) {
            Ok(Object::Array(parts)) => parts.clone(),
            _ => vec![Object::Reference(id)],
        },
        _ => Vec::new(),
    }
}

/// Adds the layer to a page's resources, which become its own, and returns its name.
fn add_resource(document: &mut Document, page: ObjectId, form: ObjectId) -> Result<String> {
    let mut resources = inherited(document, page).unwrap_or_default();
    let forms = resources.get(b"XObject").ok().and_then(|forms| document.dereference(forms).ok());
    let mut forms = forms.and_then(|(_, forms)| forms.as_dict().ok()).cloned().unwrap_or_default();
    let mut name = NAME.to_owned();
    for number in 1..=forms.len() {
        if !forms.has(name.as_bytes()) {
            break;
        }
        name = format!("{NAME}{number}");
    }
    forms.set(name.as_str(), form);
    resources.set("XObject", forms);
    document.get_dictionary_mut(page).map_err(broken)?.set("Resources", resources);
    Ok(name)
}

/// The resources of a page: its own, or those of the nearest parent that has some.
fn inherited(document: &Document, page: ObjectId) -> Option<Dictionary> {
    let mut dictionary = document.get_dictionary(page).ok()?;
    for _ in 0..DEEPEST {
        if let Ok(resources) = dictionary.get(b"Resources") {
            return document.dereference(resources).ok()?.1.as_dict().ok().cloned();
        }
        let parent = dictionary.get(b"Parent").and_then(Object::as_reference).ok()?;
        dictionary = document.get_dictionary(parent).ok()?;
    }
    None
}

/// Copies an object with all it refers to into another document.
fn copy(
    from: &Document,
    to: &mut Document,
    object: &Object,
    copied: &mut BTreeMap<ObjectId, ObjectId>,
    depth: usize,
) -> Object {
    if depth > DEEPEST {
        return Object::Null;
    }
    match object {
        Object::Reference(id) => {
            if let Some(known) = copied.get(id) {
                return Object::Reference(*known);
            }
            let Ok(target) = from.get_object(*id) else { return Object::Null };
            // Known before it is copied, so that circles end.
            let new = to.add_object(Object::Null);
            copied.insert(*id, new);
            let target = copy(from, to, target, copied, depth + 1);
            to.objects.insert(new, target);
            Object::Reference(new)
        }
        Object::Array(items) => {
            Object::Array(items.iter().map(|item| copy(from, to, item, copied, depth + 1)).collect())
        }
        Object::Dictionary(items) => Object::Dictionary(copy_dictionary(from, to, items, copied, depth)),
        Object::Stream(stream) => {
            let dictionary = copy_dictionary(from, to, &stream.dict, copied, depth);
            Object::Stream(Stream { dict: dictionary, ..stream.clone() })
        }
        plain => plain.clone(),
    }
}

fn copy_dictionary(
    from: &Document,
    to: &mut Document,
    items: &Dictionary,
    copied: &mut BTreeMap<ObjectId, ObjectId>,
    depth: usize,
) -> Dictionary {
    items.iter().map(|(key, value)| (key.clone(), copy(from, to, value, copied, depth + 1))).collect()
}
