//! Builds the tree from containers that open and close. The one place that bounds how deep the tree gets.

use crate::tree::{Align, Block, Cell, Document, Inline, Item, List, Numbers, Paragraph, Style, Table, Term};

/// Containers within containers that are set apart; deeper ones are joined with the one around. Layout is recursive, and
/// a page has no room for more.
const DEEPEST: usize = 12;

/// Puts a document together.
#[derive(Default)]
pub(crate) struct Builder {
    /// What is there so far; blocks arrive when their containers close.
    pub(crate) document: Document,
    /// How the next letters look.
    pub(crate) style: Style,
    /// Where the next paragraph's lines stand.
    pub(crate) align: Align,
    frames: Vec<Frame>,
    line: Line,
    heading: Option<u8>,
}

/// A container that is open.
pub(crate) enum Frame {
    /// Something quoted.
    Quote(Vec<Block>),
    /// A list.
    List(Option<Numbers>, Vec<Item>),
    /// An item of a list.
    Item(Item),
    /// Terms; the flag tells that a name is being read.
    Terms(Vec<Term>, bool),
    /// A table.
    Table(Table, Vec<bool>),
    /// A cell of a table.
    Cell(Cell),
    /// A footnote by its place.
    Note(usize, Vec<Block>),
}

/// The paragraph that is being written.
#[derive(Default)]
struct Line {
    inlines: Vec<Inline>,
    /// White space was seen behind the last letter.
    space: bool,
}

impl Builder {
    /// Opens a container; tells whether it is one, or too deep.
    pub(crate) fn open(&mut self, frame: Frame) -> bool {
        self.flush();
        if self.frames.len() >= DEEPEST {
            self.document.lost.deep += 1;
            return false;
        }
        self.frames.push(frame);
        true
    }

    /// Closes the innermost container.
    pub(crate) fn close(&mut self) {
        self.flush();
        let Some(frame) = self.frames.pop() else { return };
        match (frame, self.frames.last_mut()) {
            (Frame::Item(item), Some(Frame::List(_, items))) => items.push(item),
            (Frame::Item(item), _) => self.add(Block::List(List { numbers: None, items: vec![item] })),
            (Frame::Cell(cell), Some(Frame::Table(table, heads))) => {
                if table.rows.is_empty() {
                    table.rows.push(Vec::new());
                    heads.push(false);
                }
                if let Some(row) = table.rows.last_mut() {
                    row.push(cell);
                }
            }
            (Frame::Cell(cell), _) => cell.blocks.into_iter().for_each(|block| self.add(block)),
            (Frame::Quote(blocks), _) if !blocks.is_empty() => self.add(Block::Quote(blocks)),
            (Frame::List(numbers, items), _) if !items.is_empty() => {
                self.add(Block::List(List { numbers, items }));
            }
            (Frame::Terms(terms, _), _) if !terms.is_empty() => self.add(Block::Terms(terms)),
            (Frame::Table(table, heads), _) => self.add_table(table, &heads),
            (Frame::Note(place, blocks), _) => {
                if let Some(note) = self.document.notes.get_mut(place) {
                    note.extend(blocks);
                }
            }
            _ => {}
        }
    }

    fn add_table(&mut self, mut table: Table, heads: &[bool]) {
        let named =
            |(row, head): &(&Vec<Cell>, &bool)| **head || !row.is_empty() && row.iter().all(|cell| cell.head);
        table.heads = table.rows.iter().zip(heads).take_while(named).count();
        if table.heads == table.rows.len() || !table.rows.iter().take(table.heads).flatten().all(repeats) {
            table.heads = 0;
        }
        // What is repeated on every page is no place to lead to.
        for block in table.rows.iter_mut().take(table.heads).flatten().flat_map(|cell| &mut cell.blocks) {
            if let Block::Paragraph(paragraph) = block {
                paragraph.inlines.retain(|inline| !matches!(inline, Inline::Anchor(_)));
            }
        }
        table.rows.retain({
            let mut at = 0;
            let heads = table.heads;
            move |row| {
                at += 1;
                at <= heads || !row.is_empty()
            }
        });
        if table.rows.iter().any(|row| !row.is_empty()) {
            self.add(Block::Table(table));
        }
    }

    /// The innermost container.
    pub(crate) fn innermost(&mut self) -> Option<&mut Frame> {
        self.frames.last_mut()
    }

