//! Marks a document as PDF/A (ISO 19005) after what the standard forbids was taken out, and refuses what cannot be
//! made true here. There is no validator in this: the result says that it was not validated.

mod check;
mod clean;
mod icc;

use crate::graph::{array_at, as_dict, catalog, catalog_mut, name_at, number_at, resolve, value};
use crate::open::{Pdf, open};
use crate::save::{Manner, deflate, save};
use crate::xmp;
use formwork_sdk::{Error, Feature, Result, Step, json};
use lopdf::{Document, Object, Stream, dictionary};

/// A part of the standard, level B: what is seen is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    One = 1,
    Two = 2,
    Three = 3,
}

/// Problems that one error names.
const MOST_NAMED: usize = 8;

/// Writes the document as PDF/A of the part that the option `conforms` names.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let (part, name) = match step.options().text("conforms") {
        Some("pdfa-1b") => (Part::One, "PDF/A-1b"),
        Some("pdfa-3b") => (Part::Three, "PDF/A-3b"),
        _ => (Part::Two, "PDF/A-2b"),
    };
    let mut pdf = open(step, step.input()?)?;
    pdf.tell(step);
    crate::tell_encryption(step, &pdf);
    clean::clean(step, &mut pdf, part)?;
    let intent = intent(&pdf.doc);
    let problems = check::problems(step, &pdf, part, intent.unwrap_or(3))?;
    if !problems.is_empty() {
        return Err(refusal(name, &problems));
    }
    if intent.is_none() {
        add_intent(&mut pdf)?;
    }
    let part_number = (part as u8).to_string();
    xmp::write(&mut pdf, None, Some((&part_number, "B")));
    if part == Part::One {
        pdf.doc.version = "1.4".into();
    }
    let manner = Manner { classic: part == Part::One, ..Manner::default() };
    step.warn(format!("{name}-marked, unvalidated: no validator of PDF/A is part of this program"));
    save(step, pdf.doc, &manner, step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len(), "conforms": name, "validated": false }));
    Ok(())
}

fn refusal(name: &str, problems: &[String]) -> Error {
    let more = problems.len().saturating_sub(MOST_NAMED);
    let mut named = problems.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("; ");
    if more > 0 {
        named.push_str(&format!("; and {more} more"));
    }
    Error::unsupported(format!(
        "the PDF cannot be made {name} here: {named}. Make it anew as PDF/A with the program it came from"
    ))
}

/// The channels of the output intent that is there already.
fn intent(doc: &Document) -> Option<i64> {
    let intents = array_at(doc, catalog(doc)?, b"OutputIntents");
    intents.iter().find_map(|intent| {
        let intent = as_dict(resolve(doc, intent))?;
        let profile = as_dict(value(doc, intent, b"DestOutputProfile"))?;
        let is_archive = name_at(doc, intent, b"S") == b"GTS_PDFA1";
        number_at(doc, profile, b"N").map(|count| count as i64).filter(|_| is_archive)
    })
}

/// Says that device colours are those of sRGB (ISO 19005-1, 6.2.2).
fn add_intent(pdf: &mut Pdf) -> Result<()> {
    let profile = icc::srgb();
    let dict = dictionary! { "N" => 3, "Filter" => "FlateDecode" };
    let profile = pdf.doc.add_object(Stream::new(dict, deflate(&profile, 9)?));
    let intent = dictionary! {
        "Type" => "OutputIntent",
        "S" => "GTS_PDFA1",
        "OutputConditionIdentifier" => lopdf::text_string("sRGB IEC61966-2.1"),
        "Info" => lopdf::text_string("sRGB IEC61966-2.1"),
        "DestOutputProfile" => profile,
    };
    let intent = pdf.doc.add_object(intent);
    if let Some(catalog) = catalog_mut(&mut pdf.doc) {
        catalog.set("OutputIntents", vec![Object::from(intent)]);
    }
    Ok(())
}

/// Says what was taken out.
fn tell(step: &Step<'_>, feature: Feature, count: usize, what: &str) {
    if count > 0 {
        step.lose(feature, format!("{count} {what}"));
    }
}
