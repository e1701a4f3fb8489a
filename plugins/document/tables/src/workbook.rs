//! What a sheet of a workbook holds at most (ISO/IEC 29500 as Excel has it).

/// Rows of a sheet.
pub const MOST_ROWS: u32 = 1_048_576;
/// Columns of a sheet.
pub const MOST_COLUMNS: u32 = 16_384;
/// Length of a cell's text, in UTF-16 units.
pub const LONGEST_CELL: usize = 32_767;

/// As much of a text as a cell holds.
pub fn cell_text(text: &str) -> &str {
    if text.len() <= LONGEST_CELL {
        return text;
    }
    let mut length = 0;
    let mut letters = text.char_indices();
    let beyond = letters.find(|(_, letter)| {
        length += letter.len_utf16();
        length > LONGEST_CELL
    });
    beyond.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_two_units_count_twice() {
        assert_eq!(cell_text("short"), "short");
        assert_eq!(cell_text(&"a".repeat(40_000)).len(), LONGEST_CELL);
        assert_eq!(cell_text(&"😀".repeat(20_000)).chars().count(), LONGEST_CELL / 2);
        assert_eq!(cell_text(&"é".repeat(20_000)).chars().count(), 20_000);
    }
}
