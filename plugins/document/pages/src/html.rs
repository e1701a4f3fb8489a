//! PDF to HTML: text that flows.

use crate::flow::{Flow, List, walk};
use crate::model;
use crate::text::{Picture, Span, Table};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use formwork_sdk::xml::{escape, escaped};
use formwork_sdk::{Result, Step};
use std::collections::BTreeSet;

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let model = model::read(step, true)?;
    let title = escaped(model.title.as_deref().unwrap_or_default());
    let mut html = format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n</head>\n<body>\n"
    );
    let mut flow = Html::new(&mut html, BTreeSet::new(), within);
    walk(step, &model.blocks, 0, &mut flow)?;
    html.push_str("</body>\n</html>\n");
    step.write_output(html.as_bytes())
}

/// A picture within the page itself.
fn within(picture: &Picture) -> String {
    format!("data:{};base64,{}", picture.mime(), BASE64.encode(&picture.file))
}

/// Blocks as HTML that is XML as well.
pub(crate) struct Html<'h, F> {
    html: &'h mut String,
    /// Numbers of the blocks that something leads to.
    marked: BTreeSet<usize>,
    /// The attribute that marks the block that comes next.
    mark: String,
    /// Says where a picture lies.
    source: F,
}

impl<'h, F> Html<'h, F> {
    pub(crate) fn new(html: &'h mut String, marked: BTreeSet<usize>, source: F) -> Html<'h, F> {
        Html { html, marked, mark: String::new(), source }
    }

    fn element(&mut self, name: &str, spans: &[Span]) {
        let mark = std::mem::take(&mut self.mark);
        self.html.push_str(&format!("<{name}{mark}>"));
        spans.iter().for_each(|span| inline(span, self.html));
        self.html.push_str(&format!("</{name}>\n"));
    }
}

/// The attribute that marks a block.
pub(crate) fn mark(number: usize) -> String {
    format!("b{number}")
}

impl<'m, F: FnMut(&'m Picture) -> String> Flow<'m> for Html<'_, F> {
    fn begin(&mut self, number: usize) {
        let is_marked = self.marked.contains(&number);
        self.mark = if is_marked { format!(" id=\"{}\"", mark(number)) } else { String::new() };
    }

    fn heading(&mut self, level: u8, spans: &'m [Span]) {
        self.element(&format!("h{level}"), spans);
    }

    fn paragraph(&mut self, spans: &'m [Span]) {
        self.element("p", spans);
    }

    fn item(&mut self, _mark: Option<&'m str>, spans: &'m [Span]) {
        self.element("li", spans);
    }

    fn open_list(&mut self, list: List) {
        self.html.push_str(&match list {
            List::Bullets => "<ul>\n".to_owned(),
            List::Numbers(1) => "<ol>\n".to_owned(),
            List::Numbers(start) => format!("<ol start=\"{start}\">\n"),
            List::Letters => "<ol type=\"a\">\n".to_owned(),
        });
    }

    fn close_list(&mut self, list: List) {
        self.html.push_str(if list == List::Bullets { "</ul>\n" } else { "</ol>\n" });
    }

    fn table(&mut self, table: &'m Table) {
        let mark = std::mem::take(&mut self.mark);
        self.html.push_str(&format!("<table{mark}>\n"));
        for row in &table.rows {
            self.html.push_str("<tr>");
            for cell in row {
                self.html.push_str("<td>");
                escape(&cell.text(), self.html);
                self.html.push_str("</td>");
            }
            self.html.push_str("</tr>\n");
        }
        self.html.push_str("</table>\n");
    }

    /// A picture at the size it has in the PDF.
    fn picture(&mut self, picture: &'m Picture) {
        // There are 96 pixels of a page to 72 points (CSS Values 4, section 6.2).
        let pixels = |points: f32| (points * 96.0 / 72.0).round().max(1.0);
        let (width, height) = (pixels(picture.area.width()), pixels(picture.area.height()));
        let (mark, source) = (std::mem::take(&mut self.mark), (self.source)(picture));
        self.html.push_str(&format!(
            "<p{mark}><img alt=\"\" width=\"{width}\" height=\"{height}\" src=\"{source}\"/></p>\n"
        ));
    }
}

fn inline(span: &Span, html: &mut String) {
    let marks = [(span.style.bold, "b"), (span.style.italic, "i"), (span.style.fixed, "code")];
    if let Some(address) = &span.link {
        html.push_str("<a href=\"");
        escape(address, html);
        html.push_str("\">");
    }
    for (_, name) in marks.iter().filter(|(is, _)| *is) {
        html.push_str(&format!("<{name}>"));
    }
    escape(&span.text, html);
    for (_, name) in marks.iter().rev().filter(|(is, _)| *is) {
        html.push_str(&format!("</{name}>"));
    }
    if span.link.is_some() {
        html.push_str("</a>");
    }
}
