//! HTML to the tree: the elements that structure a page, and the looks that carry meaning. Nothing is fetched, no script
//! runs; what a page asks for beyond itself is told as lost.

mod element;
mod shallow;
mod style;
mod survey;

use crate::builder::{Builder, Frame};
use crate::tree::{Align, Document, Style};
use ego_tree::iter::Edge;
use encoding_rs::Encoding;
use formwork_sdk::{Limits, Result, Step};
use formwork_tables::encoding;
use scraper::{Html, HtmlTreeSink, Node, StrTendril};
use std::collections::HashSet;
use survey::Survey;

/// How much of a page may come before what names its encoding.
const PRESCAN: usize = 4096;
/// Text that is parsed between two questions whether to go on.
const PIECE: usize = 64 << 10;

/// Reads a page.
pub(super) fn read(step: &Step<'_>, bytes: &[u8]) -> Result<Document> {
    let decoded = encoding::decode(bytes, declared(bytes))?;
    formwork_tables::tell_encoding(step, &decoded);
    from_text(step, &decoded.text)
}

/// Reads a page that is text already.
pub(super) fn from_text(step: &Step<'_>, text: &str) -> Result<Document> {
    let (text, dropped) = shallow::cut(text);
    let html = parse(step, &text)?;
    let mut builder = Builder::default();
    builder.document.lost.deep += dropped;
    let survey = survey::look(&html, &mut builder.document);
    builder.document.notes.resize_with(survey.notes.len(), Vec::new);
    let mut reader = Reader { builder, survey, limits: *step.limits(), ..Reader::default() };
    for (at, edge) in html.tree.root().traverse().enumerate() {
        if at % 4096 == 0 {
            step.tick(0, 0)?;
        }
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Text(text) => reader.text(text),
                Node::Element(element) => reader.start(element, &node),
                _ => {}
            },
            Edge::Close(node) if node.value().is_element() => reader.end(),
            Edge::Close(_) => {}
        }
    }
    Ok(reader.builder.finish())
}

fn parse(step: &Step<'_>, text: &str) -> Result<Html> {
    use html5ever::tendril::TendrilSink;
    let sink = HtmlTreeSink::new(Html::new_document());
    let mut parser = html5ever::driver::parse_document(sink, html5ever::ParseOpts::default());
    let (mut rest, total) = (text, text.len() as u64);
    while !rest.is_empty() {
        step.tick(total - rest.len() as u64, total * 2)?;
        let end =
            (1..=PIECE.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        parser.process(StrTendril::from(piece));
        rest = behind;
    }
    Ok(parser.finish())
}

/// The encoding a page names itself (HTML Living Standard, 13.2.3.2).
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.get(..PRESCAN).unwrap_or(bytes).to_ascii_lowercase();
    let at = start.windows(8).position(|window| window == b"charset=" || window == b"encoding")?;
    let rest = start.get(at + 8..)?;
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'=' | b'"' | b'\'' | b' ')).count();
    let label =
        rest.get(skipped..)?.split(|byte| !byte.is_ascii_alphanumeric() && !b"-_:".contains(byte)).next()?;
    Encoding::for_label(label)
}

/// What is to be done when an element ends.
enum End {
    /// Nothing but to look as before.
    Plain,
    /// A paragraph ends.
    Paragraph,
    /// A container closes.
    Frame,
    /// The heading was read.
    Heading,
    /// The text was program text.
    Code,
    /// What was read is the name of a term.
    Name,
    /// What was read is the table's name.
    Caption,
    /// A table ends; the flag tells that it was a container.
    Table(bool),
    /// This is written behind it.
    Text(&'static str),
    /// Nothing of the element is shown.
    Skipped,
}

/// An element that was begun.
struct Begun {
    style: Style,
    align: Align,
    end: End,
}

/// Walks through a page.
#[derive(Default)]
struct Reader {
    builder: Builder,
    survey: Survey,
    limits: Limits,
    begun: Vec<Begun>,
    /// Elements that are being skipped.
    skipping: usize,
    /// Program text that is being read.
    code: Option<String>,
    /// Tables that are open; the flag tells a true one from layout.
    tables: Vec<bool>,
    /// Places that were marked.
    placed: HashSet<u32>,
}

impl Reader {
    fn text(&mut self, text: &str) {
        match &mut self.code {
            _ if self.skipping > 0 => {}
            Some(code) => code.push_str(text),
            // White space between rows and cells is none of the table's text.
            None if matches!(self.builder.innermost(), Some(Frame::Table(..))) && text.trim().is_empty() => {}
            None => self.builder.text(text),
        }
    }

    fn end(&mut self) {
        if self.skipping > 0 {
            self.skipping -= 1;
            if self.skipping > 0 {
                return;
            }
        }
        let Some(begun) = self.begun.pop() else { return };
        match begun.end {
            End::Plain | End::Skipped => {}
            End::Paragraph => self.builder.flush(),
            End::Frame => self.builder.close(),
            End::Heading => self.builder.end_heading(),
            End::Code => self.end_code(),
            End::Name => {
                self.builder.flush();
                if let Some(Frame::Terms(_, naming)) = self.builder.innermost() {
                    *naming = false;
                }
            }
            End::Caption => {
                let line = self.builder.take_line();
                if let Some((table, _)) = self.builder.table() {
                    table.caption = line;
                }
            }
            End::Table(framed) => {
                self.tables.pop();
                if framed {
                    self.builder.close();
                } else {
                    self.builder.flush();
                }
            }
            End::Text(text) => self.builder.text(text),
        }
        self.builder.style = begun.style;
        self.builder.align = begun.align;
    }
}
