//! Rows by RFC 4180.

/// Writes one row, with its end.
pub fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>, text: &mut String) {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        field(cell.as_ref(), text);
    }
    text.push_str("\r\n");
}

fn field(cell: &str, text: &mut String) {
    if !cell.contains(['"', ',', '\r', '\n']) {
        return text.push_str(cell);
    }
    text.push('"');
    for (place, part) in cell.split('"').enumerate() {
        text.push_str(if place > 0 { "\"\"" } else { "" });
        text.push_str(part);
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_are_quoted() {
        let mut text = String::new();
        super::row(["a,b", "say \"x\""], &mut text);
        super::row(["", "c"], &mut text);
        assert_eq!(text, "\"a,b\",\"say \"\"x\"\"\"\r\n,c\r\n");
    }
}
