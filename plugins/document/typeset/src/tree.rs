//! The document between reading and setting: what there is to be set, whatever format it came from.

use std::collections::HashSet;

/// A whole document.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// What stands on the pages, from top to bottom.
    pub(crate) blocks: Vec<Block>,
    /// What runs refer to as a link.
    pub(crate) links: Vec<Target>,
    /// Footnotes, referred to by their place.
    pub(crate) notes: Vec<Vec<Block>>,
    /// Pictures, referred to by their place.
    pub(crate) pictures: Vec<Picture>,
    /// What is known of the document as a whole.
    pub(crate) meta: Meta,
    /// What could not be read into the tree.
    pub(crate) lost: Lost,
}

/// What is known of a document as a whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meta {
    /// Its title.
    pub(crate) title: Option<String>,
    /// Who wrote it.
    pub(crate) author: Option<String>,
    /// What it is about, in a sentence.
    pub(crate) description: Option<String>,
    /// Words to find it by.
    pub(crate) keywords: Vec<String>,
    /// When it was written, as the document says it.
    pub(crate) date: Option<String>,
    /// Language of the text, as in `en` or `pt-BR`.
    pub(crate) language: Option<String>,
}

/// Counts of what a document names or holds and the pages do not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost {
    /// Addresses of pictures that lie elsewhere.
    pub(crate) remote: Vec<String>,
    /// Pictures inside the document that could not be used, each with the reason.
    pub(crate) pictures: Vec<String>,
    /// Scripts.
    pub(crate) scripts: usize,
    /// Style sheets.
    pub(crate) styles: usize,
    /// Drawings and formulas that are part of the page.
    pub(crate) drawings: usize,
    /// Films, sounds and frames.
    pub(crate) players: usize,
    /// Containers that were nested too deeply to be set apart.
    pub(crate) deep: usize,
}

/// What stands by itself.
#[derive(Debug)]
pub(crate) enum Block {
    /// A paragraph.
    Paragraph(Paragraph),
    /// A heading of level 1 to 6.
    Heading(u8, Paragraph),
    /// A list.
    List(List),
    /// Terms with their descriptions.
    Terms(Vec<Term>),
    /// A table.
    Table(Table),
    /// Something quoted.
    Quote(Vec<Block>),
    /// Program text.
    Code(String),
    /// Lines of plain text that stay lines, behind so many empty ones.
    Lines(usize, Vec<String>),
    /// A line across the page.
    Rule,
    /// What follows starts on a new page.
    PageBreak,
}

/// Text that flows.
#[derive(Debug, Default)]
pub(crate) struct Paragraph {
    /// Its pieces in order.
    pub(crate) inlines: Vec<Inline>,
    /// Where its lines stand.
    pub(crate) align: Align,
}

/// Where lines stand between the edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Align {
    /// Where the script begins.
    #[default]
    Start,
    /// At the left.
    Left,
    /// In the middle.
    Center,
    /// At the right.
    Right,
}

/// A piece of a paragraph.
#[derive(Debug)]
pub(crate) enum Inline {
    /// Letters.
    Text(String, Style),
    /// A new line.
    Break,
    /// A picture by its place, with the link it is part of.
    Picture(usize, Option<u32>),
    /// A mark that leads to a footnote by its place.
    Note(usize),
    /// A place that links lead to, by its number.
    Anchor(u32),
}

/// How letters look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Heavier.
    pub(crate) bold: bool,
    /// Slanted.
    pub(crate) italic: bool,
    /// With a line below.
    pub(crate) underline: bool,
    /// With a line through the middle.
    pub(crate) strike: bool,
    /// As program text.
    pub(crate) code: bool,
    /// As with a marker pen.
    pub(crate) mark: bool,
    /// Smaller and raised or lowered.
    pub(crate) shift: Shift,
    /// Smaller than the text around.
    pub(crate) small: bool,
    /// Red, green and blue.
    pub(crate) colour: Option<[u8; 3]>,
    /// The link it is part of, by its place.
    pub(crate) link: Option<u32>,
}

/// How letters leave their line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shift {
    /// Not at all.
    #[default]
    None,
    /// As in H₂O.
    Sub,
    /// As in m².
    Super,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Out of the document.
    Url(String),
    /// To a place in it, by its number.
    Anchor(u32),
}

/// A list.
#[derive(Debug)]
pub(crate) struct List {
    /// How items are numbered; `None` for bullets.
    pub(crate) numbers: Option<Numbers>,
    /// Its items.
    pub(crate) items: Vec<Item>,
}

/// How items of a list are numbered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// The first number.
    pub(crate) start: u64,
    /// The kind of number, as HTML names it: `1`, `a`, `A`, `i` or `I`.
    pub(crate) kind: char,
    /// Whether numbers go down.
    pub(crate) reversed: bool,
}

