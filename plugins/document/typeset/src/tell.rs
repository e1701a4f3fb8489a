//! What a document had and the pages do not, in words.

use crate::fonts::{Fonts, REMEDY};
use crate::tree::{Document, Lost};
use formwork_sdk::{Feature, Step};

/// Names that one sentence holds.
const MOST_NAMED: usize = 5;

/// Tells what is lost.
pub(crate) fn losses(step: &Step<'_>, document: &Document, fonts: &Fonts) {
    if let Some(wanted) = &fonts.replaced {
        step.lose(Feature::Fonts, format!("{wanted} is not installed; {} was used", fonts.body));
    }
    if !fonts.missing.is_empty() {
        let named = some(fonts.missing.iter().map(|c| format!("{c} (U+{:04X})", u32::from(*c))));
        let count = fonts.missing.len();
        let remedy = format!("{REMEDY}, fonts-droid-fallback or fonts-noto-core");
        step.lose(
            Feature::Text,
            format!("{count} characters are in no font of this machine: {named}; {remedy}"),
        );
    }
    if !fonts.added.is_empty() {
        step.report(&formwork_sdk::json!({ "fonts": fonts.added }));
    }
    let mut slanted = false;
    document.each_text(&mut |_, style| slanted |= style.italic);
    if slanted && !fonts.slants {
        step.warn(format!("{} cannot be slanted: what is italic stands upright; {REMEDY}", fonts.body));
    }
    pictures(step, &document.lost);
    page(step, &document.lost);
}

fn pictures(step: &Step<'_>, lost: &Lost) {
    if !lost.remote.is_empty() {
        let named = some(lost.remote.iter().cloned());
        let count = lost.remote.len();
        step.warn(format!(
            "{count} pictures lie outside the document and were not fetched, their description stands instead: {named}"
        ));
    }
    if !lost.pictures.is_empty() {
        let named = some(lost.pictures.iter().cloned());
        step.warn(format!("{} pictures inside the document could not be used: {named}", lost.pictures.len()));
    }
}

fn page(step: &Step<'_>, lost: &Lost) {
    if lost.scripts > 0 {
        step.lose(Feature::Macros, format!("{} scripts were not run", lost.scripts));
    }
    if lost.styles > 0 {
        step.lose(
            Feature::Fonts,
            format!("{} style sheets were not used: only the structure is set", lost.styles),
        );
    }
    if lost.drawings > 0 {
        step.lose(
            Feature::Vector,
            format!("{} drawings or formulas in the page were left out", lost.drawings),
        );
    }
    if lost.players > 0 {
        step.lose(Feature::Animation, format!("{} films, sounds or frames were left out", lost.players));
    }
    if lost.deep > 0 {
        step.warn(format!("{} containers were nested too deeply and stand with those around", lost.deep));
    }
}

fn some(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.take(MOST_NAMED + 1).collect();
    if names.len() > MOST_NAMED {
        names.truncate(MOST_NAMED);
        names.push("…".into());
    }
    names.join(", ")
}
