//! The text itself.

use super::parts;
use crate::flow::{Flow, Media, fitted, walk};
use crate::model::Model;
use crate::text::{Cell, Picture, Span, Style, Table};
use formwork_sdk::{Result, Step, xml};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

/// Width of the text in twentieths of a point.
const WIDTH: usize = 9_000;
/// Units of a drawing in a point (ECMA-376 part 1, 20.1.2.1).
const UNITS: f32 = 12_700.0;

/// What holds the text.
pub(super) struct Body<'m> {
    pub(super) document: String,
    /// Where its links lead, and its pictures lie.
    pub(super) relations: String,
    pub(super) media: Media<'m>,
}

/// Writes the text of a document.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(super) fn write<'m>(step: &Step<'_>, model: &'m Model) -> Result<Body<'m>> {
    let (xml, links) = (parts::DOCUMENT_START.to_owned(), BTreeMap::new());
    let mut body = Writer { xml, links, media: Media::default() };
    walk(step, &model.blocks, 0, &mut body)?;
    body.xml.push_str(parts::DOCUMENT_END);
    let links: Vec<_> = body.links.iter().map(|(address, number)| (*number, address.as_ref())).collect();
    let relations = parts::relations(&links, &body.media.files);
    Ok(Body { document: body.xml, relations, media: body.media })
}

struct Writer<'m> {
    xml: String,
    /// Addresses and their numbers.
    links: BTreeMap<Rc<str>, usize>,
    media: Media<'m>,
}

impl<'m> Flow<'m> for Writer<'m> {
    fn heading(&mut self, level: u8, spans: &'m [Span]) {
        self.text(&format!("<w:pStyle w:val=\"Heading{level}\"/>"), spans, None);
    }

    fn paragraph(&mut self, spans: &'m [Span]) {
        self.text("", spans, None);
    }

    fn item(&mut self, mark: Option<&'m str>, spans: &'m [Span]) {
        const ITEM: &str = "<w:pStyle w:val=\"ListParagraph\"/>";
        const BULLET: &str = "<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr>";
        match mark {
            // Its number is part of its text, so that it stays what it was.
            Some(mark) => self.text(ITEM, spans, Some(&format!("{mark}."))),
            None => self.text(&format!("{ITEM}{BULLET}"), spans, None),
        }
    }

    fn table(&mut self, table: &'m Table) {
        let columns = table.columns().max(1);
        let width = WIDTH / columns;
        self.xml.push_str("<w:tbl><w:tblPr><w:tblStyle w:val=\"TableGrid\"/><w:tblW w:w=\"0\" w:type=\"auto\"/></w:tblPr><w:tblGrid>");
        for _ in 0..columns {
            let _ = write!(self.xml, "<w:gridCol w:w=\"{width}\"/>");
        }
        self.xml.push_str("</w:tblGrid>");
        for row in &table.rows {
            self.xml.push_str("<w:tr>");
            for column in 0..columns {
                let text = row.get(column).map(Cell::text).unwrap_or_default();
                let _ =
                    write!(self.xml, "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/></w:tcPr><w:p>");
                self.run(&text, Style::default(), false);
                self.xml.push_str("</w:p></w:tc>");
            }
            self.xml.push_str("</w:tr>");
        }
        // Two tables that touch would become one.
        self.xml.push_str("</w:tbl><w:p/>");
    }

    fn picture(&mut self, picture: &'m Picture) {
        let (number, _) = self.media.add(picture);
        let (width, height) = fitted(picture);
        let units = |points: f32| (points * UNITS).round() as u64;
        parts::drawing(number, units(width), units(height), &mut self.xml);
    }
}

impl Writer<'_> {
    fn text(&mut self, look: &str, spans: &[Span], mark: Option<&str>) {
        self.xml.push_str("<w:p>");
        if !look.is_empty() {
            let _ = write!(self.xml, "<w:pPr>{look}</w:pPr>");
        }
        if let Some(mark) = mark {
            self.run(mark, Style::default(), false);
            self.xml.push_str("<w:r><w:tab/></w:r>");
        }
        for span in spans {
            self.span(span);
        }
        self.xml.push_str("</w:p>");
    }

    fn span(&mut self, span: &Span) {
        let Some(address) = &span.link else { return self.run(&span.text, span.style, false) };
        let next = self.links.len() + 1;
        let number = *self.links.entry(address.clone()).or_insert(next);
        let _ = write!(self.xml, "<w:hyperlink r:id=\"link{number}\">");
        self.run(&span.text, span.style, true);
        self.xml.push_str("</w:hyperlink>");
    }

    fn run(&mut self, text: &str, style: Style, is_link: bool) {
        let mut look = String::new();
        let mut add = |is: bool, xml: &str| look.push_str(if is { xml } else { "" });
        add(is_link, "<w:rStyle w:val=\"Hyperlink\"/>");
        add(style.fixed, "<w:rFonts w:ascii=\"Courier New\" w:hAnsi=\"Courier New\" w:cs=\"Courier New\"/>");
        add(style.bold, "<w:b/>");
        add(style.italic, "<w:i/>");
        self.xml.push_str("<w:r>");
        if !look.is_empty() {
            let _ = write!(self.xml, "<w:rPr>{look}</w:rPr>");
        }
        self.xml.push_str("<w:t xml:space=\"preserve\">");
        xml::escape(text, &mut self.xml);
        self.xml.push_str("</w:t></w:r>");
    }
}
