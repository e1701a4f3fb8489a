//! The system's fonts: found once, when the first document with text arrives.

use fontdb::{Database, Family, ID, Query, Stretch, Style, Weight};
use formwork_fonts::{MONO, SANS, SERIF};
use resvg::usvg::{Font, FontFamily, FontResolver, FontStretch, FontStyle};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Characters a document may look for beyond its own fonts, each a search through all fonts.
const MOST_SEARCHES: usize = 4096;
/// Parts of names by which families that are not installed are told apart; the rest is taken for sans.
const MONO_WORDS: &[&str] = &["mono", "courier", "code", "consol", "menlo", "typewriter"];
const SERIF_WORDS: &[&str] =
    &["times", "serif", "roman", "georgia", "garamond", "palatino", "cambria", "song"];
/// What was found to be missing while a document was read.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Families asked for first that are not installed, each with what was drawn instead.
    pub(super) families: Mutex<BTreeSet<(String, String)>>,
}

/// Makes the functions that choose fonts for `<text>`.
pub(super) fn resolver(missing: Arc<Missing>) -> FontResolver<'static> {
    let searched: Mutex<HashMap<char, Option<ID>>> = Mutex::default();
    let search = FontResolver::default_fallback_selector();
    FontResolver {
        select_font: Box::new(move |font, fonts| select(font, fonts, &missing)),
        select_fallback: Box::new(move |letter, used, fonts| {
            let mut searched = searched.lock().unwrap_or_else(PoisonError::into_inner);
            match searched.get(&letter) {
                Some(Some(id)) if !used.contains(id) => Some(*id),
                Some(None) => None,
                _ if searched.len() >= MOST_SEARCHES || used.is_empty() => None,
                _ => {
                    let found = search(letter, used, fonts);
                    searched.insert(letter, found);
                    found
                }
            }
        }),
    }
}

fn select(font: &Font, fonts: &Database, missing: &Missing) -> Option<ID> {
    let mut families = Vec::new();
    let mut named = Vec::new();
    for family in font.families() {
        match family {
            FontFamily::Serif => families.push(Family::Serif),
            FontFamily::SansSerif => families.push(Family::SansSerif),
            FontFamily::Cursive => families.push(Family::Cursive),
            FontFamily::Fantasy => families.push(Family::Fantasy),
            FontFamily::Monospace => families.push(Family::Monospace),
            FontFamily::Named(name) => {
                families.push(Family::Name(name));
                named.extend(stand_ins(name).iter().map(|family| Family::Name(family)));
            }
        }
    }
    // A stand-in comes after all the families the drawing names, which know better.
    families.extend(named);
    families.extend([Family::SansSerif, Family::Serif]);
    let id = query(font, fonts, &families).or_else(|| fonts.faces().next().map(|face| face.id))?;
    note_stand_in(font, fonts, id, missing);
    Some(id)
}

fn stand_ins(name: &str) -> &'static [&'static str] {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match (has(MONO_WORDS), has(SERIF_WORDS) && !name.contains("sans")) {
        (true, _) => MONO,
        (_, true) => SERIF,
        _ => SANS,
    }
}

fn query(font: &Font, fonts: &Database, families: &[Family<'_>]) -> Option<ID> {
    let stretch = match font.stretch() {
        FontStretch::UltraCondensed => Stretch::UltraCondensed,
        FontStretch::ExtraCondensed => Stretch::ExtraCondensed,
        FontStretch::Condensed => Stretch::Condensed,
        FontStretch::SemiCondensed => Stretch::SemiCondensed,
        FontStretch::Normal => Stretch::Normal,
        FontStretch::SemiExpanded => Stretch::SemiExpanded,
        FontStretch::Expanded => Stretch::Expanded,
        FontStretch::ExtraExpanded => Stretch::ExtraExpanded,
        FontStretch::UltraExpanded => Stretch::UltraExpanded,
    };
    let style = match font.style() {
        FontStyle::Normal => Style::Normal,
        FontStyle::Italic => Style::Italic,
        FontStyle::Oblique => Style::Oblique,
    };
    fonts.query(&Query { families, weight: Weight(font.weight()), stretch, style })
}

/// Remembers when the family asked for first is not the one that will be drawn.
fn note_stand_in(font: &Font, fonts: &Database, id: ID, missing: &Missing) {
    let Some(FontFamily::Named(wanted)) = font.families().first() else { return };
    let Some(face) = fonts.face(id) else { return };
    if face.families.iter().any(|(family, _)| family.eq_ignore_ascii_case(wanted)) {
        return;
    }
    let drawn =
        face.families.first().map_or_else(|| face.post_script_name.clone(), |(family, _)| family.clone());
    let mut families = missing.families.lock().unwrap_or_else(PoisonError::into_inner);
    families.insert((super::parse::clean(wanted), drawn));
}
