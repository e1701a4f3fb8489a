//! One slide (ECMA-376 part 1, PresentationML and DrawingML).

use super::boxes::{Row, Run, TextBox};
use super::parts;
use crate::office::{self, KINDS, RELATIONS_END, RELATIONS_START};
use crate::text::Area;
use formwork_sdk::xml::{HEAD, escape};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

/// Units of a drawing in a point (20.1.2.1), and of a turn in a quarter (20.1.10.3).
const UNITS: f32 = 12_700.0;
const QUARTER: u32 = 5_400_000;
/// Sizes of letters in hundredths of a point (20.1.10.72).
const SIZES: std::ops::RangeInclusive<f32> = 100.0..=400_000.0;
/// Parts of a whole (20.1.10.40).
const WHOLE: f32 = 100_000.0;
/// How far letters may be set apart or together, as a part of their size.
const SPACING: std::ops::RangeInclusive<f32> = -0.12..=0.3;
/// Room to the right of a line, as a part of its width: letters of another font may be wider.
const ROOM: f32 = 0.04;

/// How a page lies on a slide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) scale: f32,
    pub(super) left: f32,
    pub(super) top: f32,
}

/// A slide under construction.
pub(super) struct Slide {
    fit: Fit,
    /// Width and height of the page.
    size: (f32, f32),
    background: String,
    shapes: String,
    links: BTreeMap<Rc<str>, usize>,
    /// Names of pictures in the package.
    pictures: Vec<String>,
    shape: usize,
}

impl Slide {
    pub(super) fn new(fit: Fit, size: (f32, f32)) -> Slide {
        let (background, shapes) = (String::new(), String::new());
        Slide { fit, size, background, shapes, links: BTreeMap::new(), pictures: Vec::new(), shape: 1 }
    }

    /// The page is of one colour.
    pub(super) fn paint(&mut self, colour: [u8; 3]) {
        self.background = format!("<p:bg><p:bgPr>{}<a:effectLst/></p:bgPr></p:bg>", fill(colour, u8::MAX));
    }

    /// The page has a picture behind everything. It is the slide's background when it covers all of it.
    pub(super) fn back(&mut self, name: &str) {
        let covers = self.fit.left == 0.0 && self.fit.top == 0.0;
        if covers {
            let number = self.relate(name);
            self.background = format!(
                "<p:bg><p:bgPr><a:blipFill dpi=\"0\" rotWithShape=\"1\"><a:blip r:embed=\"image{number}\"/><a:stretch>\
                 <a:fillRect/></a:stretch></a:blipFill><a:effectLst/></p:bgPr></p:bg>"
            );
        } else {
            let (width, height) = self.size;
            self.picture(name, &Area { left: 0.0, top: 0.0, right: width, bottom: height });
        }
    }

    fn relate(&mut self, name: &str) -> usize {
        self.pictures.push(name.to_owned());
        self.pictures.len()
    }

    /// Adds a picture that can be moved.
    pub(super) fn picture(&mut self, name: &str, area: &Area) {
        let number = self.relate(name);
        self.shape += 1;
        let frame = self.frame(area, 0);
        let _ = write!(
            self.shapes,
            "<p:pic><p:nvPicPr><p:cNvPr id=\"{0}\" name=\"Picture {0}\"/><p:cNvPicPr><a:picLocks noChangeAspect=\"1\"/>\
             </p:cNvPicPr><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:embed=\"image{number}\"/><a:stretch><a:fillRect/>\
             </a:stretch></p:blipFill><p:spPr>{frame}<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></p:spPr></p:pic>",
            self.shape
        );
    }

    /// Where a shape stands whose upright area is this.
    fn frame(&self, area: &Area, turns: u8) -> String {
        let Fit { scale, left, top } = self.fit;
        let (width, height) = self.size;
        let (x, y) = area.middle();
        // Back from where text is upright to the page: the middle stays the middle.
        let (x, y) = match turns {
            1 => (width - y, x),
            2 => (width - x, height - y),
            3 => (y, height - x),
            _ => (x, y),
        };
        let units = |points: f32| (points * scale * UNITS).round() as i64;
        let turn =
            if turns == 0 { String::new() } else { format!(" rot=\"{}\"", u32::from(turns) * QUARTER) };
        format!(
            "<a:xfrm{turn}><a:off x=\"{}\" y=\"{}\"/><a:ext cx=\"{}\" cy=\"{}\"/></a:xfrm>",
            units(x + left / scale - area.width() / 2.0),
            units(y + top / scale - area.height() / 2.0),
            units(area.width()).max(1),
            units(area.height()).max(1)
        )
    }

    /// Adds a text box.
    pub(super) fn text(&mut self, text: &TextBox) {
        let Some(first) = text.rows.first().filter(|row| !row.runs.is_empty()) else { return };
        self.shape += 1;
        let frame = self.frame(&outline(text, first), text.turns);
        let _ = write!(
            self.shapes,
            "<p:sp><p:nvSpPr><p:cNvPr id=\"{0}\" name=\"Text {0}\"/><p:cNvSpPr txBox=\"1\"/><p:nvPr/></p:nvSpPr><p:spPr>\
             {frame}<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom><a:noFill/></p:spPr><p:txBody><a:bodyPr \
             wrap=\"square\" lIns=\"0\" tIns=\"0\" rIns=\"0\" bIns=\"0\" anchor=\"t\"><a:noAutofit/></a:bodyPr>\
             <a:lstStyle/><a:p>",
            self.shape
        );
        self.look(text, first);
        for (number, row) in text.rows.iter().enumerate() {
            if number > 0 {
                let size = self.size_of(row);
                let _ = write!(self.shapes, "<a:br><a:rPr sz=\"{size}\"/></a:br>");
            }
            let spacing = spacing(row);
            row.runs.iter().for_each(|run| self.run(run, row, spacing));
        }
        self.shapes.push_str("</a:p></p:txBody></p:sp>");
    }

