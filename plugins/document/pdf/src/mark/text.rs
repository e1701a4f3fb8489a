//! Text as a mark: laid out by `usvg`, so that every script the system has letters for is written as it should be,
//! and embedded as text that can be found and copied.

use super::font::{Fonts, Used};
use super::place::View;
use super::{Mark, written};
use crate::draw::Matrix;
use crate::open::Pdf;
use formwork_fonts::MARK_FAMILIES;
use formwork_sdk::xml::escaped;
use formwork_sdk::{Error, Options, Result, Step};
use lopdf::{Stream, dictionary};
use std::collections::HashMap;
use usvg::fontdb;

/// Letters at an edge of the page, in points.
const SMALL: f64 = 12.0;
/// A text in the middle of a page is so wide a part of it.
const WIDE: f64 = 0.6;
/// The size text is laid out in before it is scaled.
const LAID: f64 = 100.0;
/// Lines of one text.
const MOST_LINES: usize = 100;

/// A text as placed letters; its lower left corner is at 0 0.
pub(super) struct Laid {
    glyphs: Vec<Glyph>,
    width: f64,
    height: f64,
}

struct Glyph {
    font: fontdb::ID,
    id: u16,
    text: String,
    units: u16,
    matrix: Matrix,
}

/// The marks for some pages: one for each text that is different.
pub(super) fn marks(
    step: &Step<'_>,
    pdf: &mut Pdf,
    text: &str,
    pages: &[usize],
    views: &[View],
) -> Result<Vec<Mark>> {
    let count = pdf.pages.len().to_string();
    let texts: Vec<String> = pages
        .iter()
        .map(|page| text.replace("{page}", &(page + 1).to_string()).replace("{pages}", &count))
        .collect();
    let mut laid: HashMap<&str, Laid> = HashMap::new();
    let mut used = Used::default();
    for (number, text) in texts.iter().enumerate() {
        step.tick(number as u64, 2 * texts.len() as u64)?;
        if !laid.contains_key(text.as_str()) {
            let lines = lay_out(text)?;
            lines.glyphs.iter().for_each(|glyph| used.add(glyph.font, glyph.id, &glyph.text));
            laid.insert(text, lines);
        }
    }
    if used.lacks_letters() {
        step.warn(
            "no font of this machine has all letters of the text: install one that has, as fonts-noto-core",
        );
    }
    let fonts = used.embed(step, &mut pdf.doc, &*formwork_fonts::some()?)?;
    let options = step.options();
    let mut made: HashMap<(String, u64), Mark> = HashMap::new();
    let mut marks = Vec::new();
    for (text, view) in texts.iter().zip(views) {
        let Some(lines) = laid.get(text.as_str()) else { continue };
        let size = size(&options, lines, view);
        let key = (text.clone(), size.to_bits());
        let mark = match made.get(&key) {
            Some(known) => *known,
            None => form(pdf, lines, &fonts, &options, size)?,
        };
        made.insert(key, mark);
        marks.push(mark);
    }
    Ok(marks)
}

/// The size of the letters in points.
fn size(options: &Options<'_>, laid: &Laid, view: &View) -> f64 {
    let wide = view.size().0 * WIDE / laid.width.max(0.01) * LAID;
    let usual = if options.text("position").unwrap_or("center") == "center" { wide } else { SMALL };
    options.number("font_size").unwrap_or(usual).clamp(1.0, 2_000.0)
}

