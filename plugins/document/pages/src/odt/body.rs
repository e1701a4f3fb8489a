//! The text itself.

use super::parts;
use crate::flow::{Flow, List, Media, fitted, walk};
use crate::model::Model;
use crate::text::{Cell, Picture, Span, Style, Table};
use formwork_sdk::xml::escape;
use formwork_sdk::{Result, Step};
use std::fmt::Write;

/// What holds the text.
pub(super) struct Body<'m> {
    pub(super) content: String,
    pub(super) media: Media<'m>,
}

/// Writes the text of a document.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(super) fn write<'m>(step: &Step<'_>, model: &'m Model) -> Result<Body<'m>> {
    let mut body = Writer { xml: parts::content_start(), media: Media::default(), tables: 0 };
    walk(step, &model.blocks, 0, &mut body)?;
    body.xml.push_str(parts::CONTENT_END);
    Ok(Body { content: body.xml, media: body.media })
}

struct Writer<'m> {
    xml: String,
    media: Media<'m>,
    tables: usize,
}

impl Writer<'_> {
    fn paragraph(&mut self, style: &str, mark: Option<&str>, spans: &[Span]) {
        let _ = write!(self.xml, "<text:p text:style-name=\"{style}\">");
        if let Some(mark) = mark {
            escape(mark, &mut self.xml);
            self.xml.push_str(".<text:tab/>");
        }
        spans.iter().for_each(|span| self.span(span));
        self.xml.push_str("</text:p>");
    }

    fn span(&mut self, span: &Span) {
        if let Some(address) = &span.link {
            self.xml.push_str("<text:a xlink:type=\"simple\" xlink:href=\"");
            escape(address, &mut self.xml);
            self.xml.push_str("\">");
        }
        let has_style = span.style != Style::default();
        if has_style {
            let _ = write!(self.xml, "<text:span text:style-name=\"{}\">", parts::letters(span.style));
        }
        escape(&span.text, &mut self.xml);
        self.xml.push_str(if has_style { "</text:span>" } else { "" });
        self.xml.push_str(if span.link.is_some() { "</text:a>" } else { "" });
    }
}

impl<'m> Flow<'m> for Writer<'m> {
    fn heading(&mut self, level: u8, spans: &'m [Span]) {
        let _ = write!(
            self.xml,
            "<text:h text:style-name=\"Heading_20_{level}\" text:outline-level=\"{level}\">"
        );
        spans.iter().for_each(|span| self.span(span));
        self.xml.push_str("</text:h>");
    }

    fn paragraph(&mut self, spans: &'m [Span]) {
        self.paragraph("Text_20_body", None, spans);
    }

    fn item(&mut self, mark: Option<&'m str>, spans: &'m [Span]) {
        match mark {
            // Its number is part of its text, so that it stays what it was.
            Some(mark) => self.paragraph("Numbered", Some(mark), spans),
            None => {
                self.xml.push_str("<text:list-item>");
                self.paragraph("Text_20_body", None, spans);
                self.xml.push_str("</text:list-item>");
            }
        }
    }

    fn open_list(&mut self, list: List) {
        if list == List::Bullets {
            self.xml.push_str("<text:list text:style-name=\"Bullets\">");
        }
    }

    fn close_list(&mut self, list: List) {
        if list == List::Bullets {
            self.xml.push_str("</text:list>");
        }
    }

    fn table(&mut self, table: &'m Table) {
        let columns = table.columns().max(1);
        self.tables += 1;
        let _ = write!(
            self.xml,
            "<table:table table:name=\"Table{}\" table:style-name=\"Table\"><table:table-column \
             table:number-columns-repeated=\"{columns}\"/>",
            self.tables
        );
        for row in &table.rows {
            self.xml.push_str("<table:table-row>");
            for column in 0..columns {
                self.xml.push_str(
                    "<table:table-cell table:style-name=\"Cell\" office:value-type=\"string\"><text:p>",
                );
                escape(&row.get(column).map(Cell::text).unwrap_or_default(), &mut self.xml);
                self.xml.push_str("</text:p></table:table-cell>");
            }
            self.xml.push_str("</table:table-row>");
        }
        self.xml.push_str("</table:table><text:p/>");
    }

    fn picture(&mut self, picture: &'m Picture) {
        let (number, name) = self.media.add(picture);
        let (width, height) = fitted(picture);
        let _ = write!(
            self.xml,
            "<text:p><draw:frame draw:name=\"Picture {number}\" text:anchor-type=\"as-char\" svg:width=\"{width:.2}pt\" \
             svg:height=\"{height:.2}pt\"><draw:image xlink:href=\"{}{name}\" xlink:type=\"simple\" \
             xlink:show=\"embed\" xlink:actuate=\"onLoad\"/></draw:frame></text:p>",
            parts::PICTURES
        );
    }
}
