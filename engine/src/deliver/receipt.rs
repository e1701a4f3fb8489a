use crate::run::Item;
use crate::{Error, Result};
use formwork_formats::Feature;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// What was done to one input: route, losses, warnings, files, times.
#[derive(Clone, Debug, Default)]
pub struct Receipt {
    /// The task's name in the job.
    pub task: String,
    /// Names of the tasks that were done in one pass, this one last; empty for one that was done alone.
    pub fused: Vec<String>,
    /// What went in.
    pub inputs: Vec<FileRecord>,
    /// What came out.
    pub outputs: Vec<FileRecord>,
    /// The route as in [`Route::to_json`](crate::plan::Route::to_json).
    pub route: Value,
    /// What did not arrive.
    pub losses: Vec<Loss>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Milliseconds from start to the finished output.
    pub elapsed_ms: f64,
    /// Greatest resident memory of this process so far, and of the largest worker of this task, added, in
    /// bytes.
    pub peak_bytes: u64,
    /// Isolation level the steps really ran at.
    pub isolation: u8,
}

/// A feature of the input that the output does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The feature.
    pub feature: Feature,
    /// What exactly, or empty.
    pub detail: String,
}

/// One file of a receipt.
#[derive(Clone, Debug, Default)]
pub struct FileRecord {
    /// Its name in the job.
    pub name: String,
    /// Where it was put, once it was.
    pub path: Option<PathBuf>,
    /// Id of its format; empty when unknown.
    pub format: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its bytes in hexadecimal, when hashes were asked for.
    pub blake3: Option<String>,
}

impl FileRecord {
    /// Describes an item, with its hash when asked for.
    ///
    /// # Errors
    ///
    /// `io` when it cannot be read for hashing.
    pub fn of(item: &Item, hashed: bool) -> Result<FileRecord> {
        Ok(FileRecord {
            name: item.name.clone(),
            path: None,
            format: item.format.map_or_else(String::new, |format| format.id.to_owned()),
            bytes: item.length(),
            blake3: if hashed && item.is_file() { Some(hash(item)?) } else { None },
        })
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("name".into(), self.name.clone().into());
        if let Some(path) = &self.path {
            object.insert("path".into(), path.to_string_lossy().into());
        }
        object.insert("format".into(), self.format.clone().into());
        object.insert("bytes".into(), self.bytes.into());
        if let Some(hash) = &self.blake3 {
            object.insert("blake3".into(), hash.clone().into());
        }
        object.into()
    }
}

impl Receipt {
    /// The receipt as JSON. `input` and `output` are the first of each; `inputs` and `outputs` follow
    /// only when there are more.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        let mut files = |one: &str, many: &str, records: &[FileRecord]| {
            object.insert(one.into(), records.first().map_or(Value::Null, FileRecord::to_json));
            if records.len() > 1 {
                object.insert(many.into(), records.iter().map(FileRecord::to_json).collect());
            }
        };
        files("input", "inputs", &self.inputs);
        files("output", "outputs", &self.outputs);
        let losses =
            self.losses.iter().map(|loss| json!({"feature": loss.feature.word(), "detail": loss.detail}));
        if !self.fused.is_empty() {
            object.insert("fused".into(), self.fused.clone().into());
        }
        object.insert("route".into(), self.route.clone());
        object.insert("losses".into(), losses.collect());
        object.insert("warnings".into(), self.warnings.clone().into());
        object.insert("elapsed_ms".into(), ((self.elapsed_ms * 100.0).round() / 100.0).into());
        object.insert("peak_bytes".into(), self.peak_bytes.into());
        object.insert("isolation".into(), self.isolation.into());
        object.insert("engine".into(), env!("CARGO_PKG_VERSION").into());
        object.into()
    }
}

/// BLAKE3 of an item's bytes in hexadecimal, read in blocks.
///
/// # Errors
///
/// `io`.
pub fn hash(item: &Item) -> Result<String> {
    use crate::detect::Source;
    let mut hasher = blake3::Hasher::new();
    if let Some(memory) = item.memory() {
        hasher.update(memory);
        return Ok(hasher.finalize().to_hex().to_string());
    }
    let mut buffer = vec![0; 256 << 10];
    let mut offset = 0;
    loop {
        match Source::read_at(item, offset, &mut buffer)
            .map_err(|error| Error::io("cannot read for hashing", &error))?
        {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            count => {
                hasher.update(&buffer[..count]);
                offset += count as u64;
            }
        }
    }
}
