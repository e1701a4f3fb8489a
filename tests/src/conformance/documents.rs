//! Does the output hold what is on the input's pages?

use super::case::Fault;
use crate::judge::{Document, Pages};

/// The part of the words that must arrive. What is missing in good ones are letters of headers that repeat, and words
/// that readers cut differently.
const RECALL: f64 = 0.9;
/// Kendall's tau of their order. Two readers agree about columns, not about notes beside them.
const ORDER: f64 = 0.7;
/// Words from which an order means something.
const ENOUGH: u64 = 30;
/// Mean difference in grey, of 255, up to which a page is drawn alike: mostly the smoothing of letters.
const SAME: f64 = 8.0;
/// Targets that hold tables only, and inputs that hold nothing else.
const TABLES: &[&str] = &["csv", "xlsx"];
const SHEETS: &[&str] = &["csv", "xlsx", "xls", "ods"];

pub(super) fn compare(from: &str, to: &str, input: &Pages, output: &Document) -> Result<(), (Fault, String)> {
    if let Some(look) = output.look.filter(|look| *look > SAME) {
        return Err((Fault::Look, format!("the first page differs by {look:.1} of 255")));
    }
    if from == "pdf" && to == "pdf" && input.pages != output.pages {
        return Err((Fault::Frames, format!("{} pages instead of {}", output.pages, input.pages)));
    }
    if to == "pdf" && output.pages == 0 {
        return Err((Fault::Frames, "no pages".to_owned()));
    }
    if TABLES.contains(&to) && !SHEETS.contains(&from) {
        return Ok(());
    }
    if let Some(recall) = output.recall.filter(|recall| input.words > 0 && *recall < RECALL) {
        return Err((Fault::Text, format!("{recall:.2} of {} words arrived", input.words)));
    }
    // Cells of a table are read in rows or in columns.
    let judged = input.words >= ENOUGH && !SHEETS.contains(&from);
    match output.order.filter(|order| judged && *order < ORDER) {
        Some(order) => Err((Fault::Text, format!("the order of words agrees by {order:.2}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_a_fault() {
        let input = Pages { pages: 3, words: 100 };
        let good = Document { pages: 3, words: 100, recall: Some(1.0), order: Some(1.0), look: None };
        let fault =
            |to, document: Document| compare("pdf", to, &input, &document).err().map(|(fault, _)| fault);
        assert_eq!(fault("pdf", good), None);
        assert_eq!(fault("pdf", Document { pages: 2, ..good }), Some(Fault::Frames));
        assert_eq!(fault("txt", Document { recall: Some(0.5), ..good }), Some(Fault::Text));
        assert_eq!(fault("md", Document { order: Some(0.1), ..good }), Some(Fault::Text));
        assert!(compare("xls", "csv", &input, &Document { recall: Some(0.5), ..good }).is_err());
        assert_eq!(fault("csv", Document { recall: Some(0.5), ..good }), None);
        assert_eq!(fault("png", Document { look: Some(30.0), ..good }), Some(Fault::Look));
    }
}
