//! What each operation is asked on a given input, and what foreign readers must see afterwards.

use serde_json::Value;

use super::cells::CONVERT;

/// What must be true of the output.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Due {
    /// Pixels across and down.
    Size(u64, u64),
    /// The longer side is at most this many pixels.
    Within(u64),
    /// It plays this many seconds.
    Seconds(f64),
    /// It has the input's size and length.
    Same,
    /// It is not bigger than the input.
    Smaller,
    /// A fact is this.
    Is(&'static str, Value),
    /// There are at least this many files.
    AtLeast(u64),
    /// The files are those of the input.
    SameFiles,
    /// A text is there.
    Text(String),
    /// A text is gone.
    NoText(String),
    /// Something magenta is there that was not.
    Marked,
}

/// What is done to a corpus file before it is an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// It is closed with [`PASSWORD`].
    Close,
    /// A file is attached.
    Attach,
    /// Its index is cut off.
    Cut,
    /// Its first page becomes a picture on a page.
    Scan,
}

/// One question: options, what to do before, and what is due.
pub(super) struct Ask {
    pub(super) options: Vec<String>,
    pub(super) before: Before,
    /// The password that opens the output.
    pub(super) password: &'static str,
    pub(super) due: Vec<Due>,
}

pub(super) const PASSWORD: &str = "open sesame";
const TITLE: &str = "A title of our own";
const MARK: &str = "MARK";
const THUMBNAIL: u64 = 48;

/// What is asked of an operation, given the facts of its input; `None` for one that has no row here.
pub(super) fn ask(operation: &str, facts: &Value) -> Option<Ask> {
    let number = |key: &str| facts[key].as_u64().unwrap_or(0);
    let pages = || Due::Is("pages", facts["pages"].clone());
    let (options, due) = match operation {
        // What a conversion owes depends on both formats, and is judged by itself.
        "archive" | CONVERT => (vec![], vec![]),
        "extract" => (vec![], vec![Due::SameFiles]),
        "crop" => {
            // Even numbers, because most video cannot be cut between two lines of colour.
            let half = |side: u64| (side / 2).max(2) & !1;
            let (width, height) = (half(number("width")), half(number("height")));
            let (x, y) = ((number("width") / 4) & !1, (number("height") / 4) & !1);
            let options = vec![
                format!("x={x}"),
                format!("y={y}"),
                format!("width={width}"),
                format!("height={height}"),
            ];
            (options, vec![Due::Size(width, height)])
        }
        "trim" => {
            let seconds = facts["seconds"].as_f64().unwrap_or(0.0);
            let options =
                vec![format!("start_time={:.3}", seconds * 0.25), format!("end_time={:.3}", seconds * 0.75)];
            (options, vec![Due::Seconds(seconds / 2.0)])
        }
        "merge" if facts["seconds"].is_number() => {
            (vec![], vec![Due::Seconds(facts["seconds"].as_f64().unwrap_or(0.0) * 2.0)])
        }
        // What is due depends on both, and is filled in with them.
        "merge" if facts["digests"].is_array() => (vec![], vec![Due::Is("digests", Value::Null)]),
        "merge" if facts["rows"].is_number() => (vec![], vec![Due::Is("rows", Value::Null)]),
        // The same.
        "merge" if facts["sheets"].is_number() => (vec![], vec![Due::Is("sheets", Value::Null)]),
        "merge" | "pdf/merge" => (vec![], vec![Due::Is("pages", (number("pages") * 2).into())]),
        "metadata" => (vec![format!("title={TITLE}")], vec![Due::Is("title", TITLE.into()), Due::Same]),
        "optimize" => (vec![], vec![Due::Same, Due::Smaller]),
        "pdf/compress" => (vec![], vec![pages(), Due::Smaller]),
        "thumbnail" => {
            (vec![format!("width={THUMBNAIL}"), format!("height={THUMBNAIL}")], vec![Due::Within(THUMBNAIL)])
        }
        "watermark" | "pdf/watermark" => {
            let words = vec![format!("text={MARK}"), "color=#ff00ff".to_owned(), "opacity=1".to_owned()];
            match facts["pages"].is_number() {
                true => (words, vec![pages(), Due::Text(MARK.to_owned())]),
                false => {
                    let size = format!("font_size={}", (number("height") / 3).clamp(8, 2_000));
                    ([words, vec![size]].concat(), vec![Due::Same, Due::Marked])
                }
            }
        }
        _ => pdf(operation, facts)?,
    };
    let before = match operation {
        "pdf/decrypt" => Before::Close,
        "pdf/extract-attachments" => Before::Attach,
        "pdf/repair" => Before::Cut,
        "pdf/ocr" | "pdf/extract-images" => Before::Scan,
        _ => Before::Nothing,
    };
    let password = if operation == "pdf/encrypt" { PASSWORD } else { "" };
    Some(Ask { options, before, password, due })
}

/// The operations that only PDF has.
fn pdf(operation: &str, facts: &Value) -> Option<(Vec<String>, Vec<Due>)> {
    let option = |word: &str| vec![word.to_owned()];
    let key = || option(&format!("password={PASSWORD}"));
    let same = Due::Is("pages", facts["pages"].clone());
    let word = longest_word(facts);
    Some(match operation {
        "pdf/split" => (option("every=1"), vec![Due::Is("members", facts["pages"].clone())]),
        "pdf/extract-pages" => (option("pages=1"), vec![Due::Is("pages", 1.into())]),
        "pdf/rotate" => {
            let turned = (facts["turned"].as_u64().unwrap_or(0) + 90) % 360;
            (option("angle=90"), vec![same, Due::Is("turned", turned.into())])
        }
        "pdf/encrypt" => (key(), vec![same, Due::Is("encrypted", true.into())]),
        "pdf/decrypt" => (key(), vec![same, Due::Is("encrypted", false.into()), Due::Text(word)]),
        "pdf/extract-images" | "pdf/extract-attachments" => (vec![], vec![Due::AtLeast(1)]),
        "pdf/flatten" | "pdf/repair" => (vec![], vec![same, Due::Text(word)]),
        "pdf/redact" => (option(&format!("text={word}")), vec![same, Due::NoText(word)]),
        "pdf/to-pdfa" => (option("conforms=pdfa-2b"), vec![same, Due::Is("pdfa", true.into())]),
        "pdf/ocr" => (option("language=eng"), vec![Due::Is("pages", 1.into()), Due::Text(word)]),
        "pdf/linearize" => (vec![], vec![same, Due::Is("linear", true.into())]),
        _ => return None,
    })
}

/// The longest plain word on the first page.
pub(super) fn longest_word(facts: &Value) -> String {
    let text = facts["text"].as_str().unwrap_or_default();
    let first = text.split('\u{c}').next().unwrap_or_default();
    let words =
        first.split_whitespace().filter(|word| word.chars().all(|letter| letter.is_ascii_alphabetic()));
    words.max_by_key(|word| word.len()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_without_a_row_is_not_asked() {
        assert!(ask("fold", &json!({})).is_none() && ask("pdf/fold", &json!({})).is_none());
    }

    #[test]
    fn a_crop_stays_within_the_picture() {
        let asked = ask("crop", &json!({"width": 101, "height": 51})).unwrap();
        assert_eq!(asked.options, ["x=24", "y=12", "width=50", "height=24"]);
        assert_eq!(asked.due, [Due::Size(50, 24)]);
    }
}
