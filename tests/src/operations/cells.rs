//! The cells: what the program itself lists.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::random::Random;
use crate::run::Limits;
use crate::{Result, program};

/// Pixels between two steps of the engine. No file has this format; what a step writes as it becomes [`PICTURE`].
const RASTER: &str = "raster";
const PICTURE: &str = "png";
/// The operation that makes another format of a file.
pub(super) const CONVERT: &str = "convert";
/// How many cells of an operation a quick run tries.
const QUICK: usize = 2;

/// One cell of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// What is asked.
    pub operation: String,
    /// The input's format; empty when any file will do.
    pub from: String,
    /// The output's format; empty when what is inside comes out.
    pub to: String,
    /// The plugin that lists it, up to the first dot; of a conversion, which several may share, the input's family.
    pub plugin: String,
    /// It takes many inputs.
    pub many: bool,
}

impl Cell {
    /// How it is written in tables and reports.
    pub fn say(&self) -> String {
        format!("{} {}→{}", self.operation, self.from, self.to)
    }

    /// True when only sound is asked for.
    pub(super) fn is_sound(&self, families: &BTreeMap<String, String>) -> bool {
        let target = families.get(&self.to).map(String::as_str);
        self.plugin == "audio" || self.operation == CONVERT && target == Some("audio")
    }

    /// The family whose readers judge a file of `format` here. A moving GIF is video where video is worked on.
    pub(super) fn family<'a>(&self, format: &str, families: &'a BTreeMap<String, String>) -> &'a str {
        let media = matches!(self.plugin.as_str(), "audio" | "video");
        match families.get(format).map_or("folder", String::as_str) {
            "image" if media && format == "gif" => "video",
            family => family,
        }
    }
}

/// Every cell that is available here; those listed twice once.
pub fn listed() -> Result<Vec<Cell>> {
    let mut cells = operations()?;
    cells.extend(conversions()?);
    Ok(cells)
}

/// Every conversion, straight or over other formats.
fn conversions() -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    let rows = ask(&["formats", "--json"])?;
    for row in rows.as_array().into_iter().flatten().filter(|row| row["read"] == true) {
        let (from, family) = (text(&row["id"]), text(&row["family"]));
        let targets = ask(&["formats", "--from", &from, "--json"])?;
        cells.extend(targets.as_array().into_iter().flatten().map(|target| Cell {
            operation: CONVERT.to_owned(),
            from: from.clone(),
            to: text(&target["id"]),
            plugin: family.clone(),
            many: false,
        }));
    }
    Ok(cells)
}

/// Every cell that is no conversion.
fn operations() -> Result<Vec<Cell>> {
    let matrix = ask(&["matrix", "--json"])?;
    let mut cells = BTreeMap::new();
    for row in matrix["cells"].as_array().into_iter().flatten() {
        let operation = text(&row["operation"]);
        if operation == CONVERT || !row["unavailable"].is_null() {
            continue;
        }
        let plugin = text(&row["plugin"]).split('.').next().unwrap_or_default().to_owned();
        for from in formats(&row["from"]).into_iter().filter(|from| from != RASTER) {
            for to in formats(&row["to"]) {
                let to = if to == RASTER { PICTURE.to_owned() } else { to };
                let many = row["many_inputs"] == true;
                let key = (operation.clone(), from.clone(), to.clone());
                let cell = Cell {
                    operation: operation.clone(),
                    from: from.clone(),
                    to,
                    plugin: plugin.clone(),
                    many,
                };
                cells.entry(key).or_insert(cell);
            }
        }
    }
    Ok(cells.into_values().collect())
}

/// The family of every format.
pub fn families() -> Result<BTreeMap<String, String>> {
    let rows = ask(&["formats", "--json"])?;
    let rows = rows.as_array().into_iter().flatten();
    Ok(rows.map(|row| (text(&row["id"]), text(&row["family"]))).collect())
}

/// Puts cells into the same accidental order each time: the first of every plugin's operation, then the second, and so
/// on, those that keep the format before others. A quick run takes a few of each.
pub(super) fn deal(mut cells: Vec<Cell>, quick: bool) -> Vec<Cell> {
    Random::new(1).shuffle(&mut cells);
    cells.sort_by_key(|cell| cell.from != cell.to);
    let mut dealt: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut turn = |cell: &Cell| {
        let turn = dealt.entry((cell.plugin.clone(), cell.operation.clone())).or_default();
        *turn += 1;
        *turn
    };
    let mut cells: Vec<(usize, Cell)> = cells.into_iter().map(|cell| (turn(&cell), cell)).collect();
    cells.sort_by_key(|(turn, _)| *turn);
    cells.into_iter().filter(|(turn, _)| !quick || *turn <= QUICK).map(|(_, cell)| cell).collect()
}

fn formats(list: &Value) -> Vec<String> {
    let found: Vec<String> = list.as_array().into_iter().flatten().map(text).collect();
    if found.is_empty() { vec![String::new()] } else { found }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What the program prints as JSON.
pub fn ask(words: &[&str]) -> Result<Value> {
    let call = program::call(words, &Limits::default())?;
    if !call.process.succeeded() {
        return Err(call.complaint().into());
    }
    Ok(serde_json::from_slice(&call.process.stdout)?)
}
