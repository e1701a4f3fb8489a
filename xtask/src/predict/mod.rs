//! `cargo xtask predict`: what conversions cost, measured, learned and compared with what was predicted.

mod learn;
mod measure;

use std::path::PathBuf;

use formwork_tests::Result;
use lexopt::prelude::*;

const HELP: &str = "\
cargo xtask predict measure -o FILE [--count N] [--seed N] [--rounds N]
    converts N files of each folder of the corpus, and writes what was known before and the receipts
cargo xtask predict learn FILE… [--sizes FILE]… [--seed N]
    learns from half of the files, compares with the others, then learns from all and writes the table;
    of what was measured on a busy machine only the sizes count: name it with --sizes";

/// Does what the next word says.
pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let (mut chore, mut files, mut sizes) = (String::new(), Vec::new(), Vec::new());
    let mut choice =
        measure::Choice { count: 150, seed: 1, rounds: 2, to: PathBuf::from("target/predict.jsonl") };
    while let Some(word) = words.next()? {
        match word {
            Long("count") => choice.count = words.value()?.parse()?,
            Long("seed") => choice.seed = words.value()?.parse()?,
            Long("rounds") => choice.rounds = words.value()?.parse()?,
            Long("sizes") => sizes.push(PathBuf::from(words.value()?)),
            Short('o') => choice.to = words.value()?.into(),
            Value(word) if chore.is_empty() => chore = word.string()?,
            Value(file) => files.push(PathBuf::from(file)),
            Long("help") => {
                println!("{HELP}");
                return Ok(true);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    match chore.as_str() {
        "measure" => measure::run(&choice),
        "learn" if !files.is_empty() => learn::run(&files, &sizes, choice.seed),
        _ => Err(HELP.into()),
    }
}
