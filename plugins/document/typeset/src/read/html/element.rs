//! What each element of a page becomes.

use super::style::{Look, align, colour};
use super::{Begun, End, Reader};
use crate::builder::Frame;
use crate::read::picture::{self, Said, pixels};
use crate::tree::{Align, Block, Cell, Inline, Item, Numbers, Shift, Table, Target, Term};
use ego_tree::NodeRef;
use scraper::Node;
use scraper::node::Element;

/// The most columns or rows one cell covers.
const WIDEST: usize = 200;
/// The longest address of a link.
const LONGEST_LINK: usize = 4096;

impl Reader {
    pub(super) fn start(&mut self, element: &Element, node: &NodeRef<'_, Node>) {
        if self.skipping > 0 {
            self.skipping += 1;
            return;
        }
        let (style, align) = (self.builder.style, self.builder.align);
        let name = element.name();
        let look = element.attr("style").map(Look::of).unwrap_or_default();
        let end = if look.hidden || element.attr("hidden").is_some() || self.is_unseen(name) {
            self.skipping = 1;
            End::Skipped
        } else if self.code.is_some() {
            self.within_code(name);
            End::Plain
        } else {
            // A look set by the element holds for what is in it, a break before it does not.
            if look.new_page {
                self.builder.add_behind(Block::PageBreak);
            }
            let ends_paragraph = is_block(name);
            if ends_paragraph {
                self.builder.flush();
            }
            self.dress(name, element, &look);
            self.anchor(element);
            let end = self.element(name, element, node);
            if ends_paragraph && matches!(end, End::Plain) { End::Paragraph } else { end }
        };
        self.begun.push(Begun { style, align, end });
    }

    /// Elements that are not part of the text.
    fn is_unseen(&mut self, name: &str) -> bool {
        let lost = &mut self.builder.document.lost;
        match name {
            "head" | "script" | "style" | "template" | "noscript" | "datalist" | "annotation"
            | "annotation-xml" | "rp" | "map" => true,
            "svg" => {
                lost.drawings += 1;
                true
            }
            "iframe" | "object" | "embed" | "video" | "audio" | "canvas" | "applet" => {
                lost.players += 1;
                true
            }
            _ => false,
        }
    }

    fn within_code(&mut self, name: &str) {
        if let (Some(code), "br") = (&mut self.code, name) {
            code.push('\n');
        }
    }

    pub(super) fn end_code(&mut self) {
        let Some(code) = self.code.take() else { return };
        let code = code.trim_end_matches(['\n', '\r', ' ', '\t']);
        if !code.is_empty() {
            self.builder.add_behind(Block::Code(code.to_owned()));
        }
    }

    /// Sets how text within the element looks.
    fn dress(&mut self, name: &str, element: &Element, look: &Look) {
        if name == "a" {
            let link = element.attr("href").and_then(|href| self.link(href));
            self.builder.style.link = link.or(self.builder.style.link);
        }
        let style = &mut self.builder.style;
        match name {
            "b" | "strong" | "th" | "dt" | "summary" | "legend" => style.bold = true,
            "i" | "em" | "cite" | "dfn" | "var" | "address" => style.italic = true,
            "u" | "ins" => style.underline = true,
            "s" | "strike" | "del" => style.strike = true,
            "code" | "kbd" | "samp" | "tt" => style.code = true,
            "mark" => style.mark = true,
            "sub" => style.shift = Shift::Sub,
            "sup" => style.shift = Shift::Super,
            "small" => style.small = true,
            "font" => style.colour = element.attr("color").and_then(colour).or(style.colour),
            "center" => self.builder.align = Align::Center,
            _ => {}
        }
        let style = &mut self.builder.style;
        style.bold = look.bold.unwrap_or(style.bold);
        style.italic = look.italic.unwrap_or(style.italic);
        style.underline |= look.underline.unwrap_or_default();
        style.strike |= look.strike.unwrap_or_default();
        style.colour = look.colour.or(style.colour);
        let said = element.attr("align").filter(|_| is_block(name) && name != "table").and_then(align);
        self.builder.align = look.align.or(said).unwrap_or(self.builder.align);
    }

    /// Where a link leads, if anywhere: to a place in the page, or to what a reader of paper can be told.
    fn link(&mut self, href: &str) -> Option<u32> {
        let href = href.trim();
        let target = match href.strip_prefix('#') {
            Some(name) => Target::Anchor(*self.survey.anchors.get(name)?),
            None => {
                let (scheme, _) = href.split_once(':')?;
                let known = ["http", "https", "mailto", "tel", "ftp"]
                    .iter()
                    .any(|word| scheme.eq_ignore_ascii_case(word));
                if !known || href.len() > LONGEST_LINK {
                    return None;
                }
                Target::Url(href.to_owned())
            }
        };
        let links = &mut self.builder.document.links;
        if links.last() != Some(&target) {
            links.push(target);
        }
        u32::try_from(links.len() - 1).ok()
    }

    /// Marks a place that some link leads to. The first of a name counts.
    fn anchor(&mut self, element: &Element) {
        let name = element.attr("id").or(element.attr("name"));
        if let Some(number) = name.and_then(|name| self.survey.anchors.get(name)).copied()
            && self.placed.insert(number)
        {
            self.builder.inline(Inline::Anchor(number));
        }
    }

