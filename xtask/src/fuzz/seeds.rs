//! Where a target starts: files that the plugins make themselves, and small files of the corpus.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use formwork_tests::corpus::{self, Sample};
use formwork_tests::{Result, made};

/// Bytes of the largest file that is taken whole.
const LARGEST: u64 = 64 << 10;
/// Bytes that are taken from the start of a larger one, where no file is small enough.
const START: usize = 32 << 10;
/// Most files of one format that are taken.
const MOST: usize = 12;
/// Letters of a word that is worth trying in other places.
const WORD: std::ops::RangeInclusive<usize> = 3..=24;
/// Most words of a dictionary.
const MOST_WORDS: usize = 400;

/// Adds files that are made here, and those of the corpus, to the seeds of a target that reads a format.
pub(super) fn add(target: &str, folder: &Path) -> Result<()> {
    let Some((what, format)) = target.split_once('/') else { return Ok(()) };
    if what.ends_with("_write") {
        return Ok(());
    }
    let bytes = match format {
        "png" => made::clear_png(9, 7),
        "pnm" => made::noise_ppm(5, 4),
        "tar" => made::tar(&[("a/b.txt", b"content"), ("c", b"")]),
        "zip" => made::zip(&[("a/b.txt", b"content"), ("c", b"")]),
        _ => Vec::new(),
    };
    if !bytes.is_empty() {
        fs::write(folder.join("made"), bytes)?;
    }
    let samples = corpus::samples()?.unwrap_or_default();
    let mut fitting: Vec<Sample> = samples.into_iter().filter(|sample| sample.format == format).collect();
    fitting.sort_by_key(|sample| sample.bytes);
    let some_are_small = fitting.first().is_some_and(|sample| sample.bytes <= LARGEST);
    for sample in fitting.iter().filter(|sample| !some_are_small || sample.bytes <= LARGEST).take(MOST) {
        let mut bytes = fs::read(&sample.path)?;
        if !some_are_small {
            bytes.truncate(START);
        }
        fs::write(folder.join(format!("corpus-{}", sample.name())), bytes)?;
    }
    Ok(())
}

/// Writes the words that stand in the seeds, names of chunks and members, as a dictionary of the fuzzer, and
/// returns how many there are.
pub(super) fn dictionary(seeds: &Path, dictionary: &Path) -> Result<usize> {
    let mut words = BTreeSet::new();
    for entry in fs::read_dir(seeds)? {
        let bytes = fs::read(entry?.path())?;
        let runs = bytes.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
        words.extend(runs.filter(|run| WORD.contains(&run.len())).map(<[u8]>::to_vec));
    }
    let lines = words.iter().take(MOST_WORDS).map(|word| format!("\"{}\"\n", String::from_utf8_lossy(word)));
    fs::write(dictionary, lines.collect::<String>())?;
    Ok(words.len())
}
