//! PDF to HTML: text that flows.

use crate::model::{self, Model};
use crate::text::{Block, Picture, Span, Table};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use formwork_sdk::{Result, Step};

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let model = model::read(step, true)?;
    step.write_output(page(&model).as_bytes())
}

fn page(model: &Model) -> String {
    let mut html = String::from("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>");
    escape(model.title.as_deref().unwrap_or_default(), &mut html);
    html.push_str("</title>\n</head>\n<body>\n");
    let mut list = None;
    for block in &model.blocks {
        let wanted = match block {
            Block::Item(None, _) => Some("ul"),
            Block::Item(Some(_), _) => Some("ol"),
            _ => None,
        };
        if list != wanted {
            close(list, &mut html);
            open(block, &mut html);
            list = wanted;
        }
        add(block, &mut html);
    }
    close(list, &mut html);
    html.push_str("</body>\n</html>\n");
    html
}

/// Begins the list that an item is in.
fn open(block: &Block, html: &mut String) {
    match block {
        Block::Item(None, _) => html.push_str("<ul>\n"),
        Block::Item(Some(number), _) => match number.parse::<u16>() {
            Ok(1) => html.push_str("<ol>\n"),
            Ok(start) => html.push_str(&format!("<ol start=\"{start}\">\n")),
            Err(_) => html.push_str("<ol type=\"a\">\n"),
        },
        _ => {}
    }
}

fn close(list: Option<&str>, html: &mut String) {
    if let Some(name) = list {
        html.push_str(&format!("</{name}>\n"));
    }
}

fn add(block: &Block, html: &mut String) {
    match block {
        Block::Heading(level, spans) => element(&format!("h{level}"), spans, html),
        Block::Paragraph(spans) => element("p", spans, html),
        Block::Item(_, spans) => element("li", spans, html),
        Block::Table(table) => rows(table, html),
        Block::Picture(shown) => picture(shown, html),
    }
}

fn element(name: &str, spans: &[Span], html: &mut String) {
    html.push_str(&format!("<{name}>"));
    for span in spans {
        inline(span, html);
    }
    html.push_str(&format!("</{name}>\n"));
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

/// A picture within the page itself, at the size it has in the PDF.
fn picture(picture: &Picture, html: &mut String) {
    // There are 96 pixels of a page to 72 points (CSS Values 4, section 6.2).
    let pixels = |points: f32| (points * 96.0 / 72.0).round();
    let kind = if picture.is_jpeg { "jpeg" } else { "png" };
    let (width, height) = (pixels(picture.area.width()), pixels(picture.area.height()));
    html.push_str(&format!(
        "<p><img alt=\"\" width=\"{width}\" height=\"{height}\" src=\"data:image/{kind};base64,"
    ));
    BASE64.encode_string(&picture.file, html);
    html.push_str("\"></p>\n");
}

fn rows(table: &Table, html: &mut String) {
    html.push_str("<table>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for cell in row {
            html.push_str("<td>");
            escape(&cell.text(), html);
            html.push_str("</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
}

fn escape(text: &str, html: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            letter => html.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_text_and_lists_are_closed() {
        let span = |text: &str| {
            vec![Span { text: text.into(), link: Some("http://a/?b\"c".into()), ..Span::default() }]
        };
        let blocks = vec![Block::Item(Some("3".into()), span("<a>")), Block::Paragraph(span("b"))];
        let html = page(&Model { title: Some("a & b".into()), blocks });
        assert!(html.contains("<title>a &amp; b</title>"), "{html}");
        assert!(
            html.contains(
                "<ol start=\"3\">\n<li><a href=\"http://a/?b&quot;c\">&lt;a&gt;</a></li>\n</ol>\n<p>"
            ),
            "{html}"
        );
    }
}
