//! One cell: the program is asked, a foreign reader looks.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::cells::{CONVERT, Cell};
use super::converted;
use super::inputs::{self, Input, Inputs};
use super::table::{self, Ask, Due};
use crate::conformance::{NO_TABLE, first_of};
use crate::evidence::PASSED;
use crate::judge::Judge;
use crate::program;
use crate::run::Limits;

/// Seconds by which lengths may differ: a frame or packet at either end, and what encoders put before.
const SECONDS: f64 = 0.3;
/// The same as a part of the length.
const PART: f64 = 0.05;
/// How much more magenta a mark must be.
const MARKED: i64 = 30;

/// The longest side of a picture in an icon, in pixels.
const ICON: u64 = 256;

/// What became of a cell.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The cell.
    pub cell: Cell,
    /// [`PASSED`], or why not; `None` when there is no input to try it with.
    pub verdict: Result<String, String>,
    /// The foreign reader.
    pub judge: String,
}

impl Outcome {
    /// True when the cell passed.
    pub fn passed(&self) -> bool {
        self.verdict.as_deref() == Ok(PASSED)
    }
}

pub(super) fn run(cell: &Cell, deadline: Duration, inputs: &mut Inputs<'_>, judge: &mut Judge) -> Outcome {
    let place = inputs.folder.join("case");
    let mut reader = String::new();
    let verdict = files(cell, inputs, judge).and_then(|files| {
        std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
        attempt(cell, &files, (&place, deadline), inputs, judge).map(|seen| {
            seen.map_or_else(
                |fault| fault,
                |name| {
                    reader = name;
                    PASSED.to_owned()
                },
            )
        })
    });
    // What is left is removed with the scratch folder.
    let _ = std::fs::remove_dir_all(&place);
    Outcome { cell: cell.clone(), verdict, judge: reader }
}

/// The inputs. Of operations that take any file, a picture and a table.
fn files(cell: &Cell, inputs: &mut Inputs<'_>, judge: &mut Judge) -> Result<Vec<Input>, String> {
    if cell.from.is_empty() {
        let first = inputs.find(cell, "png", judge)?;
        let many = cell.many.then(|| inputs.find(cell, "jpg", judge)).transpose()?;
        return Ok([first].into_iter().chain(many).collect());
    }
    let first = inputs.find(cell, &cell.from, judge)?;
    if !cell.many {
        return Ok(vec![first]);
    }
    // First with first where the format stays, a mixed pair otherwise.
    let second = if cell.from == cell.to { first.clone() } else { inputs.other(cell, judge)? };
    Ok(vec![first, second])
}

/// Asks and looks: outside, why it could not be tried; inside, the fault or the reader.
fn attempt(
    cell: &Cell,
    files: &[Input],
    (folder, deadline): (&Path, Duration),
    inputs: &Inputs<'_>,
    judge: &mut Judge,
) -> Result<Result<String, String>, String> {
    let Some(first) = files.first() else { return Err("no input".to_owned()) };
    let Some(mut asked) = table::ask(&cell.operation, &first.facts) else {
        return Ok(Err(format!("no case for operation {}", cell.operation)));
    };
    adjust(&mut asked, cell, files);
    let source = inputs::prepare(&first.path, asked.before, folder)?;
    let output = if cell.to.is_empty() || cell.operation == "pdf/split" {
        folder.join("out")
    } else {
        folder.join(format!("out.{}", cell.to))
    };
    let sources =
        [source.clone()].into_iter().chain(files.iter().skip(1).map(|file| file.path.clone())).collect();
    let words = words(cell, sources, &output, &asked);
    let limits = Limits { deadline, address_space: Some(12 << 30), ..Limits::default() };
    let call = program::call(words, &limits).map_err(|error| error.to_string())?;
    if call.complaint().contains(NO_TABLE) {
        return Err("the input has no table".to_owned());
    }
    if !call.succeeded() {
        return Ok(Err(call.complaint()));
    }
    let output = first_of(output);
    if cell.operation == CONVERT {
        let family = |format| cell.family(format, inputs.families);
        let from = (source.as_path(), cell.from.as_str(), family(&cell.from));
        return Ok(converted::judge(from, (&output, &cell.to, family(&cell.to)), judge));
    }
    let family = if output.is_dir() { "folder" } else { cell.family(&cell.to, inputs.families) };
    Ok(match judge.facts(&output, &cell.to, family, asked.password) {
        Err(error) => Err(error.to_string()),
        Ok(seen) => {
            let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
            let sizes = (bytes(&source), bytes(&output));
            let fault = asked.due.iter().find_map(|due| missed(due, &first.facts, &seen, sizes));
            fault.map_or_else(|| Ok(seen["reader"].as_str().unwrap_or_default().to_owned()), Err)
        }
    })
}

/// What depends on all inputs and on the target: lengths add up, archives hold as many files as were packed, no picture
/// of an icon has a longer side than [`ICON`], and PostScript has points of the density that the input said.
fn adjust(asked: &mut Ask, cell: &Cell, files: &[Input]) {
    let is_large = files.iter().any(|file| side(&file.facts) > ICON);
    if cell.to == "eps" || cell.to == "ico" && is_large {
        asked.due.retain(|due| !matches!(due, Due::Same | Due::Size(..)));
    }
    if cell.to == "ico" && is_large {
        asked.due.push(Due::Within(ICON));
    }
    let sum = |key: &str| files.iter().map(|file| file.facts[key].as_f64().unwrap_or(0.0)).sum::<f64>();
    if cell.operation == "archive" {
        asked.due.push(Due::Is("members", files.len().into()));
    }
    for due in asked.due.iter_mut().filter(|_| cell.operation == "merge") {
        match due {
            Due::Seconds(seconds) => *seconds = sum("seconds"),
            Due::Is("digests", all) => *all = digests(files),
            // All sheets in one book, or all rows under the names of the first.
            Due::Is(key @ ("rows" | "sheets"), all) if cell.to == "xlsx" => {
                (*key, *all) = ("sheets", (sum("sheets") as u64).into());
            }
            Due::Is("rows", all) => *all = (sum("rows") as u64 + 1 - files.len() as u64).into(),
            _ => {}
        }
    }
}

