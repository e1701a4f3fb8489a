//! What is to be seen in a file of any family, as `tests/judge/sights.py` tells it.

use serde_json::Value;

use super::{bytes_of, list};

/// What a picture, a film or a first page shows.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// The program that drew it.
    pub reader: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Red, green and blue of small copies: several of a film.
    pub thumbs: Vec<Vec<u8>>,
    /// True when readers rightly differ in colours.
    pub loose: bool,
}

impl Sight {
    pub(super) fn read(answer: &Value) -> Self {
        let number = |key: &str| answer[key].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        let thumbs = list(&answer["thumbs"]).iter();
        Sight {
            reader: answer["reader"].as_str().unwrap_or_default().to_owned(),
            width: number("width"),
            height: number("height"),
            thumbs: thumbs.map(|thumb| bytes_of(thumb.as_str().unwrap_or_default())).collect(),
            loose: answer["loose"] == true,
        }
    }
}