    /// How the lines of a box stand.
    fn look(&mut self, text: &TextBox, first: &Row) {
        let scale = self.fit.scale;
        let units = |points: f32| (points * scale * UNITS).round() as i64;
        let rest = text.rows.get(1).map_or(first.left, |row| row.left);
        let _ = match text.is_centred {
            true => write!(self.shapes, "<a:pPr algn=\"ctr\">"),
            false => write!(
                self.shapes,
                "<a:pPr marL=\"{}\" indent=\"{}\" algn=\"l\">",
                units(rest - text.area.left).max(0),
                units(first.left - rest)
            ),
        };
        if let Some(leading) = text.leading {
            let points = (leading * scale * 100.0).round().clamp(0.0, 158_400.0);
            let _ = write!(self.shapes, "<a:lnSpc><a:spcPts val=\"{points}\"/></a:lnSpc>");
        }
        self.shapes.push_str("</a:pPr>");
    }

    fn size_of(&self, row: &Row) -> i64 {
        (row.size * self.fit.scale * 100.0).clamp(*SIZES.start(), *SIZES.end()).round() as i64
    }

    fn run(&mut self, run: &Run, row: &Row, spacing: f32) {
        let mut marks = format!(" sz=\"{}\"", self.size_of(row));
        let mut mark = |is: bool, text: String| marks.push_str(if is { &text } else { "" });
        mark(run.style.bold, " b=\"1\"".into());
        mark(run.style.italic, " i=\"1\"".into());
        let apart = (spacing * self.fit.scale * 100.0).round() as i64;
        mark(apart != 0, format!(" spc=\"{apart}\""));
        let raised = (run.raised * WHOLE).round() as i64;
        mark(raised != 0, format!(" baseline=\"{raised}\""));
        let name = run.face.family.name();
        let link = run.link.as_ref().map(|address| {
            let next = self.links.len() + 1;
            let number = *self.links.entry(address.clone()).or_insert(next);
            format!("<a:hlinkClick r:id=\"link{number}\"/>")
        });
        let _ = write!(
            self.shapes,
            "<a:r><a:rPr{marks}>{}<a:latin typeface=\"{name}\"/><a:cs typeface=\"{name}\"/>{}</a:rPr><a:t>",
            fill(run.face.colour, run.face.alpha),
            link.unwrap_or_default()
        );
        escape(&run.text, &mut self.shapes);
        self.shapes.push_str("</a:t></a:r>");
    }

    /// The slide, and what it refers to.
    pub(super) fn end(self) -> (String, String) {
        let xml = format!(
            "{}{}{}{}{}",
            parts::SLIDE_START,
            self.background,
            parts::TREE_START,
            self.shapes,
            parts::SLIDE_END
        );
        let mut relations = format!("{HEAD}{}", RELATIONS_START);
        let _ = write!(
            relations,
            "<Relationship Id=\"layout\" Type=\"{KINDS}/slideLayout\" Target=\"../slideLayouts/slideLayout1.xml\"/>"
        );
        for (place, name) in self.pictures.iter().enumerate() {
            let number = place + 1;
            let _ = write!(
                relations,
                "<Relationship Id=\"image{number}\" Type=\"{KINDS}/image\" Target=\"../media/{name}\"/>"
            );
        }
        self.links.iter().for_each(|(address, number)| office::link(*number, address, &mut relations));
        relations.push_str(RELATIONS_END);
        (xml, relations)
    }
}

/// A box so large that its text stands where it stood.
fn outline(text: &TextBox, first: &Row) -> Area {
    let family = first.runs.first().map(|run| run.face.family).unwrap_or_default();
    let (above, below) = family.reach();
    // A line of a given height stands as far above its end as letters reach below (20.1.2.2.31 leaves that open).
    let above = text.leading.map_or(above * first.size, |leading| leading - below * first.size);
    let room = text.area.width() * ROOM + first.size * 0.2;
    let (left, right) = if text.is_centred { (room / 2.0, room / 2.0) } else { (0.0, room) };
    Area {
        left: text.area.left - left,
        top: text.base - above,
        right: text.area.right + right,
        bottom: text.area.bottom.max(text.base + below * first.size),
    }
}

/// The space that makes a line as wide as it was.
fn spacing(row: &Row) -> f32 {
    let letters: usize = row.runs.iter().map(|run| run.text.chars().count()).sum();
    let width: f32 = row.runs.iter().map(|run| run.face.family.width(&run.text, run.style.bold)).sum();
    let each = (row.width - width * row.size) / letters.max(1) as f32;
    each.clamp(SPACING.start() * row.size, SPACING.end() * row.size)
}

fn fill([red, green, blue]: [u8; 3], alpha: u8) -> String {
    let inner = match alpha {
        u8::MAX => String::new(),
        alpha => format!("<a:alpha val=\"{}\"/>", (f32::from(alpha) / f32::from(u8::MAX) * WHOLE).round()),
    };
    format!(
        "<a:solidFill><a:srgbClr val=\"{red:02X}{green:02X}{blue:02X}\">{inner}</a:srgbClr></a:solidFill>"
    )
}