    fn element(&mut self, name: &str, element: &Element, node: &NodeRef<'_, Node>) -> End {
        match name {
            "br" => self.builder.line_break(),
            "hr" => self.builder.add_behind(Block::Rule),
            "img" => self.picture(element),
            "input" => self.input(element),
            "q" => {
                self.builder.text("“");
                return End::Text("”");
            }
            "option" | "button" | "label" => return End::Text(" "),
            "rt" => {
                self.builder.text("(");
                return End::Text(")");
            }
            "math" => self.builder.document.lost.drawings += 1,
            "pre" | "listing" | "xmp" | "plaintext" => {
                self.code = Some(String::new());
                return End::Code;
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.bytes().last().map_or(1, |digit| digit.saturating_sub(b'0'));
                self.builder.start_heading(level);
                return End::Heading;
            }
            _ => return self.container(name, element, node),
        }
        End::Plain
    }

    fn container(&mut self, name: &str, element: &Element, node: &NodeRef<'_, Node>) -> End {
        let frame = match name {
            "blockquote" => Frame::Quote(Vec::new()),
            "ul" | "menu" | "dir" => Frame::List(None, Vec::new()),
            "ol" => Frame::List(Some(numbers(element)), Vec::new()),
            "li" => {
                let number = element.attr("value").and_then(|value| value.trim().parse().ok());
                Frame::Item(Item { number, blocks: Vec::new() })
            }
            "dl" => Frame::Terms(Vec::new(), false),
            "dt" => return self.term(),
            "table" => return self.table(node),
            "tr" => {
                self.row(node);
                return End::Plain;
            }
            "td" | "th" if self.tables.last() == Some(&true) => Frame::Cell(self.cell(name, element)),
            "caption" if self.tables.last() == Some(&true) => return End::Caption,
            "div" if element.attr("class") == Some("footnote-definition") => {
                let place = self.survey.notes.get(element.attr("id").unwrap_or_default());
                let Some(place) = place else { return End::Plain };
                Frame::Note(*place, Vec::new())
            }
            "sup" => return self.note(element, node),
            _ => return End::Plain,
        };
        if self.builder.open(frame) { End::Frame } else { End::Paragraph }
    }

    /// Footnotes as Markdown makes them: the mark, and the number in front of the note.
    fn note(&mut self, element: &Element, node: &NodeRef<'_, Node>) -> End {
        match element.attr("class") {
            Some("footnote-reference") => {
                let link = node.first_child().and_then(|child| child.value().as_element()?.attr("href"));
                let place = link.and_then(|href| self.survey.notes.get(href.strip_prefix('#')?)).copied();
                let Some(place) = place else { return End::Plain };
                self.builder.inline(Inline::Note(place));
            }
            Some("footnote-definition-label") => {}
            _ => return End::Plain,
        }
        self.skipping = 1;
        End::Skipped
    }

    fn term(&mut self) -> End {
        let Some(Frame::Terms(terms, naming)) = self.builder.innermost() else { return End::Plain };
        terms.push(Term::default());
        *naming = true;
        End::Name
    }

    fn table(&mut self, node: &NodeRef<'_, Node>) -> End {
        let table = Table { splits: true, ..Table::default() };
        let framed =
            !self.survey.layout.contains(&node.id()) && self.builder.open(Frame::Table(table, Vec::new()));
        self.tables.push(framed);
        // What the table is set in holds for none of its cells.
        self.builder.align = Align::Start;
        End::Table(framed)
    }

    fn row(&mut self, node: &NodeRef<'_, Node>) {
        let head = node.parent().is_some_and(|parent| {
            parent.value().as_element().is_some_and(|element| element.name() == "thead")
        });
        if self.tables.last() == Some(&true)
            && let Some((table, heads)) = self.builder.table()
        {
            table.rows.push(Vec::new());
            heads.push(head);
        }
    }

    fn cell(&mut self, name: &str, element: &Element) -> Cell {
        let covers = |attribute: &str| {
            let count = element.attr(attribute).and_then(|value| value.trim().parse::<usize>().ok());
            count.unwrap_or(1).clamp(1, WIDEST)
        };
        let (columns, rows) = (covers("colspan"), covers("rowspan"));
        let said = Some(self.builder.align).filter(|align| *align != Align::Start);
        Cell { blocks: Vec::new(), columns, rows, head: name == "th", align: said }
    }

    fn picture(&mut self, element: &Element) {
        let side = |name: &str| element.attr(name).and_then(pixels);
        let source = element.attr("src").or(element.attr("data-src")).unwrap_or_default();
        let alt = element.attr("alt").unwrap_or_default();
        let said = Said { source, alt, size: (side("width"), side("height")) };
        let found = picture::add(&mut self.builder.document, &said, &self.limits);
        match found {
            Some(place) => {
                let link = self.builder.style.link;
                self.builder.inline(Inline::Picture(place, link));
            }
            None => self.builder.text(alt),
        }
    }

    fn input(&mut self, element: &Element) {
        let ticked = element.attr("checked").is_some();
        match element.attr("type").unwrap_or("text").to_ascii_lowercase().as_str() {
            "checkbox" => self.builder.text(if ticked { "☑ " } else { "☐ " }),
            "radio" => self.builder.text(if ticked { "◉ " } else { "○ " }),
            "hidden" | "image" | "password" | "file" | "color" | "range" => {}
            _ => self.builder.text(element.attr("value").unwrap_or_default()),
        }
    }
}

fn numbers(element: &Element) -> Numbers {
    let start = element.attr("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1);
    let kind =
        element.attr("type").and_then(|kind| kind.chars().next()).filter(|kind| "1aAiI".contains(*kind));
    Numbers { start, kind: kind.unwrap_or('1'), reversed: element.attr("reversed").is_some() }
}

/// Elements that stand by themselves.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "listing"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "plaintext"
            | "pre"
            | "search"
            | "section"
            | "select"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
            | "xmp"
    )
}
