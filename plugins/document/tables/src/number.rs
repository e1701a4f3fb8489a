//! Which text is a number.

/// Digits that a number of a spreadsheet can hold.
const DIGITS: usize = 15;

/// The number that a text is, when it is nothing else: no leading zeroes that mean something, no more digits than are
/// kept.
pub fn number_of(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let whole = digits.split('.').next().unwrap_or_default();
    let leads = whole.len() > 1 && whole.starts_with('0') || whole.is_empty() || digits.ends_with('.');
    let fits = digits.bytes().filter(u8::is_ascii_digit).count() <= DIGITS;
    (plain && !leads && fits).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_numbers() {
        assert_eq!(["12", "-0.5", "1000.25"].map(number_of), [Some(12.0), Some(-0.5), Some(1000.25)]);
        for text in ["007", "1.2.3", "1,000", "", "-", "12.", ".5", "1e5", "NaN", "1234567890123456"] {
            assert_eq!(number_of(text), None, "{text}");
        }
    }
}
