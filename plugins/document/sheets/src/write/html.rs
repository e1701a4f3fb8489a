//! Sheets to a web page: a heading and a table for each.

use super::{Text, report};
use crate::read::{CELL, Meter, Sheet};
use crate::sheets;
use formwork_sdk::xml::escape;
use formwork_sdk::{Result, Step};
use std::borrow::Cow;

/// Bytes that an empty cell becomes.
const EMPTY: u64 = 9;

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let mut meter = Meter::new(step, CELL);
    let sheets = sheets::wanted(step, &mut meter)?;
    let mut text = Text::new(step.create_output()?);
    let name = step.input()?.name();
    let title = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
    text.text.push_str("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>");
    escape(title, &mut text.text);
    text.text.push_str("</title>\n</head>\n<body>\n");
    for sheet in &sheets {
        text.text.push_str("<h2>");
        escape(&sheet.name, &mut text.text);
        text.text.push_str("</h2>\n");
        table(step, sheet, &mut text)?;
    }
    text.text.push_str("</body>\n</html>\n");
    text.close()?;
    report(step, &sheets);
    Ok(())
}

fn table(step: &Step<'_>, sheet: &Sheet, text: &mut Text<'_>) -> Result<()> {
    let Some(area) = sheet.area() else { return Ok(()) };
    let mut has_head = step.options().flag("header") && area.top < area.bottom;
    text.text.push_str("<table>\n");
    if !has_head {
        text.text.push_str("<tbody>\n");
    }
    sheet.rows(step, area, EMPTY, |fields| {
        if std::mem::take(&mut has_head) {
            text.text.push_str("<thead>\n");
            row(fields, "th", &mut text.text);
            text.text.push_str("</thead>\n<tbody>\n");
        } else {
            row(fields, "td", &mut text.text);
        }
        text.flush()
    })?;
    text.text.push_str("</tbody>\n</table>\n");
    Ok(())
}

fn row(fields: &[Cow<'_, str>], kind: &str, text: &mut String) {
    text.push_str("<tr>");
    for field in fields {
        text.extend(["<", kind, ">"]);
        for (number, line) in field.lines().enumerate() {
            text.push_str(if number > 0 { "<br>" } else { "" });
            escape(line, text);
        }
        text.extend(["</", kind, ">"]);
    }
    text.push_str("</tr>\n");
}
