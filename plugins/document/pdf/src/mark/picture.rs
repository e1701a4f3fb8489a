//! A page of another document as a mark.

use super::Mark;
use super::place::View;
use crate::assembly::embed;
use crate::draw::page_content;
use crate::graph::{as_dict, dict_at};
use crate::open::open_bytes;
use crate::save::deflate;
use formwork_sdk::{Error, Input, Result, Step};
use lopdf::{Document, Object, Stream, dictionary};

/// Takes the first page of a document over as a form.
pub(super) fn mark(step: &Step<'_>, doc: &mut Document, input: Input<'_>) -> Result<Mark> {
    let other = open_bytes(step, &input.bytes()?, None).map_err(|mut error| {
        error.message = format!("{}: {}", input.name(), error.message);
        error
    })?;
    let page = other.pages.first().and_then(|id| other.doc.objects.get(id)).and_then(as_dict);
    let page = page.ok_or_else(|| Error::corrupt("the watermark has no page"))?;
    let view = View::of(&other.doc, page);
    let content = page_content(step, &other.doc, page);
    let resources = dict_at(&other.doc, page, b"Resources").cloned().unwrap_or_default();
    let resources = embed(&other, doc, &resources);
    let corners = [view.left, view.bottom, view.left + view.width, view.bottom + view.height];
    let dict = dictionary! {
        "Type" => "XObject",
        "Subtype" => "Form",
        "BBox" => corners.map(Object::from).to_vec(),
        "Matrix" => view.upright().map(Object::from).to_vec(),
        "Resources" => resources,
        "Group" => dictionary! { "S" => "Transparency", "Type" => "Group" },
        "Filter" => "FlateDecode",
    };
    let form = doc.add_object(Stream::new(dict, deflate(&content, 6)?));
    let (width, height) = view.size();
    Ok(Mark { form, width, height })
}
