//! The tree to typst's content. User text enters only here and in `inline`, as values: none of it is ever read as markup.

mod fit;
mod inline;
mod measure;
mod table;

use crate::fonts::Fonts;
use crate::settings::Settings;
use crate::tree::{Align, Block, Document, Inline, List, Numbers, Paragraph, Table, Term, plain};
use measure::Measure;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::str::FromStr;
use typst::foundations::{Content, NativeElement, Packed, Smart};
use typst::layout::{Abs, Alignment, Dir, Em, PagebreakElem, VElem};
use typst::model::{
    DividerElem, EnumElem, EnumItem, HeadingElem, ListElem, ListItem, ListMarker, Numbering,
    NumberingPattern, ParElem, QuoteElem, TermItem, TermsElem,
};
use typst::text::{LinebreakElem, RawContent, RawElem, TextDir, TextElem, TextSize};

/// Height of letters when nothing else is asked for, in points.
const SIZE: f64 = 10.5;
/// Height of letters of one width: 80 of them are a line on A4.
const MONO: f64 = 10.0;
/// The smallest letters plain text is set with to keep its lines whole.
const SMALLEST: f64 = 7.0;
/// Longer lines than these many letters are running text, and are folded.
const FOLDED: f64 = 100.0;
/// What lists and quotes take of the width, in ems.
const INDENT: f64 = 2.0;
/// Space left and right in a box of program text, in ems; the template draws the box.
const BOX: f64 = 0.8;
/// Lines of plain text stand that far apart, in ems; the template has the rest of it.
const PITCH: f64 = 1.25;

/// A document ready to be laid out.
pub(crate) struct Ready {
    /// What stands on the pages.
    pub(crate) content: Content,
    /// Pages, margins and letters.
    pub(crate) settings: Settings,
    /// Height of letters in points.
    pub(crate) size: f64,
    /// Whether all text has letters of one width.
    pub(crate) mono: bool,
    /// Whether the document is lines of plain text.
    pub(crate) lines: bool,
    /// Whether most of it is written from right to left.
    pub(crate) leftward: bool,
}

/// Makes content of a document.
pub(crate) fn set(document: &Document, fonts: &Fonts, settings: &Settings) -> Ready {
    let measure = Measure::new(fonts);
    let mut settings = settings.clone();
    let lines = document.blocks.iter().any(|block| matches!(block, Block::Lines(..)));
    let (mono, size) = if lines {
        plain_text(document, &settings, &measure)
    } else {
        (false, settings.size.unwrap_or(SIZE))
    };
    if let [Block::Table(table)] = document.blocks.as_slice() {
        lay(&mut settings, table, size, &measure);
    }
    let room = settings.room();
    let leftward = leans_left(document);
    let setter = Setter {
        document,
        measure: &measure,
        height: room.1,
        mono,
        dir: if leftward { Dir::RTL } else { Dir::LTR },
        noted: RefCell::default(),
        anchors: document.anchors(),
        anchored: RefCell::default(),
        in_note: Cell::new(false),
    };
    let room = Room { width: room.0, size };
    let mut content = vec![setter.blocks(&document.blocks, room)];
    content.extend(setter.notes_left(room));
    Ready { content: Content::sequence(content), settings, size, mono, lines, leftward }
}

/// How plain text is set: whether with letters of one width, and how tall they are.
fn plain_text(document: &Document, settings: &Settings, measure: &Measure) -> (bool, f64) {
    let (mut widths, mut aligned) = (Vec::new(), 0);
    document.each_text(&mut |line, _| {
        widths.push(measure.line(line, true) / measure.char('0', true).max(0.1));
        aligned += usize::from(line.starts_with("  ") || line.trim().contains("   "));
    });
    widths.sort_by(f64::total_cmp);
    // The longest, but for a few that are out of the ordinary.
    let longest = widths.get(widths.len().saturating_sub(1 + widths.len() / 50)).copied().unwrap_or(0.0);
    let mono = settings.mono.unwrap_or(longest <= FOLDED || aligned * 20 > widths.len());
    if !mono {
        return (false, settings.size.unwrap_or(SIZE));
    }
    let most = settings.size.unwrap_or(MONO);
    let whole = settings.room().0 / (longest.max(1.0) * measure.char('0', true).max(0.1)) - 0.01;
    (true, if settings.size.is_some() || whole < SMALLEST { most } else { whole.min(most) })
}

/// Lays the page on its side for a table that is wide, unless it was asked to stand.
fn lay(settings: &mut Settings, table: &Table, size: f64, measure: &Measure) {
    let needs = fit::Needs::of(table, table::columns(table), measure);
    let turned = settings.turned();
    let (stands, lies) = (settings.room().0, turned.room().0);
    if !settings.oriented && lies > stands && !needs.is_easy(size - 2.0, stands) {
        *settings = turned;
    }
}

/// Whether most letters are of scripts that are written from right to left.
fn leans_left(document: &Document) -> bool {
    let mut letters = [0_usize; 2];
    document.each_text(&mut |text, _| {
        text.chars().filter_map(direction).for_each(|dir| letters[usize::from(dir == Dir::RTL)] += 1);
    });
    letters[1] > letters[0]
}

