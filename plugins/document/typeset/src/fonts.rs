//! The fonts a document is set with: the family that was asked for, and others for the characters it lacks.

use crate::tree::Document;
use fontdb::{Database, FaceInfo, Source, Style};
use formwork_sdk::{Error, ErrorKind, Result};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use typst::foundations::Bytes;
use typst::text::Font;

/// What to do when there is none.
pub(crate) const REMEDY: &str = "apt install fonts-dejavu-core fonts-liberation2";
/// Families for running text, best first.
const SANS: &[&str] = &["Liberation Sans", "Arimo", "Noto Sans", "DejaVu Sans", "Nimbus Sans", "FreeSans"];
/// With serifs.
const SERIF: &[&str] =
    &["Liberation Serif", "Tinos", "Noto Serif", "DejaVu Serif", "Nimbus Roman", "FreeSerif"];
/// Of one width.
const MONO: &[&str] =
    &["DejaVu Sans Mono", "Liberation Mono", "Cousine", "Noto Sans Mono", "Nimbus Mono PS", "FreeMono"];
/// Families that others were made to stand in for.
const ALIKE: &[(&str, &[&str])] = &[
    ("arial", SANS),
    ("helvetica", SANS),
    ("sans", SANS),
    ("sans-serif", SANS),
    ("calibri", &["Carlito"]),
    ("times", SERIF),
    ("times new roman", SERIF),
    ("serif", SERIF),
    ("cambria", &["Caladea"]),
    ("courier", &["Liberation Mono", "Cousine"]),
    ("courier new", &["Liberation Mono", "Cousine"]),
    ("mono", MONO),
    ("monospace", MONO),
];
/// The most fonts that are added for characters the chosen family lacks.
const MOST_ADDED: usize = 48;

/// The fonts of this machine.
struct System {
    database: Arc<Database>,
    /// Their faces in an order that does not depend on the file system.
    faces: Vec<FaceInfo>,
}

/// The fonts of this machine, found once.
fn system() -> &'static System {
    static FOUND: OnceLock<System> = OnceLock::new();
    FOUND.get_or_init(|| {
        let database = formwork_fonts::installed();
        let mut faces: Vec<FaceInfo> =
            database.faces().filter(|face| file(face).is_some()).cloned().collect();
        faces.sort_by(|a, b| (file(a), a.index).cmp(&(file(b), b.index)));
        System { database, faces }
    })
}

fn file(face: &FaceInfo) -> Option<&std::path::Path> {
    match &face.source {
        Source::File(path) | Source::SharedFile(path, _) => Some(path),
        Source::Binary(_) => None,
    }
}

/// Whether there is any font to set text with.
pub(crate) fn are_there() -> bool {
    !system().faces.is_empty()
}

/// The fonts of one document.
pub(crate) struct Fonts {
    /// All that may be used.
    pub(crate) fonts: Vec<Font>,
    /// The family of running text.
    pub(crate) body: String,
    /// The family of program text.
    pub(crate) mono: String,
    /// The family that was asked for and is not there.
    pub(crate) replaced: Option<String>,
    /// Characters that no font of this machine has.
    pub(crate) missing: BTreeSet<char>,
    /// Families that were added for characters the chosen ones lack.
    pub(crate) added: Vec<String>,
    /// Whether running text can be slanted.
    pub(crate) slants: bool,
}

