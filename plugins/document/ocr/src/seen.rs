//! Whether a page has text already, drawn or invisible.

use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::hayro_syntax::page::Page;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::kurbo::{BezPath, Rect};

/// Letters that make a page one of text: a stamp or a page number on a scan has fewer. Letters and not runs of them,
/// because a run is anything from one letter to a line.
const TEXT: usize = 50;

/// Counts letters and draws nothing.
struct Counter {
    letters: usize,
}

impl Device<'_> for Counter {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, _: DrawProps<'_>, _: &DrawMode) {
        self.letters += run.glyphs().len();
    }
    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// Whether the page has text.
pub(crate) fn has_text<'a>(page: &'a Page<'a>, cache: &InterpreterCache<'a>) -> bool {
    let (width, height) = page.render_dimensions();
    let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let settings = InterpreterSettings::default();
    let mut context =
        Context::new(page.initial_transform(true).to_kurbo(), area, cache, page.xref(), settings);
    let mut counter = Counter { letters: 0 };
    interpret_page(page, &mut context, &mut counter);
    counter.letters >= TEXT
}