/// The direction a letter is written in (Unicode's Bidi_Class L, R and AL, by blocks).
fn direction(c: char) -> Option<Dir> {
    match c {
        '\u{590}'..='\u{8FF}'
        | '\u{FB1D}'..='\u{FDFF}'
        | '\u{FE70}'..='\u{FEFC}'
        | '\u{10800}'..='\u{10FFF}'
        | '\u{1E800}'..='\u{1EFFF}'
            if c.is_alphabetic() =>
        {
            Some(Dir::RTL)
        }
        c if c.is_alphabetic() => Some(Dir::LTR),
        _ => None,
    }
}

/// The direction of a piece of text: its first letter's.
fn direction_of(inlines: &[Inline]) -> Option<Dir> {
    inlines.iter().find_map(|inline| match inline {
        Inline::Text(text, style) if !style.code => text.chars().find_map(direction),
        _ => None,
    })
}

/// What is there for text: its width, and the height of letters, in points.
#[derive(Clone, Copy)]
struct Room {
    width: f64,
    size: f64,
}

impl Room {
    /// Within a list or a quote.
    fn indented(self) -> Room {
        Room { width: (self.width - INDENT * self.size).max(self.size * 3.0), ..self }
    }
}

/// Turns blocks into content.
struct Setter<'d> {
    document: &'d Document,
    measure: &'d Measure<'d>,
    /// Height of a page's text, in points.
    height: f64,
    /// All text has letters of one width.
    mono: bool,
    /// The direction most of the document is written in.
    dir: Dir,
    /// Footnotes that were set.
    noted: RefCell<HashSet<usize>>,
    /// Places that links can lead to.
    anchors: HashSet<u32>,
    /// Those that were set.
    anchored: RefCell<HashSet<u32>>,
    /// A footnote is being set.
    in_note: Cell<bool>,
}

