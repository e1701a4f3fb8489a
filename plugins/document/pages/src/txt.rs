//! PDF to plain text: lines as they stand, in the order they are read.

use crate::reading::Reading;
use crate::text::{Piece, Table};
use formwork_sdk::{Feature, Result, Step};
use std::io::Write;

/// Ends a page, as a printer understands it.
const PAGE_END: char = '\u{0C}';

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let reading = Reading::open(step)?;
    let wanted = formwork_pdf_plain::wanted(step, reading.page_count())?;
    let mut output = std::io::BufWriter::with_capacity(1 << 16, step.create_output()?);
    let mut letters = false;
    for (done, index) in wanted.iter().enumerate() {
        step.tick(done as u64, wanted.len() as u64)?;
        let mut text = page(&reading.page(*index, false)?);
        letters |= !text.is_empty();
        if done + 1 < wanted.len() {
            text.push(PAGE_END);
        }
        output.write_all(text.as_bytes())?;
    }
    output.into_inner().map_err(|error| error.into_error())?.close()?;
    if !letters {
        step.warn("there is no text in these pages: they may be pictures of text, which `pdf/ocr` reads");
    }
    step.lose(Feature::Vector, "only text was taken");
    Ok(())
}

fn page(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        if !text.is_empty() {
            text.push('\n');
        }
        match piece {
            Piece::Lines(lines) => lines.iter().for_each(|line| {
                text.push_str(&line.text());
                text.push('\n');
            }),
            Piece::Table(table) => rows(table, &mut text),
            Piece::Picture(_) => {}
        }
    }
    text
}

fn rows(table: &Table, text: &mut String) {
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(crate::text::Cell::text).collect();
        text.push_str(cells.join("\t").trim_end_matches('\t'));
        text.push('\n');
    }
}