    /// The innermost table.
    pub(crate) fn table(&mut self) -> Option<(&mut Table, &mut Vec<bool>)> {
        self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Table(table, heads) => Some((table, heads)),
            _ => None,
        })
    }

    /// Adds a block to the innermost container.
    pub(crate) fn add(&mut self, block: Block) {
        let blocks = match self.frames.last_mut() {
            None => &mut self.document.blocks,
            Some(Frame::Quote(blocks) | Frame::Note(_, blocks)) => blocks,
            Some(Frame::Item(item)) => &mut item.blocks,
            Some(Frame::Cell(cell)) => &mut cell.blocks,
            Some(Frame::List(_, items)) => {
                if items.is_empty() {
                    items.push(Item::default());
                }
                match items.last_mut() {
                    Some(item) => &mut item.blocks,
                    None => return,
                }
            }
            Some(Frame::Terms(terms, _)) => {
                if terms.is_empty() {
                    terms.push(Term::default());
                }
                match terms.last_mut() {
                    Some(term) => &mut term.blocks,
                    None => return,
                }
            }
            // Only cells and captions are at home in a table; a reader puts nothing else there.
            Some(Frame::Table(..)) => &mut self.document.blocks,
        };
        blocks.push(block);
    }

    /// Adds a block that is no paragraph, behind the one that is being written.
    pub(crate) fn add_behind(&mut self, block: Block) {
        self.flush();
        self.add(block);
    }

    /// Adds text in which white space is one space.
    pub(crate) fn text(&mut self, text: &str) {
        let style = self.style;
        self.line.flowing(text, style);
    }

    /// Adds a new line.
    pub(crate) fn line_break(&mut self) {
        self.line.space = false;
        self.line.inlines.push(Inline::Break);
    }

    /// Adds something in the line that is no text.
    pub(crate) fn inline(&mut self, inline: Inline) {
        if std::mem::take(&mut self.line.space) && !self.line.is_fresh() {
            self.line.letters(" ", self.style);
        }
        self.line.inlines.push(inline);
    }

    /// The next paragraph is a heading.
    pub(crate) fn start_heading(&mut self, level: u8) {
        self.flush();
        self.heading = Some(level);
    }

    /// What was read is the heading.
    pub(crate) fn end_heading(&mut self) {
        self.flush();
        self.heading = None;
    }

    /// Ends the paragraph that is being written.
    pub(crate) fn flush(&mut self) {
        let inlines = self.line.take();
        if inlines.is_empty() {
            return;
        }
        if let Some(Frame::Terms(terms, true)) = self.frames.last_mut()
            && let Some(term) = terms.last_mut()
        {
            term.name.extend(inlines);
            return;
        }
        let paragraph = Paragraph { inlines, align: self.align };
        self.add(match self.heading {
            Some(level) => Block::Heading(level, paragraph),
            None => Block::Paragraph(paragraph),
        });
    }

    /// Takes what was read of the paragraph so far, for another use.
    pub(crate) fn take_line(&mut self) -> Vec<Inline> {
        self.line.take()
    }

    /// Closes all that is open.
    pub(crate) fn finish(mut self) -> Document {
        while !self.frames.is_empty() {
            self.close();
        }
        self.flush();
        self.document
    }
}

/// Whether a cell can be repeated: text alone.
fn repeats(cell: &Cell) -> bool {
    cell.blocks.iter().all(|block| matches!(block, Block::Paragraph(_)))
}

impl Line {
    /// Whether nothing of the line was written yet.
    fn is_fresh(&self) -> bool {
        let written = self.inlines.iter().rev().find(|inline| !matches!(inline, Inline::Anchor(_)));
        matches!(written, None | Some(Inline::Break))
    }

    fn flowing(&mut self, text: &str, style: Style) {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0C');
        let mut rest = text;
        while !rest.is_empty() {
            let word = rest.trim_start_matches(blank);
            self.space |= word.len() < rest.len();
            let end = word.find(blank).unwrap_or(word.len());
            let (word, behind) = word.split_at(end);
            rest = behind;
            if word.is_empty() {
                continue;
            }
            if std::mem::take(&mut self.space) && !self.is_fresh() {
                self.letters(" ", style);
            }
            self.letters(word, style);
        }
    }

    fn letters(&mut self, text: &str, style: Style) {
        match self.inlines.last_mut() {
            Some(Inline::Text(before, same)) if *same == style => before.push_str(text),
            _ => self.inlines.push(Inline::Text(text.to_owned(), style)),
        }
    }

    fn take(&mut self) -> Vec<Inline> {
        self.space = false;
        while let Some(Inline::Break) = self.inlines.last() {
            self.inlines.pop();
        }
        std::mem::take(&mut self.inlines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::plain;

    #[test]
    fn white_space_is_one_space_across_styles() {
        let mut builder = Builder::default();
        builder.text(" \n one ");
        builder.style.bold = true;
        builder.text("two");
        builder.style.bold = false;
        builder.text("\n\n three \t");
        let document = builder.finish();
        let [Block::Paragraph(paragraph)] = document.blocks.as_slice() else { panic!("one paragraph") };
        assert_eq!(plain(&paragraph.inlines), "one two three");
        assert_eq!(paragraph.inlines.len(), 3);
    }

    #[test]
    fn depth_is_bounded_and_told() {
        let mut builder = Builder::default();
        for at in 0..100_000 {
            builder.open(Frame::Quote(Vec::new()));
            builder.text(&format!("{at}"));
        }
        let document = builder.finish();
        assert_eq!(document.lost.deep, 100_000 - DEEPEST);
        let mut words = 0;
        document.each_text(&mut |_, _| words += 1);
        assert_eq!(words, 100_000);
    }

    #[test]
    fn rows_of_names_are_repeated_unless_all_are() {
        for (heads, rows) in [(1, vec![true, false]), (0, vec![true, true]), (0, vec![false, true])] {
            let mut builder = Builder::default();
            builder.open(Frame::Table(Table::default(), Vec::new()));
            for head in rows {
                let (table, marks) = builder.table().unwrap();
                table.rows.push(Vec::new());
                marks.push(head);
                builder.open(Frame::Cell(Cell { head, ..Cell::of("x".into()) }));
                builder.close();
            }
            let document = builder.finish();
            let [Block::Table(table)] = document.blocks.as_slice() else { panic!("one table") };
            assert_eq!((table.heads, table.rows.len()), (heads, 2));
        }
    }
}
