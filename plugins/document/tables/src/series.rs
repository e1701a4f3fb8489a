//! What the files that one document becomes are called.

/// Letters of the document's own name that go into the names of its pages.
const LONGEST_STEM: usize = 120;

/// The name of the file that a page or another part becomes, as `report-page-001`: as many digits as the last one needs,
/// at least three, so that names sort.
pub fn part_name(document: &str, part: &str, index: usize, count: usize) -> String {
    let file = document.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let stem: String = stem.chars().filter(|letter| !letter.is_control()).take(LONGEST_STEM).collect();
    let stem = if stem.is_empty() { stem } else { format!("{stem}-") };
    let digits = count.to_string().len().max(3);
    format!("{stem}{part}-{:0digits$}", index + 1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_sort_as_pages_do() {
        assert_eq!(super::part_name("a/report.v2.pdf", "page", 0, 9), "report.v2-page-001");
        assert_eq!(super::part_name("", "page", 41, 12_000), "page-00042");
    }
}
