//! The files of the corpus, as its `MANIFEST.tsv` lists them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Result, place};

/// One file of the corpus.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Where it is.
    pub path: PathBuf,
    /// Its folder in the corpus, as `image`, `archive` or `hostile`.
    pub folder: String,
    /// The format it is said to be.
    pub format: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What the corpus says about it.
    pub note: String,
}

impl Sample {
    /// The file's name without folders.
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }
}

/// Reads the list, or says that there is no corpus.
pub fn samples() -> Result<Option<Vec<Sample>>> {
    place::corpus().map(|folder| read(&folder)).transpose()
}

/// Returns the samples of one folder, or an empty list with a line on stderr when there is no corpus.
pub fn folder(name: &str) -> Result<Vec<Sample>> {
    let Some(samples) = samples()? else {
        eprintln!("skipped: no corpus (set FORMWORK_CORPUS), so nothing of its folder '{name}' was tried");
        return Ok(Vec::new());
    };
    Ok(samples.into_iter().filter(|sample| sample.folder == name).collect())
}

fn read(folder: &Path) -> Result<Vec<Sample>> {
    let text = fs::read_to_string(folder.join("MANIFEST.tsv"))?;
    text.lines().skip(1).map(|line| parse(folder, line)).collect()
}

fn parse(folder: &Path, line: &str) -> Result<Sample> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [path, format, _source, _licence, bytes, _digest, note, ..] = columns.as_slice() else {
        return Err(format!("MANIFEST.tsv: a row of {} columns: {line}", columns.len()).into());
    };
    Ok(Sample {
        path: folder.join(path),
        folder: path.split('/').next().unwrap_or_default().to_owned(),
        format: (*format).to_owned(),
        bytes: bytes.parse()?,
        note: (*note).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_row() {
        let sample = parse(Path::new("/c"), "image/a.png\tpng\tx\tMIT\t12\tabc\t8x8").unwrap();
        assert_eq!((sample.folder.as_str(), sample.name(), sample.bytes), ("image", "a.png", 12));
        assert!(parse(Path::new("/c"), "image/a.png\tpng").is_err());
    }
}
