//! Runs conversions of corpus files and notes what was known before and what came of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use formwork_tests::corpus::{self, Sample};
use formwork_tests::program;
use formwork_tests::random::Random;
use formwork_tests::run::Limits;
use formwork_tests::{Result, place};
use serde_json::{Value, json};

/// What is measured.
pub(super) struct Choice {
    /// Conversions of each folder of the corpus.
    pub(super) count: usize,
    pub(super) seed: u64,
    /// Each conversion is run so often; the shortest time counts, as other programs only ever lengthen it.
    pub(super) rounds: usize,
    pub(super) to: PathBuf,
}

/// Writes one line a conversion.
pub(super) fn run(choice: &Choice) -> Result<bool> {
    let Some(samples) = corpus::samples()? else {
        return Err("there is no corpus: set FORMWORK_CORPUS".into());
    };
    let limits = Limits { deadline: Duration::from_secs(40), ..Limits::default() };
    let scratch = place::Scratch::new("predict")?;
    let mut file = fs::File::create(&choice.to)?;
    let mut facts = BTreeMap::new();
    for (sample, target) in pairs(&samples, choice, &limits)? {
        // A folder, so that nothing can be taken for a further input, and nothing is written beside one.
        let line = measure(&sample, &target, scratch.path(), choice.rounds, &mut facts, &limits)?;
        if let Some(line) = line {
            writeln!(file, "{line}")?;
        }
    }
    Ok(true)
}

/// A seeded choice of inputs and targets, as many from each folder.
fn pairs(samples: &[Sample], choice: &Choice, limits: &Limits) -> Result<Vec<(Sample, String)>> {
    let mut random = Random::new(choice.seed);
    let mut targets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut folders: BTreeMap<&str, Vec<(Sample, String)>> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.folder != "hostile") {
        if !targets.contains_key(&sample.format) {
            let call = program::call(["formats", "--from", &sample.format, "--json"], limits)?;
            let list: Vec<Value> = serde_json::from_slice(&call.process.stdout).unwrap_or_default();
            let ids = list.iter().filter_map(|format| format["id"].as_str().map(str::to_owned));
            targets.insert(sample.format.clone(), ids.collect());
        }
        let reached = targets.get(&sample.format).into_iter().flatten();
        let pairs = reached.map(|target| (sample.clone(), target.clone()));
        folders.entry(&sample.folder).or_default().extend(pairs);
    }
    let mut chosen = Vec::new();
    for mut pairs in folders.into_values() {
        random.shuffle(&mut pairs);
        chosen.extend(pairs.into_iter().take(choice.count));
    }
    random.shuffle(&mut chosen);
    Ok(chosen)
}

/// One conversion; nothing when it fails.
fn measure(
    sample: &Sample,
    target: &str,
    folder: &Path,
    rounds: usize,
    facts: &mut BTreeMap<PathBuf, Value>,
    limits: &Limits,
) -> Result<Option<String>> {
    let mut best: Option<Value> = None;
    for _ in 0..rounds.max(1) {
        let [path, folder] = [sample.path.as_os_str(), folder.as_os_str()];
        let words = ["convert".as_ref(), path, "--to".as_ref(), target.as_ref(), "-o".as_ref(), folder];
        let call = program::call(words.into_iter().chain(["--force", "--json"].map(AsRef::as_ref)), limits)?;
        let Some(receipt) = call.receipt.filter(|receipt| receipt["status"] == "ok") else { return Ok(None) };
        let time = |receipt: &Value| receipt["elapsed_ms"].as_f64().unwrap_or(f64::MAX);
        if best.as_ref().is_none_or(|best| time(&receipt) < time(best)) {
            best = Some(receipt);
        }
    }
    if !facts.contains_key(&sample.path) {
        let words = ["probe".as_ref(), sample.path.as_os_str(), "--json".as_ref()];
        let call = program::call(words, limits)?;
        let mut found = call.receipt.map(|probe| probe["facts"].clone()).unwrap_or_default();
        // A listing of 100,000 entries is not needed to know that they are so many.
        if let Some(facts) = found.as_object_mut() {
            facts.remove("listing");
        }
        facts.insert(sample.path.clone(), found);
    }
    let facts = facts.get(&sample.path);
    Ok(Some(json!({"folder": sample.folder, "facts": facts, "receipt": best}).to_string()))
}
