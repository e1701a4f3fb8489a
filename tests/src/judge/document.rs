//! What foreign readers see in a document, as `tests/judge/documents.py` tells it.

use serde_json::Value;

/// What is in a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Its pages; 0 for what flows.
    pub pages: u64,
    /// Its words.
    pub words: u64,
}

/// An output beside the input it was made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Document {
    /// Pages of the output; 0 for what flows, and for pictures.
    pub pages: u64,
    /// Words of the input.
    pub words: u64,
    /// The part of them that is in the output.
    pub recall: Option<f64>,
    /// Kendall's tau of the order of words that both have once.
    pub order: Option<f64>,
    /// Mean difference in grey, of 255, of a picture from the first page.
    pub look: Option<f64>,
}

impl Pages {
    pub(super) fn read(answer: &Value) -> Pages {
        Pages { pages: number(&answer["pages"]), words: number(&answer["words"]) }
    }
}

impl Document {
    pub(super) fn read(answer: &Value) -> Document {
        Document {
            pages: number(&answer["pages"]),
            words: number(&answer["words"]),
            recall: answer["recall"].as_f64(),
            order: answer["order"].as_f64(),
            look: answer["look"].as_f64(),
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}