impl Setter<'_> {
    fn blocks(&self, blocks: &[Block], room: Room) -> Content {
        Content::sequence(blocks.iter().map(|block| self.block(block, room)))
    }

    fn block(&self, block: &Block, room: Room) -> Content {
        match block {
            Block::Paragraph(paragraph) => self.paragraph(paragraph, room),
            Block::Heading(level, paragraph) => self.heading(*level, paragraph, room),
            Block::List(list) => self.list(list, room.indented()),
            Block::Terms(terms) => self.terms(terms, room),
            Block::Table(table) => self.table(table, room),
            Block::Quote(blocks) => {
                QuoteElem::new(self.blocks(blocks, room.indented())).with_block(true).pack()
            }
            Block::Code(text) => self.code(text, room),
            Block::Lines(empty, lines) => self.lines(*empty, lines, room),
            Block::Rule => DividerElem::new().pack(),
            Block::PageBreak => PagebreakElem::new().pack(),
        }
    }

    fn paragraph(&self, paragraph: &Paragraph, room: Room) -> Content {
        let body = self.flowing(&paragraph.inlines, room);
        if paragraph.inlines.iter().all(|inline| matches!(inline, Inline::Anchor(_))) {
            return body;
        }
        aligned(ParElem::new(body).pack(), paragraph.align)
    }

    fn heading(&self, level: u8, paragraph: &Paragraph, room: Room) -> Content {
        let level = NonZeroUsize::new(usize::from(level)).unwrap_or(NonZeroUsize::MIN);
        // The template has letters of headings up to that much larger.
        let room = Room { size: room.size * 1.6, ..room };
        // A table of contents repeats what is in a heading, but not what is in front of it.
        let mut content: Vec<Content> = Vec::new();
        content.extend(paragraph.inlines.iter().filter_map(|inline| match inline {
            Inline::Anchor(number) => Some(self.anchor(*number)),
            _ => None,
        }));
        let body = self.flowing(&paragraph.inlines, room);
        let named = !plain(&paragraph.inlines).trim().is_empty();
        let heading = HeadingElem::new(body)
            .with_level(Smart::Custom(level))
            .with_outlined(named)
            .with_bookmarked(Smart::Custom(named));
        content.push(aligned(heading.pack(), paragraph.align));
        Content::sequence(content)
    }

    fn list(&self, list: &List, room: Room) -> Content {
        let tight = list
            .items
            .iter()
            .all(|item| item.blocks.iter().filter(|block| !matches!(block, Block::List(_))).count() <= 1);
        let dir = list.items.first().and_then(|item| match item.blocks.first() {
            Some(Block::Paragraph(paragraph)) => direction_of(&paragraph.inlines),
            _ => None,
        });
        let content = match list.numbers {
            None => self.bullets(list, tight, room),
            Some(numbers) => self.numbers(list, numbers, tight, room),
        };
        self.directed(content, dir)
    }

    fn bullets(&self, list: &List, tight: bool, room: Room) -> Content {
        let items = list.items.iter().map(|item| Packed::new(ListItem::new(self.item(&item.blocks, room))));
        let set = ListElem::new(items.collect()).with_tight(tight);
        // Boxes to tick stand instead of bullets.
        let boxed = list.items.iter().all(|item| match item.blocks.first() {
            Some(Block::Paragraph(paragraph)) => plain(&paragraph.inlines).starts_with(['☐', '☑']),
            _ => false,
        });
        if boxed { set.with_marker(ListMarker::Content(vec![Content::empty()])).pack() } else { set.pack() }
    }

    fn numbers(&self, list: &List, numbers: Numbers, tight: bool, room: Room) -> Content {
        let pattern = format!("{}.", numbers.kind);
        let pattern = NumberingPattern::from_str(&pattern).ok().map(Numbering::Pattern);
        let items = list.items.iter().map(|item| {
            let number = item.number.map_or(Smart::Auto, Smart::Custom);
            Packed::new(EnumItem::new(self.item(&item.blocks, room)).with_number(number))
        });
        let set = EnumElem::new(items.collect())
            .with_tight(tight)
            .with_reversed(numbers.reversed)
            .with_start(if numbers.reversed { Smart::Auto } else { Smart::Custom(numbers.start) });
        match pattern {
            Some(pattern) => set.with_numbering(pattern).pack(),
            None => set.pack(),
        }
    }

    /// An item: a first paragraph stands beside its mark.
    fn item(&self, blocks: &[Block], room: Room) -> Content {
        match blocks.split_first() {
            Some((Block::Paragraph(paragraph), rest))
                if rest.iter().all(|block| matches!(block, Block::List(_))) =>
            {
                let first = self.flowing(&paragraph.inlines, room);
                Content::sequence([
                    self.directed(first, direction_of(&paragraph.inlines)),
                    self.blocks(rest, room),
                ])
            }
            _ => self.blocks(blocks, room),
        }
    }

    fn terms(&self, terms: &[Term], room: Room) -> Content {
        let inner = room.indented();
        let items = terms.iter().map(|term| {
            let name = self.flowing(&term.name, room);
            let name = Content::sequence([name, LinebreakElem::new().pack()]);
            Packed::new(TermItem::new(name, self.item(&term.blocks, inner)))
        });
        TermsElem::new(items.collect()).with_separator(Content::empty()).pack()
    }

    fn code(&self, text: &str, room: Room) -> Content {
        // The template has program text a little smaller.
        let width = room.width / (room.size * 0.9) - 2.0 * BOX;
        let text = text.replace('\t', "    ");
        let lines: Vec<String> =
            text.split('\n').map(|line| self.measure.breakable(line.trim_end(), width, true)).collect();
        RawElem::new(RawContent::Text(lines.join("\n").into()))
            .with_block(true)
            .with_theme(Smart::Custom(None))
            .pack()
    }

    fn lines(&self, empty: usize, lines: &[String], room: Room) -> Content {
        let width = room.width / room.size;
        let mut body = Vec::with_capacity(lines.len() * 2);
        for line in lines {
            if !body.is_empty() {
                body.push(LinebreakElem::new().pack());
            }
            body.push(inline::letters(&self.measure.breakable(line, width, self.mono)));
        }
        let dir = lines.iter().find_map(|line| line.chars().find_map(direction));
        let paragraph = self.directed(ParElem::new(Content::sequence(body)).pack(), dir);
        if empty == 0 {
            return paragraph;
        }
        let above = VElem::new(Em::new(PITCH * empty as f64).into()).pack();
        Content::sequence([above, paragraph])
    }

    fn caption(&self, caption: &[Inline], room: Room) -> Content {
        aligned(ParElem::new(self.flowing(caption, room).strong()).pack(), Align::Start)
    }

    fn columns_note(&self, from: usize, to: usize, all: usize) -> Content {
        let words = if from == to {
            format!("Column {to} of {all}")
        } else {
            format!("Columns {from}–{to} of {all}")
        };
        ParElem::new(TextElem::packed(words).emph()).pack()
    }

    /// Content in a direction, which is only said where it is another than most of the document's.
    fn directed(&self, content: Content, dir: Option<Dir>) -> Content {
        match dir.filter(|dir| *dir != self.dir) {
            Some(dir) => content.set(TextElem::dir, TextDir(Smart::Custom(dir))),
            None => content,
        }
    }

    /// Footnotes that no mark leads to: their words must not be lost.
    fn notes_left(&self, room: Room) -> Vec<Content> {
        let notes = self.document.notes.iter().enumerate();
        let left: Vec<_> = notes.filter(|(place, _)| !self.noted.borrow().contains(place)).collect();
        left.into_iter().map(|(_, blocks)| self.blocks(blocks, room)).collect()
    }
}

fn aligned(content: Content, align: Align) -> Content {
    match table::horizontal(align) {
        Some(align) => content.aligned(Alignment::H(align)),
        None => content,
    }
}

fn sized(content: Content, size: f64) -> Content {
    content.set(TextElem::size, TextSize(Abs::pt(size).into()))
}
