//! Writes and removes what describes a document.

use crate::graph::dict_mut;
use crate::open::{Pdf, open};
use crate::save::{Manner, save};
use crate::xmp;
use formwork_sdk::{Error, Feature, Result, Step, json};

/// Options, and the entries of the information dictionary they set (ISO 32000-2, table 349).
pub(crate) const TAGS: [(&str, &str); 4] =
    [("title", "Title"), ("artist", "Author"), ("description", "Subject"), ("keywords", "Keywords")];

/// Sets tags, or with `strip_metadata` removes what is not set.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let options = step.options();
    let mut pdf = open(step, step.input()?)?;
    pdf.tell(step);
    crate::tell_encryption(step, &pdf);
    if options.flag("strip_metadata") {
        xmp::strip(&mut pdf);
        step.lose(Feature::Metadata, "removed, as asked for");
    } else if xmp::is_there(&pdf) {
        step.warn(
            "the XMP packet was written anew: properties of it that are not in the PDF's own list are gone",
        );
    }
    let tagged = set_tags(step, &mut pdf)?;
    let rights = options.text("copyright");
    if tagged || rights.is_some() {
        xmp::write(&mut pdf, rights, None);
    }
    save(step, pdf.doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len() }));
    Ok(())
}

fn set_tags(step: &Step<'_>, pdf: &mut Pdf) -> Result<bool> {
    let options = step.options();
    let mut entries = Vec::new();
    for (option, key) in TAGS {
        entries.extend(options.text(option).map(|text| (key, lopdf::text_string(text))));
    }
    if let Some(text) = options.text("date") {
        let date = xmp::pdf_date(text);
        let date = date.ok_or_else(|| Error::invalid("`date` is a year, or YYYY-MM-DD"))?;
        entries.push(("CreationDate", date));
    }
    if entries.is_empty() {
        return Ok(false);
    }
    let id = pdf.info_id();
    if let Some(info) = dict_mut(&mut pdf.doc, id) {
        entries.into_iter().for_each(|(key, value)| info.set(key, value));
    }
    Ok(true)
}
