//! Sheets to plain text: columns of one width.

use super::{Text, below_each_other};
use crate::read::Sheet;
use formwork_sdk::{Result, Step};
use std::borrow::Cow;

/// Letters up to which a column is made as wide as its widest cell.
const WIDEST: usize = 40;
/// Bytes that an empty cell becomes.
const EMPTY: u64 = 3;

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    below_each_other(step, |name, text| text.push_str(&line(name)), table)
}

fn table(step: &Step<'_>, sheet: &Sheet, text: &mut Text<'_>) -> Result<()> {
    let Some(area) = sheet.area() else { return Ok(()) };
    let mut widths = vec![0; area.columns()];
    for cell in &sheet.cells {
        if let Some(width) = widths.get_mut((cell.column - area.left) as usize) {
            let letters = line(&cell.value.text()).chars().take(WIDEST).count();
            *width = letters.max(*width);
        }
    }
    sheet.rows(step, area, EMPTY, |fields| {
        let start = text.text.len();
        let mut gap = 0;
        for (field, width) in fields.iter().zip(&widths) {
            let field = line(field);
            text.text.extend(std::iter::repeat_n(' ', gap));
            text.text.push_str(&field);
            gap = width.saturating_sub(field.chars().count()) + 2;
        }
        let end = text.text.trim_end().len().max(start);
        text.text.truncate(end);
        text.text.push('\n');
        text.flush()
    })
}

/// A cell in one line.
fn line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(text)
    }
}
