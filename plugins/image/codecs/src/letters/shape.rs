//! From text to outlines: which font has a letter, which way a line runs, how letters join.

use fontdb::{Database, Family, ID, Query};
use formwork_fonts::MARK_FAMILIES;
use harfrust::{Direction, FontRef, ShapeOptions, ShaperData, UnicodeBuffer};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{GlyphId, MetadataProvider};
use std::collections::HashMap;
use tiny_skia::PathBuilder;
use unicode_bidi::BidiInfo;

/// Letters that are looked for beyond the usual fonts, each a search through all of them.
const MOST_SEARCHES: usize = 256;

/// Writes lines of text.
pub(super) struct Writer<'f> {
    fonts: &'f Database,
    /// Fonts for marks, best first.
    usual: Vec<ID>,
    found: HashMap<char, Option<ID>>,
    letters: f32,
    /// Some letters are in no font.
    pub(super) lacks_letters: bool,
}

impl<'f> Writer<'f> {
    pub(super) fn new(fonts: &'f Database, letters: f32) -> Writer<'f> {
        let family = |name| if name == "sans-serif" { Family::SansSerif } else { Family::Name(name) };
        let query = |name| fonts.query(&Query { families: &[family(name)], ..Query::default() });
        let mut usual: Vec<ID> = MARK_FAMILIES.split(", ").filter_map(query).collect();
        if usual.is_empty() {
            usual.extend(fonts.faces().next().map(|face| face.id));
        }
        Writer { fonts, usual, found: HashMap::new(), letters, lacks_letters: false }
    }

    /// Adds the outlines of a line to a path; `y` is where its letters stand.
    pub(super) fn line(&mut self, line: &str, y: f32, path: &mut PathBuilder) {
        let bidi = BidiInfo::new(line, None);
        let mut pen = Pen { path, x: 0.0, y };
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let leftward = levels.get(run.start).is_some_and(|level| level.is_rtl());
                let mut pieces = self.by_font(line.get(run).unwrap_or_default());
                if leftward {
                    pieces.reverse();
                }
                for (font, piece) in pieces {
                    let written = self.fonts.with_face_data(font, |data, index| {
                        write(data, index, piece, leftward, self.letters, &mut pen)
                    });
                    self.lacks_letters |= written.flatten().is_none();
                }
            }
        }
    }

    /// A text in pieces that one font has the letters of.
    fn by_font<'t>(&mut self, text: &'t str) -> Vec<(ID, &'t str)> {
        let mut pieces = Vec::new();
        let (mut start, mut current) = (0, None);
        for (at, letter) in text.char_indices() {
            let font = self.font_of(letter, current);
            if let Some(before) = current.filter(|_| font != current) {
                pieces.extend(text.get(start..at).map(|piece| (before, piece)));
                start = at;
            }
            current = font.or(current);
        }
        if let Some(font) = current {
            pieces.extend(text.get(start..).map(|piece| (font, piece)));
        }
        pieces
    }

    /// The font of a letter: that of the letter before if it has it.
    fn font_of(&mut self, letter: char, before: Option<ID>) -> Option<ID> {
        let fonts = self.fonts;
        let has = |id: &ID| fonts.with_face_data(*id, |data, index| has(data, index, letter)) == Some(true);
        let free = letter.is_whitespace() || letter.is_control();
        let usual = before.iter().chain(&self.usual).copied().find(|id| free || has(id));
        if usual.is_some() {
            return usual;
        }
        let room = self.found.len() < MOST_SEARCHES;
        let search = || fonts.faces().map(|face| face.id).find(|id| room && has(id));
        let found = *self.found.entry(letter).or_insert_with(search);
        self.lacks_letters |= found.is_none();
        found.or(before).or(self.usual.first().copied())
    }
}

fn has(data: &[u8], index: u32, letter: char) -> bool {
    FontRef::from_index(data, index).is_ok_and(|font| font.charmap().map(letter).is_some())
}

/// Where letters are drawn: the path grows downwards, fonts upwards.
struct Pen<'p> {
    path: &'p mut PathBuilder,
    x: f32,
    y: f32,
}

impl OutlinePen for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, self.y - y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, self.y - y);
    }
    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + cx, self.y - cy, self.x + x, self.y - y);
    }
    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (left, base) = (self.x, self.y);
        self.path.cubic_to(left + cx0, base - cy0, left + cx1, base - cy1, left + x, base - y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}

/// Writes letters of one font; `None` when the font cannot be read.
fn write(data: &[u8], index: u32, text: &str, leftward: bool, letters: f32, pen: &mut Pen<'_>) -> Option<()> {
    let font = FontRef::from_index(data, index).ok()?;
    let shaping = ShaperData::new(&font);
    let shaper = shaping.shaper(&font).build();
    let scale = letters / (shaper.units_per_em() as f32).max(1.0);
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.set_direction(if leftward { Direction::RightToLeft } else { Direction::LeftToRight });
    buffer.guess_segment_properties();
    let shaped = shaper.shape(buffer, ShapeOptions::new());
    let outlines = font.outline_glyphs();
    for (glyph, place) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
        let (x, y) = (pen.x, pen.y);
        pen.x += place.x_offset as f32 * scale;
        pen.y -= place.y_offset as f32 * scale;
        if let Some(outline) = outlines.get(GlyphId::new(glyph.glyph_id)) {
            let settings = DrawSettings::unhinted(Size::new(letters), LocationRef::default());
            // A letter whose outline is broken is left out, as viewers do.
            let _ = outline.draw(settings, pen);
        }
        (pen.x, pen.y) = (x + place.x_advance as f32 * scale, y);
    }
    Some(())
}
