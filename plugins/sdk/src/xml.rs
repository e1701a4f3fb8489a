//! What XML asks of text that becomes a part of it: drawings for marks, descriptions in PDF, office files.

/// What begins a file of XML.
pub const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// Escapes text for XML 1.0 and HTML, and leaves out what those cannot hold.
pub fn escape(text: &str, xml: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\t' => xml.push(' '),
            letter if letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}') => {}
            letter => xml.push(letter),
        }
    }
}

/// As [`escape`], as a text of its own.
pub fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    escape(text, &mut xml);
    xml
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        assert_eq!(super::escaped("a<\u{1}b\u{FFFE}&\t\""), "a&lt;b&amp; &quot;");
    }
}
