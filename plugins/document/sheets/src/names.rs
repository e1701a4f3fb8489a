//! What sheets of a workbook may be called.

use std::collections::HashSet;

/// The most letters of a name, and those it must not have (as Excel has it).
const LONGEST: usize = 31;
const FORBIDDEN: &[char] = &['[', ']', ':', '*', '?', '/', '\\'];
/// A name that Excel keeps for itself.
const KEPT: &str = "history";

/// Names that were given, in small letters: names that differ only in case are the same.
#[derive(Default)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// A name that is allowed, and like no other so far.
    pub(crate) fn give(&mut self, wanted: &str) -> String {
        let clean: String = wanted.chars().filter(|letter| !letter.is_control()).collect();
        let clean = clean.replace(FORBIDDEN, "_");
        let clean = clean.trim().trim_matches('\'');
        let clean =
            if clean.is_empty() || clean.to_lowercase() == KEPT { format!("{clean}_") } else { clean.into() };
        let mut name = cut(&clean, LONGEST);
        let mut number = 2;
        while !self.0.insert(name.to_lowercase()) {
            let end = format!(" ({number})");
            name = cut(&clean, LONGEST - end.len()) + &end;
            number += 1;
        }
        name
    }
}

/// As much of a name as fits, in the units its length is counted in.
fn cut(name: &str, most: usize) -> String {
    let mut length = 0;
    let fits = |letter: &char| {
        length += letter.len_utf16();
        length <= most
    };
    let cut: String = name.chars().take_while(fits).collect();
    cut.trim_end_matches('\'').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_allowed_and_differ() {
        let mut names = Names::default();
        let mut give = |name: &str| names.give(name);
        assert_eq!(give("Data"), "Data");
        assert_eq!(give("data"), "data (2)");
        assert_eq!(give("DATA"), "DATA (3)");
        assert_eq!(give("a/b:c?"), "a_b_c_");
        assert_eq!((give(""), give("History"), give("'q'")), ("_".into(), "History_".into(), "q".into()));
        let long = "x".repeat(40);
        assert_eq!((give(&long).len(), give(&long)), (31, format!("{} (2)", "x".repeat(27))));
        assert_eq!(give(&"😀".repeat(20)).chars().count(), 15);
    }
}
