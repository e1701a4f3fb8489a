//! PDF to Markdown (CommonMark, with the tables of GitHub).

use crate::model;
use crate::text::{Block, Cell, Span, Table};
use formwork_sdk::{Result, Step};
use std::fmt::Write;

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let model = model::read(step, false)?;
    let mut text = String::new();
    let mut before_item = false;
    for block in &model.blocks {
        let item = matches!(block, Block::Item(..));
        if !text.is_empty() {
            text.push_str(if item && before_item { "\n" } else { "\n\n" });
        }
        before_item = item;
        add(block, &mut text);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    step.write_output(text.as_bytes())
}

fn add(block: &Block, text: &mut String) {
    match block {
        Block::Heading(level, spans) => {
            let _ = write!(text, "{} ", "#".repeat(usize::from(*level)));
            inline(spans, text);
        }
        Block::Paragraph(spans) => {
            let start = text.len();
            inline(spans, text);
            guard(text, start);
        }
        Block::Item(number, spans) => {
            match number.as_deref().and_then(|number| number.parse::<u16>().ok()) {
                Some(number) => {
                    let _ = write!(text, "{number}. ");
                }
                None => {
                    text.push_str("- ");
                    // Letters count in no list of Markdown.
                    if let Some(letter) = number {
                        let _ = write!(text, "{letter}) ");
                    }
                }
            }
            inline(spans, text);
        }
        Block::Table(table) => rows(table, text),
        Block::Picture(_) => {}
    }
}

/// Escapes what would make a heading or a list of a paragraph.
fn guard(text: &mut String, start: usize) {
    let line = text.get(start..).unwrap_or_default();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let ends_number = line.as_bytes().get(digits).is_some_and(|byte| matches!(byte, b'.' | b')'));
    let place = match line.as_bytes().first() {
        Some(b'#' | b'+' | b'-' | b'>' | b'=' | b'~') => Some(start),
        Some(b'0'..=b'9') if ends_number => Some(start + digits),
        _ => None,
    };
    if let Some(place) = place {
        text.insert(place, '\\');
    }
}

fn inline(spans: &[Span], text: &mut String) {
    for span in spans {
        let inner = span.text.trim_end();
        let space = span.text.get(inner.len()..).unwrap_or_default();
        let mark = match (span.style.bold, span.style.italic) {
            (true, true) => "***",
            (true, false) => "**",
            (false, true) => "*",
            (false, false) => "",
        };
        let inner = format!("{mark}{}{mark}", escaped(inner));
        match &span.link {
            Some(address) => {
                let address = address.replace(' ', "%20").replace('<', "%3C").replace('>', "%3E");
                let _ = write!(text, "[{inner}](<{address}>)");
            }
            None => text.push_str(&inner),
        }
        text.push_str(space);
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '|') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

fn rows(table: &Table, text: &mut String) {
    let columns = table.columns();
    for (number, row) in table.rows.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        text.push('|');
        for column in 0..columns {
            let cell = row.get(column).map(Cell::text).unwrap_or_default();
            let _ = write!(text, " {} |", escaped(&cell));
        }
        if number == 0 {
            let _ = write!(text, "\n|{}", " --- |".repeat(columns));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_text() {
        let mut text = String::new();
        let span = |text: &str| Span { text: text.into(), ..Span::default() };
        add(&Block::Paragraph(vec![span("1. a*b_c|<x>")]), &mut text);
        assert_eq!(text, "1\\. a\\*b\\_c\\|\\<x>");
        text.clear();
        add(&Block::Paragraph(vec![span("# no heading")]), &mut text);
        assert_eq!(text, "\\# no heading");
    }
}
