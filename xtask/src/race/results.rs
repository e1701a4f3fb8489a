//! The file of results: one part a race, each under its heading.

use std::fs;
use std::path::Path;

use formwork_tests::Result;

/// Writes the parts in `text`. When `all` ran, the file is made anew; else each part takes the place of the one with
/// its heading, or goes to the end, and says itself when it was measured.
pub(super) fn write(file: &Path, machine: &str, text: &str, all: bool) -> Result<()> {
    let whole = if all {
        format!("# Races\n\n{machine}\n\n{text}")
    } else {
        merged(&fs::read_to_string(file)?, machine, text)
    };
    Ok(fs::write(file, whole.trim_end().to_owned() + "\n")?)
}

fn merged(old: &str, machine: &str, text: &str) -> String {
    let mut parts = split(old);
    for part in split(text).into_iter().filter(|part| !part.is_empty()) {
        let (heading, rest) = part.split_once('\n').unwrap_or((&part, ""));
        let fresh = format!("{heading}\n\n{machine}\n{rest}");
        match parts.iter_mut().find(|old| old.lines().next() == Some(heading)) {
            Some(old) => *old = fresh,
            None => parts.push(fresh),
        }
    }
    parts.concat()
}

/// What comes before the first heading, and the parts with theirs.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.lines() {
        if line.starts_with("### ") {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            *part += line;
            part.push('\n');
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_race_leaves_the_others_alone() {
        let old = "# Races\n\n### A\n\nold a\n\n### B\n\nold b\n";
        let new = merged(old, "today", "### B\n\nnew b\n\n### C\n\nnew c\n");
        assert_eq!(new, "# Races\n\n### A\n\nold a\n\n### B\n\ntoday\n\nnew b\n\n### C\n\ntoday\n\nnew c\n");
    }
}
