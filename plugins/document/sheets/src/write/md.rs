//! Sheets to Markdown, with the tables of GitHub.

use super::{Text, below_each_other};
use crate::read::Sheet;
use formwork_sdk::{Result, Step};
use std::borrow::Cow;

/// Bytes that an empty cell becomes.
const EMPTY: u64 = 3;
/// Letters that may mean something within a line (CommonMark 0.31.2, 2.4, and the bar of tables).
const MEANING: &[char] = &['\\', '`', '*', '_', '[', ']', '<', '>', '|', '~', '&'];

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let name = |name: &str, text: &mut String| {
        text.push_str("## ");
        inline(name, text);
    };
    below_each_other(step, name, table)
}

fn table(step: &Step<'_>, sheet: &Sheet, text: &mut Text<'_>) -> Result<()> {
    let Some(area) = sheet.area() else { return Ok(()) };
    let columns = area.columns();
    let mut is_first = true;
    let has_head = step.options().flag("header");
    sheet.rows(step, area, EMPTY, |fields| {
        if std::mem::take(&mut is_first) {
            // There is no table without a head.
            if has_head {
                row(fields, &mut text.text);
            } else {
                row(&vec![Cow::Borrowed(""); columns], &mut text.text);
            }
            text.text.push_str(&"|---".repeat(columns));
            text.text.push_str("|\n");
            if has_head {
                return Ok(());
            }
        }
        row(fields, &mut text.text);
        text.flush()
    })
}

fn row(fields: &[Cow<'_, str>], text: &mut String) {
    for field in fields {
        text.push_str("| ");
        for (number, line) in field.lines().enumerate() {
            text.push_str(if number > 0 { "<br>" } else { "" });
            inline(line, text);
        }
        text.push(' ');
    }
    text.push_str("|\n");
}

fn inline(line: &str, text: &mut String) {
    let mut before = ' ';
    let mut letters = line.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        // Within a word a low line is one.
        let joins = |letter: char| letter.is_alphanumeric() || letter == '_';
        let is_within = letter == '_' && joins(before) && letters.peek().copied().is_some_and(joins);
        if MEANING.contains(&letter) && !is_within {
            text.push('\\');
        }
        text.push(if letter.is_control() { ' ' } else { letter });
        before = letter;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_a_cell_is_markup() {
        let mut text = String::new();
        super::row(&["a|b".into(), "*x*\ny_z <b> _i_".into()], &mut text);
        assert_eq!(text, "| a\\|b | \\*x\\*<br>y_z \\<b\\> \\_i\\_ |\n");
    }
}
