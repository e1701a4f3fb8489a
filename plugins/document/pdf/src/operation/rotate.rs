//! Turns pages.

use crate::graph::{dict_mut, number_at};
use crate::open::open;
use crate::pages;
use crate::save::{Manner, save};
use formwork_sdk::{Error, Result, Step, json};

/// Turns pages clockwise, on top of the turn they have.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let angle = step.options().number("angle").unwrap_or(0.0);
    if angle % 90.0 != 0.0 || angle == 0.0 {
        return Err(Error::invalid("`angle` says how far pages are turned clockwise: 90, 180 or 270"));
    }
    let mut pdf = open(step, step.input()?)?;
    pdf.tell(step);
    crate::tell_encryption(step, &pdf);
    let mut chosen = pages::chosen(&step.options(), pdf.pages.len())?;
    // A page that is named twice is turned once.
    chosen.sort_unstable();
    chosen.dedup();
    for place in &chosen {
        let Some(id) = pdf.pages.get(*place) else { continue };
        let page = pdf.doc.objects.get(id).and_then(|page| page.as_dict().ok());
        let now = page.and_then(|page| number_at(&pdf.doc, page, b"Rotate")).unwrap_or(0.0);
        let turned = ((now / 90.0).round() * 90.0 + angle).rem_euclid(360.0);
        if let Some(page) = dict_mut(&mut pdf.doc, *id) {
            page.set("Rotate", turned as i64);
        }
    }
    save(step, pdf.doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len(), "turned": chosen.len() }));
    Ok(())
}
