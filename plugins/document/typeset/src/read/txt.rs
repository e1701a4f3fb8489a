//! Plain text: lines stay lines, form feeds are page breaks, tabs reach to the next eighth column.

use crate::tree::{Block, Document};
use formwork_sdk::{Result, Step};
use formwork_tables::encoding;

/// Columns between tab stops.
const TAB: usize = 8;
/// Lines that are kept together as one paragraph at most.
const TOGETHER: usize = 60;
/// Empty lines that are kept as such; more of them say nothing more.
const EMPTY: usize = 20;

/// Reads plain text.
pub(super) fn read(step: &Step<'_>, bytes: &[u8]) -> Result<Document> {
    let decoded = encoding::decode(bytes, None)?;
    formwork_tables::tell_encoding(step, &decoded);
    let mut pages = Pages::default();
    for (at, line) in decoded.text.split('\n').enumerate() {
        if at % 4096 == 0 {
            step.tick(0, 0)?;
        }
        // Old Macintosh text ends its lines with CR alone.
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split('\r').for_each(|line| pages.line(line));
    }
    pages.end_paragraph();
    while let Some(Block::PageBreak) = pages.blocks.last() {
        pages.blocks.pop();
    }
    Ok(Document { blocks: pages.blocks, ..Document::default() })
}

#[derive(Default)]
struct Pages {
    blocks: Vec<Block>,
    lines: Vec<String>,
    /// Empty lines in front of those.
    empty: usize,
    /// Empty lines behind what was written last.
    waiting: usize,
}

impl Pages {
    fn line(&mut self, line: &str) {
        for (at, part) in line.split('\x0C').enumerate() {
            if at > 0 {
                self.end_paragraph();
                self.waiting = 0;
                self.blocks.push(Block::PageBreak);
                // A form feed alone ends a page, and no line.
                if part.trim().is_empty() {
                    continue;
                }
            }
            let part = clean(part);
            if part.is_empty() {
                self.end_paragraph();
                self.waiting = (self.waiting + 1).min(EMPTY);
                continue;
            }
            if self.lines.len() >= TOGETHER {
                self.end_paragraph();
            }
            if self.lines.is_empty() {
                self.empty = std::mem::take(&mut self.waiting);
            }
            self.lines.push(part);
        }
    }

    fn end_paragraph(&mut self) {
        if !self.lines.is_empty() {
            self.blocks.push(Block::Lines(self.empty, std::mem::take(&mut self.lines)));
        }
    }
}

/// A line as a terminal or printer shows it: without the codes that steer those, tabs as spaces.
fn clean(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut column = 0;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\t' => {
                let spaces = TAB - column % TAB;
                shown.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            // Struck over: the last letter counts, as for bold words in manuals.
            '\x08' => {
                shown.pop();
                column = column.saturating_sub(1);
            }
            '\x1B' => skip_escape(&mut chars),
            '\u{FEFF}' => {}
            c if c.is_control() => {}
            c => {
                shown.push(c);
                column += 1;
            }
        }
    }
    shown.truncate(shown.trim_end().len());
    shown
}

/// Skips a control sequence (ECMA-48, 5.4) or one other character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    if chars.next() != Some('[') {
        return;
    }
    while let Some(c) = chars.next_if(|c| (' '..='~').contains(c)) {
        if ('@'..='~').contains(&c) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_a_terminal_shows() {
        assert_eq!(clean("a\tb"), "a       b");
        assert_eq!(clean("N\x08NA\x08AME \x1B[1;31mred\x1B[0m  "), "NAME red");
        assert_eq!(clean("\x1B"), "");
    }

    #[test]
    fn paragraphs_and_pages_are_told_apart() {
        let mut pages = Pages::default();
        for line in ["one", "two", "", "", "three\x0Cfour", "\x0C", ""] {
            pages.line(line);
        }
        pages.end_paragraph();
        let shape: Vec<String> = pages
            .blocks
            .iter()
            .map(|block| match block {
                Block::Lines(empty, lines) => format!("{empty}+{}", lines.join("|")),
                _ => "page".into(),
            })
            .collect();
        assert_eq!(shape, ["0+one|two", "2+three", "page", "0+four", "page"]);
    }
}