/// What is inside all archives, sorted.
fn digests(files: &[Input]) -> Value {
    let inside = files.iter().filter_map(|file| file.facts["digests"].as_array()).flatten();
    let mut inside: Vec<&str> = inside.filter_map(Value::as_str).collect();
    inside.sort_unstable();
    inside.into()
}

/// The longer side of a picture.
fn side(facts: &Value) -> u64 {
    ["width", "height"].iter().filter_map(|key| facts[key].as_u64()).max().unwrap_or(0)
}

fn words(cell: &Cell, sources: Vec<std::path::PathBuf>, output: &Path, asked: &Ask) -> Vec<OsString> {
    let mut words: Vec<OsString> = cell.operation.split('/').map(OsString::from).collect();
    words.extend(sources.into_iter().map(OsString::from));
    if output.extension().is_none() {
        words.push("-o".into());
    }
    words.extend([output.as_os_str().to_owned(), "--json".into()]);
    if !cell.to.is_empty() {
        words.extend(["--to".into(), OsString::from(&cell.to)]);
    }
    words.extend(asked.options.iter().flat_map(|option| ["--set".into(), OsString::from(option)]));
    words
}

/// Says how an output is not what is due.
fn missed(due: &Due, before: &Value, after: &Value, bytes: (u64, u64)) -> Option<String> {
    let number = |facts: &Value, key: &str| facts[key].as_u64();
    let size =
        |facts: &Value| Some((number(facts, "width")?, number(facts, "height")?)).filter(|size| size.0 > 0);
    let text = || after["text"].as_str().unwrap_or_default();
    let wrong = |is: bool, say: String| (!is).then_some(say);
    match due {
        // Vectors and pages have no pixels.
        Due::Size(width, height) => size(after).and_then(|seen| {
            wrong(seen == (*width, *height), format!("size: {seen:?}, not {width}x{height}"))
        }),
        Due::Within(side) => size(after).and_then(|seen| {
            wrong(seen.0.max(seen.1) <= *side, format!("size: {seen:?}, not within {side}"))
        }),
        Due::Seconds(due) => {
            let seen = after["seconds"].as_f64()?;
            let broken = |facts: &Value| facts["broken"].as_u64().unwrap_or(0);
            // As many packets as in both, when two are joined.
            if broken(after) > 2 * broken(before) {
                return Some(format!("{} packets do not decode", broken(after)));
            }
            wrong((seen - due).abs() <= SECONDS + due * PART, format!("length: {seen:.2} s, not {due:.2}"))
        }
        Due::Same => {
            let sizes = size(before).zip(size(after));
            // Pixels that were not square may have become so.
            let squared = |b: (u64, u64)| number(before, "shown").is_some_and(|wide| wide.abs_diff(b.0) <= 2);
            // Most video has no odd number of lines.
            let even = |a: u64, b: u64| a == b || a & !1 == b;
            let kept = |a: (u64, u64), b: (u64, u64)| even(a.1, b.1) && (even(a.0, b.0) || squared(b));
            let resized = sizes.and_then(|(a, b)| wrong(kept(a, b), format!("size: {b:?}, not {a:?}")));
            // Without its sound, a film is as long as its pictures.
            let silent = after["audio"] == false && before["watched"].is_number();
            let length = before[if silent { "watched" } else { "seconds" }].as_f64();
            resized.or_else(|| missed(&Due::Seconds(length?), before, after, bytes))
        }
        Due::Smaller => wrong(bytes.1 <= bytes.0, format!("bigger: {} bytes, not {}", bytes.1, bytes.0)),
        Due::Is(key, value) => wrong(after[key] == *value, format!("{key}: {}, not {value}", after[key])),
        Due::AtLeast(count) => wrong(number(after, "members") >= Some(*count), "nothing came out".to_owned()),
        Due::SameFiles => wrong(after["digests"] == before["digests"], "other files than inside".to_owned()),
        Due::Text(word) => wrong(text().contains(word), format!("text: no '{word}'")),
        Due::NoText(word) => wrong(!text().contains(word), format!("text: still '{word}'")),
        Due::Marked => {
            let gain = after["marked"].as_i64()? - before["marked"].as_i64()?.max(0);
            wrong(gain >= MARKED, format!("mark: magenta only by {gain}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_due_is_a_fault() {
        let before = json!({"width": 10, "height": 8, "seconds": 4.0, "marked": 0});
        let miss = |due, after: Value| missed(&due, &before, &after, (10, 20)).is_some();
        assert!(
            miss(Due::Same, json!({"width": 5, "height": 8})) && miss(Due::Same, json!({"seconds": 1.0}))
        );
        assert!(!miss(Due::Same, json!({"width": 10, "height": 8, "seconds": 4.1})));
        assert!(miss(Due::Smaller, json!({})) && miss(Due::Marked, json!({"marked": 5})));
        assert!(miss(Due::Is("pages", 2.into()), json!({})) && miss(Due::AtLeast(1), json!({})));
        assert!(
            miss(Due::NoText("a".into()), json!({"text": "a"})) && miss(Due::Text("b".into()), json!({}))
        );
    }
}
