//! The sheets of a step: which are wanted, what they hold, and what is told of them.

use crate::read::{Book, Listed, Lost, Meter, Sheet};
use formwork_sdk::{Error, Feature, Input, Result, Step};
use std::borrow::Cow;

/// Rows between two looks at whether to go on.
const TICK: u32 = 256;
/// Names that one sentence holds.
const MOST_NAMED: usize = 8;

/// The wanted sheets of the step's one input.
///
/// # Errors
///
/// `invalid_request` when there is none of that name or number; what reading fails at.
pub(crate) fn wanted<'s>(step: &'s Step<'s>, meter: &mut Meter<'s>) -> Result<Vec<Sheet>> {
    let option = step.options().text("sheet").unwrap_or("all").trim();
    of(step.input()?, meter, |listed| choose(listed, option))
}

/// All sheets of an input.
///
/// # Errors
///
/// What reading fails at.
pub(crate) fn all<'s>(input: Input<'s>, meter: &mut Meter<'s>) -> Result<Vec<Sheet>> {
    of(input, meter, |listed| Ok(listed.to_vec()))
}

fn of<'s>(
    input: Input<'s>,
    meter: &mut Meter<'s>,
    choose: impl Fn(&[Listed]) -> Result<Vec<Listed>>,
) -> Result<Vec<Sheet>> {
    let step = meter.step();
    let mut book = Book::open(step, input)?;
    let mut sheets = Vec::new();
    for listed in choose(&book.listed)? {
        match listed.other {
            Some(feature) => step.lose(feature, format!("`{}` is no sheet of cells", listed.name)),
            None => sheets.push(book.sheet(&listed, meter)?),
        }
    }
    let hidden: Vec<&str> =
        sheets.iter().filter(|sheet| sheet.is_hidden).map(|sheet| sheet.name.as_str()).collect();
    if !hidden.is_empty() {
        step.warn(format!("hidden sheets were taken too: {}", named(&hidden)));
    }
    tell(step, &book.lost);
    Ok(sheets)
}

fn choose(listed: &[Listed], wanted: &str) -> Result<Vec<Listed>> {
    let by_name = || listed.iter().find(|sheet| sheet.name.trim() == wanted);
    let number = wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let by_number = || number.and_then(|number| listed.get(number));
    if let Some(sheet) = by_name().or_else(by_number) {
        return Ok(vec![sheet.clone()]);
    }
    if wanted.eq_ignore_ascii_case("all") {
        return Ok(listed.to_vec());
    }
    let names: Vec<&str> = listed.iter().map(|sheet| sheet.name.as_str()).collect();
    Err(Error::invalid(format!(
        "there is no sheet `{wanted}` in the workbook: it has {}; name one, or give a number from 1 to {}",
        named(&names),
        listed.len()
    )))
}

fn named(names: &[&str]) -> String {
    let some = names.iter().take(MOST_NAMED).map(|name| format!("`{name}`"));
    let rest = (names.len() > MOST_NAMED).then(|| "…".into());
    some.chain(rest).collect::<Vec<String>>().join(", ")
}

fn tell(step: &Step<'_>, lost: &Lost) {
    if lost.formulas > 0 {
        step.lose(Feature::Formulas, format!("{} formulas arrive as the values they had", lost.formulas));
    }
    if lost.has_macros {
        step.lose(Feature::Macros, "program code was left out");
    }
    if lost.drawings > 0 {
        step.lose(Feature::Vector, format!("{} charts, drawings or pictures were left out", lost.drawings));
    }
    if lost.has_looks {
        step.lose(
            Feature::Fonts,
            "looks were left out: fonts, colours, widths, merged cells, formats of numbers",
        );
    }
}

/// Rows and columns, first and last.
#[derive(Clone, Copy)]
pub(crate) struct Area {
    pub(crate) top: u32,
    pub(crate) left: u32,
    pub(crate) bottom: u32,
    pub(crate) right: u32,
}

impl Area {
    pub(crate) fn columns(self) -> usize {
        (self.right - self.left) as usize + 1
    }
}

impl Sheet {
    /// What is filled; nothing of an empty sheet.
    pub(crate) fn area(&self) -> Option<Area> {
        let (first, last) = self.cells.first().zip(self.cells.last())?;
        let left = self.cells.iter().map(|cell| cell.column).min()?;
        let right = self.cells.iter().map(|cell| cell.column).max()?;
        Some(Area { top: first.row, left, bottom: last.row, right })
    }

    /// Hands on the text of every row of an area that begins at or before the first cell, empty ones too. `each` is how many
    /// bytes an empty cell becomes.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`) for a sheet that is nearly empty, but large; `cancelled`; `timeout`; what `take` fails at.
    pub(crate) fn rows(
        &self,
        step: &Step<'_>,
        area: Area,
        each: u64,
        mut take: impl FnMut(&[Cow<'_, str>]) -> Result<()>,
    ) -> Result<()> {
        let rows = u64::from(area.bottom - area.top) + 1;
        let written = rows * area.columns() as u64 * each;
        step.within("memory", written, step.limits().memory)?;
        let mut cells = self.cells.iter().peekable();
        let mut fields = vec![Cow::Borrowed(""); area.columns()];
        for row in area.top..=area.bottom {
            if row.is_multiple_of(TICK) {
                step.tick(u64::from(row - area.top), rows)?;
            }
            fields.fill(Cow::Borrowed(""));
            while let Some(cell) = cells.next_if(|cell| cell.row <= row) {
                if let Some(field) = fields.get_mut(cell.column.saturating_sub(area.left) as usize) {
                    *field = cell.value.text();
                }
            }
            take(&fields)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_are_chosen_by_name_then_by_number() {
        let listed = |name: &str| Listed { name: name.into(), is_hidden: false, other: None };
        let book = ["Data", "1", "All"].map(listed);
        let chosen = |wanted: &str| choose(&book, wanted).map(|sheets| sheets.len() + sheets[0].name.len());
        assert_eq!(choose(&book, "1").unwrap()[0].name, "1");
        assert_eq!(choose(&book, "3").unwrap()[0].name, "All");
        assert_eq!(choose(&book, "all").unwrap().len(), 3);
        assert_eq!(chosen("Data").unwrap(), 5);
        for none in ["0", "4", "data", ""] {
            assert!(chosen(none).unwrap_err().message.contains("`Data`, `1`, `All`"), "{none}");
        }
    }
}