/// An item of a list.
#[derive(Debug, Default)]
pub(crate) struct Item {
    /// Its own number.
    pub(crate) number: Option<u64>,
    /// What it says.
    pub(crate) blocks: Vec<Block>,
}

/// A term and what it means.
#[derive(Debug, Default)]
pub(crate) struct Term {
    /// The term.
    pub(crate) name: Vec<Inline>,
    /// Its description.
    pub(crate) blocks: Vec<Block>,
}

/// A table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// What it is called.
    pub(crate) caption: Vec<Inline>,
    /// Rows at the top that are repeated on every page.
    pub(crate) heads: usize,
    /// All rows; cells name how far they reach, so rows may hold fewer than there are columns.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Where the text of a column stands.
    pub(crate) aligns: Vec<Align>,
    /// Whether its columns may be set one group after the other.
    pub(crate) splits: bool,
}

/// A cell of a table.
#[derive(Debug)]
pub(crate) struct Cell {
    /// What it says.
    pub(crate) blocks: Vec<Block>,
    /// Columns it covers, at least 1.
    pub(crate) columns: usize,
    /// Rows it covers, at least 1.
    pub(crate) rows: usize,
    /// Whether it names others.
    pub(crate) head: bool,
    /// Where its text stands, when it says so itself.
    pub(crate) align: Option<Align>,
}

/// A picture inside the document.
#[derive(Debug)]
pub(crate) struct Picture {
    /// The file: PNG, JPEG, GIF, WebP or SVG.
    pub(crate) bytes: Vec<u8>,
    /// Width and height in points.
    pub(crate) size: (f64, f64),
    /// What it shows, in words.
    pub(crate) alt: String,
}

impl Cell {
    /// A cell of one column and row.
    pub(crate) fn of(text: String) -> Cell {
        let paragraph =
            Paragraph { inlines: vec![Inline::Text(text, Style::default())], ..Default::default() };
        Cell { blocks: vec![Block::Paragraph(paragraph)], columns: 1, rows: 1, head: false, align: None }
    }
}

impl Document {
    /// Calls `see` with every piece of text of the document.
    pub(crate) fn each_text(&self, see: &mut dyn FnMut(&str, Style)) {
        self.each(&mut |seen| match seen {
            Seen::Inline(Inline::Text(text, style)) => see(text, *style),
            Seen::Code(text) => see(text, Style { code: true, ..Style::default() }),
            Seen::Line(text) => see(text, Style::default()),
            Seen::Inline(_) => {}
        });
    }

    /// The places that links can lead to.
    pub(crate) fn anchors(&self) -> HashSet<u32> {
        let mut all = HashSet::new();
        self.each(&mut |seen| {
            if let Seen::Inline(Inline::Anchor(number)) = seen {
                all.insert(*number);
            }
        });
        all
    }

    fn each(&self, see: &mut dyn FnMut(Seen<'_>)) {
        walk(&self.blocks, see);
        self.notes.iter().for_each(|blocks| walk(blocks, see));
    }
}

/// What there is to see in a tree.
enum Seen<'a> {
    Inline(&'a Inline),
    Code(&'a str),
    Line(&'a str),
}

/// As deep as the tree, whose depth the builder has bounded.
fn walk(blocks: &[Block], see: &mut dyn FnMut(Seen<'_>)) {
    let all = |inlines: &[Inline], see: &mut dyn FnMut(Seen<'_>)| {
        inlines.iter().for_each(|inline| see(Seen::Inline(inline)));
    };
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) | Block::Heading(_, paragraph) => all(&paragraph.inlines, see),
            Block::List(list) => list.items.iter().for_each(|item| walk(&item.blocks, see)),
            Block::Terms(terms) => terms.iter().for_each(|term| {
                all(&term.name, see);
                walk(&term.blocks, see);
            }),
            Block::Table(table) => {
                all(&table.caption, see);
                table.rows.iter().flatten().for_each(|cell| walk(&cell.blocks, see));
            }
            Block::Quote(blocks) => walk(blocks, see),
            Block::Code(text) => see(Seen::Code(text)),
            Block::Lines(_, lines) => lines.iter().for_each(|line| see(Seen::Line(line))),
            Block::Rule | Block::PageBreak => {}
        }
    }
}

/// The letters of a piece of text, one after the other.
pub(crate) fn plain(inlines: &[Inline]) -> String {
    let mut all = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text, _) => all.push_str(text),
            Inline::Break => all.push(' '),
            _ => {}
        }
    }
    all
}

impl Cell {
    /// The text of the cell.
    pub(crate) fn text(&self) -> String {
        let mut all = String::new();
        walk(&self.blocks, &mut |seen| match seen {
            Seen::Inline(Inline::Text(text, _)) => all.push_str(text),
            Seen::Code(text) | Seen::Line(text) => all.push_str(text),
            Seen::Inline(_) => {}
        });
        all
    }
}