impl Fonts {
    /// Chooses fonts for what is written in the document, preferably `wanted`.
    ///
    /// # Errors
    ///
    /// `backend_missing` when there is no font at all.
    pub(crate) fn choose(document: &Document, wanted: Option<&str>) -> Result<Fonts> {
        let System { database, faces } = system();
        let first = faces.first().ok_or_else(|| {
            Error::new(ErrorKind::BackendMissing, format!("there is no font to set text with: {REMEDY}"))
        })?;
        let family = |names: &[&str]| {
            let known = |name: &&&str| faces.iter().any(|face| is_called(face, name));
            names.iter().find(known).map(|name| (*name).to_owned())
        };
        let usual = || family(SANS).unwrap_or_else(|| name(first));
        let (body, replaced) = match wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) {
            None => (usual(), None),
            Some(wanted) => {
                let lower = wanted.to_lowercase();
                let alike = ALIKE.iter().find(|(name, _)| *name == lower);
                match (family(&[wanted]), alike.and_then(|(_, names)| family(names))) {
                    (Some(own), _) => (own, None),
                    (None, Some(found)) if alike.is_some_and(|(name, _)| is_kind(name)) => (found, None),
                    (None, found) => (found.unwrap_or_else(usual), Some(wanted.to_owned())),
                }
            }
        };
        let mono = family(MONO).unwrap_or_else(|| body.clone());
        let mut chosen = Fonts {
            fonts: Vec::new(),
            body,
            mono,
            replaced,
            missing: characters(document),
            added: Vec::new(),
            slants: false,
        };
        chosen.load(faces);
        chosen.complete(database, faces);
        Ok(chosen)
    }

    fn load(&mut self, faces: &[FaceInfo]) {
        let chosen = [self.body.clone(), self.mono.clone()];
        for face in
            faces.iter().filter(|face| chosen.iter().any(|name| is_called(face, name)) && is_plain(face))
        {
            self.slants |= is_called(face, &self.body) && face.style != Style::Normal;
            self.add(face);
        }
    }

    /// Adds fonts until all characters are covered, or no font covers more of them.
    fn complete(&mut self, database: &Database, faces: &[FaceInfo]) {
        if self.missing.is_empty() {
            return;
        }
        let mut others: Vec<(&FaceInfo, BTreeSet<char>)> = faces
            .iter()
            .filter(|face| is_upright(face))
            .map(|face| (face, covered(database, face, &self.missing)))
            .filter(|(_, covered)| !covered.is_empty())
            .collect();
        // What most resembles running text comes first among equals.
        others.sort_by_key(|(face, _)| {
            let name = name(face).to_lowercase();
            (!name.contains("sans"), name.contains("mono"), name.len())
        });
        while self.added.len() < MOST_ADDED {
            let best = others.iter().min_by_key(|(_, covered)| std::cmp::Reverse(covered.len()));
            let Some((best, _)) = best.filter(|(_, covered)| !covered.is_empty()) else { break };
            let family = name(best);
            let bold = |face: &&FaceInfo| {
                is_called(face, &family) && face.weight.0 == 700 && face.style == Style::Normal
            };
            self.add(best);
            faces.iter().filter(bold).for_each(|face| self.add(face));
            self.added.push(family);
            let missing = &self.missing;
            others.iter_mut().for_each(|(_, covered)| covered.retain(|c| missing.contains(c)));
        }
    }

    fn add(&mut self, face: &FaceInfo) {
        let data = file(face).and_then(|path| std::fs::read(path).ok());
        let Some(font) = data.and_then(|data| Font::new(Bytes::new(data), face.index)) else { return };
        if let Some(tables) = tables(&font) {
            self.missing.retain(|c| tables.glyph_index(*c).is_none());
        }
        self.fonts.push(font);
    }

    /// The upright font of running or program text, for measuring.
    pub(crate) fn regular(&self, mono: bool) -> Option<&Font> {
        let family = if mono { &self.mono } else { &self.body };
        let mut fonts = self.fonts.iter();
        fonts.find(|font| font.info().family.eq_ignore_ascii_case(family)).or(self.fonts.first())
    }
}

/// The tables of a font.
pub(crate) fn tables(font: &Font) -> Option<ttf_parser::Face<'_>> {
    ttf_parser::Face::parse(font.data(), font.index()).ok()
}

/// A kind of font rather than one of them.
fn is_kind(name: &str) -> bool {
    matches!(name, "sans" | "sans-serif" | "serif" | "mono" | "monospace")
}

fn name(face: &FaceInfo) -> String {
    face.families.first().map(|(name, _)| name.clone()).unwrap_or_default()
}

fn is_called(face: &FaceInfo, family: &str) -> bool {
    face.families.iter().any(|(name, _)| name.eq_ignore_ascii_case(family))
}

/// Light, regular, medium and bold are enough; upright and slanted.
fn is_plain(face: &FaceInfo) -> bool {
    matches!(face.weight.0, 400 | 700) && face.stretch == fontdb::Stretch::Normal
}

fn is_upright(face: &FaceInfo) -> bool {
    face.style == Style::Normal && (300..=500).contains(&face.weight.0)
}

/// Those of the characters that a font has.
fn covered(database: &Database, face: &FaceInfo, wanted: &BTreeSet<char>) -> BTreeSet<char> {
    let covered = database.with_face_data(face.id, |data, index| {
        let font = ttf_parser::Face::parse(data, index).ok()?;
        Some(wanted.iter().copied().filter(|c| font.glyph_index(*c).is_some()).collect())
    });
    covered.flatten().unwrap_or_default()
}

/// Every character that has to be drawn.
fn characters(document: &Document) -> BTreeSet<char> {
    let mut all = BTreeSet::new();
    document.each_text(&mut |text, _| all.extend(text.chars().filter(|c| is_drawn(*c))));
    all
}

/// Whether a character is something to see (Unicode's Default_Ignorable_Code_Point, and spaces).
pub(crate) fn is_drawn(c: char) -> bool {
    !c.is_whitespace()
        && !c.is_control()
        && !matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}