fn form(pdf: &mut Pdf, laid: &Laid, fonts: &Fonts, options: &Options<'_>, size: f64) -> Result<Mark> {
    let [red, green, blue, _] = options.colour("color").unwrap_or([0x80, 0x80, 0x80, 0xff]);
    let colour = [red, green, blue].map(|part| format!("{:.4}", f64::from(part) / 255.0)).join(" ");
    let scale = size / LAID;
    let mut content = format!("{scale} 0 0 {scale} 0 0 cm {colour} rg BT\n");
    let mut current = None;
    for glyph in &laid.glyphs {
        let Some((name, code)) = fonts.code(glyph.font, glyph.id) else { continue };
        if current != Some((glyph.font, glyph.units)) {
            // One unit of text is one unit of the font, as the matrix takes it.
            content.push_str(&format!("/{name} {} Tf\n", glyph.units));
            current = Some((glyph.font, glyph.units));
        }
        content.push_str(&format!("{} Tm <{code:04x}> Tj\n", fine(glyph.matrix)));
    }
    content.push_str("ET");
    let (width, height) = (laid.width * scale, laid.height * scale);
    let group = dictionary! { "S" => "Transparency", "Type" => "Group" };
    let dict = dictionary! {
        "Type" => "XObject",
        "Subtype" => "Form",
        "BBox" => vec![0.into(), 0.into(), width.into(), height.into()],
        "Resources" => dictionary! { "Font" => fonts.resources() },
        "Group" => group,
    };
    let form = pdf.doc.add_object(Stream::new(dict, content.into_bytes()));
    Ok(Mark { form, width, height })
}

/// A matrix with more digits: the first four are divided by the units of a font.
fn fine(matrix: Matrix) -> String {
    let [a, b, c, d, e, f] = matrix;
    let part = |value: f64| format!("{:.7}", value);
    let place = written([e, f, 0.0, 0.0, 0.0, 0.0]);
    let place: Vec<&str> = place.split(' ').take(2).collect();
    format!("{} {} {} {} {}", part(a), part(b), part(c), part(d), place.join(" "))
}

fn lay_out(text: &str) -> Result<Laid> {
    let options = usvg::Options { fontdb: formwork_fonts::some()?, ..usvg::Options::default() };
    let mut spans = String::new();
    for (number, line) in text.lines().take(MOST_LINES).enumerate() {
        let y = LAID * (1.0 + 1.2 * number as f64);
        spans.push_str(&format!("<tspan x=\"0\" y=\"{y}\">{}</tspan>", escaped(line)));
    }
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1000\" height=\"1000\"><text xml:space=\"preserve\" \
         font-family=\"{MARK_FAMILIES}\" font-size=\"{LAID}\">{spans}</text></svg>"
    );
    let tree = usvg::Tree::from_str(&svg, &options)
        .map_err(|error| Error::invalid(format!("the text cannot be laid out: {error}")))?;
    let mut texts = Vec::new();
    collect(tree.root(), &mut texts);
    let nothing = || Error::invalid("the text has no letters that can be drawn");
    let first = texts.first().ok_or_else(nothing)?;
    let bounds = first.bounding_box();
    let (left, bottom) = (f64::from(bounds.left()), f64::from(bounds.bottom()));
    let mut glyphs = Vec::new();
    for glyph in first.layouted().iter().flat_map(|span| &span.positioned_glyphs) {
        let t = glyph.outline_transform();
        let [a, b, c, d] = [t.sx, t.ky, t.kx, t.sy].map(f64::from);
        // SVG counts downwards, PDF upwards.
        let matrix = [a, -b, c, -d, f64::from(t.tx) - left, bottom - f64::from(t.ty)];
        let units =
            (f64::from(glyph.font_size()) / a.hypot(b).max(1e-9)).round().clamp(16.0, 16_384.0) as u16;
        glyphs.push(Glyph {
            font: glyph.font,
            id: u16::try_from(glyph.id.0).unwrap_or(0),
            text: glyph.text.clone(),
            units,
            matrix,
        });
    }
    if glyphs.is_empty() {
        return Err(nothing());
    }
    Ok(Laid { glyphs, width: bounds.width().into(), height: bounds.height().into() })
}

fn collect<'t>(group: &'t usvg::Group, found: &mut Vec<&'t usvg::Text>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => collect(group, found),
            usvg::Node::Text(text) => found.push(text),
            _ => {}
        }
    }
}
